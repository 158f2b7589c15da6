"""Learning a control that is asked of whole tasks: a row a task. Encode, learn out of fold, calibrate, measure."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from label_config.answers import Answer
from label_config.model import Control, LabelConfig
from label_config.words import in_words

from .. import certainty as certainties
from ..calibration import expected_calibration_error
from ..certainty.reliability import reliability
from ..encoders import Fetch
from ..errors import NotLearnable
from ..features import Material, View, digest, view_of
from ..notes import why
from ..quality import Quality
from ..questions import QUESTIONS, question_of
from ..records import FloatArray, IntArray, TrainingRow
from ..settings import Settings
from . import view_encoder
from .calibrating import Judged, calibrate
from .choice import Choice
from .choosing import IMPOSSIBLE, best
from .control_model import ControlModel, Known, nearest
from .fitting import Fitted, Sheet, fit_usual

MEMBERS = 5
"""Models of folds that are kept, to see how far they are apart; none where the head is an ensemble itself."""
HOLDOUT_ENOUGH = 30
"""Holdout labels from which they, and not the folds, say how good a model is."""

REFERENCE = 2000
"""Training rows that novelty is measured against, at most."""


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
            f"{view.fields}{why(material.reasons)}), {enough} are needed"
        )
    try:
        encoder = view_encoder.fit(view, material.views(view, readable))
    except NotLearnable as error:
        raise NotLearnable(f"control {control.name!r}: {error}") from error
    sheet = _sheet(control, asks, encoder.view, [teaching[place] for place in readable])
    usual = fit_usual(sheet, encoder, material, readable, settings)
    fitted, choice = best(usual, sheet, material, readable, settings)
    model = _model(control, asks, sheet, fitted, choice, settings)
    quality = _quality(model, sheet, [row for row in usable if row.holdout], fetch)
    return dataclasses.replace(model, quality=quality, unread=dict(material.reasons))


def _sheet(control: Control, asks: str, view: View, rows: Sequence[TrainingRow]) -> Sheet:
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
    return Sheet(rows, answers, digests, question, question.targets(answers), truth, weights)


def _model(
    control: Control, asks: str, sheet: Sheet, fitted: Fitted, choice: Choice | None, settings: Settings
) -> ControlModel:
    """The model, not yet measured."""
    question, encoder = sheet.question, fitted.encoder
    features, scores = encoder.joined(fitted.parts), fitted.scores(sheet)
    inside = _spread_evenly(len(sheet.rows), REFERENCE)
    alone = encoder.without_own(fitted.parts, np.arange(len(sheet.rows)))
    distances = nearest(alone, features[inside], own=inside)
    judged = Judged(question, scores, sheet.answers, sheet.truth, sheet.weights, fitted.folds, distances)
    inner = fitted.inner_scores(sheet)
    certainty = calibrate(judged, settings.coverage, inner)
    members = () if inner else fitted.members[:MEMBERS]
    told = inner or [question.scores(one.logits(fitted.strange())) for one in members]
    each = [certainty.probabilities(question, one) for one in told]
    return ControlModel(
        control=control.name,
        asks=asks,
        question=question,
        head_name=fitted.head_name,
        encoder=encoder,
        head=fitted.full,
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
        choice=choice,
    )


def _spread_evenly(count: int, most: int) -> IntArray:
    """At most ``most`` of ``count`` positions, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _quality(model: ControlModel, sheet: Sheet, holdout: Sequence[TrainingRow], fetch: Fetch) -> Quality:
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
