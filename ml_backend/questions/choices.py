"""One label of several, or several labels: Choices and Pairwise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from label_config.answers import Answer, Choices
from label_config.model import Control, Family

from ..calibration import sigmoid_at, softmax_at
from ..records import FloatArray


def suits_single(control: Control) -> bool:
    """One of the interface's labels."""
    return control.family == Family.CHOICES and control.decidable and not control.multiple


def suits_several(control: Control) -> bool:
    """Any number of the interface's labels."""
    return control.family == Family.CHOICES and control.decidable and control.multiple


def taken(control: Control) -> Callable[[Answer], bool]:
    """Whether the control has all of an answer's labels, and as many may be chosen."""
    there = frozenset(control.labels)

    def takes(answer: Answer) -> bool:
        if not isinstance(answer, Choices):
            return False
        return there.issuperset(answer.labels) and (control.multiple or len(answer.labels) == 1)

    return takes


def single(control: Control, answers: Sequence[Answer]) -> "Single":
    """Which of the labels that were used."""
    return Single(_used(control, answers))


def several(control: Control, answers: Sequence[Answer]) -> "Several":
    """For each of the labels that were used, whether it was chosen."""
    return Several(_used(control, answers))


def restore_single(saved: Mapping[str, Any]) -> "Single":
    """See QuestionFamily."""
    return Single(tuple(map(str, saved["labels"])))


def restore_several(saved: Mapping[str, Any]) -> "Several":
    """See QuestionFamily."""
    return Several(tuple(map(str, saved["labels"])))


def _used(control: Control, answers: Sequence[Answer]) -> tuple[str, ...]:
    """The labels that occur, in the interface's order."""
    used = {label for answer in answers if isinstance(answer, Choices) for label in answer.labels}
    return tuple(label for label in control.labels if label in used)


@dataclass(frozen=True, slots=True)
class _Labels:
    """What both have in common: outcomes are the labels."""

    outcomes: tuple[str, ...]
    head = None
    margin_tells = True
    tolerance = None

    def told(self, answer: Answer) -> tuple[str, ...]:
        """The chosen labels."""
        return answer.labels if isinstance(answer, Choices) else ()

    def targets(self, answers: Sequence[Answer]) -> FloatArray:
        """1 where a label was chosen."""
        chosen = [self.told(answer) for answer in answers]
        return np.array([[label in one for label in self.outcomes] for one in chosen], dtype=np.float64)

    def scores(self, logits: FloatArray) -> FloatArray:
        """The logits themselves."""
        return logits

    def right(self, said: Answer, truth: Answer) -> bool:
        """The same labels."""
        return set(self.told(said)) == set(self.told(truth))

    def saved(self) -> dict[str, Any]:
        """The labels."""
        return {"labels": list(self.outcomes)}


@dataclass(frozen=True, slots=True)
class Single(_Labels):
    """Exactly one label."""

    several = False
    apart = False

    def probabilities(self, scores: FloatArray, temperatures: FloatArray) -> FloatArray:
        """Over all labels."""
        return softmax_at(scores, float(temperatures[0]))

    def answer(self, row: FloatArray) -> tuple[Answer, float]:
        """The most probable label."""
        (said,), (confidence,) = self.answers(row[None])
        return said, float(confidence)

    def answers(self, rows: FloatArray) -> tuple[list[Answer], FloatArray]:
        """The most probable label of each row."""
        best = rows.argmax(axis=1)
        each: list[Answer] = [Choices((label,)) for label in self.outcomes]
        return [each[place] for place in best.tolist()], rows[np.arange(len(rows)), best]

    def still_fits(self, control: Control) -> bool:
        """Some of the labels are still there."""
        return suits_single(control) and bool(set(self.outcomes) & set(control.labels))


@dataclass(frozen=True, slots=True)
class Several(_Labels):
    """Any number of labels, each by itself."""

    several = True
    apart = True

    def probabilities(self, scores: FloatArray, temperatures: FloatArray) -> FloatArray:
        """Of each label by itself."""
        return sigmoid_at(scores, temperatures)

    def answer(self, row: FloatArray) -> tuple[Answer, float]:
        """The labels that are more probable than not; it is right when each label is, taken as independent."""
        chosen = tuple(label for label, value in zip(self.outcomes, row, strict=True) if value >= 0.5)
        return Choices(chosen), float(np.maximum(row, 1 - row).prod())

    def still_fits(self, control: Control) -> bool:
        """Some of the labels are still there."""
        return suits_several(control) and bool(set(self.outcomes) & set(control.labels))
