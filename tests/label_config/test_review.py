"""The review interface, the data of a review task, and the ruling that comes back."""

import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from label_studio_sdk.label_interface.interface import LabelInterface

from label_config.answers import Choices
from label_config.errors import InterfaceError, ResultError
from label_config.parse import parse
from label_config.results import in_order, write_answer
from label_config.review import (
    CAUSES,
    UNDECIDED,
    VERDICTS,
    Ruling,
    read_ruling,
    review_config,
    review_data,
    verdict_of,
)
from label_config.templates import NAMES, template

from .interfaces import CONFIG, TONE, TOPICS, Written, interfaces
from .test_controls import shipped
from .test_results import JSON, REGIONS, region

DRESSED = """<View className="page">
  <Style>.page > .big { font-size: 2em }</Style>
  <Header value="What do you see?"/>
  <Image name="image" value="$image"/><HyperText name="html" value="x"><p title="x">Look &amp; see</p></HyperText>
  <Choices name="kind" toName="image" required="true" requiredMessage="Choose!" layout="select">
    <Choice value="Cat" alias="cat" hotkey="c"/><Choice value="Dog" alias="dog"/>
  </Choices>
  <View visibleWhen="choice-selected" whenTagName="kind" whenChoiceValue="cat" className="big">
    <Header value="Which colour?"/>
    <Choices name="colour" toName="image" choice="multiple" visibleWhen="choice-unselected" whenTagName="sure">
      <Choice value="black"/><Choice value="white"/>
    </Choices>
  </View>
</View>"""


def tree(xml: str) -> ET.Element:
    return ET.fromstring(xml)  # noqa: S314 - we wrote it


def check_by_label_studio(xml: str) -> None:
    LabelInterface(xml).validate()  # type: ignore[no-untyped-call]


def question(name: str, *labels: str) -> dict[str, Any]:
    return region(f"tiebreak_{name}", labels)


def rationale(text: object) -> dict[str, Any]:
    return {
        "id": "r9",
        "from_name": "tiebreak_rationale",
        "to_name": "text",
        "type": "textarea",
        "value": {"text": text},
    }


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(interfaces())
def test_a_review_interface_passes_label_studios_own_validator(written: Written) -> None:
    xml = review_config(parse(written.xml))
    check_by_label_studio(xml)
    names = Counter(element.get("name") for element in tree(xml).iter() if element.get("name"))
    wanted = {name for name, _, _ in written.objects} | {control.name for control in written.controls}
    assert wanted <= set(names)
    assert {name for name in names if name not in wanted} == {
        f"tiebreak_{name}" for name in ("why", "earlier", "verdict", "cause", "rationale")
    }
    assert set(names.values()) == {1}


@given(interfaces())
def test_a_review_asks_the_source_controls_with_their_labels(written: Written) -> None:
    root = tree(review_config(parse(written.xml)))
    for control in written.controls:
        (element,) = root.findall(f".//Choices[@name='{control.name}']")
        labels = [choice.get("alias") or choice.get("value") for choice in element.iter("Choice")]
        assert tuple(labels) == control.labels
        assert element.get("toName") == ",".join(control.to_names)


def test_the_reviewer_sees_what_the_annotators_saw() -> None:
    root = tree(review_config(parse(DRESSED)))
    shown = root.find(".//View[@className='tiebreak-task']")
    assert shown is not None
    assert [header.get("value") for header in shown.iter("Header")] == ["What do you see?", "Which colour?"]
    assert [style.text for style in shown.iter("Style")] == [".page > .big { font-size: 2em }"]
    assert shown.find("./View/HyperText/p[@title='x']") is not None
    assert shown.find("./View[@className='page']/Image[@value='$image']") is not None
    assert list(shown.iter("Choices")) == []


def test_nothing_is_required_since_blind_reviews_know_no_verdict_and_the_sources_conditions_stay() -> None:
    root = tree(review_config(parse(DRESSED)))
    assert [one.get("name") for one in root.iter() if one.get("required") or one.get("requiredMessage")] == []
    headers = [one.get("value") for one in root.iter("Header")]
    assert "Where no earlier answers are shown, leave this open, unless it cannot be decided." in headers
    (kind,) = root.findall(".//Choices[@name='kind']")
    assert [(choice.get("alias"), choice.get("hotkey")) for choice in kind] == [("cat", "c"), ("dog", None)]
    (colour,) = root.findall(
        ".//View[@visibleWhen='choice-selected'][@whenTagName='kind'][@whenChoiceValue='cat']"
        "/View[@visibleWhen='choice-unselected'][@whenTagName='sure']/Choices"
    )
    assert colour.get("name") == "colour"


@pytest.mark.parametrize("name", NAMES)
def test_every_ready_made_interface_can_be_reviewed(name: str) -> None:
    check_by_label_studio(review_config(parse(template(name))))


@pytest.mark.parametrize("name", ["tiebreak_why", "tiebreak_mine"])
def test_names_that_reviews_need_are_refused(name: str) -> None:
    for source in (parse(DRESSED.replace('"image"', f'"{name}"')), parse(DRESSED.replace('"colour"', f'"{name}"'))):
        with pytest.raises(InterfaceError, match=name):
            review_config(source)


def test_an_unknown_template_is_refused_by_the_names_there_are() -> None:
    with pytest.raises(KeyError, match=r"nonsense.*digits"):
        template("nonsense")


def a_review(answers: list[tuple[str, str]], source: dict[str, Any] | None = None) -> dict[str, Any]:
    return review_data(source or {}, key="k", reason="why", answers=answers, priority=0.12345678, source_task=7)


class Seen(HTMLParser):
    """What a browser makes of a piece of HTML: its tags, and the text in its cells."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.cells: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.cells[-1] += data


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4))
@example([("</td><script>alert(1)</script>", "<img src=x onerror=alert(1)>")])
@example([("&lt;b&gt;", "'\" & \x00 \ud800 <!-- -->")])
def test_what_people_wrote_is_shown_and_never_markup(answers: list[tuple[str, str]]) -> None:
    seen = Seen(a_review(answers)["tiebreak_answers"])
    assert seen.tags == [("table", ()), ("tbody", ())] + [
        ("tr", ()),
        ("td", ("style",)),
        ("td", ("style",)),
        ("b", ()),
    ] * len(answers)
    assert seen.cells == [text for pair in answers for text in pair]


def test_a_review_task_carries_the_source_task_and_ours_beside_it() -> None:
    data = a_review([], {"image": "http://127.0.0.1/1.png", "id": 3})
    assert data.pop("tiebreak_answers") == "<i>No earlier answers are shown.</i>"
    assert data == {
        "image": "http://127.0.0.1/1.png",
        "id": 3,
        "tiebreak_key": "k",
        "tiebreak_reason": "why",
        "tiebreak_priority": 0.12,
        "tiebreak_source_task": 7,
    }


def test_source_data_that_uses_our_keys_is_refused() -> None:
    with pytest.raises(ResultError, match=r"task 7.*tiebreak_key, tiebreak_x"):
        a_review([], {"tiebreak_x": 1, "tiebreak_key": "forged", "text": "t"})


def test_a_ruling_is_read_with_its_verdict_cause_and_rationale() -> None:
    result = [
        region("tone", ("bad",)),
        region("topics", ("staff", "food")),
        question("verdict", VERDICTS[0]),
        question("cause", CAUSES[1]),
        rationale(["It says so.", "Twice."]),
    ]
    answers = {"tone": Choices(("bad",)), "topics": Choices(("food", "staff"))}
    assert read_ruling(CONFIG, result) == Ruling(answers, VERDICTS[0], CAUSES[1], "It says so.\nTwice.")


def test_verdict_cause_and_rationale_may_be_missing() -> None:
    assert read_ruling(CONFIG, [region()]) == Ruling({"tone": Choices(("good",))}, None, None, None)
    assert read_ruling(CONFIG, [region(), rationale("A text.")]).rationale == "A text."


def test_undecided_is_a_ruling_without_answers_also_beside_a_choice() -> None:
    for chosen in ([], [region()], [region(labels="broken")]):
        assert read_ruling(CONFIG, [*chosen, question("verdict", UNDECIDED)]) == Ruling({}, UNDECIDED, None, None)


@given(st.data())
def test_what_a_reviewer_can_submit_is_read_as_it_was_meant(data: st.DataObject) -> None:
    tone = data.draw(st.sampled_from(TONE.labels))
    topics = in_order(TOPICS, data.draw(st.lists(st.sampled_from(TOPICS.labels), unique=True)))
    verdict = data.draw(st.sampled_from([one for one in VERDICTS if one != UNDECIDED]))
    text = data.draw(st.text(min_size=1))
    regions = [
        *write_answer(TONE, Choices((tone,)), region_id="a"),
        *write_answer(TOPICS, topics, region_id="b"),
        question("verdict", verdict),
        rationale([text]),
    ]
    found = read_ruling(CONFIG, data.draw(st.permutations(regions)))
    assert found.answers == {"tone": Choices((tone,))} | ({"topics": topics} if topics.labels else {})
    assert (found.verdict, found.cause, found.rationale) == (verdict, None, text)


@pytest.mark.parametrize(
    ("result", "named"),
    [
        (None, ["list of regions"]),
        ([], ["nothing was decided", UNDECIDED]),
        ([question("verdict", VERDICTS[0])], ["nothing was decided", UNDECIDED]),
        ([region(), question("verdict", "fine")], ["tiebreak_verdict", "'fine'"]),
        ([region(), question("verdict", *VERDICTS[:2])], ["tiebreak_verdict", "one label"]),
        ([region(), question("cause", "bad luck")], ["tiebreak_cause", "'bad luck'"]),
        ([region(), {**question("cause"), "value": {"choices": 5}}], ["tiebreak_cause", "value.choices"]),
        ([region(), question("colour", "red")], ["tiebreak_colour"]),
        ([region(), rationale(5)], ["'r9'", "tiebreak_rationale", "value.text"]),
        ([region(), rationale([{"a": 1}])], ["'r9'", "tiebreak_rationale", "value.text"]),
        ([region(labels=("ugly",))], ["'r1'", "'tone'", "'ugly'"]),
    ],
)
def test_a_malformed_ruling_is_refused_by_control_and_region(result: object, named: list[str]) -> None:
    with pytest.raises(ResultError) as refused:
        read_ruling(CONFIG, result)
    assert [word for word in named if word not in str(refused.value)] == []


OURS = st.fixed_dictionaries(
    {"from_name": st.sampled_from(["tiebreak_verdict", "tiebreak_cause", "tiebreak_rationale", "tiebreak_"])},
    optional={"to_name": st.just("text") | JSON, "type": st.just("choices") | JSON, "value": JSON},
)


@given(st.lists(OURS | REGIONS | JSON, max_size=4) | JSON)
@example([{**region(), "from_name": "tiebreak_verdict", "value": {"choices": 5}}])
@example([{"from_name": "tiebreak_rationale", "value": {"text": 5}}])
def test_any_json_is_a_ruling_or_a_result_error(result: object) -> None:
    try:
        ruling = read_ruling(CONFIG, result)
    except ResultError:
        return
    assert ruling.answers or ruling.verdict == UNDECIDED


def test_controls_of_every_kind_are_asked_anew_beside_the_task() -> None:
    source = parse(
        '<View><Chat name="chat" value="$chat"/><Image name="i" value="$i"/>'
        '<Relations><Relation value="on"/></Relations>'
        '<RectangleLabels name="box" toName="i"><Label value="A"/></RectangleLabels>'
        '<Rating name="stars" toName="i" perRegion="true" required="true"/>'
        '<Repeater on="$lines"><Text name="t_{{idx}}" value="$lines[{{idx}}]"/>'
        '<TextArea name="w_{{idx}}" toName="t_{{idx}}"/></Repeater></View>'
    )
    root = tree(review_config(source))
    (task,), (decide,) = (root.findall(f".//*[@className='tiebreak-{part}']") for part in ("task", "decide"))
    assert [found.get("name") for found in task.iter() if found.get("name")] == ["chat", "i", "t_{{idx}}"]
    asked = [found.tag for found in decide.iter() if found.tag in ("RectangleLabels", "Rating", "Relations", "Chat")]
    assert sorted(asked) == ["Rating", "RectangleLabels", "Relations"]
    assert not list(task.iter("Relations"))
    check_by_label_studio(ET.tostring(root, encoding="unicode"))
    (repeater,) = decide.iter("Repeater")
    assert [found.get("name") for found in repeater.iter("TextArea")] == ["w_{{idx}}"]


def test_a_review_of_every_interface_that_ships_with_label_studio_is_an_interface_of_its_own() -> None:
    interfaces = shipped()
    if not interfaces:
        pytest.skip("no Label Studio here: its interfaces cannot be read (set TIEBREAK_LABEL_STUDIO)")
    for _, xml in interfaces:
        source = parse(xml)
        review = review_config(source)
        check_by_label_studio(review)
        asked = {one.name: (one.family, one.labels, one.to_names) for one in parse(review).controls}
        assert {one.name: (one.family, one.labels, one.to_names) for one in source.controls}.items() <= asked.items()


@given(
    st.dictionaries(st.sampled_from("ab"), st.sampled_from("xyz")),
    st.lists(st.dictionaries(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=4),
    st.sampled_from([None, *VERDICTS]),
)
def test_a_verdict_is_corrected_only_where_the_answers_contradict_it(
    said: dict[str, str], earlier: list[dict[str, str]], given_verdict: str | None
) -> None:
    one, several, none, undecided = VERDICTS
    whole = any(all(before.get(name) == said[name] for name in said) for before in earlier)
    anywhere = any(before.get(name) == said[name] for before in earlier for name in said)
    found = verdict_of(said, earlier, given_verdict)
    if not said or not earlier or given_verdict in {several, undecided}:
        assert found == given_verdict
    elif whole:
        assert found == one
    elif not anywhere:
        assert found == none
    else:
        assert found == given_verdict
