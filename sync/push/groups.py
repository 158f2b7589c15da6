"""Near-identical tasks with different answers: one review for all of them; its ruling is then proposed for the others.

`tiebreak corrections` shows those proposals, applies them where a lead confirms them, and takes them back.
"""

from collections.abc import Mapping, Sequence, Set

from ..store.assessments import QueueEntry

GROUP = "group"
LIKELIER = 0.5
"""Of the answers to a group, the one that has more than this is the likeliest: the ruled one, where there is one."""


class Groups:
    """Which tasks stand for their group, while the queue is gone through in its order.

    A task whose review waits stays, and stands for its group. So does one that is ruled: those that agree with that
    need no look, and those that are to be corrected by it wait until somebody confirms it. Tasks that have other
    reasons, too, are nobody's group.
    """

    def __init__(self, queued: Mapping[int, Sequence[QueueEntry]], waiting: Set[int]) -> None:
        """``waiting`` are the tasks whose review waits, ``queued`` is what the queue says of them."""
        self._waiting = waiting
        self._stood_for: set[int] = set().union(*map(in_groups_of, queued.values()))

    def asks(self, task: int, entries: Sequence[QueueEntry], ruled: Set[int]) -> bool:
        """Whether the next task of the queue is to be reviewed; from then on it stands for its group.

        ``ruled`` are the ruled tasks, those at least that are in its group.
        """
        if task in self._waiting or not _is_grouped(entries):
            return True
        related = in_groups_of(entries)
        if task in self._stood_for or related & self._waiting or (related & ruled and _settled(entries)):
            return False
        self._stood_for |= related
        return True


def in_groups_of(entries: Sequence[QueueEntry]) -> set[int]:
    """The tasks that one is compared with as its group; none where it has other reasons, too."""
    if not _is_grouped(entries):
        return set()
    return {int(other) for entry in entries for one in entry.findings for other in one.get("related", ())}


def _is_grouped(entries: Sequence[QueueEntry]) -> bool:
    return all(entry.action == GROUP for entry in entries)


def _settled(entries: Sequence[QueueEntry]) -> bool:
    """Whether what was ruled on another one says what is right here: as it is answered, or what is proposed instead."""
    return all(
        one.get("correction") is not None or one["numbers"].get("probability", 0) > LIKELIER
        for entry in entries
        for one in entry.findings
    )
