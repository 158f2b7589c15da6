"""Dawid and Skene: as published, against a textbook EM; then what ours adds."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from sync.quality.consensus.dawid_skene import dawid_skene
from sync.quality.consensus.posterior import Posterior, Votes
from sync.quality.records import IntArray

from .answers import simulated


def votes_of(answer: IntArray, classes: int, fixed: dict[int, int] | None = None) -> Votes:
    """Votes from a table (tasks, annotators) of classes; -1 stands for no answer."""
    task, annotator = np.nonzero(answer >= 0)
    tasks, annotators = answer.shape
    return Votes(task, annotator, answer[task, annotator], tasks, annotators, classes, fixed or {})


def published(votes: Votes, iterations: int) -> Posterior:
    return dawid_skene(votes, strength=0, given_only=False, iterations=iterations, tolerance=0)


def textbook(votes: Votes, iterations: int) -> list[list[float]]:
    """Equations 2.3 to 2.5 of the paper, number by number."""
    rows = list(zip(votes.task.tolist(), votes.annotator.tolist(), votes.answer.tolist(), strict=True))
    classes = range(votes.classes)
    said = [[answer for task, _, answer in rows if task == one] for one in range(votes.tasks)]
    chance = [[one.count(truth) / len(one) for truth in classes] for one in said]
    for _ in range(iterations):
        prior = [sum(row[truth] for row in chance) / votes.tasks for truth in classes]
        counts = [[[0.0 for _ in classes] for _ in classes] for _ in range(votes.annotators)]
        for task, person, answer in rows:
            for truth in classes:
                counts[person][truth][answer] += chance[task][truth]
        share = [[[count / (sum(row) or 1) for count in row] for row in one] for one in counts]
        for task in range(votes.tasks):
            here = [(person, answer) for one, person, answer in rows if one == task]
            product = [prior[t] * math.prod(share[person][t][answer] for person, answer in here) for t in classes]
            chance[task] = [one / sum(product) for one in product]
    return chance


@pytest.mark.parametrize(("labels", "right", "iterations"), [(2, 0.6, 1), (2, 0.6, 25), (3, 0.7, 25), (5, 0.8, 10)])
def test_as_published_it_is_the_textbook(labels: int, right: float, iterations: int) -> None:
    rng = np.random.default_rng(labels)
    coded, _ = simulated(rng, tasks=40, people=5, labels=labels, right=right)
    answer = np.where(rng.random((40, 5)) < 0.8, coded.answer.reshape(40, 5), -1)
    answer[:, 0] = coded.answer.reshape(40, 5)[:, 0]
    votes = votes_of(answer, labels)
    found = published(votes, iterations - 1).probability
    assert found == pytest.approx(np.array(textbook(votes, iterations)), abs=1e-5)


ERROR_RATES = """
.89 .11 .00 .00  .07 .88 .05 .00  .00 .34 .66 .00  .00 .00 .56 .44
.83 .17 .00 .00  .05 .63 .31 .00  .00 .00 1.0 .00  .00 .00 .00 1.0
1.0 .00 .00 .00  .11 .79 .11 .00  .00 .40 .20 .40  .00 .00 .67 .33
.94 .06 .00 .00  .05 .84 .10 .00  .00 .00 .80 .20  .00 .00 .33 .67
1.0 .00 .00 .00  .16 .73 .11 .00  .00 .21 .79 .00  .00 .00 .33 .67
"""
"""A line an anaesthetist, four answers a true class: what github.com/dallascard/dawid_skene computes."""
CLASSES_OF_PATIENTS = "142222132243121111222222112111131224233111212"
UNCERTAIN = {7: 0.981, 30: 0.9991, 35: 0.948, 38: 0.9788, 42: 0.9998}
"""The patients whose class is not certain to four digits, with its probability."""


def test_the_papers_own_example(shared_data: Path) -> None:
    """45 patients, 5 anaesthetists, the first three times: class shares, error rates and patients' classes.

    Transcriptions of the paper's table differ in one cell: patient 7's second answer by the first is 1 or 2.
    """
    with (shared_data / "iaa_oracles" / "anesthesia.csv").open(newline="") as file:
        rows = [[int(float(cell)) - 1 for cell in line.values()] for line in csv.DictReader(file)]
    task, annotator, answer = np.array(rows).T
    of_seven = np.flatnonzero((task == 6) & (annotator == 0))
    assert sorted(answer[of_seven].tolist()) in ([0, 0, 1], [0, 1, 1])
    answer[of_seven] = [0, 1, 1]
    found = published(Votes(task, annotator, answer, 45, 5, 4, {}), 200)
    assert found.prior == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=0.005)
    rates = np.array([float(rate) for rate in ERROR_RATES.split()]).reshape(5, 4, 4)
    assert found.confusion == pytest.approx(rates, abs=0.0051)
    assert "".join(str(1 + place) for place in found.probability.argmax(axis=1)) == CLASSES_OF_PATIENTS
    sure = found.probability.max(axis=1)
    assert {patient: sure[patient - 1] for patient in UNCERTAIN} == pytest.approx(UNCERTAIN, abs=1e-4)
    assert np.delete(sure, [patient - 1 for patient in UNCERTAIN]).min() > 0.9999


def test_it_finds_who_is_right_and_who_confuses_what() -> None:
    """Four people, the last of whom calls half of the tasks of class 0 class 1: their rates are found again."""
    rng = np.random.default_rng(1)
    truth = rng.integers(3, size=3000)
    answer = np.where(rng.random((3000, 4)) < 0.8, truth[:, None], rng.integers(3, size=(3000, 4)))
    answer[:, 3] = np.where((truth == 0) & (rng.random(3000) < 0.5), 1, truth)
    found = dawid_skene(votes_of(answer, 3))
    assert np.mean(found.probability.argmax(axis=1) == truth) > 0.97
    assert found.confusion[0] == pytest.approx(np.full((3, 3), 0.2 / 3) + 0.8 * np.eye(3), abs=0.03)
    assert found.confusion[3] == pytest.approx(np.array([[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]]), abs=0.03)
    assert found.prior == pytest.approx([1 / 3] * 3, abs=0.02)


def test_an_annotator_of_few_answers_is_taken_for_an_average_one() -> None:
    """A newcomer whose one answer differs from everybody's: as published they are always wrong, here they are not."""
    truth = np.arange(60) % 2
    answer = np.stack([truth, truth, truth, np.full(60, -1)], axis=1)
    answer[0, 3] = 1
    votes = votes_of(answer, 2)
    assert published(votes, 50).confusion[3, 0, 0] == pytest.approx(0, abs=1e-6)
    assert dawid_skene(votes).confusion[3, 0, 0] > 0.7


def test_a_rare_class_does_not_come_to_stand_for_doubtful_tasks() -> None:
    """A fifth of the tasks is a toss-up between two classes, and a few answers to those name a third one."""
    rng = np.random.default_rng(0)
    truth, doubtful = rng.integers(2, size=200), rng.random(200) < 0.2
    right = rng.random((200, 5)) < np.where(doubtful, 0.5, 0.97)[:, None]
    answer = np.where(right, truth[:, None], 1 - truth[:, None])
    answer[doubtful[:, None] & (rng.random((200, 5)) < 0.03)] = 2
    nobody = ~(answer == 2).any(axis=1)

    def invented(given_only: bool) -> int:
        found = dawid_skene(votes_of(answer, 3), given_only=given_only)
        return int(np.sum(found.probability[nobody].argmax(axis=1) == 2))

    assert (invented(given_only=True), invented(given_only=False) > 20) == (0, True)


def test_known_classes_are_certain_and_teach() -> None:
    """Two against one, but rulings say that the one is right: so they are on the tasks without a ruling."""
    answer = np.array([[1, 1, 0]] * 20 + [[0, 0, 1]] * 20)
    found = dawid_skene(votes_of(answer, 2, fixed={**dict.fromkeys(range(10), 0), **dict.fromkeys(range(20, 30), 1)}))
    assert found.probability[:10].tolist() == [[1.0, 0.0]] * 10
    assert found.probability[10:20, 0].min() > 0.9
    assert found.probability[30:, 1].min() > 0.9


def test_a_task_without_answers_says_nothing_about_the_classes() -> None:
    answer = np.array([[0, 0]] * 10 + [[-1, -1]] * 90)
    found = dawid_skene(votes_of(answer, 2))
    assert found.prior[0] == pytest.approx(10.5 / 11)
    assert found.probability[10:] == pytest.approx(np.tile(found.prior, (90, 1)))


def test_thousands_of_answers_to_one_task_do_not_underflow() -> None:
    answer = np.concatenate([np.arange(5000)[None, :] % 3 % 2, np.ones((3, 5000), dtype=np.int64)])
    found = dawid_skene(votes_of(answer, 2))
    assert np.isfinite(found.probability).all()
    assert found.probability.sum(axis=1) == pytest.approx([1.0] * 4)
