"""What each control tag becomes, and every labeling interface that ships with Label Studio."""

from pathlib import Path

import pytest
import yaml

from label_config.model import Control, Family
from label_config.parse import CONTROLS, parse
from sync.demo.embedded import find_executable
from sync.errors import DemoError

ABC = '<Label value="A"/><View><Header value="?"/><Label value="B" alias="b"/></View>'
TREE = '<Choice value="x"><Choice value="y" alias="z"/></Choice><Choice value="w"/>'


def control(written: str, objects: str = '<Text name="t" value="$t"/>') -> Control:
    return parse(f"<View>{objects}{written}</View>").controls[0]


@pytest.mark.parametrize("tag", [tag for tag in CONTROLS if tag.endswith("Labels")])
def test_labels_of_every_kind_mark_regions_with_the_interfaces_labels(tag: str) -> None:
    found = control(f'<{tag} name="l" toName="t" choice="multiple">{ABC}</{tag}>')
    assert (found.tag, found.family, found.labels, found.multiple) == (tag, Family.REGIONS, ("A", "b"), True)
    assert not found.decidable


@pytest.mark.parametrize(
    "tag", "Rectangle Ellipse Polygon Brush Bitmask MagicWand KeyPoint Vector VideoRectangle".split()
)
def test_shapes_are_drawn_without_labels(tag: str) -> None:
    found = control(f'<{tag} name="s" toName="t"/>')
    assert (found.tag, found.family, found.labels) == (tag, Family.REGIONS, ())


@pytest.mark.parametrize(
    ("written", "family", "low", "high"),
    [
        ('<Rating name="r" toName="t"/>', Family.RATING, 1, 5),
        ('<Rating name="r" toName="t" maxRating="10" perRegion="true"/>', Family.RATING, 1, 10),
        ('<Number name="r" toName="t" min="-0.5" perItem="true"/>', Family.NUMBER, -0.5, None),
        ('<Number name="r" toName="t" max="many"/>', Family.NUMBER, None, None),
        ('<DateTime name="r" toName="t"/>', Family.MOMENT, None, None),
        ('<TextArea name="r" toName="t" perregion="true"/>', Family.TEXT, None, None),
    ],
)
def test_what_asks_for_a_value(written: str, family: Family, low: float | None, high: float | None) -> None:
    found = control(written)
    assert (found.family, found.low, found.high) == (family, low, high)
    assert found.per_region == any(word in written.lower() for word in ("perregion", "peritem"))


def test_nested_choices_are_a_taxonomy_of_paths() -> None:
    for tag, multiple in (("Choices", False), ("Taxonomy", True)):
        found = control(f'<{tag} name="x" toName="t">{TREE}</{tag}>')
        assert (found.family, found.labels, found.multiple) == (Family.TAXONOMY, ("x", "x/z", "w"), multiple)
    flat = control('<Choices name="x" toName="t" allowNested="true"><Choice value="a"/></Choices>')
    assert (flat.family, flat.labels) == (Family.TAXONOMY, ("a",))
    assert not control('<Taxonomy name="x" toName="t" maxUsages="1"><Choice value="a"/></Taxonomy>').multiple


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ('<Choices name="c" toName="t" value="$labels"/>', ()),
        ('<Choices name="c" toName="t" value="$labels"><Choice value="a"/></Choices>', ("a",)),
        ('<Choices name="c" toName="t"><Choice value="$one"/><Choice value="a"/></Choices>', ("a",)),
        ('<Choices name="c" toName="t"><Choice value="costs $100"/></Choices>', ()),
        ('<Labels name="c" toName="t" value="$labels"/>', ()),
        ('<Labels name="c" toName="t"><Label value="$one"/></Labels>', ()),
        ('<Taxonomy name="c" toName="t" apiUrl="https://host.example/tree"/>', ()),
        ('<Taxonomy name="c" toName="t"><Choice value="a"><Choice value="$one"/></Choice></Taxonomy>', ("a",)),
    ],
)
def test_labels_may_come_from_the_task(written: str, labels: tuple[str, ...]) -> None:
    found = control(written)
    assert (found.dynamic, found.labels, found.decidable) == (True, labels, False)


@pytest.mark.parametrize("attribute", ["perRegion", "perregion", "perItem"])
def test_choices_about_each_region_are_not_decided(attribute: str) -> None:
    found = control(f'<Choices name="c" toName="t" {attribute}="true"><Choice value="a"/></Choices>')
    assert (found.per_region, found.decidable) == (True, False)


def test_pairwise_is_a_choice_between_left_and_right() -> None:
    found = control('<Pairwise name="p" toName="t, u"/>', '<Text name="t" value="$t"/><Text name="u" value="$u"/>')
    assert (found.family, found.labels, found.to_names) == (Family.CHOICES, ("left", "right"), ("t", "u"))
    assert found.decidable


def test_a_ranker_ranks_a_list_or_fills_buckets() -> None:
    shown = '<List name="items" value="$items"/>'
    assert control('<Ranker name="k" toName="items"/>', shown).labels == ()
    filled = '<Ranker name="k" toName="items"><Bucket name="b" title="?"/><Bucket name="a"/></Ranker>'
    assert control(filled, shown).labels == ("b", "a")


def test_relations_are_a_control_without_a_name() -> None:
    found = control('<Relations><Relation value="is"/><Relation value="of"/></Relations>')
    assert (found.name, found.family, found.to_names) == ("relations", Family.RELATIONS, ())
    assert (found.labels, found.multiple) == (("is", "of"), True)


def test_a_chat_is_shown_and_answered() -> None:
    config = parse('<View><Chat name="chat" value="$chat"/></View>')
    assert [shown.name for shown in config.objects] == [one.name for one in config.controls] == ["chat"]
    assert (config.controls[0].family, config.controls[0].to_names) == (Family.CHAT, ("chat",))


def test_inside_a_repeater_each_repetition_is_asked_apart() -> None:
    config = parse(
        '<View><Repeater on="$lines" indexFlag="[i]"><Text name="line_[i]" value="$lines[[i]].text"/>'
        '<Choices name="c_[i]" toName="line_[i]"><Choice value="a"/></Choices>'
        '<Labels name="l_[i]" toName="line_[i]"><Label value="A"/></Labels></Repeater></View>'
    )
    choices, labels = config.controls
    assert (choices.name, choices.index_flag, choices.per_region) == ("c_[i]", "[i]", True)
    assert (labels.index_flag, labels.per_region) == ("[i]", False)
    assert config.decidable == ()


def test_a_video_rectangle_has_the_labels_beside_it() -> None:
    video = '<Video name="v" value="$v"/><VideoRectangle name="box" toName="v"/>'
    config = parse(f'<View>{video}<Labels name="l" toName="v">{ABC}</Labels></View>')
    assert config.control("box").labels == ("A", "b")


def test_the_only_object_is_meant_where_no_target_is_named() -> None:
    assert control('<Rating name="r"/>').to_names == ("t",)


def test_a_control_under_a_condition_may_not_have_been_shown() -> None:
    box = '<Rectangle name="r" toName="t"/>'
    assert control(f'<View visibleWhen="choice-selected">{box}</View>').conditional
    assert not control(f'<View visibleWhen="region-selected">{box}</View>').conditional


def shipped() -> list[tuple[str, str]]:
    """The interfaces that ship with Label Studio; none where its environment is missing."""
    try:
        environment = find_executable().parent.parent
    except DemoError:
        return []
    (folder,) = environment.glob("lib/python3*/site-packages/label_studio/annotation_templates")
    paths = sorted(path for path in folder.rglob("config.*") if path.suffix in (".xml", ".yml"))
    return [(f"{path.parent.name}/{path.name}", _interface(path)) for path in paths]


def _interface(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["config"]) if path.suffix == ".yml" else text


def test_every_interface_that_ships_with_label_studio_parses() -> None:
    interfaces = shipped()
    if not interfaces:
        pytest.skip("no Label Studio here: its interfaces cannot be read (set TIEBREAK_LABEL_STUDIO)")
    assert len(interfaces) == 102
    kinds = {one.family for name, xml in interfaces for one in parse(xml).controls}
    assert kinds == {*Family} - {Family.NUMBER, Family.MOMENT}
