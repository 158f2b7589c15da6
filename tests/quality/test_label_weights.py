"""Weights of labels: by hand, against the specific agreement of each label, and without weights the plain agreement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices, Region, Regions, Span
from label_config.model import Control, Family
from sync.quality.agreement import measure, percent_agreement
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.label_weights import weighted_agreement

CONTROL = Control("c", "Choices", ("t",), ("a", "b", "c"))
answers = st.dictionaries(st.tuples(st.integers(1, 6), st.integers(1, 4)), st.sampled_from("abc"), min_size=1)


def evidence(said: dict[tuple[int, int], str]) -> ControlEvidence:
    rows = [(task, person, Choices((label,))) for (task, person), label in said.items()]
    return ControlEvidence(CONTROL, encode(CONTROL, rows))


def pairs_of(said: dict[tuple[int, int], str]) -> list[tuple[str, str]]:
    each = sorted(said.items())
    return [
        (one, other)
        for place, ((task, _), one) in enumerate(each)
        for (again, _), other in each[place + 1 :]
        if task == again
    ]


@given(answers, st.fixed_dictionaries(dict.fromkeys("abc", st.floats(0.125, 8))))
def test_a_label_counts_by_its_weight_in_the_mean_of_specific_agreements(
    said: dict[tuple[int, int], str], weights: dict[str, float]
) -> None:
    pairs = pairs_of(said)
    found = weighted_agreement(evidence(said), Method(), weights)
    if not pairs:
        assert found is None
        return
    above = below = 0.0
    for label, weight in weights.items():
        same = sum(one == other == label for one, other in pairs)
        seen = sum((one == label) + (other == label) for one, other in pairs)
        above, below = above + weight * 2 * same, below + weight * seen
    assert found == pytest.approx(above / below)


@given(answers)
def test_without_weights_it_is_the_agreement(said: dict[tuple[int, int], str]) -> None:
    plain = percent_agreement(evidence(said).coded, np.random.default_rng(0), bootstrap=0).value
    assert weighted_agreement(evidence(said), Method(), {}) == (None if plain is None else pytest.approx(plain))


def test_tasks_answered_once_change_no_distance() -> None:
    """Krippendorff's ordinal metric goes by how often each answer was given where answers are compared."""
    control = Control("c", "Choices", ("t",), ("lo", "mid", "hi"))
    rows = [
        (task, person, Choices((label,)))
        for task, said in enumerate(("lo mid", "mid hi", "hi"))
        for person, label in enumerate(said.split())
    ]
    found, method = ControlEvidence(control, encode(control, rows)), Method(distance="ordinal", bootstrap=0)
    plain = measure(found, method, np.random.default_rng(0)).coefficients["percent_agreement"].value
    assert weighted_agreement(found, method, {"lo": 1.0}) == pytest.approx(plain)


def test_labels_that_weigh_nothing_leave_nothing() -> None:
    said = {(1, 1): "a", (1, 2): "a"}
    assert weighted_agreement(evidence(said), Method(), {"a": 0.0}) is None


def test_regions_weigh_as_their_labels_do() -> None:
    control = Control("c", "Labels", ("t",), ("a", "b"), family=Family.REGIONS)
    one, other = (Regions((Region(Span(0, 4), (label,)),)) for label in "ab")
    rows = [(1, 1, one), (1, 2, one), (2, 1, other), (2, 2, Regions(()))]
    found = ControlEvidence(control, encode(control, rows))
    # The first pair agrees and weighs 1, the second does not and weighs (3 + 1) / 2.
    assert weighted_agreement(found, Method(), {"b": 3.0}) == pytest.approx(1 / 3)


def test_ones_own_distance_is_weighed_too() -> None:
    said = {(1, 1): "a", (1, 2): "b", (2, 1): "a", (2, 2): "a"}
    method = Method(distance=lambda left, right: 0.5 * (left != right), distance_name="half")
    assert weighted_agreement(evidence(said), method, {"b": 3.0}) == pytest.approx((2 * 0.5 + 1) / 3)
