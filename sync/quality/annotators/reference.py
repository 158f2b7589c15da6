"""What each answer is held against: the known truth, else the consensus of the others, without the answer itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

from label_config.answers import Answer
from label_config.model import Family

from ..agreement.ruler import Ruler, ruler
from ..consensus.classes import class_name
from ..evidence import ControlEvidence, Method
from ..records import BoolArray, CodedAnswers, ControlConsensus, FloatArray, IntArray

STRENGTH = 3.0
"""Answers of the average annotator that are added to each row of everybody's confusion matrix."""
MOST_CELLS = 20_000_000
"""Confusion matrices of all annotators together have at most so many cells; else classes are only equal or not."""
STEPS = 3
"""Steps of Dawid and Skene from the consensus: shares of votes are no probabilities yet."""
CLEAR = 0.7
"""Classes: the others' most probable class counts as their consensus from this probability on."""
MANY = 12
"""Up to so many answers to a task each is compared with all others; of more, none weighs much in the consensus."""
LEAST_WEIGHT = 0.05
"""The weight that the answer of the least reliable annotator has."""
TIE = 1e-6
"""Two classes whose probabilities differ by less are equally probable."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What the answers are held against, one entry a row of the coded answers.

    ``score`` in [0, 1] is how far an answer agrees with it (1 - distance; a tie for a class is shared), NaN where
    nobody else answered and no truth is known. ``gold`` is the same against the known truth, NaN where there is none.
    ``heard`` is true where there is something to hold it against.

    ``probability`` (rows, classes) is that of each class by what is known without the row's own answer, ``confusion``
    (annotators, true class, answered class) what people are expected to answer; both null where answers are not
    classes. ``names`` are the names of the classes.
    """

    score: FloatArray
    gold: FloatArray
    probability: FloatArray | None = None
    confusion: FloatArray | None = None
    names: tuple[str, ...] = ()

    @property
    def heard(self) -> BoolArray:
        """True for rows with a known truth or an answer of somebody else."""
        return ~np.isnan(self.score)


def reference(evidence: ControlEvidence, consensus: ControlConsensus) -> Reference:
    """Each answer against the known truth (rulings and ground truths) or, without one, what the others say.

    Single choices: the posterior of the others' answers by their confusion matrices, which are three steps of Dawid and
    Skene from the consensus; the answer's own factor is divided out. (The others' matrices have seen it in so far as
    it moved the consensus: with three annotators or more that is little.) Any other answers: the mean of 1 - distance
    to the others' answers, weighted by their quality in the consensus; where a task has more than twelve, 1 -
    distance to the consensus.
    """
    control = evidence.control
    single = control.family == Family.CHOICES and not control.multiple and not control.per_region
    if single and len(evidence.coded.annotators) * len(evidence.coded.answers) ** 2 <= MOST_CELLS:
        return _classes(evidence, consensus)
    return _degrees(evidence, consensus)


def truths(evidence: ControlEvidence) -> dict[int, Answer]:
    """Task position -> the known truth: a ruling, else the ground truth; only of tasks that somebody answered."""
    coded = evidence.coded
    place = {task: position for position, task in enumerate(coded.tasks)}
    found = {place[task]: answer for task, answer in evidence.truths.items() if task in place}
    return found | {task: coded.answers[code] for task, code in coded.fixed.items()}


def _classes(evidence: ControlEvidence, consensus: ControlConsensus) -> Reference:
    coded, known = evidence.coded, truths(evidence)
    code = {answer: place for place, answer in enumerate(coded.answers)}
    more = [answer for answer in dict.fromkeys(known.values()) if answer not in code]
    code |= {answer: len(coded.answers) + place for place, answer in enumerate(more)}
    names = tuple(class_name(answer) for answer in code)
    truth = np.full(len(coded.tasks), -1, dtype=np.int64)
    truth[list(known)] = [code[answer] for answer in known.values()]
    probable = _posterior(coded, consensus, names)
    for _ in range(STEPS):
        _put(probable, np.flatnonzero(truth >= 0), truth[truth >= 0])
        confusion = _confusion(coded, probable)
        logs, sums = _heard(coded, confusion)
        base = np.log(_class_shares(probable, coded))
        probable = special.softmax(sums + base, axis=1)
    found = special.softmax(sums[coded.task] + base - logs, axis=1) if len(logs) else logs
    of_row = truth[coded.task]
    _put(found, np.flatnonzero(of_row >= 0), of_row[of_row >= 0])
    own = found[np.arange(len(found)), coded.answer]
    best = found.max(axis=1, initial=0.0)
    tied = (found >= best[:, None] - TIE).sum(axis=1)
    score = np.where(own >= best - TIE, 1.0 / np.maximum(tied, 1), 0.0)
    alone = np.bincount(coded.task, minlength=len(coded.tasks))[coded.task] < 2
    score[alone & (of_row < 0)] = np.nan
    gold = np.where(of_row < 0, np.nan, of_row == coded.answer)
    return Reference(score, gold, found, confusion, names)


def _put(probability: FloatArray, rows: IntArray, classes: IntArray) -> None:
    probability[rows] = 0.0
    probability[rows, classes] = 1.0


def _posterior(coded: CodedAnswers, consensus: ControlConsensus, names: Sequence[str]) -> FloatArray:
    """The consensus as probabilities (tasks, classes); the shares of votes where it says nothing."""
    votes = np.bincount(coded.task * len(names) + coded.answer, minlength=len(coded.tasks) * len(names))
    found = votes.reshape(len(coded.tasks), len(names)).astype(np.float64)
    column = {name: place for place, name in enumerate(names)}
    row = {task: place for place, task in enumerate(coded.tasks)}
    said = [(row[one.task], one.posterior) for one in consensus.tasks if one.posterior and one.task in row]
    rows = np.array([place for place, _ in said], dtype=np.int64)
    for name, place in column.items():
        found[rows, place] = [posterior.get(name, 0.0) for _, posterior in said]
    totals = found.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(found, totals, out=np.full(found.shape, 1 / max(1, len(names))), where=totals > 0)
    return shares


def _class_shares(probable: FloatArray, coded: CodedAnswers) -> FloatArray:
    answered = np.bincount(coded.task, minlength=len(coded.tasks)) > 0
    shares = probable[answered].sum(axis=0) + 1 / max(1, probable.shape[1])
    found: FloatArray = shares / shares.sum()
    return found


def _confusion(coded: CodedAnswers, probable: FloatArray) -> FloatArray:
    """What everybody answers to each probable class, drawn towards what all do: (annotators, truth, answer)."""
    people, classes = len(coded.annotators), probable.shape[1]
    column = coded.annotator * classes + coded.answer
    shape = (people * classes, len(coded.tasks))
    table = sparse.csr_array((np.ones(len(column)), (column, coded.task)), shape=shape)
    counts = np.asarray(table @ probable).reshape(people, classes, classes).transpose(0, 2, 1)
    pooled = counts.sum(axis=0) + np.eye(classes) + 0.1 / max(1, classes)
    counts = counts + STRENGTH * pooled / pooled.sum(axis=1, keepdims=True)
    found: FloatArray = counts / counts.sum(axis=2, keepdims=True)
    return found


def _heard(coded: CodedAnswers, confusion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The log likelihood of each class by each answer, (rows, classes), and their sums over each task."""
    rows = len(coded.task)
    logs: FloatArray = np.log(confusion)[coded.annotator, :, coded.answer]
    sums = sparse.csr_array((np.ones(rows), (coded.task, np.arange(rows))), shape=(len(coded.tasks), rows)) @ logs
    return logs, sums


def _degrees(evidence: ControlEvidence, consensus: ControlConsensus) -> Reference:
    coded, known = evidence.coded, truths(evidence)
    size = np.bincount(coded.task, minlength=len(coded.tasks))
    place = {task: position for position, task in enumerate(coded.tasks)}
    agreed = {place[one.task]: one.answer for one in consensus.tasks if one.task in place}
    measure = ruler_of(evidence)
    gold = similarity_to(measure, coded, known)
    many = {task: answer for task, answer in agreed.items() if size[task] > MANY}
    score = similarity_to(measure, coded, many)
    pairs = Pairs.within(coded, MANY)
    quality = {one.annotator: one.quality for one in consensus.annotators}
    weight = np.array([max(LEAST_WEIGHT, quality.get(one, 1.0)) for one in coded.annotators])
    if len(pairs.row):
        of_other = weight[coded.annotator[pairs.other]]
        total = np.bincount(pairs.row, of_other, len(score))
        alike = pairs.similarity(measure, coded)
        near = np.bincount(pairs.row, of_other * alike, len(score))
        score = np.where(total > 0, near / np.where(total > 0, total, 1.0), score)
    return Reference(np.where(np.isnan(gold), score, gold), gold)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of the coded answers with each ``other`` row of the same task, both ways round."""

    row: IntArray
    other: IntArray

    @classmethod
    def within(cls, coded: CodedAnswers, most: int) -> "Pairs":
        """All pairs in tasks with at most so many answers.

        In the order of task and annotator, two answers to one task stand ``step`` rows apart, for each step below the
        number of the task's answers.
        """
        order = np.lexsort((coded.annotator, coded.task))
        task = coded.task[order]
        size = np.bincount(task, minlength=len(coded.tasks))[task]
        place = np.arange(len(task)) - np.searchsorted(task, task)
        left, right = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for step in range(1, min(most, int(size.max(initial=1)))):
            here = np.flatnonzero((place + step < size) & (size <= most))
            left.append(order[here])
            right.append(order[here + step])
        one, two = np.concatenate(left), np.concatenate(right)
        return cls(np.concatenate([one, two]), np.concatenate([two, one]))

    def similarity(self, measure: Ruler, coded: CodedAnswers) -> FloatArray:
        """1 - distance of the two answers of each pair; equal pairs of answers are compared once."""
        return similarities(measure, coded.answer[self.row], coded.answer[self.other])


def similarities(measure: Ruler, left: IntArray, right: IntArray) -> FloatArray:
    """1 - distance between the answers at two arrays of places; shape (pairs,)."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    kinds = len(measure.answers)
    keys, where = np.unique(low * kinds + high, return_inverse=True)
    found: FloatArray = 1.0 - measure.between(keys // max(1, kinds), keys % max(1, kinds))[where]
    return found


def ruler_of(evidence: ControlEvidence) -> Ruler:
    """The control's default distance over its answers."""
    coded = evidence.coded
    size = np.bincount(coded.task, minlength=len(coded.tasks))
    paired = coded.answer[size[coded.task] >= 2]
    counts = np.bincount(paired, minlength=len(coded.answers)).astype(np.float64)
    return ruler(evidence.control, coded.answers, counts, Method())


def similarity_to(measure: Ruler, coded: CodedAnswers, answers: dict[int, Answer]) -> FloatArray:
    """1 - distance of each row to the answer of its task in ``answers`` (positions of tasks); NaN where it has none."""
    found = np.full(len(coded.task), np.nan)
    if not answers:
        return found
    place = np.full(len(coded.tasks), -1, dtype=np.int64)
    place[list(answers)] = np.arange(len(answers)) + len(coded.answers)
    rows = np.flatnonzero(place[coded.task] >= 0)
    more = measure.among(list(answers.values()))
    found[rows] = similarities(more, coded.answer[rows], place[coded.task[rows]])
    return found
