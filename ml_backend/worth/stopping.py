"""Whether labeling more is unlikely to help: predictions on the random share have stopped to change. Pure.

The random share, because the tasks that are left when the doubtful ones were labeled are the easy ones, on which models
agree in any case.

Bloodgood and Vijay-Shanker 2009, "A Method for Stopping Active Learning Based on Stabilizing Predictions and the Need
for User-Adjustable Stopping"; Bloodgood and Grothendieck 2013, "Analysis of Stopping Active Learning based on
Stabilizing Predictions".
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from scipy.special import betaincinv

STOP_SET = 2000
"""Tasks whose predictions are compared, at most: then a kappa of 0.99 is known to about 0.005."""
FEWEST_TASKS = 100
"""Fewer tasks in common say too little."""
STEP = 1.1
"""Two models are compared once the labels have grown by this factor: a model that has learned one label more always
agrees with the one before it, and late labels change less each."""
WINDOW = 3
"""The mean of so many kappas decides, so that one lucky agreement does not."""
STABLE = 0.99
SURE = 0.95
"""How probably the bound on the accuracy holds for all tasks, not only those of the stop set."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one version says of the stop set: ``said`` is its answer to each task, ``labels`` how many taught it."""

    version: str
    labels: int
    said: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Step:
    """Two models compared on the ``tasks`` that both judged, of which they judge ``changed`` differently.

    ``kappa`` in [-1, 1]; null where both give the same single answer to everything.
    """

    labels: int
    tasks: int
    changed: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Stopping:
    """Whether more labels are unlikely to help; null where it cannot be said, and ``words`` says why.

    ``accuracy_bound`` in [0, 1]: by more than this the accuracy has not changed over the last ``WINDOW`` steps, with
    probability ``SURE``. ``f_bound``: by more than this an F-measure has not changed in the last step.
    """

    unlikely_to_help: bool | None
    words: str
    steps: tuple[Step, ...] = ()
    accuracy_bound: float | None = None
    f_bound: float | None = None

    def as_json(self) -> dict[str, Any]:
        """By name, as it is told."""
        return asdict(self)


def stopping(looks: Sequence[Look]) -> Stopping:
    """What successive versions' predictions say of labeling on; ``looks`` in any order.

    >>> looks = [Look(f"m{n}", n, {task: "ab"[task % 2] for task in range(200)}) for n in (100, 120, 150, 200)]
    >>> stopping(looks).words
    'labeling more is unlikely to help: the last 100 labels changed the answers to 0 of 200 tasks of the random \
share, so accuracy by at most 1.5 points'
    """
    apart = spaced(looks)
    steps = tuple(compared(one, other) for one, other in pairwise(apart))
    if len(steps) < WINDOW:
        return Stopping(None, f"{len(steps)} models far enough apart were compared; {WINDOW} are needed", steps)
    last = steps[-WINDOW:]
    fewest = min(step.tasks for step in last)
    if fewest < FEWEST_TASKS:
        return Stopping(
            None,
            f"{fewest} tasks of the random share were judged by successive models; {FEWEST_TASKS} are needed",
            steps,
        )
    kappas = [step.kappa for step in last if step.kappa is not None]
    if len(kappas) < WINDOW:
        return Stopping(None, "the models give the same answer to every task, which says nothing", steps)
    whole = compared(apart[-1 - WINDOW], apart[-1])
    bound = changed_at_most(whole.changed, whole.tasks)
    stable = sum(kappas) / WINDOW > STABLE
    return Stopping(stable, _words(stable, apart, whole, bound), steps, bound, f_bound(kappas[-1]))


def _words(stable: bool, apart: Sequence[Look], whole: Step, bound: float) -> str:
    found = (
        f"the last {apart[-1].labels - apart[-1 - WINDOW].labels:,} labels changed the answers to {whole.changed:,} of "
        f"{whole.tasks:,} tasks of the random share, so accuracy by at most {100 * bound:.1f} points"
    )
    return f"labeling more {'is unlikely to help' if stable else 'may still help'}: {found}"


def spaced(looks: Sequence[Look]) -> list[Look]:
    """The looks whose labels have grown by ``STEP`` since the one before them, the first look always.

    >>> [look.labels for look in spaced([Look("", labels, {}) for labels in (50, 51, 54, 55, 70)])]
    [50, 55, 70]
    """
    found: list[Look] = []
    for look in sorted(looks, key=lambda one: one.labels):
        if not found or look.labels >= max(STEP * found[-1].labels - 1e-9, found[-1].labels + 1):
            found.append(look)
    return found


def compared(one: Look, other: Look) -> Step:
    """How far two models agree on the tasks that both judged."""
    pairs = [(answer, other.said[task]) for task, answer in one.said.items() if task in other.said]
    changed = sum(first != second for first, second in pairs)
    return Step(other.labels, len(pairs), changed, kappa(pairs))


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two models' answers, in [-1, 1]; null without pairs or where all answers are one and the same.

    >>> kappa([("a", "a"), ("a", "a"), ("b", "b"), ("b", "a")])
    0.5
    """
    count = len(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(first[answer] * second[answer] for answer in first)
    if by_chance == count * count:
        return None
    agreed = sum(one == other for one, other in pairs)
    return (agreed * count - by_chance) / (count * count - by_chance)


def changed_at_most(changed: int, tasks: int) -> float:
    """The share of all such tasks that two models judge differently, at most, with probability ``SURE``.

    The accuracies of the two cannot be farther apart: where they say the same, both are right or both wrong. One-sided
    Clopper and Pearson 1934; 1 where all changed, or without tasks.

    >>> round(changed_at_most(0, 300), 3)
    0.01
    """
    return 1.0 if changed >= tasks else float(betaincinv(changed + 1, tasks - changed, SURE))


def f_bound(agreement: float) -> float:
    """How far the F-measures of two models can be apart that agree with that kappa: 4 (1 - kappa) / kappa, at most 1.

    Bloodgood and Grothendieck 2013, for one label against the others; without agreement beyond chance 1.

    >>> round(f_bound(0.99), 4)
    0.0404
    """
    return 1.0 if agreement <= 0 else min(1.0, 4 * (1 - agreement) / agreement)
