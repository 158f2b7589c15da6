"""Which tenth of the tasks to look at again: what the rulings on the head of the queue do for the consensus.

For each real crowd with known truth the truth rules on a tenth of the tasks, the consensus is inferred anew, and the
accuracy over all tasks with gold is compared with the one before. Who chooses the tenth: the queue (at once, and in
rounds, as after each sync), the share of the votes for the most frequent answer (ties at random), chance.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from label_config.answers import Choices
from label_config.model import Control
from sync.errors import TiebreakError
from sync.quality.coded_answers import encode
from sync.quality.consensus import TIE, infer
from sync.quality.evidence import ControlEvidence
from sync.quality.findings import Case
from sync.quality.findings.disputes import low_agreement, low_confidence, tie
from sync.quality.priority import Policy, rank
from sync.quality.records import CodedAnswers, ControlConsensus, FloatArray

from .real_data import FOLDER

SETS = (
    "bluebirds snow_rte snow_temp snow_wsd labelme sp sp_amt web adult2 d_possent d_product fej2013 fact_eval s_face "
    "cifar10n_5k ukp_convarg"
).split()
BUDGET = 0.1
ROUNDS = 5
DRAWS = 4
FEW_DRAWS = 2
"""Draws of chance and of ties on sets of more than MANY answers."""
MANY = 10_000
RESAMPLES = 2000


@dataclass(frozen=True)
class Crowd:
    """A real crowd: (task, annotator, answer) rows, the last of a pair, and the truth of the tasks that have one."""

    control: Control
    rows: list[tuple[int, int, Choices]]
    truth: Mapping[int, Choices]

    def evidence(self, ruled: Mapping[int, Choices]) -> ControlEvidence:
        return ControlEvidence(self.control, encode(self.control, self.rows, ruled))


Order = Callable[[Crowd, ControlEvidence, ControlConsensus], list[int]]
"""Tasks with a truth, that to be looked at first at the head; those that are ruled are left out."""


def run(*, quick: bool) -> None:
    """Print what each order gains on each set, and how many times what the others gain the queue does."""
    if not FOLDER.is_dir():
        raise TiebreakError(f"the real crowds are missing: {FOLDER} is no folder (set TIEBREAK_SHARED_DATA)")
    names = SETS[:4] if quick else SETS
    print("   gain in points of accuracy     queue  in rounds     votes    chance   rounds - votes, 95 %   method")
    gains = [_compared(name, read(FOLDER / name), quick=quick) for name in names]
    queue, rounds, votes, chance = np.mean(gains, axis=0)
    each = np.array(gains)[:, :2] / np.array(gains)[:, 2:3]
    print(f"   mean                        {queue:8.2f}   {rounds:8.2f}  {votes:8.2f}  {chance:8.2f}")
    print(f"   times chance                {queue / chance:8.2f}   {rounds / chance:8.2f}")
    print(f"   times the share of votes    {queue / votes:8.2f}   {rounds / votes:8.2f}")
    print(f"   the same, mean over sets    {each[:, 0].mean():8.2f}   {each[:, 1].mean():8.2f}", flush=True)


def read(folder: Path) -> Crowd:
    """A set in the format of the real data, its tasks and workers numbered in their order."""
    with (folder / "crowd.csv").open(newline="") as file:
        given = {(row["task"], row["worker"]): row["label"] for row in csv.DictReader(file)}
    with (folder / "gold.csv").open(newline="") as file:
        gold = {row["task"]: row["label"] for row in csv.DictReader(file)}
    tasks = {name: place for place, name in enumerate(dict.fromkeys(task for task, _ in given))}
    people = {name: place for place, name in enumerate(dict.fromkeys(person for _, person in given))}
    labels = tuple(sorted({*given.values(), *gold.values()}))
    rows = [(tasks[task], people[person], Choices((label,))) for (task, person), label in given.items()]
    truth = {tasks[task]: Choices((label,)) for task, label in gold.items() if task in tasks}
    return Crowd(Control("label", "Choices", ("item",), labels), rows, truth)


def _compared(name: str, crowd: Crowd, *, quick: bool) -> tuple[float, float, float, float]:
    draws = 2 if quick else FEW_DRAWS if len(crowd.rows) > MANY else DRAWS
    evidence = crowd.evidence({})
    before = infer(evidence)
    base = right(crowd, before)
    queue = right(crowd, reviewed(crowd, by_queue, 1)) - base
    rounds = right(crowd, reviewed(crowd, by_queue, ROUNDS)) - base
    votes, chance = (
        np.mean([right(crowd, reviewed(crowd, order(seed), 1)) - base for seed in range(draws)], axis=0)
        for order in (by_votes, by_chance)
    )
    low, high = _interval(rounds - votes)
    gains = [100 * float(one.mean()) for one in (queue, rounds, votes, chance)]
    columns = f"{gains[0]:8.2f}   {gains[1]:8.2f}  {gains[2]:8.2f}  {gains[3]:8.2f}"
    print(
        f"   {name:12s} from {100 * base.mean():6.2f}    {columns}   {low:6.2f} to {high:5.2f}   {before.method}",
        flush=True,
    )
    return gains[0], gains[1], gains[2], gains[3]


def _interval(difference: FloatArray) -> tuple[float, float]:
    """95 % of a mean over tasks, in points, by resampling tasks."""
    rng = np.random.default_rng(0)
    means = [difference[rng.integers(len(difference), size=len(difference))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return 100 * float(low), 100 * float(high)


def right(crowd: Crowd, consensus: ControlConsensus) -> FloatArray:
    """How right each task with a truth is: 1, 0, or of k tied answers 1 / k where the truth is among them."""
    found = []
    for one in consensus.tasks:
        if (truth := crowd.truth.get(one.task)) is not None:
            posterior = one.posterior or {}
            best = [label for label, p in posterior.items() if p >= one.confidence - TIE]
            found.append((truth.labels[0] in best) / len(best))
    return np.array(found)


def reviewed(crowd: Crowd, order: Order, rounds: int) -> ControlConsensus:
    """The consensus after the truth ruled on the first tenth, chosen anew in each of the rounds."""
    size = max(1, round(BUDGET * len(crowd.truth)))
    ruled: dict[int, Choices] = {}
    evidence = crowd.evidence(ruled)
    consensus = infer(evidence)
    for number in range(1, rounds + 1):
        wanted = round(size * number / rounds) - len(ruled)
        ruled |= {task: crowd.truth[task] for task in order(crowd, evidence, consensus)[:wanted]}
        evidence = crowd.evidence(ruled)
        consensus = infer(evidence)
    return consensus


def by_queue(crowd: Crowd, evidence: ControlEvidence, consensus: ControlConsensus) -> list[int]:
    """By our queue; what nothing was found on comes after it, in the order of the tasks."""
    case = Case(evidence, consensus, agreement(evidence.coded))
    found = [*low_agreement(case), *tie(case), *low_confidence(case)]
    queue = [entry.task for entry in rank(found, Policy()) if entry.task in crowd.truth]
    seen = {*queue, *case.ruled()}
    return [*queue, *(task for task in sorted(crowd.truth) if task not in seen)]


def by_votes(seed: int) -> Order:
    """By the share of the most frequent answer, the smallest first; equal ones by chance."""

    def order(crowd: Crowd, evidence: ControlEvidence, _: ControlConsensus) -> list[int]:
        counts = _counts(evidence.coded)
        share = np.round(counts.max(axis=1) / counts.sum(axis=1).clip(1), 9)
        tasks = np.array(sorted(crowd.truth))
        found: list[int] = tasks[np.lexsort((np.random.default_rng(seed).random(len(tasks)), share[tasks]))].tolist()
        return found

    return order


def by_chance(seed: int) -> Order:
    return lambda crowd, _, __: np.random.default_rng(seed).permutation(sorted(crowd.truth)).tolist()


def agreement(coded: CodedAnswers) -> dict[int, float]:
    """The share of pairs of equal answers, of the tasks that two or more answered."""
    counts = _counts(coded)
    total = counts.sum(axis=1)
    several = np.flatnonzero(total >= 2)
    pairs = (counts * (counts - 1)).sum(axis=1)[several] / (total * (total - 1))[several]
    return {coded.tasks[place]: share for place, share in zip(several.tolist(), pairs.tolist(), strict=True)}


def _counts(coded: CodedAnswers) -> FloatArray:
    """Votes of each task for each answer: (tasks, answers)."""
    size = len(coded.tasks), len(coded.answers)
    counts = np.bincount(coded.task * size[1] + coded.answer, minlength=size[0] * size[1])
    return counts.reshape(size).astype(np.float64)


if __name__ == "__main__":
    run(quick=False)
