"""The batch of a project, from when its labels came and how sure they are."""

from collections.abc import Sequence
from dataclasses import replace

from label_config.parse import parse
from ml_backend.acquisition import BATCH
from ml_backend.acquisition.pace import LEAST, batch_size
from ml_backend.labels import LabelSet
from ml_backend.records import TrainingRow
from ml_backend.worth.pacing import batch_of

from .scenes import SENTIMENT, sentiment_rows

CONFIG = parse(SENTIMENT)


def batch(rows: Sequence[TrainingRow], seconds: float) -> int:
    return batch_of(CONFIG, LabelSet().merged(rows, 1), seconds)


def every(seconds: float, *, weight: float = 1.0) -> list[TrainingRow]:
    """A label every so many seconds."""
    return [
        replace(row, updated_at=int(1e6 * seconds * place), weight=weight)
        for place, row in enumerate(sentiment_rows(100))
    ]


def test_quick_annotators_have_a_longer_batch() -> None:
    assert batch(every(2.0), 120) == 60
    assert batch(every(1.0), 120) == 120
    assert batch(every(60.0), 120) == LEAST


def test_labels_that_tell_less_need_more_of_them() -> None:
    found = batch(every(60.0, weight=0.8), 120)
    assert found == batch_size(60, 120, accuracy=0.8, labels=3)
    assert found > LEAST


def test_without_a_pace_the_batch_is_the_usual_one() -> None:
    assert batch([], 120) == BATCH
    assert batch(sentiment_rows(1), 120) == BATCH
