"""What is kept of models equals what is counted one by one, and is made anew exactly when something changed."""

import random
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from sync.kept_model import HOUR, MODEL, keep_model
from sync.store import model_facts, summaries
from sync.store.engine import Store
from sync.store.tables import assessments, consensus, corrections, rounds, rulings, scores

from ..dashboard.stage import HOUR as AN_HOUR
from ..dashboard.stage import START, Stage, crowd, stage, texts

NOW = START + 980 * AN_HOUR


def answered(store: Store) -> Stage:
    one = Stage(store).create(texts(14), overlap=3)
    return one.answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5})).assess().push()


def kept(one: Stage) -> summaries.Summary | None:
    with one.store.read() as connection:
        return summaries.of(connection, one.key, MODEL)


def test_nothing_is_kept_before_the_first_round_and_it_is_made_anew_when_something_changed(any_store: Store) -> None:
    one = answered(any_store)
    assert not keep_model(any_store, one.key, lambda: NOW)
    assert kept(one) is None
    one.score()
    assert keep_model(any_store, one.key, lambda: NOW)
    assert not keep_model(any_store, one.key, lambda: NOW + 1)
    one.rule([{"label": "neutral", "reviewer": 1}])
    assert keep_model(any_store, one.key, lambda: NOW)
    row = {"batch": 1, "control": "sentiment", "answer": "[]", "reason": "r", "proposed_in": "g", "applied_at": NOW}
    with any_store.begin() as connection:
        connection.execute(insert(corrections).values(project=one.key, task=one.task_keys[0], **row))
    assert keep_model(any_store, one.key, lambda: NOW)
    with any_store.begin() as connection:
        connection.execute(update(corrections).values(undone_at=NOW + 5))
    assert keep_model(any_store, one.key, lambda: NOW)
    assert not keep_model(any_store, one.key, lambda: NOW)


def test_the_comparison_is_that_of_each_answer_by_itself(any_store: Store) -> None:
    one = answered(any_store).score(right=0.6)
    with any_store.begin() as connection:
        connection.execute(update(scores).where(scores.c.task == one.task_keys[0]).values(out_of_sample=False))
        connection.execute(update(scores).where(scores.c.task == one.task_keys[1]).values(confidence=None))
        truth = {row.task: row.answer for row in connection.execute(select(consensus)) if row.annotations > 0}
        said = {row.task: row for row in connection.execute(select(scores))}
    pairs = [
        (row.answer == truth[task], row.confidence)
        for task, row in said.items()
        if task in truth and row.out_of_sample and row.confidence is not None
    ]
    keep_model(any_store, one.key, lambda: NOW)
    found = kept(one)
    assert found is not None
    assert len(pairs) == 10
    assert found.body["check"] == {
        "n": 10,
        "accuracy": pytest.approx(sum(right for right, _ in pairs) / 10),
        "confidence": pytest.approx(sum(sure for _, sure in pairs) / 10),
    }


def test_each_decision_belongs_to_the_model_that_could_learn_it(any_store: Store) -> None:
    """Against counting one by one; decisions at the very moment of a round belong to the next model."""
    rng = random.Random(3)
    one = answered(any_store).rule([{"label": "neutral", "reviewer": 1}] * 8)
    moments = [START + hour * AN_HOUR for hour in range(900, 930)]
    with any_store.begin() as connection:
        made = sorted(rng.sample(moments, 9))
        for number, at in enumerate(made, 1):
            model = f"tiebreak-{number // 2}"
            row = {"number": number, "model": model, "version": f"{model}.{number}", "hash": "h", "state": "done"}
            connection.execute(insert(rounds).values(project=one.key, made_at=at, **row))
        ruled, fixed = [], []
        for key in connection.execute(select(rulings.c.id)).scalars().all():
            at, gone = rng.choice(moments), rng.random() < 0.3
            connection.execute(update(rulings).where(rulings.c.id == key).values(ruled_at=at, superseded=gone))
            ruled += [] if gone else [at]
        for place in range(10):
            at, undone = rng.choice(moments), rng.choice([None, NOW])
            given = {"batch": place, "control": "c", "answer": "[]", "reason": "r", "proposed_in": "g"}
            values = {"project": one.key, "task": one.task_keys[place], "applied_at": at, "undone_at": undone}
            connection.execute(insert(corrections).values(**given, **values))
            fixed += [] if undone else [at]
        found = model_facts.decided(connection, one.key)
    first: dict[str, int] = {}
    for number, at in enumerate(made, 1):
        first.setdefault(f"tiebreak-{number // 2}", at)
    before = 0
    for model, since in first.items():
        assert found[model].rulings == sum(before <= at < since for at in ruled)
        assert found[model].corrections == sum(before <= at < since for at in fixed)
        before = since
    assert list(found) == list(first)


def test_of_a_project_judged_in_part_it_is_at_most_an_hour_old_unless_the_model_scored_anew(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(12), overlap=3)
    one.answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5})).assess().push().score()
    keep_model(one.store, one.key, lambda: NOW)
    with one.store.begin() as connection:
        report = connection.execute(select(assessments.c.report)).scalar_one()
        connection.execute(update(assessments).values(report={**report, "partial": {"tasks": 3}}))
    one.rule([{"label": "neutral", "reviewer": 1}])
    assert not keep_model(one.store, one.key, lambda: NOW + HOUR - 1)
    assert keep_model(one.store, one.key, lambda: NOW + HOUR)
    one.rule([{"label": "negative", "reviewer": 1}])
    assert keep_model(one.store, one.key, lambda: NOW), "a clock that went back keeps nothing for longer"
    one.rule([{"label": "positive", "reviewer": 1}])
    row = {"number": 2, "model": "tiebreak-4", "version": "tiebreak-4.2", "hash": "h", "state": "done"}
    with one.store.begin() as connection:
        connection.execute(insert(rounds).values(project=one.key, made_at=NOW, **row))
    assert keep_model(one.store, one.key, lambda: NOW + HOUR + 1)
    one.store.close()
