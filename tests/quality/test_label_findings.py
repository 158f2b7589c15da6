"""Wrong labels and outliers planted into clean answers of every family are found, with what should stand there."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.planted import SLOW
from benchmarks.planted import WORLDS as ALL_WORLDS
from benchmarks.planted_worlds import World, same, words
from label_config.answers import Answer, Box, Choices, Mask, Moment, Number, Region, Regions, Span, Text
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.findings import Case
from sync.quality.findings.dissent import against_others
from sync.quality.findings.labels import label_error, model_conflict
from sync.quality.findings.outliers import outlier
from sync.quality.records import Finding, Opinion

from ..thorough import up_to
from .generated import CASES

TASKS, PLANTED = 100, 20
# A star more or less than two others gave is an error too, and nobody planted it.
WORLDS = {
    **{name: world for name, world in ALL_WORLDS.items() if name not in SLOW},
    "rating": dataclasses.replace(ALL_WORLDS["rating"], again=same),
}
every_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS.keys())


def control_of(family: Family, tag: str = "X") -> Control:
    return Control("c", tag, ("t",), ("a", "b", "c", "d"), family=family)


def case_of(
    control: Control, rows: list[tuple[int, int, Answer]], opinions: Mapping[int, Opinion] | None = None
) -> Case:
    said = ControlEvidence(control, encode(control, rows), opinions=opinions or {})
    return Case(said, infer(said), {})


def with_model(world: World, seed: int) -> tuple[Case, set[int]]:
    """One answer a task; the model is right on nine tenths, and less sure where it is wrong or lucky.

    20 answers are wrong, on tasks on which the model is right.
    """
    rng = np.random.default_rng(seed)
    truths = {task: world.truth(rng) for task in range(TASKS)}
    unsure = set(rng.choice(TASKS, size=TASKS // 5, replace=False).tolist())
    off = set(list(unsure)[::2])
    planted = set(rng.choice(sorted(set(range(TASKS)) - unsure), size=PLANTED, replace=False).tolist())
    rows: list[tuple[int, int, Answer]] = []
    opinions = {}
    for task, truth in truths.items():
        given = world.again(rng, truth)
        rows.append((task, task % 3, world.wrong(rng, given) if task in planted else given))
        confidence = float(rng.uniform(0.4, 0.6) if task in unsure else rng.uniform(0.95, 1.0))
        thinks = world.wrong(rng, truth) if task in off else truth
        opinions[task] = Opinion(thinks, confidence=confidence)
    return case_of(world.control, rows, opinions), planted


def recall_and_precision(found: set[int], planted: set[int]) -> tuple[float, float]:
    return len(found & planted) / len(planted), len(found & planted) / max(len(found), 1)


@every_world
def test_wrong_labels_are_found_and_contradicted_by_a_model_that_is_right_on_nine_tenths(world: World) -> None:
    case, planted = with_model(world, 1)
    found = label_error(case)
    recall, precision = recall_and_precision({one.task for one in found}, planted)
    assert recall >= 0.9
    assert precision >= 0.7
    for one in found:
        assert one.annotator == one.task % 3
        assert one.correction is not None
        assert 0.5 <= one.severity <= 1
    recall, precision = recall_and_precision({one.task for one in model_conflict(case)}, planted)
    assert recall >= 0.9
    assert precision >= 0.7


@every_world
def test_one_who_stands_against_all_others_is_found_without_a_model(world: World) -> None:
    rng = np.random.default_rng(3)
    planted = {int(task): int(rng.integers(3)) for task in rng.choice(TASKS, size=PLANTED, replace=False)}
    rows: list[tuple[int, int, Answer]] = []
    for task in range(TASKS):
        truth = world.truth(rng)
        for person in range(3):
            said = world.again(rng, truth)
            rows.append((task, person, world.wrong(rng, said) if planted.get(task) == person else said))
    found = label_error(case_of(world.control, rows))
    recall, precision = recall_and_precision({one.task for one in found}, set(planted))
    assert recall >= 0.9
    assert precision >= 0.7
    assert all(one.annotator == planted[one.task] for one in found if one.task in planted)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=up_to(5))
@given(st.data())
def test_findings_of_any_answers_have_a_severity_a_number_and_their_own_family_as_correction(
    name: str, data: st.DataObject
) -> None:
    control, answers = CASES[name].control, CASES[name].answers
    places = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=14, unique=True)
    rows = [(task, person, data.draw(answers)) for task, person in data.draw(places)]
    confidences = st.one_of(st.none(), st.floats(0, 1))
    opinions = {
        task: Opinion(data.draw(answers), confidence=data.draw(confidences))
        for task in range(data.draw(st.integers(0, 6)))
    }
    case = case_of(control, rows, opinions)
    for maker in (label_error, model_conflict, outlier):
        for one in maker(case):
            assert 0 < one.severity <= 1
            assert any(letter.isdigit() for letter in one.reason)
            assert all(np.isfinite(number) for number in one.numbers.values())
            assert one.correction is None or isinstance(one.correction, type(rows[0][2]))


def single_case(given_labels: str, opinions: Mapping[int, Opinion], fixed: Mapping[int, Answer] | None = None) -> Case:
    """One annotator, a letter a task."""
    control = control_of(Family.CHOICES)
    rows: list[tuple[int, int, Answer]] = [(task, 7, Choices((label,))) for task, label in enumerate(given_labels)]
    said = ControlEvidence(control, encode(control, rows, fixed), opinions=opinions)
    return Case(said, infer(said, "majority"), {})


SURE = {task: Opinion(Choices(("a",)), {"a": 0.97, "b": 0.01, "c": 0.01, "d": 0.01}, 0.97) for task in range(30)}


def test_a_label_error_says_what_was_given_what_the_model_thinks_and_how_sure_it_is() -> None:
    (found,) = label_error(single_case("a" * 29 + "b", SURE))
    assert (found.task, found.kind, found.annotator, found.correction) == (29, "label_error", 7, Choices(("a",)))
    assert found.reason.startswith("The answer b is wrong with a probability of ")
    assert found.reason.endswith("the model, which has not learned from this task, says a, 97 % sure.")
    assert found.numbers["wrong"] == found.severity


def test_nothing_is_left_to_find_on_a_task_that_was_ruled() -> None:
    assert label_error(single_case("a" * 29 + "b", SURE, {29: Choices(("b",))})) == []


def test_two_who_differ_from_the_rest_are_no_label_errors_but_a_dispute() -> None:
    rows: list[tuple[int, int, Answer]] = [(task, person, Choices(("a",))) for task in range(30) for person in range(5)]
    rows[:2] = [(0, 0, Choices(("b",))), (0, 1, Choices(("c",)))]
    assert label_error(case_of(control_of(Family.CHOICES), rows)) == []


def _region_case(given_regions: Regions, model: Regions) -> Case:
    control = control_of(Family.REGIONS)
    rows: list[tuple[int, int, Answer]] = [(0, 1, given_regions)]
    rows += [(task, 1, Regions((Region(Span(0, 5), ("a",)),))) for task in range(1, 40)]
    opinions = {task: Opinion(answer, confidence=0.98) for task, _, answer in rows}
    return case_of(control, rows, {**opinions, 0: Opinion(model, confidence=0.98)})


A, B = Region(Span(0, 10), ("a",)), Region(Span(20, 30), ("b",))


@pytest.mark.parametrize(
    ("answer", "region", "correction", "words"),
    [
        ((A, Region(Span(20, 30), ("c",))), 1, (A, B), "region 2 (c 20-30) should be region 2 (b 20-30)"),
        ((A, Region(Span(26, 36), ("b",))), 1, (A, B), "region 2 (b 26-36) overlaps the model's only by 25 %"),
        ((A,), None, (A, B), "region 2 (b 20-30) was overlooked"),
        ((A, Region(Span(12, 15), ("a",)), B), 1, (A, B), "region 2 (a 12-15) is not there"),
    ],
    ids=["swapped", "badly located", "overlooked", "extra"],
)
def test_a_region_that_is_wrong_is_named_and_mended_alone(
    answer: tuple[Region, ...], region: int | None, correction: tuple[Region, ...], words: str
) -> None:
    (found,) = label_error(_region_case(Regions(answer), Regions((A, B))))
    assert (found.task, found.region, found.correction) == (0, region, Regions(correction))
    assert words in found.reason


def outliers_of(family: Family, answers: Sequence[Answer]) -> list[Finding]:
    """One answer a task, a person for each ten."""
    return outlier(case_of(control_of(family), [(task, task // 10, answer) for task, answer in enumerate(answers)]))


def test_a_number_far_out_is_an_outlier_and_one_in_the_tail_is_not() -> None:
    rng = np.random.default_rng(4)
    usual: list[Answer] = [Number(float(value)) for value in rng.normal(50, 5, size=100)]
    (found,) = outliers_of(Family.NUMBER, [*usual, Number(500.0)])
    assert (found.task, found.annotator) == (100, 10)
    assert found.severity > 0.8
    assert "its value is 500, usually about 49" in found.reason
    skewed: list[Answer] = [Number(float(value)) for value in rng.lognormal(0, 1, size=300)]
    assert len(outliers_of(Family.NUMBER, skewed)) <= 1


def test_texts_and_times_and_regions_that_are_absurd_are_outliers() -> None:
    rng = np.random.default_rng(5)
    texts: list[Answer] = [Text((words(rng, 10),)) for _ in range(60)]
    assert [one.task for one in outliers_of(Family.TEXT, [*texts, Text(("word " * 2000,))])] == [60]
    moments: list[Answer] = [Moment("2001", 1e9 + float(rng.normal(0, 1e5))) for _ in range(60)]
    (late,) = outliers_of(Family.MOMENT, [*moments, Moment("2097", 4e9)])
    assert "days from the usual" in late.reason
    small = [Region(Box(0, 0, *rng.uniform(10, 20, size=2).tolist()), ("a",)) for _ in range(61)]
    boxes: list[Answer] = [Regions((one, Region(Box(0, 0, 300.0, 300.0), ("b",)))) for one in small[:60]]
    absurd = Regions((small[60], Region(Box(0, 0, 500.0, 400.0), ("a",))))
    (large,) = outliers_of(Family.REGIONS, [*boxes, absurd])
    assert (large.task, large.region) == (60, 1)
    assert "its size of a is 447.2" in large.reason


def test_a_task_whose_answers_are_all_far_out_is_unusual_itself() -> None:
    rng = np.random.default_rng(6)
    rows: list[tuple[int, int, Answer]] = [
        (task, person, Number(float(rng.normal(50, 5)))) for task in range(50) for person in range(2)
    ]
    rows += [(99, 0, Number(500.0)), (99, 1, Number(510.0))]
    assert outlier(case_of(control_of(Family.NUMBER), rows)) == []


def test_what_many_do_or_few_answers_show_is_no_outlier() -> None:
    assert outliers_of(Family.NUMBER, [Number(1.0)] * 10 + [Number(9e9)]) == []
    half = [Number(0.0)] * 90 + [Number(7.0)] * 10
    assert outliers_of(Family.NUMBER, half) == []
    assert outliers_of(Family.RATING, [Number(5.0)] * 99 + [Number(1.0)]) == []


def test_a_mask_much_larger_than_others_is_an_outlier() -> None:
    """30 masks of 20 to 24 of 2,500 pixels, and one of 2,000."""
    sizes = [20 + task % 5 for task in range(30)] + [2000]
    rows: list[tuple[int, int, Answer]] = [
        (task, 1, Regions((Region(Mask(50, 50, (0, size, 2500 - size)), ("a",)),))) for task, size in enumerate(sizes)
    ]
    (found,) = outlier(case_of(control_of(Family.REGIONS, "BrushLabels"), rows))
    assert (found.task, found.region) == (30, 0)
    assert found.numbers["value"] == pytest.approx(2000**0.5)


def of_stars(*stars: int) -> Case:
    """Four people gave a task these stars, and 40 other tasks three each."""
    told: list[tuple[int, int, Answer]] = [(task, who, Number(3.0)) for task in range(40) for who in range(4)]
    told += [(40, who, Number(float(star))) for who, star in enumerate(stars)]
    return case_of(dataclasses.replace(WORLDS["rating"].control, labels=()), told)


@pytest.mark.parametrize(("stars", "others"), [((1, 5, 5, 5), "5"), ((1, 5, 5, 4), "5 or nearly so")])
def test_what_the_others_said_is_not_called_the_same_where_it_is_not(stars: tuple[int, ...], others: str) -> None:
    (found,) = against_others(of_stars(*stars))
    assert found.reason.startswith(f"One annotator said 1, the 3 others {others}: ")


def test_who_the_consensus_is_with_stands_against_nothing() -> None:
    case = of_stars(1, 5, 5, 4)
    tasks = [dataclasses.replace(one, answer=Number(1.0)) if one.task == 40 else one for one in case.consensus.tasks]
    assert not list(
        against_others(dataclasses.replace(case, consensus=dataclasses.replace(case.consensus, tasks=tuple(tasks))))
    )
