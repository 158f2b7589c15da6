"""The answers that count as one block of bytes: a million of them in a twentieth of a second."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select

from label_config.answers import Answer
from label_config.results import canonical, from_canonical

from .changes import ANSWERS
from .columns import Columns, Excluded, Outdated, Rejection, columns_of
from .tables import packed_answers

ROW = np.dtype([("task", "<i8"), ("annotator", "<i4"), ("said", "<i4"), ("updated_at", "<i8"), ("lead_time", "<f8")])


def answer_columns(connection: Connection, project: int, seen: Mapping[str, int]) -> tuple[Columns, Excluded]:
    """``columns_of``, from the block where nothing changed since it was made; ``seen`` as ``changes.seen`` gives it."""
    query = select(packed_answers).where(packed_answers.c.project == project, packed_answers.c.stamp == _stamp(seen))
    row = connection.execute(query).first()
    if row is None:
        return columns_of(connection, project)
    about = json.loads(row.about)
    block = np.frombuffer(row.columns, dtype=ROW)
    answers = [(control, from_canonical(text)) for control, text in about["answers"]]
    return _columns(block, answers), _excluded(about["excluded"])


def _columns(block: NDArray[Any], answers: list[tuple[str, Answer]]) -> Columns:
    return Columns(
        block["task"].astype(np.int64),
        block["annotator"].astype(np.int64),
        block["said"].astype(np.int64),
        block["updated_at"].astype(np.int64),
        block["lead_time"].astype(np.float64),
        answers,
    )


def keep(connection: Connection, project: int, columns: Columns, excluded: Excluded, seen: Mapping[str, int]) -> None:
    """Keep the answers as a block, which were read when the changes were ``seen``."""
    of_project = packed_answers.c.project == project
    if connection.execute(select(packed_answers.c.stamp).where(of_project)).scalar() == _stamp(seen):
        return
    block = np.empty(len(columns), dtype=ROW)
    for name in ROW.names or ():
        block[name] = getattr(columns, name)
    about = {
        "answers": [[control, canonical(answer)] for control, answer in columns.answers],
        "excluded": dataclasses.asdict(excluded),
    }
    connection.execute(delete(packed_answers).where(of_project))
    row = {"project": project, "stamp": _stamp(seen), "about": json.dumps(about), "columns": block.tobytes()}
    connection.execute(insert(packed_answers), row)


def _stamp(seen: Mapping[str, int]) -> str:
    return json.dumps({name: number for name, number in seen.items() if name in ANSWERS}, sort_keys=True)


def _excluded(stored: Mapping[str, Any]) -> Excluded:
    rejected = tuple(Rejection(**one) for one in stored["rejected"])
    outdated = tuple(Outdated(**one) for one in stored["outdated"])
    return Excluded(**{**stored, "rejected": rejected, "outdated": outdated})
