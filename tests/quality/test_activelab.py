"""ActiveLab: what cleanlab gives on the same votes, and the order that it is for."""

import numpy as np
import pytest

from sync.quality.activelab import activelab
from sync.quality.consensus.posterior import Votes

from .test_crowdlab import MODEL, PICTURE, votes


def test_scores_of_answered_and_open_tasks_are_one_minus_cleanlabs() -> None:
    """From get_active_learning_scores of cleanlab 2.9.0 at temperature 1: there low means to be labelled first."""
    model = np.vstack([MODEL, [[0.6, 0.3, 0.1], [1 / 3, 1 / 3, 1 / 3]]])
    theirs = [
        0.6233411213570998,
        0.6883292450389968,
        0.7515985390590941,
        0.45004351603655873,
        0.4733827527356587,
        0.5683464132076271,
        0.7533171445743955,
        0.5145883479650532,
        0.5683466981444546,
        0.3333333333333333,
    ]
    assert 1 - activelab(votes([*PICTURE, "...", "..."], model)) == pytest.approx(theirs, abs=1e-9)


def test_where_every_task_has_one_answer_the_scores_are_cleanlabs_too() -> None:
    model = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1], [0.2, 0.2, 0.6], [0.6, 0.3, 0.1]])
    theirs = [0.5111111111111111, 0.5777777777777777, 0.37777777777777777, 0.5111111111111111, 0.4666666666666667]
    assert 1 - activelab(votes(["0.", ".1", "1.", ".2", ".."], model)) == pytest.approx(theirs)


def test_another_answer_gains_less_the_more_there_are() -> None:
    model = np.tile([0.6, 0.4], (4, 1))
    first, second, third, none = activelab(votes(["000", "00.", "0..", "..."], model, classes=2))
    assert first < second < third < none


def test_a_disputed_task_comes_before_one_that_nobody_answered_and_the_model_knows() -> None:
    crowd = ["000", "111", "000", "111", "01.", "..."]
    model = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9], [0.5, 0.5], [0.99, 0.01]])
    gain = activelab(votes(crowd, model, classes=2))
    assert gain[4] > gain[5] > gain[0]


def test_a_known_class_needs_no_answer() -> None:
    assert activelab(votes(["01", "0."], None, {0: 1}, 2))[0] == 0.0


@pytest.mark.parametrize("classes", [1, 2])
def test_nothing_known_is_an_even_guess(classes: int) -> None:
    nothing = np.array([], dtype=np.int64)
    assert activelab(Votes(nothing, nothing, nothing, 2, 0, classes, {})) == pytest.approx([1 - 1 / classes] * 2)
