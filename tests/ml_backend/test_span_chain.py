"""Chains: every probability against the sum over all paths."""

from itertools import pairwise, product

import numpy as np
import pytest

from ml_backend.spans import chain
from ml_backend.spans.fields import FORBIDDEN
from ml_backend.spans.tags import Scheme, runs

LENGTHS = np.array([3, 4, 1])
STARTS = np.array([0, 3, 7])
COUNT = 8


class World:
    """Two fields with random weights, and all their paths."""

    def __init__(self, labels: int) -> None:
        rng = np.random.default_rng(labels)
        scheme = Scheme(tuple("abc"[:labels]), apart=False)
        self.tags = scheme.tags
        self.plain = rng.normal(0, 2, (2, COUNT, self.tags))
        self.moves = np.where(scheme.allowed(), rng.normal(0, 1, (2, self.tags, self.tags)), FORBIDDEN)
        self.where = chain.layout(STARTS, LENGTHS)
        self.scores = self.plain[:, self.where.order]
        self.said = chain.beliefs(self.scores, self.moves, self.where)
        self.place_of = np.argsort(self.where.order)

    def paths(self, head: int, start: int, length: int) -> dict[tuple[int, ...], float]:
        """Every path of a sequence with its probability."""
        weight = {}
        for path in product(range(self.tags), repeat=length):
            steps = sum(self.moves[head, one, other] for one, other in pairwise([0, *path]))
            weight[path] = np.exp(steps + sum(self.plain[head, start + t, tag] for t, tag in enumerate(path)))
        total = sum(weight.values())
        return {path: one / total for path, one in weight.items()}

    def sequences(self) -> list[tuple[int, int, int]]:
        return [
            (head, start, length)
            for head in (0, 1)
            for start, length in zip(STARTS.tolist(), LENGTHS.tolist(), strict=True)
        ]


@pytest.fixture(params=[1, 2], ids=["one label", "two labels"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


def test_marginals_are_sums_over_paths(world: World) -> None:
    marginals = world.said.marginals[:, world.place_of]
    for head, start, length in world.sequences():
        paths = world.paths(head, start, length)
        for t in range(length):
            wanted = [sum(p for path, p in paths.items() if path[t] == tag) for tag in range(world.tags)]
            assert marginals[head, start + t] == pytest.approx(wanted)


def test_the_best_path_and_its_probability(world: World) -> None:
    path = chain.best_path(world.scores, world.moves, world.where)
    shares = chain.path_log_probability(path, world.scores, world.moves, world.said, world.where)
    for head, start, length in world.sequences():
        paths = world.paths(head, start, length)
        best = max(paths, key=lambda one: paths[one])
        assert tuple(path[head, world.place_of[start : start + length]].tolist()) == best
        assert np.exp(shares[head, world.place_of[start : start + length]].sum()) == pytest.approx(paths[best])


def test_expected_steps_are_sums_over_paths(world: World) -> None:
    trust = np.ones((2, COUNT))
    found = chain.expected_moves(world.said, world.moves, world.where, trust)
    wanted = np.zeros_like(found)
    for head, start, length in world.sequences():
        for path, share in world.paths(head, start, length).items():
            for one, other in pairwise([0, *path]):
                wanted[head, one, other] += share
    assert found == pytest.approx(wanted)


def test_the_probability_of_exactly_a_span_is_the_sum_over_paths_that_have_it(world: World) -> None:
    for head, start, length in world.sequences():
        spans: dict[tuple[int, int, int], float] = {}
        for path, share in world.paths(head, start, length).items():
            if share > 0:
                for span in runs(np.array(path)):
                    spans[span] = spans.get(span, 0.0) + share
        table = np.array([[head, start + first, start + last, label] for first, last, label in spans])
        found = chain.span_probability(table, world.said, world.moves, world.where, world.place_of)
        assert found == pytest.approx(list(spans.values()))


@pytest.mark.parametrize("least", [1e-9, 0.01, 0.1, 0.6])
def test_likely_spans_are_all_that_are_so_probable_with_what_they_have_over_all_paths(
    world: World, least: float
) -> None:
    wanted: dict[tuple[int, ...], float] = {}
    for head, start, length in world.sequences():
        for path, share in world.paths(head, start, length).items():
            for first, last, label in runs(np.array(path)) if share > 0 else ():
                span = (head, start + first, start + last, label)
                wanted[span] = wanted.get(span, 0.0) + share
    table, shares = chain.likely_spans(world.said, world.moves, world.where, least)
    found = dict(zip(map(tuple, table.tolist()), shares.tolist(), strict=True))
    assert len(found) == len(table)
    assert found == pytest.approx({span: share for span, share in wanted.items() if share >= least})


def test_no_sequence_gives_nothing() -> None:
    where = chain.layout(np.empty(0, np.int64), np.empty(0, np.int64))
    said = chain.beliefs(np.zeros((1, 0, 3)), np.zeros((1, 3, 3)), where)
    assert said.marginals.shape == (1, 0, 3)
    assert chain.best_path(np.zeros((1, 0, 3)), np.zeros((1, 3, 3)), where).shape == (1, 0)
    assert chain.likely_spans(said, np.zeros((1, 3, 3)), where, 0.1)[0].shape == (0, 4)
