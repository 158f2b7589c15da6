"""How reliable each annotator is at marking regions."""

from dataclasses import dataclass

import numpy as np

from ...records import AnnotatorQuality, CodedAnswers, FloatArray
from ..classes import quality_interval
from .existence import BELIEF, STRENGTH, Habits, wrong_label
from .looks import INVENTED, MISSED, RIGHT, WRONG, Looks

USUAL = 0.75
"""The F1 that is believed of everybody beforehand."""
_MANY_LABELS = 20
_RARE = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Each annotator's reliability and the number of regions behind it: shapes (annotators,)."""

    quality: FloatArray
    regions: FloatArray


def reliability(looks: Looks, probability: FloatArray, annotators: int) -> Scores:
    """The expected F1 of each annotator's regions, with their labels, against what is probably there.

    2 TP / (2 TP + FP + FN), where a wrong label is both an FP and an FN, drawn to that of all annotators as after
    ``STRENGTH`` regions. ``regions`` is half of the denominator. What nobody else looked at, and no ruling knows, tells
    nothing.
    """
    told = (np.bincount(looks.state, minlength=len(looks.label)) >= 2) | ~np.isnan(looks.known)
    counts = looks.by_cell(looks.cell, np.where(told, probability, 0.0)[looks.state]).sum(axis=2)
    right = counts[RIGHT]
    total = right + counts[WRONG] + (counts[MISSED] + counts[INVENTED]) / 2
    usual = (right.sum() + BELIEF * USUAL) / (total.sum() + BELIEF)
    quality = (right + STRENGTH * usual) / (total + STRENGTH)
    return Scores(quality[:annotators], total[:annotators])


def qualities(
    coded: CodedAnswers, scores: Scores, habits: Habits, label_sets: tuple[tuple[str, ...], ...]
) -> tuple[AnnotatorQuality, ...]:
    """One for each annotator; their confusion is between labels, "" being what is not there, or not marked."""
    counts = np.bincount(coded.annotator, minlength=len(coded.annotators))
    low, high = quality_interval(scores.quality, scores.regions + STRENGTH / 2)
    confusions = _Confusions(habits, label_sets)
    return tuple(
        AnnotatorQuality(
            annotator=annotator,
            quality=float(scores.quality[place]),
            annotations=int(counts[place]),
            confusion=confusions(place),
            low=float(low[place]),
            high=float(high[place]),
        )
        for place, annotator in enumerate(coded.annotators)
    )


class _Confusions:
    """An annotator's confusion by their place, from what all annotators' have in common.

    Of more than 20 labels, what is rarer than one in a thousand is left out.
    """

    def __init__(self, habits: Habits, label_sets: tuple[tuple[str, ...], ...]) -> None:
        self._habits = habits
        self._names = {place: ", ".join(names) for place, names in enumerate(label_sets) if names}
        self._least = _RARE if len(self._names) > _MANY_LABELS else -1.0
        labels = len(habits.there)
        self._instead = {right: wrong_label(habits, right * labels + np.arange(labels)) for right in self._names}

    def __call__(self, place: int) -> dict[str, dict[str, float]]:
        if not self._names:
            return {}
        habits = self._habits
        rows: dict[str, dict[str, float]] = {}
        for right, name in self._names.items():
            given = habits.recall[place, right] * (1 - habits.names[place, right]) * self._instead[right]
            given[right] = habits.recall[place, right] * habits.names[place, right]
            rows[name] = self._row(given)
        rows[""] = self._row(habits.invents[place])
        return rows

    def _row(self, given: FloatArray) -> dict[str, float]:
        row = {self._names[place]: p for place, p in enumerate(given.tolist()) if place in self._names}
        missed = max(0.0, 1 - sum(row.values()))
        return {name: p for name, p in {**row, "": missed}.items() if p > self._least}
