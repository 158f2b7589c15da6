"""Which given labels look wrong: what cleanlab gives on small tables and on the human-checked sets, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from sync.quality.label_errors import (
    POOLS,
    PRUNE,
    SCORES,
    class_thresholds,
    confident_joint,
    doubt_of_labels,
    doubt_of_sets,
    errors,
    noise_matrix,
    scaled,
    temperature,
)
from sync.quality.records import BoolArray, FloatArray

GIVEN = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
MODEL = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.7, 0.2, 0.1],
        [0.1, 0.8, 0.1],
        [0.6, 0.3, 0.1],
        [0.2, 0.7, 0.1],
        [0.1, 0.8, 0.1],
        [0.9, 0.05, 0.05],
        [0.3, 0.6, 0.1],
        [0.1, 0.1, 0.8],
        [0.2, 0.2, 0.6],
        [0.1, 0.7, 0.2],
        [0.3, 0.3, 0.4],
    ]
)
every_score = pytest.mark.parametrize("score", SCORES)
every_pruning = pytest.mark.parametrize("by", PRUNE)

CLEANLAB = {
    "self_confidence": [0.8, 0.7, 0.1, 0.6, 0.7, 0.8, 0.05, 0.6, 0.8, 0.6, 0.2, 0.4],
    "normalized_margin": [0.85, 0.75, 0.15, 0.65, 0.75, 0.85, 0.075, 0.65, 0.85, 0.7, 0.25, 0.55],
    "confidence_weighted_entropy": [
        0.7515409925,
        0.6850336186,
        0.3299761143,
        0.6310267127,
        0.6850336186,
        0.7515409925,
        0.292716565,
        0.6310267127,
        0.7515409925,
        0.6192070185,
        0.421102779,
        0.5030182607,
    ],
}
"""cleanlab 2.9.0, rank.get_label_quality_scores(GIVEN, MODEL): low there is what we call doubtful."""


@every_score
def test_doubt_is_one_minus_cleanlabs_quality(score: str) -> None:
    assert 1 - doubt_of_labels(GIVEN, MODEL, score) == pytest.approx(CLEANLAB[score], abs=1e-9)


@every_score
@generated(st.integers(1, 5), st.integers(0, 8), st.integers(0, 999))
def test_doubt_is_a_number_from_0_to_1_that_a_name_does_not_change(
    score: str, classes: int, tasks: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    given, model = rng.integers(classes, size=tasks), rng.random((tasks, classes)) * rng.integers(2, size=classes)
    doubt = doubt_of_labels(given, model, score)
    assert np.all((doubt >= 0) & (doubt <= 1))
    names = rng.permutation(classes)
    renamed = np.empty_like(model)
    renamed[:, names] = model
    assert doubt_of_labels(names[given], renamed, score) == pytest.approx(doubt)


@every_score
def test_a_label_that_is_less_probable_is_more_doubtful(score: str) -> None:
    model = np.array([[0.9, 0.1], [0.1, 0.9], [0.01, 0.99]])
    assert np.all(np.diff(doubt_of_labels(np.array([0, 0, 0]), model, score)) > 0)


def test_thresholds_joint_and_noise_are_cleanlabs() -> None:
    """cleanlab 2.9.0: get_confident_thresholds and compute_confident_joint, which rounds to whole tasks."""
    assert class_thresholds(GIVEN, MODEL) == pytest.approx([0.55, 0.5375, 0.5])
    joint = confident_joint(GIVEN, MODEL)
    assert joint == pytest.approx(np.array([[3, 1, 0], [1, 3, 0], [0, 4 / 3, 8 / 3]]))
    assert np.round(joint).tolist() == [[3, 1, 0], [1, 3, 0], [0, 1, 3]]
    assert noise_matrix(joint).sum(axis=0) == pytest.approx(np.ones(3))
    assert noise_matrix(joint)[:, 0] == pytest.approx([0.75, 0.25, 0.0])


@every_pruning
def test_the_errors_are_cleanlabs(by: str) -> None:
    """cleanlab 2.9.0, filter.find_label_issues by noise rate, by class, both, and predicted_neq_given."""
    assert np.flatnonzero(errors(GIVEN, MODEL, by)).tolist() == [2, 6, 10]


@every_pruning
def test_planted_errors_are_found_and_others_are_not(by: str) -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(4, size=1000)
    model = 0.3 * rng.dirichlet(np.ones(4), size=1000) + 0.7 * np.eye(4)[truth]
    given = truth.copy()
    given[:50] = (truth[:50] + 1) % 4
    found = errors(given, model, by)
    assert found[:50].sum() >= 45
    assert not found[50:].any()


@every_pruning
def test_nothing_one_class_and_a_class_never_given_have_no_errors(by: str) -> None:
    assert errors(GIVEN[:0], MODEL[:0], by).tolist() == []
    assert errors(np.zeros(3, dtype=np.int64), np.ones((3, 1)), by).tolist() == [False] * 3
    never = np.array([[0.9, 0.0, 0.1], [0.1, 0.0, 0.9]])
    assert errors(np.array([0, 2]), never, by).tolist() == [False, False]
    assert np.isinf(class_thresholds(np.array([0, 2]), never)[1])
    assert noise_matrix(confident_joint(np.array([0, 2]), never)).tolist() == np.eye(3).tolist()


def test_sets_are_pooled_as_cleanlab_pools_them() -> None:
    """cleanlab 2.9.0, multilabel_classification.get_label_quality_scores: softmin at 0.1, and its default."""
    model = np.array([[0.9, 0.2, 0.4], [0.6, 0.7, 0.1], [0.05, 0.9, 0.5]])
    chosen = np.array([[True, False, False], [True, True, False], [True, False, True]])
    softmin = [0.6354420597171386, 0.6364853541220439, 0.07183773208782054]
    average = [0.6439999999999999, 0.6279999999999999, 0.07599999999999998]
    assert 1 - doubt_of_sets(chosen, model) == pytest.approx(softmin)
    assert 1 - doubt_of_sets(chosen, model, "moving_average") == pytest.approx(average)


@pytest.mark.parametrize("pool", POOLS)
def test_a_set_is_as_doubtful_as_its_worst_label_and_one_of_no_labels_is_not(pool: str) -> None:
    model = np.array([[0.99, 0.99, 0.99, 0.02], [0.99, 0.99, 0.99, 0.9]])
    wrong, right = doubt_of_sets(np.ones((2, 4), dtype=np.bool_), model, pool)
    assert wrong > 0.75
    assert right < 0.15
    assert doubt_of_sets(np.ones((2, 0), dtype=np.bool_), np.ones((2, 0)), pool).tolist() == [0.0, 0.0]


def test_what_is_no_probability_or_no_label_is_refused_by_what_it_is() -> None:
    with pytest.raises(ValueError, match=r"'best'.*normalized_margin, self_confidence"):
        doubt_of_labels(GIVEN, MODEL, "best")
    with pytest.raises(ValueError, match=r"'best'.*noise_rate, class, both"):
        errors(GIVEN, MODEL, "best")
    with pytest.raises(ValueError, match=r"'best'.*soft_minimum"):
        doubt_of_sets(np.ones((1, 1), dtype=np.bool_), np.ones((1, 1)), "best")
    with pytest.raises(ValueError, match="finite"):
        doubt_of_labels(np.array([0]), np.array([[np.nan, 1.0]]))
    with pytest.raises(ValueError, match="finite"):
        errors(np.array([0]), np.array([[-0.1, 1.0]]))
    with pytest.raises(ValueError, match="no column among 2"):
        doubt_of_labels(np.array([2]), np.array([[0.5, 0.5]]))
    with pytest.raises(ValueError, match="a row of probabilities each"):
        doubt_of_labels(np.array([0, 1]), np.array([[0.5, 0.5]]))
    with pytest.raises(ValueError, match="from 0 to 1"):
        doubt_of_sets(np.ones((1, 1), dtype=np.bool_), np.array([[1.5]]))
    with pytest.raises(ValueError, match="above 0"):
        scaled(MODEL, 0.0)


def test_rows_are_scaled_and_a_row_that_knows_nothing_is_an_even_guess() -> None:
    assert doubt_of_labels(np.array([0, 0]), np.array([[3.0, 1.0], [0.0, 0.0]])).tolist() == [0.25, 0.5]


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_probabilities_is_found(true_temperature: float) -> None:
    """Labels are drawn from honest probabilities, and the model says those at another temperature."""
    rng = np.random.default_rng(5)
    honest = rng.dirichlet(np.ones(3), size=4_000)
    labels = (rng.random((4_000, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    said = scaled(honest, 1 / true_temperature)
    assert temperature(labels, said) == pytest.approx(true_temperature, rel=0.1)
    assert scaled(said, true_temperature) == pytest.approx(honest)


def test_a_temperature_without_anything_to_learn_from_is_1() -> None:
    assert temperature(GIVEN[:0], MODEL[:0]) == 1.0
    assert temperature(np.zeros(4, dtype=np.int64), np.ones((4, 1))) == 1.0
    assert scaled(np.zeros((1, 2)), 2.0).tolist() == [[0.0, 0.0]]


def average_precision(wrong: BoolArray, doubt: FloatArray) -> float:
    """The sum of precision x rise in recall over the distinct values of doubt, from the highest."""
    values = np.unique(doubt)[::-1]
    at = [(doubt >= value) for value in values]
    found = np.array([0, *(int((wrong & taken).sum()) for taken in at)])
    precision = found[1:] / np.array([taken.sum() for taken in at])
    return float((np.diff(found) / wrong.sum() * precision).sum())


@pytest.mark.parametrize(
    ("name", "cleanlabs_best"), [("labelerr_imdb", 0.6479), ("labelerr_mnist", 0.5071)], ids=["imdb", "mnist"]
)
def test_errors_that_people_confirmed_rank_as_high_as_by_cleanlab(
    shared_data: Path, name: str, cleanlabs_best: float
) -> None:
    """Average precision over the examples that people checked, which cleanlab had chosen: not a sample of all.

    cleanlab 2.9.0's best of its three scores, with and without adjusted probabilities, on the same examples.
    """
    with np.load(shared_data / name / "pred_probs.npz") as file:
        given, model = file["labels"].astype(np.int64), file["pred_probs"].astype(np.float64)
    lines = [json.loads(line) for line in (shared_data / name / "mturk.jsonl").read_text().splitlines()]
    tasks = np.array([int(line["task"]) for line in lines])
    wrong = np.array([line["mturk"]["given"] < 3 for line in lines])
    doubt = doubt_of_labels(given, model)[tasks]
    assert round(average_precision(wrong, doubt), 4) >= cleanlabs_best
