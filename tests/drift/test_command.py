"""``tiebreak drift`` on an export: pictures and vectors are tested beside texts, and what is missing is said."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ..evidence.files import MOOD, chosen, given, task, write
from ..sync.terminal import Terminal

PICTURES = MOOD.replace('<Text name="text" value="$text"/>', '<Image name="text" value="$image"/>')
TASKS = 120
START = datetime(2026, 3, 2, 10, tzinfo=UTC)


def answered() -> list[dict[str, Any]]:
    """A task an hour, each answered by two people who agree."""
    return [
        task(
            number,
            [
                given(2 * number + person, person, chosen("yes" if number % 2 else "no"), updated_at=_at(number))
                for person in (1, 2)
            ],
            image=f"/data/upload/1/0123abcd-{number}.png",
        )
        for number in range(1, TASKS + 1)
    ]


def _at(hours: int) -> str:
    return (START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def photographed(folder: Path, darker_from: int) -> None:
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(1, TASKS + 1):
        level = rng.normal(150 if number < darker_from else 90, 10, (8, 8)).clip(0, 255).astype(np.uint8)
        Image.fromarray(level).save(folder / f"{number}.png")


def changes(tiebreak: Terminal, *options: str, xml: str = PICTURES) -> list[dict[str, Any]]:
    """What drifted."""
    done = tiebreak(*write(tiebreak.folder, answered(), xml, command="drift"), "--json", *options)
    assert done.code == 0, done.err
    found = json.loads(done.out)["drifts"]
    return [one for one in found if one["p_adjusted"] is not None and one["p_adjusted"] <= 0.05]


def test_darker_pictures_are_found_and_said_and_others_are_none(tiebreak: Terminal) -> None:
    photographed(tiebreak.folder / "dark", 81)
    photographed(tiebreak.folder / "same", TASKS + 1)
    found = changes(tiebreak, "--media", "dark")
    assert {(one["name"], one["what"]) for one in found} == {("input_drift", "image")}
    assert any("brightness, from 0.59 to 0.35" in one["words"] for one in found)
    assert changes(tiebreak, "--media", "same") == []


def test_vectors_are_tested_and_corrected_with_all_others(tiebreak: Terminal) -> None:
    rng = np.random.default_rng(2)
    lines = [
        {"task": number, "vector": (rng.standard_normal(4) + (3 if number > 80 else 0)).tolist()}
        for number in range(1, TASKS + 3)
    ]
    (tiebreak.folder / "v.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    command = write(tiebreak.folder, answered(), PICTURES, command="drift")
    document = json.loads(tiebreak(*command, "--json", "--vectors", "v.jsonl").out)["drifts"]
    tested = [one for one in document if one["p"] is not None]
    moved = [one for one in tested if one["what"] == "vectors" and one["p_adjusted"] <= 0.05]
    assert moved
    least = min(tested, key=lambda one: one["p"])
    assert least["p_adjusted"] == pytest.approx(min(1, least["p"] * len(tested)))
    said = tiebreak(*command, "--vectors", "v.jsonl").out
    assert "2 vectors are of tasks that nobody here answered: left out." in said


def test_what_is_missing_is_said_beside_the_document_and_what_would_help_on_the_terminal_alone(
    tiebreak: Terminal,
) -> None:
    (tiebreak.folder / "empty").mkdir()
    command = write(tiebreak.folder, answered(), PICTURES, command="drift")
    done = tiebreak(*command, "--json", "--media", "empty")
    assert done.err == "tiebreak: 120 of 120 pictures are not in empty, such as '0123abcd-1.png'.\n"
    assert tiebreak(*command, "--json").err == ""
    assert "--media FOLDER names the folder" in tiebreak(*command).out
    assert "--media" not in tiebreak(*write(tiebreak.folder, answered(), command="drift")).out


def test_what_cannot_be_read_is_refused(tiebreak: Terminal) -> None:
    command = write(tiebreak.folder, answered()[:2], PICTURES, command="drift")
    done = tiebreak(*command, "--media", "gone", "--vectors", "gone.jsonl")
    assert (done.code, "gone.jsonl: cannot be read" in done.err, "Traceback" in done.err) == (1, True, False)
    done = tiebreak(*command, "--media", "gone")
    assert (done.code, "gone: no folder is there" in done.err) == (1, True)


def test_a_field_that_no_task_has_is_refused_by_those_that_there_are(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, answered(), PICTURES, command="drift"), "--by", "source")
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert "the field 'source' is in the data of no task, or null; there are: image, text" in done.err


def test_what_has_too_few_tasks_is_named_with_the_reason(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, answered()[:12], command="drift"))
    for name in ("label_drift, mood", "input_drift, text"):
        assert f"{name}: 40 tasks with an answer and its time are needed; found: 12." in done.out
