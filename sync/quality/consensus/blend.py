"""The mean opinion of several methods: where one is wrong about a crowd, the others outvote it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..records import FloatArray
from .dawid_skene import dawid_skene
from .glad import glad
from .hierarchical import hierarchical
from .mace import mace
from .posterior import Posterior, Votes
from .wawa import wawa

MEMBERS: Mapping[str, Callable[[Votes], Posterior]] = {
    "wawa": wawa,
    "dawid-skene": dawid_skene,
    "hierarchical": hierarchical,
    "glad": glad,
    "mace": mace,
}
"""Methods that err in different ways: votes weighted once, a matrix a person, what people have in common, difficult
tasks, people who answer without looking."""


def blend(votes: Votes) -> Posterior:
    """Average what the ``MEMBERS`` think (a linear opinion pool, Stone 1961; all weights are equal).

    Each of them is sure of itself, so that the mean is close to a vote of methods, in which those that doubt abstain.
    Annotators are judged by the mean.
    """
    probability = pooled(votes, [method(votes).probability for method in MEMBERS.values()])
    prior = votes.class_shares(probability)
    return Posterior(probability, prior, votes.confusion(probability, prior))


def pooled(votes: Votes, opinions: Sequence[FloatArray]) -> FloatArray:
    """The mean of the members' probabilities, with the known classes put in: (tasks, classes)."""
    return votes.with_fixed(np.mean(opinions, axis=0))
