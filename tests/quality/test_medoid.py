"""The answer nearest to the others: by hand, weighted, tied, alone."""

import pytest

from label_config.answers import Answer, Text
from label_config.model import Control, Family
from sync.quality.coded_answers import Row, encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.records import ControlConsensus

TEXT = Control("t", "TextArea", ("t",), family=Family.TEXT)


def inferred(rows: list[tuple[int, int, str]], fixed: dict[int, Answer] | None = None) -> ControlConsensus:
    coded: list[Row] = [(task, person, Text((line,))) for task, person, line in rows]
    return infer(ControlEvidence(TEXT, encode(TEXT, coded, fixed)), "medoid")


def test_the_text_in_the_middle_by_hand() -> None:
    """abcd - abce - xbce: one letter of four apart each, two the outer ones."""
    (one,) = inferred([(1, 0, "abcd"), (1, 1, "abce"), (1, 2, "xbce")]).tasks
    assert (one.answer, one.tie, one.posterior) == (Text(("abce",)), False, None)


def test_two_that_differ_are_a_tie_named_by_their_text() -> None:
    for order in ((0, 1), (1, 0)):
        (one,) = inferred([(1, order[0], "b"), (1, order[1], "a")]).tasks
        assert (one.answer, one.tie) == (Text(("a",)), True)


def test_spaces_make_no_tie() -> None:
    (one,) = inferred([(1, 0, "a house"), (1, 1, "a  house")]).tasks
    assert (one.answer, one.tie) == (Text(("a  house",)), False)


def test_who_is_near_to_others_elsewhere_decides() -> None:
    """On tasks 1 to 9 annotators 0, 1 and 2 agree and 3 does not; on task 10 only 2 and 3 answered."""
    rows = [(task, person, "same" if person < 3 else "other") for task in range(1, 10) for person in range(4)]
    found = inferred([*rows, (10, 2, "yes"), (10, 3, "no")])
    assert (found.tasks[-1].answer, found.tasks[-1].tie) == (Text(("yes",)), False)
    quality = [one.quality for one in found.annotators]
    assert quality[0] == quality[1] > 0.9 > 0.4 > quality[3]


def test_a_ruling_teaches() -> None:
    rows = [(task, person, "red" if person else "sky") for task in range(10) for person in (0, 1)]
    found = inferred(rows, dict.fromkeys(range(9), Text(("sky",))))
    assert (found.tasks[-1].answer, found.tasks[-1].tie) == (Text(("sky",)), False)


def test_the_confidence_by_hand() -> None:
    """One annotator, nothing to compare: quality and confidence are a half. Two equal answers: (1 + quality) / 2."""
    alone = inferred([(1, 0, "a")])
    assert alone.tasks[0].confidence == alone.annotators[0].quality == pytest.approx(0.5)
    both = inferred([(1, 0, "a"), (1, 1, "a")])
    # Everybody: (2 + 1/2) / 3 = 5/6; each: (1 + 3 x 5/6) / 4 = 7/8.
    assert both.annotators[0].quality == pytest.approx(7 / 8)
    assert both.tasks[0].confidence == pytest.approx((1 + 7 / 8) / 2)
