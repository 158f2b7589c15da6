"""The answer that stands nearest to the others: for texts, relations, conversations, and answers a region apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer

from ..distance import default_distance, distance
from ..distance.comparison import Comparison
from ..evidence import ControlEvidence
from ..records import BoolArray, FloatArray, IntArray, TaskConsensus
from .classes import TIE
from .inference import Inference, Inferred
from .reliability import quality_records, shrunk_quality, weights

ROUNDS = 3
"""How often weights and the nearest answers are found in turn."""


@dataclass(frozen=True, slots=True, eq=False)
class Circle:
    """The tasks that were answered equally often.

    ``task`` (tasks,); ``rows`` (tasks, answers) are places in the coded answers; ``far`` (tasks, answers, answers) is
    the distance of each two; ``to_truth`` (tasks, answers) the distance to the known answer, NaN where none is known.
    """

    task: IntArray
    rows: IntArray
    far: FloatArray
    to_truth: FloatArray


def medoid(evidence: ControlEvidence, distance_name: str | None = None) -> Inferred:
    """The answer of a task with the least weighted sum of distances to all of them.

    An annotator weighs 1 / mean distance to the medoid of the others (see ``reliability.weights``), or to the known
    answer. Answers that cost the same are a tie, unless there is no distance between them; the first by its text is
    named. The confidence is the weighted mean of 1 - distance to the answers, in which one answer of mean weight
    counts as near as its annotators' quality says instead of 1, because it is the one that was taken.
    ``distance_name`` is a name among the family's distances, null for its default.
    """
    coded = evidence.coded
    circles = circles_of(evidence, distance_name or default_distance(evidence.control))
    quality, answers = qualities(evidence, circles)
    weight = weights(quality)
    found = {
        one.task: one for circle in circles for one in _nearest(evidence, circle, weight[coded.annotator], quality)
    }
    found |= {coded.tasks[task]: known(evidence, task) for task in coded.fixed}
    return Inferred(tuple(found[task] for task in sorted(found)), quality_records(coded, quality, answers))


def known(evidence: ControlEvidence, place: int) -> TaskConsensus:
    """The consensus on a task whose answer is known."""
    coded = evidence.coded
    answered = int(np.count_nonzero(coded.task == place))
    return TaskConsensus(coded.tasks[place], coded.answers[coded.fixed[place]], 1.0, None, answered)


def circles_of(evidence: ControlEvidence, distance_name: str) -> list[Circle]:
    """The tasks with answers, by how many there are, with the distances between the answers of a task."""
    coded = evidence.coded
    order = np.lexsort((coded.annotator, coded.task))
    size = np.bincount(coded.task, minlength=len(coded.tasks))
    start = np.cumsum(size) - size
    groups = [np.flatnonzero(size == n) for n in np.unique(size[size > 0]).tolist()]
    rows = [order[start[tasks][:, None] + np.arange(size[tasks[0]])] for tasks in groups]
    fixed = np.full(len(coded.tasks), -1, dtype=np.int64)
    fixed[list(coded.fixed.keys())] = list(coded.fixed.values())
    asked = [
        pairs for some, tasks in zip(rows, groups, strict=True) for pairs in _pairs(coded.answer, some, fixed[tasks])
    ]
    far = _distances(evidence, distance_name, asked)
    return [
        _circle(tasks, some, far[2 * place], far[2 * place + 1], fixed[tasks] >= 0)
        for place, (tasks, some) in enumerate(zip(groups, rows, strict=True))
    ]


def _pairs(answer: IntArray, rows: IntArray, fixed: IntArray) -> tuple[tuple[IntArray, IntArray], ...]:
    """The answers to compare: each two of a task, then each with the known answer of the task."""
    one, other = np.triu_indices(rows.shape[1], 1)
    ruled = fixed >= 0
    truth = np.repeat(fixed[ruled], rows.shape[1])
    return (
        (answer[rows[:, one]].ravel(), answer[rows[:, other]].ravel()),
        (answer[rows[ruled]].ravel(), truth),
    )


def _distances(evidence: ControlEvidence, name: str, asked: list[tuple[IntArray, IntArray]]) -> list[FloatArray]:
    """All distances in one go, then apart again."""
    coded = evidence.coded
    none = np.zeros(0, dtype=np.int64)
    left, right = (np.concatenate([none, *(pair[side] for pair in asked)]) for side in (0, 1))
    counts = np.bincount(coded.answer, minlength=len(coded.answers)).astype(np.float64)
    far = distance(evidence.control, name)(Comparison(evidence.control, coded.answers, left, right, counts))
    return np.split(far, np.cumsum([len(one) for one, _ in asked])[:-1])


def _circle(task: IntArray, rows: IntArray, far: FloatArray, to_truth: FloatArray, ruled: BoolArray) -> Circle:
    tasks, n = rows.shape
    one, other = np.triu_indices(n, 1)
    square = np.zeros((tasks, n, n))
    square[:, one, other] = square[:, other, one] = far.reshape(tasks, len(one))
    truth = np.full((tasks, n), np.nan)
    truth[ruled] = to_truth.reshape(-1, n)
    return Circle(task, rows, square, truth)


def qualities(evidence: ControlEvidence, circles: list[Circle]) -> tuple[FloatArray, FloatArray]:
    """The expected 1 - distance of each annotator to the answer of the others, and from how many answers: two arrays.

    The distance is to the known answer where there is one, else to the medoid of the others' answers, the mean over
    tied ones; who answered alone has none there.
    """
    coded = evidence.coded
    quality: FloatArray = np.ones(len(coded.annotators))
    answers: FloatArray = np.zeros(len(coded.annotators))
    for _ in range(ROUNDS):
        weight = np.asarray(weights(quality)[coded.annotator])
        without = [(circle.rows.ravel(), _without_themselves(circle, weight).ravel()) for circle in circles]
        row = np.concatenate([np.zeros(0, dtype=np.int64), *(rows for rows, _ in without)])
        far = np.concatenate([np.zeros(0), *(far for _, far in without)])
        there = ~np.isnan(far)
        quality, answers = shrunk_quality(coded, coded.annotator[row[there]], 1 - far[there], evidence.trust)
    return quality, answers


def _without_themselves(circle: Circle, weight: FloatArray) -> FloatArray:
    """The distance of each answer to the known one, else to the medoid of the others; NaN if alone."""
    n = circle.rows.shape[1]
    if n == 1:
        return circle.to_truth
    share = weight[circle.rows]
    found = np.empty(circle.rows.shape)
    everything = np.einsum("tj,tkj->tk", share, circle.far)
    for place in range(n):
        cost = everything - share[:, place, None] * circle.far[:, :, place]
        cost[:, place] = np.inf
        best = _least(cost)
        found[:, place] = (best * circle.far[:, :, place]).sum(axis=1) / best.sum(axis=1)
    return np.where(np.isnan(circle.to_truth), found, circle.to_truth)


def _least(cost: FloatArray) -> BoolArray:
    """True where a cost is the least of its task, as far as rounding can tell."""
    least = cost.min(axis=1, keepdims=True)
    found: BoolArray = cost <= least + TIE * (1.0 + least)
    return found


def _nearest(evidence: ControlEvidence, circle: Circle, weight: FloatArray, quality: FloatArray) -> list[TaskConsensus]:
    coded = evidence.coded
    share = weight[circle.rows]
    cost = np.einsum("tj,tkj->tk", share, circle.far)
    best = _least(cost)
    first = _first_by_text(coded.answers, coded.answer[circle.rows], best)
    taken = np.take_along_axis(circle.far, first[:, None, None], axis=1)[:, 0]
    tie = np.asarray((best & (taken > TIE)).any(axis=1))
    confidence = certainty(taken, share, quality[coded.annotator][circle.rows])
    answer = np.take_along_axis(coded.answer[circle.rows], first[:, None], axis=1)[:, 0]
    n = circle.rows.shape[1]
    return [
        TaskConsensus(coded.tasks[task], coded.answers[code], sure, None, n, tied)
        for task, code, sure, tied in zip(
            circle.task.tolist(), answer.tolist(), confidence.tolist(), tie.tolist(), strict=True
        )
    ]


def certainty(far: FloatArray, share: FloatArray, quality: FloatArray) -> FloatArray:
    """The expected 1 - distance of a chosen answer to the right one: (tasks,), in [0, 1].

    ``far`` (tasks, answers) is its distance to the given answers, ``share`` their weights, ``quality`` their
    annotators'. One answer of mean weight is taken out, for the consensus was made to be near it, and the quality of
    the task's annotators put in: so the answer of one person is as certain as that person.

    >>> certainty(np.array([[0.0, 0.0, 0.6]]), np.ones((1, 3)), np.full((1, 3), 0.7)).round(3).tolist()
    [0.7]
    """
    near = (share * (1 - far)).sum(axis=1)
    mean = (share * quality).sum(axis=1) / share.sum(axis=1)
    replaced = near - share.mean(axis=1) * (1 - mean)
    found: FloatArray = np.clip(replaced / share.sum(axis=1), 0.0, 1.0)
    return found


def _first_by_text(answers: tuple[Answer, ...], code: IntArray, best: BoolArray) -> IntArray:
    """Of the best answers of each task the place of the first by its text: (tasks,)."""
    first: IntArray = best.argmax(axis=1)
    taken = np.take_along_axis(code, first[:, None], axis=1)
    for task in np.flatnonzero((best & (code != taken)).any(axis=1)).tolist():
        places = np.flatnonzero(best[task]).tolist()
        first[task] = min(places, key=lambda place: repr(answers[code[task, place]]))
    return first


METHODS: Mapping[str, Inference] = {"medoid": medoid}
"""For answers of any family: the default distance of the family."""
