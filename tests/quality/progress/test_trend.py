"""Since when a series is another one: named where there is a change, and rarely where there is none."""

import numpy as np
import pytest

from sync.quality.progress import Trend, Window, trend
from sync.quality.progress.trend import CHANCE, FEW

DAY = 86_400_000_000


def of(values: list[float], tasks: int = 50, seed: int = 0) -> Trend:
    return trend([Window(at * DAY, value, tasks) for at, value in enumerate(values)], np.random.default_rng(seed))


def simulated(rng: np.random.Generator, days: int, change: float, at: int) -> list[Window]:
    """Windows of 20 to 80 tasks, half of them agreeing, with what people and material add to the spread."""
    found = []
    for day in range(days):
        tasks = int(rng.integers(20, 80))
        share = np.clip(0.7 + (change if day >= at else 0.0) + rng.normal(0, 0.05), 0, 1)
        found.append(Window(day * DAY, float(rng.binomial(tasks, share)) / tasks, tasks))
    return found


@pytest.mark.parametrize("days", [8, 40])
def test_without_a_change_one_is_named_in_one_of_twenty_at_most(days: int) -> None:
    rng = np.random.default_rng(days)
    named = sum(trend(simulated(rng, days, 0.0, 0), rng).direction != "steady" for _ in range(120))
    assert named <= 13  # 6 expected; more than 13 of 120 come less than once in two hundred times


@pytest.mark.parametrize(("change", "direction"), [(-0.2, "falling"), (0.2, "rising")])
def test_a_change_is_found_where_it_is(change: float, direction: str) -> None:
    rng = np.random.default_rng(3)
    found = [trend(simulated(rng, 40, change, 25), rng) for _ in range(30)]
    assert sum(one.direction == direction for one in found) >= 29
    near = [one.since is not None and abs(one.since // DAY - 25) <= 2 for one in found]
    assert sum(near) >= 25


def test_the_interval_of_a_change_holds_the_true_one() -> None:
    rng = np.random.default_rng(4)
    found = [trend(simulated(rng, 40, -0.3, 20), rng) for _ in range(40)]
    inside = [one.low is not None and one.high is not None and one.low <= -0.3 <= one.high for one in found]
    assert sum(inside) >= 33  # 38 expected


def test_a_step_by_hand() -> None:
    found = of([0.8, 0.82, 0.79, 0.81, 0.8, 0.8, 0.5, 0.51, 0.49, 0.5, 0.52, 0.5])
    assert (found.direction, found.since, found.n) == ("falling", 6 * DAY, 12)
    assert found.before == pytest.approx(sum([0.8, 0.82, 0.79, 0.81, 0.8, 0.8]) / 6)
    assert found.after == pytest.approx(sum([0.5, 0.51, 0.49, 0.5, 0.52, 0.5]) / 6)
    assert found.low is not None and found.high is not None and found.high < 0
    assert found.p is not None and found.p < 0.01 and found.reason is None


def test_of_two_changes_the_last_one_counts() -> None:
    back = of([0.8, 0.81, 0.8, 0.79, 0.8, 0.8, 0.81, 0.8] * 2 + [0.5, 0.51, 0.5, 0.49] * 4 + [0.7, 0.71, 0.7, 0.69] * 3)
    assert (back.direction, back.since) == ("rising", 32 * DAY)
    assert back.before == pytest.approx(0.5) and back.after == pytest.approx(0.7)


def test_a_window_weighs_as_its_tasks() -> None:
    windows = [Window(at * DAY, 0.8 + at % 2 / 50, 1000) for at in range(12)]
    small = [*windows[:-2], Window(10 * DAY, 0.4, 5), Window(11 * DAY, 0.4, 5)]
    large = [*windows[:-2], Window(10 * DAY, 0.4, 1000), Window(11 * DAY, 0.4, 1000)]
    clear = [trend(one, np.random.default_rng(0)).p or 1.0 for one in (small, large)]
    assert clear[0] >= clear[1]


def test_too_little_is_said_to_be_too_little() -> None:
    assert of([0.9] * 5) == Trend(None, 5, reason=FEW)
    assert of([0.9] * 9, tasks=4) == Trend(None, 0, reason=FEW)
    assert of([0.5] * 9) == Trend("steady", 9, p=1.0, reason=CHANCE)
