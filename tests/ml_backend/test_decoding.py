"""JSON decoded a piece at a time is what the standard library makes of it, and wrong where that says so."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.decoding import decoded

from ..thorough import up_to

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=[]), max_size=60),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=40,
)


class Slow(io.BytesIO):
    """A stream that gives less than it is asked for, as the network does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size, 7) if size and size > 0 else size)


def told(read: Any) -> tuple[str, Any]:
    """What came of it: a value, in words because 1 is True, or the kind of error."""
    try:
        return "value", repr(read())
    except (ValueError, RecursionError) as error:
        return "error", type(error)


PIECES = st.integers(min_value=1, max_value=100)


@settings(max_examples=up_to(300), deadline=None)
@given(value=JSON, piece=PIECES, ascii_only=st.booleans(), indent=st.sampled_from([None, 0, 2]))
def test_what_is_written_is_read(value: Any, piece: int, ascii_only: bool, indent: int | None) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    assert told(lambda: decoded(Slow(written), piece)) == told(lambda: json.loads(written))


@settings(max_examples=up_to(300), deadline=None)
@given(
    value=JSON, piece=PIECES, where=st.integers(0, 10**6), put=st.sampled_from([b"", b",", b'"', b"\\", b"]", b"\xff"])
)
def test_what_is_broken_is_refused_alike(value: Any, piece: int, where: int, put: bytes) -> None:
    written = json.dumps(value).encode()
    at = where % len(written)
    broken = written[:at] + put + written[at + 1 :]
    assert told(lambda: decoded(Slow(broken), piece)) == told(lambda: json.loads(broken))


@pytest.mark.parametrize(
    "written",
    [
        b" " * 1000,
        b'"' + b"x" * 1000,
        b'"' + b"\\ud83d\\ude00" * 50 + b'"',
        b'"' + b"\\ud83d" * 50 + b"\\ude00" * 50 + b'"',
        b'"' + b"x" * 100 + b"\\x" + b"x" * 100 + b'"',
        b'"' + b"x" * 100 + b"\n" + b"x" * 100 + b'"',
        b'{"a": 1, "b": [], "c": {}, "a": [1, 2]} ' * 2,
        b'{"a": 1, "a": [' + b"1, " * 100 + b"2]}",
        b"[" * 100 + b"]" * 100,
        b"[" * 200_000,
        b"[" + b"9" * 5000 + b"]",
        b"[1.5e3, -0, NaN, Infinity, -Infinity, nul]",
        "\ufeff[1, 2, 3]".encode(),
        '[1, 2, 3, "\u00e9"]'.encode("utf-16"),
        b'["' + b"\\" * 100 + b'"]',
        b"[1 2]",
        b'{"a" 1}',
        b"{1: 2}",
        b"[1,]",
        b'{"a": 1,}',
    ],
)
@pytest.mark.parametrize("piece", [3, 10, 64, 150])
def test_odd_documents_are_as_the_standard_library_has_them(written: bytes, piece: int) -> None:
    assert told(lambda: decoded(io.BytesIO(written), piece)) == told(lambda: json.loads(written))


def test_what_is_large_is_gone_through_a_piece_at_a_time() -> None:
    value = {"tasks": [{"id": n, "data": {"text": "x\u00e9" * 200}} for n in range(3000)], "long": "\u00fc" * 10**6}
    assert decoded(io.BytesIO(json.dumps(value).encode())) == value
