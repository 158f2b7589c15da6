"""What each annotator gives more or less of than the others do to the same tasks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

from label_config.answers import (
    Answer,
    Chat,
    Choices,
    Moment,
    Number,
    PerRegion,
    Ranking,
    Regions,
    Relations,
    Taxonomy,
    Text,
)

from ..records import BoolArray, CodedAnswers, Estimate, FloatArray, IntArray
from .many_tests import holm
from .profile import Bias
from .reference import Reference

Amounts = dict[tuple[str, str], float]
"""What is in one answer: (measure, label) -> how much, as in ``Bias``."""

NO_SPREAD = "no interval: fewer than 2 tasks that others answered"
MOST_LABELS = 200
"""Labels that are looked at, the most frequent ones."""


def _labels(answer: Choices) -> Amounts:
    return {("share", label): 1.0 for label in answer.labels}


def _regions(answer: Regions) -> Amounts:
    found: Amounts = {("regions", ""): float(len(answer.regions))}
    for region in answer.regions:
        for label in region.labels:
            found[("regions", label)] = found.get(("regions", label), 0.0) + 1
    return found


def _links(answer: Relations) -> Amounts:
    found: Amounts = {("links", ""): float(len(answer.links))}
    for link in answer.links:
        for label in link.labels:
            found[("links", label)] = found.get(("links", label), 0.0) + 1
    return found


AMOUNTS: Mapping[type, Callable[..., Amounts]] = {
    Choices: _labels,
    Regions: _regions,
    Relations: _links,
    Number: lambda answer: {("value", ""): answer.value},
    Moment: lambda answer: {("value", ""): answer.seconds},
    Text: lambda answer: {("length", ""): float(sum(map(len, answer.lines)))},
    Chat: lambda answer: {("length", ""): float(sum(len(one.text) for one in answer.messages))},
    Ranking: lambda answer: {("items", ""): float(sum(len(items) for _, items in answer.buckets))},
    Taxonomy: lambda answer: {("paths", ""): float(len(answer.paths))},
    PerRegion: lambda answer: {("parts", ""): float(sum(part.answer is not None for part in answer.parts))},
}
"""Type of answer -> what is counted in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """What the rows of the coded answers have, less what the others lead to expect.

    ``rows`` are those with something to hold them against; ``given`` and ``expected`` have shape (rows, amounts) with
    the ``names`` of the amounts, in sorted order. ``chance`` is the variance of the differences that the expectation
    itself leaves, (rows, amounts); null where that is not known.
    """

    rows: IntArray
    given: FloatArray
    expected: FloatArray
    names: tuple[tuple[str, str], ...]
    chance: FloatArray | None = None


def differences(coded: CodedAnswers, found: Reference, truths: Mapping[int, Answer]) -> Differences:
    """Each answer's amounts beside those expected: of the truth where it is known, else the mean of the others.

    Of single choices what is expected are the probabilities of the classes without the answer itself.
    """
    amounts, names = _table(coded.answers)
    rows = np.flatnonzero(found.heard)
    if found.probability is not None:
        places = {name: place for place, name in enumerate(names)}
        column = [places.get(("share", name), -1) for name in found.names]
        expected = np.zeros((len(rows), len(names)))
        for place, at in enumerate(column):
            if at >= 0:
                expected[:, at] += found.probability[rows, place]
        return Differences(rows, amounts[coded.answer[rows]], expected, names, expected * (1 - expected))
    return Differences(rows, amounts[coded.answer[rows]], _expected(coded, amounts, names, truths)[rows], names)


def _table(answers: Sequence[Answer]) -> tuple[FloatArray, tuple[tuple[str, str], ...]]:
    """What is in each answer: (answers, amounts)."""
    found = [AMOUNTS[type(answer)](answer) for answer in answers]
    often: dict[tuple[str, str], float] = {}
    for one in found:
        for name, amount in one.items():
            often[name] = often.get(name, 0.0) + abs(amount)
    names = tuple(sorted(sorted(often, key=lambda name: (-often[name], name))[:MOST_LABELS]))
    column = {name: place for place, name in enumerate(names)}
    table = np.zeros((len(answers), len(names)))
    for row, one in enumerate(found):
        for name, amount in one.items():
            if name in column:
                table[row, column[name]] = amount
    return table, names


def _expected(
    coded: CodedAnswers, amounts: FloatArray, names: Sequence[tuple[str, str]], truths: Mapping[int, Answer]
) -> FloatArray:
    """The mean of the others' amounts, or those of the known truth: (rows, amounts)."""
    n = len(coded.task)
    own = amounts[coded.answer]
    sums = sparse.csr_array((np.ones(n), (coded.task, np.arange(n))), shape=(len(coded.tasks), n)) @ own
    others = np.bincount(coded.task, minlength=len(coded.tasks))[coded.task] - 1
    found: FloatArray = (sums[coded.task] - own) / np.maximum(others, 1)[:, None]
    if truths:
        table = np.array([[AMOUNTS[type(one)](one).get(name, 0.0) for name in names] for one in truths.values()])
        place = np.full(len(coded.tasks), -1, dtype=np.int64)
        place[list(truths)] = np.arange(len(truths))
        known = place[coded.task] >= 0
        found[known] = table[place[coded.task[known]]]
    return found


def biases(coded: CodedAnswers, found: Differences) -> list[tuple[Bias, ...]]:
    """Every annotator's biases, one an amount that they or the others gave, in the order of their names.

    The test is McNemar's (1947), with Edwards' correction, carried over to amounts: (|sum d| - max |d|)^2 / sum d^2
    of the differences d has a chi-square distribution with 1 degree of freedom where every d is as probable as -d.
    Where what is expected is a probability, sum d^2 is at least the variance that it leaves: who answers what is nearly
    certain differs a little to the same side each time. The interval of the mean difference is Student's.
    """
    person = coded.annotator[found.rows]
    people = len(coded.annotators)
    to_person = sparse.csr_array((np.ones(len(person)), (person, np.arange(len(person)))), shape=(people, len(person)))
    apart = found.given - found.expected
    n = np.bincount(person, minlength=people).astype(np.float64)[:, None]
    total, square = to_person @ apart, to_person @ apart**2
    if found.chance is not None:
        square = np.maximum(square, to_person @ found.chance)
    given, expected = (to_person @ one / np.maximum(n, 1) for one in (found.given, found.expected))
    largest = np.zeros(total.shape)
    np.maximum.at(largest, person, np.abs(apart))
    excess = np.maximum(np.abs(total) - largest, 0.0)
    p = special.chdtrc(1, np.divide(excess**2, square, out=np.zeros(square.shape), where=square > 0))
    shown = (n > 0) & ((given != 0) | (expected != 0))
    p[shown] = holm(p[shown])
    half = _half_width(n, total, square)
    return [
        _listed(found.names, shown[one], n[one, 0], given[one], expected[one], half[one], p[one])
        for one in range(people)
    ]


def _half_width(n: FloatArray, total: FloatArray, square: FloatArray) -> FloatArray:
    """Half of the 95 % interval of the mean difference; NaN for fewer than two tasks."""
    many = np.maximum(n, 2)
    variance = np.maximum(square - total**2 / many, 0.0) / (many - 1)
    found: FloatArray = np.where(n < 2, np.nan, special.stdtrit(many - 1, 0.975) * np.sqrt(variance / many))
    return found


def _listed(
    names: Sequence[tuple[str, str]],
    shown: BoolArray,
    n: float,
    given: FloatArray,
    expected: FloatArray,
    half: FloatArray,
    p: FloatArray,
) -> tuple[Bias, ...]:
    columns = (one.tolist() for one in (shown, given, expected, half, p))
    return tuple(
        Bias(measure, label, gave, awaited, _difference(gave - awaited, width, int(n)), chance)
        for (measure, label), is_shown, gave, awaited, width, chance in zip(names, *columns, strict=True)
        if is_shown
    )


def _difference(value: float, half: float, n: int) -> Estimate:
    if n < 2:
        return Estimate(value, n=n, reason=NO_SPREAD)
    return Estimate(value, value - half, value + half, n)


def confusions(coded: CodedAnswers, found: Reference) -> list[Mapping[str, Mapping[str, float]]]:
    """Each annotator's expected numbers of answers by probable true class and given class, those from 0.01 on."""
    if found.probability is None or found.confusion is None:
        return [{} for _ in coded.annotators]
    rows = np.flatnonzero(found.heard)
    people, classes = len(coded.annotators), len(found.names)
    column = coded.annotator[rows] * classes + coded.answer[rows]
    shape = (people * classes, len(rows))
    table = sparse.csr_array((np.ones(len(rows)), (column, np.arange(len(rows)))), shape=shape)
    counts = np.asarray(table @ found.probability[rows]).reshape(people, classes, classes)
    result: list[dict[str, dict[str, float]]] = [{} for _ in coded.annotators]
    for person, truth, given in np.argwhere(counts.transpose(0, 2, 1) >= 0.01).tolist():
        result[person].setdefault(found.names[truth], {})[found.names[given]] = float(counts[person, given, truth])
    return list(result)
