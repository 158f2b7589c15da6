"""What thinks about tasks: a model of ours, or whatever else can take its place."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from label_config.model import Control, LabelConfig

from .control_model import ControlModel
from .encoders import Fetch
from .errors import NotLearnable
from .features import chunks, digest, read_all, stacked, views_of
from .records import ABSTAINS, Features, FloatArray, Opinion, Quality, Task, pooled
from .registry import Model

AT_ONCE = 512
"""Tasks that are encoded together; between two such parts the time is looked at."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What is thought of a pool about one control: an opinion a task, and the encoder's rows where there are any.

    ``known`` are the rows of tasks that it learned from.
    """

    opinions: Sequence[Opinion]
    features: Features = None
    known: Features = None


class Mind(Protocol):
    """Something with opinions. ``version`` is tiebreak-N."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def trained_labels(self) -> int:
        """How many labels it has learned from."""

    @property
    def quality(self) -> Quality | None:
        """How good it is, where it knows."""

    def think(
        self, config: LabelConfig, tasks: Sequence[Task], until: float | None, context: Mapping[str, Any] | None = None
    ) -> dict[str, Thought]:
        """A thought on each control of the interface; after ``until`` (monotonic seconds) it abstains.

        ``context`` is what Label Studio sends with an interactive request.
        """

    def scale(self) -> FloatArray:
        """Utilities to compare a task with that is in no round, the lowest first; may be empty."""


class Minds(Protocol):
    """Where minds come from."""

    def live(self, project: str) -> tuple[Mind | None, str | None]:
        """The live one, null before the first, and what is wrong with newer ones."""

    def named(self, project: str, version: str) -> Mind:
        """That version; raises RegistryError where it is not there."""

    def study(self, project: str) -> object:
        """Learn what is new, if anything is. Raises BackendError."""


@dataclass(frozen=True, slots=True)
class LearnedMind:
    """A model of ours. ``utility`` is a name in UTILITIES."""

    model: Model
    fetch: Fetch
    utility: str

    @property
    def version(self) -> str:
        """See Mind."""
        return self.model.version

    @property
    def trained_labels(self) -> int:
        """See Mind."""
        return self.model.trained_labels

    @property
    def quality(self) -> Quality | None:
        """Over all controls."""
        return pooled([control.quality for control in self.model.controls if control.quality])

    def scale(self) -> FloatArray:
        """What its training tasks were worth, out of fold."""
        return np.sort(np.concatenate([control.known_utilities(self.utility) for control in self.model.controls]))

    def think(
        self,
        config: LabelConfig,
        tasks: Sequence[Task],
        until: float | None,
        context: Mapping[str, Any] | None = None,  # noqa: ARG002 - our models have no use for it
    ) -> dict[str, Thought]:
        """See Mind; it abstains on controls that it does not know or that ask something else by now."""
        found = {}
        for control in config.controls:
            learned = self.model.control(control.name)
            if learned is None or not _still_fits(learned, config, control):
                found[control.name] = Thought([ABSTAINS] * len(tasks))
            else:
                found[control.name] = self._on(learned, tasks, until)
        return found

    def _on(self, learned: ControlModel, tasks: Sequence[Task], until: float | None) -> Thought:
        opinions: list[Opinion] = []
        blocks: list[tuple[int, Sequence[int], Features]] = []
        for part in chunks(tasks, AT_ONCE):
            late = until is not None and time.monotonic() > until
            data = [task.data for task in part]
            inputs = [None] * len(part) if late else read_all(learned.view, data, self.fetch, until=until)
            readable = [place for place, one in enumerate(inputs) if one is not None]
            features = learned.rows([inputs[place] for place in readable]) if readable else None
            opinions += self._said(learned, part, readable, features)
            blocks.append((len(part), readable, features))
        return Thought(opinions, _whole(blocks), learned.reference)

    def _said(
        self, learned: ControlModel, tasks: Sequence[Task], readable: Sequence[int], features: Features
    ) -> list[Opinion]:
        """An opinion a task: out of fold on those that it learned from, none on those that could not be read."""
        said = [ABSTAINS] * len(tasks)
        if features is None:
            return said
        probabilities = learned.probabilities(features)
        fresh = learned.opinions(probabilities, learned.signals(features, probabilities), self.utility)
        for place, opinion in zip(readable, fresh, strict=True):
            said[place] = opinion
        rows = {place: _row(learned, tasks[place]) for place in readable}
        known = {place: row for place, row in rows.items() if row is not None}
        if known:
            at = list(known.values())
            recalled = learned.opinions(learned.known.probabilities[at], learned.known_signals(at), self.utility)
            for place, opinion in zip(known, recalled, strict=True):
                said[place] = opinion
        return said


def _row(learned: ControlModel, task: Task) -> int | None:
    """Which training row the task is, null where it is none: its id may belong to another task by now."""
    row = learned.known.tasks.get(task.id)
    return row if row is not None and learned.known.digests[row] == digest(learned.view, task.data) else None


def _still_fits(learned: ControlModel, config: LabelConfig, control: Control) -> bool:
    """Whether the interface still asks what the model has learned to answer."""
    try:
        views = views_of(config, control)
    except NotLearnable:
        return False
    return learned.view in views and control.multiple == learned.multiple and set(learned.labels) <= set(control.labels)


def _whole(blocks: Sequence[tuple[int, Sequence[int], Features]]) -> Features:
    """The rows of all tasks, zeros where a task could not be read; null where none could."""
    first = next((features for _, _, features in blocks if features is not None), None)
    if first is None:
        return None
    parts = []
    for count, readable, features in blocks:
        shape = (count, len(readable))
        spread = sparse.csr_matrix((np.ones(len(readable)), (readable, range(len(readable)))), shape)
        parts.append(spread @ (first[:0] if features is None else features))
    return stacked(parts)
