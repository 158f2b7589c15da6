"""Which answers are given for which: against counting pairs one by one."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices
from label_config.model import Control
from sync.quality.coded_answers import encode
from sync.quality.confusion import confusion

CONTROL = Control("c", "Choices", ("t",), ("a", "b", "c", "d"))
answers = st.dictionaries(st.tuples(st.integers(1, 6), st.integers(1, 4)), st.sampled_from("abcd"))


@given(answers)
def test_every_two_people_on_a_task_count_both_ways_round(said: dict[tuple[int, int], str]) -> None:
    found = confusion(encode(CONTROL, [(task, who, Choices((label,))) for (task, who), label in said.items()]))
    pairs = [(one, other) for (a, one), (b, other) in permutations(said.items(), 2) if a[0] == b[0]]
    labels = [answer.labels[0] for answer in found.answers if isinstance(answer, Choices)]
    assert labels == sorted({label for pair in pairs for label in pair})
    assert found.counts.tolist() == [[pairs.count((row, column)) for column in labels] for row in labels]


def test_answers_that_are_given_seldom_are_left_out_and_counted() -> None:
    said = {(1, 1): "a", (1, 2): "b", (2, 1): "b", (2, 2): "c", (3, 1): "b", (3, 2): "c", (4, 1): "d"}
    coded = encode(CONTROL, [(task, who, Choices((label,))) for (task, who), label in said.items()])
    found = confusion(coded, limit=2)
    assert found.answers == (Choices(("b",)), Choices(("c",)))
    assert found.hidden == 1
