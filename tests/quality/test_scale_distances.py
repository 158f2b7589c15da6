"""Distances on a line: ordered labels, ratings, numbers, moments. Against Krippendorff's own and their definition."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Answer, Choices, Moment, Number
from label_config.model import Control, Family
from sync.quality.distance import DISTANCES, distance
from sync.quality.distance.comparison import every_pair
from sync.quality.distance.metric import interval, normalised, ordinal, ratio
from sync.quality.records import FloatArray

STARS = Control("c", "Rating", ("t",), family=Family.RATING, low=1.0, high=5.0)
NUMBER = Control("c", "Number", ("t",), family=Family.NUMBER)
TEN = Control("c", "Number", ("t",), family=Family.NUMBER, low=0.0, high=10.0)
MOMENT = Control("c", "DateTime", ("t",), family=Family.MOMENT)
FIVE = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
IN_USE = np.array([9.0, 13.0, 10.0, 5.0, 3.0])

# Krippendorff (2011), section C: four observers, twelve units, and the alphas that he gives
OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
COUNTS = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=6).map(np.array)


def table(control: Control, name: str, answers: list[Answer], counts: FloatArray | None = None) -> FloatArray:
    """(answers, answers)."""
    found = distance(control, name)(every_pair(control, answers, counts))
    return found.reshape(len(answers), len(answers))


def numbers(*values: float) -> list[Answer]:
    return [Number(value) for value in values]


def choices(*names: str) -> list[Answer]:
    return [Choices((name,)) for name in names]


def alpha(metric: FloatArray) -> float:
    """Krippendorff's alpha of the published matrix by a metric of the values 1 to 5, from its coincidences."""
    together = np.zeros((5, 5))
    for column in zip(*OBSERVERS, strict=True):
        values = [int(value) - 1 for value in column if value != "."]
        for one, other in itertools.permutations(values, 2):
            together[one, other] += 1 / (len(values) - 1)
    totals = together.sum(axis=1)
    assert totals == pytest.approx(IN_USE)
    observed = (together * metric).sum() / totals.sum()
    expected = (np.outer(totals, totals) * metric).sum() / (totals.sum() * (totals.sum() - 1))
    return float(1 - observed / expected)


METRICS = {
    "ordinal": (ordinal(IN_USE), 0.815),
    "interval": (interval(FIVE), 0.849),
    "ratio": (ratio(FIVE), 0.797),
    "nominal": (1 - np.eye(5), 0.743),
}


@pytest.mark.parametrize(("metric", "published"), METRICS.values(), ids=METRICS)
def test_the_metrics_give_the_published_alphas(metric: FloatArray, published: float) -> None:
    assert alpha(metric) == pytest.approx(published, abs=5e-4)
    assert alpha(normalised(metric)) == pytest.approx(alpha(metric))


@pytest.mark.parametrize("name", METRICS)
def test_the_distances_give_the_same_alphas_as_the_metrics(name: str) -> None:
    metric, _ = METRICS[name]
    assert alpha(table(STARS, name, numbers(*FIVE.tolist()), IN_USE)) == pytest.approx(alpha(metric))
    labels = Control("c", "Choices", ("t",), ("1", "2", "3", "4", "5"))
    assert alpha(table(labels, name, choices(*labels.labels), IN_USE)) == pytest.approx(alpha(metric))


def test_the_ordinal_metric_is_the_published_matrix() -> None:
    upper = [[11, 22.5, 30, 34], [11.5, 19, 23], [7.5, 11.5], [4]]
    found = np.sqrt(ordinal(IN_USE))
    assert [found[row, row + 1 :].tolist() for row in range(4)] == upper


@given(COUNTS)
def test_the_ordinal_metric_is_its_definition(counts: FloatArray) -> None:
    n = len(counts)
    for low, high in itertools.combinations_with_replacement(range(n), 2):
        plain = counts[low : high + 1].sum() - (counts[low] + counts[high]) / 2
        assert ordinal(counts)[low, high] == ordinal(counts)[high, low] == pytest.approx(plain**2)


@given(st.lists(st.tuples(*[st.integers(0, 9).map(float)] * 4), min_size=1, max_size=4))
def test_resamples_have_their_own_ordinal_metric(counts: list[tuple[float, ...]]) -> None:
    assert np.array_equal(ordinal(np.array(counts)), [ordinal(np.array(row)) for row in counts])


@given(COUNTS)
def test_a_normalised_metric_has_one_as_its_largest_distance(counts: FloatArray) -> None:
    found = normalised(ordinal(counts))
    assert found.max() in (0.0, pytest.approx(1.0))
    assert found * ordinal(counts).max() == pytest.approx(ordinal(counts))


@pytest.mark.parametrize(
    ("control", "name", "values", "row"),
    [
        (STARS, "interval", (1, 2, 5), (0, 1 / 16, 1)),
        (STARS, "absolute", (1, 2, 5), (0, 1 / 4, 1)),
        (STARS, "ratio", (1, 2, 5), (0, (1 / 3) ** 2 / (2 / 3) ** 2, 1)),
        (STARS, "ordinal", (1, 3, 5), (0, 1 / 4, 1)),
        (STARS, "ordinal", (1, 3, 4), (0, (1 / 2.5) ** 2, (2 / 2.5) ** 2)),
        (STARS, "nominal", (1, 2, 1), (0, 1, 0)),
        (STARS, "interval", (0, 5, 1), (0, 1, 1 / 25)),
        (TEN, "interval", (2, 7, 2), (0, 1 / 4, 0)),
        (TEN, "absolute", (2, 7, 2), (0, 1 / 2, 0)),
        (TEN, "absolute", (0, 10, 20), (0, 1 / 2, 1)),
        (TEN, "ratio", (0, 1, 10), (0, 1, 1)),
        (TEN, "ratio", (1, 3, 9), (0, 1 / 4, 16 / 25)),
        (NUMBER, "interval", (2, 3, 6), (0, 1 / 16, 1)),
        (NUMBER, "ratio", (-1, 1, 3), (0, 1, 1)),
        (NUMBER, "ratio", (10, 20, 30), (0, (1 / 3) ** 2 / (1 / 2) ** 2, 1)),
        (NUMBER, "absolute", (7, 7, 7), (0, 0, 0)),
        (NUMBER, "interval", (-1.7e308, 1.7e308, 0), (0, 1, 1 / 4)),
        (NUMBER, "ratio", (0, 5e-324, 0), (0, 1, 0)),
        (NUMBER, "nominal", (0.0, -0.0, 1), (0, 0, 1)),
    ],
)
def test_numbers_by_hand(control: Control, name: str, values: tuple[float, ...], row: tuple[float, ...]) -> None:
    assert table(control, name, numbers(*values))[0] == pytest.approx(row)


def test_ordinal_counts_who_is_between_and_the_unused_ends_of_the_scale() -> None:
    found = table(STARS, "ordinal", numbers(2, 3, 4), np.array([2.0, 1.0, 3.0]))
    assert found[0] == pytest.approx([0, (1.5 / 6) ** 2, (3.5 / 6) ** 2])  # of 6 answers, as nobody gave a 1 or a 5


def test_where_no_answer_is_in_use_each_counts_once() -> None:
    assert table(STARS, "ordinal", numbers(1, 3, 5), np.zeros(3))[0] == pytest.approx([0, 1 / 4, 1])


LEVELS = Control("c", "Choices", ("t",), ("low", "middle", "high"))
TEXT_FIELD = Control("c", "Choices", ("t",), ("1",), dynamic=True)


@pytest.mark.parametrize(
    ("control", "name", "labels", "row"),
    [
        (LEVELS, "ordinal", ("low", "middle", "high"), (0, 1 / 4, 1)),
        (LEVELS, "interval", ("low", "middle", "high"), (0, 1 / 4, 1)),
        (LEVELS, "ratio", ("low", "middle", "high"), (0, (1 / 3) ** 2 / (1 / 2) ** 2, 1)),
        (LEVELS, "interval", ("low", "middle"), (0, 1 / 4)),
        (Control("c", "Choices", ("t",), ("5", "1", "2")), "interval", ("1", "2", "5"), (0, 1 / 16, 1)),
        (Control("c", "Choices", ("t",), ("5", "1", "2")), "ordinal", ("5", "1", "2"), (0, 1 / 4, 1)),
        (Control("c", "Choices", ("t",), ("1_0", "2_0", "9_9")), "interval", ("1_0", "2_0"), (0, 1 / 4)),
        (TEXT_FIELD, "interval", ("1", "3", "5"), (0, 1 / 4, 1)),
        (TEXT_FIELD, "ordinal", ("5", "3", "1"), (0, 1 / 4, 1)),
    ],
)
def test_labels_by_hand(control: Control, name: str, labels: tuple[str, ...], row: tuple[float, ...]) -> None:
    assert table(control, name, choices(*labels))[0] == pytest.approx(row)


@pytest.mark.parametrize("name", ["ordinal", "interval", "ratio"])
def test_a_label_without_a_place_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"control 'c': no {name} distance, because the label 'blue'"):
        table(TEXT_FIELD, name, choices("1", "blue"))


@pytest.mark.parametrize("name", ["ordinal", "interval", "ratio"])
def test_nothing_chosen_is_one_from_every_label(name: str) -> None:
    assert table(LEVELS, name, [Choices(()), *choices("low", "high")])[0].tolist() == [0, 1, 1]


HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("interval", (0, 0, (1 / 96) ** 2, 1 / 4, 1)),
        ("absolute", (0, 0, 1 / 96, 1 / 2, 1)),
        ("day", (0, 0, 0, 1, 1)),
        ("nominal", (0, 0, 1, 1, 1)),
    ],
)
def test_moments_by_hand(name: str, row: tuple[float, ...]) -> None:
    texts = ("1970-01-01", "1970-01-01T01:00+01:00", "1970-01-01T01:00", "1970-01-03", "1970-01-05")
    seconds = (0.0, 0.0, HOUR, 2 * DAY, 4 * DAY)
    answers: list[Answer] = [Moment(text, at) for text, at in zip(texts, seconds, strict=True)]
    assert table(MOMENT, name, answers)[0] == pytest.approx(row)


@pytest.mark.parametrize("name", DISTANCES[Family.MOMENT])
def test_moments_before_1970_have_days_too(name: str) -> None:
    before, after = Moment("1969-12-31T23:00", -HOUR), Moment("1970-01-01T01:00", HOUR)
    assert table(MOMENT, name, [before, after])[0].tolist() == [0, 1]
