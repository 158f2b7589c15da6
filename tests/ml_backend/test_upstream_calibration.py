"""How far foreign scores can be trusted: simulations with a known truth."""

import dataclasses
import json
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Box, Choices, Number, Region, Regions, Span
from label_config.parse import parse
from ml_backend.records import FloatArray, TrainingRow
from ml_backend.upstream.answers import Said
from ml_backend.upstream.calibrating import ALL, HOLDOUT, LEAST, calibrated, hits, restored

from .scenes import SENTIMENT

CONTROL = parse(SENTIMENT).controls[0]
NER = parse(
    '<View><Text name="t" value="$t"/><Labels name="n" toName="t"><Label value="A"/><Label value="B"/></Labels></View>'
).controls[0]


def row(task: int, answer: object, *, holdout: bool, weight: float = 1.0) -> TrainingRow:
    return TrainingRow(task, "sentiment", {}, answer, weight, "consensus", holdout, task)  # type: ignore[arg-type]


def said(label: str, score: float | None) -> Said:
    return Said(Choices((label,)), ({},), (None,), score)


def world(
    scores: FloatArray, chances: FloatArray, *, seed: int = 0, held: int = 0
) -> tuple[list[TrainingRow], list[Said | None]]:
    """Answers that are right with the chance given, whatever the class's score says."""
    rng = np.random.default_rng(seed)
    rows, told = [], []
    for task, (score, chance) in enumerate(zip(scores, chances, strict=True)):
        truth = "good" if rng.random() < chance else "bad"
        rows.append(row(task, Choices((truth,)), holdout=task < held))
        told.append(said("good", float(score)))
    return rows, list(told)


def test_a_class_that_is_too_sure_is_believed_less() -> None:
    """Its log odds are three times too large, which a line mends: the truth is known to the simulation."""
    truth = np.random.default_rng(1).uniform(0.5, 0.95, 2000)
    scores = 1 / (1 + ((1 - truth) / truth) ** 3)
    found = calibrated(CONTROL, *world(scores, truth))
    assert found is not None
    assert np.abs(found.mapped(scores) - truth).mean() < 0.02
    assert np.abs(scores - truth).mean() > 0.1
    assert found.quality.ece < 0.04


def test_steps_are_taken_where_a_line_is_clearly_worse() -> None:
    scores = np.random.default_rng(2).uniform(0.01, 0.99, 4000)
    truth = np.where(scores < 0.3, 0.1, np.where(scores < 0.9, 0.5, 0.95))
    found = calibrated(CONTROL, *world(scores, truth))
    assert found is not None
    assert found.mapped.kind == "isotonic"
    assert found.compared["isotonic"] < found.compared["logistic"]
    assert np.abs(found.mapped(scores) - truth).mean() < 0.04
    assert restored(json.loads(json.dumps(found.as_json()))) == found


def test_a_class_that_says_one_number_is_believed_as_often_as_it_is_right() -> None:
    found = calibrated(CONTROL, *world(np.full(200, 0.99), np.full(200, 0.6)))
    assert found is not None
    assert found.mapped(np.array([0.99]))[0] == pytest.approx(0.6, abs=0.12)


@pytest.mark.parametrize("weight", [0.2566, 0.5, 0.8])
def test_what_lone_annotators_say_makes_no_class_surer_than_it_is_right(weight: float) -> None:
    rows, told = world(np.random.default_rng(3).uniform(0.5, 0.9, 400), np.full(400, 0.6))
    found = calibrated(CONTROL, [dataclasses.replace(row, weight=weight) for row in rows], told)
    assert found is not None
    assert found.mapped(np.array([0.6, 0.8])) == pytest.approx([0.6, 0.6], abs=0.08)


def test_how_sure_numbers_are_is_no_probability_of_being_right() -> None:
    """Six in ten are the same number, whatever the consensus weighs: few annotators or more."""
    number = parse('<View><Text name="t" value="$t"/><Number name="sentiment" toName="t"/></View>').controls[0]
    rng = np.random.default_rng(4)
    hits = rng.random(400) < 0.6
    rows = [row(at, Number(float(hit)), holdout=False, weight=0.26 if at % 2 else 0.5) for at, hit in enumerate(hits)]
    told = [Said(Number(1.0), ({},), (None,), 0.7)] * 400
    found = calibrated(number, rows, told)
    assert found is not None
    assert found.mapped(np.array([0.7]))[0] == pytest.approx(0.6, abs=0.08)


def test_the_random_share_alone_counts_where_it_is_large_enough() -> None:
    """On its training tasks the class is always right; the random share tells that it is right in half of all cases."""
    scores = np.full(300, 0.9)
    truth = np.where(np.arange(300) < 60, 0.5, 1.0)
    for held, source, expected in ((60, HOLDOUT, 0.5), (LEAST - 1, ALL, 0.9)):
        found = calibrated(CONTROL, *world(scores, truth, held=held))
        assert found is not None
        assert found.quality.source == source
        assert found.quality.n == (60 if held == 60 else 300)
        assert found.mapped(scores)[0] == pytest.approx(expected, abs=0.12)


def test_too_few_scores_say_nothing() -> None:
    scores = np.full(LEAST, 0.9)
    rows, told = world(scores, scores)
    assert calibrated(CONTROL, rows, told) is not None
    assert calibrated(CONTROL, rows, [None, *told[1:]]) is None
    assert calibrated(CONTROL, rows, [said("good", None), *told[1:]]) is None
    assert calibrated(CONTROL, [], []) is None


def test_regions_are_judged_one_by_one() -> None:
    right, wrong = Region(Span(0, 5), ("A",)), Region(Span(7, 9), ("B",))
    rows = [row(task, Regions((right,)), holdout=True) for task in range(40)]
    told = [Said(Regions((right, wrong)), ({}, {}), (0.8, 0.8 if task % 2 else 0.2), None) for task in range(40)]
    found = calibrated(NER, rows, told)
    assert found is not None
    assert (found.quality.n, found.quality.accuracy) == (80, 0.5)
    high, low = found.mapped(np.array([0.8, 0.2]))
    assert (high, low) == (pytest.approx(40 / 60, abs=0.08), pytest.approx(0, abs=0.2))


spans = st.lists(
    st.builds(
        lambda start, length, label: Region(Span(start, start + length), (label,)),
        st.integers(0, 6),
        st.integers(1, 4),
        st.sampled_from("AB"),
    ),
    max_size=4,
)


def alike(one: Region, other: Region) -> bool:
    """By hand: equal labels, and characters in both over characters in either."""
    a, b = (set(range(int(r.shape.start), int(r.shape.end))) for r in (one, other))  # type: ignore[union-attr]
    return one.labels == other.labels and len(a & b) / len(a | b) >= 0.5


@given(spans, spans)
def test_as_many_regions_hit_as_can_be_one_to_one(one: list[Region], other: list[Region]) -> None:
    found = hits(NER, Regions(tuple(one)), Regions(tuple(other)))
    rounds = permutations([*other, *[None] * len(one)], len(one))
    best = max(sum(b is not None and alike(a, b) for a, b in zip(one, some, strict=True)) for some in rounds)
    assert sum(found) == best
    assert all(any(alike(a, b) for b in other) for a, hit in zip(one, found, strict=True) if hit)


def test_a_box_that_is_elsewhere_is_wrong() -> None:
    config = parse(
        '<View><Image name="i" value="$i"/>'
        '<RectangleLabels name="b" toName="i"><Label value="c"/></RectangleLabels></View>'
    )
    here, near, far = (Region(Box(x, 0, 10, 10), ("c",)) for x in (0, 3, 6))
    truth = Regions((here,))
    assert hits(config.controls[0], Regions((near, far)), truth) == [True, False]  # 7/13 and 4/16 are shared
