"""The answers that count as one block of bytes: a million of them in a twentieth of a second."""

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, select, update

from label_config.results import canonical, from_canonical

from ..quality.records import BoolArray
from .changes import ANSWERS
from .columns import Columns, Excluded, Outdated, Rejection
from .reading import TALLY, Read, excluded, progress, read
from .tables import packed_answers

ROW = np.dtype([("task", "<i8"), ("annotator", "<i4"), ("said", "<i4"), ("updated_at", "<i8"), ("lead_time", "<f8")])


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The answers of a project that count, as ``Columns`` has them, and what else was read with them.

    ``answers`` are (control, canonical answer), perhaps some that nobody gives any more; ``tallies`` as in ``Read``.
    """

    rows: NDArray[Any]
    answers: Sequence[tuple[str, str]]
    tallies: NDArray[Any]
    rejected: tuple[Rejection, ...]
    outdated: tuple[Outdated, ...]

    @property
    def excluded(self) -> Excluded:
        """What was left out."""
        return excluded(self.tallies, self.rejected, self.outdated)

    @property
    def progress(self) -> Mapping[str, int]:
        """How far the project is: see ``reading.progress``."""
        return progress(self.tallies)

    def columns(self, chosen: BoolArray | None = None) -> Columns:
        """The answers, or some of them. Only what they say is read."""
        rows = self.rows if chosen is None else self.rows[chosen]
        used, said = np.unique(rows["said"], return_inverse=True)
        known = [(control, from_canonical(text)) for control, text in (self.answers[at] for at in used.tolist())]
        return Columns(
            rows["task"].astype(np.int64),
            rows["annotator"].astype(np.int64),
            said.astype(np.int64),
            rows["updated_at"].astype(np.int64),
            rows["lead_time"].astype(np.float64),
            known,
        )

    def renewed(self, tasks: Collection[int], now: Read, ids: Collection[int]) -> "Block":
        """With what was read ``now`` on some tasks (all of it) in the place of what was known of these.

        ``ids`` are Label Studio's of them. Answers that the interface cannot say any more are counted as before.
        """
        new = block_of(now)
        place = {said: number for number, said in enumerate(self.answers)}
        code = np.array([place.setdefault(said, len(place)) for said in new.answers], dtype=np.int64)
        rows = new.rows.copy()
        rows["said"] = code[rows["said"]] if len(rows) else rows["said"]
        rejected = [one for one in self.rejected if one.task not in set(ids)] + [*now.rejected]
        return Block(
            _replaced(self.rows, tasks, rows),
            list(place),
            _replaced(self.tallies, tasks, now.tallies),
            tuple(sorted(rejected, key=lambda one: one.annotation)),
            self.outdated,
        )


def _replaced(old: NDArray[Any], tasks: Collection[int], new: NDArray[Any]) -> NDArray[Any]:
    """Rows by task, both in its order: those of ``tasks`` taken out, the new ones put in."""
    order, gone = old["task"], np.array(sorted(tasks), dtype=np.int64)
    kept = np.ones(len(old), dtype=np.bool_)
    bounds = (np.searchsorted(order, gone, side=side).tolist() for side in ("left", "right"))
    for start, end in zip(*bounds, strict=True):
        kept[start:end] = False
    others = old[kept]
    found: NDArray[Any] = np.insert(others, np.searchsorted(others["task"], new["task"]), new)
    return found


def block_of(found: Read) -> Block:
    """What was read as a block."""
    rows = np.empty(len(found.columns), dtype=ROW)
    for name in ROW.names or ():
        rows[name] = getattr(found.columns, name)
    answers = [(control, canonical(answer)) for control, answer in found.columns.answers]
    return Block(rows, answers, found.tallies, found.rejected, found.outdated)


def block(connection: Connection, project: int, seen: Mapping[str, int]) -> Block:
    """The answers as they are: those kept where nothing changed since; ``seen`` as ``changes.seen`` gives it."""
    kept = _kept(connection, packed_answers.c.project == project, packed_answers.c.stamp == _stamp(seen))
    return block_of(read(connection, project)) if kept is None else kept


def last(connection: Connection, project: int) -> Block | None:
    """The answers as the last assessment read them, whatever changed since; null before the first."""
    return _kept(connection, packed_answers.c.project == project)


def _kept(connection: Connection, *where: Any) -> Block | None:
    query = select(packed_answers).where(*where, packed_answers.c.tasks.is_not(None))
    row = connection.execute(query).first()
    if row is None:
        return None
    about = json.loads(row.about)
    return Block(
        np.frombuffer(row.columns, dtype=ROW),
        [(control, text) for control, text in about["answers"]],
        np.frombuffer(row.tasks, dtype=TALLY),
        tuple(Rejection(**one) for one in about["rejected"]),
        tuple(Outdated(**one) for one in about["outdated"]),
    )


def keep(connection: Connection, project: int, found: Block, seen: Mapping[str, int]) -> None:
    """Keep the answers as a block, which were read when the changes were ``seen``."""
    of_project = packed_answers.c.project == project
    there = select(packed_answers.c.stamp).where(of_project, packed_answers.c.tasks.is_not(None))
    if connection.execute(there).scalar() == _stamp(seen):
        return
    about = {
        "answers": [[control, text] for control, text in found.answers],
        "rejected": [dataclasses.asdict(one) for one in found.rejected],
        "outdated": [dataclasses.asdict(one) for one in found.outdated],
    }
    row = {
        "project": project,
        "stamp": _stamp(seen),
        "about": json.dumps(about),
        "columns": found.rows.tobytes(),
        "tasks": found.tallies.tobytes(),
    }
    if connection.execute(update(packed_answers).where(of_project).values(**row)).rowcount == 0:
        connection.execute(insert(packed_answers), row)


def still_holds(connection: Connection, project: int, seen: Mapping[str, int]) -> None:
    """What is kept is all there is to know when the changes are ``seen``."""
    connection.execute(update(packed_answers).where(packed_answers.c.project == project).values(stamp=_stamp(seen)))


def _stamp(seen: Mapping[str, int]) -> str:
    return json.dumps({name: number for name, number in seen.items() if name in ANSWERS}, sort_keys=True)
