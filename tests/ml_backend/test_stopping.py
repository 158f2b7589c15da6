"""When labeling more is unlikely to help: kappa, its bounds and the signal against what can be worked out otherwise."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import cohen_kappa_score, f1_score

from ml_backend.worth.stopping import SURE, Look, changed_at_most, compared, f_bound, kappa, spaced, stopping


def look(labels: int, answers: Sequence[int] | str) -> Look:
    return Look(f"tiebreak-{labels}", labels, {task: str(answer) for task, answer in enumerate(answers)})


def drifting(labels: Sequence[int], changed: Sequence[int], tasks: int = 1000) -> list[Look]:
    """Looks of which each changes so many answers, other ones each time."""
    answers = np.arange(tasks) % 3
    found = [look(labels[0], answers.tolist())]
    place = 0
    for count, many in zip(labels[1:], changed, strict=True):
        answers[place : place + many] = (answers[place : place + many] + 1) % 3
        place += many
        found.append(look(count, answers.tolist()))
    return found


answers = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=60)


@given(answers)
def test_kappa_is_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    found = kappa(pairs)
    first, second = zip(*pairs, strict=True)
    if len({*first, *second}) == 1:
        assert found is None
    else:
        assert found == pytest.approx(cohen_kappa_score(first, second))


@given(answers, st.lists(st.sampled_from("abc"), min_size=60, max_size=60))
def test_neither_accuracy_nor_f_can_differ_by_more_than_the_bounds(
    pairs: list[tuple[str, str]], truth: list[str]
) -> None:
    """On the stop set itself, for every truth: the share that changed, and the bound of Bloodgood and Grothendieck."""
    first, second = zip(*pairs, strict=True)
    right = truth[: len(pairs)]
    changed = sum(one != other for one, other in pairs)
    one, other = (np.mean([said == true for said, true in zip(by, right, strict=True)]) for by in (first, second))
    assert abs(one - other) <= changed / len(pairs) + 1e-12
    assert changed_at_most(changed, len(pairs)) >= changed / len(pairs)
    binary = [("a" if x == "a" else "other", "a" if y == "a" else "other") for x, y in pairs]
    agreement = kappa(binary)
    if agreement is not None and "a" in right:
        scores = [f1_score([t == "a" for t in right], [s == "a" for s in by]) for by in zip(*binary, strict=True)]
        assert abs(scores[0] - scores[1]) <= f_bound(agreement) + 1e-12


@pytest.mark.parametrize(("changed", "tasks"), [(0, 100), (3, 250), (40, 2000), (99, 100)])
def test_the_bound_is_the_share_at_which_so_few_changes_are_that_improbable(changed: int, tasks: int) -> None:
    assert binom.cdf(changed, tasks, changed_at_most(changed, tasks)) == pytest.approx(1 - SURE)


def test_what_changes_everywhere_is_bounded_by_everything() -> None:
    assert changed_at_most(7, 7) == changed_at_most(0, 0) == 1.0
    assert f_bound(0.0) == f_bound(-1.0) == 1.0


def test_a_model_that_learned_one_label_more_is_no_look_of_its_own() -> None:
    """Forty versions, each with a label more than the last, agree because they are the same: nothing is concluded."""
    found = stopping(drifting(range(200, 240), [0] * 39))
    assert found.unlikely_to_help is None
    assert "1 models far enough apart" in found.words
    assert [one.labels for one in spaced([look(n, "ab") for n in (40, 10, 41, 10, 45)])] == [10, 40, 45]


def test_stable_predictions_say_stop_and_moving_ones_do_not() -> None:
    labels = [200, 240, 300, 400, 500]
    stable = stopping(drifting(labels, [300, 2, 1, 2]))
    assert stable.unlikely_to_help is True
    assert stable.accuracy_bound == pytest.approx(changed_at_most(5, 1000))
    assert stable.words == (
        "labeling more is unlikely to help: the last 260 labels changed the answers to 5 of 1,000 tasks of the random "
        "share, so accuracy by at most 1.0 points"
    )
    moving = stopping(drifting(labels, [300, 20, 20, 20]))
    assert moving.unlikely_to_help is False
    assert moving.words.startswith("labeling more may still help: the last 260 labels changed the answers to 60 of")
    assert [step.changed for step in moving.steps] == [300, 20, 20, 20]


def test_the_signal_is_the_mean_of_the_last_three_kappas_above_its_threshold() -> None:
    found = stopping(drifting([100, 200, 400, 800], [0, 10, 9]))
    kappas = [step.kappa for step in found.steps]
    assert found.unlikely_to_help == (np.mean([one for one in kappas if one is not None]) > 0.99)
    assert kappas == pytest.approx([1.0, 0.985, 0.9865], abs=1e-4)
    assert found.unlikely_to_help is True


@pytest.mark.parametrize(
    ("looks", "reason"),
    [
        ([], "0 models far enough apart were compared; 3 are needed"),
        (drifting([10, 20, 40, 80], [0, 0, 0], tasks=50), "50 tasks of the random share were judged"),
        ([look(n, "a" * 200) for n in (10, 20, 40, 80)], "the same answer to every task"),
    ],
)
def test_what_cannot_be_said_has_a_reason(looks: list[Look], reason: str) -> None:
    found = stopping(looks)
    assert found.unlikely_to_help is None
    assert found.accuracy_bound is None
    assert reason in found.words


def test_only_tasks_that_both_judged_are_compared() -> None:
    step = compared(Look("a", 10, {1: "x", 2: "y", 3: "x"}), Look("b", 20, {2: "y", 3: "y", 4: "x"}))
    assert (step.labels, step.tasks, step.changed) == (20, 2, 1)
