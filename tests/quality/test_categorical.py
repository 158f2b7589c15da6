"""Kappas and ICCs against plain versions of their definitions, on small random answers."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import cohen_kappa_score

from label_config.answers import Number
from label_config.model import Control, Family
from sync.quality.agreement import measure
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.records import CodedAnswers, Estimate

from ..thorough import up_to
from .answers import ABC, ROWS, Row, pairs_by_task, single, table

CONTROL = Control("c", "Choices", ("t",), ABC)
KAPPAS = ("fleiss_kappa", "conger_kappa", "gwet_ac1", "brennan_prediger")


def found(coded: CodedAnswers, *names: str, **method: Any) -> dict[str, Estimate]:
    wanted = Method(coefficients=names, **{"bootstrap": 0, **method})
    return dict(measure(ControlEvidence(CONTROL, coded), wanted, np.random.default_rng(0)).coefficients)


def by_definition(coded: CodedAnswers) -> dict[str, float | None]:
    """Each with q = 3 labels; tasks with one answer count in chance alone, so that few others may fall below -1."""
    tasks = [unit for unit in pairs_by_task(coded) if unit]
    pairs = [list(itertools.permutations(unit, 2)) for unit in tasks if len(unit) > 1]
    observed = np.mean([np.mean([a == b for a, b in unit]) for unit in pairs])
    share = np.mean([[unit.count(label) / len(unit) for label in range(3)] for unit in tasks], axis=0)
    people = [coded.answer[coded.annotator == person] for person in range(len(coded.annotators))]
    habits = [np.bincount(given, minlength=3) / len(given) for given in people]
    chances = {
        "fleiss_kappa": (share**2).sum(),
        "conger_kappa": np.mean([one @ other for one, other in itertools.combinations(habits, 2)]),
        "gwet_ac1": (share * (1 - share)).sum() / 2,
        "brennan_prediger": 1 / 3,
    }
    return {
        name: float((observed - chance) / (1 - chance)) if 1 - chance > 1e-9 else None
        for name, chance in chances.items()
    }


@given(ROWS)
def test_kappas_are_their_definitions(rows: list[Row]) -> None:
    coded = single(rows)
    values = {name: one.value for name, one in found(coded, *KAPPAS).items()}
    if all(len(unit) < 2 for unit in pairs_by_task(coded)):
        assert set(values.values()) == {None}
        return
    assert values == {
        name: None if wanted is None else pytest.approx(max(wanted, -1.0), abs=1e-9)
        for name, wanted in by_definition(coded).items()
    }


@given(ROWS)
def test_cohens_kappa_of_two_is_scikit_learns(rows: list[Row]) -> None:
    coded = single([row for row in rows if row[1] < 2])
    units = [unit for unit in pairs_by_task(coded) if len(unit) == 2]
    kappas = found(coded, "cohen_kappa", weights="quadratic")["cohen_kappa"]
    left, right = ([row[2] for row in sorted(rows) if row[1] == who and both(rows, row[0])] for who in (0, 1))
    if not units or len({*left, *right}) == 1:
        assert kappas.value is None
        return
    wanted = cohen_kappa_score(left, right, labels=ABC, weights="quadratic")
    assert kappas.value == pytest.approx(wanted, abs=1e-9)


@given(ROWS)
def test_the_kappa_of_a_pair_takes_the_weights_too(rows: list[Row]) -> None:
    evidence = ControlEvidence(CONTROL, single([row for row in rows if row[1] < 2]))
    method = Method(coefficients=("cohen_kappa",), weights="linear", bootstrap=0)
    values = measure(evidence, method, np.random.default_rng(0))
    for pair in values.pairs:
        kappa = values.coefficients["cohen_kappa"].value
        assert pair.cohen_kappa.value == (None if kappa is None else pytest.approx(kappa, abs=1e-9))


def both(rows: list[Row], task: int) -> bool:
    return {person for one, person, _ in rows if one == task and person < 2} == {0, 1}


@settings(max_examples=up_to(30))
@given(ROWS)
def test_a_task_answered_once_changes_no_alpha_and_no_interval_of_it(rows: list[Row]) -> None:
    more = [*rows, (90, 0, "a"), (91, 1, "c")]
    one, other = (found(single(each), "krippendorff_alpha", bootstrap=20) for each in (rows, more))
    assert one["krippendorff_alpha"].value == pytest.approx(other["krippendorff_alpha"].value, abs=1e-12)
    assert one["krippendorff_alpha"].low == pytest.approx(other["krippendorff_alpha"].low, abs=1e-12)


def test_identical_answers_agree_wholly_where_that_is_defined() -> None:
    values = found(single(table("abcab abcab")), "percent_agreement", "krippendorff_alpha", "scott_pi", *KAPPAS)
    assert {one.value for one in values.values()} == {1.0}


def test_two_annotator_kappas_send_three_elsewhere() -> None:
    reasons = {one.reason for one in found(single(table("ab ab ba")), "cohen_kappa", "scott_pi").values()}
    assert reasons == {"it is for exactly two annotators: see conger_kappa and fleiss_kappa, or the pairs"}


def test_everyone_agrees_but_kappa_is_0_explains_itself() -> None:
    """39 of 40 tasks are "a" to both, on one they differ: 97.5 % agree, Fleiss' kappa is below 0, AC1 is .97."""
    values = found(single(table(f"{'a' * 39}a {'a' * 39}b")), "percent_agreement", "fleiss_kappa", "gwet_ac1")
    assert [round(one.value or 0, 3) for one in values.values()] == [0.975, -0.013, 0.975]


def test_iccs_need_numbers_and_complete_tables() -> None:
    assert found(single(table("ab ab")), "icc_1")["icc_1"].reason == "it needs answers that are numbers"
    control = Control("c", "Number", ("t",), family=Family.NUMBER)
    coded = encode(control, [(0, 0, Number(1.0)), (0, 1, Number(2.0)), (1, 0, Number(3.0)), (1, 2, Number(3.5))])
    method = Method(coefficients=("icc_1", "icc_a1"), bootstrap=0)
    values = measure(ControlEvidence(control, coded), method, np.random.default_rng(0)).coefficients
    assert values["icc_1"].value == pytest.approx(2.75 / 3.375)  # B = 3.0625, W = 0.3125: (B - W) / (B + W)
    assert "answered by all annotators" in str(values["icc_a1"].reason)
