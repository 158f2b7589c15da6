"""The consensus on regions: by hand for each kind of shape, invariants, and simulations whose truth is known."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import (
    Answer,
    Box,
    Ellipse,
    KeyFrame,
    KeyPoint,
    Number,
    Polygon,
    Region,
    Regions,
    Segment,
    Shape,
    Span,
    Track,
    Vector,
    Whole,
)
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer, methods
from sync.quality.consensus.regions.geometry import grouped_medians
from sync.quality.evidence import ControlEvidence
from sync.quality.records import ControlConsensus, TaskConsensus, Trust

from .generated import CASES, SHAPES, mask_of
from .regions import as_set

LABELS = ("a", "b", "c", "d")
CONTROL = Control("r", "RectangleLabels", ("image",), LABELS, family=Family.REGIONS)
MANY = settings(max_examples=4)

Row = tuple[int, int, Answer]


def marks(*regions: Shape | tuple[Shape, str]) -> Regions:
    """An answer of shapes labelled "a", or as said."""
    pairs = [one if isinstance(one, tuple) else (one, "a") for one in regions]
    return Regions(tuple(Region(shape, (label,)) for shape, label in pairs))


def consensus(
    rows: Sequence[Row],
    fixed: Mapping[int, Answer] | None = None,
    trust: Mapping[int, Trust] | None = None,
    method: str = "matched-regions",
    control: Control = CONTROL,
) -> ControlConsensus:
    return infer(ControlEvidence(control, encode(control, rows, fixed), trust=trust or {}), method)


def of_one_task(*answers: Answer, method: str = "matched-regions") -> TaskConsensus:
    (task,) = consensus([(1, person, answer) for person, answer in enumerate(answers)], method=method).tasks
    return task


def shapes(task: TaskConsensus) -> list[Shape]:
    assert isinstance(task.answer, Regions)
    return [region.shape for region in task.answer.regions]


SQUARE = Polygon(((0, 0), (10, 0), (10, 10), (0, 10)))
PATH = Vector(((0, 0), (10, 10)), False)
BY_HAND: Mapping[str, tuple[tuple[Shape, Shape, Shape], Shape]] = {
    "span": ((Span(0, 10), Span(0, 9), Span(1, 10)), Span(0, 10)),
    "segment": ((Segment(0, 10), Segment(0.5, 9), Segment(1, 9.5)), Segment(0.5, 9.5)),
    "box": ((Box(0, 0, 10, 10), Box(1, 0, 10, 10), Box(2, 1, 10, 10)), Box(1, 0, 10, 10)),
    "turned box": ((Box(0, 0, 9, 9, 30), Box(1, 0, 9, 9, 30), Box(2, 0, 9, 9, 30)), Box(1, 0, 9, 9, 30)),
    "ellipse": ((Ellipse(9, 9, 5, 5), Ellipse(10, 9, 6, 5), Ellipse(11, 8, 7, 5)), Ellipse(10, 9, 6, 5)),
    "turned ellipse": ((Ellipse(9, 9, 5, 4, 0), Ellipse(9.5, 9, 5, 4, 9), Ellipse(10, 9, 5, 4, 9)),) * 1
    + (Ellipse(9.5, 9, 5, 4, 9),),
    "polygon": (
        (SQUARE, Polygon(((1, 0), (10, 0), (10, 10), (0, 10))), Polygon(((5, 0), (10, 0), (10, 10), (0, 10)))),
        Polygon(((1, 0), (10, 0), (10, 10), (0, 10))),
    ),
    "mask": (
        (
            mask_of([True, True, True, False], 2),
            mask_of([True, True, False, False], 2),
            mask_of([True, False, True, False], 2),
        ),
        mask_of([True, True, True, False], 2),
    ),
    "key point": ((KeyPoint(5, 5), KeyPoint(6, 5), KeyPoint(7, 9)), KeyPoint(6, 5)),
    "vector": ((PATH, Vector(((0, 1), (10, 10)), False), Vector(((0, 2), (10, 11)), False)),) * 1
    + (Vector(((0, 1), (10, 10)), False),),
    "track": (
        (
            Track((KeyFrame(1, Box(0, 0, 10, 10)),), 9),
            Track((KeyFrame(1, Box(1, 0, 10, 10)),), 9),
            Track((KeyFrame(1, Box(2, 0, 10, 10)),), 9),
        ),
        Track((KeyFrame(1, Box(1, 0, 10, 10)),), 9),
    ),
    "whole": ((Whole(), Whole(), Whole()), Whole()),
}
"""Kind of shape -> what three annotators mark, and what lies in the middle."""


@pytest.mark.parametrize("kind", BY_HAND)
def test_a_region_is_in_the_middle_of_those_that_were_marked(kind: str) -> None:
    drawn, middle = BY_HAND[kind]
    found = of_one_task(*(marks(shape) for shape in drawn))
    assert shapes(found) == [middle]
    assert len(found.support) == 1 and found.support[0] > 0.9 and not found.tie
    assert found.confidence == found.support[0] and found.posterior is None and found.annotations == 3


def test_two_that_weigh_the_same_meet_in_the_middle_and_spans_become_longer() -> None:
    assert shapes(of_one_task(marks(Box(0, 0, 10, 10)), marks(Box(2, 0, 10, 10)))) == [Box(1, 0, 10, 10)]
    assert shapes(of_one_task(marks(Span(0, 10)), marks(Span(4, 12)))) == [Span(0, 12)]


def test_weighted_medians_of_groups() -> None:
    low, high = grouped_medians(
        np.array([1, 0, 1, 0, 1]), np.array([9.0, 2.0, 5.0, 1.0, 7.0]), np.array([1.0, 3.0, 1.0, 1.0, 1.0]), 2
    )
    assert (low.tolist(), high.tolist()) == ([2.0, 7.0], [2.0, 7.0])


def test_what_most_marked_is_there_and_what_one_of_three_marked_is_not() -> None:
    here, there = Box(0, 0, 10, 10), Box(50, 50, 10, 10)
    found = of_one_task(marks(here, there), marks(here), marks(here))
    assert shapes(found) == [here] and found.support[0] > 0.9


def test_one_of_two_is_exactly_undecided_and_left_out() -> None:
    found = of_one_task(marks(Box(0, 0, 9, 9)), marks())
    assert (shapes(found), found.support, found.tie) == ([], (), True)
    assert found.confidence == pytest.approx(0.5)


def test_by_hand_what_is_believed_beforehand() -> None:
    """One label: odds of two marks (.75 / .25)^2, of one 3, of two that saw nothing 9 against anything being there."""
    plain = Control("r", "Rectangle", ("image",), (), family=Family.REGIONS)
    one = Regions((Region(Box(0, 0, 9, 9)),))
    found = consensus([(1, 1, one), (1, 2, one), (2, 1, one), (3, 1, Regions(())), (3, 2, Regions(()))], control=plain)
    assert [task.confidence for task in found.tasks] == pytest.approx([0.9, 0.75, 0.9])
    assert all(not one.confusion for one in found.annotators)


def test_labels_are_voted_on() -> None:
    shape = Span(0, 5)
    found = of_one_task(marks((shape, "b")), marks((shape, "a")), marks((shape, "b")))
    assert found.answer == marks((shape, "b")) and 0.5 < found.support[0] < 1


def test_equally_likely_labels_are_a_tie_and_the_first_of_the_interface_is_given() -> None:
    shape = Span(0, 5)
    found = of_one_task(marks((shape, "c")), marks((shape, "b")))
    assert found.answer == marks((shape, "b")) and found.tie and found.support[0] < 0.5


def test_a_cluster_has_one_region_of_each_annotator() -> None:
    """Two overlapping boxes of one annotator stay two, each with the other's that is most like it."""
    one, other = marks(Box(0, 0, 10, 10), Box(3, 0, 10, 10)), marks(Box(0, 1, 10, 10), Box(4, 0, 10, 10))
    assert shapes(of_one_task(one, other)) == [Box(0, 0.5, 10, 10), Box(3.5, 0, 10, 10)]


def test_equal_labels_are_joined_before_others() -> None:
    shape = Box(0, 0, 10, 10)
    both = marks((shape, "a"), (shape, "b"))
    found = of_one_task(both, both, both)
    assert isinstance(found.answer, Regions) and set(found.answer.regions) == set(both.regions)


def test_regions_on_different_surfaces_are_apart() -> None:
    one, other = Regions((Region(Span(0, 4), ("a",), "1"),)), Regions((Region(Span(0, 4), ("a",), "2"),))
    assert shapes(of_one_task(one, one, one, other)) == [Span(0, 4)]


def test_what_an_answer_marks_twice_counts_once() -> None:
    shape = Polygon(((0, 0), (9, 0), (0, 9)))
    twice = Regions((Region(shape, ("a", "b")), Region(shape, ("b", "a"))))
    assert len(shapes(of_one_task(twice, twice))) == 1
    assert of_one_task(twice).confidence == of_one_task(Regions(twice.regions[:1])).confidence


def test_a_ruling_overrides_and_teaches() -> None:
    """Two annotators differ everywhere; rulings on ten tasks side with the first."""
    box = Box(0, 0, 9, 9)
    rows = [row for task in range(12) for row in ((task, 1, marks(box)), (task, 2, marks()))]
    truth = marks((Box(1, 1, 9, 9), "b"))
    ruled = consensus(rows, {**dict.fromkeys(range(10), marks(box)), 10: truth})
    assert (ruled.tasks[10].answer, ruled.tasks[10].confidence, ruled.tasks[10].support) == (truth, 1.0, (1.0,))
    assert ruled.tasks[11].answer == marks(box) and not ruled.tasks[11].tie
    assert shapes(consensus(rows).tasks[11]) == []
    first, second = ruled.annotators
    assert first.quality > second.quality + 0.3


def test_who_is_trusted_beforehand_decides_where_nothing_was_learned() -> None:
    box = marks(Box(0, 0, 9, 9))
    for expert, regions in ((1, 1), (2, 0)):
        found = consensus([(1, 1, box), (1, 2, marks())], trust={expert: Trust(0.95, 20)})
        assert len(shapes(found.tasks[0])) == regions and not found.tasks[0].tie


def crowd(
    rng: np.random.Generator, tasks: int, recall: Sequence[float], invents: float, noise: float = 0.0
) -> tuple[list[Row], dict[int, set[int]]]:
    """Five places a task, each a box or not; annotators miss some, invent some, and are off by ``noise`` pixels."""
    rows: list[Row] = []
    truth = {}
    for task in range(tasks):
        truth[task] = set(np.flatnonzero(rng.random(5) < 0.6).tolist())
        for person, rate in enumerate(recall):
            seen = [at for at in range(5) if rng.random() < (rate if at in truth[task] else invents)]
            corners = [(100 * at + rng.normal(0, noise), rng.normal(0, noise)) for at in seen]
            rows.append((task, person, marks(*(Box(x, y, 40, 40) for x, y in corners))))
    return rows, truth


def places(answer: Answer) -> set[int]:
    assert isinstance(answer, Regions)
    return {round(region.shape.x / 100) for region in answer.regions if isinstance(region.shape, Box)}


def f1(answers: Mapping[int, Answer], truth: Mapping[int, set[int]]) -> float:
    hits = sum(len(places(answer) & truth[task]) for task, answer in answers.items())
    return 2 * hits / sum(len(places(answer)) + len(truth[task]) for task, answer in answers.items())


def test_where_people_miss_a_lot_and_invent_little_one_mark_is_enough() -> None:
    rows, truth = crowd(np.random.default_rng(1), 300, [0.5, 0.4, 0.4, 0.4], 0.01)
    found = consensus(rows)
    counted = {
        task: marks(*(Box(100 * at, 0, 40, 40) for at in range(5) if sum(at in places(r[2]) for r in own) >= 2))
        for task, own in ((task, [row for row in rows if row[0] == task]) for task in truth)
    }
    ours = f1({task.task: task.answer for task in found.tasks}, truth)
    assert ours > f1(counted, truth) + 0.1
    assert ours > max(f1({r[0]: r[2] for r in rows if r[1] == person}, truth) for person in range(4)) + 0.1


def test_where_people_invent_a_lot_one_mark_is_not_enough() -> None:
    rows, truth = crowd(np.random.default_rng(2), 300, [0.9, 0.9, 0.9, 0.9], 0.25)
    found = consensus(rows)
    assert f1({task.task: task.answer for task in found.tasks}, truth) > 0.93
    assert all(one.low <= one.quality <= one.high for one in found.annotators)


def test_the_consensus_box_is_nearer_to_the_truth_than_each_annotator() -> None:
    rows, _ = crowd(np.random.default_rng(3), 100, [1.0] * 5, 0.0, noise=3.0)

    def off(answers: Sequence[Answer]) -> float:
        boxes = [one.shape for answer in answers if isinstance(answer, Regions) for one in answer.regions]
        return float(np.mean([abs(box.x - 100 * round(box.x / 100)) for box in boxes if isinstance(box, Box)]))

    ours = off([task.answer for task in consensus(rows).tasks])
    assert ours < 0.7 * min(off([row[2] for row in rows if row[1] == person]) for person in range(5))


def test_who_is_usually_exact_decides_where_a_point_is() -> None:
    rng = np.random.default_rng(5)
    off = rng.normal(0, 1, (60, 3, 2)) * np.array([0.05, 1.5, 1.5])[None, :, None]
    points = [[KeyPoint(50 + float(x), 50 + float(y)) for x, y in own] for own in off]
    rows = [(task, person, marks(point)) for task, own in enumerate(points) for person, point in enumerate(own)]
    made = [shapes(task)[0] for task in consensus(rows).tasks]
    ours = np.mean([math.hypot(one.x - 50, one.y - 50) for one in made if isinstance(one, KeyPoint)])
    assert len(made) == 60
    assert ours < 0.5 * np.mean(np.hypot(*np.median(off, axis=1).T))


def test_confidence_is_about_the_share_that_is_right() -> None:
    rows, truth = crowd(np.random.default_rng(4), 500, [0.8, 0.7, 0.6], 0.15)
    found = consensus(rows)
    right = [
        (p, at in truth[task.task])
        for task in found.tasks
        for p, at in zip(task.support, sorted(places(task.answer)), strict=True)
    ]
    assert np.mean([p for p, _ in right]) == pytest.approx(np.mean([hit for _, hit in right]), abs=0.08)


@pytest.mark.parametrize("name", SHAPES)
@MANY
@given(st.data())
def test_the_consensus_of_one_is_that_one(name: str, data: st.DataObject) -> None:
    answer = data.draw(CASES[name].answers)
    assert isinstance(answer, Regions)
    found = of_one_task(answer)
    assert as_set(found.answer) == as_set(answer)
    assert 0.5 < found.confidence < 1


@pytest.mark.parametrize("name", SHAPES)
@MANY
@given(st.data())
def test_what_all_say_is_returned_as_it_is(name: str, data: st.DataObject) -> None:
    answer = data.draw(CASES[name].answers)
    assert isinstance(answer, Regions)
    found = of_one_task(*[answer] * 3)
    assert as_set(found.answer) == as_set(answer)
    assert found.confidence > 0.9 and not found.tie


@pytest.mark.parametrize("name", SHAPES)
@MANY
@given(st.data())
def test_the_order_of_rows_and_annotators_means_nothing(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    cells = [(task, person) for task in range(3) for person in range(4)]
    rows = [(*cell, data.draw(case.answers)) for cell in data.draw(st.lists(st.sampled_from(cells), unique=True))]
    names = data.draw(st.permutations(range(4)))
    turned = [(task, names[person], answer) for task, person, answer in data.draw(st.permutations(rows))]
    one, other = consensus(rows), consensus(turned)
    for task, same in zip(one.tasks, other.tasks, strict=True):
        assert (task.answer, task.tie) == (same.answer, same.tie)
        assert task.support == pytest.approx(same.support, abs=1e-6)
        assert len(task.support) == len(shapes(task))
        assert all(math.isfinite(p) and 0 <= p <= 1 for p in (task.confidence, *task.support))
    qualities = {names[person.annotator]: person.quality for person in one.annotators}
    assert qualities == pytest.approx({person.annotator: person.quality for person in other.annotators}, abs=1e-6)


def test_degenerate_evidence_is_defined() -> None:
    assert consensus([]).tasks == ()
    ruled = consensus([], {4: marks(Span(0, 2))})
    assert (ruled.tasks[0].answer, ruled.tasks[0].annotations, ruled.annotators) == (marks(Span(0, 2)), 0, ())
    empty = consensus([(task, person, marks()) for task in range(4) for person in range(3)])
    assert all(task.answer == marks() and 0.9 < task.confidence < 1 and not task.tie for task in empty.tasks)
    assert all(0 < one.low <= one.quality <= one.high < 1 for one in empty.annotators)
    apart = consensus([(person, person, marks(Span(0, 3))) for person in range(5)])
    assert all(len(shapes(task)) == 1 and task.confidence == pytest.approx(0.75) for task in apart.tasks)


def test_thousands_of_regions_in_one_task() -> None:
    spans = [Span(10 * place, 10 * place + 7) for place in range(4000)]
    found = of_one_task(marks(*spans), marks(*spans), marks(*spans[::2]))
    assert shapes(found) == spans


def test_answers_of_another_kind_are_refused() -> None:
    coded = encode(Control("n", "Number", ("t",), family=Family.NUMBER), [(1, 1, Number(3))])
    with pytest.raises(TypeError, match="Number marks no regions"):
        infer(ControlEvidence(CONTROL, coded), "matched-regions")


def test_every_method_is_listed() -> None:
    assert {"matched-regions"} <= set(methods(CONTROL))
    with pytest.raises(ValueError, match="matched-regions"):
        consensus([], method="vote")


def test_a_chain_of_overlaps_is_no_single_region() -> None:
    """Each is half on the next; annotators with two of them keep them apart."""
    steps = [Segment(at, at + 6) for at in range(0, 12, 2)]
    rows = [marks(*steps[first::3]) for first in range(3)]
    assert all(len(shapes(of_one_task(*order))) == 2 for order in itertools.permutations(rows))
