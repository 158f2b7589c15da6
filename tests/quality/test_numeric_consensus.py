"""Numbers, ratings and moments: by hand, against simulated truth, and real annotators beside experts."""

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from label_config.answers import Moment, Number
from label_config.model import Control, Family
from sync.quality.coded_answers import Row, encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.records import ControlConsensus, FloatArray, Trust

NUMBER = Control("n", "Number", ("t",), family=Family.NUMBER, low=0.0, high=100.0)
STARS = Control("r", "Rating", ("t",), family=Family.RATING, low=1.0, high=5.0)
DATE = Control("d", "DateTime", ("t",), family=Family.MOMENT)


def inferred(control: Control, rows: list[Row], method: str, trust: dict[int, Trust] | None = None) -> ControlConsensus:
    return infer(ControlEvidence(control, encode(control, rows), trust=trust or {}), method)


def values(found: ControlConsensus) -> FloatArray:
    return np.array([one.answer.value for one in found.tasks if isinstance(one.answer, Number)])


def simulated(seed: int, tasks: int, each: int, people: int) -> tuple[list[Row], FloatArray, FloatArray]:
    """Rows, the truth, and everybody's deviation; biases have a deviation of 5."""
    rng = np.random.default_rng(seed)
    truth, noise, bias = rng.uniform(20, 80, tasks), rng.uniform(2, 15, people), rng.normal(0, 5, people)
    rows: list[Row] = [
        (task, int(who), Number(float(truth[task] + bias[who] + rng.normal(0, noise[who]))))
        for task in range(tasks)
        for who in rng.choice(people, each, replace=False)
    ]
    return rows, truth, noise


def test_the_weighted_mean_is_nearer_to_the_truth_than_the_plain_one_and_its_interval_holds_it() -> None:
    ours, plain, held = [], [], []
    for seed in range(4):
        rows, truth, _ = simulated(seed, 150, 4, 15)
        found = inferred(NUMBER, rows, "mean")
        by_task = defaultdict(list)
        for task, _, answer in rows:
            by_task[task].append(answer.value if isinstance(answer, Number) else np.nan)
        ours.append(np.mean((values(found) - truth) ** 2))
        plain.append(np.mean((np.array([np.mean(by_task[task]) for task in range(150)]) - truth) ** 2))
        held += [
            one.interval[0] <= t <= one.interval[1] for one, t in zip(found.tasks, truth, strict=True) if one.interval
        ]
    assert np.mean(ours) < 0.8 * np.mean(plain)
    assert len(held) == 600
    assert 0.92 <= np.mean(held) <= 0.985


def test_the_confidence_is_how_often_the_answer_is_within_five_percent_of_the_scale() -> None:
    sure, right = [], []
    for seed in range(4):
        rows, truth, _ = simulated(seed, 150, 4, 15)
        found = inferred(NUMBER, rows, "mean")
        sure += [one.confidence for one in found.tasks]
        right += (np.abs(values(found) - truth) <= 5).tolist()
    # People are drawn towards each other, which errs on the side of doubt.
    assert np.mean(right) - 0.09 <= np.mean(sure) <= np.mean(right) + 0.02


def test_who_is_exact_is_told_from_who_is_not() -> None:
    rows, _, noise = simulated(1, 200, 5, 10)
    quality = [one.quality for one in inferred(NUMBER, rows, "mean").annotators]
    assert np.corrcoef(quality, noise)[0, 1] < -0.7


def test_a_median_hears_no_shouting() -> None:
    rows: list[Row] = [(task, person, Number(50.0 + person)) for task in range(5) for person in range(3)]
    shouted: list[Row] = [*rows, (9, 0, Number(10.0)), (9, 1, Number(11.0)), (9, 2, Number(99.0))]
    assert values(inferred(NUMBER, shouted, "median"))[-1] == 11.0


def test_a_ruling_shows_who_is_too_high() -> None:
    rows: list[Row] = [(task, person, Number(40.0 + 20 * person)) for task in range(12) for person in (0, 1)]
    fixed = {task: Number(40.0) for task in range(10)}
    found = infer(ControlEvidence(NUMBER, encode(NUMBER, rows, fixed)), "mean")
    assert values(found)[-1] < 45
    assert found.annotators[0].quality > found.annotators[1].quality + 0.1


def test_what_is_believed_beforehand_weighs() -> None:
    rows: list[Row] = [(1, 0, Number(40.0)), (1, 1, Number(60.0))]
    assert values(inferred(NUMBER, rows, "mean"))[0] == 50.0
    assert values(inferred(NUMBER, rows, "mean", {0: Trust(0.99, 50), 1: Trust(0.7, 50)}))[0] < 42


def test_intervals_end_at_the_bounds() -> None:
    rows: list[Row] = [(1, 0, Number(1.0)), (1, 1, Number(5.0)), (2, 0, Number(5.0)), (2, 1, Number(5.0))]
    for method in ("mean", "median", "ordinal"):
        assert all(
            one.interval and 1 <= one.interval[0] <= one.interval[1] <= 5 for one in inferred(STARS, rows, method).tasks
        )


def test_stars_by_a_scale_beat_stars_by_votes() -> None:
    """Annotators with biases and blurs on five stars, three answers a task; truth known."""
    right = {"ordinal": 0.0, "votes": 0.0}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        truth, bias, blur = rng.integers(1, 6, 300), rng.normal(0, 0.5, 12), rng.uniform(0.3, 1.2, 12)
        who = np.array([rng.choice(12, 3, replace=False) for _ in range(300)])
        said = np.clip(np.rint(truth[:, None] + bias[who] + rng.normal(0, 1, who.shape) * blur[who]), 1, 5)
        rows: list[Row] = [
            (task, int(person), Number(float(star)))
            for task in range(300)
            for person, star in zip(who[task], said[task], strict=True)
        ]
        found = inferred(STARS, rows, "ordinal")
        right["ordinal"] += float(np.mean(values(found) == truth)) / 3
        counts = np.stack([(said == star).sum(axis=1) for star in range(1, 6)], axis=1)
        winners = counts == counts.max(axis=1, keepdims=True)
        right["votes"] += float(np.mean(winners[np.arange(300), truth - 1] / winners.sum(axis=1))) / 3
        assert np.mean([one.confidence for one in found.tasks]) == pytest.approx(
            np.mean(values(found) == truth), abs=0.08
        )
    assert right["ordinal"] > right["votes"] + 0.04


def test_a_moment_is_one_that_somebody_wrote() -> None:
    rows: list[Row] = [(1, person, Moment(f"day {day}", 86400.0 * day)) for person, day in enumerate((1, 2, 9))]
    (one,) = inferred(DATE, rows, "median").tasks
    assert (one.answer, one.tie) == (Moment("day 2", 172800.0), False)
    (two,) = inferred(DATE, rows[:2], "median").tasks
    assert (two.answer, two.tie) == (Moment("day 1", 86400.0), True)


MEASURE = Control("m", "Number", ("t",), family=Family.NUMBER)


def with_gross_errors(seed: int, share: float, each: int = 3) -> tuple[list[Row], FloatArray]:
    """Numbers from 1 to 10 with noise, of which a share is 1000 instead; and the truth."""
    rng = np.random.default_rng(seed)
    truth, noise = rng.uniform(1, 10, 120), rng.uniform(0.2, 1, 10)
    rows: list[Row] = []
    for task in range(120):
        for who in rng.choice(10, each, replace=False).tolist():
            said = 1000.0 if rng.random() < share else truth[task] + rng.normal(0, noise[who])
            rows.append((task, who, Number(float(said))))
    return rows, truth


def held_and_wide(found: ControlConsensus, truth: FloatArray) -> tuple[float, float]:
    """How often the interval holds the truth, and its usual length."""
    low, high = np.array([one.interval for one in found.tasks if one.interval]).T
    return float(np.mean((low <= truth) & (truth <= high))), float(np.median(high - low))


def test_normal_errors_are_averaged() -> None:
    for seed in range(4):
        rows, _ = with_gross_errors(seed, 0.0)
        found = inferred(MEASURE, rows, "auto")
        assert found.method == "mean"
        assert found.reason == "the distances between answers are such as normal errors make"


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_a_few_gross_errors_widen_no_interval_of_the_others(share: float) -> None:
    held, wide, clean = [], [], []
    for seed in range(4):
        rows, truth = with_gross_errors(seed, share)
        found = inferred(MEASURE, rows, "auto")
        assert found.method == "robust-mean"
        assert "of 360 are so far from the others" in found.reason
        inside, length = held_and_wide(found, truth)
        held.append(inside)
        wide.append(length)
        clean.append(held_and_wide(inferred(MEASURE, with_gross_errors(seed, 0.0)[0], "mean"), truth)[1])
        assert held_and_wide(inferred(MEASURE, rows, "mean"), truth)[1] > 50
    assert 0.92 <= np.mean(held) <= 0.99
    assert np.mean(wide) < 1.15 * np.mean(clean)


def test_one_gross_error_is_told_as_such() -> None:
    rows: list[Row] = [
        (task, person, Number(task + math.sin(7 * task + person) / 4)) for task in range(10) for person in range(3)
    ]
    rows[13] = (4, 1, Number(1000.0))
    found = inferred(MEASURE, rows, "auto")
    assert found.method == "robust-mean"
    assert found.reason.startswith("1 answer of 30 is so far from the others to the task that it makes up 100 %")
    assert values(found)[4] == pytest.approx(4.0, abs=0.3)
    quality = [one.quality for one in found.annotators]
    assert quality[1] == min(quality)


def test_two_answers_of_which_one_is_absurd_are_uncertain_by_as_much_as_they_differ() -> None:
    rows, _ = with_gross_errors(1, 0.0)
    found = inferred(MEASURE, [*rows, (500, 0, Number(5.0)), (500, 1, Number(1000.0))], "auto")
    last = found.tasks[-1]
    assert found.method == "robust-mean"
    assert last.interval is not None
    assert (last.interval[0] < 5, last.interval[1] > 1000) == (True, True)


def test_a_known_value_shows_a_gross_error_that_stands_alone() -> None:
    rows: list[Row] = [(task, 0, Number(float(task % 7))) for task in range(20)]
    rows[3] = (3, 0, Number(1e14))
    fixed = {task: Number(float(task % 7)) for task in range(20)}
    found = infer(ControlEvidence(MEASURE, encode(MEASURE, rows, fixed)))
    assert found.method == "robust-mean"
    assert values(found).tolist() == [float(task % 7) for task in range(20)]


def test_the_crowd_beside_experts(shared_data: Path) -> None:
    """snow_affect: the plain mean has MAE 12.022 and RMSE 17.835; the weighted one must be no worse."""
    folder = shared_data / "snow_affect"
    with (folder / "crowd.csv").open(newline="") as file:
        rows = [(row["task"], row["worker"], float(row["label"])) for row in csv.DictReader(file)]
    with (folder / "gold.csv").open(newline="") as file:
        gold = {row["task"]: float(row["label"]) for row in csv.DictReader(file)}
    away = []
    for emotion in sorted({task.split(":")[0] for task, _, _ in rows}):
        own = [row for row in rows if row[0].startswith(f"{emotion}:")]
        tasks = sorted({task for task, _, _ in own})
        low = -100.0 if emotion == "valence" else 0.0
        control = Control("n", "Number", ("t",), family=Family.NUMBER, low=low, high=100.0)
        coded: list[Row] = [(tasks.index(task), int(who[1:]), Number(value)) for task, who, value in own]
        found = inferred(control, coded, "auto")
        assert (found.method, found.reason.endswith("too many for gross errors")) == ("mean", True)
        away.append(values(found) - [gold[task] for task in tasks])
    errors = np.concatenate(away)
    assert len(errors) == 700
    assert np.abs(errors).mean() < 12.0
    assert np.sqrt(np.mean(errors**2)) < 17.84
