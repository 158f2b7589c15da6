"""What every method of every family promises, on generated answers to every kind of control."""

import itertools
import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Answer, Regions, Span
from label_config.model import Family
from sync.quality.coded_answers import Row, encode
from sync.quality.consensus import CONSENSUS, infer, methods
from sync.quality.consensus.classes import CLASSES
from sync.quality.evidence import ControlEvidence
from sync.quality.records import ControlConsensus, TaskConsensus

from .generated import CASES, Case


def suits(name: str, case: Case, method: str) -> bool:
    """Whether a method is there not what another one is elsewhere.

    Class methods do to several labels, paths and stars what they do to one label (test_consensus): one stands for all.
    Only spans of text have a method of their own beside what all regions have.
    """
    if case.control.family == Family.REGIONS and method in ("token-dawid-skene", "auto"):
        return name in ("spans", "masks" if method == "auto" else "segments")
    return name == "single choice" or method == "dawid-skene" or method not in CLASSES


EVERY = [
    (name, method)
    for name, case in CASES.items()
    for method in (*methods(case.control), "auto")
    if (method != "auto" or len(methods(case.control)) > 1) and suits(name, case, method)
]
every_method = pytest.mark.parametrize(("name", "method"), EVERY)
few = settings(max_examples=3)


def inferred(case: Case, rows: list[Row], method: str, fixed: dict[int, Answer] | None = None) -> ControlConsensus:
    return infer(ControlEvidence(case.control, encode(case.control, rows, fixed)), method)


def rows_of(case: Case) -> st.SearchStrategy[list[Row]]:
    cells = st.tuples(st.integers(0, 4), st.integers(0, 3), case.answers)
    return st.lists(cells, max_size=12, unique_by=lambda row: row[:2])


def numbers(found: ControlConsensus) -> Iterator[float]:
    """Every number of a consensus that is a probability."""
    for task in found.tasks:
        yield task.confidence
        yield from task.support
        yield from (task.posterior or {}).values()
    for person in found.annotators:
        yield from (person.quality, person.low, person.high)
        for row in person.confusion.values():
            yield from row.values()


def close(one: TaskConsensus, other: TaskConsensus) -> bool:
    same = (one.task, one.answer, one.tie, one.annotations) == (other.task, other.answer, other.tie, other.annotations)
    return same and one.confidence == pytest.approx(other.confidence, abs=1e-6)


def content(answer: Answer) -> object:
    """What an answer says: regions have no order, and one that is marked twice is one."""
    return frozenset(answer.regions) if isinstance(answer, Regions) else answer


def cut_apart(answer: Answer) -> bool:
    """Whether none of its spans touches another: what a sequence of tags can say."""
    spans = [(one.where, one.shape) for one in answer.regions] if isinstance(answer, Regions) else []
    return not any(
        here == there
        and isinstance(left, Span)
        and isinstance(right, Span)
        and left.start < right.end
        and right.start < left.end
        for (here, left), (there, right) in itertools.combinations(spans, 2)
    )


def test_every_family_has_a_method() -> None:
    assert set(CONSENSUS) == set(Family)
    assert all(CONSENSUS.values())


@every_method
@few
@given(data=st.data())
def test_whatever_was_answered_there_is_a_defined_result(name: str, method: str, data: st.DataObject) -> None:
    case = CASES[name]
    rows = data.draw(rows_of(case))
    fixed = data.draw(st.dictionaries(st.integers(0, 5), case.answers, max_size=2))
    found = inferred(case, rows, method, fixed)
    assert [one.task for one in found.tasks] == sorted({task for task, _, _ in rows} | set(fixed))
    assert [one.annotator for one in found.annotators] == sorted({person for _, person, _ in rows})
    assert all(0 <= number <= 1 + 1e-12 for number in numbers(found))
    assert all(one.low <= one.quality <= one.high for one in found.annotators)
    for one in found.tasks:
        assert one.annotations == sum(task == one.task for task, _, _ in rows)
        assert one.interval is None or (all(map(math.isfinite, one.interval)) and one.interval[0] <= one.interval[1])
        if one.task in fixed:
            assert (one.answer, one.confidence, one.tie) == (fixed[one.task], 1.0, False)


@every_method
@few
@given(data=st.data())
def test_what_all_say_is_the_answer(name: str, method: str, data: st.DataObject) -> None:
    case = CASES[name]
    possible = case.answers.filter(cut_apart) if method in ("token-dawid-skene", "auto") else case.answers
    said = data.draw(st.lists(possible, min_size=1, max_size=4))
    found = inferred(case, [(task, person, answer) for task, answer in enumerate(said) for person in range(3)], method)
    assert [(content(one.answer), one.tie) for one in found.tasks] == [(content(answer), False) for answer in said]


@every_method
@few
@given(data=st.data())
def test_what_one_says_alone_is_the_answer(name: str, method: str, data: st.DataObject) -> None:
    case = CASES[name]
    possible = case.answers.filter(cut_apart) if method in ("token-dawid-skene", "auto") else case.answers
    said = data.draw(st.lists(possible, min_size=1, max_size=4))
    found = inferred(case, [(task, 7, answer) for task, answer in enumerate(said)], method)
    assert [(content(one.answer), one.tie) for one in found.tasks] == [(content(answer), False) for answer in said]
    assert [(one.low, one.high) for one in found.annotators] == [(0, 1)], "nothing shows how reliable they are"


@every_method
@few
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_annotators_mean_nothing(
    name: str, method: str, data: st.DataObject, chance: random.Random
) -> None:
    case = CASES[name]
    rows = data.draw(rows_of(case))
    people = list(range(4))
    chance.shuffle(people)
    other = [(task, people[person], answer) for task, person, answer in rows]
    chance.shuffle(other)
    left, right = inferred(case, rows, method), inferred(case, other, method)
    assert all(map(close, left.tasks, right.tasks))
    quality = {one.annotator: one.quality for one in right.annotators}
    assert all(one.quality == pytest.approx(quality[people[one.annotator]], abs=1e-6) for one in left.annotators)


@every_method
def test_without_any_answer_there_is_none(name: str, method: str) -> None:
    found = inferred(CASES[name], [], method)
    assert (found.tasks, found.annotators) == ((), ())
