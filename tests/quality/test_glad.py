"""GLAD: its likelihood by enumeration, its slope by differences, planted abilities found, beside another library."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sync.quality.consensus.glad import Abilities, Model, glad
from sync.quality.consensus.posterior import Votes

from .answers import crowd
from .test_crowd_consensus import votes_of as crowd_votes
from .test_dawid_skene import votes_of

CROWD_KIT = {"bluebirds": (-2124.662, 88), "snow_rte": (-3977.526, 418)}
"""Log posterior where crowd-kit 1.4.2's GLAD stops, and how many tasks it gives the first class."""

SMALL = votes_of(np.array([[0, 0, 1], [1, 2, -1], [2, 2, 0], [0, 0, 1]]), 3, fixed={2: 2})
TRUSTED = replace(SMALL, trust=np.array([[3.0, 1.0], [0.0, 0.0], [1.0, 5.0]]))


def point(model: Model, seed: int = 0) -> Abilities:
    rng = np.random.default_rng(seed)
    return Abilities(rng.normal(1, 1, model.said.shape[1]), rng.normal(1, 0.5, len(model.cells.found.weight)))


def enumerated(votes: Votes, ability: list[float], ease: list[float]) -> float:
    """The sum over all ways in which the classes can be true, answer by answer."""
    total = 0.0
    rows = list(zip(votes.task.tolist(), votes.annotator.tolist(), votes.answer.tolist(), strict=True))
    for truth in itertools.product(range(votes.classes), repeat=votes.tasks):
        if any(truth[task] != known for task, known in votes.fixed.items()):
            continue
        chance = (1 / votes.classes) ** votes.tasks
        for task, person, answer in rows:
            right = 1 / (1 + math.exp(-ability[person] * math.exp(ease[task])))
            chance *= right if answer == truth[task] else (1 - right) / (votes.classes - 1)
        total += chance
    beliefs = -0.5 * (sum((a - 1) ** 2 for a in ability) + sum((b - 1) ** 2 for b in ease))
    if votes.trust is not None:
        for (right, wrong), one in zip(votes.trust.tolist(), ability, strict=True):
            share = 1 / (1 + math.exp(-one * math.e))
            beliefs += right * math.log(share) + wrong * math.log(1 - share)
    return math.log(total) + beliefs


@pytest.mark.parametrize("votes", [SMALL, TRUSTED])
def test_the_likelihood_is_the_enumerated_one(votes: Votes) -> None:
    model = Model.of(votes)
    at = point(model)
    ease = at.ease[model.cells.found.of_task].tolist()
    assert model.log_posterior(at)[0] == pytest.approx(enumerated(votes, at.ability.tolist(), ease), abs=1e-7)


def test_the_slope_is_that_of_the_likelihood() -> None:
    model = Model.of(TRUSTED)
    at = point(model, seed=1)
    _, slope = model.log_posterior(at)
    for name, found in (("ability", slope.ability), ("ease", slope.ease)):
        for place in range(len(found)):
            step = np.zeros(len(found))
            step[place] = 1e-5
            up, down = (model.log_posterior(replace(at, **{name: getattr(at, name) + s}))[0] for s in (step, -step))
            assert found[place] == pytest.approx((up - down) / 2e-5, abs=1e-4)


def test_longer_climbs_never_end_lower() -> None:
    rng = np.random.default_rng(0)
    model = Model.of(votes_of(rng.integers(3, size=(60, 6)), 3))
    values = [model.log_posterior(model.fit(iterations))[0] for iterations in (1, 2, 4, 8, 16, 64)]
    assert values == sorted(values)


def test_planted_abilities_are_found() -> None:
    """But for their scale: with six answers a task, the eases that fit best make everybody look abler."""
    rng = np.random.default_rng(3)
    ability, ease = np.array([-0.5, 0.2, 0.5, 0.8, 1.2, 1.6]), rng.normal(1, 0.4, 3000)
    truth = rng.integers(2, size=3000)
    right = rng.random((3000, 6)) < 1 / (1 + np.exp(-ability * np.exp(ease)[:, None]))
    votes = votes_of(np.where(right, truth[:, None], 1 - truth[:, None]), 2)
    found = Model.of(votes).fit()
    assert found.ability / found.ability[5] == pytest.approx(ability / ability[5], abs=0.1)
    assert np.mean(glad(votes).probability.argmax(axis=1) == truth) > 0.97


@pytest.mark.parametrize("name", CROWD_KIT)
def test_it_climbs_as_high_as_elsewhere(shared_data: Path, name: str) -> None:
    votes = crowd_votes(crowd(shared_data / name)[0])
    model = Model.of(votes)
    theirs, first = CROWD_KIT[name]
    assert model.log_posterior(model.fit())[0] >= theirs - 1e-3
    assert int(np.sum(glad(votes).probability.argmax(axis=1) == 0)) == first
