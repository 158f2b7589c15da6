"""Gamma: agreement about where units are and what they are, over the best alignment of them.

Mathet, Widlöcher, Métivier (2015), Computational Linguistics 41(3): 1 - observed / expected disorder, where disorder
is that of the best alignment (see ``alignment``) divided by the units that an annotator has on average. Expected is its
mean over continua made by chance (section 5.2): each annotator gets what a random one marked, moved on by a random
stretch; what falls off the end comes in at the beginning. Gamma-cat (Mathet 2017, Computational Linguistics 43(3)) is
about the categories of aligned units alone, the less the farther apart they lie. Units may overlap.

The papers have one continuum. Over several tasks both disorders are summed before they are divided, so that tasks
weigh by their units; intervals come from resampling tasks. Best alignments are dear, so there are bounds: what is
beyond ``MOST_TASKS``, ``MOST_WORK`` or ``alignment.MOST_CANDIDATES`` is left out and counted in the reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..records import CodedAnswers, Estimate, FloatArray
from .alignment import NO_UNIT, POSITION, Alignment, Marks, best_alignment, place_apart
from .chance import shuffled
from .continua import Continua, each_task, from_answers
from .resampling import Quantity, Rng, estimates
from .undefined import NO_PAIRS

NO_DISORDER = "chance makes no disorder either: there are no units, or only such as cannot lie apart"
TOO_MUCH = "no task is small enough: finding its best alignment would take too long"

MOST_TASKS = 200
"""Tasks that are looked at, drawn at random where there are more."""

MOST_WORK = 50_000
"""Unitary alignments weighed for one estimate, about: seconds."""

SAMPLES, LEAST_SAMPLES, MOST_SAMPLES = 30, 3, 500
"""Chance continua to begin with, all tasks together, and for each task at least and at most."""

PRECISION = 0.02
"""With 95 % confidence the expected disorder is this close, relatively, unless the bounds are met (section 5.3)."""

Parts = tuple[float, float, float]
"""Disorder; disorder of categories, and the weight behind it."""


@dataclass(frozen=True, slots=True, eq=False)
class Disorders:
    """What was found for each task that was looked at.

    ``observed`` and ``expected`` (tasks, 3) are the parts: the disorder, that of categories and its weight. ``left``
    counts the tasks that were too dear or not drawn.
    """

    observed: FloatArray
    expected: FloatArray
    left: int


def whole(found: Disorders, weights: FloatArray) -> FloatArray:
    """Gamma; NaN where chance makes no disorder."""
    return _ratio(weights @ found.observed[:, 0], weights @ found.expected[:, 0])


def categories(found: Disorders, weights: FloatArray) -> FloatArray:
    """Gamma-cat; NaN where chance makes no disorder of categories, or no units are aligned."""
    observed, expected = weights @ found.observed[:, 1:], weights @ found.expected[:, 1:]
    return _ratio(observed[:, 0] * expected[:, 1], expected[:, 0] * observed[:, 1])


def _ratio(observed: FloatArray, expected: FloatArray) -> FloatArray:
    found: FloatArray = 1.0 - np.divide(observed, expected, out=np.full(len(observed), np.nan), where=expected > 0)
    return found


GAMMAS: Mapping[str, Callable[[Disorders, FloatArray], FloatArray]] = {"gamma": whole, "gamma_cat": categories}


def gamma(
    coded: CodedAnswers, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95, kind: str = "gamma"
) -> Estimate:
    """Gamma of answers that are spans or segments, pooled over tasks, at most 1; see ``continua_gamma``.

    Null for other shapes, without a task that two annotators answered, and where chance makes no disorder.
    """
    found = from_answers(coded, apart=False)
    if isinstance(found, str):
        return Estimate(None, reason=found)
    return continua_gamma(found, rng, bootstrap, confidence, kind)


def continua_gamma(
    continua: Continua, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95, kind: str = "gamma"
) -> Estimate:
    """Gamma, at most 1, with a bootstrap interval over tasks; ``kind`` is a key of ``GAMMAS``.

    ``n`` counts the tasks that were looked at; where tasks were left out, ``reason`` says how many, beside the value.
    Raises ValueError for another kind.

    >>> from .continua import from_arrays
    >>> lines = np.array([0, 0, 1, 1]), np.array([0.0, 9, 0, 9]), np.array([5.0, 12, 5, 12]), np.array([0, 1, 0, 1])
    >>> same = from_arrays((np.zeros(2, int), np.arange(2)), lines)
    >>> continua_gamma(same, np.random.default_rng(0)).value
    1.0
    """
    if kind not in GAMMAS:
        raise ValueError(f"no gamma is named {kind!r}; there are: {', '.join(GAMMAS)}")
    found = disorders(continua, rng)
    tasks = len(found.observed)
    if tasks == 0:
        return Estimate(None, reason=TOO_MUCH if found.left else NO_PAIRS)
    quantity = Quantity(each_task(tasks), lambda weights: GAMMAS[kind](found, weights), tasks, NO_DISORDER)
    estimate = estimates({kind: quantity}, rng, bootstrap, confidence)[kind]
    if found.left == 0:
        return estimate
    sample = f"from {tasks} of {tasks + found.left} tasks, as many as are feasible"
    return replace(estimate, reason=f"{estimate.reason}; {sample}" if estimate.reason else sample)


@dataclass(frozen=True, slots=True, eq=False)
class _Continuum:
    """The lines of one continuum and its ends; ``grain`` as in ``Continua``."""

    lines: Sequence[Marks]
    low: float
    high: float
    grain: float

    @property
    def units(self) -> float:
        """How many an annotator has on average."""
        return sum(map(len, self.lines)) / len(self.lines)


@dataclass(slots=True, eq=False)
class _Task:
    """The continua of one task, what was observed, and what chance gave so far."""

    continua: list[_Continuum]
    observed: Parts
    chance: list[Parts]
    work: int


def disorders(continua: Continua, rng: Rng) -> Disorders:
    """Observed and expected disorder of each task, as many of them as the bounds allow."""
    tasks = _tasks(continua)
    drawn = sorted(rng.permutation(len(tasks))[:MOST_TASKS].tolist())
    samples = max(LEAST_SAMPLES, -(-SAMPLES // max(1, len(drawn))))
    done: list[_Task] = []
    work = 0
    for place in rng.permutation(drawn).tolist():
        if work >= MOST_WORK:
            break
        task = _looked_at(tasks[place], samples, rng)
        if task is not None:
            done.append(task)
            work += task.work
    _refined(done, samples, work, rng)
    observed = np.array([task.observed for task in done]).reshape(-1, 3)
    expected = np.array([np.mean(task.chance, axis=0) for task in done]).reshape(-1, 3)
    return Disorders(observed, expected, len(tasks) - len(done))


def _refined(done: list[_Task], samples: int, work: int, rng: Rng) -> None:
    """Add chance continua until the expected disorder is precise enough, as far as the bounds allow (section 5.3).

    Where nothing is in disorder, gamma is 1 whatever chance does.
    """
    draws = np.array([[parts[0] for parts in task.chance] for task in done]).reshape(len(done), samples)
    mean, variance = draws.mean(axis=1).sum(), draws.var(axis=1, ddof=1).sum() / samples
    if mean == 0 or not any(task.observed[0] for task in done):
        return
    wanted = samples * (1.96 * np.sqrt(variance) / mean / PRECISION) ** 2
    affordable = samples * MOST_WORK / max(1, work)
    for _ in range(int(min(np.ceil(wanted), affordable, MOST_SAMPLES)) - samples):
        for task in done:
            parts = _by_chance(task.continua, rng)
            if parts is not None:
                task.chance.append(parts[0])


def _looked_at(continua: list[_Continuum], samples: int, rng: Rng) -> _Task | None:
    """A task with its first chance continua; null where it is too dear."""
    observed = _summed([(best_alignment(each.lines), each) for each in continua])
    if observed is None:
        return None
    task = _Task(continua, observed[0], [], observed[1])
    for _ in range(samples):
        parts = _by_chance(continua, rng)
        if parts is None:
            return None
        task.chance.append(parts[0])
        task.work += parts[1]
    return task


def _by_chance(continua: list[_Continuum], rng: Rng) -> tuple[Parts, int] | None:
    """One chance continuum for each one; its disorder counts for as many units as the real one has."""
    made = [replace(each, lines=shuffled(each.lines, each.low, each.high, each.grain, rng)) for each in continua]
    return _summed([(best_alignment(one.lines), one) for one in made], [each.units for each in continua])


def _summed(
    aligned: list[tuple[Alignment | None, _Continuum]], units: list[float] | None = None
) -> tuple[Parts, int] | None:
    """The parts over the continua of a task and the work behind them; null where one is too dear.

    With ``units`` each counts as if its annotators had that many on average.
    """
    total, work = np.zeros(3), 0
    for place, (alignment, continuum) in enumerate(aligned):
        if alignment is None:
            return None
        scale = 1.0 if units is None else units[place] / continuum.units
        total += scale * np.array([alignment.disorders.sum(), *_category_parts(alignment, continuum.lines)])
        work += alignment.weighed
    return (float(total[0]), float(total[1]), float(total[2])), work


def _category_parts(alignment: Alignment, lines: Sequence[Marks]) -> tuple[float, float]:
    """Disorder of categories and its weight: those of aligned pairs, the nearer the heavier (Mathet 2017, section 4.2).

    A unit beside none weighs 1 and differs, as in pygamma-agreement; the paper leaves it out.
    """
    disorder = weight = 0.0
    size = (alignment.members >= 0).sum(axis=1)
    for other in range(1, len(lines)):
        for one in range(other):
            left, right = alignment.members[:, one], alignment.members[:, other]
            both = (left >= 0) & (right >= 0)
            first, second = lines[one].of(left[both]), lines[other].of(right[both])
            near = np.maximum(0.0, 1.0 - POSITION * place_apart(first, second))
            near /= size[both] - 1
            disorder += NO_UNIT * float(near @ (first.category != second.category))
            weight += float(near.sum())
            lone = NO_UNIT * float(np.count_nonzero((left >= 0) != (right >= 0)))
            disorder, weight = disorder + lone, weight + lone
    return disorder, weight


def _tasks(continua: Continua) -> list[list[_Continuum]]:
    """The continua of each task that have two lines or more, and a unit."""
    order = np.argsort(continua.line, kind="stable")
    cuts = np.searchsorted(continua.line[order], np.arange(len(continua.continuum) + 1))
    lines: dict[int, list[Marks]] = {}
    for place, about in enumerate(continua.continuum.tolist()):
        here = order[cuts[place] : cuts[place + 1]]
        lines.setdefault(about, []).append(Marks(continua.start[here], continua.end[here], continua.label[here]))
    found: dict[int, list[_Continuum]] = {}
    for about, marks in lines.items():
        if len(marks) >= 2 and any(map(len, marks)):
            one = _Continuum(marks, float(continua.low[about]), float(continua.high[about]), continua.grain)
            found.setdefault(int(continua.task[about]), []).append(one)
    return list(found.values())
