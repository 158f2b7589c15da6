"""Simulated annotators and what the demo measures, without a server."""

import random
from collections import Counter

import pytest

from sync.demo.annotators import HABITS, Habit, answer
from sync.demo.digits import digits
from sync.demo.summary import expected_calibration_error

LABELS = tuple("0123456789")


def shares(habit: Habit, truth: str, draws: int = 4000) -> dict[str, float]:
    rng = random.Random(1)
    counts = Counter(answer(habit, LABELS, truth, rng) for _ in range(draws))
    return {label: count / draws for label, count in counts.items()}


def test_an_annotator_mixes_up_what_the_habit_says() -> None:
    found = shares(Habit({"1": ("7", 0.3)}, 0.0, 1.0), "1")
    assert set(found) == {"1", "7"}
    assert found["7"] == pytest.approx(0.3, abs=0.03)


def test_a_careless_annotator_slips_to_any_other_label() -> None:
    found = shares(Habit({}, 0.35, 1.0), "4")
    assert found["4"] == pytest.approx(0.65, abs=0.03)
    assert set(found) == set(LABELS)


def test_the_three_habits_differ_and_one_is_careless() -> None:
    right = [sum(shares(habit, label, 500).get(label, 0.0) for label in LABELS) / 10 for habit in HABITS]
    assert right[2] < min(right[:2]) - 0.15


def test_digits_are_drawn_large_and_without_their_truth() -> None:
    drawn = digits(20, seed=3)
    assert [one.label for one in drawn] == [one.label for one in digits(20, seed=3)]
    assert all(one.image.startswith("data:image/png;base64,") for one in drawn)
    assert {one.label for one in drawn} <= set(LABELS)


def test_calibration_error_of_a_calibrated_and_of_an_overconfident_model() -> None:
    calibrated = [(0.75, place % 4 != 0) for place in range(400)]
    overconfident = [(0.99, place % 2 == 0) for place in range(400)]
    assert expected_calibration_error(calibrated) == pytest.approx(0.0)
    assert expected_calibration_error(overconfident) == pytest.approx(0.49)
