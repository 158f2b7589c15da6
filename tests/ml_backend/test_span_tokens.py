"""Tokens: characters are where they are, and nothing that people see as one sign is cut."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.spans.tokens import tokens

regex: Any = pytest.importorskip("regex", reason="the grapheme clusters of `regex` are the independent measure")
CLUSTER = regex.compile(r"\X")

FAMILY = "👩\u200d👩\u200d👧"
ODD = [
    FAMILY,
    "🇩🇪",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "👍🏽",
    "e\u0301",
    "\r\n",
    "\u200b",
    "\u202e",
    "שלום",
    "مرحبا",
    "नमस्ते",
    "क्ष",
    "ที่นี่",
    "น้ำ",
    "한국어",
    "日本語",
    "ö",
    "\u0600\u0661",
]
texts = st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=4), st.characters())).map("".join)


@given(texts)
def test_tokens_are_slices_in_order_that_split_no_grapheme(text: str) -> None:
    found = tokens(text)
    clusters = {match.start() for match in CLUSTER.finditer(text)} | {len(text)}
    end = 0
    for start, stop, word in zip(found.starts.tolist(), found.ends.tolist(), found.words, strict=True):
        assert end <= start < stop <= len(text)
        assert text[start:stop] == word
        assert not word.isspace()
        assert {start, stop} <= clusters
        end = stop


def test_no_code_point_is_cut_from_its_cluster() -> None:
    for code in range(0, sys.maxunicode + 1, 7):
        if 0xD800 <= code < 0xE000:
            continue
        text = f"a{chr(code)}b क{chr(code)}"
        clusters = {match.start() for match in CLUSTER.finditer(text)} | {len(text)}
        found = tokens(text)
        assert {*found.starts.tolist(), *found.ends.tolist()} <= clusters, hex(code)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        (" \r\n\t", ()),
        ("I paid €5.20 for 3kg", ("I", "paid", "€", "5", ".", "20", "for", "3", "kg")),
        (f"{FAMILY}🇩🇪🇫🇷 e\u0301t\u0301", (FAMILY, "🇩🇪", "🇫🇷", "e\u0301t\u0301")),
        ("日本語 한국어", ("日", "本", "語", "한국어")),
        ("a\r\nb", ("a", "b")),
        ("\u0301 x", ("x",)),
        ("snake_case", ("snake", "_", "case")),
        ("שלום, עולם", ("שלום", ",", "עולם")),
    ],
)
def test_what_is_a_token(text: str, words: tuple[str, ...]) -> None:
    assert tokens(text).words == words


def test_letters_of_ascii_alone_are_found_as_by_the_general_rule() -> None:
    text = "".join(map(chr, range(128))) + " it's 5kg. "
    assert tokens(text).words == tokens(text + "ö").words[:-1]
