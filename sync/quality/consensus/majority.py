"""Counting votes."""

from .posterior import Posterior, Votes


def majority(votes: Votes) -> Posterior:
    """The share of the votes is the probability; a tie stays a tie.

    An annotator's confusion counts answers against those shares, with one more answer a row, shared by all classes,
    so that few answers prove little (Laplace).

    >>> import numpy as np
    >>> votes = Votes(np.array([0, 0, 0]), np.array([0, 1, 2]), np.array([1, 1, 0]), 1, 3, 2, {})
    >>> majority(votes).probability.round(2).tolist()
    [[0.33, 0.67]]
    """
    probability = votes.shares()
    counts = votes.by_annotator(votes.table().T @ probability) + 1.0 / votes.classes
    return Posterior(probability, probability.mean(axis=0), counts / counts.sum(axis=2, keepdims=True))
