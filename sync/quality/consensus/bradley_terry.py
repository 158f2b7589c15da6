"""Scores of items from comparisons of two: the strengths of Bradley and Terry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from label_config.answers import Choices
from label_config.words import in_words

from ..evidence import ControlEvidence
from ..records import ControlConsensus, FloatArray, IntArray

PRIOR = 0.5
"""How often each item is taken to have won against an item of strength 0, and to have lost."""
ITERATIONS = 10_000
TOLERANCE = 1e-9
MOST = 2_000
"""More items have no standard errors: the matrix would be too large."""
Z95 = 1.959963984540054
"""Standard errors in half of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class ItemScore:
    """How strong an item is.

    ``score`` is the logarithm of its strength, of mean 0 over all items: it wins against another with the probability
    1 / (1 + exp(the other's score - its own)). ``error`` is the standard error, ``low`` and ``high`` bound the score
    at 95 %; all three are null where there are too many items. ``comparisons`` is their total weight.
    """

    item: str
    score: float
    comparisons: float
    error: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Which item won how often: three parallel arrays; a tie is half a win either way."""

    winner: IntArray
    loser: IntArray
    weight: FloatArray
    items: int


def strengths(comparisons: Comparisons, prior: float = PRIOR) -> FloatArray:
    """The scores (logarithms of strengths, mean 0) with the highest posterior: (items,).

    The minorisation-maximisation algorithm of D. Hunter, "MM Algorithms for Generalized Bradley-Terry Models" (2004),
    equation 3. Each item has ``prior`` wins and losses against an item of strength 0 added, as a prior that keeps
    items finite that always win, that never do, or that nothing connects with the others; 0 gives Hunter's estimates,
    which exist only where every item is connected with every other by wins both ways.

    >>> found = strengths(Comparisons(np.array([0, 1]), np.array([1, 0]), np.array([3.0, 1.0]), 2), prior=0)
    >>> bool(np.isclose(found[0] - found[1], np.log(3)))
    True
    """
    n = comparisons.items
    wins = np.bincount(comparisons.winner, comparisons.weight, n) + prior
    met = _met(comparisons)
    pairs = met.tocoo()
    gamma: FloatArray = np.ones(n)
    for _ in range(ITERATIONS):
        each = pairs.data / (gamma[pairs.row] + gamma[pairs.col])
        moved = wins / (np.bincount(pairs.row, each, n) + 2 * prior / (gamma + 1.0))
        if prior == 0:
            moved = moved / np.exp(np.log(moved).mean())
        change = float(np.abs(np.log(moved / gamma)).max(initial=0.0))
        gamma = moved
        if change < TOLERANCE:
            break
    scores: FloatArray = np.log(gamma)
    return scores - scores.mean() if n else scores


def standard_errors(comparisons: Comparisons, scores: FloatArray, prior: float = PRIOR) -> FloatArray:
    """The standard errors of scores of mean 0: the square roots of the inverse information's diagonal, (items,).

    The information is the weighted Laplacian of the comparisons, each of weight p (1 - p), and the prior's.
    """
    n = len(scores)
    pairs = _met(comparisons).tocoo()
    likely = 1 / (1 + np.exp(scores[pairs.col] - scores[pairs.row]))
    weight = pairs.data * likely * (1 - likely)
    information = np.zeros((n, n))
    np.add.at(information, (pairs.row, pairs.col), -weight)
    np.add.at(information, (pairs.row, pairs.row), weight)
    own = 1 / (1 + np.exp(-scores))
    information += np.diag(2 * prior * own * (1 - own))
    centred = np.eye(n) - 1 / max(n, 1)
    covariance = centred @ np.linalg.pinv(information, hermitian=True) @ centred
    found: FloatArray = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return found


def _met(comparisons: Comparisons) -> sparse.csr_array:
    """How often two items met, both ways round: (items, items)."""
    one = np.concatenate([comparisons.winner, comparisons.loser])
    other = np.concatenate([comparisons.loser, comparisons.winner])
    shape = (comparisons.items, comparisons.items)
    return sparse.csr_array((np.tile(comparisons.weight, 2), (one, other)), shape=shape)


def item_scores(wins: Sequence[tuple[str, str, float]], prior: float = PRIOR) -> tuple[ItemScore, ...]:
    """Scores from (winner, loser, weight), the best item first, equal ones by name; see ``strengths``.

    Raises ValueError for an item against itself and for weights that are negative or no numbers.

    >>> found = item_scores([("a", "b", 2.0), ("b", "c", 2.0)])
    >>> [(one.item, round(one.score, 2)) for one in found]
    [('a', 1.61), ('b', 0.0), ('c', -1.61)]
    """
    for winner, loser, weight in wins:
        if winner == loser or not 0 <= weight < np.inf:
            raise ValueError(f"{winner!r} against {loser!r} with weight {weight} is no comparison")
    items = sorted({item for winner, loser, _ in wins for item in (winner, loser)})
    place = {item: number for number, item in enumerate(items)}
    table = Comparisons(
        np.array([place[winner] for winner, _, _ in wins], dtype=np.int64),
        np.array([place[loser] for _, loser, _ in wins], dtype=np.int64),
        np.array([weight for _, _, weight in wins], dtype=np.float64),
        len(items),
    )
    score = strengths(table, prior)
    error = standard_errors(table, score, prior).tolist() if len(items) <= MOST else [None] * len(items)
    met = np.bincount(table.winner, table.weight, len(items)) + np.bincount(table.loser, table.weight, len(items))
    found = [_scored(*one) for one in zip(items, np.round(score, 9).tolist(), met.tolist(), error, strict=True)]
    return tuple(sorted(found, key=lambda one: (-one.score, one.item)))


def _scored(item: str, score: float, comparisons: float, error: float | None) -> ItemScore:
    if error is None:
        return ItemScore(item, score, comparisons)
    return ItemScore(item, score, comparisons, error, score - Z95 * error, score + Z95 * error)


def pairwise_scores(
    evidence: ControlEvidence,
    consensus: ControlConsensus,
    data: Mapping[int, Mapping[str, Any]],
    fields: tuple[str, str],
) -> tuple[ItemScore, ...]:
    """The scores of the items that the tasks of a Pairwise control compare, from the consensus on it.

    ``data`` maps tasks to what they show, ``fields`` names the two fields of it that hold the left and the right item:
    items are the same where these are. A task counts as one comparison: its first label's probability as a win of the
    left item, the second's of the right one, what is left (such as "equal") as half a win of either. Tasks without
    both items, or with the same twice, are left out. Raises ValueError for a control without two labels.
    """
    labels = evidence.control.labels
    if len(labels) < 2:
        raise ValueError(f"control {evidence.control.name!r}: labels for the left and the right item are needed")
    wins: list[tuple[str, str, float]] = []
    for one in consensus.tasks:
        left, right = (data.get(one.task, {}).get(field) for field in fields)
        if left is None or right is None or str(left) == str(right):
            continue
        chances = one.posterior if one.posterior is not None else {_label(one.answer): 1.0}
        even = max(0.0, 1.0 - chances.get(labels[0], 0.0) - chances.get(labels[1], 0.0)) / 2
        wins.append((str(left), str(right), chances.get(labels[0], 0.0) + even))
        wins.append((str(right), str(left), chances.get(labels[1], 0.0) + even))
    return item_scores(wins)


def _label(answer: object) -> str:
    return in_words(answer) if isinstance(answer, Choices) else ""
