"""Agreement straight from arrays of whole numbers, for a great many answers: no objects, no sorting."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from label_config.answers import Choices

from ..intervals import NO_RESAMPLES
from ..records import CodedAnswers, Estimate, FloatArray, IntArray
from .resampling import Quantity, Rng, estimates
from .table import one_minus, table
from .undefined import NO_PAIRS, ONE_LABEL

EXACT_BITS = 53
"""Whole numbers of so many bits are exact as floats."""


def alpha_of_codes(
    task: ArrayLike,
    code: ArrayLike,
    *,
    distances: FloatArray | None = None,
    rng: Rng | None = None,
    bootstrap: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """Krippendorff's alpha in [-1, 1] of answers coded as whole numbers from 0 on.

    Row i of ``task`` and ``code``, shape (annotations,), says that a task got an answer; who gave it does not matter
    to alpha, at most one a task and annotator is expected. ``distances`` (answers, answers) in [0, 1] are nominal
    unless given. With an ``rng``, ``bootstrap`` resamples of the tasks give an interval of ``confidence``.
    Null without a task that two annotators answered, and where only one answer is in use. Raises ValueError for
    arrays of different lengths, negative numbers and codes without a distance.
    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011; its example, data C:

    >>> lines = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    >>> rows = [(unit, int(value) - 1) for line in lines for unit, value in enumerate(line) if value != "."]
    >>> task, code = zip(*rows)
    >>> round(alpha_of_codes(task, code).value, 3)
    0.743
    """
    tasks, codes = checked(task, code)
    kinds = int(codes.max(initial=-1)) + 1
    if distances is not None and len(distances) < kinds:
        raise ValueError(f"code {kinds - 1} has no distance: there are {len(distances)}")
    if rng is None and distances is None:
        return _nominal(tasks, codes, kinds)
    apart = 1.0 - np.eye(kinds) if distances is None else distances
    found = table(tasks, codes, int(tasks.max(initial=-1)) + 1, apart)
    n = found.groups.paired
    if not n:
        return Estimate(None, reason=NO_PAIRS)
    times = bootstrap if rng is not None else 0
    quantity = Quantity(found.groups, found.alpha, n, ONE_LABEL)
    if rng is None:
        return _point(float(found.alpha(found.groups.here)[0]), n)
    return estimates({"alpha": quantity}, rng, times, confidence)["alpha"]


def answers_of_codes(task: ArrayLike, annotator: ArrayLike, code: ArrayLike, labels: Sequence[str]) -> CodedAnswers:
    """Arrays of whole numbers from 0 on, shape (annotations,) each, as answers to a single choice of ``labels``.

    Raises ValueError for arrays of different lengths, negative numbers, a code that has no label, and two rows of one
    annotator on a task. What comes out is what ``measure`` and all else here takes.

    >>> found = answers_of_codes([0, 0, 1], [0, 1, 0], [1, 1, 0], ("no", "yes"))
    >>> found.answers[1], len(found.tasks), len(found.annotators)
    (Choices(labels=('yes',)), 2, 2)
    """
    rows = checked(task, annotator, code)
    tasks, people, kinds = (int(row.max(initial=-1)) + 1 for row in rows)
    if kinds > len(labels):
        raise ValueError(f"code {kinds - 1} has no label: there are {len(labels)}")
    if len(np.unique(rows[0] * max(1, people) + rows[1])) < len(rows[0]):
        raise ValueError("some annotator has two answers to one task; keep the latest")
    answers = tuple(Choices((label,)) for label in labels)
    return CodedAnswers(rows[0], rows[1], rows[2], tuple(range(tasks)), tuple(range(people)), answers, tuple(labels))


def checked(*columns: ArrayLike) -> list[IntArray]:
    """Columns of one table as arrays; raises ValueError where they are none, or hold other than 0, 1, 2 ..."""
    rows = [_checked(given) for given in columns]
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"the columns have {', '.join(str(len(row)) for row in rows)} rows, not one number of them")
    return rows


def _checked(given: ArrayLike) -> IntArray:
    """The numbers as they are, if none is negative; raises ValueError for others than whole ones."""
    found = np.asarray(given)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise ValueError("tasks and codes are one-dimensional arrays of whole numbers")
    if found.size and found.min() < 0:
        raise ValueError("tasks and codes are counted from 0; leave out what was not answered")
    return found.astype(np.int64, copy=False)


def _nominal(task: IntArray, code: IntArray, kinds: int) -> Estimate:
    """Alpha from how often each task got each answer: 1 - (n - 1) observed / expected."""
    most = int(np.bincount(task).max(initial=0))
    totals, observed, paired = np.zeros(kinds), 0.0, 0
    if most >= 2:
        times, counts = _counts(task, code, kinds, most.bit_length())
        size = sum(counts)
        alike = sum(count * count for count in counts)
        times = np.where(size >= 2, times, 0)
        observed = float((times * (size * size - alike) / np.maximum(size - 1, 1)).sum())
        totals += [float((times * count).sum()) for count in counts]
        paired = int(times.sum())
    if not paired:
        return Estimate(None, reason=NO_PAIRS)
    n = totals.sum()
    expected = np.array([n**2 - (totals**2).sum()])
    return _point(float(one_minus(np.array([observed * (n - 1)]), expected)[0]), paired)


def _counts(task: IntArray, code: IntArray, kinds: int, bits: int) -> tuple[IntArray, list[IntArray]]:
    """How often tasks got each answer, an array for each answer, and how many tasks got just that.

    A task's counts are digits of ``bits`` bits of one number, as many as a float holds exactly: one pass counts
    several answers. Where there are few such numbers, tasks with the same one are taken together.
    """
    digits = max(1, EXACT_BITS // bits)
    numbers = [_numbers(task, code, low, min(kinds, low + digits), bits) for low in range(0, kinds, digits)]
    times: IntArray = np.ones(len(numbers[0]), dtype=np.int64)
    if bits * kinds <= EXACT_BITS and 1 << (bits * kinds) <= 4 * len(times):
        times = np.bincount(numbers[0])
        numbers = [np.flatnonzero(times)]
        times = times[numbers[0]]
    mask = (1 << bits) - 1
    places = [divmod(kind, digits) for kind in range(kinds)]
    return times, [(numbers[word] >> (bits * digit)) & mask for word, digit in places]


def _numbers(task: IntArray, code: IntArray, low: int, high: int, bits: int) -> IntArray:
    """For each task the number whose digits are how often it got the answers from ``low`` up to ``high``."""
    weight = np.zeros(int(code.max()) + 1)
    weight[low:high] = 2.0 ** (bits * np.arange(high - low))
    if high - low == len(weight):
        return np.bincount(task, weight[code]).astype(np.int64)
    here = (code >= low) & (code < high)
    return np.bincount(task[here], weight[code[here]], minlength=int(task.max()) + 1).astype(np.int64)


def _point(value: float, tasks: int) -> Estimate:
    """A value of which no interval was asked for."""
    if np.isnan(value):
        return Estimate(None, n=tasks, reason=ONE_LABEL)
    return Estimate(value, n=tasks, reason=NO_RESAMPLES)
