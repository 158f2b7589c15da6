"""Given answers beside a model's, whatever the family: how far apart, different or not, and which is probably wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer, Choices, Moment, Number, Ranking, Regions
from label_config.model import Control, Family

from ..distance import default_distance, distance
from ..distance.comparison import Comparison
from ..records import BoolArray, FloatArray, Opinion, TaskConsensus
from .calibration import scaled
from .limits import FEW, limit
from .noise import fit_class_noise, fit_noise, wrong_by_answer, wrong_by_probability
from .region_faults import Fault, region_faults
from .scores import soft_minimum

ON_SCALES = frozenset({Family.RATING, Family.NUMBER, Family.MOMENT})
"""Families whose distance is the absolute difference."""
BY_DEGREES: Mapping[Family, float] = {Family.TEXT: 0.1, Family.CHAT: 0.1, Family.RELATIONS: 0.05}
"""Families whose right answers may differ somewhat, and the distance up to which that means nothing in any case."""
MANY = 5
"""Of so many stars, or more, one more or less means nothing; nor do two neighbours in an order of so many items."""
_FEW_ON_SCALES = 0.1
"""Of a few numbers a difference is more than usual from this share of the values in use."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A given answer beside the model's.

    ``distance`` in [0, 1]; ``differs`` where it is more than usual. ``wrong`` in [0, 1] is the probability that the
    given answer is wrong, null where the model does not say how sure it is. ``faults`` are the regions that differ.
    """

    given: TaskConsensus
    opinion: Opinion
    distance: float
    differs: bool
    wrong: float | None
    faults: tuple[Fault, ...] = ()


def contrasts(control: Control, given: Sequence[TaskConsensus], opinions: Mapping[int, Opinion]) -> dict[int, Contrast]:
    """Task -> contrast, of the tasks that the model has an opinion of.

    The probability that a given answer is wrong follows from how sure the model is (see ``noise``) or, where it gives
    probabilities of the interface's labels, from those; beforehand it is the estimated rate of wrong answers, and of
    labels that several gave at least 1 - the confidence of the consensus.
    """
    known = [one for one in given if one.task in opinions]
    if not known:
        return {}
    theirs = [opinions[one.task] for one in known]
    far, differs, faults = differences(
        control, [(one.answer, opinion.answer) for one, opinion in zip(known, theirs, strict=True)]
    )
    wrong = _wrong(control, known, theirs, differs)
    return {
        one.task: Contrast(one, opinion, apart, differing, None if np.isnan(doubt) else doubt, some)
        for one, opinion, apart, differing, doubt, some in zip(
            known, theirs, far.tolist(), differs.tolist(), wrong.tolist(), faults, strict=True
        )
    }


def apart(control: Control, pairs: Sequence[tuple[Answer, Answer]]) -> FloatArray:
    """The distance of each two answers: shape (pairs,), in [0, 1]."""
    answers = [answer for pair in pairs for answer in pair]
    left = np.arange(0, len(answers), 2, dtype=np.int64)
    name = "absolute" if control.family in ON_SCALES else default_distance(control)
    return distance(control, name)(Comparison(control, answers, left, left + 1, np.ones(len(answers))))


def differences(
    control: Control, pairs: Sequence[tuple[Answer, Answer]]
) -> tuple[FloatArray, BoolArray, list[tuple[Fault, ...]]]:
    """Of two answers each to different tasks: the distance, whether it is more than usual, and the regions that differ.

    Labels and orders differ where they are not the same, but for a step among many (``MANY``). Of other answers most
    pairs are taken to be alike, and what is usual is learned from them (see ``limits``).
    """
    far = apart(control, pairs)
    none: list[tuple[Fault, ...]] = [()] * len(pairs)
    if control.family == Family.REGIONS and not control.per_region:
        drawn = [(one, other) for one, other in pairs if isinstance(one, Regions) and isinstance(other, Regions)]
        faults = region_faults([one for one, _ in drawn], [other for _, other in drawn])
        return far, np.array([bool(some) for some in faults], dtype=np.bool_), faults
    if control.family in ON_SCALES and not control.per_region:
        many = control.family == Family.RATING and (control.high or 0) >= MANY
        return far, _off(pairs, 1.0 if many else 0.0), none
    if control.family == Family.RANKING and not control.per_region:
        return far, np.array([not _nearly_in_order(*pair) for pair in pairs], dtype=np.bool_), none
    usual = limit(far, BY_DEGREES.get(control.family, 0.0)) if _by_degrees(control) else 0.0
    return far, far > usual + 1e-12, none


def _nearly_in_order(one: Answer, other: Answer) -> bool:
    """True for equal orders, and for one bucket of many items of which two neighbours have changed places."""
    if one == other or not isinstance(one, Ranking) or not isinstance(other, Ranking):
        return one == other
    if len(one.buckets) != 1 or len(other.buckets) != 1 or len(one.buckets[0][1]) < MANY:
        return False
    (_, here), (_, there) = one.buckets[0], other.buckets[0]
    moved = [place for place, (item, instead) in enumerate(zip(here, there, strict=False)) if item != instead]
    first = moved[0] if moved else len(here)
    return len(here) == len(there) and moved == [first, first + 1] and set(here) == set(there)


def _by_degrees(control: Control) -> bool:
    return control.family in BY_DEGREES or (control.per_region and control.family in ON_SCALES)


def _off(pairs: Sequence[tuple[Answer, Answer]], least: float) -> BoolArray:
    """Numbers: whether the difference is unusual among those on its side, above the median or below it.

    Differences up to ``least`` never are.
    """
    both = np.array([[value_on_scale(one), value_on_scale(other)] for one, other in pairs]).reshape(-1, 2)
    residual = both[:, 0] - both[:, 1]
    if len(residual) < FEW:
        return (
            np.abs(residual) > max(_FEW_ON_SCALES * np.ptp(both), least) if len(both) else np.zeros(0, dtype=np.bool_)
        )
    residual -= np.median(residual)
    off = np.zeros(len(residual), dtype=np.bool_)
    for side in (residual >= 0, residual <= 0):
        size = np.abs(residual[side])
        off[side] |= size > limit(size, max(least, 1e-9 * float(np.abs(both).max(initial=0.0))))
    return off


def value_on_scale(answer: Answer) -> float:
    """A number, or a moment's seconds; raises TypeError for another answer."""
    if isinstance(answer, Moment):
        return answer.seconds
    if isinstance(answer, Number):
        return answer.value
    raise TypeError(f"{type(answer).__name__} is no number")


def _wrong(
    control: Control, known: Sequence[TaskConsensus], theirs: Sequence[Opinion], differs: BoolArray
) -> FloatArray:
    """The probability that each given answer is wrong; NaN where the model does not say how sure it is."""
    wrong = np.full(len(known), np.nan)
    stated = np.array([np.nan if one.confidence is None else one.confidence for one in theirs])
    by_labels = _label_probabilities(control, known, theirs)
    spoken: BoolArray = np.full(len(known), by_labels.shape[1] > 0) & ~np.isnan(by_labels).any(axis=1)
    if spoken.any():
        some = [one for one, says in zip(known, spoken.tolist(), strict=True) if says]
        judge = _sets_wrong if control.multiple else _labels_wrong
        wrong[spoken] = judge(control, some, by_labels[spoken])
    rest = ~spoken & ~np.isnan(stated)
    if rest.any():
        alternatives = float(len(control.labels) - 1) if _classes(control) and len(control.labels) > 1 else np.inf
        noise = fit_noise(stated[rest], ~differs[rest], alternatives)
        some = [one for one, says in zip(known, rest.tolist(), strict=True) if says]
        wrong[rest] = wrong_by_answer(noise, stated[rest], ~differs[rest], _prior(some, noise.rate), alternatives)
    return wrong


def _classes(control: Control) -> bool:
    return control.family == Family.CHOICES and not control.per_region and not control.multiple


def _prior(given: Sequence[TaskConsensus], rate: float) -> FloatArray:
    """How probably the given answers are wrong, before the model is heard."""
    unsure = [1 - one.confidence if one.posterior is not None and one.annotations > 1 else 0.0 for one in given]
    return np.clip(np.array(unsure), rate, 0.95)


def _label_probabilities(control: Control, known: Sequence[TaskConsensus], theirs: Sequence[Opinion]) -> FloatArray:
    """(tasks, labels): the model's probabilities, NaN where it has none for the labels; no columns for other answers.

    Of a single choice they are scaled to sum to 1.
    """
    labels = control.labels
    if control.family != Family.CHOICES or control.per_region or len(labels) < 2:
        return np.empty((len(known), 0))
    rows = np.full((len(known), len(labels)), np.nan)
    for at, (one, opinion) in enumerate(zip(known, theirs, strict=True)):
        if not isinstance(one.answer, Choices) or not (control.multiple or len(one.answer.labels) == 1):
            continue
        if set(one.answer.labels) <= set(labels) and set(opinion.probabilities) & set(labels):
            rows[at] = _all_labels(opinion.probabilities, labels, multiple=control.multiple)
    if control.multiple:
        return np.clip(rows, 0.0, 1.0)
    totals = rows.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(rows, totals, out=np.full(rows.shape, np.nan), where=totals > 0)
    return shares


def _all_labels(known: Mapping[str, float], labels: Sequence[str], *, multiple: bool) -> list[float]:
    """Labels that the model does not name share what the others leave of 1; of several together they have none."""
    silent = len(labels) - sum(label in known for label in labels)
    left = 0.0 if multiple else max(1 - sum(known.values()), 0.0)
    return [known.get(label, left / silent if silent else 0.0) for label in labels]


def _chosen(control: Control, known: Sequence[TaskConsensus]) -> BoolArray:
    """(tasks, labels): which labels were given."""
    place = {label: at for at, label in enumerate(control.labels)}
    chosen = np.zeros((len(known), len(place)), dtype=np.bool_)
    for at, one in enumerate(known):
        if isinstance(one.answer, Choices):
            chosen[at, [place[label] for label in one.answer.labels]] = True
    return chosen


def _labels_wrong(control: Control, known: Sequence[TaskConsensus], probabilities: FloatArray) -> FloatArray:
    given = _chosen(control, known).argmax(axis=1)
    rate, temperature = fit_class_noise(given, probabilities)
    own = scaled(probabilities, temperature)[np.arange(len(given)), given]
    return wrong_by_probability(own, _prior(known, rate), len(control.labels) - 1)


def _sets_wrong(control: Control, known: Sequence[TaskConsensus], probabilities: FloatArray) -> FloatArray:
    """Each label apart, chosen or not, then the least probable one decides, softly."""
    chosen = _chosen(control, known)
    flat = np.stack([1 - probabilities.ravel(), probabilities.ravel()], axis=1)
    said = chosen.ravel().astype(np.int64)
    rate, temperature = fit_class_noise(said, flat)
    own = scaled(flat, temperature)[np.arange(len(said)), said]
    sound = 1 - wrong_by_probability(own, np.full(len(own), rate), 1).reshape(chosen.shape)
    return 1 - soft_minimum(sound)
