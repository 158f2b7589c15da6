"""Exports: the contract of every format, what each file says as its own readers see it, and what is refused."""

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from pycocotools.coco import COCO

from label_config.answers import Answer, Box, Choices, Region, Regions, Span
from label_config.parse import parse
from label_config.results import canonical
from sync.errors import ExportError, SettingsError
from sync.exports.conll import tokens
from sync.exports.exported import Exported, NotExportable
from sync.exports.writing import FORMATS, export, format_named, refuse
from sync.versions.content import Content, Decision, Given, Label, Task, label_text, task_text

ALL = """<View><Text name="text" value="$text"/><Image name="image" value="$image"/>
<Choices name="mood" toName="text"><Choice value="yes"/><Choice value="no"/></Choices>
<Labels name="entities" toName="text"><Label value="PER"/><Label value="BIG CITY"/></Labels>
<RectangleLabels name="objects" toName="image"><Label value="cat"/><Label value="dog"/></RectangleLabels>
<Number name="age" toName="text"/></View>"""
CONFIG = parse(ALL)
TEXT = "\U0001f600 Ada saw St. Ives-on-Sea"
ANSWERS: Mapping[tuple[int, str], Answer] = {
    (1, "mood"): Choices(("yes",)),
    (1, "entities"): Regions((Region(Span(2, 5), ("PER",), "text"), Region(Span(10, 18), ("BIG CITY",), "text"))),
    (1, "objects"): Regions(
        (Region(Box(10, 20, 30, 40), ("cat",), "image"), Region(Box(100, 100, 20, 10, 90.0), ("dog",), "image"))
    ),
    (2, "mood"): Choices(("no",)),
    (2, "objects"): Regions(()),
}
SUITS = {"coco": ("objects",), "yolo": ("objects",), "conll": ("entities",)}
EVERY = ("mood", "entities", "objects")


def content(answers: Mapping[tuple[int, str], Answer] = ANSWERS, text: str = TEXT) -> Content:
    entries = {
        (1, ""): task_text(Task(1, 5, {"text": text, "image": "/data/a.png", "n": 3}, (200.0, 400.0))),
        (2, ""): task_text(Task(2, 5, {"text": "=1+1", "image": "/data/b.png", "n": "many"})),
        (3, ""): task_text(Task(3, 5, {"text": "unlabelled", "image": "/data/c.png"})),
    }
    ruling = Decision("ruling", 9, 1_000_000, "one of them is right", "edge case")
    for place, answer in answers.items():
        said = canonical(answer)
        given = (Given(4, said, 2_000_000), Given(5, said, 3_000_000), Given(6, canonical(Choices(())), 0))
        decided = ruling if place[0] == 2 else None
        entries[place] = label_text(Label(said, "ruling" if decided else "consensus", given=given, decision=decided))
    return Content(ALL, entries, dict.fromkeys(answers, 875000), {"mood": "majority"})


def exported(*controls: str, of: Content | None = None) -> Exported:
    return Exported(7, 3, None, of or content(), CONFIG, tuple(map(CONFIG.control, controls)))


def written(folder: Path, name: str, *controls: str, of: Content | None = None) -> Path:
    place = folder / f"export-{name}"
    export(exported(*(controls or SUITS.get(name, EVERY)), of=of), place, name)
    return place


def files(place: Path) -> dict[str, bytes]:
    if place.is_file():
        return {"": place.read_bytes()}
    return {str(one.relative_to(place)): one.read_bytes() for one in sorted(place.rglob("*")) if one.is_file()}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_the_same_bytes_and_says_where_labels_are_from(name: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    of = content()
    shuffled = Content(
        ALL, dict(reversed([*of.entries.items()])), dict(reversed([*of.confidences.items()])), of.methods
    )
    first = files(written(tmp_path / "one", name))
    assert first == files(written(tmp_path / "two", name, of=shuffled))
    everything = b"".join(first.values())
    if name not in ("parquet", "hugging-face"):  # those are read below
        for sign in (b"0.875", b"consensus" if name in SUITS else b"ruling"):
            assert sign in everything
        assert of.hash.encode() in everything
    assert [one.name for one in (tmp_path / "one").iterdir()] == [f"export-{name}"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_refuses_what_it_cannot_hold_and_names_those_that_can(name: str) -> None:
    controls = tuple(map(CONFIG.control, (*EVERY, "age")))
    if name not in SUITS:
        refuse(name, controls, CONFIG)
        return
    with pytest.raises(NotExportable) as refused:
        refuse(name, controls, CONFIG)
    assert f"{name} holds {FORMATS[name].holds}, and control 'mood' (Choices) cannot be held" in str(refused.value)
    assert "Formats that can: parquet, csv, jsonl, label-studio, hugging-face" in str(refused.value)
    assert f"--control {SUITS[name][0]}" in str(refused.value)
    refuse(name, (CONFIG.control(SUITS[name][0]),), CONFIG)


def test_csv_is_safe_in_a_spreadsheet_and_has_a_row_a_label(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(written(tmp_path, "csv").read_text(encoding="utf-8"))))
    assert [(row["task"], row["control"]) for row in rows] == [
        *(("1", "mood"), ("1", "entities"), ("1", "objects"), ("2", "mood"), ("2", "objects")),
    ]
    assert (rows[0]["data.text"], rows[3]["data.text"]) == (TEXT, "'=1+1")
    said = {"answer": "yes", "labels": '["yes"]', "confidence": "0.875", "annotators": "3", "agreeing": "2"}
    assert {name: rows[0][name] for name in said} == said
    ruled = {"source": "ruling", "decided_by": "9", "verdict": "one of them is right", "cause": "edge case"}
    assert {name: rows[3][name] for name in ruled} == ruled
    assert (rows[0]["annotator_ids"], rows[0]["answered_at"]) == ("[4, 5, 6]", "1970-01-01T00:00:03.000000Z")


def test_jsonl_and_parquet_and_the_data_set_say_what_csv_says(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in written(tmp_path, "jsonl").read_text(encoding="utf-8").splitlines()]
    table = pyarrow.parquet.read_table(written(tmp_path, "parquet"))
    folder = written(tmp_path, "hugging-face")
    with pa.memory_map(str(folder / "data-00000-of-00001.arrow")) as file:
        assert pa.ipc.open_stream(file).read_all().equals(table)
    rows: list[dict[str, Any]] = table.to_pylist()
    assert rows[0]["labels"] == ["yes"] and rows[0]["confidence"] == 0.875 and rows[0]["version"] == 3
    assert [row["data.n"] for row in rows] == ["3", "3", "3", '"many"', '"many"']  # of two types: JSON
    for row, line in zip(rows, lines, strict=True):
        data = line.pop("data")
        assert row["data.text"] == data["text"]
        assert json.loads(row["answer_json"]) == line.pop("answer_json")
        assert {name: row[name] for name in line} == line
    info = json.loads((folder / "dataset_info.json").read_text())
    assert info["features"]["labels"] == {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}
    assert list(info["features"]) == table.schema.names
    assert json.loads((folder / "state.json").read_text())["_data_files"] == [{"filename": "data-00000-of-00001.arrow"}]


def test_coco_has_boxes_in_pixels_as_its_own_reader_sees_them(tmp_path: Path, capsys: Any) -> None:
    found = COCO(str(written(tmp_path, "coco")))
    assert found.imgs[1] == {"id": 1, "file_name": "/data/a.png", "width": 200, "height": 400}
    assert 2 in found.imgs and found.getAnnIds(imgIds=[2]) == []
    assert [one["name"] for one in found.loadCats(found.getCatIds())] == ["cat", "dog"]
    upright, turned = found.loadAnns(found.getAnnIds(imgIds=[1]))
    assert (upright["bbox"], upright["area"], upright["category_id"]) == ([10, 20, 30, 40], 1200, 1)
    # 20 x 10 turned clockwise by 90 degrees about its corner (100, 100): from there 10 to the left and 20 down.
    assert turned["bbox"] == [90, 100, 10, 20]
    assert turned["attributes"]["rotation"] == 90.0 and turned["attributes"]["drawn"] == [100, 100, 20, 10]


def test_yolo_has_shares_of_the_image_and_says_that_boxes_were_turned(tmp_path: Path) -> None:
    place = tmp_path / "yolo"
    (note,) = export(exported("objects"), place, "yolo")
    assert "1 boxes were drawn turned" in note
    assert (place / "labels/1.txt").read_text().splitlines() == [
        "0 0.125000 0.100000 0.150000 0.100000",
        "1 0.475000 0.275000 0.050000 0.050000",
    ]
    assert (place / "labels/2.txt").read_text() == "" and not (place / "labels/3.txt").exists()
    assert (place / "classes.txt").read_text() == "cat\ndog\n"
    assert (place / "data.yaml").read_text().splitlines()[1:] == ["nc: 2", "names:", '  0: "cat"', '  1: "dog"']


def test_conll_has_every_span_exactly_also_behind_an_emoji(tmp_path: Path) -> None:
    lines = written(tmp_path, "conll").read_text(encoding="utf-8").splitlines()
    tagged = [line.split("\t") for line in lines if line and not line.startswith("# ")]
    assert [(word, tag) for word, _, _, tag in tagged] == [
        *(("\U0001f600", "O"), ("Ada", "B-PER"), ("saw", "O")),
        *(("St", "B-BIG_CITY"), (".", "I-BIG_CITY"), ("Ives", "I-BIG_CITY")),
        *(("-", "O"), ("on", "O"), ("-", "O"), ("Sea", "O")),
    ]
    assert all(TEXT[int(start) : int(end)] == word for word, start, end, _ in tagged)


def test_conll_counts_as_browsers_do_where_nothing_else_fits(tmp_path: Path) -> None:
    text = "\U0001f600\U0001f600 Ada"
    of = content({(1, "entities"): Regions((Region(Span(5, 8), ("PER",)),))}, text)
    lines = written(tmp_path, "conll", of=of).read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "Ada\t3\t6\tB-PER"


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("conll", Regions((Region(Span(2, 5), ("PER",)), Region(Span(4, 9), ("PER",)))), "spans 2-5 and 4-9 overlap"),
        ("conll", Regions((Region(Span(2, 99), ("PER",)),)), "beyond the end"),
        ("coco", Regions((Region(Box(1, 2, 3, 4), ("cat",), "image/1"),)), "one image a task"),
    ],
)
def test_answers_that_a_format_cannot_hold_are_refused_by_task(
    name: str, answer: Answer, said: str, tmp_path: Path
) -> None:
    control = SUITS[name][0]
    with pytest.raises(NotExportable, match=rf"task 1, control {control}: .*{said}.*jsonl"):
        written(tmp_path, name, of=content({(1, control): answer}))
    assert list(tmp_path.iterdir()) == []


def test_boxes_without_the_size_of_their_image_are_no_pixels_but_shares(tmp_path: Path) -> None:
    of = content({(2, "objects"): Regions((Region(Box(10, 20, 30, 40), ("dog",)),))})
    with pytest.raises(NotExportable, match=r"task 2: no annotation says how large its image is.*yolo"):
        written(tmp_path, "coco", of=of)
    assert (written(tmp_path, "yolo", of=of) / "labels/2.txt").read_text() == "1 0.250000 0.400000 0.300000 0.400000\n"


def test_a_place_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    place = written(tmp_path, "csv")
    with pytest.raises(ExportError, match="--overwrite"):
        export(exported("mood"), place, "csv")
    export(exported("mood"), place, "csv", overwrite=True)
    assert len(place.read_text(encoding="utf-8").splitlines()) == 3
    for name in ("csv", "yolo"):
        with pytest.raises(ExportError, match="holds something"):
            export(exported("objects"), tmp_path, name, overwrite=True)
    with pytest.raises(ExportError, match="cannot be written"):
        export(exported("mood"), tmp_path / "none" / "x.csv", "csv")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ExportError, match="no file that could be replaced"):
        export(exported("mood"), tmp_path / "pipe", "csv", overwrite=True)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("file", "name"), [("a.parquet", "parquet"), ("a.CSV", "csv"), ("a.jsonl", "jsonl"), ("a.conll", "conll")]
)
def test_the_suffix_tells_the_format(file: str, name: str) -> None:
    assert format_named(None, Path(file)) == name


def test_a_name_that_tells_nothing_and_a_format_that_is_none_list_what_there_is() -> None:
    with pytest.raises(SettingsError, match=r"a\.json does not tell the format.*coco"):
        format_named(None, Path("a.json"))
    with pytest.raises(SettingsError, match="no format is named 'xml'; there are: parquet"):
        format_named("xml", Path("a"))


def test_tokens_are_words_and_signs() -> None:
    text = "don't 3.5\u00a0km\n"
    assert [text[start:end] for start, end in tokens(text, set())] == ["don", "'", "t", "3", ".", "5", "km"]
