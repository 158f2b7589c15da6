"""An answer unlike everybody's: a number out of range, a text much too long, a region of absurd size."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import (
    Answer,
    Chat,
    Choices,
    KeyPoint,
    Mask,
    Moment,
    Number,
    PerRegion,
    Region,
    Regions,
    Relations,
    Segment,
    Span,
    Taxonomy,
    Text,
)
from label_config.model import Family

from ..distance.packed_regions import WHOLE, pack_regions
from ..records import CodedAnswers, Finding, FloatArray, IntArray
from .case import Case
from .disputes import brief

ENOUGH = 20
"""So many values show what is usual."""
RARE = 0.05
"""What more answers than this have in common is not extreme."""
_WITHOUT = frozenset({Family.RATING, Family.RANKING})
"""Families whose answers have nothing that could be extreme."""
_NARROW = 0.2
"""The least standard deviation of logarithms: half as much again is usual anywhere."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something measured of an answer. Those with the same ``what`` are compared; ``logarithm`` where by ratios.

    ``value`` is as it was measured. ``region`` is the place of the region it was measured of, null for the whole.
    """

    what: str
    value: float
    logarithm: bool
    region: int | None = None


@dataclass(frozen=True, slots=True)
class Extreme:
    """A measured value that is extreme: how many robust standard deviations from the usual one."""

    row: int
    measure: Measure
    deviations: float
    usual: float


def outlier(case: Case) -> list[Finding]:
    """An answer is far from all others in something measured of it; the severity grows from a half with how far.

    Measured are numbers and moments; the length of texts and conversations; how many labels, paths, regions or
    relations there are; and of each region its size and how much wider than high it is, among those with its labels.
    A value is extreme that lies ``Thresholds.extreme`` robust standard deviations or more from the median, above and
    below it apart; numbers that are all positive have to be extreme as logarithms as well. It is none where another
    answer to the same task is extreme in the same way, for then the task is unusual, nor where more than ``RARE`` of
    the answers are, nor among fewer than ``ENOUGH``. The severity is 1 - threshold / (2 x deviations).
    """
    coded, control = case.evidence.coded, case.evidence.control
    if control.family in _WITHOUT and not control.per_region:
        return []
    measured: dict[str, list[tuple[int, Measure]]] = defaultdict(list)
    if not _all_alike(coded):
        for row, measure in _measured([coded.answers[code] for code in coded.answer.tolist()]):
            measured[measure.what].append((row, measure))
    worst: dict[int, Extreme] = {}
    for what in sorted(measured):
        for one in _extreme(measured[what], coded.task, case.thresholds.extreme):
            if one.row not in worst or worst[one.row].deviations < one.deviations:
                worst[one.row] = one
    ruled = case.ruled()
    found = [_finding(case, one) for one in worst.values() if coded.tasks[coded.task[one.row]] not in ruled]
    return sorted(found, key=lambda one: (one.task, one.annotator or 0))


def _all_alike(coded: CodedAnswers) -> bool:
    """Whether the answers have in common whatever can be measured of them: all choose one label, for example."""
    if len(coded.answers) == len(coded.answer):
        return False
    values = {(one.what, one.value) for _, one in _measured([coded.answers[at] for at in np.unique(coded.answer)])}
    return len({what for what, _ in values}) == len(values)


def _measured(answers: Sequence[Answer]) -> Iterator[tuple[int, Measure]]:
    """The row and the measure of everything that is measured."""
    for row, answer in enumerate(answers):
        yield from ((row, measure) for measure in _of_answer(answer))
    drawn = [answer.regions if isinstance(answer, Regions) else () for answer in answers]
    if any(drawn):
        yield from _of_regions(drawn)


def _of_answer(answer: Answer, region: int | None = None) -> Iterator[Measure]:
    match answer:
        case Number(value):
            yield Measure("value", value, False, region)
        case Moment(_, seconds):
            yield Measure("time", seconds, False, region)
        case Text(lines):
            yield Measure("number of characters", sum(map(len, lines)), True, region)
        case Chat(messages):
            yield Measure("number of characters", sum(len(message.text) for message in messages), True)
        case Choices(parts) | Taxonomy(parts) if region is None:
            yield Measure("number of labels", len(parts), True)
        case Regions(parts):
            yield Measure("number of regions", len(parts), True)
        case Relations(parts):
            yield Measure("number of relations", len(parts), True)
        case PerRegion(parts):
            for place, part in enumerate(parts):
                if part.answer is not None:
                    yield from _of_answer(part.answer, place)


def _of_regions(drawn: Sequence[Sequence[Region]]) -> Iterator[tuple[int, Measure]]:
    """Size and form of what has any: by the rectangle around it, of masks by their pixels."""
    packed = pack_regions(drawn)
    left, top, right, bottom = packed.bounds
    width, height = (right - left).tolist(), (bottom - top).tolist()
    for at, row in enumerate(packed.answers.tolist()):
        place = at - int(packed.offsets[row])
        region = drawn[row][place]
        if packed.kind[at] == WHOLE or isinstance(region.shape, KeyPoint):
            continue
        named = " + ".join(region.labels) or "region"
        if isinstance(region.shape, Mask):
            yield row, Measure(f"size of {named}", math.sqrt(sum(region.shape.runs[1::2])), True, place)
        elif isinstance(region.shape, Span | Segment):
            yield row, Measure(f"length of {named}", width[at], True, place)
        elif 0 < width[at] < math.inf and 0 < height[at] < math.inf:
            yield row, Measure(f"size of {named}", math.sqrt(width[at] * height[at]), True, place)
            yield row, Measure(f"width by height of {named}", width[at] / height[at], True, place)


def _extreme(some: Sequence[tuple[int, Measure]], task: IntArray, threshold: float) -> list[Extreme]:
    if len(some) < ENOUGH:
        return []
    values = np.array([measure.value for _, measure in some])
    deviations = _deviations(values, logarithm=some[0][1].logarithm)
    far = np.flatnonzero(np.abs(deviations) >= threshold)
    if len(far) > max(RARE * len(some), 1):
        return []
    usual = float(np.median(values))
    found = [Extreme(some[at][0], some[at][1], float(abs(deviations[at])), usual) for at in far.tolist()]
    ways = {(int(task[one.row]), one.measure.value > usual, one.row) for one in found}
    together = Counter((where, above) for where, above, _ in ways)
    return [one for one in found if together[int(task[one.row]), one.measure.value > usual] == 1]


_LARGE = 1e100


def _deviations(values: FloatArray, *, logarithm: bool) -> FloatArray:
    """How many robust standard deviations each value is above (below: negative) the median: (values,).

    Of each side apart the standard deviation is that which its median deviation shows, or its nine tenths, whichever
    is more: what tails usually reach is not far. What is without bounds (wide, and of hardly any height) counts as
    very large.
    """
    values = np.clip(values, -_LARGE, _LARGE)
    if logarithm:
        return _on_each_side(np.log(np.maximum(values, 0.0) + _offset(values)), _NARROW)
    plain = _on_each_side(values, 1e-9 * float(np.abs(values).max()))
    if values.min() <= 0:
        return plain
    ratios = _on_each_side(np.log(values), 1e-9)
    return np.where(np.abs(ratios) < np.abs(plain), ratios, plain)


def _offset(values: FloatArray) -> float:
    """What is added before logarithms are taken: 1 to counts, which may be 0; nothing to sizes."""
    return 1.0 if np.all(values == np.round(values)) or values.min() <= 0 else 0.0


def _on_each_side(values: FloatArray, least: float) -> FloatArray:
    away = values - np.median(values)
    deviations = np.zeros(len(values))
    for side in (away > 0, away < 0):
        if side.any():
            size = np.abs(away[side | (away == 0)])
            spread = max(1.4826 * float(np.median(size)), float(np.quantile(size, 0.9)) / 1.645, least)
            deviations[side] = away[side] / max(spread, 1e-300)
    return deviations


def _finding(case: Case, one: Extreme) -> Finding:
    coded = case.evidence.coded
    measure = one.measure
    severity = 1 - case.thresholds.extreme / (2 * one.deviations)
    reason = f"The answer {brief(coded.answers[coded.answer[one.row]])} is unlike all others: {_how(one)}."
    return Finding(
        coded.tasks[coded.task[one.row]],
        case.consensus.control,
        "outlier",
        severity,
        reason,
        {"value": measure.value, "usual": one.usual, "deviations": one.deviations},
        coded.annotators[coded.annotator[one.row]],
        region=measure.region,
    )


def _how(one: Extreme) -> str:
    value = one.measure.value
    if one.measure.what == "time":
        return f"it is {abs(value - one.usual) / 86_400:.4g} days from the usual"
    return f"its {one.measure.what} is {value:.4g}, usually about {one.usual:.4g}"
