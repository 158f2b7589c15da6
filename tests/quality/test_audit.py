"""The random audit: who is drawn, and what it says about the labels that nobody looked at."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sync.quality.priority import Fact, Policy, accepted_quality, rank
from sync.quality.priority.accepted import right_in_pool
from sync.quality.priority.audit import draw
from sync.quality.records import Finding

POOL = [(task, control) for task in range(50) for control in ("tone", "topic")]


@given(st.integers(0, 120), st.integers(0, 5), st.randoms(use_true_random=False))
def test_the_same_tasks_are_drawn_whatever_the_order_and_a_larger_sample_holds_the_smaller(
    count: int, seed: int, chance: random.Random
) -> None:
    shuffled = POOL.copy()
    chance.shuffle(shuffled)
    drawn, places = draw(POOL, count, seed)
    assert (drawn, places) == draw(shuffled, count, seed)
    assert len(set(drawn)) == min(count, len(POOL))
    assert draw(POOL, len(POOL), seed)[0][:count] == drawn
    assert all(0 <= place < 1 for place in places)


def test_every_task_is_drawn_as_often_as_any_other() -> None:
    """A tenth in 1,000 draws: the chi-square of the 100 counts is not in the outer .1 %; so are pairs of neighbours."""
    draws = [set(draw(POOL, 10, seed)[0]) for seed in range(1000)]
    counts = np.array([sum(key in drawn for drawn in draws) for key in POOL])
    chi = ((counts - 100) ** 2 / (100 * 0.9)).sum()
    assert stats.chi2.ppf(0.001, 99) < chi < stats.chi2.ppf(0.999, 99)
    together = sum(sum(one in drawn and other in drawn for one, other in itertools.pairwise(POOL)) for drawn in draws)
    assert together / (1000 * 99) == pytest.approx(0.1 * 9 / 99, rel=0.08)


def test_places_are_spread_evenly() -> None:
    places = draw([(task, "tone") for task in range(2000)], 2000, 3)[1]
    assert stats.kstest(places, "uniform").pvalue > 0.001


def test_audits_have_their_share_of_the_budget_and_random_places() -> None:
    found = [Finding(task, "tone", "low_agreement", task / 100, "") for task in range(1, 101)]
    facts = {(task, "tone"): Fact(3, ("a",)) for task in range(1, 1001)}
    queue = rank(found, Policy(budget=50, audit_share=0.2), facts)
    audits = [(place, item) for place, item in enumerate(queue) if item.action == "audit"]
    assert len(queue) == 50
    assert len(audits) == 10
    assert {item.task for _, item in audits}.isdisjoint(range(61, 101)), "those are in the queue anyway"
    assert 10 < np.mean([place for place, _ in audits]) < 40
    assert all(item.findings == () and dict(item.parts) == {"audit": item.priority} for _, item in audits)
    again = rank(found, Policy(budget=50, audit_share=0.2), {**facts, (5000, "tone"): Fact(3, accepted=False)})
    assert list(again) == list(queue)
    assert list(rank(found, Policy(budget=50, audit_share=0.2, seed=1), facts)) != list(queue)


def test_without_a_budget_audits_are_their_share_of_the_run() -> None:
    found = [Finding(task, "tone", "low_agreement", 0.5, "") for task in range(19)]
    facts = {(task, "tone"): Fact(3, ("a",)) for task in range(1000)}
    queue = rank(found, Policy(audit_share=0.05), facts)
    assert [item.action for item in queue].count("audit") == 1
    assert len(queue) == 20


def test_rulings_and_tasks_that_nobody_answered_are_not_audited() -> None:
    facts = {(task, "tone"): Fact(3, ("a",), accepted=task == 7) for task in range(100)}
    (only,) = rank([], Policy(budget=20, audit_share=1.0), facts)
    assert (only.task, only.action, only.priority) == (7, "audit", 0.0)


def test_the_estimate_by_hand() -> None:
    """9 of 10 audited right stand for .9 of 100; 20 ruled, of them 20 right: 110 of 120."""
    found = accepted_quality(9, 10, 90, ruled_right=20, ruled=20)
    assert found.value == pytest.approx(110 / 120)
    assert found.n == 10
    assert found.low is not None and found.high is not None
    assert found.low < 110 / 120 < found.high < 1, "one of those not audited may be the wrong one that was"


def test_undefined_is_said() -> None:
    assert accepted_quality(0, 0, 0).reason == "no label is accepted"
    assert accepted_quality(0, 0, 5).value is None
    everything = accepted_quality(0, 0, 0, ruled_right=3, ruled=4)
    assert (everything.value, everything.low, everything.high) == (0.75, 0.75, 0.75)
    whole = accepted_quality(4, 5, 0)
    assert (whole.value, whole.low, whole.high) == (0.8, 0.8, 0.8), "nothing is left that was not looked at"
    with pytest.raises(ValueError, match="4 of 3 audited"):
        accepted_quality(4, 3, 0)
    with pytest.raises(ValueError, match="confidence"):
        accepted_quality(1, 3, 0, confidence=1.0)


@pytest.mark.parametrize(("right", "audited"), [(0, 20), (1, 20), (45, 50), (50, 50), (190, 200)])
def test_in_a_large_pool_the_interval_is_that_of_clopper_and_pearson(right: int, audited: int) -> None:
    pool = 10_000_000
    exact = stats.binomtest(right, audited).proportion_ci(0.95, method="exact")
    low, high = right_in_pool(right, audited, pool)
    assert low / pool == pytest.approx(exact.low, abs=1e-4)
    assert high / pool == pytest.approx(exact.high, abs=1e-4)


@pytest.mark.parametrize(("pool", "audited"), [(12, 5), (30, 10), (40, 39)])
def test_the_interval_covers_whatever_the_truth_is(pool: int, audited: int) -> None:
    """Exactly, for every possible truth: the probability of the samples whose interval holds it is at least .95."""
    bounds = {right: right_in_pool(right, audited, pool) for right in range(audited + 1)}
    for truth in range(pool + 1):
        covered = sum(
            stats.hypergeom.pmf(right, pool, truth, audited)
            for right, (low, high) in bounds.items()
            if low <= truth <= high and audited - (pool - truth) <= right <= truth
        )
        assert covered >= 0.95 - 1e-9


def test_the_audit_of_queues_is_unbiased_although_the_queue_prefers_wrong_labels() -> None:
    """400 labels, of which the queue finds the wrong ones more often; over 100 seeds the mean estimate is the truth."""
    rng = np.random.default_rng(0)
    wrong = rng.random(400) < 0.2
    severity = np.clip(0.3 * wrong + rng.random(400) * 0.7, 0, 1)
    found = [Finding(task, "tone", "low_agreement", float(severity[task]), "") for task in range(400)]
    facts = {(task, "tone"): Fact(3, ("a",)) for task in range(400)}
    estimates, covered = [], 0
    for seed in range(100):
        queue = list(rank(found, Policy(budget=60, audit_share=0.5, seed=seed), facts))
        ruled = [item.task for item in queue if item.action != "audit"]
        audited = [item.task for item in queue if item.action == "audit"]
        assert (len(ruled), len(audited)) == (30, 30)
        rest = 400 - len(ruled)
        one = accepted_quality(int((~wrong[audited]).sum()), 30, rest - 30, len(ruled), len(ruled))
        truth = 1 - (wrong.sum() - wrong[ruled].sum()) / 400
        assert one.value is not None and one.low is not None and one.high is not None
        estimates.append(one.value)
        covered += one.low <= truth <= one.high
    assert np.mean(estimates) == pytest.approx(truth, abs=4 * np.std(estimates) / 100**0.5)
    assert covered >= 92
