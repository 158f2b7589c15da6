"""MACE: its likelihood by enumeration, an objective that never falls, planted habits found."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from sync.quality.consensus.mace import Habits, Model, mace
from sync.quality.consensus.posterior import Votes
from sync.quality.records import FloatArray

from .test_dawid_skene import votes_of

SMALL = votes_of(np.array([[0, 0, 1], [1, 2, -1], [2, 2, 0], [0, 0, 1]]), 3, fixed={2: 2})
variants = pytest.mark.parametrize("variational", [True, False])


def enumerated(votes: Votes, habits: Habits) -> tuple[float, FloatArray]:
    """Log likelihood, and expected counts of knowing, over all truths: equations of section 3 of the paper."""
    total, knowing = 0.0, np.zeros((votes.annotators, votes.classes))
    rows = list(zip(votes.task.tolist(), votes.annotator.tolist(), votes.answer.tolist(), strict=True))
    for truth in itertools.product(range(votes.classes), repeat=votes.tasks):
        if any(truth[task] != known for task, known in votes.fixed.items()):
            continue
        chance, knew = (1 / votes.classes) ** votes.tasks, np.zeros_like(knowing)
        for task, person, answer in rows:
            knows = habits.knows[person] * (answer == truth[task])
            weight = knows + habits.guesses[person, answer]
            chance *= weight
            knew[person, answer] += knows / weight
        total += chance
        knowing += chance * knew
    return math.log(total), knowing / total


@variants
def test_the_e_step_is_the_enumerated_one(variational: bool) -> None:
    model = Model.of(SMALL, variational)
    habits = model.maximise(model.given * np.array([[0.7], [0.4], [0.1]]))
    knowing, likelihood = model.know(habits)
    expected, expected_knowing = enumerated(SMALL, habits)
    assert likelihood == pytest.approx(expected)
    assert knowing == pytest.approx(expected_knowing, abs=1e-7)


def test_the_plain_m_step_is_shares_of_counts() -> None:
    """Person 0 gave 0, 1, 2, 0: of class 0 they knew one."""
    model = Model.of(SMALL, variational=False)
    knowing = np.zeros_like(model.given)
    knowing[0, 0] = 1.0
    habits = model.maximise(knowing)
    small = 0.01 / 3
    assert habits.knows[0] == pytest.approx((1 + small) / (4 + 2 * small))
    guesses = (3 + small) / (4 + 2 * small) * (1 + small) / (3 + 3 * small)
    assert habits.guesses[0] == pytest.approx([guesses] * 3)


@variants
def test_the_objective_never_falls(variational: bool) -> None:
    rng = np.random.default_rng(0)
    model = Model.of(votes_of(rng.integers(-1, 4, size=(80, 7)), 4), variational)
    point, values = model.given * 0.5, []
    for _ in range(60):
        point, value = model.step(point)
        values.append(value)
    assert all(after >= before - 1e-6 for before, after in itertools.pairwise(values))


@variants
def test_planted_habits_are_found(variational: bool) -> None:
    """Four people who know 90, 70, 50 and 20 % of the answers; the last guesses class 0 eight times out of ten."""
    rng = np.random.default_rng(1)
    truth = rng.integers(3, size=4000)
    knows = rng.random((4000, 4)) < np.array([0.9, 0.7, 0.5, 0.2])
    guess = rng.integers(3, size=(4000, 4))
    guess[:, 3] = rng.choice(3, p=[0.8, 0.1, 0.1], size=4000)
    votes = votes_of(np.where(knows, truth[:, None], guess), 3)
    found = mace(votes, variational=variational)
    assert found.confusion[0] == pytest.approx(0.9 * np.eye(3) + 0.1 / 3, abs=0.03)
    assert found.confusion[3] == pytest.approx(0.2 * np.eye(3) + 0.8 * np.array([0.8, 0.1, 0.1]), abs=0.04)
    assert np.mean(found.probability.argmax(axis=1) == truth) > 0.9


def test_a_seed_gives_the_same_again_and_names_of_annotators_mean_nothing() -> None:
    rng = np.random.default_rng(2)
    table = rng.integers(-1, 3, size=(40, 6))
    found = mace(votes_of(table, 3), restarts=5, seed=7).probability
    assert mace(votes_of(table, 3), restarts=5, seed=7).probability.tolist() == found.tolist()
    assert mace(votes_of(table[:, ::-1], 3), restarts=5, seed=7).probability == pytest.approx(found, abs=1e-6)


def test_a_trusted_annotator_is_believed() -> None:
    votes = votes_of(np.array([[0, 1]] * 5), 2)
    trusted = replace(votes, trust=np.array([[10.0, 10.0], [19.0, 1.0]]))
    assert mace(votes).probability[0].tolist() == [0.5, 0.5]
    assert mace(trusted).probability[0, 1] > 0.6
