"""How sure a model may be of answers that have parts, such as spans or the items of a list. Pure.

An answer is right where all of it is. Its predicted error is learned as that of whole tasks is; its set holds parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..records import Arrays, FloatArray
from ..uncertainty import LEAST_CONFIDENCE, Signals
from . import fusion
from .belief import believed
from .confidence import Outcomes
from .conformal import least_answers, out_of_reach, part_threshold
from .fusion import Fusion, fit_fusion

DIGITS = 6
MOST_MORE = 100
"""A set that has more parts than this beside those that are told tells nobody anything."""


class Told(Protocol):
    """What is said of a task; ``confidence`` that all of it is right. All in [0, 1]; signals: higher = less sure."""

    @property
    def confidence(self) -> float:
        """Calibrated."""

    @property
    def margin(self) -> float:
        """Of the least sure part."""

    @property
    def entropy(self) -> float:
        """The mean of the parts."""

    @property
    def disagreement(self) -> float:
        """On the part where models differ most."""


@dataclass(frozen=True, slots=True)
class PartSets:
    """Sets of parts: of the parts of new answers that have any, ``coverage`` stand in their task's set, on average.

    ``thresholds`` (k,) say for each of k kinds of parts (buckets of a list) how strange one may be, each by itself;
    infinite where nothing can be promised.
    They were measured on ``answers`` out of fold that have parts, of which the share ``out_of_reach`` in [0, 1] is so
    improbable that no set holds it.
    """

    coverage: float
    thresholds: FloatArray
    answers: int
    out_of_reach: float = 0.0

    @property
    def problem(self) -> str | None:
        """Why there are no sets, null where there are."""
        if np.isfinite(self.thresholds).any():
            return None
        if out_of_reach(self.out_of_reach * self.answers, self.answers, self.coverage):
            return f"{self.out_of_reach:.0%} of what {self.answers} answers mark is hardly thought possible"
        needed = f"a coverage of {self.coverage:g} needs {least_answers(self.coverage)} answers that are sure"
        if len(self.thresholds) > 1:
            return f"{needed}, with something in one bucket at least; there are {self.answers} of all"
        return f"{needed}; there are {self.answers}"

    def as_json(self) -> dict[str, Any]:
        """As it is told."""
        return {
            "coverage": self.coverage,
            "answers": self.answers,
            "out_of_reach": round(self.out_of_reach, DIGITS),
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class PartCertainty:
    """``fusion`` predicts errors, ``sets`` hold what cannot be ruled out; null before they were learned."""

    fusion: Fusion = field(default_factory=Fusion)
    sets: PartSets | None = None

    def signals(self, told: Sequence[Told], novel: FloatArray) -> Signals:
        """All signals of doubt of each task, (n,) each, with the predicted error as "fused"; ``novel`` the novelty."""
        found = _plain(told, novel)
        return {**found, "fused": self.fusion(found)}

    def allowed(self, kind: int = 0) -> float | None:
        """How strange a part of that kind may be and still stand in a set; null where nothing is promised."""
        return None if self.sets is None or self.sets.problem else float(self.sets.thresholds[kind])

    def as_json(self) -> dict[str, Any]:
        """As it is told: the confidence is mapped by a line on its log odds, which nothing else is compared with."""
        sets = None if self.sets is None else self.sets.as_json()
        return {"calibration": "logistic", "compared": {}, "fusion": self.fusion.as_json(), "sets": sets}


UNLEARNED = PartCertainty()
"""What an earlier version knew of it."""


@dataclass(frozen=True, slots=True)
class JudgedParts:
    """What was told of n tasks out of fold, and what of it was right.

    ``right`` (n,) is 1 where all was, ``weights`` (n,) in [0, 1] are how sure the answers are, ``novel`` (n,) the
    novelty, ``chance`` how likely a wrong answer is the same as another wrong one. ``strange`` has for each of k kinds
    of parts n arrays: how strange each part of the answer was, 0 where it was told, 1 - its probability where it was
    not, infinite where no set could hold it.
    """

    told: Sequence[Told]
    right: FloatArray
    weights: FloatArray
    novel: FloatArray
    chance: float
    strange: Sequence[Sequence[FloatArray]]


def learned(judged: JudgedParts, coverage: float) -> PartCertainty:
    """The predicted error and the sets of ``coverage``; weights are believed as far as the answers show them right."""
    confidence = np.array([one.confidence for one in judged.told])
    outcomes = believed(Outcomes(confidence, judged.right, judged.weights, judged.chance))
    fused = fit_fusion(_plain(judged.told, judged.novel), outcomes)
    thresholds = [part_threshold(own, coverage, outcomes.trust) for own in judged.strange]
    each = [np.concatenate(own) for own in zip(*judged.strange, strict=True)]
    lost = [float(np.isinf(own).mean()) for own in each if len(own)]
    sets = PartSets(coverage, np.array(thresholds), len(lost), float(np.mean(lost)) if lost else 0.0)
    return PartCertainty(fused, sets)


def _plain(told: Sequence[Told], novel: FloatArray) -> Signals:
    named = {name: [getattr(one, name) for one in told] for name in ("margin", "entropy", "disagreement")}
    signals = {name: np.array(values, dtype=np.float64) for name, values in named.items()}
    doubt = 1 - np.array([one.confidence for one in told], dtype=np.float64)
    return {LEAST_CONFIDENCE: doubt, **signals, "novelty": novel}


def saved(certainty: PartCertainty) -> tuple[dict[str, Any], Arrays]:
    """As JSON and arrays."""
    return certainty.as_json(), {} if certainty.sets is None else {"thresholds": certainty.sets.thresholds}


def restored(words: Mapping[str, Any] | None, arrays: Arrays) -> PartCertainty:
    """What ``saved`` gave; without words an earlier version's. Raises KeyError, TypeError or ValueError for others."""
    if words is None:
        return UNLEARNED
    sets = words["sets"]
    if sets is None:
        return PartCertainty(fusion.from_json(words["fusion"]))
    thresholds = np.asarray(arrays["thresholds"], dtype=np.float64)
    found = PartSets(float(sets["coverage"]), thresholds, int(sets["answers"]), float(sets["out_of_reach"]))
    return PartCertainty(fusion.from_json(words["fusion"]), found)
