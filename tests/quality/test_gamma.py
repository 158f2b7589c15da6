"""Gamma: published values, the best alignment by trying them all, invariances, bounds, undefined cases."""

import csv
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Box, Region, Regions, Segment, Span
from label_config.model import Control, Family
from sync.quality.agreement.alignment import Marks, best_alignment, dissimilarity
from sync.quality.agreement.chance import shuffled
from sync.quality.agreement.continua import NOT_UNITS, Continua, from_arrays
from sync.quality.agreement.gamma import GAMMAS, MOST_TASKS, NO_DISORDER, continua_gamma, disorders, gamma
from sync.quality.agreement.undefined import NO_PAIRS
from sync.quality.coded_answers import encode

from ..thorough import up_to

Line = list[tuple[float, float, int]]
"""Start, end, category of what one annotator marked."""


@pytest.fixture
def oracles(shared_data: Path) -> Path:
    return shared_data / "iaa_oracles"


def oracle(place: Path) -> list[Line]:
    lines: dict[str, Line] = {}
    categories: dict[str, int] = {}
    with place.open(newline="") as file:
        for annotator, category, start, end in csv.reader(file):
            code = categories.setdefault(category, len(categories))
            lines.setdefault(annotator, []).append((float(start), float(end), code))
    return list(lines.values())


def marks(line: Line) -> Marks:
    start, end, category = zip(*line, strict=True) if line else ((), (), ())
    return Marks(np.array(start, float), np.array(end, float), np.array(category, int))


def continua(tasks: Sequence[Sequence[Line]], grain: float = 1.0) -> Continua:
    answers = [(task, person) for task, people in enumerate(tasks) for person, _ in enumerate(people)]
    lines = [line for people in tasks for line in people]
    units = [(place, *unit) for place, line in enumerate(lines) for unit in line]
    place, start, end, category = zip(*units, strict=True) if units else ((), (), (), ())
    return from_arrays(
        (np.array([task for task, _ in answers], int), np.array([person for _, person in answers], int)),
        (np.array(place, int), np.array(start, float), np.array(end, float), np.array(category, int)),
        grain=grain,
    )


def disorder(lines: Sequence[Line]) -> float:
    """Of the best alignment, as the paper gives it: for each unit that an annotator has on average."""
    found = best_alignment([marks(line) for line in lines])
    assert found is not None
    return float(found.disorders.sum()) / (sum(map(len, lines)) / len(lines))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AlexPaulSuzan.csv", 0.960625),
        ("annotation_paul_suzann_alex.csv", 0.70497364),
        ("example_figure10.csv", 1.5111111),
        ("example_figure19.csv", 1.632),
    ],
)
def test_the_disorder_of_the_best_alignment_is_that_of_pygamma_agreement(
    oracles: Path, name: str, expected: float
) -> None:
    assert disorder(oracle(oracles / "gamma" / name)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", ["gamma", "gamma_cat"])
@pytest.mark.parametrize("seed", range(3))
def test_published_values(oracles: Path, kind: str, seed: int) -> None:
    (entry,) = [one for one in json.loads((oracles / "expected.json").read_text()) if one["statistic"] == kind]
    found = continua_gamma(continua([oracle(oracles / entry["matrix"])]), np.random.default_rng(seed), kind=kind)
    assert found.value == pytest.approx(entry["value"], abs=entry["tolerance"])


def test_both_published_values_are_checked(oracles: Path) -> None:
    known = [one["statistic"] for one in json.loads((oracles / "expected.json").read_text())]
    assert [kind for kind in known if kind in GAMMAS] == ["gamma", "gamma_cat"]


def every_alignment(lines: Sequence[Line]) -> Iterator[list[tuple[int, ...]]]:
    """All partitions of the units into unitary alignments, as places of units, -1 for none."""
    units = [(person, place) for person, line in enumerate(lines) for place, _ in enumerate(line)]

    def extended(left: list[tuple[int, int]], groups: list[dict[int, int]]) -> Iterator[list[dict[int, int]]]:
        if not left:
            yield groups
            return
        (person, place), rest = left[0], left[1:]
        yield from extended(rest, [*groups, {person: place}])
        for chosen, group in enumerate(groups):
            if person not in group:
                yield from extended(rest, [*groups[:chosen], {**group, person: place}, *groups[chosen + 1 :]])

    for groups in extended(units, []):
        yield [tuple(group.get(person, -1) for person in range(len(lines))) for group in groups]


def disorder_of(alignment: list[tuple[int, ...]], lines: Sequence[Line]) -> float:
    """The definition: the mean over pairs of annotators in each unitary alignment, 1 where one has no unit."""
    total = 0.0
    for members in alignment:
        pairs = list(itertools.combinations(range(len(lines)), 2))
        for one, other in pairs:
            alone = -1 in (members[one], members[other])
            left, right = marks(lines[one]), marks(lines[other])
            total += (1.0 if alone else dissimilarity(left, right)[members[one], members[other]]) / len(pairs)
    return total


LINE = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(0, 1)).map(
        lambda unit: (float(unit[0]), float(unit[0] + unit[1]), unit[2])
    ),
    max_size=3,
)


@settings(max_examples=up_to(40), deadline=None)
@given(st.lists(LINE, min_size=2, max_size=3))
def test_no_alignment_has_less_disorder(lines: list[Line]) -> None:
    found = best_alignment([marks(line) for line in lines])
    assert found is not None
    least = min(disorder_of(alignment, lines) for alignment in every_alignment(lines))
    assert found.disorders.sum() == pytest.approx(least, abs=1e-5)
    members = [tuple(row) for row in found.members.tolist()]
    assert disorder_of(members, lines) == pytest.approx(found.disorders.sum(), abs=1e-9)
    for person, line in enumerate(lines):
        assert sorted(row[person] for row in members if row[person] >= 0) == list(range(len(line)))


def test_four_annotators_by_trying_all() -> None:
    lines = [[(0.0, 4.0, 0), (9.0, 12.0, 1)], [(1.0, 4.0, 0)], [(1.0, 5.0, 1), (8.0, 11.0, 1)], [(9.0, 13.0, 1)]]
    least = min(disorder_of(alignment, lines) for alignment in every_alignment(lines))
    assert disorder(lines) * 6 / 4 == pytest.approx(least, abs=1e-6)


@settings(max_examples=up_to(30), deadline=None)
@given(st.lists(LINE, min_size=2, max_size=3))
def test_order_and_names_mean_nothing(lines: list[Line]) -> None:
    turned = [[(start, end, 1 - category) for start, end, category in reversed(line)] for line in reversed(lines)]
    if any(lines):
        assert disorder(turned) == pytest.approx(disorder(lines), abs=1e-5)


@settings(max_examples=up_to(20), deadline=None)
@given(LINE, st.integers(2, 4))
def test_who_all_mark_the_same_agree(line: Line, people: int) -> None:
    found = continua_gamma(continua([[line] * people]), np.random.default_rng(0))
    assert found.value in (None, 1.0)


def by_chance(rng: np.random.Generator, units: int) -> Line:
    starts = np.sort(rng.uniform(0, 100, size=units))
    return [(float(start), float(start + rng.uniform(4, 10)), int(rng.integers(2))) for start in starts]


def test_who_mark_by_chance_do_not_agree_and_who_nearly_agree_do() -> None:
    rng = np.random.default_rng(3)
    tasks = [[by_chance(rng, 6) for _ in range(2)] for _ in range(80)]
    found = continua_gamma(continua(tasks, grain=0.0), np.random.default_rng(0))
    assert found.value == pytest.approx(0, abs=0.06)
    nearly = [[one, [(start + 1, end, category) for start, end, category in one]] for one, _ in tasks]
    high = continua_gamma(continua(nearly, grain=0.0), np.random.default_rng(0))
    assert high.value is not None
    assert high.low is not None
    assert 0.85 < high.low < high.value < 1
    assert high == continua_gamma(continua(nearly, grain=0.0), np.random.default_rng(0))


def test_several_tasks_weigh_by_their_disorder(oracles: Path) -> None:
    """One task of perfect agreement and one of little: 1 - sum of observed / sum of expected, not the mean of both."""
    alex = oracle(oracles / "gamma/AlexPaulSuzan.csv")
    found = disorders(continua([alex, [alex[0]] * 3]), np.random.default_rng(0))
    assert sorted(found.observed[:, 0].tolist()) == pytest.approx([0.0, 0.960625 * 16 / 3], abs=1e-6)
    value = continua_gamma(continua([alex, [alex[0]] * 3]), np.random.default_rng(0)).value
    assert value == pytest.approx(1 - found.observed[:, 0].sum() / found.expected[:, 0].sum())


def test_what_is_beyond_the_bounds_is_left_out_and_counted() -> None:
    rng = np.random.default_rng(0)
    many = [[by_chance(rng, 1), by_chance(rng, 1)] for _ in range(MOST_TASKS + 7)]
    found = continua_gamma(continua(many), np.random.default_rng(0), bootstrap=10)
    assert (found.n, found.reason) == (
        MOST_TASKS,
        f"from {MOST_TASKS} of {MOST_TASKS + 7} tasks, as many as are feasible",
    )
    huge = [[[(0.0, 10.0, 0)] * 40 for _ in range(4)]]
    assert "too long" in str(continua_gamma(continua(huge), np.random.default_rng(0)).reason)


@pytest.mark.parametrize(
    ("tasks", "reason"),
    [([], NO_PAIRS), ([[[(0.0, 3.0, 0)]]], NO_PAIRS), ([[[], []]], NO_PAIRS), ([[[(0.0, 0.0, 0)]] * 2], NO_DISORDER)],
)
def test_what_is_undefined_is_null_with_its_reason(tasks: list[list[Line]], reason: str) -> None:
    found = continua_gamma(continua(tasks), np.random.default_rng(0))
    assert (found.value, found.reason) == (None, reason)


def test_a_wrong_kind_names_the_right_ones() -> None:
    with pytest.raises(ValueError, match="there are: gamma, gamma_cat"):
        continua_gamma(continua([]), np.random.default_rng(0), kind="delta")


@settings(max_examples=up_to(30), deadline=None)
@given(st.lists(LINE, min_size=2, max_size=4), st.integers(0, 99))
def test_chance_moves_what_was_marked_and_changes_no_length(lines: list[Line], seed: int) -> None:
    made = shuffled([marks(line) for line in lines], 0.0, 20.0, 1.0, np.random.default_rng(seed))
    real = {tuple(sorted((end - start, category) for start, end, category in line)) for line in lines}
    assert len(made) == len(lines)
    assert any(map(len, made)) == any(map(len, lines))
    for line in made:
        lengths = zip((line.end - line.start).tolist(), line.category.tolist(), strict=True)
        assert tuple(sorted(lengths)) in real
        assert np.all((line.start >= 0) & (line.start < 20))


CONTROL = Control("c", "Labels", ("t",), ("a", "b"), family=Family.REGIONS)


def test_answers_with_spans_and_segments_have_a_gamma_and_others_the_reason_why_not() -> None:
    lines = [[Region(Span(0, 5), ("a",)), Region(Span(7, 9), ("b",))], [Region(Span(0, 5), ("a", "b"))]]
    coded = encode(CONTROL, [(1, person, Regions(tuple(line))) for person, line in enumerate(lines)])
    by_hand = continua([[[(0, 5, 0), (7, 9, 1)], [(0, 5, 2)]]])
    expected = continua_gamma(by_hand, np.random.default_rng(0)).value
    assert gamma(coded, np.random.default_rng(0)).value == expected is not None
    sound = encode(CONTROL, [(1, person, Regions((Region(Segment(1.5, 2.5)),) * 2)) for person in (1, 2)])
    assert gamma(sound, np.random.default_rng(0)).reason != NOT_UNITS
    boxes = encode(CONTROL, [(1, person, Regions((Region(Box(0, 0, 1, 1)),))) for person in (1, 2)])
    assert gamma(boxes, np.random.default_rng(0)).reason == NOT_UNITS
