"""Which reviews are asked for: those that wait, those that come back, and new ones, the most urgent first.

Of the queue only that is read which is about the first two, and then so much from its top as is begun.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from label_config.model import LabelConfig

from ..evidence.stored import late_answers
from ..overlap import RELABEL
from ..quality.priority import Policy
from ..store import assessments, queue_order, review_rounds
from ..store.assessments import QueueEntry
from ..store.columns import AnswerRow, ByTask
from ..store.reading import read
from ..store.review_rounds import Newest
from ..store.reviews import PAUSED, RETURNING
from .groups import Groups, in_groups_of
from .paused import Paused, with_paused

Queue = Mapping[int, Sequence[QueueEntry]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A review that is asked for: its round, whether that is a new one, and the entries that it is about."""

    round: int
    new: bool
    entries: Sequence[QueueEntry]


@dataclass(frozen=True, slots=True)
class Asked:
    """Some tasks (the store's keys) with the reviews that are asked for, in this order, and their answers."""

    reviews: Mapping[int, Wanted]
    answers: Mapping[int, Sequence[AnswerRow]]


@dataclass(frozen=True, slots=True)
class Asking:
    """What reviews of a project (the store's key) are chosen by.

    ``paused`` is what paused people answered. ``by_dispute``: what one more annotator answers first is not begun.
    ``at_once`` entries of the queue are read together. ``in_review`` are the tasks whose review waits, with that, and
    ``queued`` is what the queue says of them.
    """

    connection: Connection
    project: int
    config: LabelConfig
    policy: Policy
    paused: Paused
    by_dispute: bool
    at_once: int = 200
    in_review: Mapping[int, Newest] = field(default_factory=dict)
    queued: Queue = field(default_factory=dict)

    def begun(self) -> "Asking":
        """With what is in review now."""
        waiting = review_rounds.waiting(self.connection, self.project)
        return replace(self, in_review=waiting, queued=self._queue(waiting, self.paused.told.keys() & waiting.keys()))

    def standing(self) -> Asked:
        """The reviews that wait, as they would be asked for today; those that the queue asks for no more left out."""
        known = self.in_review
        found = {task: Wanted(known[task].round, False, _kept(known[task], said)) for task, said in self.queued.items()}
        return Asked(found, self._answers(found))

    def new(self) -> Iterator[Asked]:
        """The reviews that are to be begun, by parts: first those that come back, then what the queue asks for.

        What is read is little as long as not many are taken. Nothing may be written in between.
        """
        returned = review_rounds.returned(self.connection, self.project, self.policy)
        yield self._coming_back(returned)
        last = assessments.latest(self.connection, self.project)
        judged_at = 0 if last is None else last.made_at
        groups = Groups(self.queued, self.in_review.keys())
        for queue in self._parts():
            related = set().union(*map(in_groups_of, queue.values()))
            known = review_rounds.newest(self.connection, self.project, queue.keys() | related)
            ruled = {task for task, one in known.items() if one.state == "ruled" and one.decided}
            asked = {task: said for task, said in queue.items() if groups.asks(task, said, ruled)}
            begun = [task for task, said in asked.items() if task not in returned and not self._is_relabelled(said)]
            answers = self._answers(begun)
            found = {
                task: Wanted(known[task].round + 1 if task in known else 1, True, asked[task])
                for task in begun
                if task not in known or _found_again(known[task], asked[task], answers.get(task, ()), judged_at)
            }
            yield Asked(found, answers)

    def _coming_back(self, returned: Queue) -> Asked:
        known = review_rounds.newest(self.connection, self.project, returned.keys())
        queue = self._queue(returned, ())
        found = {
            task: Wanted(known[task].round + 1, True, [*entries, *queue.get(task, ())])
            for task, entries in returned.items()
            if not self._is_relabelled(queue.get(task, ()))
        }
        return Asked(found, self._answers(found))

    def _parts(self) -> Iterator[Queue]:
        """The queue in its order without what is in review; what only paused people's answers ask for comes last."""
        told = self.paused.told
        rest = {task for task in told if task not in self.in_review}
        action = RELABEL if self.by_dispute else None
        for part in queue_order.not_in_review(self.connection, self.project, self.at_once, action, told):
            found = self._queue(part, ())
            rest -= found.keys()
            yield {task: found[task] for task in part}
        last = sorted(rest)
        for start in range(0, len(last), self.at_once):
            yield self._queue((), last[start : start + self.at_once])

    def _queue(self, tasks: Collection[int], more: Collection[int]) -> Queue:
        """Task -> what the queue says of it, the most urgent first; then ``more`` that paused people answered."""
        queue: dict[int, list[QueueEntry]] = {}
        for entry in assessments.queue_of(self.connection, self.project, tasks):
            queue.setdefault(entry.task, []).append(entry)
        for task in sorted(more):
            queue.setdefault(task, [])
        return with_paused(self.connection, queue, self.paused, self.policy)

    def _answers(self, tasks: Collection[int]) -> ByTask:
        given = read(self.connection, self.project, tasks).columns
        late = late_answers(self.connection, self.project, self.config, given, tasks)
        return ByTask(given.with_rows(late))

    def _is_relabelled(self, entries: Sequence[QueueEntry]) -> bool:
        """Whether one more annotator answers a task before anybody reviews it."""
        return self.by_dispute and bool(entries) and all(entry.action == RELABEL for entry in entries)


def _kept(newest: Newest, entries: Sequence[QueueEntry]) -> Sequence[QueueEntry]:
    """What made a review come back stays its first reason; that a lead paused somebody stays its last."""
    back, paused = (
        [review_rounds.back_for(entries[0], reasons, newest.band, newest.priority)] if reasons else []
        for reasons in (
            [one for one in newest.findings if one["kind"] in RETURNING],
            [one for one in newest.findings if one["kind"] == PAUSED],
        )
    )
    return [*back, *entries, *paused]


def _found_again(newest: Newest, entries: Sequence[QueueEntry], answers: Sequence[AnswerRow], judged_at: int) -> bool:
    """Whether something was found after the newest review was closed.

    A withdrawn one had lost its reason. A ruled one comes back where what it decided is in doubt again, judged since,
    or where somebody answered after it; a lost one was deleted by somebody, and that stands.
    """
    if newest.state == "withdrawn":
        return True
    if newest.state != "ruled" or newest.closed_at is None or judged_at <= newest.closed_at:
        return False
    ruled_at = newest.ruled_at or 0
    return any(entry.control in newest.decided for entry in entries) or any(
        row.updated_at > ruled_at for row in answers
    )
