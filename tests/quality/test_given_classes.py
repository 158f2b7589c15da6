"""Many classes of which each task was given few: the same results from the few cells that can matter."""

from collections.abc import Callable

import numpy as np
import pytest

from sync.quality.consensus.dawid_skene import FewRates, Model, dawid_skene
from sync.quality.consensus.given_classes import MANY, GivenClasses, sparing
from sync.quality.consensus.hierarchical import hierarchical
from sync.quality.consensus.posterior import Posterior, Votes

CLASSES = 80


def crowd(classes: int = CLASSES, *, tasks: int = 400, people: int = 12, trusted: bool = False) -> Votes:
    """Up to three answers a task by people who are right on 50 to 95 %; some tasks are known, some have no answer."""
    rng = np.random.default_rng(classes)
    right = rng.uniform(0.5, 0.95, people)
    truth = rng.integers(classes, size=tasks)
    task = np.repeat(np.arange(tasks), rng.choice([0, 1, 3], size=tasks, p=[0.02, 0.08, 0.9]))
    annotator = (7 * task + np.arange(len(task))) % people
    near = (truth[task] + rng.integers(1, 3, size=len(task))) % classes
    answer = np.where(rng.random(len(task)) < right[annotator], truth[task], near)
    trust = np.stack([10 * right, 10 * (1 - right)], axis=1) if trusted else None
    fixed = {place: int(truth[place]) for place in range(0, tasks, 40)}
    return Votes(task, annotator, answer, tasks, people, classes, fixed, trust=trust)


@pytest.mark.parametrize("method", [dawid_skene, hierarchical])
def test_the_result_is_that_of_whole_tables(method: Callable[..., Posterior]) -> None:
    votes = crowd()
    assert sparing(votes) is not None
    few, every = method(votes), method(votes, whole_tables=True)
    assert few.probability == pytest.approx(every.probability, abs=1e-6)
    assert few.confusion == pytest.approx(every.confusion, abs=1e-6)
    assert few.prior == pytest.approx(every.prior, abs=1e-9)


@pytest.mark.parametrize("method", [dawid_skene, hierarchical])
def test_with_what_is_believed_of_people_too_but_for_single_answers(method: Callable[..., Posterior]) -> None:
    votes = crowd(trusted=True)
    few, every = (found.probability.argmax(axis=1) for found in (method(votes), method(votes, whole_tables=True)))
    assert (few == every).mean() > 0.98


def test_each_step_and_its_objective_are_those_of_whole_tables() -> None:
    model = Model.of(crowd(), 3.0, given_only=True)
    few = FewRates.of(model)
    assert few is not None
    counts, every = few.start(), model.start()
    for _ in range(3):
        assert few.whole(counts) == pytest.approx(every, abs=1e-9)
        (counts, value), (every, objective) = few.step(counts), model.step(every)
        assert value == pytest.approx(objective, abs=1e-6)


def test_a_task_teaches_about_its_known_class_or_those_that_two_gave_it_or_all() -> None:
    task, annotator, answer = np.array([[0, 0, 1, 2, 2], [0, 1, 0, 0, 1], [5, 3, 4, 1, 2]])
    given = GivenClasses.of(Votes(task, annotator, answer, 3, 2, 6, {2: 0}))
    assert given.label.tolist() == [3, 5, 0, 1, 2, 3, 4, 5, 0]
    assert given.task.tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 2]
    assert given.said.sum() == 2 * 2 + 6 + 2


def test_few_classes_or_few_answers_that_stand_alone_stay_in_whole_tables() -> None:
    assert sparing(crowd(MANY - 1, people=60)) is None
    alone = np.arange(500)
    assert sparing(Votes(alone, alone % 5, alone % 40, 500, 5, 40, {})) is None
