"""How far people agree on one control, with intervals.

Everything is computed from two things: how often each task got each answer, and the matrix of distances between
answers. Intervals are percentiles of a bootstrap over tasks (Efron 1979); tasks with the same profile of answers
are resampled together, which is the same distribution at a fraction of the work.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from .distance import distance
from .pairwise import pair_agreements
from .records import CodedAnswers, ControlAgreement, Estimate, FloatArray, IntArray

NO_PAIRS = "no task has answers of two annotators"
ONE_LABEL = "only one answer is in use, so agreement by chance cannot be told from agreement"
FEW_TASKS = "fewer than 2 tasks to resample"

Rng = np.random.Generator


class Profiles:
    """The tasks with two or more answers, grouped by how often each answer was given.

    ``counts`` has shape (profiles, answers), ``times`` says how many tasks have each profile, ``distances`` is
    (answers, answers). ``task_profile`` maps each position in ``tasks`` to its profile.
    """

    def __init__(self, coded: CodedAnswers, distances: FloatArray, keep: IntArray | None = None) -> None:
        shape = (len(coded.tasks), max(1, len(coded.answers)))
        table = sparse.coo_matrix((np.ones(len(coded.task)), (coded.task, coded.answer)), shape=shape).tocsr()
        size = np.asarray(table.sum(axis=1)).ravel()
        wanted = size >= 2
        if keep is not None:
            wanted &= np.isin(np.arange(shape[0]), keep)
        self.tasks: IntArray = np.flatnonzero(wanted)
        self.single = int(np.sum(size == 1))
        self.distances = distances
        self.counts, self.task_profile, self.times = _group(table[self.tasks])
        size = self.counts.sum(axis=1)
        apart = ((self.counts @ distances) * self.counts).sum(axis=1)
        self.pairs = size * (size - 1)
        self.apart = apart
        self.observed = np.divide(apart, size - 1, out=np.zeros_like(apart), where=size > 1)

    def percent(self, weights: FloatArray) -> FloatArray:
        """Mean over pairs of answers of 1 - distance, pooled over tasks; ``weights`` is (resamples, profiles)."""
        pairs = weights @ self.pairs
        found: FloatArray = 1.0 - np.divide(
            weights @ self.apart, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0
        )
        return found

    def alpha(self, weights: FloatArray) -> FloatArray:
        """Krippendorff's alpha (2011), 1 - observed / expected; NaN where nothing is expected to differ."""
        totals = weights @ self.counts
        n = totals.sum(axis=1)
        expected = ((totals @ self.distances) * totals).sum(axis=1)
        observed = (weights @ self.observed) * (n - 1)
        found: FloatArray = 1.0 - np.divide(observed, expected, out=np.full(len(n), np.nan), where=expected > 0)
        return found


def _group(table: sparse.csr_matrix) -> tuple[FloatArray, IntArray, FloatArray]:
    """Distinct rows of a count table: (rows, row of each task, how often each occurs)."""
    if table.shape[0] == 0:
        return np.zeros((0, table.shape[1])), np.zeros(0, dtype=np.int64), np.zeros(0)
    rng = np.random.default_rng(0)  # a fixed hash of rows, not a source of chance
    keys = table @ rng.integers(1, 2**40, size=table.shape[1]).astype(np.float64)
    _, first, profile = np.unique(keys, return_index=True, return_inverse=True)
    counts = np.asarray(table[first].todense(), dtype=np.float64)
    return counts, profile.ravel(), np.bincount(profile.ravel()).astype(np.float64)


def matrix(coded: CodedAnswers) -> FloatArray:
    """The distances between the distinct answers: nominal for single choices, Jaccard for multiple ones."""
    return distance("jaccard" if coded.multiple else "nominal")(coded.answers)


def percent_agreement(coded: CodedAnswers, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95) -> Estimate:
    """Mean over pairs of answers to one task of 1 - distance, in [0, 1], pooled over tasks; null without a pair."""
    return _estimates(Profiles(coded, matrix(coded)), rng, bootstrap, confidence)[0]


def krippendorff_alpha(coded: CodedAnswers, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95) -> Estimate:
    """Krippendorff's alpha in [-1, 1] (Krippendorff 2011, "Computing Krippendorff's alpha-reliability").

    Null without a task that two annotators answered, and where only one answer is in use.

    >>> from label_config.model import Control
    >>> from .coded_answers import encode
    >>> observers = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    >>> rows = [(unit, person, (value,)) for person, values in enumerate(observers)
    ...         for unit, value in enumerate(values) if value != "."]
    >>> coded = encode(Control("c", "Choices", ("t",), tuple("12345")), rows)
    >>> round(krippendorff_alpha(coded, np.random.default_rng(0)).value, 3)
    0.743
    """
    return _estimates(Profiles(coded, matrix(coded)), rng, bootstrap, confidence)[1]


def control_agreement(
    control: str, coded: CodedAnswers, *, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95
) -> ControlAgreement:
    """Everything that this page says about one control; ``rng`` drives the resampling."""
    distances = matrix(coded)
    profiles = Profiles(coded, distances)
    percent, alpha = _estimates(profiles, rng, bootstrap, confidence)
    each = 1.0 - profiles.apart / profiles.pairs if len(profiles.pairs) else profiles.apart
    return ControlAgreement(
        control=control,
        tasks=len(profiles.tasks) + profiles.single,
        annotators=len(coded.annotators),
        annotations=len(coded.task),
        single=profiles.single,
        percent_agreement=percent,
        krippendorff_alpha=alpha,
        pairs=pair_agreements(coded, distances, rng, min(bootstrap, 200), confidence),
        task_agreement={
            coded.tasks[task]: float(each[profile])
            for task, profile in zip(profiles.tasks, profiles.task_profile, strict=True)
        },
    )


def control_trend(
    coded: CodedAnswers, window: IntArray, *, rng: Rng, bootstrap: int = 300, confidence: float = 0.95
) -> list[tuple[int, Estimate, Estimate]]:
    """Agreement in each window of tasks: (window, percent agreement, alpha), in the order of the windows.

    ``window`` has one number for each position in ``coded.tasks``; tasks with a negative one are left out.
    """
    distances = matrix(coded)
    found = []
    for number in np.unique(window[window >= 0]):
        profiles = Profiles(coded, distances, np.flatnonzero(window == number))
        if len(profiles.tasks):
            found.append((int(number), *_estimates(profiles, rng, bootstrap, confidence)))
    return found


def _estimates(profiles: Profiles, rng: Rng, bootstrap: int, confidence: float) -> tuple[Estimate, Estimate]:
    """Percent agreement and alpha, each with its interval."""
    n = len(profiles.tasks)
    if n == 0:
        return Estimate(None, reason=NO_PAIRS), Estimate(None, reason=NO_PAIRS)
    here = profiles.times[None, :]
    draws = rng.multinomial(n, profiles.times / n, size=bootstrap).astype(np.float64) if n >= 2 else None
    return (
        interval(float(profiles.percent(here)[0]), None if draws is None else profiles.percent(draws), n, confidence),
        interval(float(profiles.alpha(here)[0]), None if draws is None else profiles.alpha(draws), n, confidence),
    )


def interval(value: float, draws: FloatArray | None, n: int, confidence: float) -> Estimate:
    """A value with the percentile interval of its resamples; null where the value is undefined."""
    if np.isnan(value):
        return Estimate(None, n=n, reason=ONE_LABEL)
    if draws is None:
        return Estimate(value, n=n, reason=FEW_TASKS)
    defined = draws[~np.isnan(draws)]
    if 2 * len(defined) < len(draws):
        return Estimate(value, n=n, reason="most resamples use one answer only: no interval")
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(low), float(high), n)


__all__: Sequence[str] = (
    "Profiles",
    "control_agreement",
    "control_trend",
    "krippendorff_alpha",
    "percent_agreement",
)
