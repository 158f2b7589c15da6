"""How each two annotators agree: percent agreement and Cohen's kappa on the tasks that both answered."""

import numpy as np

from .records import CodedAnswers, Estimate, FloatArray, IntArray, PairAgreement

INTERVALS = 500
"""Intervals are computed for this many pairs, those with the most common tasks; more would be read by nobody."""
MANY_PAIRS = f"no interval: not among the {INTERVALS} pairs with the most common tasks"
FEW_COMMON = "no interval: fewer than 2 common tasks"
SAME_LABEL = "both gave one and the same answer throughout: kappa is undefined"


def pair_agreements(
    coded: CodedAnswers, distances: FloatArray, rng: np.random.Generator, bootstrap: int, confidence: float
) -> tuple[PairAgreement, ...]:
    """Each pair of annotators with common tasks, in the order of their ids.

    Kappa is Cohen's (1960) for nominal distances and his weighted kappa (1968) with any other; null where both gave
    one and the same answer throughout.
    """
    first, second, left, right = _common(coded)
    if not len(first):
        return ()
    people, kinds = len(coded.annotators), len(coded.answers)
    order = np.argsort(first * people + second, kind="stable")
    pair, cell = (first * people + second)[order], (left * kinds + right)[order]
    keys, starts, sizes = np.unique(pair, return_index=True, return_counts=True)
    with_interval = set(np.argsort(-sizes, kind="stable")[:INTERVALS].tolist())
    found = []
    for place, (key, start, size) in enumerate(zip(keys, starts, sizes, strict=True)):
        cells, counts = np.unique(cell[start : start + size], return_counts=True)
        table = _PairTable(cells // kinds, cells % kinds, counts.astype(np.float64), distances)
        resample = bootstrap if place in with_interval and size >= 2 else 0
        reason = FEW_COMMON if size < 2 else MANY_PAIRS
        percent, kappa = table.estimates(rng, resample, confidence, reason)
        ids = (coded.annotators[key // people], coded.annotators[key % people])
        found.append(PairAgreement(ids, int(size), percent, kappa))
    return tuple(found)


def _common(coded: CodedAnswers) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Every two answers to one task: lower annotator, higher annotator, their answers."""
    order = np.lexsort((coded.annotator, coded.task))
    task, person, answer = coded.task[order], coded.annotator[order], coded.answer[order]
    parts: list[tuple[IntArray, ...]] = []
    step = 1
    # Two answers to one task stand `step` rows apart in this order, for some step below the largest group.
    while len(task) > step:
        here = np.flatnonzero(task[step:] == task[:-step])
        if not len(here):
            break
        parts.append((person[here], person[here + step], answer[here], answer[here + step]))
        step += 1
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty, empty
    first, second, left, right = (np.concatenate(column) for column in zip(*parts, strict=True))
    return first, second, left, right


class _PairTable:
    """The contingency table of two annotators, its non-empty cells alone."""

    def __init__(self, rows: IntArray, columns: IntArray, counts: FloatArray, distances: FloatArray) -> None:
        self._rows, self._row = np.unique(rows, return_inverse=True)
        self._columns, self._column = np.unique(columns, return_inverse=True)
        self._counts = counts
        self._apart = distances[rows, columns]
        self._expected = distances[np.ix_(self._rows, self._columns)]

    def estimates(
        self, rng: np.random.Generator, bootstrap: int, confidence: float, reason: str
    ) -> tuple[Estimate, Estimate]:
        n = int(self._counts.sum())
        percent, kappa = self._both(self._counts[None, :])
        if not bootstrap:
            known = Estimate(float(percent[0]), n=n, reason=reason)
            return known, self._kappa(float(kappa[0]), n, None, None, reason)
        draws = rng.multinomial(n, self._counts / n, size=bootstrap).astype(np.float64)
        percents, kappas = self._both(draws)
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        low, high = np.quantile(percents, tails)
        kappas = kappas[~np.isnan(kappas)]
        ends = np.quantile(kappas, tails) if 2 * len(kappas) >= bootstrap else None
        return (
            Estimate(float(percent[0]), float(low), float(high), n),
            self._kappa(
                float(kappa[0]),
                n,
                None if ends is None else float(ends[0]),
                None if ends is None else float(ends[1]),
                None if ends is not None else "no interval: most resamples use one answer only",
            ),
        )

    @staticmethod
    def _kappa(value: float, n: int, low: float | None, high: float | None, reason: str | None) -> Estimate:
        if np.isnan(value):
            return Estimate(None, n=n, reason=SAME_LABEL)
        return Estimate(value, low, high, n, reason)

    def _both(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Percent agreement and kappa of each row of ``weights`` (resamples, cells)."""
        n = weights.sum(axis=1)
        apart = weights @ self._apart
        left = np.stack([weights[:, self._row == row].sum(axis=1) for row in range(len(self._rows))], axis=1)
        right = np.stack(
            [weights[:, self._column == column].sum(axis=1) for column in range(len(self._columns))], axis=1
        )
        expected = ((left @ self._expected) * right).sum(axis=1) / n
        kappa = 1.0 - np.divide(apart, expected, out=np.full(len(n), np.nan), where=expected > 1e-12)
        return 1.0 - apart / n, kappa
