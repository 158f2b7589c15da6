"""Faults planted into clean data are found, as the product judges a project: the table is ``benchmarks planted``."""

import numpy as np
import pytest

from benchmarks.planted import PRECISION, RECALL, TASKS, WORLDS, found, planted


@pytest.mark.parametrize("name", ["choices, single", "number", "text", "ranking", "spans", "per region"])
def test_what_was_planted_is_found_and_little_else(name: str) -> None:
    counts = found(WORLDS[name], seed=1)
    assert {kind: count.planted for kind, count in counts.items()} == {
        "disagreement": 20,
        "wrong label": 20,
        "wrong label, by the model": 20,
        "duplicates": 5,
        "drift": 1,
    }
    assert {kind: count for kind, count in counts.items() if count.recall < RECALL} == {}
    assert {kind: count for kind, count in counts.items() if count.precision < PRECISION} == {}


@pytest.mark.parametrize("name", WORLDS)
def test_worlds_are_what_they_say(name: str) -> None:
    """Wrong answers are not the right one, everything planted stands on tasks of its own, and a seed decides it."""
    world = WORLDS[name]
    project = planted(world, np.random.default_rng(4))
    assert len(project.texts) == len(set(project.texts.values())) == TASKS
    assert all(answer != project.truth[task] for (task, _), answer in project.wrong.items())
    paired = {task for pair in (*project.pairs, *project.sound_pairs) for task in pair}
    assert len(paired) == 20
    assert not paired & (project.disputed | project.mislabelled)
    assert not project.disputed & project.mislabelled
    assert planted(world, np.random.default_rng(4)).wrong == project.wrong
