"""Numbers, ratings and moments: weighted means and medians, with intervals."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from label_config.answers import Number
from label_config.model import Control, Family

from ..evidence import ControlEvidence
from ..records import AnnotatorQuality, FloatArray, TaskConsensus
from .gaussian import STRENGTH, gaussian
from .inference import Inference, Inferred
from .median import median
from .readings import Located, Readings, Ruler, readings_of, values_of
from .robust_mean import cleaned, robust_mean

NEAR = 0.05
"""A number is right within this part of its scale."""
HALF_A_STAR = 0.5
"""A rating is right within this."""
DIGITS = 10
"""Of a place on the scale, and beyond it: what lies behind depends on the order in which answers are added up."""

DOMINATED = 0.5
"""From such a part of the squared distances on, the few answers that make it up are what a mean would follow."""

ROUGHLY = 1e-3
"""How far a true value may still move, in lengths of the scale, when it is asked which answers are gross errors."""

Model = Callable[[Readings], Located]


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """The true values of tasks: ``place``, ``low``, ``high``, ``confidence`` and ``deviation``, (tasks,) each.

    ``freedom`` is that of the t distribution around ``place``; 0 where nothing could be compared.
    """

    place: FloatArray
    low: FloatArray
    high: FloatArray
    confidence: FloatArray
    deviation: FloatArray
    freedom: float


def estimated(evidence: ControlEvidence, model: Model) -> tuple[Estimates, Located, Ruler]:
    """The true values by a model of people, in the unit of the answers.

    An estimate lies among the answers to its task, for nothing speaks for what nobody said: so what all say is the
    answer. Its confidence is the probability that the true value is within ``NEAR`` of the scale of it, half a star
    for ratings, by a t distribution with as many degrees of freedom as the errors were estimated from; that gives the
    interval too, which ends at the control's bounds.
    """
    readings, scale = readings_of(evidence)
    found = model(readings)
    freedom = readings.freedom()
    least, most = _extremes(evidence)
    place = np.clip(scale.write(_rounded(found.place)), least, most)
    deviation = found.deviation * scale.length
    reach = special.stdtrit(freedom + 1, 0.975) * deviation
    control = evidence.control
    low, high = (np.clip(place + side * reach, *_bounds(control)) for side in (-1, 1))
    within = np.divide(tolerance(control, scale), deviation, out=np.full(len(place), np.inf), where=deviation > 0)
    confidence = 2 * special.stdtr(freedom + 1, np.minimum(within, 1e9)) - 1
    confidence[deviation == 0] = 1.0
    estimates = Estimates(
        place, np.minimum(low, place), np.maximum(high, place), np.clip(confidence, 0, 1), deviation, freedom
    )
    return estimates, found, scale


def _rounded(place: FloatArray) -> FloatArray:
    """Places to ``DIGITS`` digits behind the point; far from the scale, to so many significant ones."""
    size = 10 ** np.ceil(np.log10(np.maximum(np.abs(place), 1.0)))
    found: FloatArray = np.round(place / size, DIGITS) * size
    return found


def tolerance(control: Control, scale: Ruler) -> float:
    """How far from the truth an answer is still right, in the unit of the answers."""
    return HALF_A_STAR if control.family == Family.RATING else NEAR * scale.length


def _bounds(control: Control) -> tuple[float, float]:
    low = 1.0 if control.low is None and control.family == Family.RATING else control.low
    return (-np.inf if low is None else low, np.inf if control.high is None else control.high)


def _extremes(evidence: ControlEvidence) -> tuple[FloatArray, FloatArray]:
    """The least and the greatest answer to each task; the known one where it is known: (tasks,) each."""
    coded = evidence.coded
    values = values_of(coded.answers)
    least, most = np.full(len(coded.tasks), np.inf), np.full(len(coded.tasks), -np.inf)
    np.minimum.at(least, coded.task, values[coded.answer])
    np.maximum.at(most, coded.task, values[coded.answer])
    known, codes = list(coded.fixed.keys()), list(coded.fixed.values())
    least[known] = most[known] = values[codes]
    return least, most


def infer_numbers(model: Model, evidence: ControlEvidence) -> Inferred:
    """The consensus on numbers, which may be one that nobody gave; on ratings with the probability of each star."""
    coded = evidence.coded
    if not coded.tasks:
        return Inferred((), ())
    found, located, _ = estimated(evidence, model)
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    stars = _stars(evidence, found) if evidence.control.family == Family.RATING else [None] * len(coded.tasks)
    columns = (found.place, found.confidence, found.low, found.high, counts)
    tasks = tuple(
        TaskConsensus(
            task,
            Number(place),
            confidence,
            posterior,
            annotations,
            interval=(low, high) if found.freedom > 0 or low == high else None,
        )
        for task, posterior, place, confidence, low, high, annotations in zip(
            coded.tasks, stars, *(column.tolist() for column in columns), strict=True
        )
    )
    return Inferred(tasks, annotators(evidence, located))


def _stars(evidence: ControlEvidence, found: Estimates) -> list[Mapping[str, float] | None]:
    """The probability that each star is the nearest to the true value."""
    values = np.unique(values_of(evidence.coded.answers))
    cuts = (values[1:] + values[:-1]) / 2
    deviation = np.maximum(found.deviation, 1e-9)
    below = special.stdtr(found.freedom + 1, (cuts - found.place[:, None]) / deviation[:, None])
    sides = np.concatenate([np.zeros((len(below), 1)), below, np.ones((len(below), 1))], axis=1)
    names = [star_name(value) for value in values.tolist()]
    return [
        {name: p for name, p in zip(names, row, strict=True) if p > 1e-6} for row in np.diff(sides, axis=1).tolist()
    ]


def star_name(value: float) -> str:
    """What a star is called in a posterior.

    >>> star_name(4.0), star_name(2.5)
    ('4', '2.5')
    """
    return f"{value:.10g}"


def annotators(evidence: ControlEvidence, located: Located) -> tuple[AnnotatorQuality, ...]:
    """Everybody's quality, 1 - expected absolute error / length of the scale, with the 95 % interval of a deviation."""
    coded = evidence.coded
    readings, _ = readings_of(evidence)
    counts = np.bincount(coded.annotator, minlength=len(coded.annotators))
    told = np.bincount(coded.annotator[readings.telling()], minlength=len(coded.annotators))
    freedom = told + STRENGTH + readings.believed
    low, high = (
        1 - np.minimum(located.error * np.sqrt(freedom / (2 * special.gammaincinv(freedom / 2, share))), 1.0)
        for share in (0.025, 0.975)
    )
    quality = 1 - np.minimum(located.error, 1.0)
    columns = (quality, counts, np.minimum(low, quality), np.maximum(high, quality))
    return tuple(
        AnnotatorQuality(annotator, right, answers, {}, least, most)
        for annotator, right, answers, least, most in zip(
            coded.annotators, *(column.tolist() for column in columns), strict=True
        )
    )


def choose(evidence: ControlEvidence) -> tuple[str, str]:
    """What "auto" does for numbers: a mean that hears no gross errors where these would dominate it, and why in words.

    The distances are those from the robust mean, of answers that can be compared; under normal errors those that look
    gross make up a tenth of the squares, seldom a third.
    """
    readings, _ = readings_of(evidence)
    telling = readings.telling()
    if not len(telling):
        return "mean", "nobody has answered yet"
    if not telling.any():
        return "mean", "no two answers to a task can be compared"
    found = cleaned(readings, ROUGHLY)
    squares = (readings.value - found.located.place[readings.task])[telling] ** 2
    bad = 1 - found.sound[telling]
    share = float(bad @ squares / squares.sum()) if squares.any() else 0.0
    few = int((bad > 0.5).sum())
    if not few or share < DOMINATED:
        return "mean", "the distances between answers are such as normal errors make"
    if not found.few:
        return "mean", f"{few:,} of {len(bad):,} answers are far from the others to the task: too many for gross errors"
    answers = "1 answer" if few == 1 else f"{few:,} answers"
    return "robust-mean", (
        f"{answers} of {len(bad):,} {'is' if few == 1 else 'are'} so far from the others to the task that "
        f"{'it makes' if few == 1 else 'they make'} up {100 * share:.0f} % of the squared distances: "
        "a mean would follow gross errors"
    )


METHODS: Mapping[str, Inference] = {
    "mean": functools.partial(infer_numbers, gaussian),
    "robust-mean": functools.partial(infer_numbers, robust_mean),
    "median": functools.partial(infer_numbers, median),
}
