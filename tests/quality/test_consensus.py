"""What every consensus method promises, over the dict of all of them; counting votes by hand; choosing by the data."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import chosen
from sync.quality.consensus.classes import CLASSES, LEAST_SAID
from sync.quality.records import CodedAnswers, ControlConsensus, TaskConsensus

from ..thorough import up_to
from .answers import ABC, ROWS, SETS, Row, inferred, multiple, single, table

every_method = pytest.mark.parametrize("method", [*CLASSES, "auto"])
some = settings(max_examples=up_to(12))
FIXED = st.dictionaries(st.integers(0, 9), st.sampled_from(ABC), max_size=4)


def answers(found: ControlConsensus) -> dict[int, str]:
    return {one.task: "".join(chosen(one.answer)) for one in found.tasks}


def posterior(one: TaskConsensus) -> dict[str, float]:
    assert one.posterior is not None
    return dict(one.posterior)


def only(found: ControlConsensus) -> TaskConsensus:
    (task,) = found.tasks
    return task


@every_method
@some
@given(ROWS, FIXED)
def test_a_posterior_is_a_probability_and_the_answer_its_highest(
    method: str, rows: list[Row], fixed: dict[int, str]
) -> None:
    coded = single(rows, fixed=fixed)
    found = inferred(coded, method)
    assert tuple(one.task for one in found.tasks) == coded.tasks
    for one in found.tasks:
        assert sum(posterior(one).values()) == pytest.approx(1, abs=1e-5)
        assert all(0 < p <= 1 + 1e-12 for p in posterior(one).values())
        highest = [label for label in ABC if posterior(one).get(label, 0) >= one.confidence - 1e-9]
        assert (chosen(one.answer), one.tie) == ((highest[0],), len(highest) > 1)
        assert one.confidence == max(posterior(one).values())
        assert one.annotations == sum(task == one.task for task, _, _ in rows)


@every_method
@some
@given(ROWS, FIXED)
def test_the_quality_of_an_annotator_is_a_probability(method: str, rows: list[Row], fixed: dict[int, str]) -> None:
    coded = single(rows, fixed=fixed)
    found = inferred(coded, method)
    assert tuple(one.annotator for one in found.annotators) == coded.annotators
    for one in found.annotators:
        assert 0 <= one.quality <= 1
        assert one.annotations == sum(person == one.annotator for _, person, _ in rows)
        for row in one.confusion.values():
            assert 1 - LEAST_SAID * len(ABC) <= sum(row.values()) <= 1 + 1e-9  # what hardly occurs is left out


@every_method
@some
@given(ROWS, FIXED)
def test_a_ruling_is_the_answer_and_certain(method: str, rows: list[Row], fixed: dict[int, str]) -> None:
    found = {one.task: one for one in inferred(single(rows, fixed=fixed), method).tasks}
    for task, label in fixed.items():
        assert (chosen(found[task].answer), found[task].confidence, found[task].tie) == ((label,), 1.0, False)


@every_method
def test_rulings_teach_whom_to_trust(method: str) -> None:
    """On tasks 0 to 9 person 0 says a and person 1 says b, and somebody ruled."""
    rows = [(task, person, "ab"[person]) for task in range(10) for person in (0, 1)]
    for ruled, right in (("a", 0), ("b", 1)):
        found = inferred(single(rows, "ab", fixed=dict.fromkeys(range(9), ruled)), method)
        assert max(found.annotators, key=lambda one: one.quality).annotator == right
    taught = inferred(single(rows, "ab", fixed=dict.fromkeys(range(9), "b")), "dawid-skene")
    assert answers(taught)[9] == "b"


@every_method
@some
@given(ROWS, FIXED, st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_annotators_mean_nothing(
    method: str, rows: list[Row], fixed: dict[int, str], chance: random.Random
) -> None:
    people = list(range(5))
    chance.shuffle(people)
    other = [(task, people[person], label) for task, person, label in rows]
    chance.shuffle(other)
    left, right = inferred(single(rows, fixed=fixed), method), inferred(single(other, fixed=fixed), method)
    assert [(one.task, one.answer, one.tie) for one in left.tasks] == [
        (one.task, one.answer, one.tie) for one in right.tasks
    ]
    for one, same in zip(left.tasks, right.tasks, strict=True):
        assert posterior(one) == pytest.approx(posterior(same), abs=1e-6)


@every_method
@some
@given(ROWS, st.permutations(ABC))
def test_labels_are_only_names(method: str, rows: list[Row], order: list[str]) -> None:
    left, right = inferred(single(rows), method), inferred(single(rows, order), method)
    for one, same in zip(left.tasks, right.tasks, strict=True):
        assert one.tie == same.tie
        assert posterior(one) == pytest.approx(posterior(same), abs=1e-6)
        assert one.tie or one.answer == same.answer


@every_method
def test_a_tie_is_shared_and_goes_to_the_interfaces_first(method: str) -> None:
    one = only(inferred(single([(7, 1, "c"), (7, 2, "b")]), method))
    assert (chosen(one.answer), one.tie) == (("b",), True)
    assert posterior(one)["b"] == posterior(one)["c"] == one.confidence
    assert chosen(only(inferred(single([(7, 2, "c"), (7, 1, "b")], "cba"), method)).answer) == ("c",)


@every_method
@pytest.mark.parametrize("people", [2, 3, 4])
def test_annotators_who_cannot_be_told_apart_are_not_told_apart_by_rounding(method: str, people: int) -> None:
    """Every answer that one gives, every other gives too, on a task of its own: no side may win."""
    rng = np.random.default_rng(people)
    for labels in (2, 3, 4):
        names = "abcd"[:labels]
        rows, task = [], 0
        for base in rng.integers(labels, size=(15, people)):
            for turn in range(people):
                rows += [(task, (person + turn) % people, names[label]) for person, label in enumerate(base)]
                task += 1
        found = inferred(single(rows, names), method).tasks
        for one, turned in zip(found[::people], found[1::people], strict=True):
            assert posterior(one) == pytest.approx(posterior(turned), abs=1e-6)


@every_method
def test_one_annotator_one_label_and_nothing_at_all(method: str) -> None:
    assert inferred(single([]), method).tasks == ()
    assert inferred(single([]), method).annotators == ()
    assert answers(inferred(single(table("abca")), method)) == {0: "a", 1: "b", 2: "c", 3: "a"}
    assert answers(inferred(single(table("bbb bbb")), method)) == dict.fromkeys(range(3), "b")
    assert answers(inferred(single([], fixed={3: "c"}), method)) == {3: "c"}
    assert only(inferred(single([(1, 1, "a")], "a"), method)).confidence == 1.0


@every_method
def test_the_answer_that_chose_nothing_is_an_answer(method: str) -> None:
    nothing = multiple([(1, person, "") for person in range(3)])
    assert chosen(only(inferred(nothing, method)).answer) == ()


@pytest.mark.parametrize("method", CLASSES)
@some
@given(SETS, st.dictionaries(st.integers(0, 7), st.sampled_from(["", "a", "bc"]), max_size=3))
def test_multiple_choices_are_inferred_label_by_label(method: str, rows: list[Row], fixed: dict[int, str]) -> None:
    found = inferred(multiple(rows, fixed=fixed), method)
    name = found.method
    for place, label in enumerate(ABC):
        part = [(task, person, "y" if label in letters else "n") for task, person, letters in rows]
        alone = inferred(
            single(part, "ny", {task: "y" if label in said else "n" for task, said in fixed.items()}), name
        )
        for one, both in zip(alone.tasks, found.tasks, strict=True):
            assert posterior(both)[ABC[place]] == pytest.approx(posterior(one).get("y", 0), abs=2e-6)
    for one in found.tasks:
        assert chosen(one.answer) == tuple(label for label in ABC if posterior(one)[label] > 0.5 + 1e-9)
        assert one.confidence == pytest.approx(min(max(p, 1 - p) for p in posterior(one).values()))
        assert one.tie == any(abs(p - 0.5) <= 1e-9 for p in posterior(one).values())


def test_counting_votes_by_hand() -> None:
    """Task 0: a a b; task 1: b b b; task 2: c alone; task 3: a b c."""
    found = inferred(single(table("abca  ab.b  bb.c")), "majority")
    assert [posterior(one) for one in found.tasks] == [
        pytest.approx({"a": 2 / 3, "b": 1 / 3}),
        {"b": 1.0},
        {"c": 1.0},
        pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
    ]
    assert [(chosen(one.answer), one.tie) for one in found.tasks] == [
        (("a",), False),
        (("b",), False),
        (("c",), False),
        (("a",), True),
    ]
    assert [one.annotations for one in found.tasks] == [3, 3, 1, 3]


def test_an_annotators_confusion_under_majority_by_hand() -> None:
    """Person 0 says a, the ruling says b, and three answers of the average person, that is person 0, are added.

    Of b, that is one answer a, one b that everybody is thought to give, and a tenth of one that may be any.
    """
    (person,) = inferred(single([(1, 0, "a")], fixed={1: "b"}), "majority").annotators
    third = 0.1 / 3
    assert person.confusion["b"] == pytest.approx(
        {"a": (1 + 3 * (1 + third) / 2.1) / 4, "b": 3 * (1 + third) / 2.1 / 4, "c": 3 * third / 2.1 / 4}
    )
    assert person.quality == pytest.approx(person.confusion["b"]["b"])


def test_an_unknown_method_is_refused_by_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"'best'.*auto, majority, wawa, dawid-skene, glad, mace"):
        inferred(single([]), "best")
    assert inferred(single([]), "majority").reason == "asked for by name"


@pytest.mark.parametrize(
    ("coded", "method", "why"),
    [
        (single([]), "majority", "nobody"),
        (single(table("abc" * 20 + " " + "abc" * 20)), "majority", "fewer than three annotators"),
        (
            single([(3 * task + person, person, "a") for task in range(50) for person in range(3)]),
            "majority",
            "1.0 answers",
        ),
        (single(table("abcabc abcabc abcbbc")), "blend", "more predictable than counting"),
        (multiple([(task, person, "ab") for task in range(4) for person in range(3)]), "label-sets", "together"),
        (multiple([(task, person, "ab") for task in range(3) for person in range(3)]), "majority", "3 answers"),
    ],
)
def test_auto_chooses_by_the_data_and_says_why(coded: CodedAnswers, method: str, why: str) -> None:
    assert inferred(coded).method == method
    assert why in inferred(coded).reason
