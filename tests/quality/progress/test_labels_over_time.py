"""Agreement on each label over time: what loops over pairs of answers give, period by period."""

from itertools import permutations

import numpy as np
import pytest

from label_config.answers import Box, Choices, Region, Regions, Text
from label_config.model import Control, Family
from sync.quality.agreement.undefined import NO_LABEL
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.progress import LabelPeriod, labels_over_time

LABELS = ("a", "b", "c", "never")
CONTROL = Control("c", "Choices", ("t",), LABELS)
Rows = list[tuple[int, int, str]]


def rows_of(seed: int, tasks: int = 60) -> Rows:
    """Three people on each task; from the 40th on they take "b" and "c" for each other."""
    rng = np.random.default_rng(seed)
    found = []
    for task in range(tasks):
        truth = int(rng.choice(3, p=[0.5, 0.3, 0.2]))
        for person in rng.permutation(4)[: rng.integers(1, 4)].tolist():
            seen = int(rng.choice([1, 2])) if task >= 40 and truth else truth
            found.append((task, person, LABELS[seen]))
    return found


def followed(rows: Rows, period: dict[int, int], **more: int) -> tuple[LabelPeriod, ...]:
    evidence = ControlEvidence(CONTROL, encode(CONTROL, [(task, who, Choices((said,))) for task, who, said in rows]))
    return labels_over_time(evidence, Method(bootstrap=200), period, np.random.default_rng(0), **more)


def alpha_by_hand(given: dict[int, list[bool]]) -> float | None:
    """1 less the observed share of unlike pairs beside that of all answers put together (Krippendorff 2011);
    null where all are alike.
    """
    units = [said for said in given.values() if len(said) > 1]
    total = [one for said in units for one in said]
    observed = sum(sum(a != b for a, b in permutations(said, 2)) / (len(said) - 1) for said in units) / len(total)
    expected = sum(a != b for a, b in permutations(total, 2)) / (len(total) * (len(total) - 1))
    return 1 - observed / expected if expected else None


@pytest.mark.parametrize("seed", range(4))
def test_each_number_is_that_of_the_label_against_the_rest(seed: int) -> None:
    rows = rows_of(seed)
    period = {task: task // 20 for task in range(60)}
    found = followed(rows, period)
    assert [(one.label, one.period) for one in found if one.label == "b"] == [("b", 0), ("b", 1), ("b", 2)]
    for one in found:
        here = [row for row in rows if period[row[0]] == one.period]
        given: dict[int, list[bool]] = {}
        for task, _, said in here:
            given.setdefault(task, []).append(said == one.label)
        alpha = alpha_by_hand(given)
        assert one.krippendorff_alpha.value == (None if alpha is None else pytest.approx(alpha))
        assert one.krippendorff_alpha.n == one.tasks == sum(len(said) > 1 for said in given.values())
        assert one.annotations == sum(said == one.label for _, _, said in here)
        low, high = one.krippendorff_alpha.low, one.krippendorff_alpha.high
        assert alpha is None or low is None or high is None or low <= alpha <= high


def test_a_label_that_becomes_unclear_shows_it_and_the_others_do_not() -> None:
    value = {
        (one.label, one.period): one.krippendorff_alpha.value
        for one in followed(rows_of(1), {t: t // 40 for t in range(60)})
    }
    assert value["b", 0] == pytest.approx(1)
    assert value["b", 1] is not None
    assert value["b", 1] < 0.6
    assert value["a", 1] == pytest.approx(1)


def test_the_labels_with_the_most_answers_are_followed_and_unused_ones_are_not() -> None:
    rows = rows_of(2)
    amounts = {label: sum(said == label for _, _, said in rows) for label in LABELS}
    most = sorted((label for label in LABELS if amounts[label]), key=lambda label: -amounts[label])
    everywhere = dict.fromkeys(range(60), 0)
    assert [one.label for one in followed(rows, everywhere)] == most
    assert [one.label for one in followed(rows, everywhere, labels=2)] == most[:2]


def test_what_cannot_be_said_has_its_reason() -> None:
    alone = [(0, 1, "a"), (1, 2, "b")]
    assert followed(alone, {0: 0, 1: 0}) == ()
    assert followed([], {}) == ()
    same = [(0, 1, "a"), (0, 2, "a"), (1, 1, "a"), (1, 2, "a")]
    [one] = followed(same, {0: 0, 1: 0})
    assert (one.krippendorff_alpha.value, one.krippendorff_alpha.reason) == (None, NO_LABEL)
    assert one.percent_agreement.value == 1


def test_answers_without_labels_have_none() -> None:
    control = Control("c", "TextArea", ("t",), (), family=Family.TEXT)
    evidence = ControlEvidence(control, encode(control, [(0, 1, Text(("x",))), (0, 2, Text(("y",)))]))
    assert labels_over_time(evidence, Method(bootstrap=100), {0: 0}, np.random.default_rng(0)) == ()


def test_regions_are_compared_label_by_label() -> None:
    control = Control("r", "RectangleLabels", ("i",), ("a", "b"), family=Family.REGIONS)

    def said(place: float, label: str) -> Regions:
        return Regions((Region(Box(0, 0, 9, 9), ("a",)), Region(Box(place, 50, 9, 9), (label,))))

    rows = [(task, who, said(40.0 * who * (task >= 5), "b")) for task in range(10) for who in (0, 1)]
    evidence = ControlEvidence(control, encode(control, rows))
    period = {task: task // 5 for task in range(10)}
    found = labels_over_time(evidence, Method(bootstrap=100), period, np.random.default_rng(0))
    percent = {(one.label, one.period): one.percent_agreement.value for one in found}
    assert percent == {("a", 0): 1, ("a", 1): 1, ("b", 0): 1, ("b", 1): 0}
