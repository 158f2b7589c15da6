"""Consensus against the truth on every real crowd whose truth is known, beside all methods of crowd-kit."""

import csv
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from label_config.answers import Choices
from label_config.model import Control
from sync.quality.coded_answers import encode
from sync.quality.consensus import choosing
from sync.quality.consensus.blend import MEMBERS
from sync.quality.consensus.classes import CLASSES, votes_of
from sync.quality.evidence import ControlEvidence
from sync.quality.records import FloatArray, IntArray

from . import crowd_kit_truth
from .others import cpu, run_beside
from .real_data import FOLDER

SETS = (
    *("bluebirds", "snow_rte", "snow_temp", "snow_wsd", "labelme", "sp", "sp_amt", "web", "adult2"),
    *("d_possent", "d_product", "fej2013", "fact_eval", "s_face", "cifar10n_5k", "ukp_convarg"),
)
SMALL = ("bluebirds", "snow_rte", "fej2013")
OURS = ("majority", *MEMBERS, "blend")
RESAMPLES = 2000

Right = Mapping[str, FloatArray]
"""Method -> how right it is on each task with a known truth: 1, 0, or the share of the truth in a tie."""


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Answers, and for each task with a known truth its place (-1 without an answer) and the place of the truth."""

    evidence: ControlEvidence
    asked: IntArray
    truth: IntArray


def run(*, quick: bool) -> None:
    """Print how often each method is right on each set, and how far auto is from the best of crowd-kit."""
    found = {name: read(FOLDER / name) for name in (SMALL if quick else SETS) if (FOLDER / name).is_dir()}
    for name in sorted(set(SMALL if quick else SETS) - set(found)):
        print(f"   LEFT OUT: no set {name!r} in {FOLDER}")
    if not found:
        return
    ours = {name: judged(name, crowd) for name, crowd in found.items()}
    theirs = {} if quick else beside(found)
    show(ours, theirs)
    if quick:
        return
    known = {name: best_known(ours[name], theirs.get(name, {})) for name in ours}
    factors = {name: factor(crowd) for name, crowd in found.items()}
    for count in (1, 2):
        left_out(ours, factors, known, count)


def read(folder: Path) -> Crowd:
    """A set; of repeated answers of one person to a task the last stands."""
    last = {(row["task"], row["worker"]): row["label"] for row in _rows(folder / "crowd.csv")}
    gold = {row["task"]: row["label"] for row in _rows(folder / "gold.csv")}
    tasks, people = (
        {name: place for place, name in enumerate(dict.fromkeys(pair[which] for pair in last))} for which in (0, 1)
    )
    labels = tuple(sorted({*last.values()}))
    control = Control("c", "Choices", ("t",), labels)
    rows = [(tasks[task], people[person], Choices((label,))) for (task, person), label in last.items()]
    return Crowd(
        ControlEvidence(control, encode(control, rows)),
        np.array([tasks.get(task, -1) for task in gold]),
        np.array([labels.index(label) if label in labels else -1 for label in gold.values()]),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def judged(name: str, crowd: Crowd) -> Right:
    """Our methods on one set, and auto, whose reason is printed."""
    votes = votes_of(crowd.evidence)
    found = {method: share_right(CLASSES[method](votes).probability, crowd) for method in OURS}
    seconds, (method, why) = cpu(lambda: choosing.choose(crowd.evidence))
    print(f"   {name}: {method}, {why} ({seconds:.1f} s)", flush=True)
    return {**found, "auto": found[method]}


def share_right(probability: FloatArray, crowd: Crowd) -> FloatArray:
    """How right the most probable classes (tasks, classes) are on the tasks with a known truth."""
    best = probability >= probability.max(axis=1, keepdims=True) - 1e-9
    share = best / best.sum(axis=1, keepdims=True)
    answered = (crowd.asked >= 0) & (crowd.truth >= 0)
    right: FloatArray = np.where(answered, share[crowd.asked, crowd.truth], 0.0)
    return right


def beside(found: Mapping[str, Crowd]) -> Mapping[str, Right]:
    """crowd-kit's methods on the same answers: set -> method -> how right; without those that could not run."""
    arrays = {}
    for name, crowd in found.items():
        coded = crowd.evidence.coded
        arrays[f"{name}.votes"] = np.stack([coded.task, coded.annotator, coded.answer])
        arrays[f"{name}.gold"] = np.stack([crowd.asked, crowd.truth])
    theirs = run_beside(crowd_kit_truth.__file__, crowd_kit_truth.REQUIREMENTS, **arrays)
    if theirs is None:
        return {}
    for name, methods in theirs.items():
        for method, result in methods.items():
            if isinstance(result, str):
                print(f"   crowd-kit's {method} on {name}: {result}")
    return {
        name: {method: np.array(right) for method, right in methods.items() if not isinstance(right, str)}
        for name, methods in theirs.items()
    }


def show(ours: Mapping[str, Right], theirs: Mapping[str, Right]) -> None:
    """The tables: accuracy in percent, then what auto loses to the best of crowd-kit."""
    _accuracies("ours", ours)
    if not theirs:
        return
    _accuracies("crowd-kit 1.4.2", theirs)
    print("   auto against the best method of crowd-kit, points of accuracy, 95 % of resamples of the tasks")
    regrets, worse = [], []
    for name in ours:
        best = max(theirs[name], key=lambda method: float(theirs[name][method].mean()))
        difference = 100 * (ours[name]["auto"] - theirs[name][best])
        low, high = interval(difference)
        regrets.append(-float(difference.mean()))
        worse += [name] if high < 0 else []
        print(f"   {name:14s}{difference.mean():+7.2f} [{low:+6.2f}, {high:+6.2f}]  {best}")
    print(f"   mean regret {np.mean(regrets):.2f} points; beyond the interval on {', '.join(worse) or 'no set'}")


def factor(crowd: Crowd) -> float:
    """What auto compares with its bar."""
    mean, error = choosing.gain(votes_of(crowd.evidence))
    return float(np.exp(mean - error))


def best_known(ours: Right, theirs: Right) -> float:
    """The accuracy that auto is compared with: of crowd-kit's best method; without crowd-kit of the better of ours."""
    among = theirs or {name: ours[name] for name in (choosing.COUNTING, choosing.WEIGHING)}
    return max(float(right.mean()) for right in among.values())


def left_out(ours: Mapping[str, Right], factors: Mapping[str, float], known: Mapping[str, float], count: int) -> None:
    """What auto would lose on sets that its bar was not chosen on: every ``count`` of them left out in turn.

    On the other sets the bar is the one of the highest mean accuracy (of equal ones the middle of the widest gap).
    """
    regrets: list[tuple[float, str]] = []
    for gone in itertools.combinations(ours, count):
        bar = best_bar({name: ours[name] for name in ours if name not in gone}, factors)
        for name in gone:
            regret = 100 * (known[name] - accuracy(ours[name], factors[name], bar))
            regrets.append((regret, f"{name} without {' and '.join(gone)} (bar {bar:.3f})"))
    worst, where = max(regrets)
    print(
        f"   bar chosen on the other sets, {count} left out: mean regret {np.mean([one for one, _ in regrets]):.2f} "
        f"points; most {worst:.2f}, {where}"
    )


def best_bar(ours: Mapping[str, Right], factors: Mapping[str, float]) -> float:
    """The bar with the highest mean accuracy over the sets."""
    edges = sorted({0.95, 1.3, *(factors[name] for name in ours)})
    gaps = list(itertools.pairwise(edges))

    def worth(gap: tuple[float, float]) -> tuple[float, float]:
        bar = sum(gap) / 2
        right = np.mean([accuracy(of_set, factors[name], bar) for name, of_set in ours.items()])
        return round(float(right), 9), gap[1] - gap[0]

    low, high = max(gaps, key=worth)
    return (low + high) / 2


def accuracy(right: Right, reached: float, bar: float) -> float:
    """Of the method that auto takes with that bar."""
    return float(right[choosing.COUNTING if reached < bar else choosing.WEIGHING].mean())


def _accuracies(title: str, found: Mapping[str, Right]) -> None:
    methods = list(dict.fromkeys(method for right in found.values() for method in right))
    print(f"   {title:16s}" + "".join(f"{method[:12]:>13s}" for method in methods))
    for name, right in found.items():
        print(f"   {name:16s}" + "".join(_percent(right[one].mean()) if one in right else _blank() for one in methods))
    whole = {one: [right[one].mean() for right in found.values() if one in right] for one in methods}
    print(
        f"   {'mean':16s}"
        + "".join(_percent(np.mean(whole[one])) if len(whole[one]) == len(found) else _blank() for one in methods)
    )


def _percent(share: float) -> str:
    return f"{100 * share:13.2f}"


def _blank() -> str:
    return f"{'-':>13s}"


def interval(difference: FloatArray) -> Sequence[float]:
    """The middle 95 % of the mean over resamples of the tasks (paired bootstrap)."""
    rng = np.random.default_rng(0)
    means = [difference[rng.integers(len(difference), size=len(difference))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
