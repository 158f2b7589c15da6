"""Learning how sure a model may be from what its folds' models say of answers that they have not seen. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer, Number

from ..calibration import fit_label_temperatures, fit_temperature
from ..certainty import Certainty, Sets, apart, numeric, pointed
from ..certainty.belief import believed
from ..certainty.confidence import Outcomes, choose, with_confidence
from ..certainty.conformal import label_thresholds, quantile
from ..certainty.fusion import LEARNABLE, WEIGHED, fit_fusion
from ..questions import Question
from ..records import BoolArray, FloatArray, IntArray
from ..uncertainty import novelty


@dataclass(frozen=True, slots=True)
class Judged:
    """Answers and what was said of them out of fold, n rows.

    ``scores`` (n, s) of the question, ``truth`` (n, m) is 1 where an answer names an outcome, ``weights`` (n,) in
    [0, 1] are how sure the answers are, ``folds`` (n,) which models had not seen them, ``distances`` (n,) how far each
    is from the nearest other one.
    """

    question: Question
    scores: FloatArray
    answers: Sequence[Answer]
    truth: FloatArray
    weights: FloatArray
    folds: IntArray
    distances: FloatArray


def calibrate(judged: Judged, coverage: float, inner: Sequence[FloatArray] = ()) -> Certainty:
    """Temperature, then the map of confidences that a cross-validation chooses, then predicted errors and sets.

    ``inner`` are scores like ``judged.scores``, of each member of an ensemble.
    """
    question = judged.question
    seen = could_know(judged)
    trust = trusted(judged, seen)
    temperatures = fit_temperatures(judged, seen, trust)
    probabilities = question.probabilities(judged.scores, temperatures)
    said = [question.answer(row) for row in probabilities]
    outcomes = _outcomes(judged, said, trust)
    mapped = choose(outcomes, judged.folds)
    if pointed(question):
        probabilities = with_confidence(probabilities, mapped.chosen(outcomes.confidence))
    plain = Certainty(temperatures, mapped.chosen, mapped.losses)
    differ = apart(question, [plain.probabilities(question, scores) for scores in inner], len(said))
    signals = plain.signals(question, probabilities, differ, novelty(judged.distances, judged.distances))
    names = WEIGHED if inner else LEARNABLE
    return Certainty(
        temperatures,
        mapped.chosen,
        mapped.losses,
        fit_fusion(signals, outcomes, names),
        _sets(judged, probabilities, [one[0] for one in said], seen, trust, coverage),
    )


def trusted(judged: Judged, seen: BoolArray) -> FloatArray:
    """The probability that each answer is right, (n,), as far as its weight is believed.

    How sure the consensus on a number is does not tell whether it is near enough to the truth: 1 of each.
    """
    sure = np.ones(len(judged.weights))
    if numeric(judged.question):
        return sure
    probabilities = judged.question.probabilities(judged.scores, fit_temperatures(judged, seen, sure))
    said = [judged.question.answer(row) for row in probabilities]
    return believed(_outcomes(judged, said, judged.weights)).trust


def _outcomes(judged: Judged, said: Sequence[tuple[Answer, float]], trust: FloatArray) -> Outcomes:
    """Whether what was ``said``, with its probability, matches the answers."""
    question = judged.question
    matches = [question.right(one[0], given) for one, given in zip(said, judged.answers, strict=True)]
    return Outcomes(np.array([one[1] for one in said]), np.array(matches, dtype=np.float64), trust, _chance(question))


def could_know(judged: Judged) -> BoolArray:
    """Where the model of a row's fold has seen the outcome (where each is by itself: with and without it), (n, m)."""
    known = np.zeros(judged.truth.shape, dtype=bool)
    for fold in np.unique(judged.folds):
        inside = judged.truth[judged.folds != fold]
        known[judged.folds == fold] = inside.any(axis=0) & ~(inside.all(axis=0) & judged.question.several)
    return known


def fit_temperatures(judged: Judged, seen: BoolArray, trust: FloatArray) -> FloatArray:
    """Fitted where the fold's model could know better: an outcome that it never saw says nothing of its confidence."""
    question = judged.question
    if question.several:
        return fit_label_temperatures(judged.scores, judged.truth, seen, trust)
    given = judged.truth.argmax(axis=1)
    rows = seen[np.arange(len(given)), given] & judged.truth.any(axis=1)
    found = fit_temperature(
        judged.scores[rows],
        given[rows],
        trust[rows],
        lambda some, temperature: question.probabilities(some, np.array([temperature])),
    )
    return np.array([found])


def _chance(question: Question) -> float:
    """How likely a wrong answer matches a wrong label: both are one of the other answers, all alike."""
    outcomes = len(question.outcomes)
    others = 2 ** min(outcomes, 60) - 1 if question.several else outcomes - 1
    return 1 / max(others, 1)


def _sets(
    judged: Judged,
    probabilities: FloatArray,
    said: Sequence[Answer],
    seen: BoolArray,
    weights: FloatArray,
    coverage: float,
) -> Sets:
    """The thresholds; an outcome that the fold's model never saw could stand in no set."""
    count = len(said)
    if numeric(judged.question):
        pairs = zip(said, judged.answers, strict=True)
        errors = [
            abs(one.value - two.value) for one, two in pairs if isinstance(one, Number) and isinstance(two, Number)
        ]
        return Sets(coverage, np.array([quantile(np.array(errors), coverage, weights)]), count)
    if judged.question.several:
        return Sets(coverage, label_thresholds(probabilities, judged.truth, coverage, weights), count, by_label=True)
    given = judged.truth.argmax(axis=1)
    rows = np.arange(count)
    reachable = seen[rows, given] & judged.truth.any(axis=1)
    strange = np.where(reachable, 1 - probabilities[rows, given], np.inf)
    return Sets(coverage, np.array([quantile(strange, coverage, weights)]), count, int((~reachable).sum()))
