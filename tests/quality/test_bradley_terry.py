"""Scores from comparisons: a published table, what cannot be told without a prior, and simulation with known truth."""

import csv
from pathlib import Path

import numpy as np
import pytest

from label_config.answers import Choices
from label_config.model import Control
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.consensus.bradley_terry import item_scores, pairwise_scores
from sync.quality.evidence import ControlEvidence

TEAMS = "Milwaukee Detroit Toronto NewYork Boston Cleveland Baltimore".split()
WON = """
0 7 9 7 7 9 11
6 0 7 5 11 9 9
4 6 0 7 7 8 12
6 8 6 0 6 7 10
6 2 6 7 0 7 12
4 4 5 6 6 0 6
2 4 1 3 1 7 0
"""
"""American League baseball, 1987: A. Agresti, "Categorical Data Analysis" (1990), table 10.10."""
PUBLISHED = (1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0)
"""Its abilities against Baltimore's, as R's BradleyTerry2 prints them too."""

CONTROL = Control("p", "Pairwise", ("t",), ("left", "right", "equal"))


def test_the_published_table() -> None:
    rows = [line.split() for line in WON.split("\n") if line]
    wins = [(TEAMS[i], TEAMS[j], float(won)) for i, row in enumerate(rows) for j, won in enumerate(row) if i != j]
    found = {one.item: one.score for one in item_scores(wins, prior=0)}
    assert [found[team] - found["Baltimore"] for team in TEAMS] == pytest.approx(PUBLISHED, abs=6e-5)


def test_what_always_wins_or_stands_apart_is_defined() -> None:
    found = {one.item: one for one in item_scores([("a", "b", 4.0), ("x", "y", 1.0), ("y", "x", 1.0)])}
    assert found["a"].score > found["x"].score == found["y"].score > found["b"].score
    assert all(
        value is not None and np.isfinite(value)
        for one in found.values()
        for value in (one.score, one.low, one.high, one.error)
    )
    assert item_scores([]) == ()


def test_a_tie_is_half_a_win_either_way() -> None:
    found = item_scores([("a", "b", 0.5), ("b", "a", 0.5)])
    assert [(one.item, one.score) for one in found] == [("a", 0.0), ("b", 0.0)]


def test_order_of_comparisons_means_nothing() -> None:
    wins = [("a", "b", 2.0), ("b", "c", 1.0), ("c", "a", 0.5), ("a", "d", 1.0)]
    assert item_scores(wins) == item_scores(wins[::-1])


@pytest.mark.parametrize("wrong", [("a", "a", 1.0), ("a", "b", -1.0), ("a", "b", float("nan"))])
def test_no_comparison_is_refused(wrong: tuple[str, str, float]) -> None:
    with pytest.raises(ValueError, match="no comparison"):
        item_scores([wrong])


def test_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(0)
    held = []
    for _ in range(20):
        truth = rng.normal(0, 1, 10)
        truth -= truth.mean()
        two = [rng.choice(10, 2, replace=False) for _ in range(250)]
        won = [(a, b) if rng.random() < 1 / (1 + np.exp(truth[b] - truth[a])) else (b, a) for a, b in two]
        found = item_scores([(str(a), str(b), 1.0) for a, b in won])
        held += [one.low <= truth[int(one.item)] <= one.high for one in found if one.low is not None and one.high]
    assert 0.91 <= np.mean(held) <= 0.985


def test_items_are_known_by_what_the_tasks_show() -> None:
    said = {1: ["left"] * 3, 2: ["right"] * 3, 3: ["equal"] * 3, 4: ["left"] * 3}
    rows = [(task, person, Choices((label,))) for task, labels in said.items() for person, label in enumerate(labels)]
    evidence = ControlEvidence(CONTROL, encode(CONTROL, rows))
    data = {1: {"a": "x", "b": "y"}, 2: {"a": "z", "b": "x"}, 3: {"a": "y", "b": "z"}, 4: {"a": "x", "b": "x"}}
    found = pairwise_scores(evidence, infer(evidence, "majority"), data, ("a", "b"))
    assert [(one.item, one.comparisons) for one in found] == [("x", 2.0), ("y", 2.0), ("z", 2.0)]
    assert found[1].score == found[2].score < 0 < found[0].score


def test_arguments_that_convince(shared_data: Path) -> None:
    """ukp_convarg: one score an argument agrees with the direction of most pairs, equal ones left out."""
    with (shared_data / "ukp_convarg" / "crowd.csv").open(newline="") as file:
        rows = [(row["task"], row["worker"], row["label"]) for row in csv.DictReader(file)]
    with (shared_data / "ukp_convarg" / "gold.csv").open(newline="") as file:
        gold = {row["task"]: row["label"] for row in csv.DictReader(file)}
    tasks = {name: place for place, name in enumerate(sorted({task for task, _, _ in rows}))}
    people = {name: place for place, name in enumerate(sorted({person for _, person, _ in rows}))}
    control = Control("p", "Pairwise", ("t",), ("a1", "a2", "equal"))
    coded = encode(control, [(tasks[task], people[person], Choices((label,))) for task, person, label in rows])
    evidence = ControlEvidence(control, coded)
    data = {place: dict(zip(("a", "b"), name.split("_"), strict=True)) for name, place in tasks.items()}
    found = pairwise_scores(evidence, infer(evidence, "majority"), data, ("a", "b"))
    score = {one.item: one.score for one in found}
    right = [
        (score[data[tasks[task]]["a"]] > score[data[tasks[task]]["b"]]) == (label == "a1")
        for task, label in gold.items()
        if label != "equal"
    ]
    assert (len(score), len(right)) == (55, 593)
    assert np.mean(right) > 0.91
