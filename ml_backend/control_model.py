"""The model of one control: encoder, head, calibration, what is known of its training tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from .calibration import sigmoid_at, softmax_at
from .encoders import ENCODERS, Encoder
from .features import View
from .likeness import likeness
from .models import HEADS, Head
from .records import Arrays, Features, FloatArray, IntArray, Opinion, Quality
from .uncertainty import Signals, disagreement, entropy, margin, novelty, utility

DIGITS = 6
"""Decimal places of what is told: more would be noise."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the model remembers of its training tasks, n of them.

    ``digests`` stand for what it saw of each; ``probabilities`` (n, k) and ``disagreement`` (n,) are out of fold,
    ``distances`` (n,) to the nearest other training task.
    """

    tasks: Mapping[int, int]
    digests: Sequence[str]
    probabilities: FloatArray
    disagreement: FloatArray
    distances: FloatArray


@dataclass(frozen=True, slots=True)
class ControlModel:
    """Everything that one control needs to answer. ``members`` are the models of the folds: they may disagree.

    ``reference`` are rows of training tasks, for novelty; ``temperatures`` are one, or one a label for ``multiple``.
    """

    control: str
    labels: tuple[str, ...]
    multiple: bool
    view: View
    head_name: str
    encoder: Encoder
    head: Head
    members: tuple[Head, ...]
    temperatures: FloatArray
    reference: Features
    known: Known
    quality: Quality | None

    def rows(self, inputs: Sequence[Any]) -> Features:
        """The encoder's rows of what was read, (n, d)."""
        return self.encoder.encode(ENCODERS[self.view.encoder].describe(inputs))

    def probabilities(self, features: Features) -> FloatArray:
        """Calibrated, (n, k)."""
        return self.calibrated(self.head.logits(features))

    def calibrated(self, logits: FloatArray) -> FloatArray:
        """What the temperature makes of logits, (n, k)."""
        return calibrated(logits, self.temperatures, multiple=self.multiple)

    def signals(self, features: Features, probabilities: FloatArray) -> Signals:
        """Margin, entropy, disagreement and novelty of each row, (n,) each."""
        apart: FloatArray = np.zeros(len(probabilities))
        if self.members:
            each = np.stack([self.calibrated(member.logits(features)) for member in self.members])
            apart = disagreement(each, multiple=self.multiple)
        return {
            "margin": margin(probabilities, multiple=self.multiple),
            "entropy": entropy(probabilities, multiple=self.multiple),
            "disagreement": apart,
            "novelty": novelty(nearest(features, self.reference), self.known.distances),
        }

    def known_signals(self, rows: Sequence[int]) -> Signals:
        """The same for training tasks, out of fold."""
        probabilities = self.known.probabilities[rows]
        return {
            "margin": margin(probabilities, multiple=self.multiple),
            "entropy": entropy(probabilities, multiple=self.multiple),
            "disagreement": self.known.disagreement[rows],
            "novelty": novelty(self.known.distances[rows], self.known.distances),
        }

    def known_utilities(self, kind: str) -> FloatArray:
        """What each training task was worth, out of fold, (n,)."""
        return utility(self.known_signals(range(len(self.known.digests))), kind)

    def opinions(self, probabilities: FloatArray, signals: Signals, kind: str) -> list[Opinion]:
        """What is thought of each row, as values."""
        worth = utility(signals, kind)
        return [
            Opinion(
                *chosen(row, self.labels, multiple=self.multiple),
                signals={name: round(float(values[place]), DIGITS) for name, values in signals.items()},
                utility=round(float(worth[place]), DIGITS),
                out_of_sample=True,
            )
            for place, row in enumerate(probabilities)
        ]


def calibrated(logits: FloatArray, temperatures: FloatArray, *, multiple: bool) -> FloatArray:
    """Probabilities (n, k) of logits (n, k): each label by itself for ``multiple``, else over all of them."""
    return sigmoid_at(logits, temperatures) if multiple else softmax_at(logits, float(temperatures[0]))


def chosen(
    row: FloatArray, labels: Sequence[str], *, multiple: bool
) -> tuple[tuple[str, ...], dict[str, float], float]:
    """The answer, the probability of each label, and the confidence: the probability that the answer is right.

    For multiple choice an answer is right when each label is; the labels are taken as independent.

    >>> chosen(np.array([0.9, 0.2]), ["a", "b"], multiple=True)[::2]
    (('a',), 0.72)
    """
    shares = {label: round(float(value), DIGITS) for label, value in zip(labels, row, strict=True)}
    if multiple:
        answer = tuple(label for label, value in zip(labels, row, strict=True) if value >= 0.5)
        return answer, shares, round(float(np.maximum(row, 1 - row).prod()), DIGITS)
    best = int(np.argmax(row))
    return (labels[best],), shares, round(float(row[best]), DIGITS)


def nearest(features: Features, reference: Features, own: Sequence[int] | IntArray = ()) -> FloatArray:
    """Cosine distance in [0, 2] to the nearest reference row, (n,).

    ``own[j]`` is the row of ``features`` that reference row j is: it does not count as its own neighbour.
    """
    if reference.shape[0] <= min(len(own), 1):
        return np.ones(features.shape[0])
    alike = likeness(features, reference)
    alike[np.asarray(own, dtype=np.int64), np.arange(len(own))] = -1.0
    return np.asarray(np.maximum(1 - alike.max(axis=1), 0.0).round(DIGITS))


def saved(model: ControlModel) -> tuple[dict[str, Any], Arrays]:
    """The model as JSON and named arrays."""
    arrays: dict[str, Any] = {
        "temperatures": model.temperatures,
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
        "labels": list(model.labels),
        "multiple": model.multiple,
        "encoder": {"name": model.view.encoder, "field": model.view.field, "settings": encoder},
        "head": {"name": model.head_name, "settings": heads},
        "digests": list(model.known.digests),
        "quality": model.quality.as_json() if model.quality else None,
    }
    return described, arrays


def restored(described: Mapping[str, Any], arrays: Arrays) -> ControlModel:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    view = View(described["encoder"]["name"], described["encoder"]["field"])
    heads = [
        HEADS[described["head"]["name"]].restore(settings, _under(f"head{place}/", arrays))
        for place, settings in enumerate(described["head"]["settings"])
    ]
    tasks = {int(task): place for place, task in enumerate(arrays["known/tasks"])}
    return ControlModel(
        control=described["control"],
        labels=tuple(described["labels"]),
        multiple=bool(described["multiple"]),
        view=view,
        head_name=described["head"]["name"],
        encoder=ENCODERS[view.encoder].restore(described["encoder"]["settings"], _under("encoder/", arrays)),
        head=heads[0],
        members=tuple(heads[1:]),
        temperatures=arrays["temperatures"],
        reference=_restored_rows("reference", arrays),
        known=Known(
            tasks,
            described["digests"],
            arrays["known/probabilities"],
            arrays["known/disagreement"],
            arrays["known/distances"],
        ),
        quality=None if described["quality"] is None else Quality(**described["quality"]),
    )


def _under(prefix: str, arrays: Arrays) -> Arrays:
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
