"""What was concluded of the answers to each task: a row is written where it is another than before."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Connection, Text, bindparam, cast, delete, insert, select, update

from label_config.results import canonical

from ..quality.records import ControlConsensus
from .inserting import in_bulk
from .reading import among, within
from .tables import consensus, tasks

COLUMNS = ("answer", "confidence", "posterior", "annotations", "tie", "method", "source")
ANSWER, POSTERIOR = COLUMNS.index("answer"), COLUMNS.index("posterior")
Row = Sequence[Any]
"""The values of COLUMNS; JSON as text, as it is stored."""


def write(
    connection: Connection,
    project: int,
    found: ControlConsensus,
    sources: Mapping[int, str],
    now: int,
    only: Collection[int] | None = None,
) -> int:
    """Bring the consensus on one control up to date; rows that stay the same keep their ``changed_at``.

    ``only`` these tasks are looked at (null: all); how many rows are others than before is returned. ``sources`` names
    the tasks whose answer is fixed (ruling, ground_truth). A task that no longer has an answer keeps its row with a
    null answer, so that whoever learns from it hears that it was withdrawn.
    """
    known = _known(connection, project, found.control, only)
    wanted = _wanted(found, sources, only)
    for task, row in known.items():
        if task not in wanted:
            wanted[task] = _withdrawn(row)
    changed = {task: row for task, row in wanted.items() if task not in known or _are_others(known[task], row)}
    here = (consensus.c.task == bindparam("task")) & (consensus.c.control == bindparam("control"))
    in_bulk(
        connection,
        delete(consensus).where(here),
        [{"task": task, "control": found.control} for task in changed if task in known],
    )
    rows = [
        {"task": task, "control": found.control, "changed_at": now, **dict(zip(COLUMNS, row, strict=True))}
        for task, row in changed.items()
    ]
    in_bulk(connection, insert(consensus), rows)
    return len(changed)


def withdraw_others(connection: Connection, project: int, controls: Sequence[str], now: int) -> None:
    """Take back what was concluded on controls that the labeling interface has no more."""
    of_project = select(tasks.c.id).where(tasks.c.project == project)
    stale = update(consensus).where(
        consensus.c.task.in_(of_project), consensus.c.control.not_in(controls), consensus.c.source != "withdrawn"
    )
    connection.execute(stale.values(answer=None, annotations=0, source="withdrawn", changed_at=now))


def _known(connection: Connection, project: int, control: str, only: Collection[int] | None) -> dict[int, Row]:
    of_project = select(tasks.c.id).where(within(tasks.c.project, project, only), among(tasks.c.id, only))
    kept = [consensus.c[name] for name in COLUMNS]
    columns = [cast(one, Text) if isinstance(one.type, JSON) else one for one in kept]
    query = select(consensus.c.task, *columns).where(consensus.c.control == control, consensus.c.task.in_(of_project))
    return {row[0]: row[1:] for row in connection.execute(query)}


def _wanted(found: ControlConsensus, sources: Mapping[int, str], only: Collection[int] | None) -> dict[int, Row]:
    said = {answer: _text_of(canonical(answer)) for answer in {one.answer for one in found.tasks}}
    return {
        one.task: (
            said[one.answer],
            one.confidence,
            json.dumps(None if one.posterior is None else dict(one.posterior)),
            one.annotations,
            one.tie,
            found.method,
            sources.get(one.task, "consensus"),
        )
        for one in found.tasks
        if only is None or one.task in only
    }


def _text_of(answer: str) -> str | None:
    """A canonical answer as JSON is stored; an empty one is no JSON."""
    value = json.loads(answer)
    return None if value is None else json.dumps(value)


def _withdrawn(row: Row) -> Row:
    values = dict(zip(COLUMNS, row, strict=True)) | {"answer": None, "annotations": 0, "source": "withdrawn"}
    return tuple(values[name] for name in COLUMNS)


def _are_others(known: Row, row: Row) -> bool:
    """Whether they say something else: the same JSON may be written in two ways."""
    if tuple(known) == row:
        return False
    written = (ANSWER, POSTERIOR)
    if any(old != new for place, (old, new) in enumerate(zip(known, row, strict=True)) if place not in written):
        return True
    return any(_read(known[place]) != _read(row[place]) for place in written)


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
