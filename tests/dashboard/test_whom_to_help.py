"""Whom the page of annotators says to help first: who is less reliable than the others beyond chance, nobody else."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import beta

from sync.dashboard.people import Called, Crowd, Person
from sync.dashboard.whom_to_help import apart, sentence
from sync.quality.records import Estimate

NAMES = ("Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ida", "Jo")


def crowd(*limits: tuple[float, float, float] | None, changed: int = 0) -> Crowd:
    """People by their reliability (value, low, high), null where it is not known, the least reliable first."""
    people = [
        Person(
            place,
            {
                "reliability": dict(
                    zip(("value", "low", "high", "n", "reason"), [*(one or [None] * 3), 50, "few"], strict=True)
                ),
                "changes": ["one"] if place <= changed else [],
            },
            {},
        )
        for place, one in enumerate(limits, 1)
    ]
    return Crowd(0, people, None, Estimate(None, reason="few"), None)


def said(of: Crowd) -> str:
    names = dict(enumerate(NAMES, 1))
    return sentence(of, Called(names, {}, hidden=False)).replace("\N{NO-BREAK SPACE}", " ")


def test_who_is_apart_from_the_others_is_named() -> None:
    found = crowd((0.6, 0.5, 0.7), (0.85, 0.75, 0.92), (0.9, 0.82, 0.95))
    assert said(found) == (
        "3 annotators; help Ann first: right on 60 % [50 %, 70 %] of answers, clearly less often than others."
    )


def test_nobody_is_named_where_intervals_meet() -> None:
    found = crowd((0.8, 0.7, 0.88), (0.85, 0.75, 0.92), (0.9, 0.82, 0.95), changed=1)
    assert said(found) == (
        "3 annotators; nobody is clearly less reliable than the others, who are right on 80 % [70 %, 88 %] to "
        "90 % [82 %, 95 %] of answers, and the work of 1 person changed."
    )


def test_two_who_are_alike_are_both_named_and_of_many_three() -> None:
    low, high = (0.5, 0.45, 0.55), (0.9, 0.85, 0.95)
    assert said(crowd(low, low, high, high)).startswith(
        "4 annotators; help Ann and Bo first: right on 50 % [45 %, 55 %] to"
    )
    assert "help Ann, Bo, Cy and 2 more first" in said(crowd(*[low] * 5, *[high] * 5))


def test_of_one_or_of_nobody_known_nothing_is_compared() -> None:
    assert said(crowd((0.8, 0.7, 0.9), None)) == "2 annotators; Ann is right on 80 % [70 %, 90 %] of answers."
    assert said(crowd(None)) == "1 annotator; how reliable they are cannot be said: few."
    assert said(crowd()) == "Nothing can be said of anybody yet."


def named(rng: np.random.Generator, right: Sequence[float], answers: int = 60) -> set[int]:
    """Who is named of people who are right with these probabilities, with Jeffreys' intervals."""
    hits = rng.binomial(answers, right)
    low, high = (beta.ppf(part, hits + 0.5, answers - hits + 0.5) for part in (0.025, 0.975))
    limits = [(float(hit) / answers, float(a), float(b)) for hit, a, b in zip(hits, low, high, strict=True)]
    return {one.id for one in apart(crowd(*limits).people)}


def test_of_people_who_are_alike_nobody_is_named_and_who_is_careless_is() -> None:
    rng = np.random.default_rng(8)
    for people in (2, 3, 10, 60):
        alike = sum(bool(named(rng, [0.85] * people)) for _ in range(200))
        assert alike <= 10, people
        assert all(named(rng, [0.5, *[0.9] * (people - 1)]) == {1} for _ in range(20)), people
