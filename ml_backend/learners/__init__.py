"""What learns a control: a way of learning a file, all of them in one dict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from label_config.model import Control, LabelConfig

from ..encoders import Fetch
from ..errors import NotLearnable
from ..features import Material
from ..quality import Quality
from ..records import Arrays, Features, FloatArray, Opinion, Task, TrainingRow
from ..settings import Settings
from . import control_model, rank_model, rankings, span_model, spans, whole_tasks
from .choice import Choice


class Remembered(Protocol):
    """What a model remembers of its training tasks: which of its rows each task is."""

    @property
    def tasks(self) -> Mapping[int, int]:
        """By the task's id."""


class Sure(Protocol):
    """How sure a model may be."""

    def as_json(self) -> dict[str, Any]:
        """Which calibration, what predicts errors, what the sets promise."""


class Learned(Protocol):
    """The model of one control."""

    @property
    def learner(self) -> str:
        """Its name in LEARNERS."""

    @property
    def control(self) -> str:
        """The control's name."""

    @property
    def quality(self) -> Quality | None:
        """How good it is."""

    @property
    def trained_labels(self) -> int:
        """How many answers it has learned from."""

    @property
    def unread(self) -> Mapping[str, int]:
        """Why tasks could not be read while it was learned: reason -> how many."""

    @property
    def certainty(self) -> Sure:
        """How it came to know how sure it may be."""

    @property
    def choice(self) -> Choice | None:
        """How it was chosen among others, null where nothing was compared."""

    @property
    def known(self) -> Remembered:
        """What it remembers of the tasks that it learned from, which it judges by models that have not seen them."""

    @property
    def reference(self) -> Features:
        """Rows of tasks that it learned from, as ``think`` gives them; null where it has none."""

    def still_fits(self, config: LabelConfig, control: Control) -> bool:
        """Whether the interface still asks some of what was learned, and of what was seen."""

    def think(self, tasks: Sequence[Task], material: Material, kind: str) -> tuple[Sequence[Opinion], Features]:
        """An opinion a task, and the tasks' rows (n, d), null where none could be read.

        ``material`` is of the same tasks; ``kind`` names what a task is worth: see SIGNALS.
        """

    def known_utilities(self, kind: str) -> FloatArray:
        """What each training task was worth, out of fold, (n,)."""


@dataclass(frozen=True, slots=True)
class Learner:
    """A way of learning. ``suits`` a control.

    ``learn(config, control, rows, fetch, settings)`` raises NotLearnable, with the reason, where there is too little
    to learn from. ``saved`` gives JSON and arrays, ``restore`` the model again; of anything else it
    raises what Python does: LookupError, TypeError, ValueError, AttributeError or ArithmeticError, and EncoderError
    where an encoder is not there.
    """

    suits: Callable[[Control], bool]
    learn: Callable[[LabelConfig, Control, Sequence[TrainingRow], Fetch, Settings], Learned]
    saved: Callable[[Any], tuple[dict[str, Any], Arrays]]
    restore: Callable[[Mapping[str, Any], Arrays], Learned]


LEARNERS: Mapping[str, Learner] = {
    "whole tasks": Learner(whole_tasks.suits, whole_tasks.learn, control_model.saved, control_model.restored),
    "spans": Learner(spans.suits, spans.learn, span_model.saved, span_model.restored),
    "rankings": Learner(rankings.suits, rankings.learn, rank_model.saved, rank_model.restored),
}
"""By name; a control is learned by the first that suits it."""


def learner_of(control: Control) -> str:
    """The name of what learns a control; raises NotLearnable, naming what can be learned."""
    for name, learner in LEARNERS.items():
        if learner.suits(control):
            return name
    asked = f"control {control.name!r}: <{control.tag}>"
    if control.per_region:
        raise NotLearnable(f"{asked} is asked about each region, which cannot be learned")
    if control.dynamic:
        raise NotLearnable(f"{asked} takes its labels from the tasks, which cannot be learned")
    raise NotLearnable(f"{asked} cannot be learned; there are models for: {LEARNABLE}")


def saved(learned: Learned) -> tuple[dict[str, Any], Arrays]:
    """A model as JSON and arrays."""
    words, arrays = LEARNERS[learned.learner].saved(learned)
    return {"learner": learned.learner, **words}, arrays


def restored(words: Mapping[str, Any], arrays: Arrays) -> Learned:
    """What ``saved`` gave; raises what ``Learner.restore`` does for anything else."""
    return LEARNERS[words["learner"]].restore(words, arrays)


LEARNABLE = "Choices, Taxonomy, Pairwise, Rating, Number, Ranker, Labels over Text"
