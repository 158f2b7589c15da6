"""auto: what it chooses from constructed crowds and real ones, and why; the methods that only it needs."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from label_config.model import Control
from sync.quality.consensus import infer
from sync.quality.consensus.blend import MEMBERS, blend
from sync.quality.consensus.choosing import GOLD, choose, gain, share_right
from sync.quality.consensus.classes import CLASSES
from sync.quality.consensus.hierarchical import STRENGTHS, expected, hierarchical, most_probable_strength
from sync.quality.consensus.majority import majority
from sync.quality.consensus.posterior import Votes
from sync.quality.evidence import ControlEvidence
from sync.quality.records import CodedAnswers, FloatArray, IntArray

from .answers import crowd, gold, single, table

TASKS, PEOPLE = 150, 6


def drawn(rng: np.random.Generator, confusion: FloatArray, shares: FloatArray) -> tuple[Votes, IntArray]:
    """Everybody answers every task by their own matrix, confusion (annotators, true class, answer); and the truth."""
    people, classes, _ = confusion.shape
    truth = rng.choice(classes, size=TASKS, p=shares)
    chances = confusion[:, truth].transpose(1, 0, 2).cumsum(axis=2)
    answer = (rng.random((TASKS, people, 1)) > chances).sum(axis=2)
    task, person = np.divmod(np.arange(TASKS * people), people)
    return Votes(task, person, answer.ravel(), TASKS, people, classes, {}), truth


def coded(votes: Votes, fixed: dict[int, int] | None = None) -> CodedAnswers:
    names = [chr(ord("a") + place) for place in range(votes.classes)]
    rows = zip(votes.task.tolist(), votes.annotator.tolist(), votes.answer.tolist(), strict=True)
    known = {task: names[label] for task, label in (fixed or {}).items()}
    return single([(task, person, names[label]) for task, person, label in rows], names, known)


def chosen(answers: CodedAnswers) -> tuple[str, str]:
    return choose(ControlEvidence(Control("c", "Choices", ("t",), answers.labels, answers.multiple), answers))


def right(method: str, votes: Votes, truth: IntArray) -> float:
    tasks = list(range(votes.tasks))
    return float(share_right(CLASSES[method](votes).probability, dict(enumerate(truth.tolist())), tasks).mean())


def alike(people: int, rate: float) -> FloatArray:
    return np.repeat([[[rate, 1 - rate], [1 - rate, rate]]], people, axis=0)


def unlike() -> FloatArray:
    """Two who are good, two who guess, one who says the opposite, one who always says a."""
    good, guess = [[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.5, 0.5]]
    return np.array([good, good, guess, guess, [[0.1, 0.9], [0.9, 0.1]], [[1.0, 0.0], [1.0, 0.0]]])


@pytest.mark.parametrize(
    ("answers", "method", "why"),
    [
        (single([]), "majority", "nobody"),
        (single(table("abc" * 20 + " " + "abc" * 20)), "majority", "fewer than three annotators"),
        (single([(3 * task + who, who, "a") for task in range(9) for who in range(3)]), "majority", "1.0 answers"),
    ],
)
def test_where_there_is_little_it_counts(answers: CodedAnswers, method: str, why: str) -> None:
    name, reason = chosen(answers)
    assert name == method
    assert why in reason


def test_a_model_of_annotators_pays_where_they_differ() -> None:
    different, truth = drawn(np.random.default_rng(1), unlike(), np.array([0.5, 0.5]))
    name, why = chosen(coded(different))
    assert name == "blend"
    assert "mean of five" in why
    assert right("blend", different, truth) > right("majority", different, truth) + 0.05


def test_where_tasks_divide_people_who_are_alike_it_counts() -> None:
    """All are right on nine tasks of ten with 0.99, on the others with 0.55, and nine of ten are of one class."""
    rng = np.random.default_rng(1)
    rate = np.where(rng.random(TASKS * 4) < 0.9, 0.99, 0.55)
    truth = (rng.random(TASKS * 4) < 0.9).astype(np.int64)
    correct = rng.random((TASKS * 4, PEOPLE)) < rate[:, None]
    answer = np.where(correct, truth[:, None], 1 - truth[:, None])
    task, person = np.divmod(np.arange(answer.size), PEOPLE)
    votes = Votes(task, person, answer.ravel(), TASKS * 4, PEOPLE, 2, {})
    name, why = chosen(coded(votes))
    assert name == "wawa"
    assert "counting the others" in why
    assert right("wawa", votes, truth) >= right("dawid-skene", votes, truth)


def test_the_gain_is_what_knowing_the_annotator_is_worth() -> None:
    """Two always say the truth, two never: without knowing who is who, the others say nothing about an answer."""
    truth = np.random.default_rng(2).integers(2, size=TASKS)
    answer = np.stack([truth, truth, 1 - truth, 1 - truth, truth], axis=1)
    task, person = np.divmod(np.arange(TASKS * 5), 5)
    votes = Votes(task, person, answer.ravel(), TASKS, 5, 2, {})
    mean, error = gain(votes)
    assert mean == pytest.approx(np.log(2), abs=0.15)
    assert 0 < error < 0.02


def test_answers_that_nobody_else_gave_a_second_one_to_say_nothing() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert gain(Votes(nothing, nothing, nothing, 0, 0, 2, {})) == (0.0, 0.0)
    alone = np.arange(4)
    assert gain(Votes(alone, alone, alone % 2, 4, 4, 2, {})) == (0.0, 0.0)


def test_names_of_people_and_labels_and_the_order_of_answers_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    votes, _ = drawn(rng, unlike(), np.array([0.7, 0.3]))
    order = rng.permutation(len(votes.task))
    renamed = dataclasses.replace(
        votes,
        task=votes.task[order],
        annotator=PEOPLE - 1 - votes.annotator[order],
        answer=1 - votes.answer[order],
    )
    assert chosen(coded(votes)) == chosen(coded(renamed)) == chosen(coded(votes))


def test_known_answers_decide_where_the_crowd_is_wrong_together() -> None:
    """Four of six say a for every b: no method sees that from answers, and counting known answers shows it."""
    wrong = np.repeat([[[0.95, 0.05], [0.8, 0.2]]], 4, axis=0)
    votes, truth = drawn(np.random.default_rng(4), np.concatenate([wrong, alike(2, 0.9)]), np.array([0.5, 0.5]))
    known = dict(enumerate(truth[: 2 * GOLD].tolist()))
    name, why = chosen(coded(votes, known))
    assert f"of {2 * GOLD} known answers" in why
    told = dataclasses.replace(votes, fixed=known)
    hidden = list(range(2 * GOLD, TASKS))
    correct = dict(enumerate(truth.tolist()))
    by_it = share_right(CLASSES[name](told).probability[hidden], correct, hidden).mean()
    assert by_it > share_right(majority(told).probability[hidden], correct, hidden).mean() + 0.1


def test_few_known_answers_decide_nothing() -> None:
    votes, truth = drawn(np.random.default_rng(5), unlike(), np.array([0.5, 0.5]))
    known = dict(enumerate(truth[: GOLD - 1].tolist()))
    assert "known answers" not in chosen(coded(votes, known))[1]


def test_a_blend_is_the_mean_of_its_members() -> None:
    votes, _ = drawn(np.random.default_rng(6), unlike(), np.array([0.5, 0.5]))
    known = dataclasses.replace(votes, fixed={3: 1})
    mean = np.mean([CLASSES[name](known).probability for name in MEMBERS], axis=0)
    assert blend(known).probability == pytest.approx(mean)
    assert blend(known).probability[3].tolist() == [0.0, 1.0]


def test_how_far_people_differ_is_estimated() -> None:
    """Counts of 200 answers a row drawn from Dirichlets of a known strength."""
    rng = np.random.default_rng(7)
    mean = np.array([[0.8, 0.2], [0.3, 0.7]])
    for strength in (2.0, 16.0):
        rows = np.stack([rng.dirichlet(strength * row, size=60) for row in mean], axis=1)
        counts = 200 * rows
        found = most_probable_strength(counts, np.repeat(mean[None], 60, axis=0))
        assert found in STRENGTHS
        assert strength / 2 <= found <= strength * 2
    same = np.repeat(200 * mean[None], 60, axis=0)
    assert most_probable_strength(same, same / 200) == STRENGTHS[-1]


def test_what_is_expected_of_a_person_moves_everybodys_row_by_their_own_odds() -> None:
    counts = np.array([[[90.0, 10.0], [20.0, 80.0]], [[50.0, 50.0], [50.0, 50.0]]])
    mean = expected(counts)
    assert mean.sum(axis=2) == pytest.approx(np.ones((2, 2)))
    assert mean[0, 0, 0] > 0.8 > 0.65 > mean[1, 0, 0]
    assert mean[0, 0, 0] > mean[0, 1, 1]


def test_people_who_err_alike_are_pooled() -> None:
    """Of forty people with four answers each one number is learned; a matrix each would be noise."""
    rng = np.random.default_rng(8)
    task = np.repeat(np.arange(40), 4)
    votes = Votes(task, rng.permuted(np.tile(np.arange(40), 4)), rng.integers(2, size=160), 40, 40, 2, {})
    found = hierarchical(votes)
    assert found.confusion[:, 0, 0].std() < 0.1
    assert np.isfinite(found.probability).all()


@pytest.mark.parametrize(
    ("name", "method", "accuracy", "elsewhere"),
    [
        ("bluebirds", "blend", 0.8704, 0.8889),
        ("snow_rte", "blend", 0.9262, 0.9275),
        ("snow_temp", "blend", 0.9437, 0.9437),
        ("d_possent", "blend", 0.96, 0.96),
        ("s_face", "blend", 0.6421, 0.6524),
        ("fej2013", "wawa", 0.901, 0.9062),
        ("sp_amt", "wawa", 0.944, 0.946),
    ],
)
def test_auto_is_close_to_the_best_elsewhere(
    shared_data: Path, name: str, method: str, accuracy: float, elsewhere: float
) -> None:
    """Beside the accuracy of the best of crowd-kit 1.4.2's methods on the set, as benchmarks/truth.py found it."""
    answers, tasks = crowd(shared_data / name)
    found = infer(ControlEvidence(Control("c", "Choices", ("t",), answers.labels), answers))
    assert found.method == method
    label = {text: place for place, text in enumerate(answers.labels)}
    truth = {tasks[task]: label[text] for task, text in gold(shared_data / name).items() if task in tasks}
    posterior = np.array([[(one.posterior or {}).get(text, 0.0) for text in answers.labels] for one in found.tasks])
    known = sorted(truth)
    ours = float(share_right(posterior[known], truth, known).mean())
    assert ours == pytest.approx(accuracy, abs=0.005)
    assert ours >= elsewhere - 0.02
