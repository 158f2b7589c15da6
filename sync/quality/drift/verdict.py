"""Did everybody change, or some of the annotators? Two explanations of the same numbers, and which is likelier."""

import math
from dataclasses import dataclass

import numpy as np

from ..records import FloatArray, IntArray

UNEVEN = 1 / 3
"""How unequally people follow a common change: the standard deviation of theirs, as a share of it."""

PENALTY = 3.0
"""What each amount of change costs in log likelihood: as by the information criterion at 400 answers, ln(400) / 2."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``name`` is a name of a drift, ``annotators`` are who changed ("annotator_drift").

    ``probability`` that it is this explanation and not the other is null where there is no telling.
    """

    name: str
    words: str
    annotators: tuple[int, ...] = ()
    probability: float | None = None


def judge(annotators: IntArray, change: FloatArray, error: FloatArray) -> Verdict:
    """Who changed, from each annotator's change and its standard error: shape (annotators,) all.

    Everybody: the changes are normal about a common one, with a standard deviation of a third of it between people.
    Some: fewer than half of them changed, each by an amount of their own, and the others not at all. The likelihoods
    are compared by the Bayesian information criterion (Schwarz 1978), a choice of k among n people counting
    ln(n over k). With fewer than two annotators on both sides there is no telling.

    >>> errors = np.full(5, 0.05)
    >>> judge(np.arange(5), np.array([-0.3, -0.25, -0.4, -0.3, -0.2]), errors).name
    'concept_drift'
    >>> judge(np.arange(5), np.array([0.02, -0.04, -0.5, 0.03, 0.0]), errors).annotators
    (2,)
    """
    n = len(change)
    if n < 2:
        return Verdict(
            "answer_drift", f"Only {n} annotators answered before and after, so nobody can tell who changed."
        )
    everybody = _everybody(change, error)
    order = np.argsort(-np.abs(change / error), kind="stable")
    some = [(_some(change, error, order[:size]), size) for size in range(1, max(1, (n - 1) // 2) + 1)]
    best, size = max(some, key=lambda pair: (pair[0], -pair[1]))
    probability = 1 / (1 + math.exp(min(700.0, max(-700.0, best - everybody))))
    if everybody >= best:
        return Verdict("concept_drift", f"The {n} annotators changed alike.", (), probability)
    who = tuple(sorted(int(annotators[place]) for place in order[:size]))
    words = f"{size} of the {n} annotators changed, the others did not."
    return Verdict("annotator_drift", words, who, 1 - probability)


def _everybody(change: FloatArray, error: FloatArray) -> float:
    """The penalised log likelihood of a common change, over that of no change."""
    common = float(np.average(change, weights=1 / np.square(error)))
    for _ in range(20):
        variance = np.square(error) + (UNEVEN * common) ** 2
        common = float(np.average(change, weights=1 / variance))
    variance = np.square(error) + (UNEVEN * common) ** 2
    likely = -0.5 * np.square(change - common) / variance - 0.5 * np.log(variance / np.square(error))
    return float((likely + 0.5 * np.square(change / error)).sum()) - PENALTY


def _some(change: FloatArray, error: FloatArray, who: IntArray) -> float:
    """The same where those people changed as they did, and nobody else."""
    choices = math.log(math.comb(len(change), len(who)))
    gain = 0.5 * float(np.square(change[who] / error[who]).sum())
    return gain - PENALTY * len(who) - choices
