"""What is said of each annotator, against answers counted by hand and simulations with a known truth."""

import dataclasses
import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from label_config.answers import Box, Number, Region, Regions
from label_config.model import Control, Family
from sync.quality.annotators import AnnotatorProfile, Bias, profiles
from sync.quality.annotators.many_tests import holm
from sync.quality.annotators.means import means, median
from sync.quality.annotators.reading import seconds_to_read
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.records import Estimate, Trust

from ..thorough import up_to
from .answers import ABC, Row, table
from .generated import CASES
from .people import NOTHING, choice, crowd_of, numbered, profiled, said
from .within import every


def close(found: Estimate, value: float, n: int) -> None:
    assert found.value == pytest.approx(value)
    assert found.n == n


def bias_of(one: AnnotatorProfile, label: str, measure: str = "share") -> Bias:
    (found,) = (bias for bias in one.bias if (bias.measure, bias.label) == (measure, label))
    return found


def test_accuracy_on_gold_is_counted_and_has_jeffreys_interval() -> None:
    """Three of four right: quantiles of Beta(3.5, 1.5); person 1 answered none of them."""
    one, other = profiled(said([*table("aaab"), (9, 1, "a")], fixed=dict.fromkeys(range(4), "a")))
    close(one.gold, 0.75, 4)
    assert (one.gold.low, one.gold.high) == pytest.approx(stats.beta.ppf([0.025, 0.975], 3.5, 1.5))
    assert (other.gold.value, other.gold.n, other.gold.reason) == (None, 0, "answered no task whose truth is known")


def test_a_ground_truth_is_gold_and_a_ruling_overrides_it() -> None:
    rows = said([(1, 7, "a"), (2, 7, "a"), (3, 7, "a")], fixed={1: "a"})
    (one,) = profiled(dataclasses.replace(rows, truths={1: choice("b"), 2: choice("c"), 8: choice("a")}))
    close(one.gold, 0.5, 2)
    close(one.agreement, 0.5, 2)


def test_agreement_is_with_the_others_without_the_annotator() -> None:
    """Person 2 contradicts two who always agree; with each of these one of the others agrees on every task."""
    found = profiled(said(table("aabbcc aabbcc bbccaa")))
    assert [one.agreement.value for one in found] == [1.0, 1.0, 0.0]
    assert [one.annotations for one in found] == [6, 6, 6]


def test_of_two_neither_can_be_told_to_be_wrong() -> None:
    one, other = profiled(said(table("aabb aaba")))
    close(one.agreement, 0.75, 4)
    assert one.agreement == other.agreement
    assert one.reliability.value == pytest.approx(other.reliability.value, abs=0.02)


def test_who_meets_nobody_has_no_number_but_a_reason() -> None:
    (one,) = profiled(said(table("abcab")))
    for number in (one.agreement, one.reliability):
        assert (number.value, number.n) == (None, 0)
        assert number.reason is not None
        assert number.reason.startswith("nobody else answered")
    assert (one.bias, one.changes, one.spam, one.confusion) == ((), (), (), {})


def test_numbers_agree_by_their_distance_to_the_others() -> None:
    """Squared distances on a scale of 10: 1 - 0.04 to each of two for person 2, 1 - 0.02 on average for these."""
    found = profiled(numbered([(1, 0, 4.0), (1, 1, 4.0), (1, 2, 6.0)]))
    assert [one.agreement.value for one in found] == pytest.approx([0.98, 0.98, 0.96])


def test_little_data_is_drawn_towards_the_pool_and_its_interval_is_wide() -> None:
    """Person 3 answered one task, wrongly; persons 0 to 2 are right nine times in ten."""
    rows = [(task, who, "b" if task % 10 == who else "a") for task in range(60) for who in range(3)] + [(61, 3, "b")]
    few = profiled(said(rows, "ab", dict.fromkeys(range(62), "a")))
    assert few[3].gold.value == 0.0
    assert few[3].reliability.value is not None
    assert few[3].reliability.value > 0.6
    low, high = few[3].reliability.low, few[3].reliability.high
    assert low is not None
    assert high is not None
    assert high - low > 0.2
    assert few[0].reliability.value == pytest.approx(0.9, abs=0.03)


def test_a_known_annotator_is_believed_until_the_answers_say_otherwise() -> None:
    rows = said(table("aaaa abab"), fixed={0: "a", 1: "b"})
    plain, trusted = (profiled(one)[0] for one in (rows, dataclasses.replace(rows, trust={0: Trust(0.95, 100.0)})))
    assert trusted.reliability.value is not None
    assert plain.reliability.value is not None
    assert trusted.reliability.value > 0.85 > plain.reliability.value


def test_reliability_recovers_what_was_simulated() -> None:
    """Twenty annotators with 45 answers each, against two others a task: close, and rather too low than too high."""
    held, apart = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        right = rng.beta(8, 2, size=20)
        evidence, _, _ = crowd_of(rng, 300, right, 3, labels=4)
        for one, truth in zip(profiles(evidence, infer(evidence, "majority")), right, strict=True):
            assert one.reliability.value is not None
            assert one.reliability.low is not None
            assert one.reliability.high is not None
            held.append(one.reliability.low <= truth <= one.reliability.high)
            apart.append(one.reliability.value - truth)
    assert np.mean(held) >= 0.75
    assert abs(np.mean(apart)) < 0.04
    assert np.std(apart) < 0.085


def test_confusion_counts_what_was_given_to_which_probable_label() -> None:
    one, *_ = profiled(said(table("aabb aaaa aaaa"), "ab", fixed={0: "a", 1: "a", 2: "a", 3: "b"}))
    assert one.confusion == {"a": {"a": 2.0, "b": 1.0}, "b": {"b": 1.0}}


def test_bias_is_tested_as_by_mcnemar() -> None:
    """Ten times "a" was given to a "b", never the other way: (10 - 1)^2 / 10, twice because of two labels (Holm)."""
    truth = {task: "b" if task < 20 else "a" for task in range(30)}
    (one,) = profiled(said([(task, 1, "b" if task < 10 else "a") for task in range(30)], "ab", truth))
    found = bias_of(one, "a")
    assert (found.given, found.expected) == pytest.approx((20 / 30, 10 / 30))
    assert found.p == pytest.approx(2 * stats.chi2.sf(8.1, 1))
    close(found.difference, 1 / 3, 30)
    assert found.difference.low is not None
    width = stats.t.ppf(0.975, 29) * np.std([1] * 10 + [0] * 20, ddof=1) / math.sqrt(30)
    assert found.difference.low == pytest.approx(1 / 3 - width)
    assert bias_of(one, "b").difference.value == pytest.approx(-1 / 3)


def test_errors_both_ways_are_no_bias() -> None:
    truth = {task: "ab"[task % 2] for task in range(40)}
    rows = [(task, 1, truth[task] if task < 30 else "ab"[task % 2 - 1]) for task in range(40)]
    (one,) = profiled(said(rows, "ab", truth))
    assert bias_of(one, "a").difference.value == pytest.approx(0.0)
    assert bias_of(one, "a").p == 1.0


def test_numbers_are_biased_by_how_far_they_are_above_the_others() -> None:
    rows = [(task, who, 3.0 + task % 3 + (who == 2)) for task in range(20) for who in range(3)]
    found = profiled(numbered(rows))
    high = bias_of(found[2], "", "value")
    close(high.difference, 1.0, 20)
    assert high.p < 0.01
    assert bias_of(found[0], "", "value").difference.value == pytest.approx(-0.5)


def test_who_marks_more_regions_than_the_others_is_biased_to_more() -> None:
    control = Control("tone", "RectangleLabels", ("t",), ABC, family=Family.REGIONS)
    box = Region(Box(1.0, 1.0, 5.0, 5.0), ("a",))
    rows = [(task, who, Regions((box,) * (1 + (who == 2)))) for task in range(12) for who in range(3)]
    one, _, more = profiled(ControlEvidence(control, encode(control, rows)))
    assert bias_of(more, "a", "regions").difference.value == pytest.approx(1.0)
    assert bias_of(more, "", "regions").difference.value == pytest.approx(1.0)
    assert bias_of(one, "", "regions").difference.value == pytest.approx(-0.5)


def test_speed_is_told_against_the_others_on_the_same_tasks() -> None:
    """Person 1 takes half of what the others take; a tab left open and unknown times change nothing."""
    rows = [(task, who, "a") for task in range(12) for who in range(3)]
    seconds = np.array([(10.0 + task) * (0.5 if who == 1 else 1.0) for task, who, _ in rows])
    seconds[0], seconds[3], seconds[6] = 1e6, np.nan, 0.0
    evidence = dataclasses.replace(said(rows), lead_time=seconds)
    slow, fast, _ = profiled(evidence)
    assert fast.speed.ratio.value == pytest.approx(0.5)
    close(fast.speed.median, 7.75, 12)
    assert slow.speed.median.n == 10
    assert slow.speed.median.value == pytest.approx(17.5)
    assert slow.speed.quartiles is not None


def test_without_lead_times_there_is_no_speed() -> None:
    rows = said(table("ab ba"))
    for lead_time in (None, np.full(4, np.nan), np.zeros(4)):
        for one in profiled(dataclasses.replace(rows, lead_time=lead_time)):
            assert one.speed.median == Estimate(None, n=0, reason="no lead time is known")
            assert one.speed.too_fast.value is None


def test_who_answers_before_the_text_can_be_read_is_too_fast() -> None:
    """A hundred words take 6 seconds at the least, half a second is needed anyway."""
    evidence = dataclasses.replace(said(table("aaaa")), lead_time=np.array([5.0, 7.0, 0.4, 0.6]))
    words = {0: {"text": "word " * 100}, 1: {"text": "word " * 100}}
    (one,) = profiled(evidence, words)
    close(one.speed.too_fast, 0.5, 4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, 0),
        ({"text": "two words"}, 2),
        ({"html": "<p class='long one'>two words</p>"}, 2),
        ({"image": "https://host/a/b.png", "local": "/data/local-files/?d=a.wav", "s3": "s3://b/c.mp3"}, 0),
        ({"turns": [{"who": "she", "text": "three more words"}]}, 4),
        ({"zh": "世界你好世界"}, 4),
        ({"number": 7, "nothing": None}, 0),
    ],
)
def test_only_texts_are_read(data: dict[str, Any], words: float) -> None:
    assert seconds_to_read(data) == pytest.approx(words * 0.06)


def test_self_agreement_is_over_tasks_that_were_answered_again() -> None:
    """Task 0 the same twice; task 1 a, b and again b: one pair of three agrees."""
    repeats = ((0, 0, choice("a")), (1, 0, choice("a")), (1, 0, choice("b")))
    one, other = profiled(dataclasses.replace(said(table("abb aaa")), repeats=repeats))
    close(one.self_agreement, (1 + 1 / 3) / 2, 2)
    assert other.self_agreement == Estimate(None, n=0, reason="answered no task more than once")


def test_the_interval_of_a_mean_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    for draws in (rng.random((2000, 30)) < 0.8, rng.beta(8, 2, size=(2000, 10))):
        found = means(np.repeat(np.arange(2000), draws.shape[1]), draws.ravel().astype(float), 2000, "none")
        held = np.mean([one.low <= 0.8 <= one.high for one in found if one.low is not None and one.high is not None])
        assert 0.92 <= held <= 0.99


@pytest.mark.parametrize("n", [6, 7, 20, 101])
def test_the_interval_of_a_median_is_between_binomial_order_statistics(n: int) -> None:
    found, place = median(np.arange(1, n + 1).astype(np.float64), "none"), int(stats.binom.ppf(0.025, n, 0.5))
    assert (found.low, found.high) == (place, n + 1 - place)
    assert median(np.ones(5), "none").low is None


@given(st.lists(st.floats(0, 1), max_size=20))
def test_corrected_probabilities_are_no_smaller_and_keep_their_order(chances: list[float]) -> None:
    found = holm(np.array(chances))
    assert np.all((found >= chances) & (found <= 1))
    assert np.all(np.diff(found[np.argsort(chances, kind="stable")]) >= 0)


@st.composite
def of_any_family(draw: st.DrawFn, name: str) -> ControlEvidence:
    """Rows of any kind, in any order, with or without times, lead times, truths and earlier answers."""
    case = CASES[name]
    cells = st.tuples(st.integers(0, 5), st.integers(0, 3))
    keys = draw(st.lists(cells, max_size=16, unique=True))
    rows = [(task, who, draw(case.answers)) for task, who in keys]
    fixed = draw(st.dictionaries(st.integers(0, 7), case.answers, max_size=2))
    truths = draw(st.dictionaries(st.integers(0, 7), case.answers, max_size=2))
    repeats = [(*key, draw(case.answers)) for key in keys[:3]] if draw(st.booleans()) else []
    n = len(rows)
    time = st.lists(st.integers(0, 5), min_size=n, max_size=n)
    seconds = st.lists(st.sampled_from([math.nan, 0.0, 0.1, 3.0, 1e7, math.inf, -1.0]), min_size=n, max_size=n)
    return ControlEvidence(
        case.control,
        encode(case.control, rows, fixed),
        repeats=tuple(repeats),
        truths=truths,
        given_at=np.array(draw(time), dtype=np.int64) if draw(st.booleans()) else None,
        lead_time=np.array(draw(seconds), dtype=np.float64) if draw(st.booleans()) else None,
    )


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=4)
@given(st.data())
def test_every_family_has_profiles_whose_numbers_are_numbers(name: str, data: st.DataObject) -> None:
    evidence = data.draw(of_any_family(name))
    found = profiles(evidence, NOTHING)
    assert tuple(one.annotator for one in found) == evidence.coded.annotators
    assert sum(one.annotations for one in found) == len(evidence.coded.task)
    assert all(math.isfinite(number) for number in every(float, found))
    for one in every(Estimate, found):
        assert (one.value is None) <= (one.reason is not None)
        assert one.value is None or one.low is None or one.high is None or one.low <= one.value <= one.high
    for person in found:
        for share in (person.reliability, person.gold, person.agreement, person.self_agreement):
            assert share.value is None or (-1e-9 <= share.value <= 1 + 1e-9 and share.low is not None)


@settings(max_examples=up_to(12))
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.sampled_from(ABC)), unique_by=lambda row: row[:2]),
    st.randoms(use_true_random=False),
)
def test_order_of_rows_and_names_of_annotators_mean_nothing(rows: list[Row], chance: random.Random) -> None:
    names = [10, 11, 12, 13]
    chance.shuffle(names)
    renamed = [(task, names[who], label) for task, who, label in rows]
    chance.shuffle(renamed)
    other = {one.annotator: one for one in profiled(said(renamed))}
    for one in profiled(said(rows)):
        same = other[names[one.annotator]]
        assert same.annotations == one.annotations
        for mine, theirs in zip(every(Estimate, one), every(Estimate, same), strict=True):
            assert mine.n == theirs.n
            assert (mine.value is None) == (theirs.value is None)
            assert mine.value is None or mine.value == pytest.approx(theirs.value, abs=1e-6)


def test_one_label_in_the_interface_is_nothing_to_be_wrong_about() -> None:
    for one in profiled(said(table("aaa aaa"), "a")):
        assert one.agreement.value == 1.0
        assert one.spam == ()


def test_numbers_without_a_scale_that_are_all_the_same_agree() -> None:
    control = Control("tone", "Number", ("t",), family=Family.NUMBER)
    rows = [(task, who, Number(3.0)) for task in range(4) for who in range(2)]
    for one in profiled(ControlEvidence(control, encode(control, rows))):
        close(one.agreement, 1.0, 4)
