"""What to label next and what to check are two orders: where they differ, and where they must."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices, Number
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.informativeness import UNCERTAINTIES, doubt, informativeness, next_answer
from sync.quality.records import Opinion

from .answers import ABC, ROWS, Row, single

TONE = Control("c", "Choices", ("t",), ABC)
every_uncertainty = pytest.mark.parametrize("name", UNCERTAINTIES)


def opinion(*probabilities: float) -> Opinion:
    best = int(np.argmax(probabilities))
    return Opinion(Choices((ABC[best],)), dict(zip(ABC, probabilities, strict=True)), max(probabilities))


def evidence(rows: list[Row], opinions: dict[int, Opinion], fixed: dict[int, str] | None = None) -> ControlEvidence:
    return ControlEvidence(TONE, single(rows, fixed=fixed), opinions=opinions)


SURE_ROWS = [(task, person, "a") for task in range(20, 60) for person in range(3)]
"""Others agree, and so does the model, so that the rate of errors is low."""
SURE = {task: opinion(0.9, 0.05, 0.05) for task in range(20, 60)}


def both(rows: list[Row], opinions: dict[int, Opinion]) -> tuple[dict[int, float], dict[int, float]]:
    said = evidence([*rows, *SURE_ROWS], {**opinions, **SURE})
    return informativeness(said), doubt(said, infer(said, "majority"))


def test_a_task_that_nobody_answered_teaches_and_has_no_answer_to_doubt() -> None:
    teaches, doubtful = both([], {1: opinion(0.4, 0.3, 0.3)})
    assert teaches[1] == max(teaches.values())
    assert 1 not in doubtful


def test_an_ambiguous_task_that_all_answered_alike_is_neither_doubted_nor_worth_much_more() -> None:
    """The model wavers on tasks 1 and 2; three said the same of task 1, nobody answered task 2."""
    unclear = opinion(0.36, 0.32, 0.32)
    teaches, doubtful = both([(1, person, "a") for person in range(3)], {1: unclear, 2: unclear})
    assert doubtful[1] < 0.1
    assert teaches[2] == pytest.approx(4 * teaches[1])
    assert teaches[1] > teaches[20]  # yet more than a task that is as much answered and clear


def test_a_wrong_label_on_a_clear_task_is_doubted_and_teaches_nothing() -> None:
    teaches, doubtful = both([(1, 0, "b")], {1: opinion(0.998, 0.001, 0.001), 2: opinion(0.4, 0.3, 0.3)})
    assert doubtful[1] == max(doubtful.values())
    assert doubtful[1] > 0.5
    assert teaches[1] < 0.02 < teaches[2]


def test_where_people_differ_there_is_doubt_without_a_model_too() -> None:
    said = evidence([(1, 0, "a"), (1, 1, "b"), (2, 0, "a"), (2, 1, "a")], {})
    doubtful = doubt(said, infer(said, "majority"))
    assert doubtful == {1: 0.5, 2: 0.0}
    assert informativeness(said) == {1: pytest.approx(1 / 3), 2: pytest.approx(1 / 3)}


def test_what_was_ruled_needs_nothing() -> None:
    said = evidence([(1, 0, "a"), (1, 1, "b")], {1: opinion(0.1, 0.8, 0.1)}, fixed={1: "a"})
    assert informativeness(said) == {1: 0.0}
    assert doubt(said, infer(said, "majority")) == {1: 0.0}
    assert next_answer(said) == {1: 0.0}


def test_a_new_answer_and_another_one_stand_on_one_scale() -> None:
    rows = [*SURE_ROWS, (1, 0, "a"), (1, 1, "b"), *((3, person, "b") for person in range(3))]
    said = evidence(rows, {**SURE, 1: opinion(0.4, 0.4, 0.2), 2: opinion(0.4, 0.4, 0.2), 3: opinion(0.1, 0.8, 0.1)})
    gain = next_answer(said)
    assert gain.keys() == {1, 2, 3, *range(20, 60)}
    assert min(gain[1], gain[2]) > gain[3] > gain[20]


def test_other_answers_are_uncertain_by_the_models_confidence() -> None:
    control = Control("n", "Number", ("t",), family=Family.NUMBER)
    said = ControlEvidence(
        control,
        encode(control, [(1, 0, Number(3.0))]),
        opinions={1: Opinion(Number(3.0), confidence=0.5), 2: Opinion(Number(4.0), confidence=0.5)},
    )
    assert informativeness(said) == {1: 0.25, 2: 0.5}
    with pytest.raises(ValueError, match="one of several labels"):
        next_answer(said)


def test_of_several_labels_the_mean_uncertainty_counts() -> None:
    control = Control("c", "Choices", ("t",), ("a", "b"), multiple=True)
    said = ControlEvidence(
        control, encode(control, []), opinions={1: Opinion(Choices(("a",)), {"a": 0.5, "b": 0.0}, 0.5)}
    )
    assert informativeness(said) == {1: 0.5}


@every_uncertainty
@given(ROWS, st.dictionaries(st.integers(0, 9), st.lists(st.floats(0, 2), min_size=3, max_size=3)))
def test_every_score_is_in_0_to_1_whatever_the_probabilities(
    name: str, rows: list[Row], said: dict[int, list[float]]
) -> None:
    opinions = {task: Opinion(Choices(("a",)), dict(zip("abz", p, strict=True)), 0.5) for task, p in said.items()}
    known = evidence(rows, opinions)
    for scores in (informativeness(known, name), doubt(known, infer(known, "majority")), next_answer(known)):
        assert all(0 <= score <= 1 for score in scores.values())


@every_uncertainty
def test_uncertainty_is_1_at_an_even_guess_and_0_at_certainty(name: str) -> None:
    measure = UNCERTAINTIES[name]
    assert measure(np.array([[0.25] * 4, [1.0, 0, 0, 0]])) == pytest.approx([1.0, 0.0])
    assert measure(np.ones((2, 1))).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match=r"'best'.*entropy, margin"):
        informativeness(evidence([], {}), "best")
