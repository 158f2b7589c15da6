"""Unitized alpha: published values, the definition place by place, invariances, undefined cases."""

import itertools
from collections import Counter, defaultdict
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Box, Choices, Region, Regions, Segment, Span
from label_config.model import Control, Family
from sync.quality.agreement.continua import NOT_UNITS, Continua, from_answers, from_arrays
from sync.quality.agreement.undefined import NO_PAIRS
from sync.quality.agreement.unitized import ALPHAS, ONE_VALUE, alpha_u, unitized_alpha, value_alphas
from sync.quality.coded_answers import encode
from sync.quality.records import CodedAnswers

from ..thorough import up_to
from .answers import table

Marks = list[tuple[int, int, int]]
"""Start, end, label of what one annotator marked."""

LENGTH = 12


def marks(overlapping: bool = False) -> st.SearchStrategy[Marks]:
    """Up to four units on twelve characters, with gaps of any length or none between them."""
    unit = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 5), st.integers(0, 2))
    return st.lists(unit, max_size=4).map(lambda drawn: _placed(drawn, overlapping))


def _placed(drawn: list[tuple[int, int, int]], overlapping: bool) -> Marks:
    placed: Marks = []
    for start, size, label in sorted(drawn):
        end = min(LENGTH, start + size)
        if overlapping or not placed or start >= placed[-1][1]:
            placed.append((start, end, label))
    return placed


def continua(tasks: list[list[Marks]], grain: float = 1.0, scale: float = 1.0) -> Continua:
    """A task is what each annotator marked; all texts are LENGTH long."""
    answers = [(task, person) for task, people in enumerate(tasks) for person, _ in enumerate(people)]
    units = [
        (line, start * scale, end * scale, label)
        for line, marked in enumerate(marked for people in tasks for marked in people)
        for start, end, label in marked
    ]
    line, start, end, label = zip(*units, strict=True) if units else ((), (), (), ())
    return from_arrays(
        (np.array([task for task, _ in answers], int), np.array([person for _, person in answers], int)),
        (np.array(line, int), np.array(start, float), np.array(end, float), np.array(label, int)),
        lengths=np.full(len(tasks), LENGTH * scale),
        grain=grain * scale,
    )


def alpha_of(tasks: list[list[Marks]], kind: str = "u", grain: float = 1.0, scale: float = 1.0) -> float | None:
    return unitized_alpha(continua(tasks, grain, scale), np.random.default_rng(0), 0, kind=kind).value


Place = tuple[int, int, int]
"""Value, task and annotator together, unit: what stands at a character; a gap is a unit of its own there."""

GAP = -1


def characters(tasks: list[list[Marks]]) -> list[list[list[Place]]]:
    """Task by task, annotator by annotator: what stands at each character. Lone annotators are left out."""
    number = itertools.count()
    found = []
    for people in (people for people in tasks if len(people) > 1):
        rows = []
        for marked in people:
            row = [(GAP, 0, next(number)) for _ in range(LENGTH)]
            for start, end, label in marked:
                row[start:end] = [(label, 0, next(number))] * (end - start)
            rows.append(row)
        found.append(rows)
    return found


def brute_force(tasks: list[list[Marks]], kind: str) -> float | None:
    """The definition: coincidences of characters; expected ones from all pairs of characters but of one unit."""
    texts = characters(tasks)
    observed: defaultdict[tuple[int, int], float] = defaultdict(float)
    for rows in texts:
        for one, other in itertools.permutations(rows, 2):
            for a, b in zip(one, other, strict=True):
                observed[a[0], b[0]] += 1 / (len(rows) - 1)
    places = [place for rows in texts for row in rows for place in row]
    expected = Counter((a[0], b[0]) for a in places for b in places if a[2] != b[2])

    def apart(pair: tuple[int, int]) -> bool:
        return (pair[0] == GAP) != (pair[1] == GAP) if kind == "|u" else pair[0] != pair[1]

    differ = sum(n for pair, n in observed.items() if apart(pair)) / max(1e-9, sum(observed.values()))
    by_chance = sum(n for pair, n in expected.items() if apart(pair)) / max(1e-9, sum(expected.values()))
    return 1 - differ / by_chance if by_chance else None


TASKS = st.lists(st.lists(marks(), min_size=1, max_size=4), min_size=1, max_size=3)


@settings(max_examples=up_to(40))
@given(TASKS, st.sampled_from(["u", "|u"]))
def test_it_is_the_definition_place_by_place(tasks: list[list[Marks]], kind: str) -> None:
    expected = brute_force(tasks, kind)
    found = alpha_of(tasks, kind)
    assert found == (None if expected is None else pytest.approx(max(-1, expected), abs=1e-9))


def brute_force_labels(tasks: list[list[Marks]]) -> float | None:
    """Equations 10 and 11 for cu, unit by unit and annotator by annotator."""
    same = 0.0
    met: defaultdict[int, float] = defaultdict(float)
    of_unit: defaultdict[int, float] = defaultdict(float)
    for rows in characters(tasks):
        for one, other in itertools.permutations(rows, 2):
            for a, b in zip(one, other, strict=True):
                if GAP not in (a[0], b[0]):
                    met[a[0]] += 1 / (len(rows) - 1)
                    of_unit[a[2]] += 1 / (len(rows) - 1)
                    same += (a[0] == b[0]) / (len(rows) - 1)
    squares = sum(n * n for n in of_unit.values())
    total, apart = sum(met.values()), sum(met.values()) ** 2 - sum(n * n for n in met.values())
    return 1 - (total - same) * (total**2 - squares) / (total * apart) if apart > 1e-9 else None


@settings(max_examples=up_to(40))
@given(TASKS)
def test_labels_count_only_where_units_meet(tasks: list[list[Marks]]) -> None:
    expected = brute_force_labels(tasks)
    assert alpha_of(tasks, "cu") == (None if expected is None else pytest.approx(max(-1, expected), abs=1e-9))


KRIPPENDORFF_2011 = table("123321412...  1233224125.3  .3332342251.  12332441251.")


@pytest.mark.parametrize("kind", ["u", "cu"])
def test_units_of_one_character_give_the_nominal_alpha_of_krippendorff_2011(kind: str) -> None:
    """Twelve tasks of one character each: published as 0.743."""
    rows = KRIPPENDORFF_2011
    found = from_arrays(
        (np.array([task for task, _, _ in rows]), np.array([person for _, person, _ in rows])),
        (np.arange(len(rows)), np.zeros(len(rows)), np.ones(len(rows)), np.array([int(label) for *_, label in rows])),
    )
    assert unitized_alpha(found, np.random.default_rng(0), 0, kind=kind).value == pytest.approx(0.743, abs=5e-4)


@settings(max_examples=up_to(40))
@given(TASKS, st.sampled_from(list(ALPHAS)), st.randoms(use_true_random=False))
def test_order_names_and_lone_annotators_mean_nothing(tasks: list[list[Marks]], kind: str, chance: Random) -> None:
    turned = [
        [[(start, end, 2 - label) for start, end, label in reversed(marked)] for marked in people] for people in tasks
    ]
    for people in turned:
        chance.shuffle(people)
    alone: list[Marks] = [[(0, 5, 1)]]
    expected = alpha_of(tasks, kind)
    for other in (turned, [*tasks, alone], [alone, *tasks]):
        assert alpha_of(other, kind) == (None if expected is None else pytest.approx(expected, abs=1e-9))


@settings(max_examples=up_to(40))
@given(TASKS, st.sampled_from(list(ALPHAS)), st.sampled_from([0.0, 1.0]))
def test_the_unit_of_length_means_nothing(tasks: list[list[Marks]], kind: str, grain: float) -> None:
    expected = alpha_of(tasks, kind, grain)
    found = alpha_of(tasks, kind, grain, scale=40.0)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-9))


@settings(max_examples=up_to(40))
@given(st.lists(marks(overlapping=True), min_size=1, max_size=4), st.integers(2, 4), st.sampled_from(list(ALPHAS)))
def test_who_all_mark_the_same_agree(texts: list[Marks], people: int, kind: str) -> None:
    assert alpha_of([[marked] * people for marked in texts], kind) in (None, 1.0)


def test_where_units_overlap_their_common_stretch_is_a_unit_with_both_labels() -> None:
    both = 9
    overlapping = [[(0, 6, 0), (4, 8, 1)], [(0, 5, 0)]]
    cut = [[(0, 4, 0), (4, 6, both), (6, 8, 1)], [(0, 5, 0)]]
    assert alpha_of([overlapping]) == pytest.approx(alpha_of([cut]), abs=1e-12)
    same_label = [[(0, 6, 0), (4, 8, 0)], [(0, 5, 0)]]
    assert alpha_of([same_label]) == pytest.approx(alpha_of([[[(0, 4, 0), (4, 6, 0), (6, 8, 0)], [(0, 5, 0)]]]))


def test_each_label_has_its_own_alpha() -> None:
    """Label 0 meets 0 on 4 places and 1 on 2 for each of two annotators; by hand from equation 13b."""
    found = value_alphas(continua([[[(0, 6, 0)], [(0, 4, 0), (4, 6, 1)]]]), np.random.default_rng(0))
    met, total, own = 10.0, 12.0, 36.0 + 16.0
    assert found[(0,)].value == pytest.approx(1 - (met - 8) * (met * total - own) / (met**2 * (total - met)))
    assert found[(1,)].value == pytest.approx(1 - 2 * (2 * total - 4) / (4 * (total - 2)))


EVERYTHING: Marks = [(0, LENGTH, 0)]


@pytest.mark.parametrize(
    ("tasks", "reason"),
    [([], NO_PAIRS), ([[EVERYTHING]], NO_PAIRS), ([[[], []]], ONE_VALUE), ([[EVERYTHING, EVERYTHING]], ONE_VALUE)],
)
def test_what_is_undefined_is_null_with_its_reason(tasks: list[list[Marks]], reason: str) -> None:
    found = unitized_alpha(continua(tasks), np.random.default_rng(0))
    assert (found.value, found.low, found.reason) == (None, None, reason)


def test_a_wrong_kind_names_the_right_ones_and_a_wrong_unit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"there are: u, \|u, cu"):
        unitized_alpha(continua([]), np.random.default_rng(0), kind="v")
    with pytest.raises(ValueError, match="not before the first"):
        continua([[[(3, 2, 0)]]])


def test_the_interval_comes_from_resampling_tasks() -> None:
    rng = np.random.default_rng(4)
    tasks = []
    for place in range(60):
        end = int(rng.integers(4, 8))
        tasks.append([[(1, end, place % 2)], [(1, end + int(rng.integers(0, 3)), int(rng.integers(2)))]])
    found = unitized_alpha(continua(tasks), np.random.default_rng(1))
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.high - found.low < 0.6
    assert found == unitized_alpha(continua(tasks), np.random.default_rng(1))
    assert found.n == 60


CONTROL = Control("c", "Labels", ("t",), ("a", "b"), family=Family.REGIONS)


def answered(*answers: tuple[Region, ...]) -> CodedAnswers:
    """One task, an annotator an answer."""
    return encode(CONTROL, [(7, person, Regions(regions)) for person, regions in enumerate(answers)])


def test_regions_with_spans_are_units_and_several_labels_are_several_units() -> None:
    both, one = Region(Span(0, 4), ("a", "b")), Region(Span(0, 2), ("a",))
    apart, together = (from_answers(answered((both,), (one,)), apart=apart) for apart in (True, False))
    assert isinstance(apart, Continua)
    assert isinstance(together, Continua)
    assert sorted(zip(apart.line.tolist(), apart.label.tolist(), apart.end.tolist(), strict=True)) == [
        (0, 0, 4.0),
        (0, 1, 4.0),
        (1, 0, 2.0),
    ]
    assert together.line.tolist() == [0, 1]
    assert together.label.tolist() == [0, 1]


def test_who_marked_nothing_has_an_empty_line_and_surfaces_are_continua_of_their_own() -> None:
    found = from_answers(answered((Region(Span(1, 3), ("a",), "p1"), Region(Span(1, 3), ("a",), "p2")), ()), apart=True)
    assert isinstance(found, Continua)
    assert found.annotators.tolist() == [2, 2]
    assert found.line.tolist() == [0, 2]
    assert found.task.tolist() == [0, 0]


def test_time_begins_where_the_first_segment_does() -> None:
    late = answered((Region(Segment(1e9, 1e9 + 2), ("a",)),), (Region(Segment(1e9 + 1, 1e9 + 3), ("a",)),))
    early = answered((Region(Segment(0, 2), ("a",)),), (Region(Segment(1, 3), ("a",)),))
    late_alpha, early_alpha = (alpha_u(coded, np.random.default_rng(0)).value for coded in (late, early))
    assert late_alpha == pytest.approx(early_alpha)


@pytest.mark.parametrize("region", [Region(Box(0, 0, 1, 1), ("a",))])
def test_other_shapes_and_other_answers_have_no_continuum(region: Region) -> None:
    assert alpha_u(answered((region,), ()), np.random.default_rng(0)).reason == NOT_UNITS
    choices = encode(Control("c", "Choices", ("t",), ("a",)), [(1, person, Choices(("a",))) for person in (1, 2)])
    assert alpha_u(choices, np.random.default_rng(0)).reason == NOT_UNITS
    assert alpha_u(answered((region,)), np.random.default_rng(0)).reason == NO_PAIRS
