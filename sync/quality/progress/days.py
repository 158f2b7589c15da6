"""Day by day (UTC): what was answered and completed, by whom, and what was left at its end."""

from dataclasses import dataclass

import numpy as np

from ..records import IntArray
from .work import DAY, Completion, Work


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """One value a day, without gaps, ``first`` (days since 1970) to the last one; all of them below count that day.

    ``counting`` are those answers that their tasks wanted. ``tasks_left`` and ``answers_left`` stand at its end, of
    the tasks that there were by then. ``people`` maps annotators to their answers.
    """

    first: int
    answers: IntArray
    counting: IntArray
    completed: IntArray
    created: IntArray
    tasks_left: IntArray
    answers_left: IntArray
    people: dict[int, IntArray]


def days(work: Work, done: Completion, last: int) -> Days:
    """The days from the first answer to the day ``last``, which is later or the same; an answer after it counts there.

    Tasks that were there before the first answer are created on its day. Without answers there is that last day alone.

    >>> work = Work(np.array([0, 0]), np.array([1, 1]), np.array([1]), np.array([7]), np.array([3 * DAY]), np.ones(1))
    >>> from .work import completion
    >>> found = days(work, completion(work), 4)
    >>> found.first, found.answers.tolist(), found.tasks_left.tolist()
    (3, [1, 0], [1, 1])
    """
    first = min(last, int(work.at.min()) // DAY) if len(work.at) else last
    length = last - first + 1

    def on(times: IntArray, weights: IntArray | None = None) -> IntArray:
        place = np.clip(times // DAY - first, 0, length - 1)
        return np.bincount(place, weights, minlength=length).astype(np.int64)

    answers, counting = on(work.at), on(work.at[done.counts])
    completed, created = on(done.at[done.at >= 0]), on(work.created_at)
    wanted = on(work.created_at, work.wanted)
    known, person = np.unique(work.annotator, return_inverse=True)
    cell = person * length + np.clip(work.at // DAY - first, 0, length - 1)
    by_person = np.bincount(cell, minlength=len(known) * length).reshape(len(known), length)
    return Days(
        first,
        answers,
        counting,
        completed,
        created,
        np.cumsum(created) - np.cumsum(completed),
        np.cumsum(wanted) - np.cumsum(counting),
        dict(zip(known.tolist(), by_person, strict=True)),
    )
