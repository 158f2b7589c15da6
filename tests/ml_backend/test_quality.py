from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from ml_backend.certainty.reliability import error_of, reliability
from ml_backend.labels import LabelSet
from ml_backend.quality import Quality, from_json, pooled
from ml_backend.training import learn

from .scenes import SENTIMENT, TOPICS, only, sentiment_rows, serving, topic_rows

OLD = {"accuracy": 0.8, "ece": 0.05, "brier": 0.3, "n": 10, "source": "holdout"}


def quality(count: int, seed: int) -> Quality:
    rng = np.random.default_rng(seed)
    confidence, right = rng.random(count), (rng.random(count) < 0.5).astype(float)
    diagram = reliability(confidence, right)
    return Quality(float(right.mean()), error_of(diagram) or 0.0, 0.4, count, "holdout", 0.7, diagram)


def test_it_survives_the_disk() -> None:
    one = quality(40, 0)
    assert from_json(one.as_json()) == one


def test_a_version_from_before_the_diagram_is_read_and_says_what_it_has() -> None:
    one = from_json(OLD)
    assert (one.log_loss, one.bins) == (None, ())
    assert one.interval == (0.490162, 0.943318)  # Wilson's, 8 of 10
    assert one.as_json() == {**OLD, "low": 0.490162, "high": 0.943318, "log_loss": None, "bins": []}


def test_two_controls_are_told_together_only_as_far_as_both_are_known() -> None:
    first, second = quality(30, 0), quality(10, 1)
    both = pooled([first, second])
    assert both is not None
    assert both.accuracy == pytest.approx((30 * first.accuracy + 10 * second.accuracy) / 40, abs=1e-6)
    assert sum(one.n for one in both.bins) == both.n == 40
    half = pooled([first, replace(second, log_loss=None, bins=())])
    assert half is not None
    assert (half.log_loss, half.bins) == (None, ())


def test_a_model_measures_itself_as_scikit_learn_would(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    rows = sentiment_rows(120)
    control = only(learn(SENTIMENT, LabelSet().merged(rows, 1), outside.fetch, outside.settings))
    known, told = control.known, control.quality
    answers = {row.task: control.question.told(row.answer)[0] for row in rows if row.answer is not None}
    truth = [control.question.outcomes.index(answers[task]) for task in known.tasks]
    assert told is not None
    assert told.log_loss == pytest.approx(log_loss(truth, known.probabilities), abs=1e-5)
    assert told.brier == pytest.approx(brier_score_loss(truth, known.probabilities, scale_by_half=False), abs=1e-5)
    assert told.accuracy == pytest.approx((known.probabilities.argmax(axis=1) == truth).mean(), abs=1e-6)
    assert error_of(told.bins) == pytest.approx(told.ece, abs=1e-5)


def test_of_several_labels_the_mean_over_labels_is_told(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    rows = topic_rows(120)
    control = only(learn(TOPICS, LabelSet().merged(rows, 1), outside.fetch, outside.settings))
    answers = {row.task: control.question.told(row.answer) for row in rows if row.answer is not None}
    outcomes = control.question.outcomes
    truth = np.array([[label in answers[task] for label in outcomes] for task in control.known.tasks])
    wanted = [
        log_loss(column, shares, labels=[False, True])
        for column, shares in zip(truth.T, control.known.probabilities.T, strict=True)
    ]
    assert control.quality is not None
    assert control.quality.log_loss == pytest.approx(np.mean(wanted), abs=1e-5)
