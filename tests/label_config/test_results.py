"""Label Studio result JSON <-> answers."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from label_config.answers import Choices, chosen
from label_config.errors import LabelConfigError, ResultError
from label_config.model import Control
from label_config.parse import parse
from label_config.results import canonical, from_canonical, in_order, read_answers, write_answer

from .interfaces import CONFIG, TEXTS, TONE, TOPICS, Written, interfaces

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
# Regions that are right in most of their parts, so that each check is reached.
REGIONS = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "from_name": st.sampled_from(["tone", "topics"]) | JSON,
        "to_name": st.just("text") | JSON,
        "type": st.just("choices") | JSON,
        "value": JSON | st.fixed_dictionaries({"choices": JSON | st.lists(st.sampled_from(["good", "bad", "food"]))}),
    },
)


def region(name: str = "tone", labels: object = ("good",), **other: Any) -> dict[str, Any]:
    value = {"choices": list(labels) if isinstance(labels, tuple) else labels}
    return {"id": "r1", "from_name": name, "to_name": "text", "type": "choices", "value": value, **other}


@given(interfaces(), st.data())
def test_what_is_written_is_read_again(written: Written, data: st.DataObject) -> None:
    config = parse(written.xml)
    answers, result = {}, []
    for control in config.controls:
        size = None if control.multiple else 1
        labels = data.draw(st.lists(st.sampled_from(control.labels), min_size=1, max_size=size, unique=True))
        answers[control.name] = in_order(control, labels)
        result += write_answer(control, answers[control.name], region_id=control.name)
    assert read_answers(config, result) == answers


@given(st.lists(REGIONS | JSON, max_size=4) | JSON)
@example([{"from_name": ["tone"]}])
@example([{"from_name": "tone", "to_name": {"text": 1}}])
@example([region(labels={"good": 1})])
@example([region(labels=[["good"]])])
def test_any_json_is_answers_or_a_result_error(result: object) -> None:
    try:
        answers = read_answers(CONFIG, result)
    except ResultError:
        return
    assert set(answers) <= {"tone", "topics"}
    assert all(label in CONFIG.control(name).labels for name, one in answers.items() for label in chosen(one))


@pytest.mark.parametrize(
    ("result", "named"),
    [
        (None, ["list of regions", "NoneType"]),
        ({"tone": "good"}, ["list of regions", "dict"]),
        ([region(), "good"], ["region 1", "str"]),
        ([[region()]], ["region 0", "list"]),
        ([{"type": "relation", "id": "r1"}], ["'r1'", "from_id"]),
        ([region(from_name=None)], ["'r1'", "from_name", "None"]),
        ([region("colour")], ["'r1'", "'colour'", "tone, topics"]),
        ([region(type="labels")], ["'r1'", "'tone'", "'labels'", "'choices'"]),
        ([region(to_name="image")], ["'r1'", "'tone'", "'image'", "text"]),
        ([region(value=None)], ["'r1'", "'tone'", "value.choices"]),
        ([region(value={"text": "good"})], ["'r1'", "'tone'", "value.choices"]),
        ([region(labels="good")], ["'r1'", "'tone'", "value.choices"]),
        ([region(labels=[1])], ["'r1'", "'tone'", "value.choices"]),
        ([region(labels=("ugly",))], ["'r1'", "'tone'", "'ugly'"]),
        ([region(labels=("good", "bad"))], ["'r1'", "'tone'", "one label", "2"]),
        ([region(), region(labels=("bad",), id="r2")], ["'r2'", "'tone'", "one label", "2"]),
        ([region("topics", ("food", "good"))], ["'r1'", "'topics'", "'good'"]),
    ],
)
def test_a_malformed_result_is_refused_by_control_and_region(result: object, named: list[str]) -> None:
    with pytest.raises(ResultError) as refused:
        read_answers(CONFIG, result)
    assert [word for word in named if word not in str(refused.value)] == []
    assert isinstance(refused.value, LabelConfigError)


def test_the_text_of_a_refusal_stays_short_whatever_it_quotes() -> None:
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    for given_id in ("x" * 10**6, deep):
        with pytest.raises(ResultError) as refused:
            read_answers(CONFIG, [region(id=given_id, type=given_id, labels=("y" * 10**6,))])
        assert len(str(refused.value)) < 400


def test_regions_of_one_control_are_one_answer_in_the_interfaces_order() -> None:
    result = [region("topics", ("staff", "food")), region("tone"), region("topics", ("food",)), region("tone")]
    assert read_answers(CONFIG, result) == {"topics": Choices(("food", "staff")), "tone": Choices(("good",))}


def test_an_unanswered_control_is_absent_and_an_empty_choice_is_an_answer() -> None:
    assert read_answers(CONFIG, []) == {}
    assert read_answers(CONFIG, [region("topics", ())]) == {"topics": Choices(())}


def test_a_region_is_written_as_label_studio_stores_it() -> None:
    assert write_answer(TONE, Choices(("bad",)), score=0.75, meta={"tiebreak": {"margin": 0.5}}, region_id="r") == [
        {
            "id": "r",
            "from_name": "tone",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": ["bad"]},
            "score": 0.75,
            "meta": {"tiebreak": {"margin": 0.5}},
        }
    ]
    assert write_answer(TOPICS, Choices(()), region_id="r") == []


@pytest.mark.parametrize(
    ("control", "labels", "named"),
    [(TONE, ("ugly",), "'tone'.*'ugly'"), (TONE, ("good", "bad"), "'tone'.*one label"), (TOPICS, ("",), "'topics'")],
)
def test_an_answer_that_the_control_cannot_hold_is_not_written(
    control: Control, labels: tuple[str, ...], named: str
) -> None:
    with pytest.raises(ResultError, match=named):
        write_answer(control, Choices(labels), region_id="r")


@given(st.lists(TEXTS, unique=True), st.lists(TEXTS, unique=True))
def test_equal_answers_and_they_alone_have_equal_canonical_texts(one: list[str], other: list[str]) -> None:
    left, right = Choices(tuple(one)), Choices(tuple(other))
    assert from_canonical(canonical(left)) == left
    assert (canonical(left) == canonical(right)) == (left == right)


@given(st.lists(st.sampled_from(TOPICS.labels)))
def test_labels_are_put_in_the_interfaces_order_each_once(labels: list[str]) -> None:
    assert in_order(TOPICS, labels).labels == tuple(label for label in TOPICS.labels if label in labels)
