"""The learning flow: a label set becomes a model."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from label_config.model import Control, LabelConfig
from label_config.parse import parse

from .calibration import expected_calibration_error, fit_label_temperatures, fit_temperature
from .control_model import ControlModel, Known, calibrated, chosen, nearest
from .encoders import ENCODERS, Fetch
from .errors import NotLearnable
from .features import View, digest, read_all, stacked, view_of
from .labels import LabelSet
from .models import HEADS, Head
from .models.options import Options
from .records import BoolArray, Features, FloatArray, IntArray, Quality, TrainingRow
from .registry import Model
from .settings import Settings
from .uncertainty import disagreement

FOLDS = 5
HOLDOUT_ENOUGH = 30
"""Holdout labels from which they, and not the folds, say how good a model is."""

LEAST_WEIGHT = 1e-6
"""A row that weighs nothing would not be there at all."""

REFERENCE = 2000
"""Training rows that novelty is measured against, at most."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What one control learns from: n rows, what they show, the labels in use, targets (n, k) and weights (n,)."""

    rows: Sequence[TrainingRow]
    digests: Sequence[str]
    inputs: Sequence[object]
    labels: tuple[str, ...]
    targets: FloatArray
    weights: FloatArray


def learn(label_config: str, labels: LabelSet, fetch: Fetch, settings: Settings) -> Model:
    """A model of every control that can be learned; it has no version before it is published.

    Raises NotLearnable, with the reason of each control, where none can; InterfaceError for an interface that
    cannot be read.
    """
    config = parse(label_config)
    learned: list[ControlModel] = []
    reasons: list[str] = []
    with threadpool_limits(settings.threads):
        for control in config.controls:
            try:
                learned.append(learn_control(config, control, labels.of(control.name), fetch, settings))
            except NotLearnable as error:
                reasons.append(str(error))
    if not learned:
        raise NotLearnable("; ".join(reasons))
    trained = sum(len(one.known.digests) for one in learned)
    return Model("", label_config, labels.cursor, trained, tuple(learned))


def learn_control(
    config: LabelConfig, control: Control, rows: Sequence[TrainingRow], fetch: Fetch, settings: Settings
) -> ControlModel:
    """Read, encode, learn out of fold, calibrate, learn on all, measure."""
    view = view_of(config, control, settings.encoder)
    usable = [row for row in rows if _fits(control, row)]
    sheet = _sheet(control, view, [row for row in usable if not row.holdout], fetch, settings.least_labels)
    family = ENCODERS[view.encoder]
    described = family.describe(sheet.inputs)
    encoder = family.fit(described)
    features = encoder.encode(described)
    folds = _folds(sheet, control.multiple)
    varied = [features, *(encoder.encode(family.describe(inputs)) for inputs in family.variants(sheet.inputs))]
    head, *members = HEADS[family.head].fit(
        stacked(varied),
        np.tile(sheet.targets, (len(varied), 1)),
        np.tile(_weights(sheet, folds) / len(varied), len(varied)),
        Options(control.multiple, threads=settings.threads),
    )
    strange = family.without_own(features, folds)
    logits = _out_of_fold(members, strange, sheet, folds)
    temperatures = _temperatures(logits, sheet, folds, control.multiple)
    inside = _spread_evenly(len(sheet.rows), REFERENCE)
    probabilities = calibrated(logits, temperatures, multiple=control.multiple)
    model = ControlModel(
        control=control.name,
        labels=sheet.labels,
        multiple=control.multiple,
        view=view,
        head_name=family.head,
        encoder=encoder,
        head=head,
        members=tuple(members),
        temperatures=temperatures,
        reference=features[inside],
        known=Known(
            tasks={row.task: place for place, row in enumerate(sheet.rows)},
            digests=sheet.digests,
            probabilities=probabilities,
            disagreement=_apart(members, strange, temperatures, control.multiple),
            distances=nearest(family.without_own(features, np.arange(len(sheet.rows))), features[inside], own=inside),
        ),
        quality=None,
    )
    return dataclasses.replace(model, quality=_quality(model, sheet, [row for row in usable if row.holdout], fetch))


def _fits(control: Control, row: TrainingRow) -> bool:
    """Whether the row answers the control as it is now: the interface may have changed since."""
    answer = row.answer or ()
    return all(label in control.labels for label in answer) and (control.multiple or len(answer) == 1)


def _sheet(control: Control, view: View, rows: Sequence[TrainingRow], fetch: Fetch, least_labels: int) -> _Sheet:
    """The rows that can be read, as numbers. Raises NotLearnable where they are too few or all the same."""
    if len(rows) < least_labels:
        raise NotLearnable(f"control {control.name!r}: {len(rows)} labels, {least_labels} are needed")
    inputs = read_all(view, [row.data for row in rows], fetch)
    readable = [place for place, one in enumerate(inputs) if one is not None]
    if len(readable) < least_labels:
        raise NotLearnable(
            f"control {control.name!r}: only {len(readable)} of {len(rows)} labeled tasks could be read (field "
            f"{view.field!r}), {least_labels} are needed"
        )
    rows = [rows[place] for place in readable]
    used = {label for row in rows for label in row.answer or ()}
    labels = tuple(label for label in control.labels if label in used)
    targets = np.array([[label in (row.answer or ()) for label in labels] for row in rows], dtype=np.float64)
    if not labels or len(np.unique(targets, axis=0)) < 2:
        raise NotLearnable(f"control {control.name!r}: every answer is the same, {list(rows[0].answer or ())}")
    weights = np.array([row.weight for row in rows])
    digests = [digest(view, row.data) for row in rows]
    if len(set(digests)) < 2:
        raise NotLearnable(f"control {control.name!r}: all of its labeled tasks show the same")
    return _Sheet(rows, digests, [inputs[place] for place in readable], labels, targets, weights)


def _folds(sheet: _Sheet, multiple: bool) -> IntArray:
    """The fold of each row, (n,): classes spread evenly, tasks that look the same together."""
    groups, member_of = np.unique(sheet.digests, return_inverse=True)
    kind = np.zeros(len(groups), dtype=np.int64)
    if not multiple:
        kind[member_of] = sheet.targets.argmax(axis=1)
    order = np.random.default_rng(0).permutation(len(groups))
    order = order[np.argsort(kind[order], kind="stable")]
    fold = np.empty(len(groups), dtype=np.int64)
    fold[order] = np.arange(len(groups)) % FOLDS
    return fold[member_of]


def _weights(sheet: _Sheet, folds: IntArray) -> FloatArray:
    """What each head learns from, (1 + FOLDS, n): the first from all rows, the others from all but one fold."""
    weights = np.maximum(sheet.weights, LEAST_WEIGHT)
    return np.stack([weights, *(weights * (folds != fold) for fold in range(FOLDS))])


def _out_of_fold(members: Sequence[Head], features: Features, sheet: _Sheet, folds: IntArray) -> FloatArray:
    """What each fold's head says of its own fold, which it has not seen: logits (n, k)."""
    logits = np.zeros_like(sheet.targets)
    for fold, member in enumerate(members):
        outside = np.flatnonzero(folds == fold)
        if len(outside):
            logits[outside] = member.logits(features[outside])
    return logits


def _temperatures(logits: FloatArray, sheet: _Sheet, folds: IntArray, multiple: bool) -> FloatArray:
    """Fitted where the fold's model could know better: a label that it never saw says nothing of its confidence."""
    known = _could_know(sheet, folds, multiple)
    if multiple:
        return fit_label_temperatures(logits, sheet.targets, known, sheet.weights)
    given = sheet.targets.argmax(axis=1)
    rows = known[np.arange(len(given)), given]
    return np.array([fit_temperature(logits[rows], given[rows], sheet.weights[rows])])


def _could_know(sheet: _Sheet, folds: IntArray, multiple: bool) -> BoolArray:
    """Where the model of a row's fold has seen the label (for multiple choice: chosen and not chosen), (n, k)."""
    known = np.zeros(sheet.targets.shape, dtype=bool)
    for fold in range(FOLDS):
        inside = sheet.targets[folds != fold]
        known[folds == fold] = inside.any(axis=0) & ~(inside.all(axis=0) & multiple)
    return known


def _apart(members: Sequence[Head], features: Features, temperatures: FloatArray, multiple: bool) -> FloatArray:
    """How far the folds' models are apart on the training tasks, (n,); all but one have learned from each."""
    each = [calibrated(member.logits(features), temperatures, multiple=multiple) for member in members]
    return disagreement(np.stack(each), multiple=multiple) if each else np.zeros(features.shape[0])


def _spread_evenly(count: int, most: int) -> IntArray:
    """At most ``most`` of ``count`` positions, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _quality(model: ControlModel, sheet: _Sheet, holdout: Sequence[TrainingRow], fetch: Fetch) -> Quality:
    """Accuracy, calibration error and Brier score: on the holdout where it is large enough, else out of fold."""
    inputs = read_all(model.view, [row.data for row in holdout], fetch) if len(holdout) >= HOLDOUT_ENOUGH else []
    readable = [place for place, one in enumerate(inputs) if one is not None]
    if len(readable) >= HOLDOUT_ENOUGH:
        features = model.rows([inputs[place] for place in readable])
        return judge(model, model.probabilities(features), [holdout[place] for place in readable], "holdout")
    return judge(model, model.known.probabilities, sheet.rows, "cross-validation")


def judge(model: ControlModel, probabilities: FloatArray, rows: Sequence[TrainingRow], source: str) -> Quality:
    """How well the probabilities (n, k) tell the rows' answers.

    A label that the model never saw counts as wrong. For multiple choice the Brier score is the mean over labels.
    """
    said = [chosen(row, model.labels, multiple=model.multiple) for row in probabilities]
    right = np.array([set(one[0]) == set(row.answer or ()) for one, row in zip(said, rows, strict=True)], dtype=float)
    truth = np.array([[label in (row.answer or ()) for label in model.labels] for row in rows], dtype=np.float64)
    unseen = np.array([len(set(row.answer or ()) - set(model.labels)) for row in rows])
    distance = ((probabilities - truth) ** 2).sum(axis=1) + unseen
    return Quality(
        accuracy=round(float(right.mean()), 6),
        ece=round(expected_calibration_error(np.array([one[2] for one in said]), right), 6),
        brier=round(float(distance.mean()) / (len(model.labels) if model.multiple else 1), 6),
        n=len(rows),
        source=source,
    )
