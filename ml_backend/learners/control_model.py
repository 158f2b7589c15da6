"""The model of one control that is asked of whole tasks: encoders, head, calibration, what is known of its tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from label_config.answers import Answer
from label_config.model import Control, LabelConfig

from .. import certainty as certainties
from .. import quality as qualities
from ..certainty import Certainty
from ..errors import MediaError
from ..features import Material, View, digest, spread, still_shown
from ..later import Later
from ..likeness import Ready, likeness, ready
from ..models import HEADS, Head
from ..opinions import Columns
from ..quality import Quality
from ..questions import QUESTIONS, Question
from ..questions.choices import Single
from ..records import Arrays, Features, FloatArray, IntArray, Opinion, Task
from ..uncertainty import Signals, novelty, utility
from . import choice as choices
from . import view_encoder
from .choice import Choice
from .quick import Quick, quick
from .view_encoder import ViewEncoder

DIGITS = 6
"""Decimal places of what is told: more would be noise."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the model remembers of its training tasks, n of them.

    ``digests`` stand for what it saw of each; ``probabilities`` (n, m) of the outcomes and ``disagreement`` (n,) are
    out of fold, ``distances`` (n,) to the nearest other training task.
    """

    tasks: Mapping[int, int]
    digests: Sequence[str]
    probabilities: FloatArray
    disagreement: FloatArray
    distances: FloatArray


@dataclass(frozen=True, slots=True)
class ControlModel:
    """Everything that one control needs to answer: see Learned. ``members`` are the models of the folds,
    none where the head is an ensemble itself.

    ``asks`` names the question's family. ``reference`` are rows of training tasks, for novelty. ``unread`` counts why
    tasks could not be read while it was learned; that is told at once and not kept.
    """

    control: str
    asks: str
    question: Question
    head_name: str
    encoder: ViewEncoder
    head: Head
    members: tuple[Head, ...]
    certainty: Certainty
    reference: Features
    known: Known
    quality: Quality | None
    choice: Choice | None = None
    unread: Mapping[str, int] = field(default_factory=dict)
    learner = "whole tasks"
    _near: Features = field(init=False, repr=False, compare=False)
    _quick: Quick | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Every request is compared with the same rows: they are made ready once."""
        object.__setattr__(self, "_near", ready(self.reference) if sparse.issparse(self.reference) else self.reference)
        own = quick(self.view, self.encoder.encoders, (self.head, *self.members), self.reference)
        object.__setattr__(self, "_quick", own)

    @property
    def view(self) -> View:
        """Where it looks."""
        return self.encoder.view

    @property
    def trained_labels(self) -> int:
        """How many answers it has learned from."""
        return len(self.known.digests)

    def still_fits(self, config: LabelConfig, control: Control) -> bool:
        """Whether the interface still asks what was learned, and of what was seen."""
        return self.question.still_fits(control) and still_shown(self.view, config, control)

    def think(self, tasks: Sequence[Task], material: Material, kind: str) -> tuple[Sequence[Opinion], Features]:
        """An opinion a task, and its row: out of fold on those that it learned from, none on what cannot be read."""
        readable = material.readable(self.view)
        if not readable:
            return [Opinion(reason=material.unread(self.view, place)) for place in range(len(tasks))], None
        seen = [tasks[place] for place in readable]
        if self._quick is not None:
            inputs = material.inputs(self.view.parts[0])
            each, alike = self._quick([inputs[place] for place in readable])
            said = self._said(seen, each, _distances(alike), kind)
            rows: Features = Later([task.data for task in tasks], self._rows, int(self.reference.shape[1]))
        else:
            features = self.encoder.encode(material.views(self.view, readable), len(readable))
            said = self._said(seen, self._logits(features), nearest(features, self._near), kind)
            rows = spread(features, readable, len(tasks))
        if len(readable) == len(tasks):
            return said, rows
        opinion = dict(zip(readable, said, strict=True))
        return [
            opinion[place] if place in opinion else Opinion(reason=material.unread(self.view, place))
            for place in range(len(tasks))
        ], rows

    def _said(self, tasks: Sequence[Task], each: Sequence[FloatArray], distances: FloatArray, kind: str) -> Columns:
        """What is thought of tasks that could be read, by ``_logits`` and the distance of each to the nearest known."""
        shares = self._calibrated(np.concatenate(each)).reshape(len(each), len(tasks), -1)
        probabilities = shares[0]
        signals = self._doubts(probabilities, list(shares[1:]), distances)
        rows = {place: self._row(task) for place, task in enumerate(tasks) if task.id in self.known.tasks}
        known = [place for place, row in rows.items() if row is not None]
        if known:
            at = [row for row in rows.values() if row is not None]
            probabilities[known] = self.known.probabilities[at]
            recalled = self.known_signals(at)
            signals = {name: _replaced(values, known, recalled[name]) for name, values in signals.items()}
        return self.opinions(probabilities, signals, kind)

    def _rows(self, datas: Sequence[Mapping[str, Any]]) -> Features:
        """The rows of tasks whose text stands in them, zeros where there is none."""
        material = Material(datas, _no_fetch)
        readable = material.readable(self.view)
        if not readable:
            return spread(self.reference[:0], [], len(datas))
        return spread(self.encoder.encode(material.views(self.view, readable), len(readable)), readable, len(datas))

    def _logits(self, features: Features) -> list[FloatArray]:
        """Those of the head, then those of its members, (n, k) each."""
        members = [member.logits(features) for member in self.members] or self.head.each(features)
        return [self.head.logits(features), *members]

    def probabilities(self, features: Features) -> FloatArray:
        """Calibrated, of the outcomes, (n, m)."""
        return self._calibrated(self.head.logits(features))

    def signals(self, features: Features, probabilities: FloatArray) -> Signals:
        """All signals of doubt of each row, (n,) each, and the predicted error as "fused"."""
        each = [self._calibrated(one) for one in self._logits(features)[1:]]
        return self._doubts(probabilities, each, nearest(features, self._near))

    def _doubts(self, probabilities: FloatArray, each: Sequence[FloatArray], distances: FloatArray) -> Signals:
        return self._signals(probabilities, certainties.apart(self.question, each, len(probabilities)), distances)

    def known_signals(self, rows: Sequence[int]) -> Signals:
        """The same for training tasks, out of fold."""
        return self._signals(self.known.probabilities[rows], self.known.disagreement[rows], self.known.distances[rows])

    def known_utilities(self, kind: str) -> FloatArray:
        """What each training task was worth, out of fold, (n,)."""
        return self._worth(self.known_signals(range(len(self.known.digests))), kind)

    def opinions(self, probabilities: FloatArray, signals: Signals, kind: str) -> Columns:
        """What is thought of each row, as values."""
        answers, confidences = answers_of(self.question, probabilities)
        return Columns(
            self.question.outcomes,
            answers,
            self.certainty.confidences(self.question, confidences).round(DIGITS),
            probabilities.round(DIGITS),
            {name: values.round(DIGITS) for name, values in signals.items()},
            self._worth(signals, kind).round(DIGITS),
            self.certainty.held(self.question, probabilities),
            certainties.MOST_NAMED,
            self.certainty.between(self.question, answers),
        )

    def _worth(self, signals: Signals, kind: str) -> FloatArray:
        return utility(signals, "disagreement" if kind == "margin" and not self.question.margin_tells else kind)

    def _calibrated(self, logits: FloatArray) -> FloatArray:
        return self.certainty.probabilities(self.question, self.question.scores(logits))

    def _signals(self, probabilities: FloatArray, apart: FloatArray, distances: FloatArray) -> Signals:
        return self.certainty.signals(self.question, probabilities, apart, novelty(distances, self.known.distances))

    def _row(self, task: Task) -> int | None:
        """Which training row the task is, null where it is none: its id may belong to another task by now."""
        row = self.known.tasks.get(task.id)
        return row if row is not None and self.known.digests[row] == digest(self.view, task.data) else None


def answers_of(question: Question, probabilities: FloatArray) -> tuple[Sequence[Answer], FloatArray]:
    """The answer that each row of probabilities speaks for, and the probability that it is right, (n,)."""
    if isinstance(question, Single):
        return question.answers(probabilities)
    said = [question.answer(row) for row in probabilities]
    return [answer for answer, _ in said], np.array([confidence for _, confidence in said], dtype=np.float64)


def _replaced(values: FloatArray, places: Sequence[int], by: FloatArray) -> FloatArray:
    """A copy with other values at the places."""
    found = np.array(values, dtype=np.float64)
    found[places] = by
    return found


def nearest(features: Features, reference: Features, own: Sequence[int] | IntArray = ()) -> FloatArray:
    """Cosine distance in [0, 2] to the nearest reference row, (n,).

    ``own[j]`` is the row of ``features`` that reference row j is: it does not count as its own neighbour. The reference
    may be made ``ready``.
    """
    if reference.shape[0] <= min(len(own), 1):
        return np.ones(features.shape[0])
    alike = reference.likeness(features) if isinstance(reference, Ready) else likeness(features, reference)
    alike[np.asarray(own, dtype=np.int64), np.arange(len(own))] = -1.0
    return _distances(alike.max(axis=1))


def _distances(alike: FloatArray) -> FloatArray:
    """Cosine distances, of how like each row the nearest is."""
    return np.asarray(np.maximum(1 - alike, 0.0).round(DIGITS))


def _no_fetch(address: str) -> bytes:
    raise MediaError(f"{address}: nothing is fetched here")


def saved(model: ControlModel) -> tuple[dict[str, Any], Arrays]:
    """The model as JSON and named arrays."""
    certainty, own = certainties.saved(model.certainty)
    arrays: dict[str, Any] = {
        **own,
        "known/tasks": np.array(list(model.known.tasks), dtype=np.int64),
        "known/probabilities": model.known.probabilities,
        "known/disagreement": model.known.disagreement,
        "known/distances": model.known.distances,
    }
    arrays |= _saved_rows("reference", model.reference)
    encoder, parts = model.encoder.saved()
    arrays |= {f"encoder/{name}": part for name, part in parts.items()}
    heads = []
    for place, head in enumerate((model.head, *model.members)):
        settings, parts = head.saved()
        heads.append(settings)
        arrays |= {f"head{place}/{name}": part for name, part in parts.items()}
    described = {
        "control": model.control,
        "question": {"name": model.asks, "settings": model.question.saved()},
        "encoder": encoder,
        "head": {"name": model.head_name, "settings": heads},
        "digests": list(model.known.digests),
        "certainty": certainty,
        "quality": model.quality.as_json() if model.quality else None,
        "choice": model.choice.as_json() if model.choice else None,
    }
    return described, arrays


def restored(described: Mapping[str, Any], arrays: Arrays) -> ControlModel:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    heads = [
        HEADS[described["head"]["name"]].restore(settings, under(f"head{place}/", arrays))
        for place, settings in enumerate(described["head"]["settings"])
    ]
    tasks = {int(task): place for place, task in enumerate(arrays["known/tasks"])}
    asks = described["question"]["name"]
    return ControlModel(
        control=described["control"],
        asks=asks,
        question=QUESTIONS[asks].restore(described["question"]["settings"]),
        head_name=described["head"]["name"],
        encoder=view_encoder.restored(described["encoder"], under("encoder/", arrays)),
        head=heads[0],
        members=tuple(heads[1:]),
        certainty=certainties.restored(described.get("certainty"), arrays),
        reference=_restored_rows("reference", arrays),
        known=Known(
            tasks,
            described["digests"],
            arrays["known/probabilities"],
            arrays["known/disagreement"],
            arrays["known/distances"],
        ),
        quality=None if described["quality"] is None else qualities.from_json(described["quality"]),
        choice=choices.from_json(described["choice"]) if described.get("choice") else None,
    )


def under(prefix: str, arrays: Arrays) -> Arrays:
    """The arrays whose names begin with the prefix, by what follows it."""
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def _saved_rows(name: str, rows: Features) -> dict[str, Any]:
    if not sparse.issparse(rows):
        return {f"{name}/dense": np.asarray(rows, dtype=np.float32)}
    return {
        f"{name}/data": rows.data.astype(np.float32),
        f"{name}/indices": rows.indices.astype(np.int64),
        f"{name}/indptr": rows.indptr.astype(np.int64),
        f"{name}/shape": np.array(rows.shape, dtype=np.int64),
    }


def _restored_rows(name: str, arrays: Arrays) -> Features:
    if f"{name}/dense" in arrays:
        return arrays[f"{name}/dense"].astype(np.float64)
    parts = tuple(arrays[f"{name}/{part}"] for part in ("data", "indices", "indptr"))
    return sparse.csr_matrix(parts, shape=tuple(arrays[f"{name}/shape"].tolist()))
