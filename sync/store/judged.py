"""Since when a project's tasks are judged anew by themselves, and which tasks are near-identical.

The number of the last assessment, drawn at random, tells two that were begun at once from each other: the second one
to end began with what is out of date.
"""

import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, select, text, update

from ..quality.records import IntArray
from .tables import judged

if TYPE_CHECKING:
    from ..settings import Settings

AN_HOUR = 3_600_000_000
"""Microseconds."""
NOBODY = 0
"""The number before the first assessment."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the assessments since the last one of everything amount to.

    ``basis`` tells interface, policy and day of that, which was made at ``whole_at``; both are null where it is not
    known. ``anew`` are the tasks that were judged since. ``groups`` (tasks, 2) are the tasks that have near-identical
    ones, and the numbers of their groups.
    """

    number: int = NOBODY
    basis: str | None = None
    whole_at: int | None = None
    anew: frozenset[int] = frozenset()
    groups: IntArray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))

    def is_old(self, settings: "Settings", now: int) -> bool:
        """Whether everything is to be judged again, since that was long ago, or when is not known."""
        limit = settings.full_assessment_hours * AN_HOUR
        return self.whole_at is None or not 0 <= now - self.whole_at < limit

    def alike(self, tasks: IntArray) -> IntArray:
        """The tasks of the groups that these are in."""
        of = self.groups[np.isin(self.groups[:, 0], tasks), 1]
        found: IntArray = self.groups[np.isin(self.groups[:, 1], of), 0]
        return found


def grouped(groups: Iterable[Sequence[int]]) -> IntArray:
    """The tasks of groups, and the numbers of these."""
    rows = [(task, number) for number, group in enumerate(groups) for task in group]
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def regrouped(known: IntArray, tasks: Collection[int], groups: Iterable[Sequence[int]]) -> IntArray:
    """``known`` groups with those that ``tasks`` are in now in the place of those that they were in.

    >>> known = grouped([[1, 2], [3, 4]])
    >>> regrouped(known, {1}, [[1, 3], [8, 9]]).tolist()
    [[2, 0], [4, 1], [1, 2], [3, 2]]
    """
    new = grouped([group for group in groups if any(task in tasks for task in group)])
    new[:, 1] += 1 + int(known[:, 1].max(initial=-1))
    again = np.isin(known[:, 0], np.append(np.array(sorted(tasks), dtype=np.int64), new[:, 0]))
    return np.concatenate([known[~again], new])


def judged_so_far(connection: Connection, project: int) -> Judged:
    """Of a project (the store's key)."""
    row = connection.execute(select(judged).where(judged.c.project == project)).first()
    if row is None:
        return Judged()
    groups = np.frombuffer(row.groups or b"", dtype="<i8").astype(np.int64).reshape(-1, 2)
    return Judged(row.number, row.basis, row.whole_at, frozenset(json.loads(row.anew or "[]")), groups)


def is_next(connection: Connection, project: int, known: Judged) -> bool:
    """Whether no other assessment ended since ``known`` was read. Until the transaction ends no other can."""
    words = "INSERT INTO judged (project, number) VALUES (:project, :number) ON CONFLICT (project) DO NOTHING"
    connection.execute(text(words), {"project": project, "number": NOBODY})
    number = select(judged.c.number).where(judged.c.project == project).with_for_update()
    if connection.execute(number).scalar_one() != known.number:
        return False
    connection.execute(update(judged).where(judged.c.project == project).values(number=secrets.randbits(62)))
    return True


def interrupt(connection: Connection, project: int) -> None:
    """An assessment that is under way is out of date, and begins again."""
    connection.execute(update(judged).where(judged.c.project == project).values(number=secrets.randbits(62)))


def keep(connection: Connection, project: int, found: Judged) -> None:
    """Keep what an assessment that ``is_next`` amounts to."""
    values = {
        "basis": found.basis,
        "whole_at": found.whole_at,
        "anew": json.dumps(sorted(found.anew)),
        "groups": found.groups.astype("<i8").tobytes(),
    }
    connection.execute(update(judged).where(judged.c.project == project).values(**values))
