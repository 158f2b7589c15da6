"""Proof on a project's own answers: how many labels choosing has saved, against the random share. Pure.

The random share of a project is at once the control group and the test set: its answers teach models of random labels
in one half and test all models in the other, in turn. So nothing is labeled for the proof alone.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..records import BoolArray, FloatArray, IntArray

FEWEST = 40
"""Answers in the random share, and chosen ones, from which something is said."""
REPEATS = 20
"""So many times the random share is cut into halves anew: one teaches, the other tests, then the other way round."""
RANDOM_SIZES, CHOSEN_SIZES, SMALLEST = 6, 14, 10
"""Points of the two learning curves, evenly spread over the logarithm of the labels, from the smallest on."""
DRAWS = 500
SURE = 0.95
LEARNED = 0.05
"""Models of random labels avoid more than this share of the errors of the most frequent answer, surely: else their
accuracy is about that of a model that knows nothing, and when chosen labels reach it says nothing."""
FARTHEST = 20.0
"""Beyond so many times the labels of the control group its power law says nothing any more."""

Judge = Callable[[IntArray, IntArray], FloatArray]
"""Rows that a model learns from, rows that it judges -> 1 for each that it judges rightly, else 0."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A learning curve: after ``labels`` labels models are right on these shares of the random share's tasks.

    ``low`` and ``high`` are the 95 % interval of each, by the bootstrap that the labels saved have theirs from.
    """

    labels: tuple[int, ...]
    accuracy: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of labels and its 95 % interval; null = beyond what was measured."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What choosing has saved; ``words`` say it, or why nothing can be said.

    ``at_random`` random labels give the accuracy ``level``; ``needed`` chosen labels give the same, and ``saved`` is
    the difference. ``majority`` is the accuracy of one answer, the most frequent one, to all. ``extrapolated``: so
    many random labels would give what all chosen ones give, by a power law of the control group's errors.
    """

    words: str
    chosen: int
    random: int
    at_random: int | None = None
    level: float | None = None
    majority: float | None = None
    needed: Estimate | None = None
    saved: Estimate | None = None
    extrapolated: Estimate | None = None
    random_curve: Curve | None = None
    chosen_curve: Curve | None = None

    def as_json(self) -> dict[str, Any]:
        """By name, as it is told."""
        return asdict(self)


def proof(chosen: IntArray, control: IntArray, usual: FloatArray, judge: Judge, rng: np.random.Generator) -> Proof:
    """Learn from both groups, test on the random share, compare.

    ``chosen`` are the rows that were chosen, in the order in which they were labeled; ``control`` those of the random
    share, and ``usual`` says of each of these whether the most frequent answer is right, 1 or 0. Equal arguments give
    an equal proof.
    """
    if reason := _too_few(len(chosen), len(control)):
        return Proof(reason, len(chosen), len(control))
    of_random = sizes(len(control) // 2, RANDOM_SIZES)
    of_chosen = sizes(len(chosen), CHOSEN_SIZES)
    halves = np.stack([rng.permutation(np.arange(len(control)) % 2 == 0) for _ in range(REPEATS)])
    by_chance = np.stack([_crossed(control, half, of_random, judge, rng) for half in halves])
    by_choice = np.stack([judge(chosen[:size], control) for size in of_chosen])
    return concluded(of_random, by_chance, halves, of_chosen, by_choice, usual, rng)


def _too_few(chosen: int, control: int) -> str:
    if control < FEWEST:
        return f"the random share has {control} answers; {FEWEST} are needed"
    return f"{chosen} answers are to chosen tasks; {FEWEST} are needed" if chosen < FEWEST else ""


def sizes(most: int, points: int) -> IntArray:
    """The label counts of a curve, evenly spread over their logarithm.

    >>> sizes(80, 4).tolist()
    [10, 20, 40, 80]
    """
    return np.unique(np.geomspace(SMALLEST, most, points).round().astype(np.int64))


def _crossed(
    control: IntArray, half: BoolArray, of_random: IntArray, judge: Judge, rng: np.random.Generator
) -> FloatArray:
    """Whether models of so many random labels are right on the tasks of the half that they have not seen: (s, n)."""
    right = np.empty((len(of_random), len(control)))
    for inside in (half, ~half):
        taught = rng.permutation(control[inside])
        for place, size in enumerate(of_random):
            right[place, ~inside] = judge(taught[:size], control[~inside])
    return right


def concluded(
    of_random: IntArray,
    by_chance: FloatArray,
    halves: BoolArray,
    of_chosen: IntArray,
    by_choice: FloatArray,
    usual: FloatArray,
    rng: np.random.Generator,
) -> Proof:
    """What the models' hits prove: ``by_chance`` (repeats, sizes, tasks), ``by_choice`` (sizes, tasks), of 0 and 1.

    Nothing about choosing unless models of random labels are surely better (``LEARNED``) than the most frequent answer,
    which is right where ``usual`` (tasks,) is 1: where that is all that they know, a curve's first points have it too.

    ``halves`` (repeats, tasks) is true for the tasks that taught first. The intervals are a bootstrap over the random
    share's tasks, with one repeat a draw: halves of a set vary about its mean as such sets vary among each other. The
    chosen tasks have luck as well, as random ones have it (``_luck``): else a lucky beginning were proof of choosing.
    """
    from scipy.optimize import isotonic_regression  # slow to import, and answering needs none of it

    luck = _luck(of_random, by_chance, halves)
    fading = np.minimum(1.0, np.sqrt(of_random[-1] / of_chosen))
    repeats, _, tasks = by_chance.shape
    at_random, chosen = int(of_random[-1]), int(of_chosen[-1])
    needed, worth, above = np.empty(DRAWS + 1), np.empty(DRAWS + 1), np.empty(DRAWS + 1)
    random_draws, chosen_draws = np.empty((DRAWS + 1, len(of_random))), np.empty((DRAWS + 1, len(of_chosen)))
    level = 0.0
    for draw in range(DRAWS, -1, -1):  # the last one, 0, is what was measured
        picked = rng.integers(tasks, size=tasks) if draw else np.arange(tasks)
        once = by_chance[rng.integers(repeats)] if draw else by_chance.mean(axis=0)
        random_draws[draw] = once[:, picked].mean(axis=1)
        law = power_law(of_random, random_draws[draw], tasks)
        lucky = np.interp(np.log(of_chosen), np.log(of_random), luck[rng.integers(len(luck))]) if draw else 0.0
        chosen_draws[draw] = np.clip(by_choice[:, picked].mean(axis=1) + lucky * fading, 0.0, 1.0)
        choice = isotonic_regression(chosen_draws[draw]).x
        level = accuracy_at(law, at_random, tasks)
        above[draw] = avoided(level, float(usual[picked].mean()))
        needed[draw] = labels_for(level, of_chosen, choice)
        worth[draw] = inverted(law, float(choice[-1]), tasks)
    majority = float(usual.mean())
    curves = _curve(of_random, random_draws), _curve(of_chosen, chosen_draws)
    figures = (chosen, tasks, at_random, round(level, 4), round(majority, 4))
    if float(np.quantile(above[1:], (1 - SURE) / 2, method="inverted_cdf")) <= LEARNED:
        return Proof(_nothing_learned(at_random, level, majority), *figures, None, None, None, *curves)
    needs = _estimate(needed, chosen)
    saved = Estimate(
        *(None if one is None else round(at_random - one, 1) for one in (needs.value, needs.high, needs.low))
    )
    extrapolated = _estimate(worth, FARTHEST * at_random)
    return Proof(
        _words(at_random, level, chosen, needs, saved, extrapolated), *figures, needs, saved, extrapolated, *curves
    )


def _curve(labels: IntArray, draws: FloatArray) -> Curve:
    """The first draw is the curve, the others (draws, sizes) are its bootstrap."""
    bounds = np.quantile(draws[1:], [(1 - SURE) / 2, (1 + SURE) / 2], axis=0, method="inverted_cdf")
    return Curve(tuple(labels.tolist()), *(tuple(one.round(4).tolist()) for one in (draws[0], bounds[0], bounds[1])))


def avoided(accuracy: float, majority: float) -> float:
    """The share of the most frequent answer's errors that a model of that accuracy avoids, at most 1; 0 without errors.

    >>> round(avoided(0.95, 0.9), 3), avoided(1.0, 1.0)
    (0.5, 0.0)
    """
    return 1 - (1 - accuracy) / (1 - majority) if majority < 1 else 0.0


def _luck(of_random: IntArray, by_chance: FloatArray, halves: BoolArray) -> FloatArray:
    """How far models of one draw of so many labels were from the mean of all draws on the same tasks, (draws, sizes).

    Draws from one share vary less than draws from everywhere, by the share that they are of it: this is undone.
    """
    apart = by_chance - by_chance.mean(axis=0)
    each = [np.einsum("rst,rt->rs", apart, tested) / tested.sum(axis=1, keepdims=True) for tested in (halves, ~halves)]
    return np.asarray(np.concatenate(each) / np.sqrt(1 - of_random / halves.shape[1]))


def _nothing_learned(at_random: int, level: float, majority: float) -> str:
    return (
        f"models of {at_random:,} random labels are right on {level:.0%}, which is not clearly above the "
        f"{majority:.0%} of giving every task the most frequent answer: nothing can be said yet of what choosing saved"
    )


def _words(at_random: int, level: float, chosen: int, needs: Estimate, saved: Estimate, extrapolated: Estimate) -> str:
    if needs.value is None or saved.value is None:
        return f"{chosen:,} chosen labels do not reach the accuracy of {at_random:,} random ones, {level:.0%}"
    proven = "proven" if saved.low is not None and saved.low > 0 else "not proven yet"
    measured = (
        f"{level:.0%} accuracy takes {at_random:,} random labels and {needs.value:,.0f} chosen ones "
        f"({_bounds(needs)}): {saved.value:,.0f} labels saved ({_bounds(saved)}), which is {proven}"
    )
    if extrapolated.value is None:
        return measured
    return (
        f"{measured}. By a power law of the random ones, not measured: all {chosen:,} chosen labels are worth "
        f"{extrapolated.value:,.0f} random ones ({_bounds(extrapolated)})"
    )


def _bounds(one: Estimate) -> str:
    low, high = ("beyond measure" if bound is None else f"{bound:,.0f}" for bound in (one.low, one.high))
    return f"{low} to {high}"


def power_law(labels: IntArray, accuracy: FloatArray, tasks: int) -> tuple[float, float]:
    """log error = a + b log labels, by least squares; b below 0, since labels do no harm on the whole.

    Half an error of ``tasks`` is added to each, so that none is 0.

    >>> a, b = power_law(np.array([10, 100]), np.array([0.5, 0.95]), 10**9)
    >>> round(float(np.exp(a)), 3), round(b, 3)
    (5.0, -1.0)
    """
    slope, start = np.polyfit(np.log(labels), np.log(1 - accuracy + 0.5 / tasks), 1)
    if slope > _FLATTEST:
        slope, start = _FLATTEST, float(np.log(1 - accuracy + 0.5 / tasks).mean() - _FLATTEST * np.log(labels).mean())
    return float(start), float(slope)


_FLATTEST = -1e-3


def accuracy_at(law: tuple[float, float], labels: float, tasks: int) -> float:
    """The accuracy that the law gives after so many labels, in [0, 1]."""
    return float(np.clip(1 + 0.5 / tasks - np.exp(law[0] + law[1] * np.log(labels)), 0.0, 1.0))


def inverted(law: tuple[float, float], accuracy: float, tasks: int) -> float:
    """After how many labels the law gives that accuracy; infinite where never in practice."""
    log_labels = (np.log(1 - accuracy + 0.5 / tasks) - law[0]) / law[1]
    return float(np.exp(log_labels)) if log_labels < _NEVER else np.inf


_NEVER = 50.0


def labels_for(level: float, labels: IntArray, accuracy: FloatArray) -> float:
    """After how many labels a rising curve reaches the level, linear between its points over the logarithm.

    Its first point where it begins above the level; infinite where it never reaches it.

    >>> labels_for(0.75, np.array([10, 40]), np.array([0.7, 0.8])), labels_for(0.9, np.array([10]), np.array([0.8]))
    (20.0, inf)
    """
    if level > accuracy[-1]:
        return np.inf
    place = int(np.searchsorted(accuracy, level))
    if place == 0:
        return float(labels[0])
    share = (level - accuracy[place - 1]) / (accuracy[place] - accuracy[place - 1])
    return float(round(labels[place - 1] * (labels[place] / labels[place - 1]) ** share, 9))


def _estimate(draws: FloatArray, farthest: float) -> Estimate:
    """The first draw is the estimate, the others are its bootstrap; what is beyond ``farthest`` is not known."""
    low, high = np.quantile(draws[1:], [(1 - SURE) / 2, (1 + SURE) / 2], method="inverted_cdf")
    value, low, high = (round(float(one), 1) if one <= farthest else None for one in (draws[0], low, high))
    return Estimate(value, low, high)
