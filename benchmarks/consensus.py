"""Consensus beside crowd-kit on the same answers: cpu seconds of one run, memory, the likelihood reached."""

import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sync.quality.consensus import glad, mace
from sync.quality.consensus.classes import CLASSES
from sync.quality.consensus.posterior import Votes
from sync.quality.records import IntArray

from . import crowd_kit
from .others import cpu, run_beside

THEIRS = {"dawid-skene": "DawidSkene", "glad": "GLAD", "mace": "MACE"}


def run(*, quick: bool) -> None:
    """Print the seconds of Dawid-Skene, GLAD and MACE, and how many times longer crowd-kit takes."""
    size = 2_000 if quick else 200_000
    panel, crowd = (_answers(size, 5, 10), _answers(size, max(20, size // 200), 5))
    small = _answers(400 if quick else 4_000, 200, 4)
    for name, method, (votes, truth) in (
        ("a panel of 5", "dawid-skene", panel),
        ("a crowd", "dawid-skene", crowd),
        ("a crowd", "glad", small),
        ("a crowd", "mace", small),
    ):
        _beside(name, method, votes, truth, quick)


def _beside(name: str, method: str, votes: Votes, truth: IntArray, quick: bool) -> None:
    ours, found = cpu(lambda: CLASSES[method](votes))
    tracemalloc.start()
    CLASSES[method](votes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    right = float(np.mean(found.probability.argmax(axis=1) == truth))
    print(f"   {method}: {len(votes.task):,} answers of {name}, {votes.annotators} annotators, {votes.classes} labels")
    print(f"   ours               {ours:8.2f} s  {100 * right:.2f} % right  {peak / 2**20:.0f} MB at the peak")
    if quick:
        return
    arrays = {"task": votes.task, "annotator": votes.annotator, "answer": votes.answer}
    theirs = run_beside(crowd_kit.__file__, crowd_kit.REQUIREMENTS, **arrays, truth=truth, method=THEIRS[method])
    if theirs is None:
        return
    ratio = theirs["seconds"] / ours
    print(f"   crowd-kit 1.4.2    {theirs['seconds']:8.2f} s  {100 * theirs['right']:.2f} % right  x {ratio:.1f}")
    if method in REACHED:
        mine, other = REACHED[method](votes, theirs)
        print(f"   log likelihood reached: ours {mine:.2f}, crowd-kit's {other:.2f}, by one function")


def _glad(votes: Votes, theirs: Mapping[str, Any]) -> tuple[float, float]:
    """Log posterior of ability and ease; where tasks have one pattern, theirs have one ease as well."""
    model = glad.Model.of(votes)
    found = model.cells.found
    ease = np.bincount(found.of_task, theirs["ease"], len(found.weight)) / found.weight
    other = glad.Abilities(np.array(theirs["ability"]), ease)
    return model.log_posterior(model.fit())[0], model.log_posterior(other)[0]


def _mace(votes: Votes, theirs: Mapping[str, Any]) -> tuple[float, float]:
    """Log likelihood at the weights of knowing and guessing that the variational variant ends with."""
    model = mace.Model.of(votes, variational=True)
    mine = model.know(mace.fit(model))[1]
    return mine, model.know(mace.Habits(np.array(theirs["knows"]), np.array(theirs["guesses"])))[1]


REACHED: Mapping[str, Callable[[Votes, Mapping[str, Any]], tuple[float, float]]] = {"glad": _glad, "mace": _mace}


def _answers(tasks: int, people: int, labels: int) -> tuple[Votes, IntArray]:
    """Five answers a task, right with a probability that is the annotator's own; and the truth.

    Of five annotators everybody answers everything; of more, some answer much more than others.
    """
    rng = np.random.default_rng(1)
    truth = rng.integers(labels, size=tasks)
    annotator = np.tile(np.arange(5), tasks) if people == 5 else rng.zipf(1.3, size=5 * tasks) % people
    task = np.repeat(np.arange(tasks), 5)
    right = rng.random(5 * tasks) < np.linspace(0.4, 0.9, people)[annotator]
    answer = np.where(right, truth[task], rng.integers(labels, size=5 * tasks))
    return Votes(task, annotator, answer, tasks, people, labels, {}), truth
