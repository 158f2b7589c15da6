from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from ml_backend.acquisition import STRATEGIES, Pool, order_pool, place_of
from ml_backend.acquisition.diverse import redundancy
from ml_backend.likeness import likeness
from ml_backend.records import BoolArray, Features, FloatArray
from ml_backend.settings import Settings

from ..thorough import up_to

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def unit(rows: FloatArray) -> FloatArray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def pool(seed: int, count: int, *, known: int = 0) -> tuple[Pool, BoolArray]:
    draw = np.random.default_rng(seed)
    chances = draw.dirichlet(np.ones(3), size=count).reshape(count, 3)
    signals = {name: draw.random(count) for name in ("margin", "entropy", "disagreement", "novelty")}
    rows = unit(draw.normal(size=(count, 6)))
    learned = unit(draw.normal(size=(known, 6))) if known else None
    return Pool(draw.random(count), rows, chances, signals, learned), draw.random(count) < 0.2


def chosen(strategy: str, given_: Pool, batch: int) -> list[int]:
    """The tasks that come first, in order."""
    places = order_pool(given_, np.zeros(len(given_), dtype=bool), rng(), strategy, batch)
    return [int(task) for task in np.argsort(places)[:batch]]


def four_groups(sizes: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Tight groups of tasks around the axes, and which group each is of."""
    kind = np.repeat(range(len(sizes)), sizes)
    rows = np.eye(len(sizes), 8)[kind] + np.random.default_rng(1).normal(0, 0.05, (len(kind), 8))
    return unit(rows), kind


@every_strategy
@settings(max_examples=up_to(25))
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 60),
    known=st.integers(0, 4),
    batch=st.integers(1, 70),
    unread=st.integers(0, 60),
)
def test_places_are_a_permutation_and_repeat_exactly(
    strategy: str, seed: int, count: int, known: int, batch: int, unread: int
) -> None:
    tasks, holdout = pool(seed, count, known=known)
    tasks.features[:unread] = 0  # nothing could be read of them
    places = order_pool(tasks, holdout, rng(), strategy, batch)
    assert sorted(places) == list(range(count))
    assert (places == order_pool(tasks, holdout, rng(), strategy, batch)).all()


@every_strategy
@pytest.mark.parametrize("pack", [np.asarray, sparse.csr_matrix])
def test_sparse_and_dense_rows_and_no_rows_at_all_are_taken(strategy: str, pack: Callable[..., Features]) -> None:
    tasks, holdout = pool(3, 40, known=3)
    packed = Pool(tasks.utilities, pack(tasks.features), tasks.probabilities, tasks.signals, pack(tasks.known))
    plain = order_pool(tasks, holdout, rng(), strategy, 10)
    if strategy not in ("typiclust", "variance"):  # k-means and the main directions add up in another order
        assert (order_pool(packed, holdout, rng(), strategy, 10) == plain).all()
    assert sorted(order_pool(packed, holdout, rng(), strategy, 10)) == list(range(40))
    assert sorted(order_pool(Pool(tasks.utilities), holdout, rng(), strategy, 10)) == list(range(40))


@every_strategy
def test_the_random_share_has_the_same_places_whatever_it_is_worth(strategy: str) -> None:
    tasks, holdout = pool(1, 200)
    first = order_pool(tasks, holdout, rng(), strategy)
    worthy = Pool(np.where(holdout, 1.0, tasks.utilities), tasks.features, tasks.probabilities, tasks.signals)
    second = order_pool(worthy, holdout, rng(), strategy)
    assert (first[holdout] == second[holdout]).all()
    assert 60 < first[holdout].mean() < 140


def test_every_strategy_is_a_setting() -> None:
    assert get_args(Settings.model_fields["order"].annotation) == tuple(STRATEGIES)


@pytest.mark.parametrize(
    ("strategy", "signal"), [("margin", "margin"), ("entropy", "entropy"), ("bald", "disagreement")]
)
def test_a_signal_alone_gives_the_order(strategy: str, signal: str) -> None:
    tasks, _ = pool(2, 50)
    assert chosen(strategy, tasks, 50) == np.argsort(-tasks.signals[signal], kind="stable").tolist()


def test_coreset_covers_what_neither_labels_nor_choices_are_near() -> None:
    rows, kind = four_groups((5, 30, 5, 5))
    first = chosen("coreset", Pool(np.zeros(45), rows, known=rows[kind == 1][:2]), 3)
    assert sorted(kind[first]) == [0, 2, 3]


@settings(max_examples=up_to(20))
@given(seed=st.integers(0, 1000))
def test_coreset_is_the_greedy_k_center_algorithm(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows, known = unit(draw.normal(size=(30, 4))), unit(draw.normal(size=(3, 4)))
    wanted: list[int] = []
    for _ in range(8):
        covered = np.vstack([known, rows[wanted]])
        wanted.append(int(np.argmin((rows @ covered.T).max(axis=1))))
    assert chosen("coreset", Pool(np.zeros(30), rows, known=known), 8) == wanted


def test_badge_takes_what_would_change_the_model_each_group_once() -> None:
    rows, kind = four_groups((4, 10, 10, 10))
    sure = np.tile([0.4, 0.35, 0.25], (34, 1))
    sure[kind == 0] = [0.98, 0.01, 0.01]
    tasks = Pool(np.zeros(34), rows, sure, {"margin": 1 - (sure[:, 0] - sure[:, 1])})
    places = [
        order_pool(tasks, np.zeros(34, dtype=bool), np.random.default_rng(seed), "badge", 3) for seed in range(40)
    ]
    groups = [set(kind[place < 3]) for place in places]
    assert np.mean([len(group) == 3 for group in groups]) > 0.95
    assert np.mean([group == {1, 2, 3} for group in groups]) > 0.5


def test_badge_measures_gradients_as_if_they_were_written_out() -> None:
    """The second choice is drawn in proportion to the squared distance of the gradients."""
    tasks, _ = pool(7, 12)
    assert tasks.probabilities is not None
    pull = tasks.probabilities - np.eye(3)[tasks.probabilities.argmax(axis=1)]
    written = (pull[:, :, None] * tasks.features[:, None, :]).reshape(12, -1)
    first = int(np.argmax((written**2).sum(axis=1)))
    wanted = ((written - written[first]) ** 2).sum(axis=1)
    wanted /= wanted.sum()
    draws = [
        int(np.argsort(order_pool(tasks, np.zeros(12, dtype=bool), np.random.default_rng(seed), "badge", 2))[1])
        for seed in range(4000)
    ]
    assert np.bincount(draws, minlength=12) / 4000 == pytest.approx(wanted, abs=0.03)


def test_typiclust_takes_a_typical_task_of_each_large_group_without_labels() -> None:
    rows, kind = four_groups((30, 20, 40, 2))
    first = chosen("typiclust", Pool(np.zeros(92), rows), 3)
    assert sorted(kind[first]) == [0, 1, 2]
    middle = unit(np.stack([rows[kind == group].mean(axis=0) for group in range(4)]))
    for task in first:
        near = rows[kind == kind[task]] @ middle[kind[task]]
        assert (near > rows[task] @ middle[kind[task]] + 1e-9).mean() < 0.5
    with_labels = chosen("typiclust", Pool(np.zeros(92), rows, known=rows[kind == 2][:1]), 2)
    assert sorted(kind[with_labels]) == [0, 1]


@settings(max_examples=up_to(20))
@given(seed=st.integers(0, 1000), known=st.integers(0, 5))
def test_variance_takes_what_lowers_the_variance_over_the_pool_most(seed: int, known: int) -> None:
    """Against the definition: each one's label is added to the matrix, which is inverted; duplicates count less."""
    draw = np.random.default_rng(seed)
    rows, labeled, worth = unit(draw.normal(size=(30, 5))), unit(draw.normal(size=(known, 5))), draw.random(30)
    information = 0.1 * np.eye(5) + worth.mean() * labeled.T @ labeled

    def left(matrix: FloatArray) -> float:
        return float(np.mean(worth * np.einsum("ij,jk,ik->i", rows, np.linalg.inv(matrix), rows)))

    wanted: list[int] = []
    for _ in range(6):
        after = [left(information + one * np.outer(row, row)) for one, row in zip(worth, rows, strict=True)]
        fresh = 1 - redundancy((rows @ rows[wanted].T).max(axis=1, initial=0.0))
        gain = (left(information) - np.array(after)) * fresh
        best = int(np.argmax(np.where(np.isin(range(30), wanted), -1.0, gain)))
        wanted.append(best)
        information = information + worth[best] * np.outer(rows[best], rows[best])
    assert chosen("variance", Pool(worth, rows, known=labeled if known else None), 6) == wanted


def test_variance_prefers_a_doubtful_crowd_to_odd_ones_and_to_what_is_known() -> None:
    rows, kind = four_groups((40, 40, 3, 40))
    worth = np.where(kind == 3, 0.05, 0.9)
    order = kind[chosen("variance", Pool(worth, rows, known=rows[kind == 1][:20]), 123)].tolist()
    assert order[0] == 0
    assert order.index(0) < order.index(1)
    assert order.index(0) < order.index(2)  # few are like it
    assert order.index(1) < order.index(3) or order.index(2) < order.index(3)


def test_density_prefers_the_crowd_among_equally_unsure_tasks() -> None:
    rows, kind = four_groups((60, 3, 3, 3))
    first = chosen("density", Pool(np.ones(69), rows, signals={"margin": np.ones(69)}), 60)
    assert set(kind[first]) == {0}


def test_without_near_duplicates_the_order_is_that_of_utility() -> None:
    places = order_pool(Pool(np.array([0.2, 0.9, 0.5]), np.eye(3)), np.zeros(3, dtype=bool), rng(), "diverse")
    assert places.tolist() == [2, 0, 1]


@pytest.mark.parametrize("strategy", ["diverse", "variance"])
@pytest.mark.parametrize("pack", [np.asarray, sparse.csr_matrix])
def test_near_duplicates_do_not_come_together(pack: Callable[[FloatArray], Features], strategy: str) -> None:
    # The two most useful tasks are the same text twice: the second waits until the others are through.
    features = pack(np.array([[1.0, 0, 0], [1.0, 0.001, 0], [0, 1.0, 0], [0, 0, 1.0]]))
    places = order_pool(Pool(np.array([0.9, 0.89, 0.5, 0.1]), features), np.zeros(4, dtype=bool), rng(), strategy)
    assert places.tolist() == [0, 3, 1, 2]


def test_tasks_that_could_not_be_read_come_last_and_are_like_nothing() -> None:
    features = np.array([[0.0, 0], [0, 0], [1, 0]])
    places = order_pool(Pool(np.array([0.0, 0.0, 0.3]), features), np.zeros(3, dtype=bool), rng(), "diverse")
    assert places.tolist() == [1, 2, 0]


def test_a_pool_larger_than_a_window_stays_in_order_of_utility_between_windows() -> None:
    utilities = np.asarray(np.linspace(1, 0, 4500), dtype=np.float64)
    features = np.random.default_rng(0).normal(size=(4500, 8))
    places = order_pool(Pool(utilities, features), np.zeros(4500, dtype=bool), rng(), "diverse")
    assert places[:2000].max() == 1999
    assert places[2000:4000].min() == 2000


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_the_place_of_a_stranger_counts_who_is_worth_more(values: list[float], mine: float) -> None:
    assert place_of(mine, np.sort(values)) == sum(value > mine for value in values)


def test_an_unknown_strategy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there are: variance, diverse, utility"):
        order_pool(Pool(np.zeros(1)), np.zeros(1, dtype=bool), rng(), "vibes")


@settings(max_examples=up_to(30))
@given(seed=st.integers(0, 1000), full=st.integers(0, 4))
def test_likeness_is_the_product_of_rows_however_they_are_kept(seed: int, full: int) -> None:
    draw = np.random.default_rng(seed)
    one, others = (np.where(draw.random((count, 6)) < 0.3, draw.normal(size=(count, 6)), 0.0) for count in (5, 7))
    others[:, :full] = draw.normal(size=(7, full))
    wanted = pytest.approx(one @ others.T)
    assert likeness(one, others) == wanted
    assert likeness(sparse.csr_matrix(one), sparse.csr_matrix(others)) == wanted
