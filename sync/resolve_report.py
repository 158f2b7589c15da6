"""What came of the rulings of a run, and what must be told of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResolveReport:
    """New rulings, ground truths written to the source project, and reviews that could not be read (review task, why).

    What cannot be read is told once. ``unwritable`` are rulings whose ground truth does not fit the source's interface
    any more (source task, why).
    ``votes`` are answers to reviews that were withdrawn before: each is one more answer. ``disputants`` are the review
    tasks whose reviewer had answered the source task, ``uncounted`` says that such a ruling does not count.
    ``contradicted`` are review tasks with rulings that differ. ``replaced`` are (task, annotation) of ground truths of
    others whose mark Label Studio took away for ours. ``deleted`` are (review task, source task) of rulings that
    somebody deleted since, told once; ``misjudged`` are (review task, verdict of the reviewer, verdict of the answers).
    """

    rulings: int
    ground_truths: int
    unreadable: tuple[tuple[int, str], ...]
    votes: int = 0
    disputants: tuple[int, ...] = ()
    uncounted: bool = False
    contradicted: tuple[int, ...] = ()
    replaced: tuple[tuple[int, int], ...] = ()
    unwritable: tuple[tuple[int, str], ...] = ()
    deleted: tuple[tuple[int, int], ...] = ()
    misjudged: tuple[tuple[int, str, str], ...] = ()

    def complaints(self) -> list[str]:
        """What must be told, in words."""
        what = "does not count, another reviewer is asked" if self.uncounted else "counts all the same"
        return [
            *(
                f"review task {task}: the ruling cannot be used: {reason}. Somebody else is asked, unless the review "
                "is over; its reviewer can change it there"
                for task, reason in self.unreadable
            ),
            *(f"task {task}: its ruling cannot become a ground truth: {reason}" for task, reason in self.unwritable),
            *(
                f"review task {task}: its reviewer had answered the source task; the ruling {what}"
                for task in self.disputants
            ),
            *(
                f"review task {task}: two reviewers ruled differently; it comes back, one band more urgent "
                "unless it is in P1 already"
                for task in self.contradicted
            ),
            *(
                f"review task {review}: somebody deleted the ruling on task {task} from it; the ruling stands, and so "
                "does its ground truth: to change it, rule there again"
                for review, task in self.deleted
            ),
            *(
                f"review task {task}: its reviewer says {given!r}, but the answers say {verdict!r}; the answer counts, "
                "with the verdict of the answers"
                for task, given, verdict in self.misjudged
            ),
            *(
                f"task {task}: annotation {annotation} was somebody's ground truth and gave way to a ruling; it stays "
                "in the history"
                for task, annotation in self.replaced
            ),
        ]
