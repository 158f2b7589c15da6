"""Worker agreement with aggregate (Wawa): votes weighted by how often their annotator agrees with the majority."""

import numpy as np

from ..records import FloatArray
from .posterior import Posterior, Votes

STRENGTH = 1.0
"""How many answers of the average annotator are added to everybody's."""


def wawa(votes: Votes, *, strength: float = STRENGTH) -> Posterior:
    """Count votes, take each annotator's agreement with the winners as their weight, and count weighted votes.

    The definition is Toloka's (crowd-kit, ``Wawa``), which is ``strength=0``; where classes are tied, an answer
    agrees by the share of the one that it names. The winner of a task that is ruled is the ruling. ``strength``
    answers of the average annotator, and the answers that ``trust`` believes, are added to everybody's, so that one
    answer makes nobody an authority. A probability is a share of the weights; where all of them are 0, of the votes.

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(4))
    >>> said = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 1], [1, 1, 0]])  # the third is alone every time
    >>> votes = Votes(tasks.ravel(), people.ravel(), said.ravel(), 4, 3, 2, {})
    >>> wawa(votes, strength=0).probability[0].tolist()
    [1.0, 0.0]
    """
    weight = agreement(votes, strength)
    tally = votes.tally(weight[votes.annotator])
    totals = tally.sum(axis=1, keepdims=True)
    probability = votes.with_fixed(np.divide(tally, totals, out=votes.shares(), where=totals > 0))
    prior = votes.class_shares(probability)
    return Posterior(probability, prior, votes.confusion(probability, prior))


def agreement(votes: Votes, strength: float) -> FloatArray:
    """Everybody's share of answers that agree with the winner of the vote: (annotators,), in [0, 1]."""
    shares = votes.shares()
    winners = shares >= shares.max(axis=1, keepdims=True)
    credit = winners / winners.sum(axis=1, keepdims=True)
    right = np.bincount(votes.annotator, credit[votes.task, votes.answer], votes.annotators).astype(np.float64)
    answers = np.bincount(votes.annotator, minlength=votes.annotators).astype(np.float64)
    if strength > 0 and len(votes.task):
        right += strength * right.sum() / answers.sum()
        answers += strength
    if votes.trust is not None:
        right += votes.trust[:, 0]
        answers += votes.trust.sum(axis=1)
    found: FloatArray = np.divide(right, answers, out=np.zeros_like(right), where=answers > 0)
    return found
