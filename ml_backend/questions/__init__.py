"""What a control asks, as something that heads learn: one kind of answer a file, all of them in one dict. Pure.

A head learns columns of targets (n, k) from answers and gives logits (n, k). A question makes these into scores, with a
temperature into the probabilities (n, m) of what may be answered (its outcomes), and a row of them into the answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from label_config.answers import Answer
from label_config.model import Control

from ..records import FloatArray
from . import choices, ordered, taxonomy


class Question(Protocol):
    """One control's question, as far as the answers that it was learned from tell."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The names of what may be answered, m of them."""

    @property
    def several(self) -> bool:
        """Whether each outcome is answered by itself; else exactly one of them is."""

    @property
    def head(self) -> str | None:
        """The kind of head that it needs; null: what suits the encoder."""

    @property
    def apart(self) -> bool:
        """Whether each of a head's columns is learned by itself; else exactly one of them is right."""

    @property
    def margin_tells(self) -> bool:
        """Whether the two most probable outcomes tell how doubtful an answer is; else the models' disagreement does."""

    @property
    def tolerance(self) -> float | None:
        """How far off a number is still right, where any may be answered; null where outcomes are answers."""

    def told(self, answer: Answer) -> tuple[str, ...]:
        """The outcomes that an answer names; ones that nobody answered before are not among ``outcomes``."""

    def targets(self, answers: Sequence[Answer]) -> FloatArray:
        """What a head learns, (n, k)."""

    def scores(self, logits: FloatArray) -> FloatArray:
        """What temperatures divide, of logits (n, k); a column an outcome where each is answered by itself."""

    def probabilities(self, scores: FloatArray, temperatures: FloatArray) -> FloatArray:
        """Of the outcomes, (n, m)."""

    def answer(self, row: FloatArray) -> tuple[Answer, float]:
        """The answer that probabilities (m,) speak for, and the probability that it is right."""

    def right(self, said: Answer, truth: Answer) -> bool:
        """Whether an answer counts as right."""

    def still_fits(self, control: Control) -> bool:
        """Whether the control still takes some of these answers."""

    def saved(self) -> dict[str, Any]:
        """What ``restore`` needs, as JSON."""


@dataclass(frozen=True, slots=True)
class QuestionFamily:
    """One kind of question. ``suits`` a control; ``taken(control)`` tells of answers whether it takes them now.

    ``made(control, answers)`` raises NotLearnable where the answers teach nothing; ``restore`` raises KeyError,
    TypeError or ValueError for what ``saved`` did not give.
    """

    suits: Callable[[Control], bool]
    taken: Callable[[Control], Callable[[Answer], bool]]
    made: Callable[[Control, Sequence[Answer]], Question]
    restore: Callable[[Mapping[str, Any]], Question]


QUESTIONS: Mapping[str, QuestionFamily] = {
    "single": QuestionFamily(choices.suits_single, choices.taken, choices.single, choices.restore_single),
    "several": QuestionFamily(choices.suits_several, choices.taken, choices.several, choices.restore_several),
    "taxonomy": QuestionFamily(taxonomy.suits, taxonomy.taken, taxonomy.made, taxonomy.restore),
    "ordered": QuestionFamily(ordered.suits, ordered.taken, ordered.made, ordered.restore),
}
"""By name; a control is asked by the first that suits it."""


def question_of(control: Control) -> str | None:
    """The name of the family that a control belongs to, null where it belongs to none."""
    return next((name for name, family in QUESTIONS.items() if family.suits(control)), None)
