"""Agreement in which some labels count more than others."""

from collections.abc import Iterator, Mapping

import numpy as np

from label_config.answers import Answer, Choices, PerRegion, Regions, Relations, Taxonomy

from .distance import Distance, default_distance, distance
from .distance.comparison import Comparison
from .distance.own import own
from .evidence import ControlEvidence, Method
from .records import IntArray


def weighted_agreement(evidence: ControlEvidence, method: Method, weights: Mapping[str, float]) -> float | None:
    """Mean over pairs of answers to one task of 1 - distance, each pair weighing as its labels do; in [0, 1].

    An answer weighs the mean of its labels' weights, a pair the mean of its answers'; a label that is not named, and
    an answer without labels, weigh 1, so that no weights at all give the percent agreement. For a single choice this
    is the weighted mean of the labels' specific agreements (Cicchetti and Feinstein 1990, J. Clin. Epidemiol. 43),
    each by how often it is in a pair. Null without a pair that weighs anything.
    """
    coded = evidence.coded
    left, right = paired_rows(coded.task)
    left, right = coded.answer[left], coded.answer[right]
    each = np.array([_weight(answer, weights) for answer in coded.answers], dtype=np.float64)
    weight = (each[left] + each[right]) / 2
    if not weight.sum() > 0:
        return None
    compared = coded.answer[np.bincount(coded.task)[coded.task] >= 2] if len(coded.task) else coded.answer
    counts = np.bincount(compared, minlength=len(coded.answers)).astype(np.float64)
    far = _distance(evidence, method)(Comparison(evidence.control, coded.answers, left, right, counts))
    return float((weight * (1 - far)).sum() / weight.sum())


def _distance(evidence: ControlEvidence, method: Method) -> Distance:
    if callable(method.distance):
        return own(method.distance, method.distance_name)
    return distance(evidence.control, method.distance or default_distance(evidence.control))


def paired_rows(task: IntArray) -> tuple[IntArray, IntArray]:
    """Every two rows of one task, once: positions in ``task``.

    >>> [rows.tolist() for rows in paired_rows(np.array([0, 1, 0, 0]))]
    [[0, 0, 2], [2, 3, 3]]
    """
    order = np.argsort(task, kind="stable")
    _, start, size = np.unique(task[order], return_index=True, return_counts=True)
    parts = [_of_size(order, start[size == length], int(length)) for length in np.unique(size) if length > 1]
    if not parts:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([one for one, _ in parts]), np.concatenate([other for _, other in parts])


def _of_size(order: IntArray, start: IntArray, length: int) -> tuple[IntArray, IntArray]:
    rows = order[start[:, None] + np.arange(length)]
    one, other = np.triu_indices(length, 1)
    return rows[:, one].ravel(), rows[:, other].ravel()


def _weight(answer: Answer, weights: Mapping[str, float]) -> float:
    labels = list(_labels(answer))
    return sum(weights.get(label, 1.0) for label in labels) / len(labels) if labels else 1.0


def _labels(answer: Answer) -> Iterator[str]:
    """The labels in an answer, as often as they are there."""
    match answer:
        case Choices(labels):
            yield from labels
        case Taxonomy(paths):
            yield from (path[-1] for path in paths if path)
        case Regions(regions):
            yield from (label for region in regions for label in region.labels)
        case Relations(links):
            yield from (label for link in links for label in link.labels)
        case PerRegion(parts):
            yield from (label for part in parts if part.answer is not None for label in _labels(part.answer))
