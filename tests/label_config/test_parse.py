"""XML of a labeling interface -> typed controls, or a refusal that names tag and attribute."""

import pytest
from hypothesis import given

from label_config.errors import InterfaceError
from label_config.model import Control, DataObject
from label_config.parse import DEPTH, REFUSED_CONTROLS, parse

from .interfaces import CONFIG, TOPICS, Written, interfaces

TEXT = '<Text name="t" value="$t"/>'
YES_NO = '<Choice value="yes"/><Choice value="no"/>'


def choices(attributes: str = "", inside: str = YES_NO) -> str:
    return f'<View>{TEXT}<Choices name="c" toName="t" {attributes}>{inside}</Choices></View>'


def control(attributes: str = "", inside: str = YES_NO) -> Control:
    return parse(choices(attributes, inside)).controls[0]


@given(interfaces())
def test_a_valid_interface_parses_to_what_it_says(written: Written) -> None:
    config = parse(written.xml)
    assert [(shown.name, shown.tag, shown.field) for shown in config.objects] == list(written.objects)
    assert [(one.name, one.tag, one.to_names, one.labels, one.multiple) for one in config.controls] == [
        (one.name, one.tag, one.to_names, one.labels, one.multiple) for one in written.controls
    ]
    assert config.xml == written.xml


@pytest.mark.parametrize(
    ("xml", "named"),
    [
        ("", ["not XML"]),
        ("no markup", ["not XML"]),
        ("<View><Text></View>", ["not XML"]),
        ('<View title="\ud800"/>', ["not XML"]),
        ("<View>\x00</View>", ["not XML"]),
        ('<!DOCTYPE View [<!ENTITY a "b">]><View>&a;</View>', ["document type"]),
        ('<!DOCTYPE View SYSTEM "http://127.0.0.1/x.dtd"><View/>', ["document type"]),
        ("<div/>", ["<div>", "<View>"]),
        ("<View/>", ["no control", "Choices"]),
        (f"<View>{TEXT}</View>", ["no control", "Choices"]),
        (f"<View>{TEXT}<Foo/></View>", ["<Foo>", "unknown", "Choices"]),
        (f'<View>{TEXT}<choices name="c" toName="t">{YES_NO}</choices></View>', ["<choices name='c'>", "Choices"]),
        (f"<View>{TEXT}{YES_NO}</View>", ["<Choice>", "unknown here"]),
        (
            f'<View>{TEXT}<Rating name="r" toName="t" maxRating="many"/></View>',
            ["<Rating", "maxRating='many'"],
        ),
        (f'<View>{TEXT}<Number name="n" toName="t" min="2" max="1"/></View>', ["<Number name='n'>", "min=2", "max=1"]),
        (f'<View>{TEXT}<Labels name="l" toName="t"/></View>', ["<Labels name='l'>", "<Label>"]),
        (f'<View>{TEXT}<Rating name="l" toName="t"><Choice value="a"/></Rating></View>', ["<Choice>", "unknown here"]),
        (f'<View>{TEXT}<Taxonomy name="x" toName="t"/></View>', ["<Taxonomy name='x'>", "<Choice>"]),
        (f'<View>{TEXT}<Pairwise name="p" toName="t"/></View>', ["<Pairwise name='p'>", "toName", "two"]),
        (f'<View>{TEXT}<Ranker name="k" toName="t"><Bucket/></Ranker></View>', ["<Bucket>", "'name'"]),
        (f'<View>{TEXT}<Bucket name="b"/></View>', ["<Bucket name='b'>", "unknown here"]),
        (
            f'<View><Repeater on="$ts">{choices()[6:-7]}</Repeater></View>',
            ["name='c'", "Repeater", "{{idx}}"],
        ),
        ('<View><Text value="$t"/></View>', ["<Text>", "'name'"]),
        (f'<View>{TEXT}<Choices toName="t">{YES_NO}</Choices></View>', ["<Choices>", "'name'"]),
        (f'<View>{TEXT}<Choices name=" " toName="t">{YES_NO}</Choices></View>', ["<Choices name=' '>", "'name'"]),
        (
            f'<View>{TEXT}<Text name="u"/><Choices name="c">{YES_NO}</Choices></View>',
            ["'toName'", "2 objects"],
        ),
        (f'<View>{TEXT}<Choices name="c" toName="x">{YES_NO}</Choices></View>', ["name='c'", "toName='x'", "t"]),
        (f'<View>{TEXT}<Choices name="c" toName="t,x">{YES_NO}</Choices></View>', ["name='c'", "toName='x'"]),
        (f'<View>{TEXT}<Choices name="t" toName="t">{YES_NO}</Choices></View>', ["'t'", "more than one"]),
        (f"<View>{TEXT}{TEXT}</View>", ["'t'", "more than one"]),
        (choices(inside=""), ["<Choices name='c'>", "<Choice>"]),
        (choices(inside="<Choice/>"), ["<Choices name='c'>", "<Choice>", "value"]),
        (choices(inside='<Choice value=" "/>'), ["<Choices name='c'>", "<Choice>", "value"]),
        (choices(inside='<Choice value="a" alias=""/>'), ["<Choices name='c'>", "alias"]),
        (choices(inside='<Choice value="a"/><Choice value="b" alias="a"/>'), ["<Choices name='c'>", "'a'", "twice"]),
        (choices(inside='<Choice value="a">b</Choice>'), ["<Choices name='c'>", "'b'", "value"]),
        (choices(inside="<Choice>a &amp; b</Choice>"), ["<Choices name='c'>", "'a & b'", "value"]),
        (choices('choice="several"'), ["<Choices name='c'>", "choice='several'", "multiple"]),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(xml: str, named: list[str]) -> None:
    with pytest.raises(InterfaceError) as refused:
        parse(xml)
    assert [word for word in named if word not in str(refused.value)] == []


@pytest.mark.parametrize("tag", sorted(REFUSED_CONTROLS))
def test_each_control_that_is_not_read_is_refused_by_its_name(tag: str) -> None:
    with pytest.raises(InterfaceError, match=f"<{tag} name='x'>: the results of this control are not read"):
        parse(f'<View>{TEXT}<{tag} name="x" toName="t"/></View>')


def test_hostile_sizes_are_refused_or_read_and_never_crash() -> None:
    with pytest.raises(InterfaceError, match=f"more than {DEPTH} deep"):
        parse("<View>" * 100_000 + "</View>" * 100_000)
    with pytest.raises(InterfaceError) as refused:
        parse(f'<View><Text name="{"n" * 5_000_000}"/><Foo name="{"n" * 5_000_000}"/></View>')
    assert len(str(refused.value)) < 700
    labels = tuple(f"label {number}" for number in range(20_000))
    assert control(inside="".join(f'<Choice value="{label}"/>' for label in labels)).labels == labels
    assert control('title="' + "x" * 5_000_000 + '"').labels == ("yes", "no")


def test_results_say_the_alias_and_every_other_attribute_of_a_choice_is_dress() -> None:
    yes = '<Choice value="Yes, sir" alias="y" hotkey="1" html="&lt;b&gt;!&lt;/b&gt;" hint="?" selected="true"/>'
    assert control(inside=f"{yes}<Choice>No</Choice>").labels == ("y", "No")
    assert control(inside='<Choice value="$label" alias="a"/>').labels == ("a",)
    assert not control(inside='<Choice value="$label" alias="a"/>').dynamic
    assert control(inside='<Choice value="a"/><Choice value="a"/>').labels == ("a",)


def test_choices_may_stand_in_views_under_headers() -> None:
    inside = '<View><Header value="?"/><View><Choice value="a"/></View></View><Choice value="b"/>'
    assert control(inside=inside).labels == ("a", "b")


@pytest.mark.parametrize(
    ("attributes", "multiple"),
    [("", False), ('choice="single"', False), ('choice="single-radio"', False), ('choice="multiple"', True)],
)
def test_several_labels_may_be_chosen_only_where_the_interface_says_so(attributes: str, multiple: bool) -> None:
    assert control(attributes).multiple is multiple


def test_a_control_that_shows_under_a_condition_is_a_control() -> None:
    shown = 'visibleWhen="choice-selected" whenTagName="d" whenChoiceValue="x"'
    other = '<Choices name="d" toName="t"><Choice value="x"/></Choices>'
    config = parse(choices(shown).replace("</View>", f"<View {shown}>{other}</View></View>"))
    assert [one.name for one in config.controls] == ["c", "d"]
    assert config.controls[0].attributes["whenTagName"] == "d"


def test_comments_styles_and_html_hold_no_tags() -> None:
    config = parse(
        "<View><!-- <Foo/> --><Style>.a &gt; .b { color: red }</Style><Style>.c > .d {}</Style>"
        '<HyperText name="h"><div><table/><Choices/></div></HyperText>'
        '<Choices name="c" toName="h"><Choice value="a"/></Choices></View>'
    )
    assert ([one.name for one in config.objects], [one.name for one in config.controls]) == (["h"], ["c"])


def test_an_unknown_control_is_named_beside_those_there_are() -> None:
    assert CONFIG.control("topics") is TOPICS
    with pytest.raises(InterfaceError, match=r"'colour'.*tone, topics"):
        CONFIG.control("colour")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("$text", "text"),
        ("$pages[1].body", "pages"),
        ("$who.name", "who"),
        ("$größe", "größe"),
        ("From $who.name: $text!", "who"),
        ("$", ""),
        ("Say something", ""),
        ("", ""),
    ],
)
def test_an_object_names_the_field_of_the_task_that_it_reads(value: str, field: str) -> None:
    found = parse(f'<View><Text name="t" value="{value}"/><Choices name="c" toName="t">{YES_NO}</Choices></View>')
    assert found.objects == (DataObject("t", "Text", value),)
    assert found.objects[0].field == field


def test_an_object_can_be_written_as_text_or_as_a_list_of_values() -> None:
    shown = '<Text name="t">$text</Text><Image name="i" valueList="$pages"/>'
    xml = choices().replace(TEXT, shown)
    assert [one.field for one in parse(xml).objects] == ["text", "pages"]
