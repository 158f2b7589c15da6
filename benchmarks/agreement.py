"""Agreement and consensus at a million answers, beside krippendorff and crowd-kit on the same answers.

Both live in a virtual environment that is made for the run and thrown away, or in the one whose interpreter
TIEBREAK_ORACLES names.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from label_config.answers import Choices
from sync.quality.agreement import control_agreement, krippendorff_alpha
from sync.quality.consensus.dawid_skene import dawid_skene
from sync.quality.consensus.posterior import Votes
from sync.quality.records import CodedAnswers, IntArray

from . import oracles

PEOPLE, LABELS = 5, 10

T = TypeVar("T")


def run(*, quick: bool) -> None:
    """Print the seconds of each, and how many times longer the others take."""
    table, truth = _answers(4_000 if quick else 200_000)
    coded, votes = _coded(table), _votes(table)
    alpha, value = _seconds(lambda: krippendorff_alpha(coded, np.random.default_rng(0), bootstrap=0).value)
    interval, _ = _seconds(lambda: krippendorff_alpha(coded, np.random.default_rng(0), bootstrap=1000))
    everything, _ = _seconds(lambda: control_agreement("c", coded, rng=np.random.default_rng(0), bootstrap=1000))
    consensus, found = _seconds(lambda: dawid_skene(votes))
    accuracy = float(np.mean(found.probability.argmax(axis=1) == truth))
    print(f"   {table.size:,} answers of {PEOPLE} annotators, {LABELS} labels")
    print(f"   alpha                                 {alpha:7.2f} s  {value:.4f}")
    print(f"   alpha with 1,000 resamples            {interval:7.2f} s")
    print(f"   the same and percent, pairs, tasks    {everything:7.2f} s")
    print(f"   Dawid-Skene                           {consensus:7.2f} s  {100 * accuracy:.2f} % right")
    if quick:
        return
    others = _others(table, truth)
    if others is None:
        return
    alphas, theirs = others["krippendorff"], others["crowd-kit"]
    thousand = 1000 * alphas["seconds"] / interval
    print(
        f"   krippendorff 0.9.0, alpha             {alphas['seconds']:7.2f} s  {alphas['value']:.4f}"
        f"  x {alphas['seconds'] / alpha:.1f} (x {thousand:,.0f} for 1,000 resamples)"
    )
    print(
        f"   crowd-kit 1.4.2, Dawid-Skene          {theirs['seconds']:7.2f} s  {100 * theirs['value']:.2f} % right"
        f"  x {theirs['seconds'] / consensus:.1f}"
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


def _coded(table: IntArray) -> CodedAnswers:
    votes = _votes(table)
    labels = tuple(str(label) for label in range(LABELS))
    return CodedAnswers(
        votes.task,
        votes.annotator,
        votes.answer,
        tuple(range(votes.tasks)),
        tuple(range(votes.annotators)),
        tuple(Choices((label,)) for label in labels),
        labels,
    )


def _seconds(compute: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    found = compute()
    return time.perf_counter() - start, found


def _others(table: IntArray, truth: IntArray) -> Mapping[str, Mapping[str, float]] | None:
    """What the other libraries take; None, with a line that says why, where they cannot be had."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        np.savez(folder / "answers.npz", table=table, truth=truth)
        python = os.environ.get("TIEBREAK_ORACLES") or str(folder / "venv" / "bin" / "python")
        steps = [[python, oracles.__file__, str(folder / "answers.npz")]]
        if "TIEBREAK_ORACLES" not in os.environ:
            steps[:0] = [
                [sys.executable, "-m", "venv", str(folder / "venv")],
                [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *oracles.REQUIREMENTS],
            ]
        for step in steps:
            ran = subprocess.run(step, capture_output=True, text=True, check=False)
            if ran.returncode:
                last = (ran.stderr.strip() or "no message").splitlines()[-1]
                print(f"   no comparison: {' '.join(step[1:4])} ended with {ran.returncode}: {last}")
                return None
    found: Mapping[str, Mapping[str, float]] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found
