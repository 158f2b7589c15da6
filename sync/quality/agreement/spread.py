"""Agreement where hardly two answers are alike: the distances of the pairs within tasks, and a share of all others.

What is observed is exact, but in tasks with more than 200 answers, of which 20,000 random pairs are compared. What is
expected takes the distances of all pairs of answers where they are no more than a sample, else a seeded sample of
pairs across tasks: ``SAMPLE`` for a control and ``SMALL_SAMPLE`` for a part of it. Distances have a standard deviation
of at most 0.5, so the mean over 40,000 is off by a standard error of 0.0025 at most, that over 4,000 by 0.008, and
alpha by (1 - alpha) / expected times as much; of answers with more than ten regions fewer pairs are taken, at least
500, off by 0.02 at most. Pairs of an empty answer and another are known without comparing them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..records import BoolArray, FloatArray, IntArray
from .resampling import AT_ONCE, Groups, Rng
from .ruler import Ruler
from .table import divided, one_minus

SAMPLE = 40_000
SMALL_SAMPLE = 4_000
TASK_PAIRS = 20_000
"""Pairs that are compared in one task, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of rows that answer the same task: ``left`` and ``right`` are rows, ``apart`` their distances.

    ``share`` says for how many ordered pairs each stands: 2, or more where only some of a task's pairs were compared.
    """

    left: IntArray
    right: IntArray
    share: FloatArray
    apart: FloatArray

    def of(self, chosen: BoolArray) -> "Pairs":
        """Those of the pairs."""
        return Pairs(self.left[chosen], self.right[chosen], self.share[chosen], self.apart[chosen])


@dataclass(frozen=True, eq=False)
class Spread:
    """Tasks, each a group of its own, and the answers in them.

    Row i says that the task at place ``place[i]`` of ``groups.tasks`` got the answer ``answer[i]``, a position in the
    ruler's answers. ``empty`` marks the rows whose distance to any other is known to be 1, and 0 to another such one.
    """

    groups: Groups
    place: IntArray
    answer: IntArray
    empty: BoolArray
    within: Pairs
    ruler: Ruler
    rng: Rng
    sample: int = SAMPLE

    @cached_property
    def size(self) -> FloatArray:
        """Answers to each task."""
        return np.bincount(self.place, minlength=len(self.groups.tasks)).astype(np.float64)

    @cached_property
    def pairs(self) -> FloatArray:
        """Ordered pairs of answers to each task; 0 where one answered."""
        found: FloatArray = self.size * (self.size - 1)
        return found

    @cached_property
    def apart(self) -> FloatArray:
        """The sum of the distances over the ordered pairs of answers of each task."""
        return self._summed(self.within)

    def _summed(self, within: Pairs) -> FloatArray:
        found = np.bincount(self.place[within.left], within.share * within.apart, minlength=len(self.groups.tasks))
        return found.astype(np.float64)

    def percent(self, weights: FloatArray) -> FloatArray:
        """Mean over pairs of answers of 1 - distance, pooled over tasks."""
        pairs = weights @ self.pairs
        return 1.0 - divided(weights @ self.apart, pairs)

    def alpha(self, weights: FloatArray) -> FloatArray:
        """Krippendorff's alpha over any distance (1980), 1 - observed / expected; NaN where nothing is expected."""
        here = weights[:, : self.groups.paired]
        size = self.size[: self.groups.paired]
        observed = here @ (self.apart[: self.groups.paired] / (size - 1))
        return one_minus(observed * (here @ size - 1), self._expected(here))

    def _expected(self, weights: FloatArray) -> FloatArray:
        """The sum of the distances over the ordered pairs of all answers in tasks with two or more.

        A task that is there w times adds w x w times the distances within it: its copies differ as it does itself.
        """
        filled, empty = self._filled, self._answers(self.empty)
        known = 2 * (weights @ filled) * (weights @ empty)
        return np.asarray(known + self._crossing.expected(weights, filled))

    def _answers(self, rows: BoolArray) -> FloatArray:
        """How many of those rows each task with two answers or more has."""
        return np.bincount(self.place[rows], minlength=len(self.size))[: self.groups.paired].astype(np.float64)

    @cached_property
    def _filled(self) -> FloatArray:
        return self._answers(~self.empty)

    @cached_property
    def _crossing(self) -> "Crossing":
        """The distances between answers that are not empty, across tasks and within."""
        rows = np.flatnonzero(~self.empty & (self.place < self.groups.paired))
        sample = self.ruler.affordable(self.sample)
        exact = len(rows) * (len(rows) - 1) // 2 <= sample
        if exact:
            first, second = np.triu_indices(len(rows), 1)
            left, right = rows[first], rows[second]
            within: FloatArray = np.zeros(self.groups.paired)
        else:
            left, right = (rows[self.rng.integers(len(rows), size=sample)] for _ in range(2))
            across = self.place[left] != self.place[right]
            left, right = left[across], right[across]
            both = ~self.empty[self.within.left] & ~self.empty[self.within.right]
            within = self._summed(self.within.of(both))[: self.groups.paired]
        apart = self.ruler.between(self.answer[left], self.answer[right])
        return Crossing(self.place[left], self.place[right], apart, within, exact)

    def seen_as(self, answer: IntArray, empty: BoolArray, ruler: Ruler, sample: int = SMALL_SAMPLE) -> "Spread":
        """The same tasks, and so the same groups, with other answers in the rows."""
        left, right = self.within.left, self.within.right
        apart = _known(empty[left], empty[right])
        unknown = np.isnan(apart)
        apart[unknown] = ruler.between(answer[left[unknown]], answer[right[unknown]])
        within = Pairs(left, right, self.within.share, apart)
        return Spread(self.groups, self.place, answer, empty, within, ruler, self.rng.spawn(1)[0], sample)

    def of(self, chosen: IntArray) -> "Spread":
        """Those of the tasks at the places ``chosen`` in ``groups.tasks``, in ascending order; a smaller sample."""
        new = np.full(len(self.groups.tasks), -1)
        new[chosen] = np.arange(len(chosen))
        keep = new[self.place] >= 0
        row = np.cumsum(keep) - 1
        within = self.within.of(keep[self.within.left])
        return Spread(
            groups=apart_groups(self.groups.tasks[chosen], int(np.count_nonzero(chosen < self.groups.paired))),
            place=new[self.place[keep]],
            answer=self.answer[keep],
            empty=self.empty[keep],
            within=Pairs(row[within.left], row[within.right], within.share, within.apart),
            ruler=self.ruler,
            rng=self.rng.spawn(1)[0],
            sample=SMALL_SAMPLE,
        )

    def task_agreement(self) -> FloatArray:
        """The mean over each paired task's pairs of 1 - distance, in the order of ``groups.tasks``."""
        cut = self.groups.paired
        found: FloatArray = 1.0 - self.apart[:cut] / self.pairs[:cut]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """Distances of pairs of answers by their tasks: all pairs (``exact``), or a sample of those across tasks.

    ``within`` is the sum over the ordered pairs within each task, beside a sample.
    """

    left: IntArray
    right: IntArray
    apart: FloatArray
    within: FloatArray
    exact: bool

    def expected(self, weights: FloatArray, answers: FloatArray) -> FloatArray:
        """The sum over ordered pairs, where task t is there ``weights[:, t]`` times and has ``answers[t]`` answers."""
        step = max(1, AT_ONCE // max(1, len(self.left)))
        parts = [self._sums(weights[at : at + step], answers) for at in range(0, len(weights), step)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _sums(self, weights: FloatArray, answers: FloatArray) -> FloatArray:
        together = weights[:, self.left] * weights[:, self.right]
        if self.exact:
            found: FloatArray = 2 * (together @ self.apart)
            return found
        across = (weights @ answers) ** 2 - weights**2 @ answers**2
        seen = together.sum(axis=1)
        mean = divided(together @ self.apart, seen, otherwise=0.0)
        return np.asarray(across * mean + weights**2 @ self.within)


def apart_groups(tasks: IntArray, paired: int) -> Groups:
    """Each task a group of its own; the first ``paired`` have two answers or more."""
    return Groups(tasks, np.arange(len(tasks)), np.ones(len(tasks)), paired, paired)


def spread(task: IntArray, answer: IntArray, tasks: int, empty: BoolArray, ruler: Ruler, rng: Rng) -> Spread:
    """Row i says that ``task[i]``, below ``tasks``, got ``answer[i]``, which is ``empty[i]`` or not."""
    size = np.bincount(task, minlength=tasks)
    order = np.concatenate([np.flatnonzero(size >= 2), np.flatnonzero(size == 1)])
    paired = int(np.count_nonzero(size >= 2))
    new = np.zeros(tasks, dtype=np.int64)
    new[order] = np.arange(len(order))
    within = _within(new[task], size[order[:paired]], rng)
    unlike = Spread(apart_groups(order, paired), new[task], answer, empty, within, ruler, rng)
    return unlike.seen_as(answer, empty, ruler, SAMPLE)


def _known(left: BoolArray, right: BoolArray) -> FloatArray:
    """The distance of pairs with an empty answer; NaN where neither is."""
    return np.where(left & right, 0.0, np.where(left | right, 1.0, np.nan))


def _within(place: IntArray, size: IntArray, rng: Rng) -> Pairs:
    """The pairs of rows with the same place, for each place below the number of ``size``; distances not yet known."""
    order = np.argsort(place, kind="stable")
    start = np.cumsum(size) - size
    left, right, share = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for length in np.unique(size).tolist():
        first = start[size == length]
        if length * (length - 1) // 2 <= TASK_PAIRS:
            one, other = np.triu_indices(length, 1)
            left.append((first[:, None] + one).ravel())
            right.append((first[:, None] + other).ravel())
            share.append(np.full(len(left[-1]), 2.0))
            continue
        one = rng.integers(length, size=(len(first), TASK_PAIRS))
        other = (one + rng.integers(1, length, size=one.shape)) % length
        left.append((first[:, None] + one).ravel())
        right.append((first[:, None] + other).ravel())
        share.append(np.full(len(left[-1]), length * (length - 1) / TASK_PAIRS))
    rows = order[np.concatenate(left)], order[np.concatenate(right)]
    return Pairs(*rows, np.concatenate(share), np.zeros(len(rows[0])))
