"""The vocabulary of the ML backend: what it is asked about, what it learns from, what it thinks. Pure values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from label_config.answers import Answer

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Arrays = Mapping[str, NDArray[Any]]
Features: TypeAlias = Any
"""An encoder's rows, (n, d): a dense FloatArray or a scipy CSR matrix (scipy has no types)."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task to think about.

    ``holdout``: it is in the random share, so its place is random. ``blind``: people dispute it, so nobody may be
    led there.
    """

    id: int
    data: Mapping[str, Any]
    holdout: bool = False
    blind: bool = False


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """What is known about one task and control. ``answer`` null = withdrawn; ``weight`` in [0, 1] = how sure it is.

    ``updated_at`` is the feed's own order (microseconds). ``holdout`` rows measure the model and never teach it.
    """

    task: int
    control: str
    data: Mapping[str, Any]
    answer: Answer | None
    weight: float
    source: str
    holdout: bool
    updated_at: int


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a model is: accuracy, expected calibration error and Brier score over ``n`` labels.

    ``source`` is "holdout" (tasks never trained on) or "cross-validation" (out of fold).
    """

    accuracy: float
    ece: float
    brier: float
    n: int
    source: str

    def as_json(self) -> dict[str, Any]:
        """By name, as it is told and stored."""
        return asdict(self)


def pooled(parts: Sequence[Quality]) -> Quality | None:
    """The quality over several controls, each weighted by its labels; null without any.

    >>> pooled([Quality(1.0, 0.0, 0.0, 30, "holdout"), Quality(0.5, 0.2, 0.4, 10, "holdout")]).accuracy
    0.875
    """
    total = sum(part.n for part in parts)
    if not total:
        return None
    accuracy, ece, brier = (
        round(sum(getattr(part, name) * part.n for part in parts) / total, 6) for name in ("accuracy", "ece", "brier")
    )
    sources = sorted({part.source for part in parts})
    return Quality(accuracy, ece, brier, total, " and ".join(sources))


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model thinks of one task and control.

    ``answer`` null = it abstains. ``probabilities`` are those of what may be answered, by name. ``confidence`` in
    [0, 1] is the calibrated probability that the answer is right; ``parts`` are those of its regions, where it marks
    any. ``signals`` and ``utility`` are in [0, 1], higher = needs a human more. ``out_of_sample``: the model that says
    this has not learned from the task.
    """

    answer: Answer | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    confidence: float | None = None
    signals: Mapping[str, float] = field(default_factory=dict)
    utility: float = 0.0
    out_of_sample: bool = False
    parts: Sequence[float] = ()


ABSTAINS = Opinion()
"""Nothing can be said: no model, or nothing that it could read."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What is thought of a pool about one control: an opinion a task, and the encoder's rows where there are any.

    ``known`` are the rows of tasks that it learned from.
    """

    opinions: Sequence[Opinion]
    features: Features = None
    known: Features = None
