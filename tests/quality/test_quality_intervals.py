"""The interval of an annotator's quality holds the true accuracy about as often as it says."""

import numpy as np
import pytest

from label_config.model import Control
from sync.quality.consensus import infer
from sync.quality.consensus.classes import quality_interval
from sync.quality.evidence import ControlEvidence
from sync.quality.records import AnnotatorQuality

from .answers import ABC, Row, single


def drawn(seed: int) -> tuple[tuple[AnnotatorQuality, ...], list[float]]:
    """Twenty annotators of accuracies from .5 to .95 give three answers to each of 150 tasks."""
    rng = np.random.default_rng(seed)
    accuracy = rng.uniform(0.5, 0.95, 20)
    rows: list[Row] = []
    for task, truth in enumerate(rng.integers(3, size=150).tolist()):
        for person in rng.permutation(20)[:3].tolist():
            wrong = (truth + int(rng.integers(1, 3))) % 3
            rows.append((task, person, ABC[truth if rng.random() < accuracy[person] else wrong]))
    control = Control("c", "Choices", ("t",), ABC)
    return infer(ControlEvidence(control, single(rows)), "dawid-skene").annotators, accuracy.tolist()


def test_it_covers_the_true_accuracy() -> None:
    held = [one.low <= truth <= one.high for seed in range(10) for one, truth in zip(*drawn(seed), strict=True)]
    assert 0.9 <= np.mean(held) <= 1


def test_more_answers_narrow_it_and_none_leave_it_wide() -> None:
    low, high = quality_interval(np.array([0.8, 0.8, 0.8]), np.array([0.0, 10.0, 1000.0]))
    assert (high - low).tolist() == sorted((high - low).tolist(), reverse=True)
    assert (low[0], high[0]) == pytest.approx((0.0015, 0.9985), abs=0.001)
