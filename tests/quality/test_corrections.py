"""Corrections: what stands up, what does not and why, and which of them belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Answer, Choices, Region, Regions, Span, Text
from label_config.model import Control, Family
from label_config.parse import parse as interface
from sync.quality.coded_answers import encode
from sync.quality.conflicts import NearIdentical
from sync.quality.corrections import LEVELS, correction_groups, verified
from sync.quality.evidence import ControlEvidence
from sync.quality.findings import Case
from sync.quality.records import ControlConsensus, Finding, Refused, TaskConsensus
from sync.quality.rules import parse
from sync.quality.submissions import Submission

CONFIG = interface(
    '<View><Text name="t" value="$t"/><Choices name="tone" toName="t"><Choice value="a"/><Choice value="b"/>'
    '<Choice value="c"/></Choices><TextArea name="why" toName="t"/></View>'
)
TONE = CONFIG.control("tone")
A, B, C = (Choices((label,)) for label in "abc")


def case(
    known: Mapping[int, tuple[Answer, float]],
    *groups: tuple[int, ...],
    fixed: Mapping[int, Answer] | None = None,
    rules: Sequence[dict[str, Any]] = (),
    control: Control = TONE,
    raw: tuple[int, ...] = (),
    answers: Mapping[int, dict[str, Answer]] | None = None,
) -> Case:
    rows = [(task, person, answer) for task, (answer, _) in known.items() for person in (1, 2, 3)]
    concluded = tuple(TaskConsensus(task, answer, sure, None, 3) for task, (answer, sure) in known.items())
    said = [Submission(task, None, {control.name: answer}) for task, (answer, _) in known.items()]
    said += [Submission(task, 5, given_) for task, given_ in (answers or {}).items()]
    return Case(
        ControlEvidence(control, encode(control, rows, fixed)),
        ControlConsensus(control.name, "", "", concluded, ()),
        {},
        neighbours=tuple(NearIdentical(one, (1.0,) * len(one), raw or (0,) * len(one)) for one in groups),
        rules=parse(list(rules), CONFIG),
        submissions=tuple(said),
    )


def proposal(correction: Answer | None, task: int = 1, annotator: int | None = None) -> Finding:
    return Finding(task, "tone", "label_error", 0.9, "", annotator=annotator, correction=correction)


def objection(correction: Answer, where: Case, annotator: int | None = None) -> str | None:
    """Why a correction of task 1 is dropped."""
    finding = proposal(correction, annotator=annotator)
    (kept,) = verified([finding], where)
    if kept.refused is None:
        assert kept == finding
        return None
    assert kept == replace(finding, correction=None, refused=Refused(correction, kept.refused.reason))
    return kept.refused.reason


def test_what_nothing_speaks_against_stands() -> None:
    assert objection(B, case({1: (A, 0.6), 2: (A, 0.99)})) is None
    assert verified([proposal(None)], case({1: (A, 0.6)})) == [proposal(None)]


NO_B = {"name": "never b", "check": "matches_not", "control": "tone", "pattern": "b"}


def test_a_correction_that_breaks_a_rule_is_dropped() -> None:
    where = case({1: (A, 0.6)}, rules=[NO_B])
    assert objection(B, where) == "It would break the rule 'never b': 'b' matches b."
    assert objection(C, where) is None
    assert objection(B, case({1: (B, 0.6)}, rules=[NO_B])) is not None, "also where the answer breaks it already"


def test_a_rule_about_other_controls_counts_where_the_correction_breaks_it() -> None:
    why = {"name": "say why", "check": "required", "control": "why", "other_control": "tone", "other_labels": ["b"]}
    assert objection(B, case({1: (A, 0.6)}, rules=[why])) == (
        "It would break the rule 'say why': why was not answered while tone is 'b'."
    )
    always = {"name": "say why", "check": "required", "control": "why"}
    assert objection(B, case({1: (A, 0.6)}, rules=[always])) is None, "it is broken as it is, and by another control"


def test_the_answers_of_the_annotator_whom_it_is_about_are_what_rules_look_at() -> None:
    why = {"name": "say why", "check": "required", "control": "why", "other_control": "tone", "other_labels": ["b"]}
    where = case({1: (A, 0.6)}, rules=[why], answers={1: {"tone": A, "why": Text(("so",))}})
    assert objection(B, where, annotator=5) is None
    assert objection(B, where) is not None


def test_a_ruling_on_a_near_identical_task_is_not_contradicted() -> None:
    where = case({1: (A, 0.6), 2: (C, 1.0), 3: (B, 0.99)}, (1, 2, 3), fixed={2: C})
    assert objection(B, where) == "Task 2, which shows nearly the same, was ruled to be c."
    assert objection(C, where) is None
    called = replace(where, called={2: 17})
    assert objection(B, called) == "Task 17, which shows nearly the same, was ruled to be c."


def test_certain_neighbours_that_weigh_more_speak_against() -> None:
    where = case({1: (A, 0.6), 2: (A, 0.95), 3: (A, 0.7), 4: (B, 0.7)}, (1, 2, 3, 4))
    assert objection(B, where) == (
        "2 of 3 near-identical tasks are answered otherwise; task 2 is a with 95 % certainty."
    )
    assert objection(B, case({1: (A, 0.6), 2: (A, 0.85)}, (1, 2))) is None, "not certain enough to speak against"
    assert objection(B, case({1: (A, 0.6), 2: (A, 0.95), 3: (B, 0.95), 4: (B, 0.9)}, (1, 2, 3, 4))) is None
    assert objection(B, case({1: (A, 0.6), 2: (A, 0.95)}, (2, 3))) is None, "another group"


def test_places_are_compared_only_between_texts_equal_to_the_letter() -> None:
    control = Control("tone", "Labels", ("t",), ("x",), family=Family.REGIONS)
    one, other = (Regions((Region(Span(at, at + 4), ("x",)),)) for at in (0, 20))
    known = {1: (one, 0.6), 2: (one, 0.95)}
    assert objection(other, case(known, (1, 2), control=control)) is not None
    assert objection(other, case(known, (1, 2), control=control, raw=(0, 1))) is None


# Groups

FOUND = st.lists(
    st.builds(
        Finding,
        task=st.integers(0, 20),
        control=st.sampled_from(["tone", "topic"]),
        kind=st.sampled_from(["label_error", "model_conflict"]),
        severity=st.floats(0, 1),
        reason=st.just(""),
        correction=st.sampled_from([None, A, B, Regions(())]),
    ),
    max_size=15,
)
BEFORE: dict[tuple[int, str], Answer] = {
    (task, control): (B, C)[task % 2] for task in range(21) for control in ("tone", "topic")
}


@given(FOUND, st.randoms(use_true_random=False))
def test_every_correction_is_in_one_group_whatever_the_order(found: list[Finding], chance: Any) -> None:
    groups = correction_groups(found, BEFORE)
    proposals = [one for one in found if one.correction not in (None, BEFORE[one.task, one.control])]
    assert sorted(map(repr, proposals)) == sorted(repr(one) for group in groups for one in group.findings)
    assert len({group.id for group in groups}) == len(groups)
    assert [len(group.findings) for group in groups] == sorted((len(group.findings) for group in groups), reverse=True)
    shuffled = found.copy()
    chance.shuffle(shuffled)
    assert [group.id for group in correction_groups(shuffled, BEFORE)] == [group.id for group in groups]


def test_who_was_outvoted_leaves_nothing_to_apply() -> None:
    """The answer that is proposed to the one who gave another is the present one."""
    assert correction_groups([proposal(B, 0)], BEFORE) == ()


def test_a_group_keeps_its_id_when_tasks_come_and_go() -> None:
    few, more = (correction_groups([proposal(A, task) for task in range(0, n, 2)], BEFORE)[0] for n in (4, 8))
    assert (few.id, few.before, few.after, few.level) == (more.id, "b", "a", "sure")
    assert len(few.findings) < len(more.findings)
    assert len(few.id) == 12


@pytest.mark.parametrize(("severity", "level"), [(1.0, "sure"), (0.8, "sure"), (0.79, "probable"), (0.2, "possible")])
def test_levels_begin_where_they_say(severity: float, level: str) -> None:
    (group,) = correction_groups([Finding(1, "tone", "label_error", severity, "", correction=A)], BEFORE)
    assert group.level == level
    assert level in LEVELS


def test_regions_are_one_group_a_control_and_kind() -> None:
    spans = [Regions((Region(Span(at, at + 1)),)) for at in range(3)]
    found = [Finding(at, "ner", "label_error", 0.9, "", correction=one) for at, one in enumerate(spans)]
    (group,) = correction_groups(found, {})
    assert (group.before, group.after, len(group.findings)) == ("", "", 3)
