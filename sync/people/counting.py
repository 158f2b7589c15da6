"""Whose answers count: everybody whom assessments tell of, and who is left out of that though they were there."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from label_config.parse import parse

from ..evidence.stored import late_answers
from ..store import changes, decisions, packed, projects


@dataclass(frozen=True, slots=True)
class Counted:
    """People by Label Studio's id, ascending, each in one of three.

    ``answers`` gave an answer that counts; of ``late`` only reviews count, which came too late for a ruling; of
    ``others`` nothing does: they skipped, marked ground truths, or wrote what cannot be read.
    """

    answers: tuple[int, ...]
    late: tuple[int, ...]
    others: tuple[int, ...]


def counted(connection: Connection, project: int) -> Counted:
    """Everybody who answered or reviewed in a project (the store's key), as an assessment now would count them."""
    config = parse(projects.label_config(connection, project))
    given = packed.block(connection, project, changes.seen(connection)).columns()
    answers = set(np.unique(given.annotator).tolist())
    late = {row.annotator for row in late_answers(connection, project, config, given)} - answers
    others = set(decisions.people_of(connection, project)) - answers - late
    return Counted(*(tuple(sorted(one)) for one in (answers, late, others)))
