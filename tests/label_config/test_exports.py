"""A JSON export that comes in pieces -> its tasks, one by one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.errors import ExportFormatError
from label_config.exports import parse_export, tasks_of

TASKS: list[dict[str, Any]] = [
    {"id": 1, "data": {"text": 'a "quoted" \\ text, ünïcödé \U0001f600'}, "annotations": [{"result": []}]},
    {"id": 2, "data": {"n": [-1.5e-3, True, None, float("inf"), "\u2028"]}, "annotations": [{"result": [{"x": {}}]}]},
    {"id": 3, "data": {}, "annotations": None},
]


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10**6])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("indent", [None, 40])
def test_tasks_do_not_depend_on_where_the_pieces_are_cut(size: int, ascii_only: bool, indent: int | None) -> None:
    content = b"\xef\xbb\xbf \n" + json.dumps(TASKS, ensure_ascii=ascii_only, indent=indent).encode() + b"\r\n\t"
    assert list(tasks_of(pieces(content, size))) == parse_export(content) == TASKS


@given(
    st.lists(st.fixed_dictionaries({"data": st.dictionaries(st.text(), st.text() | st.floats())})), st.integers(1, 50)
)
def test_any_list_of_tasks_is_read_as_json_reads_it(tasks: list[dict[str, Any]], size: int) -> None:
    content = json.dumps(tasks).encode()
    assert repr(list(tasks_of(pieces(content, size)))) == repr(json.loads(content))


@given(st.integers(0, 200), st.integers(1, 40))
def test_a_cut_export_says_after_which_task_and_byte(left_out: int, size: int) -> None:
    content = json.dumps(TASKS).encode()
    cut = content[: max(0, len(content) - 1 - left_out)]
    read = []
    with pytest.raises(ExportFormatError) as refused:
        for task in tasks_of(pieces(cut, size)):
            read.append(task)  # noqa: PERF402 - what came before the error counts
    assert read == TASKS[: len(read)]
    assert f"after {len(read)} tasks, at byte " in str(refused.value)
    assert int(str(refused.value).split("at byte ")[1].split(":")[0]) <= len(cut)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"id,text\n1,a", "not a list of tasks"),
        (b'{"data": {}}', "not a list of tasks"),
        (b'[{"text": "a"}]', "task 1 of the list: no `data`"),
        (b'[{"data": {}}, 3]', "task 2 of the list: no `data`"),
        (b'[{"data": {}, "annotations": {}}]', "`annotations` is not a list"),
        (b'[{"data": {}, "annotations": [{}]}]', "an annotation without a `result`"),
        (b'[{"data": {}} {"data": {}}]', "after 1 tasks, at byte 14: ',' or ']' is missing"),
        (b'[{"data": {}},]', "after 1 tasks, at byte 14"),
        (b'[{"data": nope, "annotations": [12345678901234567890]}]', "after 0 tasks, at byte 10: Expecting value"),
        (b'[{"data": {}}] []', "something follows the list of 1 tasks at byte 15"),
        (b'[{"data": {"a": "\xff"}}]', "not UTF-8 at byte 17"),
        (b'[{"data": ' + b"[" * 200_000, "RecursionError"),
        (b'[{"data": {"a": ' + b"9" * 5000 + b"}}]", "ValueError"),
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_what_is_no_export_is_refused_by_place(content: bytes, named: str, size: int) -> None:
    with pytest.raises(ExportFormatError) as refused:
        list(tasks_of(pieces(content, size if len(content) < 10_000 else 1 << 20)))
    assert named in str(refused.value)
    assert len(str(refused.value)) < 300


def test_pieces_are_asked_for_only_when_they_are_needed() -> None:
    given_out = []

    def endless() -> Iterator[bytes]:
        yield b"["
        while True:
            given_out.append(1)
            yield b'{"data": {"text": "abc"}},\n'

    tasks = tasks_of(endless())
    assert [next(tasks) for _ in range(100)] == [{"data": {"text": "abc"}}] * 100
    assert len(given_out) < 105
