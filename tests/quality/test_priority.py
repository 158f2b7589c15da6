"""Findings, and the queue that they become."""

import dataclasses
import math
import random
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Choices, Number
from label_config.model import Control, Family
from sync.quality.agreement import matrix
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.findings import KINDS, Case, findings
from sync.quality.findings.case import Thresholds
from sync.quality.priority import ACTIONS, DISPUTES, Fact, Policy, rank
from sync.quality.priority.families import FAMILIES
from sync.quality.records import CodedAnswers, Finding, Opinion, Priority

from ..thorough import up_to
from .answers import ABC, ROWS, SETS, Row, multiple, ordered_pairs, pairs_by_task, single, table

POLICY = Policy()
FOUND = st.lists(
    st.builds(
        Finding,
        task=st.integers(0, 3),
        control=st.sampled_from(["tone", "topic"]),
        kind=st.sampled_from(sorted(KINDS)),
        severity=st.floats(0, 1),
        reason=st.sampled_from(["one", "two"]),
        doubt=st.none() | st.floats(0, 1),
    ),
    max_size=12,
)
OPINIONS = st.dictionaries(
    st.integers(0, 6),
    st.builds(Opinion, st.sampled_from([Choices(("a",)), Choices(("b",))]), st.just({}), st.floats(0, 1)),
)


def found_in(
    coded: CodedAnswers, opinions: dict[int, Opinion] | None = None, method: str = "majority", policy: Policy = POLICY
) -> list[Finding]:
    apart = matrix(coded)
    pairs = {task: ordered_pairs(given) for task, given in zip(coded.tasks, pairs_by_task(coded), strict=True)}
    agreement = {task: float(np.mean([1 - apart[pair] for pair in both])) for task, both in pairs.items() if both}
    control = Control("tone", "Choices", ("t",), coded.labels, coded.multiple)
    said = ControlEvidence(control, coded, opinions=opinions or {})
    return findings(Case(said, infer(said, method), agreement))


def by_kind(found: list[Finding]) -> dict[str, Finding]:
    return {one.kind: one for one in found}


def entry(*found: Finding, policy: Policy = POLICY) -> Priority:
    (only,) = rank(found, policy)
    return only


def of_severity(severity: float, kind: str = "low_agreement", task: int = 1) -> Finding:
    return Finding(task, "tone", kind, severity, "")


def test_a_split_vote_is_a_disagreement_a_tie_and_not_certain() -> None:
    """One a, one b: no pair agrees; the consensus is half certain, of at least .9 that were wanted."""
    found = by_kind(found_in(single(table("a b"))))
    assert found.keys() == {"low_agreement", "tie", "low_confidence"}
    assert [one.severity for one in found.values()] == [pytest.approx(0.5, abs=1e-5)] * 3
    assert found["low_agreement"].reason == "2 annotators gave 2 different answers: a (1), b (1)."
    assert found["tie"].reason == "No answer is more probable than another: a, b, each 50 %."
    assert found["low_confidence"].reason == "The probable answer a is only 50 % certain."


def test_two_against_one_is_no_tie() -> None:
    """One pair of three agrees."""
    found = by_kind(found_in(single(table("a b b"))))
    assert found.keys() == {"low_agreement", "low_confidence"}
    assert found["low_agreement"].severity == pytest.approx(1 / 3, abs=1e-5), "the share of the votes against"
    assert found["low_agreement"].numbers == {
        "agreement": pytest.approx(1 / 3),
        "doubt": found["low_confidence"].severity,
    }
    assert found["low_agreement"].reason == "3 annotators gave 2 different answers: b (2), a (1)."


def test_who_agrees_and_who_is_alone_leaves_nothing_to_find() -> None:
    assert found_in(single(table("ab a."))) == []


def test_the_first_of_three_even_answers_is_named_with_the_others() -> None:
    found = by_kind(found_in(single(table("c a b a b"))))
    assert found["tie"].reason == "No answer is more probable than another: a, b, each 40 %."


def test_a_label_as_probable_as_not_is_named() -> None:
    found = by_kind(found_in(multiple([(1, 1, "ab"), (1, 2, "a")])))
    assert found["tie"].reason == "As probable as not (50 %): b."
    assert found["low_agreement"].severity == pytest.approx(1 / (1 + 3**0.5)), "half certain, shares of 3 to 1"
    assert found["low_agreement"].reason == "2 annotators gave 2 different answers: a (1), a, b (1)."


def test_a_sure_model_that_contradicts_is_a_finding_also_where_one_person_answered() -> None:
    sure, unsure = Opinion(Choices(("b",)), {"b": 0.8}, 0.8), Opinion(Choices(("b",)), {"b": 0.59}, 0.59)
    (found,) = found_in(single([(1, 1, "a"), (2, 1, "a"), (3, 1, "b")]), {1: sure, 2: unsure, 3: sure})
    assert (found.task, found.kind, found.severity) == (1, "model_conflict", 0.8)
    assert found.reason == "The model, which has not learned from this task, is 80 % sure of b, not of a."
    assert found.numbers == {"model_confidence": 0.8, "confidence": 1.0, "distance": 1.0}


def test_a_model_that_sides_with_one_of_the_tied_answers_contradicts_nobody() -> None:
    split = single(table("a b"))
    assert "model_conflict" not in by_kind(found_in(split, {0: Opinion(Choices(("b",)), {}, 0.9)}))
    assert "model_conflict" in by_kind(found_in(split, {0: Opinion(Choices(("c",)), {}, 0.9)}))
    sets = multiple([(1, 1, "ab"), (1, 2, "a")])
    assert "model_conflict" not in by_kind(found_in(sets, {1: Opinion(Choices(("a", "b")), {}, 0.9)}))
    assert "model_conflict" in by_kind(found_in(sets, {1: Opinion(Choices(("b",)), {}, 0.9)}))


@settings(max_examples=up_to(25))
@given(ROWS, OPINIONS, st.dictionaries(st.integers(0, 9), st.sampled_from(ABC)))
def test_every_finding_says_a_number_and_ruled_or_unanswered_tasks_have_none(
    rows: list[Row], opinions: dict[int, Opinion], fixed: dict[int, str]
) -> None:
    found = found_in(single(rows, fixed=fixed), opinions, "auto")
    assert {one.task for one in found} <= {task for task, _, _ in rows} - fixed.keys()
    assert [one.task for one in found] == sorted(one.task for one in found)
    for one in found:
        assert one.kind in KINDS
        assert 0 < one.severity <= 1
        assert any(letter.isdigit() for letter in one.reason)
        assert one.numbers
    assert len({(one.task, one.kind, one.annotator) for one in found}) == len(found)


@settings(max_examples=up_to(25))
@given(SETS)
def test_label_sets_are_found_by_the_same_rules(rows: list[Row]) -> None:
    for one in found_in(multiple(rows), {}, "auto"):
        assert 0 < one.severity <= 1
        assert any(letter.isdigit() for letter in one.reason)


def strongest(found: Iterable[Finding]) -> dict[str, float]:
    """The largest weight x severity of each family; of outvoted answers x doubt, with what people said."""
    most: dict[str, float] = {}
    for one in found:
        family, doubt = (FAMILIES[one.kind], one.severity) if one.doubt is None else ("people", one.doubt)
        most[family] = max(most.get(family, 0.0), POLICY.weights[one.kind] * doubt)
    return most


@given(FOUND)
def test_parts_add_up_to_the_priority_and_nothing_is_lost(found: list[Finding]) -> None:
    queue = rank(found, POLICY)
    assert sorted(map(repr, (one for item in queue for one in item.findings))) == sorted(map(repr, found))
    for item in queue:
        assert 0 <= item.priority <= 1
        assert sum(item.parts.values()) == pytest.approx(item.priority)
        assert all(part >= 0 for part in item.parts.values())
        assert item.parts.keys() == {one.kind for one in item.findings}
        assert item.priority == pytest.approx(
            1 - math.prod(1 - believed for believed in strongest(item.findings).values())
        )


@given(FOUND, st.floats(0, 1), st.integers(0, 11))
def test_more_severe_is_never_less_urgent(found: list[Finding], severity: float, place: int) -> None:
    if not found:
        return
    place %= len(found)
    worse = found.copy()
    worse[place] = dataclasses.replace(found[place], severity=max(severity, found[place].severity))
    before, after = ({(item.task, item.control): item.priority for item in rank(one, POLICY)} for one in (found, worse))
    assert before.keys() == after.keys()
    assert all(after[key] >= before[key] - 1e-12 for key in before)


@given(FOUND, st.randoms(use_true_random=False))
def test_the_queue_is_the_same_whatever_the_order_of_the_findings(found: list[Finding], chance: random.Random) -> None:
    shuffled = found.copy()
    chance.shuffle(shuffled)
    queue, other = rank(found, POLICY), rank(shuffled, POLICY)
    assert [(item.task, item.control, item.findings) for item in queue] == [
        (item.task, item.control, item.findings) for item in other
    ]
    keys = [(-item.priority, item.task, item.control) for item in queue]
    assert keys == sorted(keys)


def test_equal_priorities_stand_in_the_order_of_task_and_control() -> None:
    found = [Finding(task, control, "tie", 0.5, "") for task in (2, 1) for control in ("tone", "age")]
    assert [(item.task, item.control) for item in rank(found, POLICY)] == [
        (1, "age"),
        (1, "tone"),
        (2, "age"),
        (2, "tone"),
    ]


@pytest.mark.parametrize(("severity", "band"), [(0.0, 3), (0.34, 3), (0.36, 2), (0.59, 2), (0.61, 1), (1.0, 1)])
def test_bands_begin_where_the_policy_says(severity: float, band: int) -> None:
    policy = Policy(weights={"low_agreement": 1.0}, p1_from=0.6, p2_from=0.35)
    assert entry(of_severity(severity), policy=policy).band == band


def test_the_priority_at_a_bands_edge_is_in_it() -> None:
    item = entry(of_severity(0.5))
    for edges, band in ((Policy(p1_from=item.priority), 1), (Policy(p1_from=1, p2_from=item.priority), 2)):
        assert entry(of_severity(0.5), policy=edges).band == band


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_alone_has_an_action(kind: str) -> None:
    by_family = {"people": "adjudicate" if kind in DISPUTES else "check", "duplicates": "group", "annotator": "coach"}
    assert entry(of_severity(0.5, kind)).action == by_family.get(FAMILIES[kind], "check")


@pytest.mark.parametrize(("annotations", "action"), [(2, "relabel"), (3, "adjudicate"), (9, "adjudicate")])
def test_few_answers_that_differ_get_one_more_and_enough_are_decided_on(annotations: int, action: str) -> None:
    facts = {(1, "tone"): Fact(annotations, accepted=False)}
    (item,) = rank([of_severity(0.5)], POLICY, facts)
    assert item.action == action


def test_what_weighs_most_decides_what_is_done() -> None:
    assert entry(of_severity(0.5), of_severity(0.1, "model_conflict")).action == "adjudicate"
    assert entry(of_severity(0.1), of_severity(0.9, "model_conflict")).action == "check"
    assert entry(of_severity(0.1), of_severity(0.9, "gold_failed")).action == "coach"
    assert all(one.action in ACTIONS for one in rank([of_severity(0.5, kind) for kind in KINDS], POLICY))


def test_the_weightiest_finding_comes_first() -> None:
    item = entry(of_severity(0.1), of_severity(1.0, "tie"))
    assert [one.kind for one in item.findings] == ["tie", "low_agreement"]


def test_what_is_the_same_evidence_counts_once_and_other_evidence_adds_to_it() -> None:
    """By hand: people .5; the model .6 x .5 = .3; 1 - .5 x .7 = .65, shared as log 2 to log (1 / .7)."""
    item = entry(of_severity(0.5), of_severity(0.4), of_severity(0.5, "tie"), of_severity(0.5, "model_conflict"))
    assert item.priority == pytest.approx(0.65)
    share = math.log(2) / (math.log(2) - math.log(0.7))
    assert dict(item.parts) == pytest.approx(
        {"low_agreement": 0.65 * share, "tie": 0.0, "model_conflict": 0.65 * (1 - share)}
    )


def test_that_one_answer_was_outvoted_says_nothing_against_the_consensus() -> None:
    """People doubt it by .2, and one who is wrong with .95 does not add to that; a model would: .2 + .8 x .8 x .95."""
    outvoted = Finding(1, "tone", "label_error", 0.95, "", annotator=3, doubt=0.2)
    item = entry(of_severity(0.2), outvoted)
    assert item.priority == pytest.approx(0.2)
    assert item.action == "adjudicate"
    assert dict(item.parts) == pytest.approx({"low_agreement": 0.2, "label_error": 0.0})
    assert item.findings == (of_severity(0.2), outvoted), "it is still a reason"
    assert entry(outvoted).priority == pytest.approx(0.8 * 0.2)
    assert entry(of_severity(0.2), dataclasses.replace(outvoted, doubt=None)).priority == pytest.approx(0.808)


def test_one_against_many_is_a_reason_and_no_doubt() -> None:
    """Ten tasks that four agree on, but one of them not on the last: the others are right, as far as anybody knows."""
    rows = [(task, person, "b" if (task, person) == (9, 3) else "a") for task in range(10) for person in range(4)]
    found = by_kind(found_in(single(rows)))
    error = found["label_error"]
    assert error.severity > 0.9
    assert error.doubt == found["low_agreement"].severity == pytest.approx(0.25)
    assert (error.annotator, error.correction) == (3, Choices(("a",)))
    assert entry(*found.values()).priority == pytest.approx(0.25)


def test_one_model_is_believed_half_and_a_mean_of_opinions_wholly() -> None:
    """The doubt is 1 - confidence where the posterior is a mean, else of the geometric mean with the votes."""
    rows = [
        (task, person, answer)
        for task, given in enumerate(("aab", "aaa", "bbb", "bba", "abb", "aab"))
        for person, answer in enumerate(given)
    ]
    for method in ("majority", "wawa", "blend"):
        assert all(
            one.severity == pytest.approx(1 - one.numbers["confidence"])
            for one in found_in(single(rows), method=method)
            if one.kind == "low_confidence"
        )
    for one in found_in(single(rows), method="dawid-skene"):
        if one.kind == "low_confidence":
            odds = math.sqrt((1 - one.numbers["confidence"]) / one.numbers["confidence"] * 0.5)
            assert one.severity == pytest.approx(odds / (1 + odds), abs=1e-4), "two of three gave the answer"


def test_certainty_itself_stays_within_one() -> None:
    policy = Policy(weights={"low_agreement": 1.0, "tie": 1.0})
    assert entry(of_severity(1.0), of_severity(1.0, "tie"), policy=policy).priority == pytest.approx(1.0)
    assert entry(of_severity(0.0), policy=policy).priority == 0.0


def test_the_default_policy_has_a_weight_and_a_family_for_every_kind() -> None:
    assert POLICY.weights.keys() >= KINDS.keys()
    assert POLICY.weights.keys() == FAMILIES.keys()
    assert all(0 < weight <= 1 for weight in POLICY.weights.values())
    assert KINDS.keys() >= DISPUTES
    with pytest.raises(ValueError, match=r"'low_agreement'.*it has: tie"):
        rank([of_severity(0.5)], Policy(weights={"tie": 0.5}))


def test_unanimous_answers_to_an_uncertain_question_are_not_looked_at() -> None:
    """Stars of three people who often differ by one: where they do not, the answer is right though not certain."""
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 6, 60)
    given = np.clip(truth[:, None] + rng.choice([-1, 0, 0, 1], (60, 3)), 1, 5)
    stars = Control("stars", "Rating", ("t",), family=Family.RATING, low=1.0, high=5.0)
    rows = [(task, person, Number(float(given[task, person]))) for task in range(60) for person in range(3)]
    said = ControlEvidence(stars, encode(stars, rows))
    consensus = infer(said)
    alike = {task: float((given[task] == given[task, 0]).all()) for task in range(60)}
    case = Case(said, consensus, alike, Thresholds(certain=0.95))
    looked_at = {one.task for one in findings(case) if one.kind == "low_confidence"}
    uncertain = {one.task for one in consensus.tasks if one.confidence < 0.95}
    unanimous = {task for task in uncertain if alike[task]}
    assert len(unanimous) > 5
    assert looked_at == uncertain - unanimous
