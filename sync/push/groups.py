"""Near-identical tasks with different answers: one review for all of them; its ruling is then proposed for the others.

`tiebreak corrections` shows those proposals, applies them where a lead confirms them, and takes them back.
"""

from collections.abc import Mapping, Sequence, Set

from ..store.assessments import QueueEntry

GROUP = "group"
LIKELIER = 0.5
"""Of the answers to a group, the one that has more than this is the likeliest: the ruled one, where there is one."""


def one_a_group(
    queue: Mapping[int, Sequence[QueueEntry]], waiting: Set[int], ruled: Set[int]
) -> dict[int, Sequence[QueueEntry]]:
    """The queue with one task of each group whose near-identical tasks are answered differently, in its order.

    A task whose review is ``waiting`` stays, and stands for its group. So does one that is ``ruled``: those that agree
    with that need no look, and those that are to be corrected by it wait until somebody confirms it. Tasks that have
    other reasons, too, are nobody's group.
    """
    grouped = {task for task, entries in queue.items() if all(entry.action == GROUP for entry in entries)}
    related = {task: _related(queue[task]) for task in grouped}
    stood_for: set[int] = set().union(*(related[task] for task in grouped & waiting))
    found: dict[int, Sequence[QueueEntry]] = {}
    for task, entries in queue.items():
        if task in grouped and task not in waiting:
            if task in stood_for or related[task] & waiting or (related[task] & ruled and _settled(entries)):
                continue
            stood_for |= related[task]
        found[task] = entries
    return found


def _related(entries: Sequence[QueueEntry]) -> set[int]:
    return {int(other) for entry in entries for one in entry.findings for other in one.get("related", ())}


def _settled(entries: Sequence[QueueEntry]) -> bool:
    """Whether what was ruled on another one says what is right here: as it is answered, or what is proposed instead."""
    return all(
        one.get("correction") is not None or one["numbers"].get("probability", 0) > LIKELIER
        for entry in entries
        for one in entry.findings
    )
