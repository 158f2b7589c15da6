"""Counting votes."""

from .posterior import Posterior, Votes


def majority(votes: Votes) -> Posterior:
    """The share of the votes is the probability; a tie stays a tie.

    Every vote counts the same, whatever ``trust`` believes of its annotator: that only enters their confusion, which
    counts answers against those shares (``Votes.confusion``).

    >>> import numpy as np
    >>> votes = Votes(np.array([0, 0, 0]), np.array([0, 1, 2]), np.array([1, 1, 0]), 1, 3, 2, {})
    >>> majority(votes).probability.round(2).tolist()
    [[0.33, 0.67]]
    """
    probability = votes.shares()
    prior = probability.mean(axis=0)
    return Posterior(probability, prior, votes.confusion(probability, prior))
