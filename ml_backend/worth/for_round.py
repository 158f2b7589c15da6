"""What a scoring round takes from the labels of a project: hard slices, the batch; and what it leaves behind."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from label_config.model import LabelConfig

from .. import labels as label_sets
from ..acquisition import Pool
from ..errors import RegistryError
from ..files import read_json, write_json
from ..labels import LabelSet
from ..lessons.board import Board
from ..records import Task, Thought
from ..registry import Registry
from ..settings import Settings
from ..thinking import Mind
from .hard_parts import hard_parts
from .pacing import batch_of
from .stop_set import answers_of, remember

HARD = "hard.json"
SCORING = 30.0
"""Seconds that a round takes beside the lesson, until people see it."""

log = logging.getLogger(__name__)


def for_round(
    registry: Registry,
    settings: Settings,
    project: str,
    config: LabelConfig,
    mind: Mind,
    tasks: Sequence[Task],
    thoughts: Mapping[str, Thought],
    pool: Pool,
) -> tuple[Pool, int]:
    """The pool with the tasks of hard slices boosted, and how many of it are labeled before the next round.

    What the version says of the stop set is kept for the stopping signal, and why slices are hard for who asks.
    """
    folder = registry.folder(project)
    remember(folder, mind.version, mind.trained_labels, answers_of(tasks, thoughts))
    labels = _labels(folder)
    hard = hard_parts(mind, config, labels, thoughts, np.random.default_rng(0))
    write_json(folder / HARD, {"version": mind.version, "words": list(hard.words) if hard else []})
    lesson = Board(registry.root).standing(project)
    taken = (lesson.ended or 0.0) - (lesson.started or 0.0)
    batch = batch_of(config, labels, settings.wait_seconds + max(taken, 0.0) + SCORING)
    return replace(pool, boosts=hard.boosts if hard else None), batch


def hard_words(folder: Path) -> list[str]:
    """Why tasks of some slices came earlier in the last round; empty where none did."""
    try:
        found = read_json(folder / HARD)
        return [str(one) for one in found["words"]] if found is not None else []
    except RegistryError as error:
        log.warning("%s; the next round writes it anew", error)
    except (KeyError, TypeError) as error:
        log.warning("%s: %s; the next round writes it anew", folder / HARD, error)
    return []


def _labels(folder: Path) -> LabelSet:
    try:
        return label_sets.load(folder)
    except RegistryError as error:
        log.warning("%s; this round goes without it", error)
        return LabelSet()
