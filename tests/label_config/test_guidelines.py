"""Guidelines: read, written, compared, and shown as instructions in which nothing typed is markup."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.errors import GuidelinesError
from label_config.guidelines import (
    ADDED,
    CHANGED,
    REMOVED,
    Entry,
    as_json,
    diff,
    from_json,
    instructions,
    read,
    refuse_misfit,
    written,
)
from label_config.parse import parse

IRONY = Entry(
    "irony", "Irony", "Says the opposite.\nOf what is meant.", ("Great, rain.",), ("Quotes",), "mood", ("bad",), (7,)
)
XML = """<View><Text name="text" value="$text"/><Choices name="mood" toName="text"><Choice value="good"/>
<Choice value="bad"/></Choices><TextArea name="why" toName="text"/></View>"""

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30).map(str.strip)
SAID = WORDS.filter(bool)
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True),
        SAID,
        SAID,
        st.lists(WORDS, max_size=3).map(tuple),
        st.lists(WORDS, max_size=3).map(tuple),
        WORDS,
        st.lists(WORDS, max_size=3).map(tuple),
        st.lists(st.integers(1, 10**9), max_size=3, unique=True).map(tuple),
    ),
    max_size=5,
    unique_by=lambda one: one.id,
).map(tuple)


@given(ENTRIES)
def test_what_is_written_is_read_again(entries: tuple[Entry, ...]) -> None:
    assert read(written(entries)) == entries
    assert from_json(as_json(entries)) == entries


@given(ENTRIES, ENTRIES)
def test_a_diff_leads_from_one_to_the_other(before: tuple[Entry, ...], after: tuple[Entry, ...]) -> None:
    found = diff(before, after)
    known = {one.id: one for one in before}
    for one in found:
        assert (one.kind == ADDED) == (one.before is None)
        assert (one.kind == REMOVED) == (one.after is None)
        assert one.parts()
        if one.after is None:
            del known[one.id]
        else:
            known[one.id] = one.after
    assert known == {one.id: one for one in after}
    assert diff(after, after) == ()


def test_a_diff_says_which_fields_changed() -> None:
    new = replace(IRONY, meaning="Other.", labels=())
    (found,) = diff([IRONY], [new])
    assert (found.kind, found.id) == (CHANGED, "irony")
    assert found.parts() == [("meaning", IRONY.meaning, "Other."), ("labels", ("bad",), ())]


class Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_instructions_show_everything_that_people_are_to_know() -> None:
    page = instructions([IRONY], 3)
    assert page == (
        "<h3>Irony <small>(bad)</small></h3>\n<p>Says the opposite.<br>Of what is meant.</p>\n"
        "<p><b>Examples</b></p>\n<ul><li>Great, rain.</li></ul>\n<p><b>Edge cases</b></p>\n<ul><li>Quotes</li></ul>\n"
        "<p><i>Guidelines, version 3</i></p>"
    )


@given(
    st.sampled_from(
        ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</p></h3><a href='x'>", "&lt;b&gt;"]
    )
)
def test_nothing_that_was_typed_is_markup(planted: str) -> None:
    entry = Entry("a", planted, planted, (planted,), (planted,), "", (planted,))
    page = Tags(instructions([entry], 1))
    assert set(page.tags) == {"h3", "small", "p", "b", "ul", "li", "i"}
    assert page.text.count(planted) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[entry", "no TOML"),
        ("title = 'x'", "unknown: title; there are only"),
        ("entry = 3", "entry is no list of tables"),
        ('[[entry]]\nterm = "x"\nmeaning = "y"', "entry 1: id is missing"),
        ('[[entry]]\nid = "a"\nmeaning = "y"', "entry 'a': term is missing"),
        ('[[entry]]\nid = "a"\nterm = "x"\nmeaning = " "', "entry 'a': meaning is missing"),
        ('[[entry]]\nid = "A b"\nterm = "x"\nmeaning = "y"', "an id has 1 to 40 small letters"),
        ('[[entry]]\nid = "a"\nterm = 3\nmeaning = "y"', "entry 'a': term is a text of at most 5000"),
        ('[[entry]]\nid = "a"\nterm = "x"\nmeaning = "y"\nexample = ["z"]', "entry 'a': unknown: example; there are:"),
        ('[[entry]]\nid = "a"\nterm = "x"\nmeaning = "y"\nexamples = "z"', "entry 'a': examples is a list"),
        (
            '[[entry]]\nid = "a"\nterm = "x"\nmeaning = "y"\ntasks = [true]',
            "entry 'a': tasks is a list of Label Studio's",
        ),
        ('[[entry]]\nid = "a"\nterm = "x"\nmeaning = "y"\n' * 2, "entry 'a' stands there twice"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(GuidelinesError) as refused:
        read(text)
    assert said in str(refused.value)


def test_too_many_entries_and_too_long_texts_are_refused() -> None:
    with pytest.raises(GuidelinesError, match="501 entries: there may be 500"):
        from_json(as_json([replace(IRONY, id=f"a{n}") for n in range(501)]))
    with pytest.raises(GuidelinesError, match="meaning is a text of at most 5000"):
        from_json(as_json([replace(IRONY, meaning="x" * 5001)]))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (replace(IRONY, control="tone"), "has no control 'tone'; there are: mood, why"),
        (replace(IRONY, labels=("awful",)), "has no label 'awful'"),
        (replace(IRONY, control="", labels=("awful",)), ""),
        (replace(IRONY, control="why", labels=("anything",)), ""),
        (IRONY, ""),
    ],
)
def test_an_entry_is_about_what_the_interface_has(entry: Entry, said: str) -> None:
    """Where a control takes any text there is no label that it does not have."""
    config = parse(XML)
    if said:
        with pytest.raises(GuidelinesError) as refused:
            refuse_misfit([entry], config)
        assert said in str(refused.value)
    else:
        refuse_misfit([entry], config)
