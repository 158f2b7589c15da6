"""Export files: read whole, or refused with the file and the place in it, wherever they were cut."""

import json
from pathlib import Path

import pytest

from sync.errors import ExportError
from sync.labelstudio.export_file import read_export

TASKS = [
    {"id": 1, "data": {"text": "caf\u00e9 \U0001f600"}, "annotations": [{"id": 2, "completed_by": 3, "result": []}]},
    {"id": 4, "data": {"text": "two\nlines"}, "annotations": []},
]


def test_an_export_is_read_as_it_stands(tmp_path: Path) -> None:
    place = tmp_path / "export.json"
    place.write_text(json.dumps(TASKS, ensure_ascii=False), encoding="utf-8")
    assert read_export(place) == TASKS


def test_an_export_that_was_cut_anywhere_is_refused_by_name_and_place(tmp_path: Path) -> None:
    place = tmp_path / "export.json"
    whole = json.dumps(TASKS, indent=1, ensure_ascii=False).encode()
    for length in range(len(whole)):
        place.write_bytes(whole[:length])
        with pytest.raises(ExportError, match=r"export\.json: .*(cut|empty|not UTF-8 at byte \d+)"):
            read_export(place)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"tasks": []}', "not a list of tasks; export it as JSON"),
        ('[{"text": "a"}]', "task 1 of the list: no `data`"),
        ('[{"data": {}}, {"data": [1]}]', "task 2 of the list: no `data`"),
        ('[{"data": {}, "annotations": {}}]', "task 1 of the list: `annotations` is not a list"),
        ('[{"data": {}, "annotations": [{}]}]', "task 1 of the list: an annotation without a `result`"),
        ("[" * 100_000, "not JSON that Label Studio writes"),
        ("id,text\n1,a", "not a list of tasks; export it as JSON"),
    ],
)
def test_what_is_no_export_is_refused(content: str, said: str, tmp_path: Path) -> None:
    place = tmp_path / "export.json"
    place.write_text(content)
    with pytest.raises(ExportError, match=said) as refused:
        read_export(place)
    assert str(place) in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"none\.json: cannot be read: No such file"):
        read_export(tmp_path / "none.json")
