"""Matched regions: one region for each cluster that is probably there."""

import numpy as np

from label_config.answers import Regions

from ...evidence import ControlEvidence
from ...records import BoolArray, CodedAnswers, FloatArray, IntArray, TaskConsensus
from ..classes import TIE, believed
from ..inference import Inferred
from .clusters import Clusters, Marked, cluster, marked
from .existence import TEACHERS, Habits, estimate, overlooked
from .looks import Looks, looks_at
from .quality import qualities, reliability
from .shapes import regions_of


def matched_regions(evidence: ControlEvidence) -> Inferred:
    """The consensus on what is marked: regions that are alike are one, voted on by annotators' estimated reliability.

    A region is kept if it is more likely there than not, with its most likely label. One that is exactly as likely as
    not is left out, and the task is a tie; so is a task where two labels of a kept region are equally likely: it gets
    the first of them in the interface's order. ``support`` is the probability that a region is there with this label,
    ``confidence`` its mean; of an answer without regions, the probability that nothing is there. A ruled task has the
    ruling's answer.
    """
    coded = evidence.coded
    found = marked(coded)
    clusters = cluster(found)
    looks = looks_at(coded, found, clusters, TEACHERS)
    probability, habits = estimate(looks, _trust(evidence))
    scores = reliability(looks, probability, len(coded.annotators))
    weight = np.where(found.annotator >= 0, np.append(scores.quality, 0.0)[found.annotator], 0.0)
    tasks = _tasks(coded, found, clusters, looks, probability, habits, weight)
    return Inferred(tasks, qualities(coded, scores, habits, found.label_sets))


def _trust(evidence: ControlEvidence) -> FloatArray | None:
    return believed(evidence.coded, evidence.trust)


def _tasks(
    coded: CodedAnswers,
    found: Marked,
    clusters: Clusters,
    looks: Looks,
    probability: FloatArray,
    habits: Habits,
    weight: FloatArray,
) -> tuple[TaskConsensus, ...]:
    count, tasks = len(clusters.task), len(coded.tasks)
    nothing = probability[looks.label < 0]
    there = 1 - nothing
    ruled = np.zeros(tasks, dtype=np.bool_)
    ruled[list(coded.fixed)] = True
    open_ = ~ruled[clusters.task]
    label, support, several = _best_labels(looks, probability, count)
    kept = np.flatnonzero((there > 0.5 + TIE) & open_)
    undecided = (np.abs(there - 0.5) <= TIE) | ((there > 0.5 + TIE) & several)
    tie = np.bincount(clusters.task, undecided & open_, minlength=tasks) > 0
    regions = regions_of(found, clusters, kept, label[kept], weight)
    empty = _nothing_there(coded, clusters, there, habits)
    answers = np.bincount(coded.task, minlength=tasks)
    ends = np.searchsorted(clusters.task[kept], np.arange(tasks + 1)).tolist()
    supports = support[kept].tolist()
    made = []
    columns = zip(coded.tasks, ends, ends[1:], empty.tolist(), answers.tolist(), tie.tolist(), strict=False)
    for place, (task, start, end, none, annotations, tied) in enumerate(columns):
        if place in coded.fixed:
            made.append(ruled_task(coded, place, annotations))
            continue
        own = tuple(supports[start:end])
        confidence = sum(own) / len(own) if own else none
        answer = Regions(tuple(regions[start:end]))
        made.append(TaskConsensus(task, answer, confidence, None, annotations, tied, support=own))
    return tuple(made)


def ruled_task(coded: CodedAnswers, place: int, annotations: int) -> TaskConsensus:
    """The consensus on a task that a ruling or the ground truth decides."""
    answer = coded.answers[coded.fixed[place]]
    sure = (1.0,) * len(answer.regions) if isinstance(answer, Regions) else ()
    return TaskConsensus(coded.tasks[place], answer, 1.0, None, annotations, support=sure)


def _best_labels(looks: Looks, probability: FloatArray, count: int) -> tuple[IntArray, FloatArray, BoolArray]:
    """The most likely label of each cluster, its probability, and whether another is as likely."""
    at = np.flatnonzero(looks.label >= 0)
    cluster_, p = looks.cluster[at], probability[at]
    most = np.zeros(count)
    np.maximum.at(most, cluster_, p)
    best = p >= most[cluster_] - TIE
    label = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(label, cluster_[best], looks.label[at][best])
    return label, most, np.bincount(cluster_, best, minlength=count) > 1


def _nothing_there(coded: CodedAnswers, clusters: Clusters, there: FloatArray, habits: Habits) -> FloatArray:
    """The probability of each task that nothing is there: neither what somebody marked, nor what all overlooked."""
    tasks = len(coded.tasks)
    if not len(habits.recall) or not tasks:
        return np.zeros(tasks)
    seen = np.bincount(clusters.task, minlength=tasks)
    gone = np.bincount(clusters.task, np.log1p(-np.minimum(there, 1 - 1e-12)), minlength=tasks)
    unseen = overlooked(habits, coded.task, coded.annotator, tasks)
    return np.where(seen > 0, np.exp(gone), 1 - unseen)
