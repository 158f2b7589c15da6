"""Which of several labels hold together: sets of labels as classes, annotators who miss or add single labels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..records import BoolArray, FloatArray, IntArray

STRENGTH = 3.0
"""How many answers of the average annotator are added to each label of everybody's."""
RIGHT = 0.95
"""How probably the average annotator is right on a label before anything is known; counts as one answer."""
INDEPENDENT = 5.0
"""How many tasks whose labels are independent of each other are added to the shares of the sets."""
ITERATIONS = 100
TOLERANCE = 1e-4
SPARSE = 0.1
"""Sets that have a smaller share of the labels are multiplied label by label."""
AT_ONCE = 4_000_000
"""Cells of the table of tasks and sets that are held at once."""

LEAST = 1e-6
"""Nobody names or misses a label more rarely."""
_DIGITS = 9
"""Probabilities are rounded while iterating, so that rounding errors break no ties."""


@dataclass(frozen=True, slots=True, eq=False)
class SetVotes:
    """Answers that are sets of labels.

    ``table`` (tasks, voices) counts the answers of each voice to each task; a voice is one annotator saying one set:
    ``annotator`` (voices,) and ``said`` (voices, labels), true for the labels of the set. ``sets`` (sets, labels) are
    the sets that may be true, each once. ``fixed`` maps a task to its known set. ``right`` and ``wrong``
    (annotators,) are what is believed of them beforehand, in answers.
    """

    table: sparse.csr_array
    annotator: IntArray
    said: BoolArray
    sets: BoolArray
    fixed: Mapping[int, int]
    right: FloatArray
    wrong: FloatArray

    @property
    def tasks(self) -> int:
        """How many tasks there are."""
        return int(self.table.shape[0])

    def answers(self) -> FloatArray:
        """How many answers each task has: (tasks,)."""
        found: FloatArray = np.asarray(self.table.sum(axis=1), dtype=np.float64).ravel()
        return found

    def shares(self) -> FloatArray:
        """The share of a task's answers that have each label; 0 or 1 where the set is known: (tasks, labels)."""
        found: FloatArray = self.table @ self.said.astype(np.float64)
        found /= np.maximum(self.answers(), 1)[:, None]
        found[list(self.fixed.keys())] = self.sets[list(self.fixed.values())]
        return found

    @property
    def members(self) -> FloatArray | sparse.csr_array:
        """``sets`` as numbers for products with tables, sparse where a set has few of the labels: (sets, labels)."""
        found = self.sets.astype(np.float64)
        return sparse.csr_array(found) if found.size and found.mean() < SPARSE else found

    def with_sets(self, sets: BoolArray) -> "SetVotes":
        """The same votes with other sets that may be true, among which are the known ones."""
        place = {one.tobytes(): number for number, one in enumerate(sets)}
        fixed = {task: place[self.sets[known].tobytes()] for task, known in self.fixed.items()}
        return replace(self, sets=sets, fixed=fixed)


@dataclass(frozen=True, slots=True, eq=False)
class SetPosterior:
    """What is concluded.

    ``best`` (tasks,) is the most probable set, ``sure`` its probability, ``tie`` whether another is as probable.
    ``chosen`` (tasks, labels) is the probability of each label. ``says`` (annotators, 2, labels) is the probability
    that an annotator names a label that is not there, and one that is; ``share`` (labels,) how often each label holds.
    """

    best: IntArray
    sure: FloatArray
    tie: BoolArray
    chosen: FloatArray
    says: FloatArray
    share: FloatArray


def label_set_model(votes: SetVotes) -> SetPosterior:
    """EM over the true sets: how often each set is true, and each annotator's sensitivity and specificity a label.

    So labels depend on each other through the sets that they come in: which labels exclude or attend each other is
    learned from all tasks. Given the true set an annotator decides on each label apart. Sensitivity and specificity
    are drawn towards the average annotator's by ``STRENGTH`` answers; the shares of the sets towards what they would
    be if labels were independent, by ``INDEPENDENT`` tasks, so that a set that nobody named before has a chance.
    Known sets stay fixed and teach. It is a mixture model of multi-label crowds, as those of J. Bragg, Mausam, D. Weld,
    "Crowdsourcing Multi-Label Classification for Taxonomy Creation" (2013) and L. Duan et al. (2014), with the given
    sets as the mixture's parts.
    """
    chosen: FloatArray = votes.shares()
    prior: FloatArray = np.full(len(votes.sets), 1 / max(1, len(votes.sets)))
    says = _says(votes, chosen)
    prior = _steps(votes, says, prior)[1]
    for _ in range(ITERATIONS):
        moved, prior = _steps(votes, says, prior)
        says = _says(votes, moved)
        change = float(np.abs(moved - chosen).max(initial=0.0))
        chosen = moved
        if change < TOLERANCE:
            break
    return _concluded(votes, says, prior)


def _says(votes: SetVotes, chosen: FloatArray) -> FloatArray:
    """M-step for people: (annotators, 2, labels), the probability of naming a label that is not there, that is."""
    telling = (votes.answers() >= 2).astype(np.float64)
    telling[list(votes.fixed)] = 1.0
    there = votes.table.T @ (telling[:, None] * chosen)
    given = np.broadcast_to((votes.table.T @ telling)[:, None], there.shape)
    every = np.stack([_by_person(votes, given - there), _by_person(votes, there)], axis=1)
    yes = np.stack([_by_person(votes, votes.said * (given - there)), _by_person(votes, votes.said * there)], axis=1)
    sides = np.array([0.0, 1.0])[:, None]
    average = (yes.sum(axis=0) + np.where(sides == 1, RIGHT, 1 - RIGHT)) / (every.sum(axis=0) + 1.0)
    believed = np.where(sides[None] == 1, votes.right[:, None, None], votes.wrong[:, None, None])
    known = (votes.right + votes.wrong)[:, None, None]
    found: FloatArray = (yes + STRENGTH * average + believed) / (every + STRENGTH + known)
    return np.clip(found, LEAST, 1 - LEAST)


def _by_person(votes: SetVotes, rows: FloatArray) -> FloatArray:
    """What the voices of each annotator have together: (voices, labels) -> (annotators, labels)."""
    shape = (len(votes.right), len(votes.annotator))
    mine = sparse.csr_array((np.ones(shape[1]), (votes.annotator, np.arange(shape[1]))), shape=shape)
    found: FloatArray = mine @ rows
    return found


def _steps(votes: SetVotes, says: FloatArray, prior: FloatArray) -> tuple[FloatArray, FloatArray]:
    """E-step, and the M-step for the shares of the sets: the probability of each label, and these."""
    chosen = np.zeros((votes.tasks, votes.sets.shape[1]))
    counts, members = np.zeros(len(votes.sets)), votes.members
    for part, probability in _probabilities(votes, says, prior):
        rounded = np.round(probability, _DIGITS, out=probability)
        chosen[part] = rounded @ members
        counts += rounded.sum(axis=0)
    return np.clip(np.round(chosen, _DIGITS), 0, 1), _shares_of_sets(votes, counts, chosen)


def _shares_of_sets(votes: SetVotes, counts: FloatArray, chosen: FloatArray) -> FloatArray:
    holds = (chosen.sum(axis=0) + 0.5) / (votes.tasks + 1.0)
    logs = np.where(votes.sets, np.log(holds), np.log1p(-holds)).sum(axis=1)
    apart = np.exp(logs - logs.max(initial=-np.inf)) if len(logs) else logs
    found = counts + INDEPENDENT * apart / apart.sum()
    shares: FloatArray = found / found.sum()
    return shares


def _probabilities(votes: SetVotes, says: FloatArray, prior: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    """The probability of each set, some tasks at a time: (tasks, sets)."""
    logs, against = np.log(says), np.log1p(-says)
    person = votes.annotator
    gain = np.where(votes.said, logs[person, 1] - logs[person, 0], against[person, 1] - against[person, 0])
    weight = votes.table @ gain
    known = np.full(votes.tasks, -1, dtype=np.int64)
    known[list(votes.fixed.keys())] = list(votes.fixed.values())
    step = max(1, AT_ONCE // max(1, len(votes.sets)))
    members, shares = votes.members.T, np.log(prior)
    for start in range(0, votes.tasks, step):
        part = slice(start, start + step)
        found = weight[part] @ members
        found += shares
        found -= found.max(axis=1, keepdims=True)
        np.exp(found, out=found)
        found /= found.sum(axis=1, keepdims=True)
        ruled = np.flatnonzero(known[part] >= 0)
        found[ruled] = 0.0
        found[ruled, known[part][ruled]] = 1.0
        yield part, found


def _concluded(votes: SetVotes, says: FloatArray, prior: FloatArray) -> SetPosterior:
    best, tie, members = np.zeros(votes.tasks, dtype=np.int64), np.zeros(votes.tasks, dtype=np.bool_), votes.members
    sure, chosen = np.zeros(votes.tasks), np.zeros((votes.tasks, votes.sets.shape[1]))
    for part, probability in _probabilities(votes, says, prior):
        top = probability.max(axis=1, keepdims=True)
        as_good = probability >= top - 1e-9
        best[part], sure[part], tie[part] = as_good.argmax(axis=1), top[:, 0], as_good.sum(axis=1) > 1
        chosen[part] = np.clip(probability @ members, 0, 1)
    return SetPosterior(best, sure, tie, chosen, says, prior @ votes.sets)
