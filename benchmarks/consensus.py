"""Consensus at a million answers, beside crowd-kit on the same answers: cpu seconds of one run."""

import numpy as np

from sync.quality.consensus.dawid_skene import dawid_skene
from sync.quality.consensus.posterior import Votes
from sync.quality.records import IntArray

from . import crowd_kit
from .others import cpu, run_beside

PEOPLE, LABELS = 5, 10


def run(*, quick: bool) -> None:
    """Print the seconds of Dawid-Skene, and how many times longer crowd-kit takes."""
    table, truth = _answers(4_000 if quick else 200_000)
    ours, found = cpu(lambda: dawid_skene(_votes(table)))
    right = float(np.mean(found.probability.argmax(axis=1) == truth))
    print(f"   {table.size:,} answers of {PEOPLE} annotators, {LABELS} labels")
    print(f"   Dawid-Skene                  {ours:7.2f} s  {100 * right:.2f} % right")
    if quick:
        return
    theirs = run_beside(crowd_kit.__file__, crowd_kit.REQUIREMENTS, table=table, truth=truth)
    if theirs is not None:
        print(
            f"   crowd-kit 1.4.2              {theirs['seconds']:7.2f} s  {100 * theirs['right']:.2f} % right"
            f"  x {theirs['seconds'] / ours:.1f}"
        )


def _answers(tasks: int) -> tuple[IntArray, IntArray]:
    """A table (tasks, annotators) of answers, right with a probability that is the annotator's own; and the truth."""
    rng = np.random.default_rng(1)
    truth = rng.integers(LABELS, size=tasks)
    right = rng.random((tasks, PEOPLE)) < np.linspace(0.5, 0.9, PEOPLE)
    return np.where(right, truth[:, None], rng.integers(LABELS, size=(tasks, PEOPLE))), truth


def _votes(table: IntArray) -> Votes:
    tasks, people = table.shape
    return Votes(
        np.repeat(np.arange(tasks), people), np.tile(np.arange(people), tasks), table.ravel(), tasks, people, LABELS, {}
    )
