"""Pairs of annotators: percent agreement and Cohen's kappa."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import cohen_kappa_score

from label_config.answers import Choices
from sync.quality.agreement import matrix, pairwise
from sync.quality.agreement.pairwise import pair_agreements
from sync.quality.records import CodedAnswers, PairAgreement

from .answers import ABC, ROWS, SETS, Row, multiple, single, table


def pairs_of(coded: CodedAnswers, bootstrap: int = 0) -> tuple[PairAgreement, ...]:
    return pair_agreements(coded, matrix(coded), np.random.default_rng(0), bootstrap, 0.95)


def common(rows: list[Row], first: int, second: int) -> tuple[list[str], list[str]]:
    """What two people said about the tasks that both answered."""
    one, other = ({task: label for task, person, label in rows if person == who} for who in (first, second))
    both = sorted(one.keys() & other.keys())
    return [one[task] for task in both], [other[task] for task in both]


def test_a_kappa_by_hand() -> None:
    """Cohen's 2 x 2 example: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no; agreement .7, by chance .5, kappa .4."""
    first, second = "y" * 25 + "n" * 25, "y" * 20 + "n" * 5 + "y" * 10 + "n" * 15
    (pair,) = pairs_of(single(table(f"{first} {second}"), "yn"))
    assert (pair.annotators, pair.tasks) == ((0, 1), 50)
    assert pair.percent_agreement.value == pytest.approx(0.7)
    assert pair.cohen_kappa.value == pytest.approx(0.4)


@given(ROWS)
def test_every_pair_with_common_tasks_is_reported_as_scikit_learn_has_it(rows: list[Row]) -> None:
    people = sorted({person for _, person, _ in rows})
    wanted = {(one, other) for one, other in itertools.combinations(people, 2) if common(rows, one, other)[0]}
    found = pairs_of(single(rows))
    assert [pair.annotators for pair in found] == sorted(wanted)
    for pair in found:
        left, right = common(rows, *pair.annotators)
        assert pair.tasks == len(left)
        assert pair.percent_agreement.value == pytest.approx(
            np.mean([x == y for x, y in zip(left, right, strict=True)])
        )
        if len({*left, *right}) == 1:
            assert (pair.cohen_kappa.value, pair.cohen_kappa.reason) == (None, pairwise.SAME_LABEL)
        else:
            assert pair.cohen_kappa.value == pytest.approx(cohen_kappa_score(left, right, labels=ABC), abs=1e-12)


@given(SETS)
def test_kappa_over_label_sets_weighs_by_distance(rows: list[Row]) -> None:
    """Cohen (1968): 1 - mean distance / mean distance of answers combined at random."""
    coded = multiple(rows)
    place = {"".join(labels): code for code, labels in enumerate(coded.label_sets())}
    apart = matrix(coded)
    for pair in pairs_of(coded):
        left, right = ([place[label] for label in side] for side in common(rows, *pair.annotators))
        observed = np.mean([apart[x, y] for x, y in zip(left, right, strict=True)])
        expected = np.mean([apart[x, y] for x, y in itertools.product(left, right)])
        assert pair.percent_agreement.value == pytest.approx(1 - observed)
        if expected > 1e-9:
            assert pair.cohen_kappa.value == pytest.approx(1 - observed / expected, abs=1e-9)
        else:
            assert pair.cohen_kappa.value is None


def test_intervals_hold_the_value_and_their_absence_says_why() -> None:
    rows = table("abcabcabcabcabca..  abcabcabcabbbaaa.a  .................a")
    long, short = pairs_of(single(rows), bootstrap=200)
    for found in (long.percent_agreement, long.cohen_kappa):
        assert found.low is not None and found.value is not None and found.high is not None
        assert found.low < found.value < found.high
        assert (found.n, found.reason) == (16, None)
    assert (short.percent_agreement.value, short.percent_agreement.reason) == (1.0, pairwise.FEW_COMMON)
    assert (short.cohen_kappa.value, short.cohen_kappa.reason) == (None, pairwise.SAME_LABEL)


def test_only_the_pairs_with_the_most_common_tasks_get_intervals() -> None:
    people = 33
    rows = [(task, person, ABC[(task * person) % 3]) for task in range(4) for person in range(people)]
    rows += [(4, person, "a") for person in range(10)]
    found = pairs_of(single(rows), bootstrap=5)
    without = [pair for pair in found if pair.percent_agreement.low is None]
    assert (len(found), len(found) - len(without)) == (people * (people - 1) // 2, pairwise.INTERVALS)
    assert {pair.percent_agreement.reason for pair in without} == {pairwise.MANY_PAIRS}
    assert {pair.tasks for pair in without} == {4}


def test_nobody_and_one_person_are_no_pairs() -> None:
    assert pairs_of(single([])) == pairs_of(single(table("abc"))) == pairs_of(single(table("ab. ..c"))) == ()


def test_more_people_than_can_be_told_apart_are_refused() -> None:
    kinds, people = tuple(Choices((str(kind),)) for kind in range(60_000)), tuple(range(60_000))
    none = np.zeros(0, dtype=np.int64)
    with pytest.raises(ValueError, match="60000 annotators with 60000 different answers"):
        pair_agreements(
            CodedAnswers(none, none, none, (), people, kinds, ()), np.eye(1), np.random.default_rng(0), 0, 0.95
        )
