"""Corrections for people on a terminal: what was just done, what is proposed, what is not, what was applied before."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .terminal import counted, say

REFUSED = 10
"""Corrections that are not proposed, of which so many are shown."""

One = Mapping[str, Any]


def show(found: One) -> None:
    """Print what ``corrections.overview`` gives."""
    for line in (
        *_changed(found["changed"], found["batches"]),
        *_proposed(found["groups"]),
        *_refused(found["refused"]),
        *_batches(found["batches"]),
    ):
        say(line)


def _changed(done: One | None, batches: Sequence[One]) -> Iterator[str]:
    if done and done["tasks"]:
        (state,) = (_state(one) for one in batches if one["batch"] == done["batch"])
        yield f"batch {done['batch']} is {state}: {counted(done['tasks'], 'task')}"
    elif done:
        yield "nothing to change"


def _proposed(groups: Sequence[One]) -> Iterator[str]:
    if not groups:
        yield "no corrections are proposed; `tiebreak assess` looks for them"
        return
    yield f"proposed ({counted(len(groups), 'group')}; --apply GROUP applies one):"
    for one in groups:
        change = f"{one['before'] or 'as it is'} -> {one['after'] or 'as proposed'}"
        tasks = counted(len(one["tasks"]), "task")
        yield f"  {one['group']}  {one['control']}: {change}, {one['level']} ({tasks}, {one['kind']})"
        yield f"      such as task {one['tasks'][0]}: {one['example']}"


def _refused(refused: Sequence[One]) -> Iterator[str]:
    if refused:
        yield f"not proposed, because something speaks against it ({counted(len(refused), 'finding')}):"
    for one in refused[:REFUSED]:
        change = f"{one['before'] or 'as it is'} -> {one['after']}"
        yield f"  task {one['task']}, {one['control']}: {change} ({one['kind']})"
        yield f"      {one['reason']}"
    if len(refused) > REFUSED:
        yield f"  and {len(refused) - REFUSED} more: --json has them all"


def _batches(batches: Sequence[One]) -> Iterator[str]:
    if batches:
        yield "batches (--undo BATCH takes one back):"
    for one in batches:
        yield f"  batch {one['batch']}: {_state(one)}, {counted(one['tasks'], 'task')}, {' '.join(one['groups'])}"


def _state(batch: One) -> str:
    return "undone" if batch["undone_at"] else "applied"
