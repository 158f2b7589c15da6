"""Where a series changes: exact probabilities against all orders, false alarms and power by simulation."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.quality.annotators import ChangePoint, profiles
from sync.quality.annotators.change_points import (
    MARGIN,
    best_split,
    by_siegmund,
    exact,
    further_splits,
)
from sync.quality.evidence import ControlEvidence
from sync.quality.records import FloatArray, IntArray

from ..thorough import up_to
from .people import NOTHING, crowd_of, numbered, with_answers

DAY = 86_400_000_000


def likelihood_ratio(ones: tuple[int, ...], k: int) -> float:
    """Twice the log of the likelihood with a share before and one after place k, over that with one share."""

    def log(part: tuple[int, ...]) -> float:
        share = sum(part) / len(part)
        return sum(math.log(share if one else 1 - share) for one in part) if 0 < share < 1 else 0.0

    return 2 * (log(ones[:k]) + log(ones[k:]) - log(ones))


@pytest.mark.parametrize(
    ("n", "total", "places"), [(8, 4, range(1, 8)), (9, 2, range(2, 8)), (7, 6, (1, 5)), (6, 3, (4,))]
)
def test_the_exact_probability_is_the_share_of_all_orders(n: int, total: int, places: range | tuple[int, ...]) -> None:
    orders = [order for order in itertools.product((0, 1), repeat=n) if sum(order) == total]
    largest = [max(likelihood_ratio(order, k) for k in places) for order in orders]
    allowed = np.zeros(n + 1, dtype=np.bool_)
    allowed[list(places)] = True
    for peak in {round(one, 6) for one in largest}:
        share = np.mean([one >= peak - 1e-5 for one in largest])
        assert exact(peak - 1e-5, n, total, allowed) == pytest.approx(share)


@pytest.mark.parametrize(("peak", "total"), [(9.0, 1000), (16.0, 1000), (25.0, 1000), (16.0, 1800)])
def test_siegmunds_approximation_is_near_the_exact_probability(peak: float, total: int) -> None:
    """2,000 values, of which the rarer come 20 times or more on either side."""
    allowed = np.zeros(2001, dtype=np.bool_)
    allowed[200:1801] = True
    approximate = by_siegmund(math.sqrt(peak), 2000, np.flatnonzero(allowed))
    assert approximate == pytest.approx(exact(peak, 2000, total, allowed), rel=0.15)


def test_a_planted_change_is_found_where_it_is() -> None:
    found = best_split(np.array([1.0] * 40 + [0.0] * 20), np.arange(60))
    assert found is not None
    assert found.at == 40
    assert found.p < 1e-9
    many = best_split(np.r_[np.sin(np.arange(40.0) * 9), 3 + np.sin(np.arange(40.0) * 9)], np.arange(80))
    assert many is not None
    assert (many.at, many.p < 1e-6) == (40, True)


def test_no_change_within_one_time_or_near_the_ends() -> None:
    series = np.array([1.0] * 40 + [0.0] * 20)
    assert best_split(series, np.zeros(60, dtype=np.int64)) is None
    shared = best_split(series, np.repeat(np.arange(2), 30))
    assert shared is not None
    assert shared.at == 30
    assert best_split(series[: 2 * MARGIN - 1], np.arange(2 * MARGIN - 1)) is None
    assert best_split(np.ones(100), np.arange(100)) is None


@pytest.mark.parametrize("kind", ["often right", "seldom wrong", "even", "normal", "heavy", "few steps"])
def test_false_alarms_come_no_more_often_than_they_say(kind: str) -> None:
    rng = np.random.default_rng(5)
    draws: dict[str, Callable[[], FloatArray]] = {
        "often right": lambda: (rng.random(120) < 0.9).astype(float),
        "seldom wrong": lambda: (rng.random(120) < 0.97).astype(float),
        "even": lambda: (rng.random(40) < 0.5).astype(float),
        "normal": lambda: rng.normal(size=80),
        "heavy": lambda: rng.standard_cauchy(size=80),
        "few steps": lambda: rng.integers(1, 6, size=80).astype(float),
    }
    draw = draws[kind]
    chances = [
        found.p for found in (best_split(one, np.arange(len(one))) for one in (draw() for _ in range(250))) if found
    ]
    assert np.mean(np.array(chances) <= 0.05) <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 250)
    assert np.mean(np.array(chances) <= 0.5) > 0.2


def test_values_that_hang_on_the_one_before_are_no_change() -> None:
    rng, alarms = np.random.default_rng(6), 0
    for _ in range(120):
        noise = rng.normal(size=200)
        for place in range(1, 200):
            noise[place] += 0.5 * noise[place - 1]
        found = best_split(noise, np.arange(200))
        alarms += found is not None and found.p <= 0.05
    assert alarms <= 0.09 * 120


def test_a_drop_from_nine_to_six_of_ten_is_found_nine_times_of_ten() -> None:
    rng, found = np.random.default_rng(7), []
    for _ in range(80):
        series = np.r_[rng.random(100) < 0.9, rng.random(100) < 0.6].astype(np.float64)
        split = best_split(series, np.arange(200))
        assert split is not None
        found.append(split.p <= 0.005)  # of ten people, one series each
    assert np.mean(found) >= 0.9


def test_several_changes_are_found_one_within_the_other() -> None:
    series = np.r_[np.ones(50), np.zeros(50), np.ones(50)]
    first = best_split(series, np.arange(150))
    assert first is not None
    assert [one.at for one in further_splits(series, np.arange(150), first, 0.05)] == [50, 100]


@settings(max_examples=up_to(40))
@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=20, max_size=60))
def test_a_series_and_its_mirror_images_are_as_probable(values: list[float]) -> None:
    series, time = np.array(values), np.arange(len(values))
    one, turned, back = (best_split(one, time, 1.0) for one in (series, 1 - series, series[::-1]))
    assert (one is None) == (turned is None) == (back is None)
    if one is not None and turned is not None and back is not None:
        assert one.p == pytest.approx(turned.p)
        assert one.p == pytest.approx(back.p)
        assert 0 <= one.p <= 1


def drifted(seed: int, drop: bool = True, people: int = 6, tasks: int = 240) -> tuple[ControlEvidence, IntArray]:
    """Six people, five a task; person 0 is right in .9, and from the middle on in .6 of their 200 answers."""
    rng = np.random.default_rng(seed)
    right: FloatArray = np.full(people, 0.9)
    evidence, truth, luck = crowd_of(rng, tasks, right, 5, labels=3)
    assert evidence.given_at is not None
    coded = evidence.coded
    worse = (coded.annotator == 0) & (evidence.given_at > tasks // 2) & (luck > 0.6) & (luck < 0.9)
    answer = np.where(worse & drop, (truth[coded.task] + 1) % 3, coded.answer)
    return with_answers(evidence, answer), truth


def changes(evidence: ControlEvidence) -> list[tuple[int, ChangePoint]]:
    return [(one.annotator, change) for one in profiles(evidence, NOTHING) for change in one.changes]


def test_who_gets_worse_is_told_from_who_does_not() -> None:
    found = [changes(drifted(seed)[0]) for seed in range(8)]
    hits = [[change for who, change in one if who == 0 and change.series == "agreement"] for one in found]
    assert sum(bool(one) for one in hits) >= 7
    first = [one[0] for one in hits if one]
    assert all(change.before > change.after + 0.1 for change in first)
    assert np.median([abs(change.at - 120) for change in first]) <= 10
    assert sum(any(who != 0 for who, _ in one) for one in found) <= 1


def test_stable_people_raise_no_alarm() -> None:
    alarms = sum(bool(changes(drifted(seed, drop=False)[0])) for seed in range(100, 112))
    assert alarms <= 2


def test_a_label_that_is_given_more_often_than_before_is_named() -> None:
    evidence, truth = drifted(3)
    named = [change for who, change in changes(evidence) if who == 0 and change.series == "answers"]
    if named:
        assert all(change.measure in ("given", "left") for change in named)
    coded, time = evidence.coded, evidence.given_at
    assert time is not None
    always = np.where((coded.annotator == 0) & (time > 120) & (truth[coded.task] == 1), 2, coded.answer)
    found = [change for who, change in changes(with_answers(evidence, always)) if who == 0]
    answers = [change for change in found if change.series == "answers"]
    assert {(change.measure, change.label) for change in answers} <= {("given", "2"), ("left", "1")}
    assert answers


def test_who_gets_slower_changes_in_lead_time_alone() -> None:
    evidence, _ = drifted(4, drop=False)
    rng, coded, time = np.random.default_rng(0), evidence.coded, evidence.given_at
    assert time is not None
    seconds = rng.lognormal(2, 0.3, len(coded.task)) * np.where((coded.annotator == 2) & (time > 120), 2.0, 1.0)
    ((who, change),) = changes(ControlEvidence(evidence.control, coded, given_at=time, lead_time=seconds))
    assert (who, change.series) == (2, "lead_time")
    assert change.after / change.before == pytest.approx(2.0, rel=0.2)
    assert change.n_before + change.n_after == np.count_nonzero(coded.annotator == 2)
    assert abs(change.at - 120) < 20


def test_numbers_that_rise_above_the_others_change_in_value() -> None:
    rng = np.random.default_rng(2)
    rows = [
        (task, who, float(rng.integers(3, 6) + 2 * (who == 1 and task >= 60)))
        for task in range(120)
        for who in range(4)
    ]
    evidence = numbered(rows)
    time = (evidence.coded.task + 1) * DAY
    found = changes(ControlEvidence(evidence.control, evidence.coded, given_at=time))
    values = [change for who, change in found if who == 1 and change.measure == "value"]
    assert [abs(change.at // DAY - 61) <= 3 for change in values] == [True]
    assert values[0].after - values[0].before == pytest.approx(2.0, abs=0.5)


def test_without_times_nothing_changes() -> None:
    evidence, _ = drifted(1)
    for time in (None, np.zeros(len(evidence.coded.task), dtype=np.int64), np.full(len(evidence.coded.task), DAY)):
        assert changes(ControlEvidence(evidence.control, evidence.coded, given_at=time)) == []
