"""What is said by blocks of columns is what is said by whole rows, and rows that are made later are the same rows."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from label_config.parse import parse
from ml_backend.acquisition import STRATEGIES, Pool, order_pool
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.later import Later, made
from ml_backend.learners import quick as module
from ml_backend.learners.control_model import ControlModel
from ml_backend.opinions import Columns
from ml_backend.records import Features, Task
from ml_backend.registry import Model
from ml_backend.settings import Settings
from ml_backend.thinking import LearnedMind
from ml_backend.training import learn

from .scenes import SENTIMENT, TOPICS, only, sentiment_rows, topic_rows

LAST_DIGIT = 1.5e-6
"""Numbers are told to six places, and float32 sums in another order may be rounded to the next one."""


def _no_fetch(_address: str) -> bytes:
    raise AssertionError("a text is not fetched")


def dense(rows: Features) -> Any:
    return rows.toarray() if sparse.issparse(rows) else rows


def taught(encoder: str, *, several: bool = False) -> Model:
    xml, rows = (TOPICS, topic_rows(60)) if several else (SENTIMENT, sentiment_rows(60))
    return learn(xml, LabelSet().merged(rows, 1), _no_fetch, Settings(encoder=encoder))


def asked(*, several: bool = False) -> list[Task]:
    rows = topic_rows(80, seed=3) if several else sentiment_rows(80, seed=3)
    texts = [row.data["text"] for row in rows[60:]]
    known = [Task(row.task, row.data) for row in (topic_rows(5) if several else sentiment_rows(5))]
    nothing = [Task(10**6, {"text": ""}), Task(10**6 + 1, {"text": "qqq"}), Task(10**6 + 2, {})]
    return [*nothing, *known, *(Task(10**5 + place, {"text": text}) for place, text in enumerate(texts))]


@pytest.mark.parametrize("most_spread", [0, 2**23])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("encoder", ["tfidf+wordllama", "tfidf", "wordllama"])
def test_by_blocks_the_same_is_said_as_by_whole_rows(
    encoder: str, several: bool, most_spread: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SPREAD", most_spread)
    control = only(taught(encoder, several=several))
    tasks = [task for task in asked(several=several) if task.data]
    datas = [task.data for task in tasks]
    assert isinstance(control, ControlModel)
    assert control._quick is not None
    material = Material(datas, _no_fetch)
    rows = control.encoder.encode(material.views(control.view, range(len(tasks))), len(tasks))
    each, alike = control._quick([data["text"] for data in datas])
    for found, wanted in zip(each, control._logits(rows), strict=True):
        assert found == pytest.approx(wanted, abs=2e-5)
    assert alike == pytest.approx((dense(rows) @ dense(control.reference).T).max(axis=1), abs=1e-5)
    said, later = control.think(tasks, material, "margin")
    assert isinstance(said, Columns)
    new = [place for place, task in enumerate(tasks) if task.id not in control.known.tasks]
    shares = control.probabilities(rows)
    assert said.probabilities[new] == pytest.approx(shares[new].round(6), abs=LAST_DIGIT + 2e-6)
    signals = control.signals(rows, shares)
    for name in ("least_confidence", "margin", "entropy", "disagreement"):
        assert said.signals[name][new] == pytest.approx(signals[name][new], abs=1e-5)
    assert (dense(made(later)) == dense(rows)).all()


def test_rows_are_made_for_who_asks_and_are_zeros_where_nothing_is_read() -> None:
    model = taught("tfidf+wordllama")
    tasks = asked() * 30  # more than are thought about together
    thought = LearnedMind(model, _no_fetch, "margin").think(parse(SENTIMENT), tasks, None)["sentiment"]
    assert isinstance(thought.features, Later)
    assert thought.features.shape == (len(tasks), only(model).reference.shape[1])
    every = dense(thought.features[:])
    assert every.shape == thought.features.shape
    assert not every[2].any()  # it has no text
    assert (dense(thought.features[[700, 3]]) == every[[700, 3]]).all()
    assert (dense(thought.features.where(np.arange(5, 9))[1:3]) == every[6:8]).all()
    assert dense(thought.features[:0]).shape == (0, every.shape[1])


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_a_pool_has_the_same_order_whenever_its_rows_are_made(strategy: str) -> None:
    model = taught("tfidf+wordllama")
    tasks = asked() * 3
    thought = LearnedMind(model, _no_fetch, "margin").think(parse(SENTIMENT), tasks, None)["sentiment"]
    assert isinstance(thought.opinions, Columns) is False  # one of them cannot be read
    utilities = np.random.default_rng(1).random(len(tasks))
    share = np.arange(len(tasks)) % 7 == 0
    shares = np.random.default_rng(2).dirichlet(np.ones(3), len(tasks))
    orders = [
        order_pool(Pool(utilities, rows, shares, {}, thought.known), share, np.random.default_rng(0), strategy, 9)
        for rows in (thought.features, made(thought.features))
    ]
    assert (orders[0] == orders[1]).all()


def test_the_first_text_of_a_process_may_be_empty() -> None:
    code = "from ml_backend.encoders import text; print(text.describe(['']).nnz)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0\n"
