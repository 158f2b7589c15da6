"""Columns of opinions are the opinions one by one, and a line of /score as text is the line as values."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Answer, Choices, Number
from ml_backend.lines import Scored
from ml_backend.opinions import Columns, joined, probabilities_of, signal_of, utilities_of
from ml_backend.records import Opinion, Task, Thought, abstains

from .scenes import sentiment_rows
from .stage import GOOD, TORN, Here


def columns(count: int, outcomes: tuple[str, ...], seed: int, *, held: bool = True, numbers: bool = False) -> Columns:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(len(outcomes)), count).round(6)
    answers: list[Answer] = [
        Number(float(one)) if numbers else Choices((outcomes[one],)) for one in shares.argmax(axis=1)
    ]
    return Columns(
        outcomes,
        answers,
        shares.max(axis=1),
        shares,
        {"margin": rng.random(count).round(6), 'a %s "name': rng.random(count).round(6)},
        rng.random(count).round(6),
        shares > 0.1 if held else None,
        2,
        [(1.5, 2.0)] * count if numbers else [None] * count,
    )


SILENT = [abstains("not_learned", "why"), Opinion(Choices(()), parts=(0.5,), signals={"margin": 0.25})]


@given(
    sizes=st.lists(st.integers(0, 6), max_size=4),
    width=st.sampled_from([1, 2, 3, 130]),
    seed=st.integers(0, 1000),
    held=st.booleans(),
    numbers=st.booleans(),
)
def test_a_line_as_text_is_the_line_as_values(
    sizes: list[int], width: int, seed: int, held: bool, numbers: bool
) -> None:
    outcomes = tuple(f'100 % "{place}" \u00e9' for place in range(width))
    parts = [columns(size, outcomes, seed, held=held, numbers=numbers) for size in sizes]
    mixed = joined([part for one in parts for part in (one, SILENT)])
    tasks = [Task(7 * place, {}) for place in range(len(mixed))]
    scored = Scored(
        tasks, {"kind": Thought(mixed), "x": Thought(list(mixed))}, np.arange(len(tasks))[::-1], "tiebreak-1"
    )
    assert list(scored.text()) == [json.dumps(line, allow_nan=False) + "\n" for line in scored]


@pytest.mark.parametrize("width", [1, 3, 130])
def test_columns_are_the_opinions(width: int) -> None:
    outcomes = tuple(f"l{place}" for place in range(width))
    parts = [columns(4, outcomes, 1), SILENT, columns(3, outcomes, 2)]
    every = joined(parts)
    one_by_one = [every[place] for place in range(len(every))]
    assert len(every) == 9
    assert list(every) == one_by_one == [one for part in parts for one in part]
    assert every[-1] == one_by_one[-1]
    assert every[2:5] == one_by_one[2:5]
    with pytest.raises(IndexError):
        every[9]
    assert utilities_of(every).tolist() == utilities_of(one_by_one).tolist() == [one.utility for one in one_by_one]
    assert signal_of(every, "margin").tolist() == [one.signals.get("margin", 0.0) for one in one_by_one]
    found = probabilities_of(every)
    assert found.shape == (9, width)
    for row, opinion in zip(found, one_by_one, strict=True):
        for label, share in opinion.probabilities.items():
            assert row[outcomes.index(label)] == share
    assert all(len(one.possible or ()) <= 2 for one in one_by_one)


def test_a_task_that_taught_is_judged_out_of_fold_beside_others(here: Here) -> None:
    row = sentiment_rows(120)[0]
    taught = {"id": row.task, "data": row.data}
    alone = [here.score(task)[0] for task in (GOOD, taught, TORN)]
    together = here.score(GOOD, taught, TORN, {"id": 9, "data": {}})
    for one, other in pairwise([{**line, "place": 0} for pair in zip(alone, together, strict=False) for line in pair]):
        if one["task"] == other["task"]:
            assert one == other
    stranger = here.score({"id": 10**6, "data": row.data})[0]
    assert stranger["signals"] != alone[1]["signals"]
