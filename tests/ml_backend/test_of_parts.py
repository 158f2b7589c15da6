"""How sure models of answers with parts are: the predicted error is learned, the sets hold what they promise."""

import dataclasses
import json
from collections.abc import Sequence

import numpy as np
import pytest
from safetensors.numpy import load, save
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from ml_backend.certainty import of_parts
from ml_backend.certainty.of_parts import JudgedParts, PartCertainty, PartSets
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.learners import LEARNERS, Learned
from ml_backend.learners.spans import _judged_parts
from ml_backend.records import FloatArray, Opinion, Task, TrainingRow
from ml_backend.registry import Model
from ml_backend.settings import Settings
from ml_backend.spans.tagger import Told
from ml_backend.spans.tags import Mark
from ml_backend.thinking import certainty_of
from ml_backend.training import learn
from ml_backend.uncertainty import SIGNALS

from . import test_rankings, test_spans
from .scenes import SENTIMENT, sentiment_rows


def judged(count: int, seed: int, *, tells: float = 2.0, weight: float = 1.0) -> JudgedParts:
    """Answers whose errors are as frequent as the confidence says, but for what the novelty tells beside it.

    An answer of less ``weight`` is itself wrong so much more often.
    """
    rng = np.random.default_rng(seed)
    doubt, novel = rng.beta(1, 3, count), rng.random(count)
    wrong = rng.random(count) < expit(logit(doubt) + tells * (novel - 0.5))
    told = [Told((), (), 1 - one, *rng.random(3).tolist()) for one in doubt]
    weights = np.where(rng.random(count) < 0.5, weight, 1.0)
    right = ~wrong & (rng.random(count) < weights)
    return JudgedParts(told, right.astype(float), weights, novel, 0.0, [[np.empty(0)] * count])


def test_the_predicted_error_is_learned_from_all_signals() -> None:
    certainty = of_parts.learned(judged(3000, 0), 0.9)
    new = judged(4000, 1)
    signals = certainty.signals(new.told, new.novel)
    wrong = new.right == 0
    assert certainty.fusion.weights["novelty"] == pytest.approx(2.0, abs=0.4)
    assert signals["fused"].mean() == pytest.approx(wrong.mean(), abs=0.02)
    high = signals["fused"] > np.quantile(signals["fused"], 0.8)
    assert signals["fused"][high].mean() == pytest.approx(wrong[high].mean(), abs=0.04)
    areas = {name: roc_auc_score(wrong, signals[name]) for name in SIGNALS}
    assert areas["fused"] > areas["least_confidence"] + 0.01 and areas["fused"] == max(areas.values())


def test_doubtful_answers_are_no_errors() -> None:
    fair = of_parts.learned(judged(6000, 2, weight=0.6), 0.9)
    harsh = of_parts.learned(dataclasses.replace(judged(6000, 2, weight=0.6), weights=np.ones(6000)), 0.9)
    new = judged(4000, 3)
    wrong = float((new.right == 0).mean())
    assert fair.signals(new.told, new.novel)["fused"].mean() == pytest.approx(wrong, abs=0.03)
    assert harsh.signals(new.told, new.novel)["fused"].mean() > wrong + 0.08


def test_before_anything_was_learned_the_predicted_error_is_what_the_confidence_leaves() -> None:
    told = [Told((), (), 0.75, 0.1, 0.2, 0.3)]
    signals = PartCertainty().signals(told, np.array([0.4]))
    assert tuple(signals) == SIGNALS
    assert {name: float(values[0]) for name, values in signals.items()} == pytest.approx(
        dict(zip(SIGNALS, (0.25, 0.1, 0.2, 0.3, 0.4, 0.25), strict=True))
    )


def with_parts(strange: list[list[FloatArray]]) -> JudgedParts:
    return dataclasses.replace(judged(len(strange[0]), 0), strange=strange)


@pytest.mark.parametrize(
    ("strange", "problem"),
    [
        ([[np.array([0.2])] * 9 + [np.empty(0)] * 30], None),
        ([[np.array([0.2])] * 8 + [np.empty(0)] * 30], "a coverage of 0.9 needs 9 answers that are sure; there are 8"),
        ([[np.empty(0)] * 30], "a coverage of 0.9 needs 9 answers that are sure; there are 0"),
        (
            [[np.array([0.2, np.inf])] * 10 + [np.array([0.1])] * 20],
            "17% of what 30 answers mark is hardly thought possible",
        ),
        (
            [
                [np.array([np.inf])] * 9 + [np.array([0.1])] * 91
            ],  # 9 % are missed, and the new answer counts as one more
            None,
        ),
        (
            [[np.array([np.inf])] * 9 + [np.array([0.1])] * 89],
            "9% of what 98 answers mark is hardly thought possible",
        ),
        ([[np.array([0.2])] * 5 + [np.empty(0)] * 25, [np.array([0.2])] * 30], None),
        (
            [[np.array([0.2])] * 5 + [np.empty(0)] * 6, [np.empty(0)] * 5 + [np.array([0.2])] * 6],
            "a coverage of 0.9 needs 9 answers that are sure, with something in one bucket at least; "
            "there are 11 of all",
        ),
    ],
)
def test_why_nothing_is_promised_is_said(strange: list[list[FloatArray]], problem: str | None) -> None:
    certainty = of_parts.learned(with_parts(strange), 0.9)
    assert certainty.sets is not None
    assert certainty.sets.problem == problem
    assert (certainty.allowed() is None) == (problem is not None)


def test_a_span_is_as_strange_as_it_is_improbable() -> None:
    a, b, c, d = (Mark(at, at + 1, "x") for at in range(4))
    told = Told((a,), (0.3,), 0.5, 0, 0, 0, ((a, 0.3), (b, 0.25), (d, 0.02)))
    found = _judged_parts([told, told], [[a, b, c], [a]], np.ones(2), np.zeros(2))
    assert [own.tolist() for own in found.strange[0]] == [[0.0, 0.75, np.inf], [0.0]]
    assert found.right.tolist() == [0.0, 1.0]


def test_it_survives_the_disk() -> None:
    certainty = of_parts.learned(with_parts([[np.array([0.25, 0.5])] * 20, [np.empty(0)] * 20]), 0.8)
    for one in (certainty, PartCertainty(), PartCertainty(sets=PartSets(0.9, np.array([np.inf]), 3, 0.5))):
        words, arrays = of_parts.saved(one)
        again = of_parts.restored(json.loads(json.dumps(words)), load(save(dict(arrays))))
        assert again.as_json() == one.as_json()
        assert [again.allowed(), one.allowed()] == [one.allowed(), again.allowed()]
    assert of_parts.restored(None, {}) == PartCertainty()


@pytest.fixture(scope="module")
def models() -> dict[str, tuple[Model, list[TrainingRow]]]:
    """Of each way of learning a model, and what taught it."""
    taught = {
        "whole tasks": (SENTIMENT, sentiment_rows(60)),
        "spans": (test_spans.XML, test_spans.rows(60)),
        "rankings": (test_rankings.XML, test_rankings.rows(test_rankings.lists(60, 4, 0))),
    }
    return {
        name: (learn(xml, LabelSet().merged(rows, 1), _no_fetch, Settings()), rows)
        for name, (xml, rows) in taught.items()
    }


def _no_fetch(_: str) -> bytes:
    raise AssertionError("nothing is fetched")


def test_every_way_of_learning_tells_the_same(models: dict[str, tuple[Model, list[TrainingRow]]]) -> None:
    assert set(models) == set(LEARNERS)
    for name, (model, rows) in models.items():
        (only,) = model.controls
        assert only.learner == name
        (told,) = certainty_of(model).values()
        assert set(told) == {"calibration", "compared", "fusion", "sets", "choice"}
        assert told["fusion"]["answers"] == only.trained_labels
        assert (told["sets"]["coverage"], told["sets"]["problem"]) == (0.9, None)
        tasks = [Task(row.task + place % 2 * 10**6, row.data) for place, row in enumerate(rows)]
        for kind in SIGNALS:
            opinions, _ = only.think(tasks, Material([task.data for task in tasks], _no_fetch), kind)
            for opinion in opinions:
                assert set(opinion.signals) == set(SIGNALS)
                assert all(0 <= value <= 1 for value in opinion.signals.values())
                assert opinion.utility == opinion.signals["least_confidence" if _spans_by_default(name, kind) else kind]
                assert opinion.possible is not None
            assert len(only.known_utilities(kind)) == only.trained_labels


def _spans_by_default(name: str, kind: str) -> bool:
    return (name, kind) == ("spans", "margin")


@pytest.mark.parametrize("name", ["spans", "rankings"])
def test_models_of_earlier_versions_promise_nothing_and_still_answer(
    models: dict[str, tuple[Model, list[TrainingRow]]], name: str
) -> None:
    model, rows = models[name]
    words, arrays = LEARNERS[name].saved(model.controls[0])
    parts = load(save({at: np.ascontiguousarray(part) for at, part in arrays.items()}))
    again = LEARNERS[name].restore(json.loads(json.dumps(words)), parts)
    del words["certainty"], parts["thresholds"]
    earlier = LEARNERS[name].restore(json.loads(json.dumps(words)), parts)
    tasks = [Task(10**6 + row.task, row.data) for row in rows[:20]]

    def asked(one: Learned) -> Sequence[Opinion]:
        return one.think(tasks, Material([task.data for task in tasks], _no_fetch), "fused")[0]

    for own, before in zip(asked(again), asked(model.controls[0]), strict=True):
        assert (own.answer, own.confidence, own.possible) == (before.answer, before.confidence, before.possible)
        assert own.signals == pytest.approx(before.signals, abs=2e-6)  # what is written down has six places
    opinions = asked(earlier)
    assert all(own.answer is not None and own.possible is None for own in opinions)
    assert [own.signals["fused"] for own in opinions] == pytest.approx(
        [own.signals["least_confidence"] for own in opinions], abs=2e-4
    )
