"""Findings about people's work: who failed on known truths, who answers worse than before."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Choices, Number
from sync.quality.agreement import measure
from sync.quality.annotators import ChangePoint, profiles
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.findings import KINDS, Case
from sync.quality.findings.people import annotator_drift, gold_failed
from sync.quality.priority import Policy
from sync.quality.records import Finding, Opinion

from ..thorough import up_to
from .answers import ABC, ROWS, Row
from .people import NOTHING, numbered, said

DAY = 86_400_000_000


def case_of(evidence: ControlEvidence) -> Case:
    """The case of a control, with the agreement and the profiles of its people."""
    consensus = infer(evidence, "majority")
    per_task = measure(evidence, Method(bootstrap=0), np.random.default_rng(0)).per_task
    agreement = {one.task: one.agreement for one in per_task if one.agreement is not None}
    return Case(evidence, consensus, agreement, profiles=profiles(evidence, consensus))


def gold(missed: int, of: int) -> list[Row]:
    """Person 1 and two others answer tasks 100, 101, ... whose truth is "a"; person 1 misses the first ones."""
    return [(100 + task, who, "b" if who == 1 and task < missed else "a") for task in range(of) for who in (1, 2, 3)]


WORK = [(task, who, "b" if who == 1 and task < 2 else "a") for task in range(5) for who in (1, 2, 3)]
"""Of five tasks person 1 contradicts the others on the first two."""


def failing(missed: int, of: int, work: Sequence[Row] = WORK) -> Case:
    return case_of(said([*gold(missed, of), *work], "ab", {100 + task: "a" for task in range(of)}))


def test_who_failed_on_gold_has_their_disputed_answers_back() -> None:
    """Seven of ten missed: (7 + 0.5) / 11 wrong, a third of the answers."""
    found = gold_failed(failing(7, 10))
    assert [(one.task, one.annotator, one.kind) for one in found] == [(0, 1, "gold_failed"), (1, 1, "gold_failed")]
    assert found[0].severity == pytest.approx(7.5 / 11 / 3)
    assert found[0].reason == (
        "One annotator who answered here agrees only 30 % with the truth on 10 tasks where it is known "
        "(probably less than 61 %), and this answer is disputed."
    )
    assert found[0].numbers["gold"] == pytest.approx(0.3)


@pytest.mark.parametrize(("missed", "of"), [(1, 1), (1, 10), (3, 10), (0, 5)])
def test_a_miss_among_many_or_a_single_one_is_no_alarm(missed: int, of: int) -> None:
    assert gold_failed(failing(missed, of)) == []


def test_who_misses_what_everybody_misses_has_not_failed() -> None:
    """Nobody gets more than two of twelve."""
    hard = [(100 + task, who, "a" if task % 6 == who else "b") for task in range(12) for who in (1, 2, 3)]
    assert gold_failed(case_of(said([*hard, *WORK], "ab", {100 + task: "a" for task in range(12)}))) == []


def test_ruled_and_undisputed_tasks_do_not_come_back() -> None:
    rows = [*gold(9, 10), *WORK]
    ruled = {100 + task: "a" for task in range(10)} | {0: "a"}
    assert {one.task for one in gold_failed(case_of(said(rows, "ab", ruled)))} == {1}


def test_a_model_that_contradicts_disputes_an_answer_too() -> None:
    evidence = said([*gold(9, 10), (0, 1, "b"), (1, 1, "b")], "ab", {100 + task: "a" for task in range(10)})
    told = dataclasses.replace(evidence, opinions={0: Opinion(Choices(("a",)), {}, 0.9)})
    assert gold_failed(case_of(evidence)) == []
    (found,) = gold_failed(case_of(told))
    assert found.task == 0
    assert found.severity == pytest.approx(9.5 / 11)


def test_only_the_latest_come_back() -> None:
    work = [(task, who, "b" if who == 1 else "a") for task in range(6) for who in (1, 2, 3)]
    case = failing(9, 10, work)
    time = np.array([DAY * (100 - case.evidence.coded.tasks[task]) for task in case.evidence.coded.task]) + 200 * DAY
    evidence = dataclasses.replace(case.evidence, given_at=time)
    thresholds = dataclasses.replace(case.thresholds, recent=2)
    found = gold_failed(dataclasses.replace(case, evidence=evidence, thresholds=thresholds))
    assert {one.task for one in found} == {0, 1}


def drifting() -> ControlEvidence:
    """Persons 1 to 3 answer tasks 0 to 119, one a day; from 60 on person 1 is wrong on every second one.

    Person 1 alone answers tasks 200 (on day 10) and 201 (on day 100).
    """
    rows = [
        (task, who, "b" if who == 1 and task >= 60 and task % 2 else "a") for task in range(120) for who in (1, 2, 3)
    ]
    evidence = said([*rows, (200, 1, "a"), (201, 1, "a")], "ab")
    day = {200: 10, 201: 100}
    tasks = [evidence.coded.tasks[task] for task in evidence.coded.task.tolist()]
    return dataclasses.replace(evidence, given_at=np.array([DAY * (1 + day.get(task, task)) for task in tasks]))


def test_who_drifts_has_the_work_since_then_back_that_nobody_else_vouches_for() -> None:
    found = annotator_drift(case_of(drifting()))
    assert [one.task for one in found] == [*range(61, 120, 2), 201]
    assert {one.annotator for one in found} == {1}
    alone = found[-1]
    assert found[0].severity == pytest.approx(alone.severity / 3)
    assert alone.severity == pytest.approx(0.5, abs=0.03)
    assert alone.reason == (
        "One annotator who answered here agrees 49 % with the others since 4 Mar 1970, 100 % before "
        "(59 answers since, 61 before)."
    )


def test_a_change_for_the_better_or_in_speed_is_no_finding() -> None:
    case = case_of(drifting())
    better = ChangePoint("agreement", 5 * DAY, 0.5, 0.9, 30, 30, 0.001)
    slower = ChangePoint("lead_time", 5 * DAY, 5.0, 9.0, 30, 30, 0.001)
    found = dataclasses.replace(
        case, profiles=tuple(dataclasses.replace(one, changes=(better, slower)) for one in case.profiles)
    )
    assert annotator_drift(found) == []


def test_a_drift_that_ended_concerns_only_the_time_between() -> None:
    case = case_of(drifting())
    worse = ChangePoint("agreement", 61 * DAY, 1.0, 0.5, 60, 20, 0.001)
    again = ChangePoint("agreement", 81 * DAY, 0.5, 1.0, 20, 40, 0.001)
    first, *others = case.profiles
    found = dataclasses.replace(case, profiles=(dataclasses.replace(first, changes=(worse, again)), *others))
    assert [one.task for one in annotator_drift(found)] == list(range(61, 80, 2))


def test_without_profiles_there_is_nothing_to_find() -> None:
    case = dataclasses.replace(failing(9, 10), profiles=())
    assert gold_failed(case) == annotator_drift(case) == []


def test_numbers_are_disputed_where_they_are_apart_on_their_scale() -> None:
    """Ten known truths of 10, all of which person 1 takes for 0; of two open tasks one is near the others."""
    rows = [(100 + task, who, 10.0 if who > 1 else 0.0) for task in range(10) for who in (1, 2, 3)]
    rows += [(task, who, 5.0 if who > 1 else value) for task, value in ((0, 1.0), (1, 5.5)) for who in (1, 2, 3)]
    evidence = numbered(rows)
    coded = evidence.coded
    ten = coded.answers.index(Number(10.0))
    fixed = {place: ten for place, task in enumerate(coded.tasks) if task >= 100}
    evidence = dataclasses.replace(evidence, coded=dataclasses.replace(coded, fixed=fixed))
    case = Case(evidence, NOTHING, {0: 0.9, 1: 0.999}, profiles=profiles(evidence, NOTHING))
    (found,) = gold_failed(case)
    assert (found.task, found.annotator) == (0, 1)
    assert found.severity == pytest.approx(10.5 / 11 / 3)


def found_in(rows: list[Row], fixed: dict[int, str]) -> list[Finding]:
    case = case_of(said(rows, ABC, fixed))
    every = dataclasses.replace(case, thresholds=dataclasses.replace(case.thresholds, gold_needed=1.1))
    return gold_failed(every) + annotator_drift(every)


@settings(max_examples=up_to(12))
@given(ROWS, st.dictionaries(st.integers(0, 6), st.sampled_from(ABC)))
def test_every_finding_is_about_an_open_answer_of_its_annotator(rows: list[Row], fixed: dict[int, str]) -> None:
    given_by = {(task, who) for task, who, _ in rows}
    for one in found_in(rows, fixed):
        assert (one.task, one.annotator) in given_by
        assert one.task not in fixed
        assert 0 < one.severity <= 1
        assert any(letter.isdigit() for letter in one.reason)
        assert one.numbers


def test_both_kinds_are_known_and_weighed() -> None:
    assert {"gold_failed", "annotator_drift"} <= KINDS.keys() & Policy().weights.keys()
