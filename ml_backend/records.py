"""The vocabulary of the ML backend: what it is asked about, what it learns from, what it thinks. Pure values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from label_config.answers import Answer

from .reasons import Reason, reason

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Arrays = Mapping[str, NDArray[Any]]
Features: TypeAlias = Any
"""An encoder's rows, (n, d): a dense FloatArray or a scipy CSR matrix (scipy has no types), perhaps ``Later``."""


Possible: TypeAlias = str | Mapping[str, Any]
"""What may be answered: its name, or a part of an answer as JSON."""


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
class Opinion:
    """What the model thinks of one task and control.

    ``answer`` null = it abstains, and ``reason`` says why. ``probabilities`` are those of what may be answered, by
    name. ``confidence`` in [0, 1] is the calibrated probability that the answer is right; ``parts`` are those of its
    regions, where it marks any. ``signals`` and ``utility`` are in [0, 1], higher = needs a human more.
    ``out_of_sample``: the model that says this has not learned from the task. ``possible`` are the outcomes that cannot
    be ruled out, a number lies inside ``interval``, both at the coverage that was asked for; null where that cannot be
    promised. ``regions`` say the answer as a model that writes regions itself wrote them; without any they are made of
    the answer.
    """

    answer: Answer | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    confidence: float | None = None
    signals: Mapping[str, float] = field(default_factory=dict)
    utility: float = 0.0
    out_of_sample: bool = False
    parts: Sequence[float] = ()
    possible: tuple[Possible, ...] | None = None
    interval: tuple[float, float] | None = None
    regions: Sequence[Mapping[str, Any]] = ()
    reason: Reason | None = None


ABSTAINS = Opinion(reason=reason("says_nothing"))
"""Nothing can be said, and why is not known: see ``abstains``."""


@lru_cache(maxsize=1024)
def abstains(code: str, more: str = "") -> Opinion:
    """Nothing can be said, for the reason of that code; ``more`` is what is known beyond its words."""
    return Opinion(reason=reason(code, more))


@dataclass(frozen=True, slots=True)
class Thought:
    """What is thought of a pool about one control: an opinion a task, and the encoder's rows where there are any.

    ``known`` are the rows of tasks that it learned from.
    """

    opinions: Sequence[Opinion]
    features: Features = None
    known: Features = None
