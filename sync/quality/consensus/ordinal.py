"""Stars on one scale: every annotator has a bias, a blur and a share of guesses (ordinal Dawid-Skene)."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

from label_config.answers import Number

from ..evidence import ControlEvidence
from ..records import CodedAnswers, FloatArray, IntArray, TaskConsensus
from .inference import Inference, Inferred
from .numeric import star_name
from .posterior import Votes
from .readings import values_of
from .reliability import believed_answers, quality_records

TIE = 1e-9
"""Two posterior probabilities closer than this are a tie."""
STRENGTH = 3.0
"""How many answers of the average annotator are added to everybody's."""
ITERATIONS = 100
TOLERANCE = 1e-5
BIAS = np.array(sorted(np.linspace(-1.5, 1.5, 13), key=abs))
"""By how many stars somebody may be too high, the least first."""
USUAL_BIAS = 0.5
"""The standard deviation of biases among people."""
BLUR = np.geomspace(0.15, 3.0, 12)
"""Standard deviations in stars of what somebody sees."""
GUESSES = np.array([0.01, 0.05, 0.2, 0.5, 0.9])
"""The shares of answers that may be any star."""

_DIGITS = 9
"""Probabilities are rounded while iterating, so that rounding errors break no ties."""


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """``probability`` (tasks, stars) and ``prior`` (stars,) of true stars, ``confusion`` (annotators, true, said)."""

    probability: FloatArray
    prior: FloatArray
    confusion: FloatArray


@functools.lru_cache(maxsize=8)
def people_there_may_be(stars: int) -> FloatArray:
    """The confusion of each annotator that the model knows: (annotators, true star, said star).

    Who looks at a star sees it at its place + their bias + normal noise, and says the nearest star; now and then they
    say any. So two stars are confused the less the farther they are apart.

    >>> sharp = people_there_may_be(3)[0]
    >>> sharp[1].round(3).tolist()  # no bias, hardly a blur, one answer of a hundred is any star
    [0.004, 0.992, 0.004]
    """
    bias, blur, guesses = (part.ravel() for part in np.meshgrid(BIAS, BLUR, GUESSES, indexing="ij"))
    cuts = np.concatenate([[-np.inf], np.arange(stars - 1) + 0.5, [np.inf]])
    seen = np.arange(stars)[None, :, None] + bias[:, None, None]
    below = special.ndtr((cuts[None, None, :] - seen) / blur[:, None, None])
    found: FloatArray = (1 - guesses[:, None, None]) * np.diff(below, axis=2) + guesses[:, None, None] / stars
    return found


def ordinal(votes: Votes) -> Ladder:
    """EM over the true stars, with everybody's bias, blur and share of guesses found on a grid.

    A confusion of three numbers needs far fewer answers than one a pair of stars (Dawid and Skene 1979), and cannot
    take 1 for 5 more often than for 4. ``STRENGTH`` answers of the average annotator are added to everybody's, so that
    few answers prove little, and one task of equal shares to the shares of the stars; what ``trust`` believes counts
    as answers. Biases are drawn towards 0, so that they are differences among people. Known stars stay fixed and teach,
    a task with one answer teaches nothing. The grid makes each M-step exact up to its steps.
    """
    table = votes.table()
    told = sparse.diags_array(_telling(votes)) @ table
    answers = told.T.tocsr()
    grid = people_there_may_be(votes.classes)
    probability = _kernel(votes)
    for _ in range(ITERATIONS):
        prior = votes.class_shares(probability)
        confusion = _likeliest(votes, grid, votes.by_annotator(answers @ probability), prior)
        logs = np.log(confusion).transpose(0, 2, 1).reshape(-1, votes.classes)
        found = table @ logs + np.log(prior)
        found = np.exp(found - found.max(axis=1, keepdims=True))
        moved = votes.with_fixed(np.round(found / found.sum(axis=1, keepdims=True), _DIGITS))
        change = float(np.abs(moved - probability).max(initial=0.0))
        probability = moved
        if change < TOLERANCE:
            break
    return Ladder(probability / probability.sum(axis=1, keepdims=True), prior, confusion)


def _telling(votes: Votes) -> FloatArray:
    """1 for the tasks whose answers can be compared, with each other or with the known star, else 0: (tasks,)."""
    found = (np.bincount(votes.task, minlength=votes.tasks) >= 2).astype(np.float64)
    found[list(votes.fixed)] = 1.0
    return found


def _kernel(votes: Votes) -> FloatArray:
    """Where EM starts: each answer spread over its neighbours, so that stars between the given ones count."""
    stars = np.arange(votes.classes)
    near = np.exp(-np.abs(stars[:, None] - stars[None, :]))
    found = votes.shares() @ (near / near.sum(axis=1, keepdims=True))
    return votes.with_fixed(found / found.sum(axis=1, keepdims=True))


def _likeliest(votes: Votes, grid: FloatArray, counts: FloatArray, prior: FloatArray) -> FloatArray:
    """M-step: of all people there may be, who is most likely to have given the answers: (annotators, true, said)."""
    logs = np.log(grid).reshape(len(grid), -1)
    together = counts.sum(axis=0) + votes.believed(prior).sum(axis=0) + 0.1 * np.eye(votes.classes)
    usual = np.repeat(-((BIAS / USUAL_BIAS) ** 2) / 2, len(BLUR) * len(GUESSES))
    average = grid[_best(logs @ together.ravel() + usual)]
    drawn = counts + votes.believed(prior) + STRENGTH * prior[:, None] * average
    return grid[_best(logs @ drawn.reshape(votes.annotators, votes.classes**2).T + usual[:, None])]


def _best(scores: FloatArray) -> IntArray:
    """The place of the highest score, the first of those that rounding alone sets apart."""
    top = scores.max(axis=0)
    found: IntArray = (scores >= top - 1e-9 * (1 + np.abs(top))).argmax(axis=0)
    return found


def infer(evidence: ControlEvidence) -> Inferred:
    """The most probable star of each task, with the probability of every one; the lowest of tied ones.

    The interval is of the stars between which at least 95 % of the probability lies, 2.5 % at most on either side.
    """
    coded = evidence.coded
    if not coded.tasks:
        return Inferred((), ())
    votes, answers = _in_order(evidence)
    found = ordinal(votes)
    names = [star_name(value) for value in values_of(answers).tolist()]
    quality = np.einsum("k,akk->a", found.prior, found.confusion)
    counts = np.bincount(coded.annotator, minlength=len(coded.annotators)).astype(np.float64)
    confusion = [
        {true: dict(zip(names, row, strict=True)) for true, row in zip(names, rows, strict=True)}
        for rows in found.confusion.tolist()
    ]
    believed = believed_answers(coded, evidence.trust)[1]
    return Inferred(
        _tasks(coded, found.probability, answers, names),
        quality_records(coded, quality, counts + believed, confusion),
    )


def _in_order(evidence: ControlEvidence) -> tuple[Votes, tuple[Number, ...]]:
    """The answers as votes for stars in ascending order, and these."""
    coded = evidence.coded
    values, star = np.unique(values_of(coded.answers), return_inverse=True)
    right, believed = believed_answers(coded, evidence.trust)
    votes = Votes(
        coded.task,
        coded.annotator,
        star[coded.answer].astype(np.int64),
        len(coded.tasks),
        len(coded.annotators),
        len(values),
        {task: int(star[code]) for task, code in coded.fixed.items()},
        trust=np.stack([right, believed - right], axis=1),
        ordered=True,
    )
    return votes, tuple(Number(value) for value in values.tolist())


def _tasks(
    coded: CodedAnswers, probability: FloatArray, answers: tuple[Number, ...], names: list[str]
) -> tuple[TaskConsensus, ...]:
    best = probability.max(axis=1)
    tied = probability >= best[:, None] - TIE
    upto = np.cumsum(probability, axis=1)
    low = (upto <= 0.025).sum(axis=1)
    high = np.minimum((upto < 0.975 - TIE).sum(axis=1), len(answers) - 1)
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    columns = (tied.argmax(axis=1), best, probability, counts, tied.sum(axis=1) > 1, low, high)
    return tuple(
        TaskConsensus(
            task,
            answers[first],
            sure,
            {name: p for name, p in zip(names, row, strict=True) if p > 1e-6},
            annotations,
            tie,
            (answers[min(least, first)].value, answers[max(most, first)].value),
        )
        for task, first, sure, row, annotations, tie, least, most in zip(
            coded.tasks, *(column.tolist() for column in columns), strict=True
        )
    )


def choose(evidence: ControlEvidence) -> tuple[str, str]:
    """What "auto" does for ratings: always the ordinal model, and why in words.

    With few answers everybody is drawn to the average annotator, so that there is no need to count votes instead.
    """
    coded = evidence.coded
    if not len(coded.task):
        return "ordinal", "nobody has answered yet"
    return "ordinal", "stars have an order: a neighbouring star is nearly right, and three numbers describe a person"


METHODS: Mapping[str, Inference] = {"ordinal": infer}
