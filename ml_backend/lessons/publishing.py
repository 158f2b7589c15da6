"""Whether a new version takes the place of the live one: a paired test on the holdout's tasks. Pure.

Both answer the same holdout tasks. A task counts for the version that has more of its answers right; ties count for
nobody. Were both equally good, each such task would be a fair coin: the sign test, which is McNemar's exact test where
a task has one answer (McNemar 1947). Several controls of one task stay together, because their answers are not
independent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import bdtrc, ndtri

from ..records import BoolArray, FloatArray, IntArray

ALPHA = 0.05
"""How rarely an equally good version may be refused."""

COVERAGE = 0.95
DIGITS = 6
NOTHING_COMPARED = "nothing was compared"


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of comparing a new version with the ``live`` one, and why.

    ``holdout`` answers to ``tasks`` tasks were compared: ``both_right``, ``only_new`` right, ``only_old`` right, the
    others neither. ``out_of_fold`` of them had taught one of the two, which judged them by models of itself without
    them. ``better`` and ``worse`` tasks are those where one of them has more right. ``p`` is the probability of so many
    worse tasks or more were both equally good; ``difference`` is that of the accuracies, new minus old, within ``low``
    and ``high`` with 95 % confidence. All four are null where nothing was compared.
    """

    published: bool
    reason: str
    live: str | None = None
    holdout: int = 0
    tasks: int = 0
    out_of_fold: int = 0
    both_right: int = 0
    only_new: int = 0
    only_old: int = 0
    better: int = 0
    worse: int = 0
    p: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    forced: bool = False

    def as_json(self) -> dict[str, Any]:
        """By name, as it is told and stored."""
        return asdict(self)


def decide(
    live: str, tasks: Sequence[int], new: BoolArray, old: BoolArray, *, out_of_fold: int = 0, force: bool = False
) -> Decision:
    """Publish unless the new version is worse beyond chance: p < 0.05, one-sided; ``force`` publishes it even so.

    ``tasks`` (n,) are the tasks that the n answers belong to; ``new`` and ``old`` (n,) say whether each version has
    them right, ``out_of_fold`` answers by models of the folds. Without an answer nothing is compared and the new
    version is published.

    >>> said = decide("tiebreak-1", [1, 2, 3, 4, 5], np.zeros(5, bool), np.ones(5, bool))
    >>> said.published, said.p
    (False, 0.03125)
    """
    if not len(tasks):
        return unopposed(f"{NOTHING_COMPARED}: the random share has no answer that {live} could be compared on", live)
    shares = _by_task(tasks, new, old)
    better, worse = int((shares > 0).sum()), int((shares < 0).sum())
    p = sign_test(worse, better)
    difference, low, high = difference_of(shares)
    refused = p < ALPHA
    return Decision(
        published=force or not refused,
        reason=_reason(live, better, worse, p, refused=refused, force=force),
        live=live,
        holdout=len(tasks),
        tasks=len(shares),
        out_of_fold=out_of_fold,
        both_right=int((new & old).sum()),
        only_new=int((new & ~old).sum()),
        only_old=int((old & ~new).sum()),
        better=better,
        worse=worse,
        p=round(p, DIGITS),
        difference=round(difference, DIGITS),
        low=round(low, DIGITS),
        high=round(high, DIGITS),
        forced=force and refused,
    )


def unopposed(reason: str, live: str | None = None) -> Decision:
    """Published without a comparison."""
    return Decision(True, reason, live)


def sign_test(worse: int, better: int) -> float:
    """Probability of ``worse`` or more heads of ``worse + better`` fair coins; 1.0 without a coin.

    >>> sign_test(1, 0), sign_test(0, 5), sign_test(0, 0)
    (0.5, 1.0, 1.0)
    """
    return 1.0 if worse == 0 else float(bdtrc(worse - 1, worse + better, 0.5))


def difference_of(shares: FloatArray) -> tuple[float, float, float]:
    """The mean of differences in [-1, 1], (n,), n > 0, and the ends of its 95 % interval.

    Two tasks more, one for either side, centre the interval: the adjusted Wald interval for paired proportions (Bonett
    and Price 2012, equation 6), here over tasks, whatever the number of their answers.

    >>> [round(value, 3) for value in difference_of(np.array([1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0]))]
    [0.125, -0.334, 0.534]
    """
    padded = np.concatenate([shares, [1.0, -1.0]])
    centre = float(padded.mean())
    half = float(ndtri((1 + COVERAGE) / 2)) * float(np.sqrt(padded.var() / len(padded)))
    return float(shares.mean()), max(-1.0, centre - half), min(1.0, centre + half)


def in_words(found: Mapping[str, Any]) -> str:
    """A decision in one line, from its JSON."""
    if found["p"] is None:
        return str(found["reason"])
    return (
        f"{found['reason']}; accuracy {found['difference']:+.1%} ({found['low']:+.1%} to {found['high']:+.1%}, "
        f"95 %) on {found['holdout']} answers{_judged(found.get('out_of_fold', 0))}"
    )


def _judged(out_of_fold: int) -> str:
    """What the answers had taught; versions of before told no ``out_of_fold``."""
    if not out_of_fold:
        return " that taught neither"
    return f", {out_of_fold} of which had taught one of the two and were judged out of fold, by models without them"


def _by_task(tasks: Sequence[int], new: BoolArray, old: BoolArray) -> FloatArray:
    """The share of its answers that the new version has right, minus the old one's, of each task."""
    place: IntArray
    _, place = np.unique(np.asarray(tasks), return_inverse=True)
    gain = np.bincount(place, new.astype(np.float64) - old.astype(np.float64))
    return np.asarray(gain / np.bincount(place), dtype=np.float64)


def _reason(live: str, better: int, worse: int, p: float, *, refused: bool, force: bool) -> str:
    counted = f"better than {live} on {better} tasks, worse on {worse}, p = {p:.3g}"
    if not refused:
        return f"not worse beyond chance ({counted})"
    return f"worse beyond chance ({counted})" + (", published because it was asked for" if force else "")
