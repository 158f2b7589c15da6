"""What people are thanked for, against counts by hand, brute force, and simulations with a known truth."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from label_config.answers import Choices
from sync.quality.annotators import (
    Recognition,
    Streak,
    leaderboard,
    most_improved,
    profiles,
    recognitions,
    speed_against_accuracy,
)
from sync.quality.annotators.improvement import Improvement, improvements
from sync.quality.annotators.reference import reference
from sync.quality.annotators.reliability import pooled
from sync.quality.annotators.speed import too_fast
from sync.quality.annotators.streaks import confirmations, streaks
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.records import BoolArray, CodedAnswers

from .answers import Row, table
from .people import NOTHING, TONE, crowd_of, numbered, said


def at(evidence: ControlEvidence, times: list[int]) -> ControlEvidence:
    """The same answers, given at these times."""
    return replace(evidence, given_at=np.array(times, dtype=np.int64))


def recognised(evidence: ControlEvidence, reviewed: frozenset[int] = frozenset()) -> tuple[Recognition, ...]:
    return recognitions(evidence, infer(evidence, "majority"), reviewed)


def known(right: BoolArray) -> ControlEvidence:
    """Everybody answers tasks of their own whose truth is known: (people, answers), in this order."""
    people, n = right.shape
    coded = CodedAnswers(
        task=np.arange(people * n),
        annotator=np.repeat(np.arange(people), n),
        answer=right.ravel().astype(np.int64),
        tasks=tuple(range(people * n)),
        annotators=tuple(range(people)),
        answers=(Choices(("a",)), Choices(("b",))),
        labels=("a", "b"),
        fixed=dict.fromkeys(range(people * n), 1),
    )
    return ControlEvidence(replace(TONE, labels=("a", "b")), coded, given_at=1 + np.arange(people * n))


def changes(right: BoolArray) -> list[Improvement]:
    evidence = known(right)
    return improvements(evidence, reference(evidence, NOTHING))


# Streaks


def by_hand(right: list[bool]) -> tuple[int, int]:
    """The longest run of true, and the last one."""
    runs = [(value, len(list(group))) for value, group in itertools.groupby(right)]
    return max((n for value, n in runs if value), default=0), runs[-1][1] if runs and runs[-1][0] else 0


@given(st.lists(st.sampled_from([0.0, 1.0, np.nan]), max_size=40), st.randoms(use_true_random=False))
def test_a_streak_is_the_longest_run_in_the_order_of_time(marks: list[float], rng: object) -> None:
    """Whatever the order of rows; what nothing speaks about is passed over."""
    order = list(range(len(marks)))
    rng.shuffle(order)  # type: ignore[attr-defined] # random.Random
    rows: list[Row] = [(place, 1, "a") for place in range(len(marks))]
    evidence = said(rows) if rows else said([(0, 1, "a")])
    shuffled = [marks[place] for place in order] or [np.nan]
    (found,) = streaks(at(evidence, [1 + place for place in order] or [1]), np.array(shuffled))
    right = [mark == 1 for mark in marks if mark == mark]
    assert found.n == len(right)
    assert found.confirmed == sum(right)
    if right:
        assert (found.longest, found.current) == by_hand(right)
        kept = [place for place, mark in enumerate(marks) if mark == mark]
        assert found.since == (1 + kept[len(kept) - found.current] if found.current else None)
    else:
        assert (found.longest, found.current) == (None, None)
        assert found.reason


def test_what_confirms_is_the_truth_else_the_others_where_they_are_clear() -> None:
    """Task 1 is ruled b; on task 2 the others say a too; on 3 one of them says b; on 4 there is nobody else."""
    rows = [(10 + task, who, label) for task, label in enumerate("ab" * 10) for who in (1, 2, 3)]
    rows += [(1, 1, "a"), (2, 1, "a"), (3, 1, "a"), (4, 1, "a"), (1, 2, "a"), (2, 2, "a"), (2, 3, "a")]
    evidence = said([*rows, (3, 2, "a"), (3, 3, "b")], fixed={1: "b"})
    coded = evidence.coded
    found = confirmations(evidence, reference(evidence, infer(evidence, "majority")), np.zeros(len(coded.task)))
    mine = {coded.tasks[coded.task[row]]: found[row] for row in np.flatnonzero(coded.annotator == 0).tolist()}
    assert [mine[task] for task in (1, 2, 10)] == [0.0, 1.0, 1.0]
    assert np.isnan([mine[3], mine[4]]).all()


def test_an_answer_too_fast_to_be_read_is_no_careful_work() -> None:
    """Ten right answers, of which the last five took a tenth of a second each."""
    evidence = said(table("aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa"), labels="ab")
    task, who = evidence.coded.task, evidence.coded.annotator
    timed = at(evidence, (1 + task).tolist())
    seconds = np.where((who == 0) & (task >= 5), 0.1, 9.0)
    before = recognised(timed)[0].streak
    hurried = recognised(replace(timed, lead_time=seconds))[0].streak
    assert (before.longest, before.n) == (10, 10)
    assert (hurried.longest, hurried.n) == (5, 5)


def test_numbers_confirm_each_other_where_they_are_near() -> None:
    evidence = at(numbered([(1, 1, 5.0), (1, 2, 5.2), (2, 1, 9.0), (2, 2, 1.0)]), [1, 1, 2, 2])
    found = recognitions(evidence, NOTHING)
    assert [(one.streak.longest, one.streak.current, one.streak.n) for one in found] == [(1, 0, 2)] * 2


def test_without_times_there_are_no_streaks_and_no_improvement() -> None:
    found = recognised(said(table("aabb aabb")))
    assert {one.streak for one in found} == {
        Streak(None, None, 0, 0, reason="when the answers were given is not known")
    }
    assert {one.improvement.change.reason for one in found} == {"when the answers were given is not known"}


# Improvement


def test_who_improved_is_named_and_the_shares_are_counted() -> None:
    right = np.ones((4, 80), dtype=np.bool_)
    right[:, ::5] = False
    right[2, :40:2] = False
    right[2, 40:] = True
    found = changes(right)
    half = right[2, :40].mean()
    assert (found[2].before, found[2].after) == (half, 1.0)
    assert found[2].is_sure
    assert most_improved(range(4), found) == 2
    assert not any(one.is_sure for one in (found[0], found[1], found[3]))
    assert 0 < (found[2].change.value or 0) < 1 - half, "drawn to no change"


def test_fewer_than_twenty_answers_say_nothing() -> None:
    (one,) = changes(np.ones((1, 19), dtype=np.bool_))
    assert (one.change.value, one.change.n, one.is_sure) == (None, 19, False)
    assert most_improved([7], [one]) is None
    assert changes(np.ones((1, 20), dtype=np.bool_))[0].change.value is not None


def test_where_nobody_changed_hardly_anybody_is_named() -> None:
    """20 people, 120 answers each, right in 80 %: plain intervals would name somebody in 40 % of such projects."""
    rng = np.random.default_rng(3)
    named = sum(most_improved(range(20), changes(rng.random((20, 120)) < 0.8)) is not None for _ in range(60))
    assert named <= 6


def test_the_interval_holds_the_true_change_and_drawing_brings_it_nearer() -> None:
    """Changes from N(0, 0.1): 95 % intervals over 600 people, and less squared error than the plain differences."""
    rng = np.random.default_rng(4)
    inside, plain, drawn = [], [], []
    for _ in range(30):
        true = np.clip(rng.normal(0, 0.1, 20), -0.25, 0.25)
        chance = np.where(np.arange(120) < 60, 0.7 - true[:, None] / 2, 0.7 + true[:, None] / 2)
        for change, one in zip(true, changes(rng.random((20, 120)) < chance), strict=True):
            assert one.change.value is not None
            assert one.before is not None
            assert one.after is not None
            inside.append((one.change.low or 0) <= change <= (one.change.high or 0))
            plain.append((one.after - one.before - change) ** 2)
            drawn.append((one.change.value - change) ** 2)
    assert 0.9 <= np.mean(inside) <= 0.98, "over projects of any spread 0.95; of this one spread 0.93"
    assert np.mean(drawn) < 0.85 * np.mean(plain)


# Rates


def test_acceptance_and_first_pass_are_counted_on_tasks_that_have_a_label() -> None:
    """Tasks 1-3: two against one; 4 is ruled b against all; 5 has one answer, 6 a tie: neither has a label that stands.

    Tasks 1 and 4 were reviewed.
    """
    rows: list[Row] = [(task, who, "a") for task in (1, 2, 3, 4) for who in (1, 2)]
    rows += [(task, 3, "b") for task in (1, 2, 3, 4)] + [(5, 1, "a"), (6, 1, "a"), (6, 2, "b")]
    one, two, three = recognised(said(rows, fixed={4: "b"}), frozenset({1, 4}))
    assert [(rate.plain.value, rate.plain.n) for rate in (one.acceptance, one.first_pass)] == [(0.75, 4), (0.5, 4)]
    assert two.acceptance == one.acceptance
    assert [(rate.plain.value, rate.plain.n) for rate in (three.acceptance, three.first_pass)] == [(0.25, 4), (0.0, 4)]
    assert (one.acceptance.plain.low, one.acceptance.plain.high) == pytest.approx(
        stats.beta.ppf([0.025, 0.975], 3.5, 1.5)
    )
    assert 0.25 < (three.acceptance.drawn.value or 0) < (one.acceptance.drawn.value or 0) < 0.75


def test_what_cannot_be_said_has_its_reason() -> None:
    (alone,) = recognised(said([(1, 1, "a"), (2, 1, "b")]))
    for rate in (alone.acceptance, alone.first_pass, alone.self_agreement):
        assert (rate.plain.value, rate.drawn.value, rate.plain.n) == (None, None, 0)
        assert rate.plain.reason
        assert rate.drawn.reason == rate.plain.reason


def test_self_agreement_is_of_repeated_answers() -> None:
    rows: list[Row] = [(task, who, "a") for task in range(4) for who in (1, 2)]
    repeats = tuple((task, 1, Choices(("a" if task else "b",))) for task in range(4))
    one, two = recognised(replace(said(rows), repeats=repeats))
    assert (one.self_agreement.plain.value, one.self_agreement.plain.n) == (0.75, 4)
    assert two.self_agreement.plain.value is None


def test_drawn_shares_are_nearer_to_the_truth_and_their_intervals_hold() -> None:
    """30 people with shares from Beta(16, 4), 8 answers each, 20 times."""
    rng = np.random.default_rng(5)
    plain, drawn, inside = [], [], []
    for _ in range(20):
        true = rng.beta(16, 4, 30)
        right = rng.binomial(8, true).astype(np.float64)
        for truth, k, one in zip(true, right, pooled(right, 8 - right, np.full(30, 8), ""), strict=True):
            plain.append((k / 8 - truth) ** 2)
            drawn.append(((one.value or 0) - truth) ** 2)
            inside.append((one.low or 0) <= truth <= (one.high or 0))
    assert np.mean(drawn) < 0.6 * np.mean(plain)
    assert 0.91 <= np.mean(inside) <= 0.985


def test_what_is_known_already_changes_nothing() -> None:
    rng = np.random.default_rng(7)
    evidence, _, _ = crowd_of(rng, 60, np.array([0.9, 0.8, 0.6, 0.5]), 3)
    evidence = replace(evidence, lead_time=rng.uniform(0.1, 3, len(evidence.coded.task)))
    data = {task: {"text": "one two three " * 9} for task in evidence.coded.tasks}
    consensus = infer(evidence, "majority")
    held, hasty = reference(evidence, consensus), too_fast(evidence.coded, evidence.lead_time, data)
    assert 0 < hasty.sum() < len(hasty)
    assert profiles(evidence, consensus, data, held, hasty) == profiles(evidence, consensus, data)
    assert recognitions(evidence, consensus, (), data, held, hasty) == recognitions(evidence, consensus, (), data)


# Beside each other


def test_who_cannot_be_told_apart_shares_a_place() -> None:
    """Two good ones, two bad ones; by hand: the bad ones come after the two whose intervals are wholly above theirs."""
    rng = np.random.default_rng(6)
    evidence, _, _ = crowd_of(rng, 600, np.array([0.95, 0.95, 0.6, 0.6]), 3)
    found = profiles(evidence, infer(evidence, "majority"))
    board = leaderboard(found)
    assert [one.place for one in board] == [1, 1, 3, 3]
    assert {one.annotator for one in board[:2]} == {0, 1}
    for one in board:
        mine = one.reliability.high or 0
        assert one.place == 1 + sum((other.reliability.low or 0) > mine for other in found)


def test_speed_has_no_part_in_the_leaderboard() -> None:
    rng = np.random.default_rng(7)
    evidence, _, _ = crowd_of(rng, 200, np.array([0.9, 0.8, 0.7]), 3)
    consensus = infer(evidence, "majority")
    times = [rng.exponential(10, len(evidence.coded.task)) + 1 for _ in range(2)]
    boards = [leaderboard(profiles(replace(evidence, lead_time=one), consensus)) for one in times]
    assert boards[0] == boards[1]


def test_speed_against_accuracy_is_spearmans() -> None:
    rng = np.random.default_rng(8)
    right = np.array([0.95, 0.9, 0.8, 0.75, 0.7, 0.6])
    evidence, _, _ = crowd_of(rng, 400, right, 4)
    slow = 20 * right[evidence.coded.annotator] * rng.lognormal(0, 0.05, len(evidence.coded.task))
    found = profiles(replace(evidence, lead_time=slow), infer(evidence, "majority"))
    beside = speed_against_accuracy(found)
    expected = stats.spearmanr([one.speed.median.value for one in found], [one.reliability.value for one in found])[0]
    assert beside.correlation.value == pytest.approx(expected)
    assert expected > 0.8
    assert beside.correlation.n == len(beside.people) == 6
    assert (beside.correlation.low or -1) < expected <= (beside.correlation.high or 1)
    assert speed_against_accuracy(found[:4]).correlation.reason == (
        "fewer than 5 people have both a lead time and a reliability"
    )
