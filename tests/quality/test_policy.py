"""The policy: a mapping that says what is wrong with it, and what each key does to the queue."""

import dataclasses
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.quality.priority import FAMILIES, Fact, Policy, PolicyError, explain, policy_of, rank
from sync.quality.priority.policy_keys import READERS
from sync.quality.priority.scoring import score
from sync.quality.records import Finding

from ..thorough import up_to

FINDINGS = st.lists(
    st.builds(
        Finding,
        task=st.integers(0, 5),
        control=st.sampled_from(["tone", "topic"]),
        kind=st.sampled_from(sorted(FAMILIES)),
        severity=st.floats(0, 1),
        reason=st.just("because"),
        annotator=st.none() | st.integers(1, 3),
        doubt=st.none() | st.floats(0, 1),
    ),
    max_size=16,
)
FACTS = st.dictionaries(
    st.tuples(st.integers(0, 8), st.sampled_from(["tone", "topic"])),
    st.builds(
        Fact,
        annotations=st.integers(0, 5),
        labels=st.sampled_from([(), ("a",), ("b",)]),
        age=st.none() | st.floats(0, 100),
        cluster=st.none() | st.integers(0, 2),
        accepted=st.booleans(),
    ),
    max_size=12,
)
POLICIES = st.builds(
    Policy,
    importance=st.just({"tone": {"a": 0.5}}),
    age_boost=st.floats(0, 1),
    review_from=st.floats(0, 0.3),
    budget=st.none() | st.integers(0, 30),
    audit_share=st.floats(0, 1),
    annotator_cap=st.none() | st.integers(1, 3),
    label_share=st.floats(0.1, 1),
    cluster_share=st.floats(0.1, 1),
    kind_share=st.floats(0.1, 1),
)


def disputed(task: int, severity: float = 0.5, annotator: int | None = None) -> Finding:
    return Finding(task, "tone", "low_agreement", severity, "a (1), b (1).", annotator=annotator)


def test_an_empty_policy_is_the_default_and_its_keys_are_the_fields() -> None:
    assert policy_of({}) == Policy()
    assert READERS.keys() == {one.name for one in dataclasses.fields(Policy)}
    assert policy_of({"thresholds": {"certain": 0.8}}).thresholds.certain == 0.8


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"buget": 3},
            r"policy\.buget: no such key\. Accepted: 'budget', which may be what is meant, or one of: weights, ",
        ),
        ({"budget": 1.5}, r"policy\.budget: 1\.5 is refused\. Accepted: a whole number of entries a run"),
        ({"budget": True}, r"policy\.budget: True"),
        ({"audit_share": 2}, r"policy\.audit_share: 2 is refused\. Accepted: a number from 0 to 1"),
        ({"audit_share": float("nan")}, r"policy\.audit_share: nan"),
        ({"age_days": 0}, "a number of days above 0"),
        ({"age_days": float("inf")}, "a number of days above 0"),
        ({"annotator_cap": 0}, "from 1 on"),
        ({"enough": 1}, "from 2 on"),
        ({"weights": 3}, "a table: kind of finding"),
        ({"weights": {"tei": 0.5}}, r"policy\.weights\.tei: no such key\. Accepted: 'tie'"),
        ({"weights": {"tie": -1}}, r"policy\.weights\.tie: -1 is refused"),
        ({"importance": {"tone": 1}}, "a table for each control"),
        ({"importance": {"tone": {"bad": 3}}}, r"policy\.importance\.tone\.bad: 3 is refused"),
        ({"thresholds": {"sure": 1}}, r"policy\.thresholds\.sure: no such key"),
        ({"thresholds": {"certain": "high"}}, r"policy\.thresholds\.certain: 'high' is refused"),
        ({"p2_from": 0.9}, "numbers that do not"),
    ],
)
def test_what_is_wrong_is_said_with_its_key_and_what_is_accepted(given: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        policy_of(given)


def test_importance_scales_the_number_and_age_adds_to_it() -> None:
    """By hand: .5 x .4 = .2; seven days of fourteen are half of .5, of the .8 that are missing: .2."""
    policy = Policy(importance={"tone": {"a": 0.4}}, age_boost=0.5, audit_share=0)
    (item,) = rank([disputed(1)], policy, {(1, "tone"): Fact(3, ("a",), 7.0)})
    assert item.priority == pytest.approx(0.4)
    assert dict(item.parts) == pytest.approx({"low_agreement": 0.2, "age": 0.2})
    (old,) = rank([disputed(1)], policy, {(1, "tone"): Fact(3, ("a",), 700.0)})
    assert old.priority == pytest.approx(0.2 + 0.5 * 0.8), "the boost is capped"
    (nothing,) = rank([disputed(1, 0.0)], policy, {(1, "tone"): Fact(3, ("a",), 7.0)})
    assert nothing.priority == 0.0, "age alone is no reason to look"


def test_the_most_important_of_several_labels_counts() -> None:
    policy = Policy(importance={"tone": {"a": 0.1, "b": 0.6}}, audit_share=0)
    (item,) = rank([disputed(1)], policy, {(1, "tone"): Fact(3, ("a", "b"))})
    assert item.priority == pytest.approx(0.3)


def test_the_budget_takes_the_most_urgent() -> None:
    found = [disputed(task, task / 10) for task in range(1, 6)]
    assert [item.task for item in rank(found, Policy(budget=2))] == [5, 4]
    assert [item.task for item in rank(found, Policy(review_from=0.25))] == [5, 4, 3]
    assert len(rank(found, Policy(budget=0))) == 0


def test_one_annotator_does_not_fill_a_run() -> None:
    found = [disputed(task, task / 10, 7) for task in range(1, 6)] + [disputed(6, 0.05, 8)]
    queue = rank(found, Policy(annotator_cap=2))
    assert [item.task for item in queue] == [5, 4, 6]
    assert "annotator_cap" in explain(queue, 3)[1]


def test_a_label_leaves_room_for_others_while_there_are_others() -> None:
    """a is the answer to 1 to 4, which are more urgent than 5; half of a run of 2 is 1."""
    found = [disputed(task, 1 - task / 10) for task in range(1, 6)]
    facts = {(task, "tone"): Fact(3, ("b",) if task == 5 else ("a",), accepted=False) for task in range(1, 6)}
    assert [item.task for item in rank(found, Policy(budget=2, label_share=0.5), facts)] == [1, 5]
    assert [item.task for item in rank(found, Policy(budget=4, label_share=0.5), facts)] == [1, 2, 3, 5]
    grouped = {key: dataclasses.replace(fact, labels=(), cluster=4 - key[0] // 5) for key, fact in facts.items()}
    assert [item.task for item in rank(found, Policy(budget=2, cluster_share=0.5), grouped)] == [1, 5]
    mixed = [*found[:4], Finding(5, "tone", "model_conflict", 0.2, "")]
    queue = rank(mixed, Policy(budget=2, kind_share=0.5))
    assert [item.task for item in queue] == [1, 5]
    assert "same answer, group or reason" in explain(queue, 2)[1]


@settings(max_examples=up_to(40))
@given(FINDINGS, FACTS, POLICIES)
def test_every_queue_keeps_the_policy(found: list[Finding], facts: dict[tuple[int, str], Fact], policy: Policy) -> None:
    queue = rank(found, policy, facts)
    items = list(queue)
    assert len({(item.task, item.control) for item in items}) == len(items)
    keys = [(-item.priority, item.task, item.control) for item in items]
    assert keys == sorted(keys)
    assert all(0 <= item.priority <= 1 and item.band == policy.band(item.priority) for item in items)
    assert all(sum(item.parts.values()) == pytest.approx(item.priority) for item in items)
    for item in items:
        if item.action == "audit":
            assert facts[item.task, item.control].accepted
        else:
            assert item.priority >= policy.review_from
    if policy.budget is not None:
        assert len(items) <= policy.budget
        audits = sum(item.action == "audit" for item in items)
        assert audits <= int(policy.audit_share * policy.budget + 0.5)
    about = Counter(person for item in items for person in {one.annotator for one in item.findings} - {None})
    assert policy.annotator_cap is None or max(about.values(), default=0) <= policy.annotator_cap


@settings(max_examples=up_to(40))
@given(FINDINGS, FACTS, POLICIES, st.randoms(use_true_random=False))
def test_order_of_findings_and_facts_means_nothing(
    found: list[Finding], facts: dict[tuple[int, str], Fact], policy: Policy, chance: Any
) -> None:
    shuffled, other = found.copy(), list(facts.items())
    chance.shuffle(shuffled)
    chance.shuffle(other)
    assert list(rank(found, policy, facts)) == list(rank(shuffled, policy, dict(other)))


@settings(max_examples=up_to(40))
@given(FINDINGS, FACTS, POLICIES)
def test_the_number_is_the_formula(found: list[Finding], facts: dict[tuple[int, str], Fact], policy: Policy) -> None:
    """1 - product over families of (1 - the largest weight x severity), times importance; age adds to it."""
    scored = score(found, policy, facts)
    for place, (task, control) in enumerate(zip(scored.task.tolist(), scored.control.tolist(), strict=True)):
        key = (task, scored.controls[control])
        strongest: dict[str, float] = {}
        for one in found:
            if (one.task, one.control) == key:
                believed = policy.weights[one.kind] * (one.severity if one.doubt is None else one.doubt)
                family = FAMILIES[one.kind] if one.doubt is None else "people"
                strongest[family] = max(strongest.get(family, 0.0), believed)
        right = 1.0
        for believed in strongest.values():
            right *= 1 - believed
        fact = facts.get(key, Fact(0))
        worth = (0.5 if key[1] == "tone" and fact.labels == ("a",) else 1.0) * (1 - right)
        boost = policy.age_boost * min(1.0, (fact.age or 0.0) / policy.age_days) if any(strongest.values()) else 0.0
        assert scored.priority[place] == pytest.approx(worth + boost * (1 - worth), abs=1e-9)
    assert len(scored.task) == len({(one.task, one.control) for one in found})


@settings(max_examples=up_to(40))
@given(FINDINGS, FACTS, POLICIES)
def test_every_task_is_explained(found: list[Finding], facts: dict[tuple[int, str], Fact], policy: Policy) -> None:
    queue = rank(found, policy, facts)
    places = {(item.task, item.control): place for place, item in enumerate(queue, 1)}
    for task in range(10):
        for control in ("tone", "topic"):
            lines = explain(queue, task, control)
            place = places.get((task, control))
            wanted = f"place {place} of {len(queue)}" if place else "not in the queue"
            assert wanted in lines[0]
            mine = [one for one in found if (one.task, one.control) == (task, control)]
            if "audit" not in lines[0] and mine:
                assert sum("severity" in line for line in lines) == len(mine)
                assert sum("adds 0." in line or "adds 1." in line for line in lines if "severity" in line) == len(
                    {FAMILIES[one.kind] if one.doubt is None else "people" for one in mine}
                )


def test_the_whole_derivation_in_lines() -> None:
    policy = Policy(importance={"tone": {"a": 0.5}}, age_boost=0.2, budget=10, audit_share=0.1)
    facts = {(1, "tone"): Fact(2, ("a",), 7.0), (2, "tone"): Fact(3, ("a",)), (3, "tone"): Fact(1, accepted=False)}
    found = [disputed(1), Finding(1, "tone", "low_confidence", 0.4, "Only 60 % certain.")]
    queue = rank(found, policy, facts)
    assert explain(queue, 1) == [
        "task 1, control tone: place 1 of 2, priority 0.325, P2, relabel",
        "  low_agreement: severity 0.500 x weight 1.00 = 0.500, adds 0.250: a (1), b (1).",
        "  low_confidence: severity 0.400 x weight 1.00 = 0.400, adds nothing: the same evidence as low_agreement: "
        "Only 60 % certain.",
        "  the answer is wrong with probability 0.500, from what people answered",
        "  a mistake here matters 0.50 of what the most important one does: 0.250",
        "  7.0 days old adds 0.100 of what is missing to 1, 0.075: 0.325",
        "  P2, because 0.325 is at least 0.20",
        "  relabel: one more annotator answers, without seeing the other answers",
    ]
    assert explain(queue, 2)[0] == "task 2, control tone: place 2 of 2, priority 0.325, P2, audit"
    assert explain(queue, 3) == ["task 3: not in the queue: somebody ruled on it, or nobody answered it"]
    assert explain(queue, 4) == [
        "task 4: not in the queue: nothing was found on it, and the audit did not draw it",
    ]
