"""What a round takes from a project's labels and leaves for the stopping signal."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from label_config.answers import Choices
from label_config.parse import parse
from ml_backend import labels as label_sets
from ml_backend.acquisition import Pool, order_pool
from ml_backend.labels import LabelSet
from ml_backend.records import Task
from ml_backend.worth.for_round import HARD, for_round, hard_words
from ml_backend.worth.stop_set import recalled

from .scenes import PROJECT, SENTIMENT, label_of, learned, sentiment_rows, serving
from .stage import Here


def test_each_round_keeps_what_the_version_says_of_the_random_share(fresh: Here) -> None:
    folder = fresh.outside.registry.folder(PROJECT)
    rows = sentiment_rows(30, seed=9)
    tasks = [{"id": 900 + n, "data": dict(row.data), "holdout": n % 3 == 0} for n, row in enumerate(rows)]
    fresh.score(*tasks)
    assert recalled(folder) == {}  # nobody will see these places
    lines = fresh.score(*tasks, round="tiebreak-1.1")
    (look,) = recalled(folder)["sentiment"]
    assert (look.version, look.labels) == ("tiebreak-1", 54)
    assert look.said.keys() == {task["id"] for task in tasks if task["holdout"]}
    assert len(set(look.said.values())) == len({tuple(line["answer"]) for line in lines[::3]})
    assert hard_words(folder) == []


def test_tasks_of_a_hard_slice_are_boosted_and_why_is_kept(tmp_path: Path) -> None:
    """What reads like "unsure" was answered at random by half of the people."""
    rng = np.random.default_rng(0)
    rows = [
        replace(row, holdout=False, answer=Choices((str(rng.choice(["good", "bad"])),)))
        if label_of(row) == "unsure" and rng.random() < 0.5
        else replace(row, holdout=False)
        for row in sentiment_rows(240)
    ]
    outside = serving(tmp_path)
    assert learned(outside, rows) is not None
    folder = outside.registry.folder(PROJECT)
    label_sets.save(folder, LabelSet().merged(rows, 1))
    mind, _ = outside.minds.live(PROJECT)
    assert mind is not None
    pool = sentiment_rows(60, seed=9, first=10_000)
    tasks = [Task(row.task, row.data) for row in pool]
    thoughts = mind.think(parse(SENTIMENT), tasks, None)
    found, batch = for_round(
        outside.registry, outside.settings, PROJECT, parse(SENTIMENT), mind, tasks, thoughts, Pool(np.ones(60))
    )
    hard = np.array([label_of(row) == "unsure" for row in pool])
    places = order_pool(found, np.zeros(60, dtype=bool), rng, "utility", batch)
    assert places[hard].mean() < places[~hard].mean() - 20
    assert any("answers with unsure" in words for words in hard_words(folder))


def test_a_broken_file_of_hard_slices_says_nothing(tmp_path: Path) -> None:
    (tmp_path / HARD).write_text("[]", encoding="utf-8")
    assert hard_words(tmp_path) == []
