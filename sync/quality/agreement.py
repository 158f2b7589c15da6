"""How far people agree on one control, with intervals.

Everything is computed from two things: how often each task got each answer, and the matrix of distances between
answers. Intervals are percentiles of a bootstrap over tasks (Efron 1979); tasks with the same profile of answers
are resampled together, which is the same distribution at a fraction of the work.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from label_config.model import Control

from .distance import default_distance, distance
from .distance.comparison import every_pair
from .intervals import NO_RESAMPLES, estimate
from .pairwise import pair_agreements
from .records import CodedAnswers, ControlAgreement, Estimate, FloatArray, IntArray

NO_PAIRS = "no task has answers of two annotators"
ONE_LABEL = "only one answer is in use, so agreement by chance cannot be told from agreement"
FEW_TASKS = "no interval: fewer than 2 tasks to resample"

PAIR_RESAMPLES = 200
"""Resamples for the interval of a pair of annotators, at most: there are many pairs, and few tasks behind each."""

_AT_ONCE = 4_000_000
"""Numbers held at once while resampling: 32 MB."""

Rng = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """The tasks with two or more answers, grouped by how often each answer was given.

    ``tasks`` are positions in the coded answers' tasks, ``task_profile`` the profile of each. ``counts`` has shape
    (profiles, answers), ``times`` says how many tasks have each profile. For each profile ``pairs`` is the number of
    ordered pairs of answers, ``apart`` the sum of their distances, ``observed`` that sum over the answers less one.
    """

    tasks: IntArray
    task_profile: IntArray
    counts: sparse.csr_array
    times: FloatArray
    pairs: FloatArray
    apart: FloatArray
    observed: FloatArray
    distances: FloatArray

    def of(self, chosen: IntArray) -> "Profiles":
        """Those of the tasks at the places ``chosen`` in ``tasks``."""
        used, profile = np.unique(self.task_profile[chosen], return_inverse=True)
        return Profiles(
            tasks=self.tasks[chosen],
            task_profile=profile,
            counts=self.counts[used],
            times=np.bincount(profile, minlength=len(used)).astype(np.float64),
            pairs=self.pairs[used],
            apart=self.apart[used],
            observed=self.observed[used],
            distances=self.distances,
        )

    def percent(self, weights: FloatArray) -> FloatArray:
        """Mean over pairs of answers of 1 - distance, pooled over tasks; ``weights`` is (resamples, profiles)."""
        found: FloatArray = 1.0 - (weights @ self.apart) / (weights @ self.pairs)
        return found

    def alpha(self, weights: FloatArray) -> FloatArray:
        """Krippendorff's alpha (2011), 1 - observed / expected; NaN where nothing is expected to differ."""
        totals = weights @ self.counts
        n = totals.sum(axis=1)
        expected = ((totals @ self.distances) * totals).sum(axis=1)
        observed = (weights @ self.observed) * (n - 1)
        found: FloatArray = 1.0 - np.divide(observed, expected, out=np.full(len(n), np.nan), where=expected > 0)
        return found

    def resamples(self, rng: Rng, times: int) -> Iterator[FloatArray]:
        """``times`` bootstrap samples of the tasks, as weights of the profiles, in blocks (resamples, profiles).

        Drawing how often each profile comes is the same as drawing tasks; where nearly every task has a profile of
        its own, drawing tasks is the faster way.
        """
        n, kinds = len(self.tasks), len(self.times)
        block = max(1, _AT_ONCE // max(n, kinds))
        for size in [block] * (times // block) + [times % block] * (times % block > 0):
            if 4 * kinds < n:
                yield rng.multinomial(n, self.times / n, size=size).astype(np.float64)
            else:
                drawn = self.task_profile[rng.integers(n, size=(size, n))] + kinds * np.arange(size)[:, None]
                yield np.bincount(drawn.ravel(), minlength=size * kinds).reshape(size, kinds).astype(np.float64)


def profiles_of(coded: CodedAnswers, distances: FloatArray) -> Profiles:
    """Group the tasks that two or more answered; ``distances`` is (answers, answers)."""
    tasks, task_profile, counts = _same_answers(coded)
    size = counts @ np.ones(counts.shape[1])
    apart = _apart(counts, distances)
    return Profiles(
        tasks=tasks,
        task_profile=task_profile,
        counts=counts,
        times=np.bincount(task_profile, minlength=len(size)).astype(np.float64),
        pairs=size * (size - 1),
        apart=apart,
        observed=apart / (size - 1),
        distances=distances,
    )


def _same_answers(coded: CodedAnswers) -> tuple[IntArray, IntArray, sparse.csr_array]:
    """The tasks with two or more answers, a number for each that is equal where they got the same answers, and how
    often each answer was given there: (numbers, answers).

    Tasks of one size start together and are parted by their sorted answers, one place after the other.
    """
    kinds = max(1, len(coded.answers))
    answer = np.sort(coded.task * kinds + coded.answer) % kinds
    size = np.bincount(coded.task, minlength=len(coded.tasks))
    start = np.cumsum(size) - size
    tasks = np.flatnonzero(size >= 2)
    profile = np.zeros(len(tasks), dtype=np.int64)
    rows, columns = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    known = 0
    for length in np.unique(size[tasks]):
        here = np.flatnonzero(size[tasks] == length)
        given = answer[start[tasks[here]][:, None] + np.arange(length)]
        group = np.zeros(len(here), dtype=np.int64)
        for column in given.T:
            _, first, group = np.unique(group * kinds + column, return_index=True, return_inverse=True)
        profile[here] = known + group
        rows.append(np.repeat(known + np.arange(len(first)), length))
        columns.append(given[first].ravel())
        known += len(first)
    places = np.concatenate(rows), np.concatenate(columns)
    return tasks, profile, sparse.csr_array((np.ones(len(places[0])), places), shape=(known, kinds))


def _apart(counts: sparse.csr_array, distances: FloatArray) -> FloatArray:
    """The sum of the distances over the ordered pairs of answers of each profile."""
    step = max(1, _AT_ONCE // counts.shape[1])
    parts = [
        ((counts[at : at + step] @ distances) * counts[at : at + step].toarray()).sum(axis=1)
        for at in range(0, counts.shape[0], step)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def matrix(coded: CodedAnswers) -> FloatArray:
    """The distances between the distinct answers: nominal for single choices, Jaccard for multiple ones."""
    control = Control("", "Choices", (), coded.labels, coded.multiple)
    found = distance(control, default_distance(control))(every_pair(control, coded.answers))
    return found.reshape(len(coded.answers), len(coded.answers))


def percent_agreement(coded: CodedAnswers, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95) -> Estimate:
    """Mean over pairs of answers to one task of 1 - distance, in [0, 1], pooled over tasks; null without a pair."""
    return _estimates(profiles_of(coded, matrix(coded)), rng, bootstrap, confidence)[0]


def krippendorff_alpha(coded: CodedAnswers, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95) -> Estimate:
    """Krippendorff's alpha in [-1, 1] (Krippendorff 2011, "Computing Krippendorff's alpha-reliability").

    Null without a task that two annotators answered, and where only one answer is in use.

    >>> from label_config.answers import Choices
    >>> from .coded_answers import encode
    >>> observers = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    >>> rows = [(unit, person, Choices((value,))) for person, values in enumerate(observers)
    ...         for unit, value in enumerate(values) if value != "."]
    >>> coded = encode(Control("c", "Choices", ("t",), tuple("12345")), rows)
    >>> round(krippendorff_alpha(coded, np.random.default_rng(0)).value, 3)
    0.743
    """
    return _estimates(profiles_of(coded, matrix(coded)), rng, bootstrap, confidence)[1]


def control_agreement(
    control: str, coded: CodedAnswers, *, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95
) -> ControlAgreement:
    """Everything that this page says about one control; ``rng`` drives the resampling."""
    distances = matrix(coded)
    profiles = profiles_of(coded, distances)
    percent, alpha = _estimates(profiles, rng, bootstrap, confidence)
    answered = int(np.count_nonzero(np.bincount(coded.task, minlength=len(coded.tasks))))
    each = (1.0 - profiles.apart / profiles.pairs)[profiles.task_profile]
    return ControlAgreement(
        control=control,
        tasks=answered,
        annotators=len(coded.annotators),
        annotations=len(coded.task),
        single=answered - len(profiles.tasks),
        percent_agreement=percent,
        krippendorff_alpha=alpha,
        pairs=pair_agreements(coded, distances, rng, min(bootstrap, PAIR_RESAMPLES), confidence),
        task_agreement={
            coded.tasks[task]: value for task, value in zip(profiles.tasks.tolist(), each.tolist(), strict=True)
        },
    )


def control_trend(
    coded: CodedAnswers, window: IntArray, *, rng: Rng, bootstrap: int = 300, confidence: float = 0.95
) -> list[tuple[int, Estimate, Estimate]]:
    """Agreement in each window of tasks: (window, percent agreement, alpha), in the order of the windows.

    ``window`` has one number for each position in ``coded.tasks``; tasks with a negative one are left out, windows
    without a task that two annotators answered too.
    """
    profiles = profiles_of(coded, matrix(coded))
    here = window[profiles.tasks]
    return [
        (int(number), *_estimates(profiles.of(np.flatnonzero(here == number)), rng, bootstrap, confidence))
        for number in np.unique(here[here >= 0])
    ]


def _estimates(profiles: Profiles, rng: Rng, bootstrap: int, confidence: float) -> tuple[Estimate, Estimate]:
    """Percent agreement and alpha, each with its interval."""
    n = len(profiles.tasks)
    if n == 0:
        return Estimate(None, reason=NO_PAIRS), Estimate(None, reason=NO_PAIRS)
    here = profiles.times[None, :]
    percent, alpha = float(profiles.percent(here)[0]), float(profiles.alpha(here)[0])
    percents = alphas = None
    if n >= 2 and bootstrap >= 1:
        draws = [(profiles.percent(weights), profiles.alpha(weights)) for weights in profiles.resamples(rng, bootstrap)]
        percents, alphas = (np.concatenate(column) for column in zip(*draws, strict=True))
    without = FEW_TASKS if n < 2 else NO_RESAMPLES
    return (
        estimate(percent, percents, n, confidence, undefined=ONE_LABEL, without=without),
        estimate(alpha, alphas, n, confidence, undefined=ONE_LABEL, without=without),
    )
