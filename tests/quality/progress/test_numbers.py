"""Pace, lead times, waiting, what is confused, and cost, beside the plain loops that they stand for."""

import itertools
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices, Number, Regions, Text
from label_config.model import Control, Family
from sync.quality import progress
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.progress import DAY, NEVER, Work
from sync.quality.progress.work import HOUR
from sync.quality.records import FloatArray

LABELS = ("a", "b", "c", "d")
CHOICE = Control("mood", "Choices", ("text",), LABELS)
SEVERAL = Control("tags", "Choices", ("text",), LABELS, multiple=True)

wanted = st.lists(st.integers(1, 4), min_size=1, max_size=6)
answered = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 4), st.integers(0, 9 * DAY)),
    max_size=20,
    unique_by=lambda one: one[:2],
)


def work_of(wants: Sequence[int], given_answers: Sequence[tuple[int, int, int]]) -> Work:
    rows = [one for one in given_answers if one[0] < len(wants)]
    task, annotator, at = (np.array([one[place] for one in rows], dtype=np.int64) for place in range(3))
    return Work(np.arange(len(wants)) * DAY, np.array(wants, dtype=np.int64), task, annotator, at, np.ones(len(rows)))


@given(wanted, answered)
def test_a_task_is_complete_with_the_last_answer_that_it_wants(
    wants: list[int], given_answers: list[tuple[int, int, int]]
) -> None:
    work = work_of(wants, given_answers)
    found = progress.completion(work)
    for task, want in enumerate(wants):
        times = sorted(at for place, _, at in given_answers if place == task)
        assert found.at[task] == (times[want - 1] if len(times) >= want else NEVER)
        assert found.missing[task] == max(0, want - len(times))
        assert found.counts[work.task == task].sum() == min(want, len(times))


@given(wanted, answered)
def test_the_days_add_up(wants: list[int], given_answers: list[tuple[int, int, int]]) -> None:
    work = work_of(wants, given_answers)
    done = progress.completion(work)
    last = 11
    found = progress.days(work, done, last)
    rows = [one for one in given_answers if one[0] < len(wants)]
    assert found.first == min([at // DAY for _, _, at in rows], default=last)
    for place in range(last - found.first + 1):
        day = found.first + place
        today = [one for one in rows if one[2] // DAY == day]
        assert found.answers[place] == len(today)
        for person, counts in found.people.items():
            assert counts[place] == sum(annotator == person for _, annotator, _ in today)
        there = [task for task in range(len(wants)) if task <= day]
        if place:
            assert found.created[place] == (day in range(len(wants)))
        complete = sum(0 <= at // DAY <= day for at in done.at.tolist())
        assert found.tasks_left[place] == len(there) - complete
    assert found.answers_left[-1] == done.missing.sum()
    assert found.tasks_left[-1] == (done.missing > 0).sum()
    assert found.counting.sum() == done.counts.sum()


@given(st.lists(st.integers(0, 500), min_size=5, max_size=60))
def test_lead_times_are_quantiles(hours: list[int]) -> None:
    ended = np.array([*(hour * HOUR for hour in hours), NEVER], dtype=np.int64)
    found = progress.lead_times(np.zeros(len(ended), dtype=np.int64), ended)
    assert found.median.value == statistics.median(hours)
    assert found.tenth == pytest.approx(statistics.quantiles(hours, n=10, method="inclusive")[0])
    assert found.ninetieth == pytest.approx(statistics.quantiles(hours, n=10, method="inclusive")[-1])
    assert (found.median.n, found.waiting) == (len(hours), 1)


def test_the_interval_of_a_median_holds_the_true_one() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(400):
        hours = np.exp(rng.normal(1, 1.5, 30))
        found = progress.lead_times(np.zeros(30, dtype=np.int64), (hours * HOUR).astype(np.int64)).median
        assert found.low is not None and found.high is not None
        inside += found.low <= np.exp(1) <= found.high
    assert 0.93 <= inside / 400 <= 0.995  # 0.957 by the binomial distribution


def test_few_lead_times_say_so() -> None:
    none = progress.lead_times(np.zeros(4, dtype=np.int64), np.full(4, HOUR)).median
    assert (none.value, none.n, none.reason) == (None, 4, "fewer than 5 are over")
    five = progress.lead_times(np.zeros(5, dtype=np.int64), np.full(5, HOUR)).median
    assert (five.value, five.low, five.reason) == (1.0, None, "no interval: too few are over")


def test_what_began_after_its_end_took_no_time() -> None:
    assert progress.lead_times(np.full(5, HOUR), np.zeros(5, dtype=np.int64)).median.value == 0.0


answers = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 4), st.sets(st.sampled_from(LABELS), min_size=0, max_size=3)),
    max_size=20,
    unique_by=lambda one: one[:2],
)


def by_loops(rows: Sequence[tuple[int, int, frozenset[str]]]) -> dict[frozenset[str], tuple[set[int], set[int]]]:
    """Pair of labels -> the tasks on which they are confused, and those on which either was given."""
    said = defaultdict(list)
    for task, _, labels in rows:
        said[task].append(labels)
    found = {}
    for pair in itertools.combinations(LABELS, 2):
        both = {
            task
            for task, sets in said.items()
            if any(pair[0] in one - other and pair[1] in other - one for one, other in itertools.permutations(sets, 2))
        }
        either = {task for task, sets in said.items() if len(sets) > 1 and any(one & set(pair) for one in sets)}
        if both:
            found[frozenset(pair)] = (both, either)
    return found


@given(answers)
def test_confused_labels_are_those_of_a_loop_over_all_pairs(rows: list[tuple[int, int, set[str]]]) -> None:
    coded = encode(SEVERAL, [(task, who, Choices(tuple(sorted(labels)))) for task, who, labels in rows])
    expected = by_loops([(task, who, frozenset(labels)) for task, who, labels in rows])
    found = progress.confused(coded)
    assert found is not None
    assert {frozenset(one.labels): (set(one.examples), one.of) for one in found} == {
        pair: (both, len(either)) for pair, (both, either) in expected.items()
    }
    assert [one.tasks for one in found] == sorted((len(both) for both, _ in expected.values()), reverse=True)
    assert all(one.labels == tuple(sorted(one.labels, key=LABELS.index)) for one in found)


def test_only_so_many_tasks_and_pairs_are_named() -> None:
    rows = [(task, who, Choices((label,))) for task in range(7) for who, label in ((1, "a"), (2, "b"))]
    found = progress.confused(encode(CHOICE, [*rows, (9, 1, Choices(("c",))), (9, 2, Choices(("d",)))]), 1, 3)
    assert found is not None and [(one.labels, one.tasks, one.examples) for one in found] == [
        (("a", "b"), 7, (0, 1, 2))
    ]


def test_stars_are_confused_and_texts_are_not() -> None:
    rating = Control("stars", "Rating", ("text",), family=Family.RATING, high=5)
    rows = [(1, 1, Number(1.0)), (1, 2, Number(5.0)), (1, 3, Number(5.0))]
    found = progress.confused(encode(rating, rows))
    assert found is not None and [(one.labels, one.tasks) for one in found] == [(("1", "5"), 1)]
    text = Control("say", "TextArea", ("text",), family=Family.TEXT)
    assert progress.confused(encode(text, [(1, 1, Text(("x",))), (1, 2, Text(("y",)))])) is None


@given(st.lists(st.lists(st.sampled_from(LABELS), min_size=1, max_size=4), max_size=12))
def test_the_distribution_is_that_of_pairs_that_agree(tasks: list[list[str]]) -> None:
    rows = [(task, who, Choices((label,))) for task, said in enumerate(tasks) for who, label in enumerate(said, 1)]
    found = progress.distribution(ControlEvidence(CHOICE, encode(CHOICE, rows)), Method(), np.random.default_rng(0))
    shares = [
        sum(one == other for one, other in itertools.combinations(said, 2)) / len(list(itertools.combinations(said, 2)))
        for said in tasks
        if len(said) > 1
    ]
    expected = Counter(min(9, int(share * 10 + 1e-9)) for share in shares)
    assert found.counts == tuple(expected[place] for place in range(10))
    assert (found.tasks, found.of) == (len(shares), len(shares))
    assert found.single == sum(len(said) == 1 for said in tasks)
    assert found.all_agree == shares.count(1.0)
    assert found.mean == (pytest.approx(statistics.fmean(shares)) if shares else None)


def test_of_many_tasks_with_texts_some_are_compared() -> None:
    text = Control("say", "TextArea", ("text",), family=Family.TEXT)
    rows = [(task, who, Text((f"{task} words of {task * who % 7}",))) for task in range(3500) for who in (1, 2)]
    found = progress.distribution(ControlEvidence(text, encode(text, rows)), Method(), np.random.default_rng(0))
    assert (found.tasks, found.of, sum(found.counts)) == (3000, 3500, 3000)
    assert (
        progress.distribution(
            ControlEvidence(CHOICE, encode(CHOICE, [(1, 1, Choices(("a",)))])), Method(), np.random.default_rng(0)
        ).mean
        is None
    )


def seconds(rng: np.random.Generator, number: int, left_open: float) -> tuple[FloatArray, float]:
    """Lead times as Label Studio tells them, some of tabs left open and some unknown; and the true sum."""
    true = np.exp(rng.normal(3, 0.8, number))
    told = np.where(rng.random(number) < left_open, true + rng.uniform(3_600, 80_000, number), true)
    return np.where(rng.random(number) < 0.1, np.nan, told), float(true.sum())


def test_the_cost_is_near_the_true_one_though_tabs_are_left_open() -> None:
    rng = np.random.default_rng(5)
    told, true = seconds(rng, 20_000, 0.01)
    found = progress.cost(told, np.zeros(0), 5_000)
    assert found.minutes == pytest.approx(true / 60, rel=0.1)
    assert np.nansum(told) / 60 > 5 * true / 60  # which is what plain addition would make of it
    exact, true = seconds(rng, 20_000, 0.0)
    assert progress.cost(exact, np.zeros(0), 1).minutes == pytest.approx(true / 60, rel=0.03)


def test_cost_by_hand() -> None:
    found = progress.cost(np.array([60.0] * 9), np.array([120.0, np.nan]), 4, an_hour=12.0)
    assert (found.minutes, found.review_minutes, found.per_label) == (13.0, 4.0, 3.25)
    assert found.money == pytest.approx(0.65)
    assert (found.answers, found.reviews, found.unknown, found.capped) == (9, 2, 1, 0)
    assert progress.cost(np.array([60.0]), np.array([np.nan]), 1).review_minutes == 1.0
    assert progress.cost(np.array([60.0]), np.zeros(0), 1).money is None


def test_a_cost_that_cannot_be_said_has_its_reason() -> None:
    unknown = progress.cost(np.array([np.nan]), np.zeros(0), 3, an_hour=9)
    assert (unknown.minutes, unknown.per_label, unknown.money) == (None, None, None)
    assert unknown.reason == "Label Studio says of no answer how long it took"
    early = progress.cost(np.array([60.0]), np.zeros(0), 0, an_hour=9)
    assert (early.minutes, early.per_label, early.reason) == (1.0, None, "no label is accepted yet")


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 40)), max_size=30))
def test_what_waits_is_counted_by_band(rows: list[tuple[int, int]]) -> None:
    band, since = (np.array([one[place] for one in rows], dtype=np.int64) for place in range(2))
    found = progress.waiting(band, since * DAY, {1: 2.0, 2: 7.0}, 40 * DAY)
    for one, limit in zip(found, (2.0, 7.0, None), strict=True):
        days = [day for of, day in rows if of == one.band]
        assert (one.number, one.limit) == (len(days), limit)
        assert one.oldest == (min(days) * DAY if days else None)
        assert one.late == (None if limit is None else sum(40 - day > limit for day in days))


def test_regions_are_no_labels() -> None:
    boxes = Control("box", "RectangleLabels", ("image",), ("car",), family=Family.REGIONS)
    assert progress.confused(encode(boxes, [(1, 1, Regions(())), (1, 2, Regions(()))])) is None
