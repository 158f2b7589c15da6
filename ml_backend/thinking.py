"""What thinks about tasks: a model of ours, or whatever else can take its place."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from label_config.answers import Answer
from label_config.model import Control, LabelConfig

from .encoders import Fetch
from .errors import EncoderError
from .features import Material, chunks, spread, stacked
from .later import Later
from .learners import Learned
from .notes import takes
from .opinions import joined
from .quality import Quality, pooled
from .reasons import reason
from .records import Features, FloatArray, Opinion, Task, Thought, abstains
from .registry import Model

log = logging.getLogger(__name__)

AT_ONCE = 512
"""Tasks that are encoded together; between two such parts the time is looked at."""


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

    @property
    def certainty(self) -> Mapping[str, Any]:
        """How it came to know how sure it may be, by control, where it learned that."""

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

    def trouble(self, project: str, until: float) -> str | None:
        """What is wrong with the live one, as far as that is known or found out by ``until`` (monotonic seconds)."""

    def named(self, project: str, version: str) -> Mind:
        """That version; raises RegistryError where it is not there."""

    def study(self, project: str) -> object:
        """Learn what is new, if anything is. Raises BackendError."""


@dataclass(frozen=True, slots=True)
class LearnedMind:
    """A model of ours. ``utility`` is a name in SIGNALS."""

    model: Model
    fetch: Fetch
    utility: str
    _scale: list[FloatArray] = field(default_factory=list, init=False, repr=False, compare=False)

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

    @property
    def certainty(self) -> dict[str, Any]:
        """See Mind."""
        return certainty_of(self.model)

    def scale(self) -> FloatArray:
        """What its training tasks were worth, out of fold."""
        if not self._scale:
            known = [control.known_utilities(self.utility) for control in self.model.controls]
            self._scale.append(np.sort(np.concatenate(known)))
        return self._scale[0]

    def think(
        self,
        config: LabelConfig,
        tasks: Sequence[Task],
        until: float | None,
        context: Mapping[str, Any] | None = None,  # noqa: ARG002 - our models have no use for it
    ) -> dict[str, Thought]:
        """See Mind; it abstains on controls that it does not know or that ask something else by now."""
        models = {control.name: self._model_of(config, control) for control in config.controls}
        silent = {name: self._why_not(name) for name, learned in models.items() if learned is None}
        still = None if config.xml == self.model.label_config else _Still()
        opinions: dict[str, list[Sequence[Opinion]]] = {name: [] for name in models}
        blocks: dict[str, list[tuple[int, Features]]] = {name: [] for name in models}
        for part in chunks(tasks, AT_ONCE):
            material = Material([task.data for task in part], self.fetch, until)
            for name, learned in models.items():
                said: Sequence[Opinion] = [silent[name]] * len(part) if learned is None else ()
                rows = None
                if learned is not None:
                    said, rows = _said(learned, part, material, self.utility)
                opinions[name] += [said if still is None else [still(config.control(name), one) for one in said]]
                blocks[name].append((len(part), rows))
        return {
            name: Thought(joined(opinions[name]), _whole(blocks[name], tasks), learned.reference if learned else None)
            for name, learned in models.items()
        }

    def _model_of(self, config: LabelConfig, control: Control) -> Learned | None:
        learned = self.model.control(control.name)
        return learned if learned is not None and learned.still_fits(config, control) else None

    def _why_not(self, control: str) -> Opinion:
        """Why a control of the interface has no model that fits."""
        if self.model.control(control) is not None:
            return abstains("interface_changed")
        return abstains("not_learned", "; ".join(self.model.notes.get(control, ())) or "the model is older than it")


@dataclass(frozen=True, slots=True)
class _Still:
    """What is left of opinions where the interface is another one by now: nothing that a control no longer takes."""

    _known: dict[tuple[str, Answer], bool] = field(default_factory=dict)

    def __call__(self, control: Control, opinion: Opinion) -> Opinion:
        if opinion.answer is None:
            return opinion
        key = control.name, opinion.answer
        if key not in self._known:
            self._known[key] = takes(control, opinion.answer)
        shares = dict(opinion.probabilities)
        if control.decidable:
            shares = {label: share for label, share in shares.items() if label in control.labels}
        if self._known[key]:
            return replace(opinion, probabilities=shares)
        return replace(
            opinion, answer=None, confidence=None, parts=(), probabilities=shares, reason=reason("answer_not_taken")
        )


def _said(learned: Learned, tasks: Sequence[Task], material: Material, kind: str) -> tuple[Sequence[Opinion], Features]:
    """What a control's model thinks.

    An encoder that users bring may fail at any time: it must not cost the answer on other controls.
    """
    if material.late:
        return [abstains("out_of_time")] * len(tasks), None
    try:
        return learned.think(tasks, material, kind)
    except EncoderError as error:
        log.error("control %r abstains: %s", learned.control, error)
        return [abstains("failed")] * len(tasks), None


def _whole(blocks: Sequence[tuple[int, Features]], tasks: Sequence[Task]) -> Features:
    """The rows of all tasks, zeros where a task could not be read; null where none could."""
    if len(blocks) == 1:
        return blocks[0][1]
    first = next((rows for _, rows in blocks if rows is not None), None)
    if first is None:
        return None
    if isinstance(first, Later):
        return Later([task.data for task in tasks], first.encode, first.width)
    return stacked([spread(first[:0], [], count) if rows is None else rows for count, rows in blocks])


def certainty_of(model: Model) -> dict[str, Any]:
    """How each control's model came to know how sure it may be, as JSON."""
    return {
        one.control: {**one.certainty.as_json(), "choice": one.choice.as_json() if one.choice else None}
        for one in model.controls
    }
