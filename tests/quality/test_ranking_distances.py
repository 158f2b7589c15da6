"""Distances of rankings: against scipy where everything is ranked, by hand and by definition elsewhere."""

import itertools
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, weightedtau

from label_config.answers import Ranking
from label_config.model import Control, Family
from sync.quality.distance import distance
from sync.quality.distance.comparison import Comparison, every_pair
from sync.quality.records import FloatArray

from ..thorough import up_to
from .generated import CASES

PLAIN = CASES["ranking"].control
BUCKETS = Control("c", "Ranker", ("t",), ("best", "worst"), family=Family.RANKING)
SCIPY = {"kendall": kendalltau, "top_weighted": weightedtau}


def plain(items: Iterable[str]) -> Ranking:
    return Ranking((("rank", tuple(items)),))


def sorted_into(text: str) -> Ranking:
    """ "ab c|d" is a and b in the best bucket, c in the worst, d in none."""
    placed, _, rest = text.partition("|")
    best, _, worst = placed.partition(" ")
    return Ranking((("best", tuple(best)), ("worst", tuple(worst)), ("_", tuple(rest))))


def two(control: Control, name: str, one: Ranking, other: Ranking) -> float:
    """The distance of two answers."""
    return float(distance(control, name)(every_pair(control, [one, other]))[1])


def by_scipy(name: str, orders: list[list[int]]) -> FloatArray:
    """(1 - tau) / 2 of every two orders of the same items, as ranks of the items; the first place is the highest."""
    ranks = [-np.argsort(order) for order in orders]
    return np.array([(1 - SCIPY[name](one, other).statistic) / 2 for one in ranks for other in ranks])


@pytest.mark.parametrize("name", SCIPY)
@settings(max_examples=up_to(30))
@given(st.integers(2, 8).flatmap(lambda n: st.lists(st.permutations(range(n)), min_size=1, max_size=4)))
def test_complete_rankings_are_as_far_apart_as_scipy_says(name: str, orders: list[list[int]]) -> None:
    found = distance(PLAIN, name)(every_pair(PLAIN, [plain(map(str, order)) for order in orders]))
    assert found == pytest.approx(by_scipy(name, orders), abs=1e-12)


@pytest.mark.parametrize("name", SCIPY)
def test_many_rankings_of_25_items_are_as_far_apart_as_scipy_says(name: str) -> None:
    rng = np.random.default_rng(8)
    orders = [rng.permutation(25).tolist() for _ in range(10)]
    found = distance(PLAIN, name)(every_pair(PLAIN, [plain(map(str, order)) for order in orders]))
    assert found == pytest.approx(by_scipy(name, orders), abs=1e-12)


def places(answer: Ranking, buckets: tuple[str, ...], entries: list[str], last: bool) -> list[float]:
    """Where the entries stand: items, and "END name" of each bucket; what was left out is tied after all."""
    held = dict(answer.buckets)
    order = [one for name in buckets for one in (*held.get(name, ()), f"END {name}")]
    assert last or order[-1].startswith("END")
    return [order.index(one) if one in order else len(order) for one in entries]


def tau_by_definition(name: str, one: Ranking, other: Ranking, buckets: tuple[str, ...]) -> float:
    """(1 - tau) / 2 pair by pair, with weights from scipy's rule: ranks by one order, its ties by the other."""
    mine, theirs = (
        {item for name, items in answer.buckets if name in buckets for item in items} for answer in (one, other)
    )
    ends = [f"END {bucket}" for bucket in (buckets if mine != theirs else buckets[:-1])]
    entries = [*sorted(mine | theirs), *ends]
    first, second = (places(answer, buckets, entries, last=True) for answer in (one, other))
    found = []
    for lead, then in ((first, second), (second, first)):
        order = sorted(range(len(entries)), key=lambda place: (lead[place], then[place]))
        rank = {place: number for number, place in enumerate(order)}
        total = [0.0, 0.0, 0.0]
        for i, j in itertools.permutations(range(len(entries)), 2):
            if entries[i] in ends and entries[j] in ends:
                continue
            weight = 1.0 if name == "kendall" else 1 / (rank[i] + 1) + 1 / (rank[j] + 1)
            x, y = np.sign(lead[i] - lead[j]), np.sign(then[i] - then[j])
            total = [total[0] + weight * x * y, total[1] + weight * x * x, total[2] + weight * y * y]
        found.append(total[0] / np.sqrt(total[1] * total[2]) if total[1] * total[2] else 1.0)
    return float(1 - np.mean(found)) / 2


def some_rank(answer: Ranking, buckets: tuple[str, ...]) -> bool:
    return any(items for name, items in answer.buckets if name in buckets)


@pytest.mark.parametrize("name", SCIPY)
@settings(max_examples=up_to(30))
@given(CASES["ranking"].answers, CASES["ranking"].answers)
def test_rankings_with_gaps_are_as_far_apart_as_defined(name: str, one: Ranking, other: Ranking) -> None:
    if some_rank(one, ("rank",)) and some_rank(other, ("rank",)):
        expected = tau_by_definition(name, one, other, ("rank",))
        assert two(PLAIN, name, one, other) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", SCIPY)
@settings(max_examples=up_to(30))
@given(CASES["ranking in buckets"].answers, CASES["ranking in buckets"].answers)
def test_rankings_in_buckets_are_as_far_apart_as_defined(name: str, one: Ranking, other: Ranking) -> None:
    if some_rank(one, BUCKETS.labels) and some_rank(other, BUCKETS.labels):
        expected = tau_by_definition(name, one, other, BUCKETS.labels)
        assert two(BUCKETS, name, one, other) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "kendall"),
    [
        ("abc", "abc", 0),
        ("abc", "cba", 1),
        ("abcd", "bacd", 1 / 6),
        ("a", "a", 0),
        ("a", "b", 1),
        ("ab", "a", 1 / 3),  # a-b and a-end agree, b-end does not
        ("aab", "ab", 0),  # an item counts at its first place
    ],
)
def test_plain_rankings_by_hand(one: str, other: str, kendall: float) -> None:
    assert two(PLAIN, "kendall", plain(one), plain(other)) == pytest.approx(kendall)


@pytest.mark.parametrize(
    ("one", "other", "kendall", "buckets"),
    [
        ("ab c|", "ab c|", 0, 0),
        ("ab |c", "ab |dc", 0, 0),  # d was placed by neither
        ("ab c|", "a bc|", 1 / 6, 1 / 3),  # of a-b a-c b-c and each with the end of "best", that of b differs
        ("a |", " a|", 1, 1),
        ("ba |", "ab |", 1 / 3, 0),  # the end of "best" stands behind both
        ("ab |", "cd |", 25 / 26, 1),  # 12 pairs differ, 13 are not tied in either
    ],
)
def test_rankings_in_buckets_by_hand(one: str, other: str, kendall: float, buckets: float) -> None:
    first, second = sorted_into(one), sorted_into(other)
    assert two(BUCKETS, "kendall", first, second) == pytest.approx(kendall)
    assert two(BUCKETS, "buckets", first, second) == pytest.approx(buckets)


def test_a_change_at_the_top_weighs_more_than_one_at_the_end() -> None:
    top = two(PLAIN, "top_weighted", plain("abcdef"), plain("bacdef"))
    end = two(PLAIN, "top_weighted", plain("abcdef"), plain("abcdfe"))
    assert top > 2 * end > 0
    assert two(PLAIN, "kendall", plain("abcdef"), plain("bacdef")) == pytest.approx(1 / 15)


@pytest.mark.parametrize("name", ["kendall", "top_weighted", "buckets", "nominal"])
@pytest.mark.parametrize("empty", ["|", " |abc"])
def test_items_that_nobody_moved_are_no_ranking(name: str, empty: str) -> None:
    assert two(BUCKETS, name, sorted_into(empty), Ranking(())) == 0
    assert two(BUCKETS, name, sorted_into(empty), sorted_into("ab |")) == 1


def test_the_order_of_buckets_is_the_interfaces_however_an_answer_lists_them() -> None:
    turned = Ranking((("worst", ("c",)), ("best", ("a", "b"))))
    assert two(BUCKETS, "nominal", turned, sorted_into("ab c|")) == 0
    other = Control("c", "Ranker", ("t",), ("worst", "best"), family=Family.RANKING)
    pairs = every_pair(other, [turned, sorted_into("b a|")])
    assert distance(other, "kendall")(pairs)[1] == pytest.approx(5 / 9)  # c | a b | and a | b | c: c with all, a with |


def test_pairs_of_very_unlike_lengths_are_compared_together() -> None:
    long = plain(f"item {place}" for place in range(200))
    answers = [long, plain(["item 0"]), plain(["item 1", "item 0"]), plain(reversed(long.buckets[0][1]))]
    pairs = Comparison(PLAIN, answers, np.array([0, 1, 0]), np.array([3, 2, 1]), np.ones(4))
    found = distance(PLAIN, "kendall")(pairs)
    assert found[0] == 1
    assert found[1] == pytest.approx(two(PLAIN, "kendall", answers[1], answers[2]))
