"""Where the model stays wrong: tasks of one answer, or of one region, on which it errs more than on others.

What it thinks of tasks with labels comes from models that have not seen them, so that it can be held against these.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer
from label_config.canonical import answer_as_json
from label_config.model import LabelConfig
from label_config.words import in_words as answer_in_words

from ..acquisition.pool import dense
from ..acquisition.slices import boosts, hard_slices, in_words
from ..acquisition.typiclust import clusters_of, narrowed
from ..labels import LabelSet
from ..records import BoolArray, Features, FloatArray, IntArray, Task, Thought, TrainingRow
from ..thinking import Mind

LOOKED_AT = 2000
"""Labels that are looked at, the latest ones: what was hard before may be hard no longer."""
A_CLUSTER = 50
"""So many labels there are on the mean in each region that is looked at."""
MOST_CLUSTERS = 20
AT_ONCE = 10_000
"""Tasks of the pool that are compared with the regions at a time: memory is this times the width of a row."""


@dataclass(frozen=True, slots=True)
class HardParts:
    """What each task of a pool counts, (n,) from 1 on, and why, a sentence a hard slice."""

    boosts: FloatArray
    words: tuple[str, ...]


def hard_parts(
    mind: Mind, config: LabelConfig, labels: LabelSet, thoughts: Mapping[str, Thought], rng: np.random.Generator
) -> HardParts | None:
    """Of the pool that ``thoughts`` are about; null where no slice is hard. A task counts what its hardest slice does.

    A mind that has learned from what it judges tells nothing.
    """
    found: list[FloatArray] = []
    words: list[str] = []
    for control, thought in thoughts.items():
        rows = _latest([row for row in labels.of(control) if row.answer is not None and not row.holdout])
        if not rows or not any(opinion.out_of_sample for opinion in thought.opinions):
            continue
        said = mind.think(config, [Task(row.task, row.data) for row in rows], None)[control]
        known = [
            place for place, opinion in enumerate(said.opinions) if opinion.answer is not None and opinion.out_of_sample
        ]
        if not known:
            continue
        wrong = np.array([said.opinions[place].answer != rows[place].answer for place in known])
        given = [said.opinions[place].answer for place in known]
        for one in (
            _by_answer(control, given, wrong, thought),
            _by_region(control, [rows[place] for place in known], said.features, known, wrong, thought, rng),
        ):
            if one is not None:
                found.append(one.boosts)
                words += one.words
    return HardParts(np.max(found, axis=0), tuple(words)) if found else None


def _latest(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    return sorted(rows, key=lambda row: row.updated_at)[-LOOKED_AT:]


def _by_answer(control: str, given: Sequence[Answer | None], wrong: BoolArray, thought: Thought) -> HardParts | None:
    """Slices by what the model says; a pool's task of which it says what it said of no labeled one is in none."""
    names = [_name(answer) for answer in given]
    place_of = {name: place for place, name in enumerate(dict.fromkeys(names))}
    slices = hard_slices(np.array([place_of[name] for name in names]), wrong, len(place_of) + 1)
    pool = np.array(
        [place_of.get(_name(opinion.answer), len(place_of)) for opinion in thought.opinions], dtype=np.int64
    )
    told = {_name(answer): answer for answer in given if answer is not None}
    words = [
        f"{control}, tasks that the model answers with {answer_in_words(told[name])}: {why}"
        for name, place in place_of.items()
        if (why := in_words(slices[place], slices))
    ]
    return HardParts(boosts(slices, pool), tuple(words)) if words else None


def _name(answer: Answer | None) -> str:
    return "" if answer is None else json.dumps(answer_as_json(answer), sort_keys=True)


def _by_region(
    control: str,
    rows: Sequence[TrainingRow],
    features: Features,
    known: Sequence[int],
    wrong: BoolArray,
    thought: Thought,
    rng: np.random.Generator,
) -> HardParts | None:
    """Slices by where the labeled tasks lie: as many regions as have enough of them."""
    count = min(MOST_CLUSTERS, len(rows) // A_CLUSTER)
    if count < 2 or features is None or thought.features is None:
        return None
    narrow = narrowed(features.shape[1], rng)
    middles, member = clusters_of(dense(features[known] @ narrow), count, rng)
    slices = hard_slices(member, wrong, len(middles))
    parts = range(0, thought.features.shape[0], AT_ONCE)
    near = [(dense(thought.features[at : at + AT_ONCE] @ narrow) @ middles.T).argmax(axis=1) for at in parts]
    pool: IntArray = np.concatenate([np.empty(0, dtype=np.int64), *near])
    words = [
        f"{control}, tasks like {_examples(rows, member == place)}: {why}"
        for place, one in enumerate(slices)
        if (why := in_words(one, slices))
    ]
    return HardParts(boosts(slices, pool), tuple(words)) if words else None


def _examples(rows: Sequence[TrainingRow], inside: BoolArray) -> str:
    return ", ".join(str(rows[place].task) for place in np.flatnonzero(inside)[:3])
