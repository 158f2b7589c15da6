"""Rules that users write: each check by hand, what is refused and how it is said, and the findings."""

import time
from typing import Any

import pytest

from label_config.answers import (
    Answer,
    Box,
    Choices,
    Message,
    Number,
    Part,
    PerRegion,
    Region,
    Regions,
    Span,
    Taxonomy,
    Text,
)
from label_config.answers import Chat as Talk
from label_config.parse import parse as interface
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence
from sync.quality.findings import Case
from sync.quality.findings.rules import rule_violation
from sync.quality.records import ControlConsensus, TaskConsensus
from sync.quality.rules import CHECKS, RuleError, parse, violations
from sync.quality.rules.patterns import LONGEST_TEXT, compiled
from sync.quality.submissions import Submission, concluded, submissions, with_answer

CONFIG = interface(
    """<View>
  <Text name="text" value="$text"/><Image name="image" value="$image"/>
  <Choices name="tone" toName="text"><Choice value="good"/><Choice value="bad"/><Choice value="none"/></Choices>
  <Choices name="topics" toName="text" choice="multiple"><Choice value="food"/><Choice value="price"/></Choices>
  <TextArea name="why" toName="text"/>
  <Labels name="ner" toName="text"><Label value="PER"/><Label value="LOC"/></Labels>
  <RectangleLabels name="box" toName="image"><Label value="car"/><Label value="bus"/></RectangleLabels>
  <Number name="age" toName="text"/>
  <Rating name="stars" toName="text"/>
  <Taxonomy name="kind" toName="text"><Choice value="animal"><Choice value="cat"/></Choice></Taxonomy>
  <DateTime name="when" toName="text"/>
</View>"""
)
SHOWN = {"text": "Ada met Bob in Rome.", "image": "https://host/1.png"}


def rule(**keys: Any) -> dict[str, Any]:
    return {"name": "r", **keys}


def broken(written: dict[str, Any], answers: dict[str, Answer]) -> str | None:
    """The words of the fact that breaks a rule, null where it holds."""
    found = list(violations(parse([written], CONFIG), [Submission(1, 7, answers)], {1: SHOWN}))
    return found[0].fact.words if found else None


def marked(*spans: tuple[int, int, str]) -> Regions:
    return Regions(tuple(Region(Span(start, end), (label,)) for start, end, label in spans))


WHY = Text(("because it is good",))
GOOD, BAD = Choices(("good",)), Choices(("bad",))
PEOPLE = marked((0, 3, "PER"), (8, 11, "PER"))
SPACED = marked((0, 4, "PER"))


@pytest.mark.parametrize(
    ("keys", "answers", "fact"),
    [
        ({"check": "matches", "control": "why", "pattern": "^[a-z ]+$"}, {"why": WHY}, None),
        (
            {"check": "matches", "control": "why", "pattern": "^[a-z ]+$"},
            {"why": Text(("Yes",))},
            "'Yes' does not match ^[a-z ]+$",
        ),
        ({"check": "matches_not", "control": "why", "pattern": r"https?://"}, {"why": WHY}, None),
        (
            {"check": "matches_not", "control": "why", "pattern": "good"},
            {"why": WHY},
            "'because it is good' matches good",
        ),
        ({"check": "matches_not", "control": "ner", "of": "spans", "pattern": r"^\s|\s$"}, {"ner": PEOPLE}, None),
        (
            {"check": "matches_not", "control": "ner", "of": "spans", "pattern": r"^\s|\s$"},
            {"ner": SPACED},
            r"'Ada ' matches ^\s|\s$",
        ),
        (
            {"check": "matches_not", "control": "box", "pattern": "bus"},
            {"box": Regions((Region(Box(0, 0, 1, 1), ("bus",)),))},
            "'bus' matches bus",
        ),
        ({"check": "matches", "control": "kind", "pattern": "cat"}, {"kind": Taxonomy((("cat",),))}, None),
        ({"check": "length", "control": "why", "of": "words", "min": 4}, {"why": WHY}, None),
        (
            {"check": "length", "control": "why", "of": "words", "min": 5},
            {"why": WHY},
            "there are 4 words, and at least 5 wanted",
        ),
        (
            {"check": "length", "control": "why", "max": 10},
            {"why": WHY},
            "there are 18 characters, and at most 10 wanted",
        ),
        (
            {"check": "length", "control": "ner", "min": 1, "max": 1},
            {"ner": PEOPLE},
            "there are 2 regions, and at most 1 wanted",
        ),
        ({"check": "length", "control": "ner", "of": "labels", "max": 1}, {"ner": PEOPLE}, None),
        (
            {"check": "length", "control": "topics", "max": 1},
            {"topics": Choices(("food", "price"))},
            "there are 2 labels, and at most 1 wanted",
        ),
        ({"check": "length", "control": "kind", "max": 1}, {"kind": Taxonomy((("animal", "cat"),))}, None),
        ({"check": "range", "control": "age", "min": 0, "max": 120}, {"age": Number(120)}, None),
        (
            {"check": "range", "control": "age", "min": 0, "max": 120},
            {"age": Number(121)},
            "there are 121, and at most 120 wanted",
        ),
        ({"check": "range", "control": "stars", "min": 2}, {"stars": Number(1)}, "there are 1, and at least 2 wanted"),
        ({"check": "together", "control": "topics", "labels": ["food", "price"]}, {"topics": Choices(("food",))}, None),
        (
            {"check": "together", "control": "topics", "labels": ["food", "price"]},
            {"topics": Choices(("food", "price"))},
            "'food' and 'price' stand together in topics",
        ),
        (
            {
                "check": "together",
                "control": "tone",
                "labels": ["none"],
                "other_control": "topics",
                "other_labels": ["food"],
            },
            {"tone": Choices(("none",)), "topics": Choices(("food",))},
            "tone is 'none' while topics is 'food'",
        ),
        (
            {
                "check": "together",
                "control": "tone",
                "labels": ["none"],
                "other_control": "topics",
                "other_labels": ["food"],
            },
            {"tone": GOOD, "topics": Choices(("food",))},
            None,
        ),
        ({"check": "required", "control": "why"}, {"tone": GOOD}, "why was not answered"),
        ({"check": "required", "control": "why"}, {"why": Text(("",))}, "why was not answered"),
        ({"check": "required", "control": "why"}, {"why": WHY}, None),
        ({"check": "required", "control": "age"}, {"age": Number(0)}, None),
        (
            {"check": "required", "control": "why", "other_control": "tone", "other_labels": ["bad"]},
            {"tone": BAD},
            "why was not answered while tone is 'bad'",
        ),
        (
            {"check": "required", "control": "why", "other_control": "tone", "other_labels": ["bad"]},
            {"tone": GOOD},
            None,
        ),
        (
            {"check": "required", "control": "why", "other_control": "tone"},
            {"tone": GOOD},
            "why was not answered while tone is answered",
        ),
        ({"check": "required", "control": "why", "other_control": "tone"}, {"ner": PEOPLE}, None),
    ],
)
def test_a_check_says_what_breaks_it(keys: dict[str, Any], answers: dict[str, Answer], fact: str | None) -> None:
    assert broken(rule(**keys), answers) == fact


def test_every_check_is_tried_above() -> None:
    assert set(CHECKS) == {"matches", "matches_not", "length", "range", "together", "required"}


@pytest.mark.parametrize("name", sorted(set(CHECKS) - {"required"}))
def test_who_did_not_answer_breaks_only_what_is_required(name: str) -> None:
    every: dict[str, dict[str, Any]] = {
        "matches": {"control": "why", "pattern": "x"},
        "matches_not": {"control": "why", "pattern": "x"},
        "length": {"control": "why", "min": 1},
        "range": {"control": "age", "min": 1},
        "together": {"control": "topics", "labels": ["food", "price"]},
    }
    assert broken(rule(check=name, **every[name]), {}) is None


def test_answers_about_regions_and_conversations_are_checked_part_by_part() -> None:
    config = interface(
        '<View><Image name="i" value="$i"/><Rectangle name="b" toName="i"/>'
        '<Number name="size" toName="i" perRegion="true"/><Chat name="c" value="$c"/></View>'
    )
    (size,) = parse([rule(check="range", control="size", max=3)], config)
    places = [Region(Box(at, 0, 1, 1)) for at in range(3)]
    said = PerRegion((Part(places[0], Number(2)), Part(places[1], None), Part(places[2], Number(5))))
    (found,) = violations([size], [Submission(1, 7, {"size": said})], {})
    assert found.fact.numbers == {"found": 5.0, "bound": 3.0}
    (polite,) = parse([rule(check="matches_not", control="c", pattern="(?i)damn")], config)
    talk = Talk((Message("user", "Hi"), Message("assistant", "DAMN you")))
    assert [one.submission.task for one in violations([polite], [Submission(4, None, {"c": talk})], {})] == [4]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"check": "lenght", "control": "why"}, "rule 1 ('r'): no check is named 'lenght'; there are: matches,"),
        ({"control": "why"}, "rule 1 ('r'): check is missing; give one of: matches,"),
        ({"check": "length"}, "rule 1 ('r'): control is missing; give the name of a control: "),
        ({"check": "length", "control": "wy", "min": 1}, "control is 'wy', which the labeling interface does not have"),
        ({"check": "length", "control": "why"}, "neither min nor max is given"),
        ({"check": "length", "control": "why", "min": 3, "max": 2}, "min is 3 and max 2; no answer is both"),
        ({"check": "length", "control": "why", "min": "3"}, "min is '3'; give a number"),
        ({"check": "length", "control": "why", "min": True}, "min is True; give a number"),
        ({"check": "length", "control": "age", "min": 1}, "'age' is a Number, which has no length"),
        ({"check": "length", "control": "why", "of": "labels", "min": 1}, "of is 'labels'; give one of: characters"),
        (
            {"check": "length", "control": "why", "min": 1, "mx": 3},
            "the key 'mx' means nothing to this check; it takes",
        ),
        ({"check": "range", "control": "why", "min": 1}, "'why' is a TextArea, no Number and no Rating"),
        ({"check": "matches", "control": "why"}, "pattern is missing"),
        ({"check": "matches", "control": "why", "pattern": "("}, "it is no regular expression (missing ), "),
        ({"check": "matches", "control": "why", "pattern": "(a+)+"}, "it repeats a group that repeats something"),
        ({"check": "matches", "control": "tone", "of": "text", "pattern": "a"}, "where nothing is typed; try 'labels'"),
        ({"check": "matches", "control": "why", "of": "labels", "pattern": "a"}, "which has none; try 'text'"),
        ({"check": "matches", "control": "box", "of": "spans", "pattern": "a"}, "does not mark spans of a Text"),
        ({"check": "together", "control": "topics", "labels": ["food"]}, "labels has one label; name two"),
        ({"check": "together", "control": "topics", "labels": "food"}, "labels is 'food'; give a list of labels"),
        ({"check": "together", "control": "topics", "labels": ["food", "pice"]}, "labels names 'pice', which 'topics'"),
        ({"check": "required", "control": "why", "severity": 2}, "severity is 2.0; give a number above 0"),
        ({"check": "required", "control": "why", "other_labels": ["a"]}, "the key 'other_labels' means nothing"),
        ({"check": "required", "control": "why", "message": ""}, "message is ''; give a text that is not empty"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_with_what_to_do(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(RuleError) as error:
        parse([rule(**keys)], CONFIG)
    assert said in str(error.value)


def test_two_rules_of_one_name_are_refused() -> None:
    one = rule(check="required", control="why")
    with pytest.raises(RuleError, match="rule 2: 'r' is the name of an earlier rule too"):
        parse([one, one], CONFIG)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a*)*b",
        "((a)+)+$",
        "(?:a|a)*$",
        "(a|ab)*c",
        r"(\w|x)+!",
        "(.|a)*b",
        "(a?b?)*c",
        "([a-z]+)*1",
        "(x{1,9})+y",
        r"(a)\1*",
        r"(?P<q>a)(?P=q)+",
        "(a{2,}){12}$",
        "a" * 501,
    ],
)
def test_patterns_that_could_take_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^it (repeats|refers|has 501)"):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\s|\s$",
        r"\(a+\)+",
        "[(a+)]+",
        "(ab|cd)+",
        r"(\d{3},)*\d{3}",
        "^(?i:yes|no)$",
        "(?i)a+b?",
        r"\\1",
        "a{2}b*?c+",
        "[]a]+",
        "(?#(a+)b",
    ],
)
def test_patterns_that_go_straight_on_are_taken(pattern: str) -> None:
    assert compiled(pattern).pattern == pattern


def test_a_pattern_that_is_taken_ends_soon_on_the_longest_text() -> None:
    began = time.process_time()
    for pattern in (r"^(ab|cd)*$", r"\w+\s\w+!", "a+b"):
        compiled(pattern).search("ab" * (LONGEST_TEXT // 2))
    assert time.process_time() - began < 5


def test_only_the_beginning_of_a_text_is_matched() -> None:
    late = Text(("x" * LONGEST_TEXT + "BAD",))
    assert broken(rule(check="matches_not", control="why", pattern="BAD"), {"why": late}) is None
    assert broken(rule(check="matches_not", control="why", pattern="x"), {"why": late}) == f"'{'x' * 60}...' matches x"


# Findings


def case(written: list[dict[str, Any]], control: str = "tone") -> Case:
    """Task 1: two people say why they find it bad, one does not; task 2 is ruled."""
    tone, why = CONFIG.control("tone"), CONFIG.control("why")
    tones = [(1, 10, BAD), (1, 11, BAD), (1, 12, BAD), (2, 10, BAD)]
    reasons: list[tuple[int, int, Answer]] = [(1, 10, WHY), (1, 11, WHY)]
    evidence = [
        ControlEvidence(tone, encode(tone, tones, {2: GOOD})),
        ControlEvidence(why, encode(why, reasons, {2: WHY})),
    ]
    known = [
        ControlConsensus(name, "", "", (TaskConsensus(1, answer, 0.9, None, 3),), ())
        for name, answer in (("tone", BAD), ("why", WHY))
    ]
    place = [one.control.name for one in evidence].index(control)
    said = submissions(evidence) + concluded(known)
    return Case(evidence[place], known[place], {}, data={1: SHOWN}, rules=parse(written, CONFIG), submissions=said)


REASONED = rule(
    check="required", control="why", other_control="tone", other_labels=["bad"], message="Say why.", severity=0.6
)


def test_a_finding_names_the_rule_the_fact_and_whose_annotation_it_is() -> None:
    (found,) = rule_violation(case([REASONED], "why"))
    assert (found.task, found.control, found.kind, found.annotator) == (1, "why", "rule_violation", 12)
    assert found.reason == "One annotation breaks the rule 'r': why was not answered while tone is 'bad'. Say why."
    assert found.severity == 0.3, "the consensus keeps the rule: half"
    assert found.numbers == {"severity": 0.6, "answers": 0.0}
    assert rule_violation(case([REASONED], "tone")) == [], "found on the control that the rule names"


def test_a_consensus_that_breaks_a_rule_is_found_too() -> None:
    found = rule_violation(case([rule(check="matches_not", control="why", pattern="good")], "why"))
    assert [(one.task, one.annotator, one.severity) for one in found] == [(1, 10, 0.8), (1, 11, 0.8), (1, None, 0.8)]
    assert found[2].reason.startswith("The probable answer breaks the rule 'r': 'because it is good' matches good.")


def test_submissions_hold_the_answers_of_one_person_to_all_controls() -> None:
    said = {(one.task, one.annotator): one.answers for one in case([], "tone").submissions}
    assert said[1, 10] == {"tone": BAD, "why": WHY}
    assert said[1, 12] == {"tone": BAD}
    assert said[1, None] == {"tone": BAD, "why": WHY}
    one = Submission(1, 10, {"tone": BAD})
    assert with_answer(one, "tone", GOOD).answers == {"tone": GOOD}
    assert one.answers == {"tone": BAD}
