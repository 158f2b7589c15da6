"""Signals of spam: each is found where it was planted, and honest crowds have none."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from label_config.answers import Box, Region, Regions, Text
from label_config.model import Control, Family
from sync.quality.annotators import SIGNALS, SpamSignal, profiles
from sync.quality.annotators.coincidences import tail
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.records import FloatArray

from .people import NOTHING, crowd_of, said, with_answers

RIGHT: FloatArray = np.full(8, 0.85)


def signals(evidence: ControlEvidence, kind: str | None = None) -> list[tuple[int, SpamSignal]]:
    choices = evidence.control.family == Family.CHOICES
    consensus = infer(evidence, "majority") if choices else NOTHING
    found = [(one.annotator, signal) for one in profiles(evidence, consensus) for signal in one.spam]
    assert {signal.kind for _, signal in found} <= SIGNALS.keys()
    return [pair for pair in found if kind in (None, pair[1].kind)]


@pytest.mark.parametrize("labels", [2, 5])
@pytest.mark.parametrize("per_task", [3, 8])
def test_honest_people_have_no_signals(labels: int, per_task: int) -> None:
    """Also where they are of unequal quality, and hurry now and then."""
    found = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        evidence, _, _ = crowd_of(rng, 200, rng.uniform(0.7, 0.95, 8), per_task, labels)
        seconds = rng.lognormal(1.5, 0.7, len(evidence.coded.task))
        found += bool(signals(dataclasses.replace(evidence, lead_time=seconds)))
    assert found <= 1


def test_who_always_gives_one_label_is_constant() -> None:
    evidence, _, _ = crowd_of(np.random.default_rng(1), 200, RIGHT, 3)
    answer = np.where(evidence.coded.annotator == 3, 1, evidence.coded.answer)
    ((who, found),) = signals(with_answers(evidence, answer), "constant")
    n = np.count_nonzero(evidence.coded.annotator == 3)
    assert (who, found.value, found.n) == (3, n, n)
    assert found.expected < 0.8
    assert found.p < 1e-6


def test_one_label_throughout_is_no_spam_where_the_others_say_the_same() -> None:
    """A project of 200 tasks, all but five of which are "a" to everybody."""
    rows = [(task, who, "b" if task < 5 and who < 2 else "a") for task in range(200) for who in range(3)]
    assert signals(said(rows, "ab")) == []


def test_who_answers_at_random_is_found_and_who_errs_often_is_not() -> None:
    right = np.r_[1 / 3, 0.65, RIGHT]
    evidence, _, _ = crowd_of(np.random.default_rng(2), 300, right, 4, labels=3)
    ((who, found),) = signals(evidence, "random")
    assert who == 0
    assert found.value < found.expected
    assert found.p < 0.001


def test_who_copies_is_found_with_whom() -> None:
    """Person 1 has half of their answers from person 0, errors included."""
    rng = np.random.default_rng(3)
    evidence, _, _ = crowd_of(rng, 300, np.full(6, 0.75), 6, labels=4)
    table = evidence.coded.answer.copy()
    of = {
        (task, who): row
        for row, (task, who) in enumerate(
            zip(evidence.coded.task.tolist(), evidence.coded.annotator.tolist(), strict=True)
        )
    }
    for task in range(300):
        if rng.random() < 0.6:
            table[of[task, 1]] = table[of[task, 0]]
    found = signals(with_answers(evidence, table), "copying")
    assert [(who, one.other) for who, one in found] == [(0, 1), (1, 0)]
    assert all(one.value > one.expected + 0.2 for _, one in found)


def test_who_knows_the_same_does_not_copy() -> None:
    """Two experts among novices agree almost always."""
    evidence, _, _ = crowd_of(np.random.default_rng(4), 300, np.array([0.97, 0.97, 0.7, 0.7, 0.7]), 5, labels=4)
    assert signals(evidence, "copying") == []


def drawn(copied: bool, tasks: int = 20) -> list[tuple[int, int, Regions]]:
    """Three people draw a box a task; the third draws the first one's to the pixel, or their own."""
    rng = np.random.default_rng(5)
    rows = []
    for task in range(tasks):
        corners = (10 + rng.normal(size=(3, 2))).tolist()
        boxes = [Regions((Region(Box(x, y, 20.0, 20.0), ("a",)),)) for x, y in corners]
        rows += [(task, who, boxes[0] if copied and who == 2 else boxes[who]) for who in range(3)]
    return rows


def test_the_same_boxes_to_the_pixel_are_copied_unless_a_model_drew_them() -> None:
    control = Control("tone", "RectangleLabels", ("t",), ("a",), family=Family.REGIONS)
    evidence = ControlEvidence(control, encode(control, drawn(copied=True)))
    assert [(who, one.other) for who, one in signals(evidence, "copying")] == [(0, 2), (2, 0)]
    assert signals(ControlEvidence(control, encode(control, drawn(copied=False)))) == []
    model = {task: answer for task, who, answer in drawn(copied=True) if who == 0}
    assert signals(dataclasses.replace(evidence, predictions={"v1": model})) == []


def test_one_text_for_every_task_is_constant() -> None:
    control = Control("tone", "TextArea", ("t",), family=Family.TEXT)
    rows = [
        (task, who, Text((f"a description of task {task} by {who}" if who else "ok",)))
        for task in range(30)
        for who in range(3)
    ]
    found = signals(ControlEvidence(control, encode(control, rows)), "constant")
    assert [(who, one.value) for who, one in found] == [(0, 30.0)]


def test_who_is_faster_than_reading_allows_is_found() -> None:
    rows = [(task, who, "ab"[task % 2]) for task in range(40) for who in range(4)]
    seconds = np.array([0.3 if who == 2 and task % 2 else 4.0 for task, who, _ in rows])
    ((who, found),) = signals(dataclasses.replace(said(rows, "ab"), lead_time=seconds))
    assert (who, found.kind, found.value, found.expected, found.n) == (2, "too_fast", 0.5, 0.05, 40)
    assert found.p == pytest.approx(4 * stats.binom.sf(19, 40, 0.05))


def test_a_project_in_which_everybody_is_fast_has_no_one_too_fast() -> None:
    rows = [(task, who, "ab"[task % 2]) for task in range(40) for who in range(4)]
    assert signals(dataclasses.replace(said(rows, "ab"), lead_time=np.full(160, 0.3))) == []


@given(st.integers(1, 30), st.data())
def test_the_tail_is_that_of_a_binomial(n: int, data: st.DataObject) -> None:
    hits, mean = data.draw(st.integers(0, n)), data.draw(st.floats(0.01, 0.99))
    (found,) = tail(np.array([float(hits)]), np.array([float(n)]), np.array([n * mean])).tolist()
    assert found == pytest.approx(stats.binom.sf(hits - 1, n, mean) if hits >= n * mean + 1 else 1.0, abs=1e-9)


@settings(max_examples=4)
@given(st.permutations(range(6)))
def test_names_of_annotators_mean_nothing(names: list[int]) -> None:
    evidence, _, _ = crowd_of(np.random.default_rng(6), 60, np.array([0.5, *[0.9] * 5]), 6)
    answer = np.where(evidence.coded.annotator == 2, 0, evidence.coded.answer)
    coded = dataclasses.replace(evidence.coded, answer=answer)
    renamed = dataclasses.replace(coded, annotator=np.array(names)[coded.annotator])
    one, other = (signals(dataclasses.replace(evidence, coded=each)) for each in (coded, renamed))
    assert [kind for _, kind in sorted((names[who], signal.kind) for who, signal in one)] == [
        signal.kind for _, signal in other
    ]
    assert sorted(names[who] for who, _ in one) == [who for who, _ in other]


def test_one_answer_alone_has_no_signals() -> None:
    assert signals(said([(1, 1, "a")])) == []
    assert signals(ControlEvidence(said([]).control, said([]).coded)) == []
