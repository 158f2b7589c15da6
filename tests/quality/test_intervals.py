"""The bootstrap: what it covers, that grouping changes nothing, that a seed decides it."""

import numpy as np
import pytest

from label_config.answers import Choices
from sync.quality.agreement import krippendorff_alpha, tabled
from sync.quality.records import CodedAnswers, FloatArray

from .answers import measured, pairs_by_task, simulated


def all_different(tasks: int) -> CodedAnswers:
    """Every task has a profile of its own, so tasks are drawn; see ``few`` for the other way."""
    answers = np.arange(2 * tasks)
    names = tuple(Choices((str(answer),)) for answer in answers)
    return CodedAnswers(answers // 2, answers % 2, answers, tuple(range(tasks)), (0, 1), names, ())


def few(tasks: int) -> CodedAnswers:
    """Two profiles, one task in four with the second."""
    task = np.repeat(np.arange(tasks), 2)
    answer = np.where((task % 4 == 0) & (np.arange(2 * tasks) % 2 == 0), 1, 0)
    return CodedAnswers(
        task,
        np.arange(2 * tasks) % 2,
        answer,
        tuple(range(tasks)),
        (0, 1),
        (Choices(("a",)), Choices(("b",))),
        ("a", "b"),
    )


@pytest.mark.parametrize("coded", [all_different(60), few(60)], ids=["drawn task by task", "drawn profile by profile"])
def test_resamples_have_the_moments_of_drawing_tasks(coded: CodedAnswers) -> None:
    profiles = tabled(coded).groups
    weights = np.concatenate(list(profiles.resamples(np.random.default_rng(3), 20_000)))
    share = profiles.times / 60
    assert weights.shape == (20_000, len(profiles.times))
    assert np.all(weights.sum(axis=1) == 60)
    assert weights.mean(axis=0) == pytest.approx(60 * share, abs=5 * np.sqrt(60 * 0.25 / 20_000))
    assert weights.var(axis=0) == pytest.approx(60 * share * (1 - share), rel=0.1)


def plain_bootstrap(coded: CodedAnswers, times: int, rng: np.random.Generator) -> FloatArray:
    """Alpha of tasks drawn one by one, from the definition with two labels."""
    ones = np.array([sum(values) for values in pairs_by_task(coded)])
    size = len(coded.annotators)
    drawn = ones[rng.integers(len(ones), size=(times, len(ones)))]
    observed = (2 * drawn * (size - drawn) / (size - 1)).sum(axis=1)
    n, total = size * len(ones), drawn.sum(axis=1)
    found: FloatArray = 1 - observed * (n - 1) / (2 * total * (n - total))
    return found


def test_drawing_profiles_gives_the_interval_of_drawing_tasks() -> None:
    coded, _ = simulated(np.random.default_rng(1), tasks=200, people=4, labels=2, right=0.8)
    grouped = krippendorff_alpha(coded, np.random.default_rng(2), bootstrap=20_000)
    low, high = np.quantile(plain_bootstrap(coded, 20_000, np.random.default_rng(3)), [0.025, 0.975])
    assert grouped.low == pytest.approx(low, abs=0.005)
    assert grouped.high == pytest.approx(high, abs=0.005)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """200 projects whose alpha is 0.64 by construction: of their 95 % intervals between 90 and 99 % hold it."""
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        coded, _ = simulated(rng, tasks=100, people=3, labels=3, right=0.8)
        found = krippendorff_alpha(coded, rng, bootstrap=300)
        assert found.low is not None and found.high is not None
        held += found.low <= 0.64 <= found.high
    assert 180 <= held <= 198


def test_a_wider_confidence_gives_a_wider_interval_around_the_value() -> None:
    coded, _ = simulated(np.random.default_rng(1), tasks=100, people=3, labels=3, right=0.7)
    ends = []
    for confidence in (0.5, 0.9, 0.99):
        found = krippendorff_alpha(coded, np.random.default_rng(0), confidence=confidence)
        assert found.low is not None and found.value is not None and found.high is not None
        assert found.low < found.value < found.high
        ends.append((found.low, -found.high))
    assert ends == sorted(ends, reverse=True)


def test_the_seed_decides_every_interval() -> None:
    coded, _ = simulated(np.random.default_rng(1), tasks=40, people=4, labels=3, right=0.7)
    one, same, other = (measured(coded, seed=seed, bootstrap=100) for seed in (1, 1, 2))
    assert one == same
    alpha, another = (found.coefficients["krippendorff_alpha"] for found in (one, other))
    assert (alpha.low != another.low, alpha.value == another.value) == (True, True)
