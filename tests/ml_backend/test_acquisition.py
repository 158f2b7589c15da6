from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from ml_backend.acquisition import STRATEGIES, order_pool, place_of
from ml_backend.records import BoolArray, Features, FloatArray


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def pool(seed: int, count: int) -> tuple[FloatArray, BoolArray, FloatArray]:
    draw = np.random.default_rng(seed)
    return draw.random(count), draw.random(count) < 0.2, draw.normal(size=(count, 6))


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 60))
def test_places_are_a_permutation_and_repeat_exactly(strategy: str, seed: int, count: int) -> None:
    utilities, holdout, features = pool(seed, count)
    places = order_pool(utilities, holdout, features, rng(), strategy)
    assert sorted(places) == list(range(count))
    assert (places == order_pool(utilities, holdout, features, rng(), strategy)).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_random_share_has_the_same_places_whatever_it_is_worth(strategy: str) -> None:
    utilities, holdout, features = pool(1, 200)
    first = order_pool(utilities, holdout, features, rng(), strategy)
    second = order_pool(np.where(holdout, 1.0, utilities), holdout, features, rng(), strategy)
    assert (first[holdout] == second[holdout]).all()
    assert 60 < first[holdout].mean() < 140


def test_without_near_duplicates_the_order_is_that_of_utility() -> None:
    utilities = np.array([0.2, 0.9, 0.5])
    places = order_pool(utilities, np.zeros(3, dtype=bool), np.eye(3), rng())
    assert places.tolist() == [2, 0, 1]


@pytest.mark.parametrize("pack", [np.asarray, sparse.csr_matrix])
def test_near_duplicates_do_not_come_together(pack: Callable[[FloatArray], Features]) -> None:
    # The two most useful tasks are the same text twice: the second waits until the others are through.
    features = pack(np.array([[1.0, 0, 0], [1.0, 0.001, 0], [0, 1.0, 0], [0, 0, 1.0]]))
    places = order_pool(np.array([0.9, 0.89, 0.5, 0.1]), np.zeros(4, dtype=bool), features, rng())
    assert places.tolist() == [0, 3, 1, 2]


def test_tasks_that_could_not_be_read_come_last_and_are_like_nothing() -> None:
    features = np.array([[0.0, 0], [0, 0], [1, 0]])
    places = order_pool(np.array([0.0, 0.0, 0.3]), np.zeros(3, dtype=bool), features, rng())
    assert places.tolist() == [1, 2, 0]


def test_a_pool_larger_than_a_window_stays_in_order_of_utility_between_windows() -> None:
    utilities = np.asarray(np.linspace(1, 0, 4500), dtype=np.float64)
    places = order_pool(utilities, np.zeros(4500, dtype=bool), np.random.default_rng(0).normal(size=(4500, 8)), rng())
    assert places[:2000].max() == 1999
    assert places[2000:4000].min() == 2000


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_the_place_of_a_stranger_counts_who_is_worth_more(values: list[float], mine: float) -> None:
    assert place_of(mine, np.sort(values)) == sum(value > mine for value in values)


def test_an_unknown_strategy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there are: diverse, utility, random"):
        order_pool(np.zeros(1), np.zeros(1, dtype=bool), None, rng(), "vibes")
