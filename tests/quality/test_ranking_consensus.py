"""One order from many: brute force, buckets, ties, and search results with a gold order."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from label_config.answers import Ranking
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.consensus.kemeny import kemeny, put_before
from sync.quality.evidence import ControlEvidence
from sync.quality.records import FloatArray, TaskConsensus

from ..thorough import up_to

CONTROL = Control("r", "Ranker", ("t",), family=Family.RANKING)


def plain(*items: str) -> Ranking:
    return Ranking((("rank", items),))


def consensus(*said: Ranking, method: str = "kemeny") -> TaskConsensus:
    rows = [(1, person, answer) for person, answer in enumerate(said)]
    (found,) = infer(ControlEvidence(CONTROL, encode(CONTROL, rows)), method).tasks
    return found


def cost(before: FloatArray, order: tuple[int, ...]) -> float:
    return float(sum(before[later, item] for place, item in enumerate(order) for later in order[place + 1 :]))


@settings(max_examples=up_to(60))
@given(st.data())
def test_no_order_turns_fewer_pairs_round(data: st.DataObject) -> None:
    items, people = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    row = st.lists(st.integers(0, items), min_size=items, max_size=items)
    places = np.array(data.draw(st.lists(row, min_size=people, max_size=people)), dtype=np.float64)
    before = put_before(places, np.ones(people))
    order, tie = kemeny(before)
    costs = [cost(before, other) for other in itertools.permutations(range(items))]
    assert cost(before, tuple(order)) == pytest.approx(min(costs))
    assert tie == (sum(one <= min(costs) + 1e-9 for one in costs) > 1)


def test_a_circle_of_many_items_is_searched_from_bordas_order() -> None:
    orders = [np.roll(np.arange(12.0), shift) for shift in (0, 4, 8)]
    order, _ = kemeny(put_before(np.array(orders), np.ones(3)))
    assert sorted(order) == list(range(12))


@pytest.mark.parametrize("method", ["kemeny", "borda"])
def test_the_majority_of_each_pair(method: str) -> None:
    found = consensus(plain("a", "b", "c"), plain("a", "b", "c"), plain("c", "a", "b"), method=method)
    assert (found.answer, found.tie) == (plain("a", "b", "c"), False)


def test_opposite_orders_are_a_tie() -> None:
    assert consensus(plain("a", "b"), plain("b", "a")).tie


def test_items_go_to_the_bucket_that_most_put_them_in() -> None:
    one = Ranking((("best", ("a", "b")), ("worst", ("c",))))
    other = Ranking((("best", ("a",)), ("worst", ("b", "c"))))
    found = consensus(one, one, other)
    assert (found.answer, found.tie) == (one, False)


def test_what_most_left_out_is_left_out() -> None:
    assert consensus(plain("a", "b"), plain("a", "b"), plain("a", "b", "c")).answer == plain("a", "b")


def test_search_results_are_nearer_to_the_gold_order_than_any_one_system(shared_data: Path) -> None:
    """Kendall's tau with the gold order over the items that it has: mean of a single list 0.419."""
    folder = shared_data / "rankings"
    lists, gold = (
        [json.loads(line) for line in (folder / name).read_text().splitlines()]
        for name in ("annotations.jsonl", "gold.jsonl")
    )
    rows = [(int(one["task"]), int(one["worker"][1:]), plain(*map(str, one["ranking"]))) for one in lists]
    place = {int(one["task"]): {str(item): n for n, item in enumerate(one["ranking"])} for one in gold}

    def tau(task: int, answer: Ranking) -> float:
        known = [place[task][item] for _, items in answer.buckets for item in items if item in place[task]]
        return float(kendalltau(range(len(known)), known).statistic)

    evidence = ControlEvidence(CONTROL, encode(CONTROL, rows))
    assert np.mean([tau(task, answer) for task, _, answer in rows]) == pytest.approx(0.419, abs=0.002)
    mean = {}
    for method in ("kemeny", "borda"):
        found = infer(evidence, method).tasks
        mean[method] = np.mean([tau(one.task, one.answer) for one in found if isinstance(one.answer, Ranking)])
    assert mean["kemeny"] > 0.65
    assert mean["borda"] > 0.6
