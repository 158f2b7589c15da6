"""One label of many that hardly recur: votes are counted task by task, in time and memory linear in the answers."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from label_config.model import Family

from ..evidence import ControlEvidence
from ..records import CodedAnswers, FloatArray, IntArray, TaskConsensus, Trust
from .classes import TIE, class_name
from .inference import Inference, Inferred
from .reliability import believed_answers, quality_records, shrunk_quality
from .wawa import STRENGTH

CELLS = 20_000_000
"""Tables of tasks x classes and of annotators x classes x classes may have so many cells together (8 bytes each)."""


def too_many(evidence: ControlEvidence) -> str:
    """Why this one choice of several is too large for tables of classes; empty where it is not."""
    coded = evidence.coded
    classes = len(coded.answers)
    if (
        evidence.control.family != Family.CHOICES
        or classes * (len(coded.tasks) + len(coded.annotators) * classes) <= CELLS
    ):
        return ""
    return (
        f"{classes:,} labels in {len(coded.tasks):,} tasks by {len(coded.annotators):,} annotators are too many to "
        "learn who confuses which: votes are counted task by task, among the labels that were given there"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """The distinct pairs of a task and an answer that it was given or ruled, in ascending order.

    ``task`` and ``answer`` of each pair; ``ruled`` is 1 for the ruling of a task, 0 for what else was said there, -1
    where nothing is ruled; ``pair`` is that of each answer (rows).
    """

    task: IntArray
    answer: IntArray
    ruled: IntArray
    pair: IntArray

    @classmethod
    def of(cls, coded: CodedAnswers) -> "Given":
        """The pairs of ``coded``."""
        answers = max(1, len(coded.answers))
        known = np.array([task * answers + answer for task, answer in coded.fixed.items()], dtype=np.int64)
        pairs, place = np.unique(np.concatenate([coded.task * answers + coded.answer, known]), return_inverse=True)
        task, answer = np.divmod(pairs, answers)
        ruled = np.full(len(pairs), -1, dtype=np.int64)
        ruled[np.isin(task, list(coded.fixed))] = 0
        ruled[place[len(coded.task) :]] = 1
        return cls(task, answer, ruled, place[: len(coded.task)])

    def share(self, weight: FloatArray) -> FloatArray:
        """Each pair's part of its task's votes, which weigh so much (rows); all for a ruling: (pairs,).

        Where all votes of a task weigh nothing they count the same.
        """
        tally = np.bincount(self.pair, weight, len(self.task))
        total = np.bincount(self.task, tally)[self.task]
        plain = np.bincount(self.pair, minlength=len(self.task)).astype(np.float64)
        plain /= np.maximum(np.bincount(self.task, plain)[self.task], 1.0)
        found: FloatArray = np.divide(tally, total, out=plain, where=total > 0)
        return np.where(self.ruled >= 0, self.ruled.astype(np.float64), found)

    def best(self, share: FloatArray) -> FloatArray:
        """The most probable share of each pair's task: (pairs,)."""
        first = np.flatnonzero(np.diff(self.task, prepend=-1))
        return np.repeat(np.maximum.reduceat(share, first), np.diff(np.append(first, len(share))))


def infer(weigh: bool, evidence: ControlEvidence) -> Inferred:
    """Count votes among the labels that a task was given; with ``weigh`` each by how often its annotator agrees (Wawa).

    What nobody gave has probability 0. An annotator's quality is the mean probability of their answers, drawn towards
    everybody's; there is no confusion, for which labels would have to recur.
    """
    coded = evidence.coded
    if not coded.answers or not coded.tasks:
        return Inferred((), ())
    given = Given.of(coded)
    share = given.share(np.ones(len(coded.task)))
    if weigh:
        share = given.share(agreement(coded, given, share, evidence.trust)[coded.annotator])
    quality, answers = shrunk_quality(coded, coded.annotator, share[given.pair], evidence.trust)
    return Inferred(_tasks(coded, given, share), quality_records(coded, quality, answers))


def agreement(coded: CodedAnswers, given: Given, share: FloatArray, trust: Mapping[int, Trust]) -> FloatArray:
    """Everybody's share of answers that agree with the winner of the vote, as in ``wawa``: (annotators,), in [0, 1]."""
    wins = (share >= given.best(share)).astype(np.float64)
    credit = wins / np.bincount(given.task, wins)[given.task]
    people = len(coded.annotators)
    right = np.bincount(coded.annotator, credit[given.pair], people)
    answers = np.bincount(coded.annotator, minlength=people).astype(np.float64)
    believed_right, believed = believed_answers(coded, trust)
    usual = right.sum() / max(1.0, answers.sum())
    found: FloatArray = (right + STRENGTH * usual + believed_right) / (answers + STRENGTH + believed)
    return found


def _tasks(coded: CodedAnswers, given: Given, share: FloatArray) -> tuple[TaskConsensus, ...]:
    tied = share >= given.best(share) - TIE
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    ends = np.searchsorted(given.task, np.arange(len(coded.tasks) + 1)).tolist()
    found = []
    for place, task in enumerate(coded.tasks):
        own = range(ends[place], ends[place + 1])
        winners = [pair for pair in own if tied[pair]]
        found.append(
            TaskConsensus(
                task=task,
                answer=coded.answers[given.answer[winners[0]]],
                confidence=float(share[winners[0]]),
                posterior={
                    class_name(coded.answers[given.answer[pair]]): float(share[pair]) for pair in own if share[pair] > 0
                },
                annotations=int(counts[place]),
                tie=len(winners) > 1,
            )
        )
    return tuple(found)


def choose(evidence: ControlEvidence) -> tuple[str, str]:
    """Whether votes are weighed, and why in words."""
    coded = evidence.coded
    why = too_many(evidence) or "labels from the task's data mean nothing in another task: votes are counted in each"
    if len(coded.annotators) < 3 or len(coded.task) < 1.2 * len(np.unique(coded.task)):
        return "majority", why
    return "wawa", f"{why}, and weigh as much as their annotators agree with the others"


METHODS: Mapping[str, Inference] = {
    "majority": functools.partial(infer, False),
    "wawa": functools.partial(infer, True),
}
