"""What agreement is computed from and how: one control's answers, and the truths, models and fields beside them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from label_config.answers import Answer
from label_config.model import Control

from .records import CodedAnswers, FloatArray, IntArray, Opinion, Trust

OwnDistance = Callable[[Answer, Answer], float]
"""A user's own distance between two answers: in [0, 1], 0 for equal ones, the same both ways round."""


@dataclass(frozen=True, slots=True, eq=False)
class ControlEvidence:
    """Everything that was said about one control.

    ``coded`` holds the latest answer of each person on each task, ``repeats`` their earlier ones as (task, annotator,
    answer), ids all of them. ``truths`` maps task ids to the ground truth, ``predictions`` version -> task -> answer.
    ``cuts`` maps the name of a field, "day" or "week" to task -> value: what the report is cut by.

    ``opinions`` maps tasks to what the model thinks that learned from none of them, ``trust`` annotators to what is
    believed of them beforehand. ``given_at`` (microseconds since 1970, 0 unknown) and ``lead_time`` (seconds, NaN
    unknown) stand beside the rows of ``coded``; null where nothing is known of any.
    """

    control: Control
    coded: CodedAnswers
    repeats: tuple[tuple[int, int, Answer], ...] = ()
    truths: Mapping[int, Answer] = field(default_factory=dict)
    predictions: Mapping[str, Mapping[int, Answer]] = field(default_factory=dict)
    cuts: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    opinions: Mapping[int, Opinion] = field(default_factory=dict)
    trust: Mapping[int, Trust] = field(default_factory=dict)
    given_at: IntArray | None = None
    lead_time: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """How agreement is computed.

    ``distance`` is a name in the family's dict of distances (null: its default) or a user's own function with
    ``distance_name``. ``coefficients`` are names in ``COEFFICIENTS`` (empty: those that suit the family). ``weights``
    is a name in ``WEIGHTS`` for kappas and AC2 (null: none for the nominal distance, linear for an order, else 1 -
    distance). ``bootstrap`` resamples of the tasks, drawn from ``seed``, give the intervals
    of ``confidence``.
    """

    distance: str | OwnDistance | None = None
    distance_name: str = ""
    coefficients: tuple[str, ...] = ()
    weights: str | None = None
    bootstrap: int = 1000
    seed: int = 0
    confidence: float = 0.95
