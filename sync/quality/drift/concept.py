"""Concept drift: the same kind of task is answered otherwise than before; told apart from annotators who changed.

What kind a task is says a model that was trained before. Its agreement with people is compared before and after,
within the answers of each annotator and each of the model's labels: that other people answer now, or that other kinds
of tasks come, is no drift.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from ..records import BoolArray, FloatArray, IntArray
from .drifts import Drift
from .verdict import Verdict, judge

FEWEST = 10
"""Tasks on each side that a test needs."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Answers of people beside what a model that was trained before, and on none of these tasks, thinks of them.

    All are parallel, an answer a row: ``task`` and ``annotator`` ids, ``at`` when it was given (microseconds since
    1970, 0 unknown: left out), ``kind`` the model's answer in words, ``said`` the person's, ``like`` in [0, 1] is 1 -
    their distance. ``slices`` maps the name of a field to its value for each row.
    """

    task: IntArray
    annotator: IntArray
    at: IntArray
    kind: Sequence[str]
    said: Sequence[str]
    like: FloatArray
    slices: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The rows of one test: ``later`` and ``like`` less their mean within annotator and kind, shape (rows,)."""

    task: IntArray
    annotator: IntArray
    later: FloatArray
    like: FloatArray

    def of(self, annotator: int) -> "Change":
        """The rows of one annotator."""
        own = self.annotator == annotator
        return Change(self.task[own], self.annotator[own], self.later[own], self.like[own])


def concept_drift(control: str, rows: Compared, since: int) -> list[Drift]:
    """Tests whether people agree with the model as they did before ``since``: over all, a label, a value of a slice.

    The statistic is z: the sum over tasks of (later - share of later) x (agreement - mean), both within annotator and
    label of the model, over the root of its sum of squares by task (a score test, robust to what the answers to one
    task have in common); of all annotators together, and of each alone. p is that of the most extreme of them, times
    two, and for one annotator times how many there are besides (Bonferroni). The effect is the change in agreement.
    The name says who changed, which means something where the test is significant:
    ``concept_drift`` (everybody), ``annotator_drift`` (``annotators``), or ``answer_drift`` where fewer than two
    annotators answered on both sides; see ``verdict``. Each test needs 10 tasks on each side.
    """
    known = rows.at > 0
    later = rows.at >= since
    kinds = np.array(rows.kind, dtype=object)
    return [_test(control, what, rows, known & here, later, since) for what, here in _parts(rows, kinds)]


def _parts(rows: Compared, kinds: object) -> Iterator[tuple[str, BoolArray]]:
    """What is tested: everything, each kind where there are several, each value of each slice."""
    everything = np.ones(len(rows.task), dtype=np.bool_)
    yield "", everything
    names = sorted(set(rows.kind))
    if len(names) > 1:
        yield from ((name, np.asarray(kinds == name, dtype=np.bool_)) for name in names)
    for slice_name, values in sorted(rows.slices.items()):
        array = np.array(values, dtype=object)
        yield from ((f"{slice_name} = {one}", np.asarray(array == one, dtype=np.bool_)) for one in sorted(set(values)))


def _test(control: str, what: str, rows: Compared, here: BoolArray, later: BoolArray, since: int) -> Drift:
    old, new = here & ~later, here & later
    before, after = len(np.unique(rows.task[old])), len(np.unique(rows.task[new]))
    until = int(rows.at[new].max()) + 1 if new.any() else since
    place = (control, what, since, until, before, after)
    if min(before, after) < FEWEST:
        return Drift("answer_drift", *place, f"Of {before} tasks before and {after} after, {FEWEST} each are needed.")
    change = _within(rows, here, later)
    tested = _most_extreme(change)
    if tested is None:
        why = (
            "Nobody answered the same kind of task before and after, or agreement with the model hardly ever varies: "
            f"fewer than {FEWEST} tasks say anything."
        )
        return Drift("answer_drift", *place, why)
    z, p, slope = tested
    verdict = judge(*_by_annotator(change))
    words = _words(rows, what, old, new, verdict)
    return Drift(verdict.name, *place, words, z, p, None, slope, "change in agreement", verdict.annotators)


def _most_extreme(change: Change) -> tuple[float, float, float] | None:
    """z, p and the change in agreement: of all, or of the one annotator who stands out more; null without a test."""
    whole = _score(change)
    if whole is None:
        return None
    alone = [_score(change.of(annotator)) for annotator in np.unique(change.annotator).tolist()]
    tested = [one for one in alone if one is not None]
    factor = 2.0 if len(tested) > 1 else 1.0
    ranked = [(factor * _tail(*whole), whole)] + [(factor * len(tested) * _tail(*one), one) for one in tested]
    p, (z, slope, _) = min(ranked, key=lambda pair: pair[0])
    return z, min(p, 1.0), slope


def _tail(z: float, _slope: float, tasks: int) -> float:
    """Two-sided, by Student's t of the tasks less two, since few tasks say little of their own spread."""
    return float(2 * special.stdtr(max(tasks - 2, 1), -abs(z)))


def _within(rows: Compared, here: BoolArray, later: BoolArray) -> Change:
    places = np.flatnonzero(here)
    kinds = np.unique(np.array([rows.kind[place] for place in places.tolist()], dtype=np.str_), return_inverse=True)[1]
    people = np.unique(rows.annotator[places], return_inverse=True)[1]
    stratum = people.astype(np.int64) * (int(kinds.max()) + 1) + kinds
    _, stratum = np.unique(stratum, return_inverse=True)
    return Change(
        rows.task[places],
        rows.annotator[places],
        _centred(later[places].astype(np.float64), stratum),
        _centred(rows.like[places], stratum),
    )


def _centred(values: FloatArray, stratum: IntArray) -> FloatArray:
    counts = np.bincount(stratum)
    found: FloatArray = values - (np.bincount(stratum, values) / counts)[stratum]
    return found


def _score(change: Change) -> tuple[float, float, int] | None:
    """z, the slope of agreement on later, and the tasks that say something; null where those are too few."""
    weight = float(np.square(change.later).sum())
    product = change.later * change.like
    by_task = np.bincount(np.unique(change.task, return_inverse=True)[1], product)
    tasks = int((np.abs(by_task) > 1e-12).sum())
    spread = float(np.sqrt(np.square(by_task).sum()))
    if weight < 1e-12 or spread < 1e-12 or tasks < FEWEST:
        return None
    return float(by_task.sum()) / spread, float(product.sum()) / weight, tasks


def _by_annotator(change: Change) -> tuple[IntArray, FloatArray, FloatArray]:
    """Who answered on both sides, their change in agreement and its standard error (one variance for all)."""
    people, place = np.unique(change.annotator, return_inverse=True)
    weight = np.bincount(place, np.square(change.later))
    both = weight > 1e-9
    slope = np.divide(np.bincount(place, change.later * change.like), weight, out=np.zeros(len(people)), where=both)
    left = change.like - slope[place] * change.later
    variance = max(float(np.square(left).sum()) / max(len(left) - 2 * len(people), 1), 1e-4)
    return people[both], slope[both], np.sqrt(variance / weight[both])


def _words(rows: Compared, what: str, old: BoolArray, new: BoolArray, verdict: Verdict) -> str:
    before, after = (100 * float(rows.like[side].mean()) for side in (old, new))
    where = f" ({what})" if what else ""
    now, then = (Counter(rows.said[at] for at in np.flatnonzero(side).tolist()) for side in (new, old))
    gains = {answer: now[answer] / now.total() - then[answer] / then.total() for answer in now}
    most = min(gains, key=lambda answer: (-gains[answer], answer))
    return (
        f"People agree with the model trained before on {after:.0f} % of these tasks{where}, "
        f"on {before:.0f} % earlier; "
        f"most more often they answer {most} ({100 * now[most] / now.total():.0f} % now, "
        f"{100 * then[most] / then.total():.0f} % then). {verdict.words}"
    )
