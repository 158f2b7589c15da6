"""How far the scores of a class of label-studio-ml can be trusted, learned from answers that people gave. Pure.

Nobody knows what such a class has learned from. The random share is not among it, unless the class reads Label Studio
by itself; where that share is too small all answers are taken, and said so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from label_config.answers import Answer, Regions
from label_config.canonical import canonical
from label_config.model import Control, Family
from sync.quality.distance.comparison import Comparison
from sync.quality.distance.marked import packed
from sync.quality.distance.overlaps import ROUNDING, overlaps

from .. import quality as qualities
from ..certainty import confidence
from ..certainty.belief import believed
from ..certainty.confidence import CLEAR, LEAST_ANSWERS, ConfidenceMap, Outcomes, Steps, fit_line, fit_steps
from ..learners.recalled import quality_of
from ..quality import Quality
from ..records import FloatArray, IntArray, TrainingRow
from .answers import Said

LEAST = 10
"""Answers with a score below which nothing is said of the scores."""
FOLDS = 5
SAME_PLACE = 0.5
"""The overlap (IoU) from which a region is the one that people marked."""

HOLDOUT = "holdout"
ALL = "all answers, from which the class may have learned"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What is known of a class's scores for one control: how to map them, from how many answers, and of which.

    For controls that mark regions an answer is a region, right where people marked the same, with the same labels.
    ``compared`` is the log loss of each map that was tried, on answers that it had not seen. ``quality`` is measured in
    the same way.
    """

    mapped: ConfidenceMap
    compared: Mapping[str, float]
    quality: Quality

    def as_json(self) -> dict[str, Any]:
        """As it is told and stored."""
        return {
            "calibration": self.mapped.kind,
            "compared": dict(self.compared),
            "map": self.mapped.saved(),
            "quality": self.quality.as_json(),
        }


def restored(raw: Mapping[str, Any]) -> Calibrated:
    """What ``as_json`` gave; raises KeyError, TypeError, ValueError or AttributeError for others."""
    return Calibrated(
        confidence.restored(str(raw["calibration"]), raw["map"]),
        {str(name): float(loss) for name, loss in raw["compared"].items()},
        qualities.from_json(raw["quality"]),
    )


def calibrated(control: Control, rows: Sequence[TrainingRow], said: Sequence[Said | None]) -> Calibrated | None:
    """Learn it from ``rows`` and what the class says to the same tasks; null with fewer than 10 scores to learn from.

    The random share alone counts where it has as many.
    """
    pairs = [(row, one) for row, one in zip(rows, said, strict=True) if one is not None]
    held = _seen(control, [pair for pair in pairs if pair[0].holdout])
    seen, source = (held, HOLDOUT) if len(held.outcomes.matches) >= LEAST else (_seen(control, pairs), ALL)
    return _fitted(seen, source) if len(seen.outcomes.matches) >= LEAST else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """Scores and whether they were right; ``folds`` (n,) keep what belongs to one task together."""

    outcomes: Outcomes
    folds: IntArray


def _fitted(seen: _Seen, source: str) -> Calibrated:
    """A line on the log odds (Platt); steps (isotonic) where there are many answers and a cross-validation says so."""
    outcomes = seen.outcomes
    line = _left_out(seen, steps=False)
    losses = {"logistic": outcomes.losses(line)}
    if len(outcomes.matches) >= LEAST_ANSWERS:
        steps, rising = _left_out(seen, steps=True), fit_steps(outcomes)
        losses["isotonic"] = outcomes.losses(steps)
        gain = losses["logistic"] - losses["isotonic"]
        if isinstance(rising, Steps) and gain.mean() > CLEAR * float(gain.std(ddof=1)) / np.sqrt(len(gain)):
            return Calibrated(rising, _rounded(losses), quality_of(steps, outcomes.matches, source))
    return Calibrated(fit_line(outcomes), _rounded(losses), quality_of(line, outcomes.matches, source))


def _left_out(seen: _Seen, *, steps: bool) -> FloatArray:
    """The confidence of each answer by the map that was fitted without its fold, (n,)."""
    found = np.array(seen.outcomes.confidence)
    for fold in np.unique(seen.folds):
        outside = seen.folds == fold
        inside = seen.outcomes.at(~outside)
        if len(inside.matches):
            mapped = fit_steps(inside) if steps else fit_line(inside)
            found[outside] = mapped(seen.outcomes.confidence[outside])
    return found


def _rounded(losses: Mapping[str, FloatArray]) -> dict[str, float]:
    return {name: round(float(each.mean()), qualities.DIGITS) for name, each in losses.items()}


def _seen(control: Control, pairs: Sequence[tuple[TrainingRow, Said]]) -> _Seen:
    """Every score in ``pairs`` and whether people say the same."""
    scores: list[float] = []
    right: list[float] = []
    trust: list[float] = []
    folds: list[int] = []
    for number, (row, said) in enumerate(pairs):
        if row.answer is None:
            continue
        for score, hit in _judged(control, said, row.answer):
            scores.append(score)
            right.append(float(hit))
            trust.append(1.0 if control.family is Family.NUMBER else row.weight)
            folds.append(number % FOLDS)
    others = max(len(control.labels) - 1, 1)
    chance = 1 / others if control.decidable and not control.multiple else 0.0
    outcomes = believed(Outcomes(np.array(scores), np.array(right), np.array(trust), chance))
    return _Seen(outcomes, np.array(folds, dtype=np.int64))


def _judged(control: Control, said: Said, truth: Answer) -> list[tuple[float, bool]]:
    """Each score of an answer, and whether it was right."""
    if isinstance(said.answer, Regions) and isinstance(truth, Regions):
        if len(said.answer.regions) != len(said.each):
            return []  # a region of theirs that is several of ours
        pairs = zip(said.each, hits(control, said.answer, truth), strict=True)
        return [(score, hit) for score, hit in pairs if score is not None]
    return [] if said.score is None else [(said.score, canonical(said.answer) == canonical(truth))]


def hits(control: Control, said: Regions, truth: Regions) -> list[bool]:
    """Whether each region is one that people marked: equal labels, IoU of one half at least, each for one alone.

    >>> from label_config.answers import Region, Span
    >>> control = Control("ner", "Labels", ("text",), ("PER", "LOC"))
    >>> said = Regions((Region(Span(0, 4), ("PER",)), Region(Span(0, 5), ("PER",)), Region(Span(8, 9), ("LOC",))))
    >>> hits(control, said, Regions((Region(Span(0, 5), ("PER",)), Region(Span(8, 9), ("PER",)))))
    [False, True, False]
    """
    found = [False] * len(said.regions)
    regions = packed(Comparison(control, [said, truth], np.array([0]), np.array([1]), np.ones(2)))
    for alike in overlaps(regions, np.array([0]), np.array([1])):
        for place in alike.of(alike.similarity >= SAME_PLACE - ROUNDING).most_and_best().touching.left.tolist():
            found[place] = True
    return found
