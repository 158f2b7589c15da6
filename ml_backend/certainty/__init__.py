"""How sure a control's model may be: from scores to honest probabilities, predicted errors and conformal sets. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from label_config.answers import Answer, Number

from ..questions import Question
from ..records import Arrays, BoolArray, FloatArray
from ..uncertainty import LEAST_CONFIDENCE, Signals, disagreement, entropy, least_confidence, margin
from . import confidence, fusion
from .confidence import ConfidenceMap, Same, with_confidence
from .conformal import intervals, label_sets, least_answers, names_in, out_of_reach, single_sets
from .fusion import Fusion

DIGITS = 6
MOST_NAMED = 100
"""A set of more outcomes tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Sets:
    """Conformal sets of ``coverage``: ``thresholds`` are one, or (``by_label``) one an outcome, each by itself.

    They were measured on ``answers`` out of fold, of which ``unseen`` named an outcome that their fold's model had
    never seen: no set can hold such a one. Infinite where nothing can be promised.
    """

    coverage: float
    thresholds: FloatArray
    answers: int
    unseen: int = 0
    by_label: bool = False

    @property
    def problem(self) -> str | None:
        """Why there are no sets, null where there are."""
        if np.isfinite(self.thresholds).any():
            return None
        if out_of_reach(self.unseen, self.answers, self.coverage):
            return f"{self.unseen} of {self.answers} answers named what no other answer names"
        needed = f"a coverage of {self.coverage:g} needs {least_answers(self.coverage)} answers that are sure"
        if self.by_label:
            return f"{needed}, of one label at least; there are {self.answers} of all"
        return f"{needed}; there are {self.answers}"

    def as_json(self) -> dict[str, Any]:
        """As it is told."""
        return {
            "coverage": self.coverage,
            "answers": self.answers,
            "unseen": self.unseen,
            "by_label": self.by_label,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Certainty:
    """What makes a model's scores honest.

    ``temperatures`` are one, or one an outcome where each is answered by itself. ``mapped`` is the map of confidences
    that was chosen, ``compared`` the log loss of each kind of map. ``fusion`` predicts errors.
    """

    temperatures: FloatArray
    mapped: ConfidenceMap = field(default_factory=Same)
    compared: Mapping[str, float] = field(default_factory=dict)
    fusion: Fusion = field(default_factory=Fusion)
    sets: Sets | None = None

    def probabilities(self, question: Question, scores: FloatArray) -> FloatArray:
        """Of the outcomes, (n, m), of scores."""
        found = question.probabilities(scores, self.temperatures)
        if not pointed(question) or isinstance(self.mapped, Same) or not found.size:
            return found
        return with_confidence(found, self.mapped(found.max(axis=1)))

    def confidence(self, question: Question, told: float) -> float:
        """How sure an answer is, of what the question says of its probabilities."""
        return told if pointed(question) else float(self.mapped(np.array([told]))[0])

    def signals(self, question: Question, probabilities: FloatArray, apart: FloatArray, novel: FloatArray) -> Signals:
        """All signals of doubt of each row, (n,) each, with the predicted error as "fused".

        ``apart`` is the members' disagreement and ``novel`` the novelty.
        """
        several = question.several
        doubt = _doubt(question, probabilities)
        found = {
            LEAST_CONFIDENCE: doubt if pointed(question) else 1 - self.mapped(1 - doubt),
            "margin": margin(probabilities, multiple=several),
            "entropy": entropy(probabilities, multiple=several),
            "disagreement": apart,
            "novelty": novel,
        }
        return {**found, "fused": self.fusion(found)}

    def named(self, question: Question, probabilities: FloatArray) -> list[tuple[str, ...] | None]:
        """The outcomes that cannot be ruled out, a row each; null where nothing is promised, or too many are left."""
        held = self.held(question, probabilities)
        if held is None:
            return [None] * len(probabilities)
        names = question.outcomes
        return [names_in(row, names) if row.sum() <= MOST_NAMED else None for row in held]

    def held(self, question: Question, probabilities: FloatArray) -> BoolArray | None:
        """Which outcomes cannot be ruled out, (n, m); null where nothing is promised."""
        if self.sets is None or self.sets.problem or numeric(question):
            return None
        if question.several:
            return label_sets(probabilities, self.sets.thresholds)
        return single_sets(probabilities, float(self.sets.thresholds[0]))

    def confidences(self, question: Question, told: FloatArray) -> FloatArray:
        """How sure answers are, (n,), of what the question says of their probabilities."""
        return told if pointed(question) else self.mapped(told)

    def between(self, question: Question, said: Sequence[Answer]) -> list[tuple[float, float] | None]:
        """The interval around each number that was said; null where nothing is promised, or no number is asked for."""
        if self.sets is None or self.sets.problem or not numeric(question):
            return [None] * len(said)
        numbers = np.array([one.value for one in said if isinstance(one, Number)])
        ends = intervals(numbers, float(self.sets.thresholds[0]))
        return [(round(low, DIGITS), round(high, DIGITS)) for low, high in ends]

    def as_json(self) -> dict[str, Any]:
        """As it is told: which calibration, what predicts errors, what the sets promise."""
        return {
            "calibration": self.mapped.kind,
            "compared": dict(self.compared),
            "fusion": self.fusion.as_json(),
            "sets": None if self.sets is None else self.sets.as_json(),
        }


def numeric(question: Question) -> bool:
    """Whether any number may be answered, and not one of a few."""
    return question.tolerance is not None


def pointed(question: Question) -> bool:
    """Whether an answer's confidence is the largest of the probabilities."""
    return not question.several and not numeric(question)


def _doubt(question: Question, probabilities: FloatArray) -> FloatArray:
    """What is missing to certainty that each row's answer is right, (n,)."""
    if numeric(question):
        return np.array([1 - question.answer(row)[1] for row in probabilities])
    return least_confidence(probabilities, multiple=question.several)


def apart(question: Question, each: Sequence[FloatArray], rows: int) -> FloatArray:
    """How far the members' probabilities, (n, m) each, are apart, (n,); without members they agree."""
    return disagreement(np.stack(each), multiple=question.several) if each else np.zeros(rows)


def saved(certainty: Certainty) -> tuple[dict[str, Any], Arrays]:
    """As JSON and arrays."""
    words = {**certainty.as_json(), "map": certainty.mapped.saved()}
    arrays = {"temperatures": certainty.temperatures}
    return words, arrays if certainty.sets is None else {**arrays, "thresholds": certainty.sets.thresholds}


def restored(words: Mapping[str, Any] | None, arrays: Arrays) -> Certainty:
    """What ``saved`` gave; without words an earlier version's.

    Raises KeyError, TypeError, ValueError or AttributeError for anything else.
    """
    temperatures = np.asarray(arrays["temperatures"], dtype=np.float64)
    if words is None:
        return Certainty(temperatures)
    sets = words["sets"]
    return Certainty(
        temperatures,
        confidence.restored(str(words["calibration"]), words["map"]),
        {str(name): float(loss) for name, loss in words["compared"].items()},
        fusion.from_json(words["fusion"]),
        None
        if sets is None
        else Sets(
            float(sets["coverage"]),
            np.asarray(arrays["thresholds"], dtype=np.float64),
            int(sets["answers"]),
            int(sets["unseen"]),
            bool(sets["by_label"]),
        ),
    )
