"""Wawa: by hand, and what is believed of people beforehand."""

import numpy as np
import pytest

from sync.quality.consensus.posterior import Votes
from sync.quality.consensus.wawa import agreement, wawa

from .test_dawid_skene import votes_of

TABLE = np.array([[0, 0, 1], [1, 1, 0], [0, 1, -1], [2, 2, 2]])
"""Task 2 is a tie between 0 and 1."""


def test_weights_are_the_agreement_with_the_majority() -> None:
    """Persons 0 and 1 agree on three tasks and by half on the tie: 3.5 of 4; person 2 on one of three."""
    assert agreement(votes_of(TABLE, 3), 0.0) == pytest.approx([3.5 / 4, 3.5 / 4, 1 / 3])


def test_votes_are_counted_by_their_weights() -> None:
    found = wawa(votes_of(TABLE, 3), strength=0).probability
    total = 7 / 4 + 1 / 3
    assert found[0] == pytest.approx([7 / 4 / total, 1 / 3 / total, 0])
    assert found[2] == pytest.approx([0.5, 0.5, 0])


def test_few_answers_count_as_the_average_annotators() -> None:
    """8 right of 11; with two such answers more, person 2 has 1 + 2 x 8/11 of 5."""
    assert agreement(votes_of(TABLE, 3), 2.0)[2] == pytest.approx((1 + 16 / 11) / 5)


def test_a_ruling_is_what_people_are_compared_with() -> None:
    ruled = votes_of(np.array([[0, 0, 1], [0, 0, 1]]), 2, fixed={0: 1})
    assert agreement(ruled, 0.0).tolist() == [0.5, 0.5, 0.5]


def test_a_trusted_annotator_weighs_more() -> None:
    votes = votes_of(np.array([[0, 1]]), 2)
    trusted = Votes(votes.task, votes.annotator, votes.answer, 1, 2, 2, {}, trust=np.array([[0.0, 0.0], [18.0, 2.0]]))
    assert wawa(votes).probability[0].tolist() == [0.5, 0.5]
    assert wawa(trusted).probability[0, 1] > 0.5
