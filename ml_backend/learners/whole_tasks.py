"""Learning a control that is asked of whole tasks: a row a task. Encode, learn out of fold, calibrate, measure."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer
from label_config.model import Control, LabelConfig
from label_config.words import in_words

from .. import certainty as certainties
from .. import view_encoder
from ..calibration import expected_calibration_error
from ..control_model import ControlModel, Known, nearest
from ..encoders import Fetch
from ..errors import NotLearnable
from ..features import Material, View, digest, families, stacked, view_of
from ..models import HEADS, Head
from ..models.options import Options
from ..quality import Quality
from ..questions import QUESTIONS, Question, question_of
from ..records import Features, FloatArray, IntArray, TrainingRow
from ..reliability import reliability
from ..settings import Settings
from ..view_encoder import ViewEncoder
from .calibrating import Judged, calibrate

FOLDS, MORE_FOLDS = 5, 10
"""Parts that are left out in turn; with ``FEW`` labels at most and a quick head the greater number: then the models of
the folds know nearly as much as the full one, whose confidence they tell."""
FEW = 500
QUICK = ("logistic", "ridge")
MEMBERS = 5
"""Models of folds that are kept, to see how far they are apart."""
HOLDOUT_ENOUGH = 30
"""Holdout labels from which they, and not the folds, say how good a model is."""

LEAST_WEIGHT = 1e-6
"""A row that weighs nothing would not be there at all."""

IMPOSSIBLE = 1e-6
"""What an outcome that was never seen is taken to be worth in the log loss."""

REFERENCE = 2000
"""Training rows that novelty is measured against, at most."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What one control learns from: n rows, what they show, their answers, targets (n, k) and weights (n,).

    ``truth`` (n, m) is 1 where an answer names an outcome.
    """

    rows: Sequence[TrainingRow]
    answers: Sequence[Answer]
    digests: Sequence[str]
    question: Question
    targets: FloatArray
    truth: FloatArray
    weights: FloatArray


def suits(control: Control) -> bool:
    """What some question asks."""
    return question_of(control) is not None


def learn(
    config: LabelConfig, control: Control, rows: Sequence[TrainingRow], fetch: Fetch, settings: Settings
) -> ControlModel:
    """Read, encode, learn out of fold, calibrate, learn on all, measure: see Learner."""
    asks = question_of(control)
    assert asks is not None
    takes = QUESTIONS[asks].taken(control)
    usable = [row for row in rows if row.answer is not None and takes(row.answer)]
    teaching = [row for row in usable if not row.holdout]
    view = view_of(config, control, settings.encoder)
    enough = settings.least_labels
    if len(teaching) < enough:
        raise NotLearnable(f"control {control.name!r}: {len(teaching)} labels, {enough} are needed")
    material = Material([row.data for row in teaching], fetch)
    readable = material.readable(view)
    if len(readable) < enough:
        raise NotLearnable(
            f"control {control.name!r}: only {len(readable)} of {len(teaching)} labeled tasks could be read (field "
            f"{view.fields}), {enough} are needed"
        )
    try:
        encoder = view_encoder.fit(view, material.views(view, readable))
    except NotLearnable as error:
        raise NotLearnable(f"control {control.name!r}: {error}") from error
    sheet = _sheet(control, asks, encoder.view, [teaching[place] for place in readable])
    parts = encoder.parts(material.views(encoder.view, readable), len(readable))
    heads = _heads(sheet, encoder, parts, _variants(encoder, material, readable), settings)
    model = _model(control, asks, encoder, sheet, parts, heads, settings)
    return dataclasses.replace(model, quality=_quality(model, sheet, [row for row in usable if row.holdout], fetch))


@dataclass(frozen=True, slots=True)
class _Heads:
    """The head that learned from all rows, and those of the folds; ``folds`` (n,) says which fold a row is in."""

    name: str
    full: Head
    members: tuple[Head, ...]
    folds: IntArray


def _sheet(control: Control, asks: str, view: View, rows: Sequence[TrainingRow]) -> _Sheet:
    """The rows as numbers. Raises NotLearnable where all are the same."""
    answers = [row.answer for row in rows if row.answer is not None]
    if len(set(answers)) < 2:
        raise NotLearnable(f"control {control.name!r}: every answer is the same, {in_words(answers[0])}")
    digests = [digest(view, row.data) for row in rows]
    if len(set(digests)) < 2:
        raise NotLearnable(f"control {control.name!r}: all of its labeled tasks show the same")
    question = QUESTIONS[asks].made(control, answers)
    place_of = {name: place for place, name in enumerate(question.outcomes)}
    truth = np.zeros((len(rows), len(place_of)))
    for row, answer in zip(truth, answers, strict=True):
        row[[place_of[name] for name in question.told(answer) if name in place_of]] = 1
    weights = np.array([row.weight for row in rows])
    return _Sheet(rows, answers, digests, question, question.targets(answers), truth, weights)


def _variants(encoder: ViewEncoder, material: Material, readable: Sequence[int]) -> list[Features]:
    """Other rows that mean the same: only where there is one thing to look at."""
    if len(encoder.view.parts) > 1:
        return []
    (family,) = families(encoder.view)
    inputs = material.inputs(encoder.view.parts[0])
    kept = [inputs[place] for place in readable]
    return [encoder.encoders[0].encode(family.describe(others)) for others in family.variants(kept)]


def _heads(
    sheet: _Sheet, encoder: ViewEncoder, parts: Sequence[Features], variants: Sequence[Features], settings: Settings
) -> _Heads:
    """Learn from all rows, and from all but each fold's."""
    kinds = {family.head for family in families(encoder.view)}
    name = sheet.question.head or (kinds.pop() if len(kinds) == 1 else "logistic")
    count = MORE_FOLDS if len(sheet.rows) <= FEW and name in QUICK else FOLDS
    folds = _folds(sheet, count)
    rows, targets = [encoder.joined(parts), *variants], [sheet.targets] * (1 + len(variants))
    if encoder.view.compared:
        # Seen the other way round, the other one is the better one.
        rows, targets = [rows[0], -rows[0]], [sheet.targets, sheet.targets[:, ::-1]]
    full, *members = HEADS[name].fit(
        stacked(rows),
        np.vstack(targets),
        np.tile(_weights(sheet, folds) / len(rows), len(rows)),
        Options(sheet.question.apart, threads=settings.threads),
    )
    return _Heads(name, full, tuple(members), folds)


def _model(
    control: Control,
    asks: str,
    encoder: ViewEncoder,
    sheet: _Sheet,
    parts: Sequence[Features],
    heads: _Heads,
    settings: Settings,
) -> ControlModel:
    """The model, not yet measured."""
    question = sheet.question
    features = encoder.joined(parts)
    strange = encoder.without_own(parts, heads.folds)
    scores = question.scores(_out_of_fold(heads, strange, sheet))
    inside = _spread_evenly(len(sheet.rows), REFERENCE)
    alone = encoder.without_own(parts, np.arange(len(sheet.rows)))
    distances = nearest(alone, features[inside], own=inside)
    judged = Judged(question, scores, sheet.answers, sheet.truth, sheet.weights, heads.folds, distances)
    certainty = calibrate(judged, settings.coverage)
    members = heads.members[:MEMBERS]
    each = [certainty.probabilities(question, question.scores(one.logits(strange))) for one in members]
    return ControlModel(
        control=control.name,
        asks=asks,
        question=question,
        head_name=heads.name,
        encoder=encoder,
        head=heads.full,
        members=members,
        certainty=certainty,
        reference=features[inside],
        known=Known(
            tasks={row.task: place for place, row in enumerate(sheet.rows)},
            digests=sheet.digests,
            probabilities=certainty.probabilities(question, scores),
            disagreement=certainties.apart(question, each, len(sheet.rows)),
            distances=distances,
        ),
        quality=None,
    )


def _folds(sheet: _Sheet, count: int) -> IntArray:
    """The fold of each row, (n,) of ``count``: outcomes spread evenly, tasks that look the same together."""
    groups, member_of = np.unique(sheet.digests, return_inverse=True)
    kind = np.zeros(len(groups), dtype=np.int64)
    if not sheet.question.several:
        kind[member_of] = sheet.truth.argmax(axis=1)
    order = np.random.default_rng(0).permutation(len(groups))
    order = order[np.argsort(kind[order], kind="stable")]
    fold = np.empty(len(groups), dtype=np.int64)
    fold[order] = np.arange(len(groups)) % count
    return fold[member_of]


def _weights(sheet: _Sheet, folds: IntArray) -> FloatArray:
    """What each head learns from, (1 + folds, n): the first from all rows, the others from all but one fold."""
    weights = np.maximum(sheet.weights, LEAST_WEIGHT)
    return np.stack([weights, *(weights * (folds != fold) for fold in range(int(folds.max()) + 1))])


def _out_of_fold(heads: _Heads, features: Features, sheet: _Sheet) -> FloatArray:
    """What each fold's head says of its own fold, which it has not seen: logits (n, k)."""
    logits = np.zeros(sheet.targets.shape)
    for fold, member in enumerate(heads.members):
        outside = np.flatnonzero(heads.folds == fold)
        if len(outside):
            logits[outside] = member.logits(features[outside])
    return logits


def _spread_evenly(count: int, most: int) -> IntArray:
    """At most ``most`` of ``count`` positions, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _quality(model: ControlModel, sheet: _Sheet, holdout: Sequence[TrainingRow], fetch: Fetch) -> Quality:
    """Accuracy, calibration error and Brier score: on the holdout where it is large enough, else out of fold."""
    if len(holdout) >= HOLDOUT_ENOUGH:
        material = Material([row.data for row in holdout], fetch)
        readable = material.readable(model.view)
        if len(readable) >= HOLDOUT_ENOUGH:
            features = model.encoder.encode(material.views(model.view, readable), len(readable))
            answers = [answer for place in readable if (answer := holdout[place].answer) is not None]
            return judge(model, model.probabilities(features), answers, "holdout")
    return judge(model, model.known.probabilities, sheet.answers, "cross-validation")


def judge(model: ControlModel, probabilities: FloatArray, answers: Sequence[Answer], source: str) -> Quality:
    """How well the probabilities (n, m) tell the answers.

    An outcome that the model never saw counts as wrong. Where each outcome is by itself Brier score and log loss are
    means over outcomes.
    """
    question = model.question
    said = [question.answer(row) for row in probabilities]
    confidence = np.array([model.certainty.confidence(question, one[1]) for one in said])
    right = np.array([question.right(one[0], answer) for one, answer in zip(said, answers, strict=True)], dtype=float)
    place_of = {name: place for place, name in enumerate(question.outcomes)}
    distance, loss = np.zeros(len(answers)), np.zeros(len(answers))
    for at, (row, answer) in enumerate(zip(probabilities, answers, strict=True)):
        named = [place_of.get(name) for name in question.told(answer)]
        there = [place for place in named if place is not None]
        unseen = len(named) - len(there)
        truth = np.zeros(len(row))
        truth[there] = 1
        distance[at] = ((row - truth) ** 2).sum() + unseen
        told = np.where(truth > 0, row, 1 - row) if question.several else row[there]
        loss[at] = -np.log(np.maximum(told, IMPOSSIBLE)).sum() - unseen * np.log(IMPOSSIBLE)
    outcomes = len(question.outcomes) if question.several else 1
    return Quality(
        accuracy=round(float(right.mean()), 6),
        ece=round(expected_calibration_error(confidence, right), 6),
        brier=round(float(distance.mean()) / outcomes, 6),
        n=len(answers),
        source=source,
        log_loss=round(float(loss.mean()) / outcomes, 6),
        bins=reliability(confidence, right),
    )
