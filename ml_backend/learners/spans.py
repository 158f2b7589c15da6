"""Learning to mark spans of a text: a tagger out of fold and on all, calibrated, measured."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from label_config.answers import Answer, Regions, Span
from label_config.model import Control, Family, LabelConfig

from ..calibration import expected_calibration_error
from ..certainty import of_parts
from ..certainty.of_parts import JudgedParts
from ..encoders import Fetch
from ..errors import NotLearnable
from ..quality import DIGITS, Quality
from ..records import FloatArray, TrainingRow
from ..settings import Settings
from ..spans import tagger
from ..spans.tagger import Told
from ..spans.tags import Mark
from ..uncertainty import novelty
from .control_model import nearest
from .recalled import FEW, FOLDS, LEAST_WEIGHT, MORE_FOLDS, Recalled, quality_of, spread_evenly, spread_over_folds
from .span_model import SpanModel, marks_of, meanings, seen_of, shown_text, strangeness, text_of
from .whole_tasks import HOLDOUT_ENOUGH, REFERENCE


def suits(control: Control) -> bool:
    """Labels, with labels of the interface's own."""
    return control.family == Family.REGIONS and control.tag == "Labels" and not control.dynamic


def learn(
    config: LabelConfig,
    control: Control,
    rows: Sequence[TrainingRow],
    fetch: Fetch,  # noqa: ARG001 - texts stand in the tasks
    settings: Settings,
) -> SpanModel:
    """Read, tag out of fold, calibrate, learn on all, measure: see Learner."""
    shown = shown_text(config, control)
    if shown is None:
        raise NotLearnable(
            f"control {control.name!r}: spans are learned of one <Text> that stands in the task's data as it is"
        )
    usable = [row for row in rows if row.answer is not None and _takes(control, row.answer)]
    teaching = [row for row in usable if not row.holdout and text_of(row.data.get(shown.field)) is not None]
    labels = _checked(control, teaching, settings.least_labels)
    texts, answers = _texts(shown.field, teaching), [marks_of(row.answer) for row in teaching]
    digests = [seen_of(shown.field, row.data) for row in teaching]
    count = MORE_FOLDS if len(teaching) <= FEW else FOLDS
    folds = spread_over_folds(digests, count)
    weights = np.maximum([row.weight for row in teaching], LEAST_WEIGHT)
    try:
        learned, told = tagger.fit(texts, answers, weights, folds, labels, np.random.default_rng(0), count=count)
    except ValueError as error:
        raise NotLearnable(f"control {control.name!r}: {error}") from error
    features = meanings(texts)
    inside = spread_evenly(len(texts), REFERENCE)
    distances = nearest(features, features[inside], own=inside)
    novel = novelty(distances, distances)
    certainty = of_parts.learned(_judged_parts(told, answers, weights, novel), settings.coverage)
    known = Recalled(
        {row.task: place for place, row in enumerate(teaching)},
        digests,
        folds,
        certainty.signals(told, novel),
        distances,
    )
    model = SpanModel(control.name, shown.field, control.multiple, learned, features[inside], known, None, certainty)
    quality = _measured(model, told, answers, [row for row in usable if row.holdout])
    return dataclasses.replace(model, quality=quality)


def _takes(control: Control, answer: Answer) -> bool:
    """Whether the answer marks nothing but spans of the text, with labels that the control has by now."""
    if not isinstance(answer, Regions):
        return False
    return all(
        isinstance(one.shape, Span) and not one.where and set(one.labels) <= set(control.labels)
        for one in answer.regions
    )


def _checked(control: Control, teaching: Sequence[TrainingRow], enough: int) -> list[str]:
    """The labels in use, in the interface's order. Raises NotLearnable where there is too little to learn from."""
    if len(teaching) < enough:
        raise NotLearnable(f"control {control.name!r}: {len(teaching)} labeled texts, {enough} are needed")
    used = {mark.label for row in teaching for mark in marks_of(row.answer)}
    if not used:
        raise NotLearnable(f"control {control.name!r}: no span is marked in any of {len(teaching)} texts")
    return [label for label in control.labels if label in used]


def _texts(field: str, rows: Sequence[TrainingRow]) -> list[str]:
    return [str(row.data[field]) for row in rows]


def _judged_parts(
    told: Sequence[Told], answers: Sequence[Sequence[Mark]], weights: FloatArray, novel: FloatArray
) -> JudgedParts:
    """A text is right where its spans are; that two wrong answers are the same is next to impossible."""
    pairs = list(zip(told, answers, strict=True))
    right = np.array([set(one.marks) == set(own) for one, own in pairs], dtype=np.float64)
    return JudgedParts(told, right, weights, novel, 0.0, [[strangeness(one, own) for one, own in pairs]])


def _measured(
    model: SpanModel, told: Sequence[Told], answers: Sequence[Sequence[Mark]], holdout: Sequence[TrainingRow]
) -> Quality:
    """How good it is on the holdout where that is large enough, else out of fold."""
    held = [row for row in holdout if text_of(row.data.get(model.field)) is not None]
    if len(held) >= HOLDOUT_ENOUGH:
        said = model.tagger.tell(_texts(model.field, held))
        return _judged(said, [marks_of(row.answer) for row in held], "holdout")
    return _judged(told, answers, "cross-validation")


def _judged(told: Sequence[Told], answers: Sequence[Sequence[Mark]], source: str) -> Quality:
    """A text is right where its spans are: none missing, none wrong, none too many.

    What was ``found``: exact spans with their labels, and the calibration error of each one's own confidence. A figure
    is null without a span on that side; ``spans`` were told, ``given`` were right.
    """
    given = [set(marks) for marks in answers]
    pairs = list(zip(told, given, strict=True))
    right = np.array([set(one.marks) == own for one, own in pairs], dtype=np.float64)
    hits = np.array([mark in own for one, own in pairs for mark in one.marks], dtype=np.float64)
    sure = np.array([value for one in told for value in one.confidences])
    total = sum(map(len, given))
    found = {
        "precision": _rounded(hits.sum(), len(hits)),
        "recall": _rounded(hits.sum(), total),
        "f1": _rounded(2 * hits.sum(), len(hits) + total),
        "ece": round(expected_calibration_error(sure, hits), DIGITS) if len(sure) else None,
        "spans": len(hits),
        "given": total,
    }
    return dataclasses.replace(quality_of(np.array([one.confidence for one in told]), right, source), found=found)


def _rounded(share: float, whole: int) -> float | None:
    return round(float(share) / whole, DIGITS) if whole else None
