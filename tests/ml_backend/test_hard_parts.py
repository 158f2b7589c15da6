"""Slices that stay hard: found from the product's own out-of-fold answers, and more of their tasks come first."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from label_config.answers import Choices
from label_config.parse import parse
from ml_backend.acquisition.slices import MOST
from ml_backend.labels import LabelSet
from ml_backend.records import Task, TrainingRow
from ml_backend.worth.hard_parts import HardParts, hard_parts

from .scenes import PROJECT, SENTIMENT, label_of, learned, sentiment_rows, serving

CONFIG = parse(SENTIMENT)


def found(folder: Path, rows: Sequence[TrainingRow], pool: Sequence[TrainingRow]) -> HardParts | None:
    outside = serving(folder)
    assert learned(outside, rows) is not None
    mind, _ = outside.minds.live(PROJECT)
    assert mind is not None
    thoughts = mind.think(CONFIG, [Task(row.task, row.data) for row in pool], None)
    return hard_parts(mind, CONFIG, LabelSet().merged(rows, 1), thoughts, np.random.default_rng(0))


def spoiled(count: int) -> list[TrainingRow]:
    """Half of what reads like "unsure" is answered with "bad" or "good": people cannot tell, nor can the model."""
    rng = np.random.default_rng(0)
    return [
        replace(row, answer=Choices((str(rng.choice(["good", "bad"])),)), holdout=False)
        if label_of(row) == "unsure" and rng.random() < 0.5
        else replace(row, holdout=False)
        for row in sentiment_rows(count)
    ]


def test_tasks_of_a_hard_answer_count_more_and_the_words_say_why(tmp_path: Path) -> None:
    pool = sentiment_rows(60, seed=9, first=10_000)
    hard = found(tmp_path, spoiled(240), pool)
    assert hard is not None
    unsure = np.array([label_of(row) == "unsure" for row in pool])
    assert hard.boosts[unsure].mean() > 1 + 0.8 * MOST
    assert hard.boosts[~unsure].mean() < 1 + 0.3 * MOST
    first = next(words for words in hard.words if "answers with" in words)
    assert first.startswith("sentiment, tasks that the model answers with unsure: the model errs on ")
    assert first.endswith("so more of them come")
    assert any("tasks like " in words for words in hard.words)


def test_where_the_model_errs_alike_no_slice_is_hard(tmp_path: Path) -> None:
    rows = [replace(row, holdout=False) for row in sentiment_rows(120)]
    assert found(tmp_path, rows, rows[:5]) is None


def test_without_labels_nothing_is_hard(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    assert learned(outside, sentiment_rows(60)) is not None
    mind, _ = outside.minds.live(PROJECT)
    assert mind is not None
    thoughts = mind.think(CONFIG, [Task(1, {"text": "lovely"})], None)
    assert hard_parts(mind, CONFIG, LabelSet(), thoughts, np.random.default_rng(0)) is None
