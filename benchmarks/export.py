"""The reports on an export of 100,000 tasks with 3 annotations each: the real commands, end to end."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sync.errors import TiebreakError

COMMANDS = (["agreement", "--json"], ["agreement", "--html", "page.html"], ["consensus", "--json"], ["queue", "--json"])
PEOPLE, EACH = 30, 3
LABELS = ("positive", "negative", "neutral", "mixed", "unclear")
XML = f"""<View><Text name="text" value="$text"/><Choices name="mood" toName="text">
{"".join(f'<Choice value="{label}"/>' for label in LABELS)}</Choices></View>"""


def run(*, quick: bool) -> None:
    """Print seconds, cpu seconds and peak memory for two sizes: time and memory grow with the file."""
    for tasks in (1_000, 2_000) if quick else (25_000, 100_000):
        with TemporaryDirectory() as folder:
            _one(Path(folder), tasks)
    if not quick:
        print("   (targets for 100,000 tasks: agreement under 15 s, consensus under 20 s)")


def _one(folder: Path, tasks: int) -> None:
    size = write(folder / "export.json", tasks)
    (folder / "config.xml").write_text(XML, encoding="utf-8")
    for command in COMMANDS:
        seconds, cpu, memory = _measured(folder, command)
        print(
            f"   {tasks:7,} tasks x {EACH}, {size / 1e6:6.1f} MB, {' '.join(command[:2]):16} {seconds:6.1f} s, "
            f"{cpu:5.1f} s of cpu, {memory / 1e6:6.0f} MB at most"
        )


def _measured(folder: Path, asked: list[str]) -> tuple[float, float, float]:
    """Seconds, seconds of cpu, and the largest memory in bytes of one run of the command."""
    command = [
        str(Path(sys.executable).with_name("tiebreak")),
        asked[0],
        "export.json",
        "--label-config",
        "config.xml",
        *asked[1:],
    ]
    start = time.monotonic()
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise TiebreakError((folder / "err").read_text(encoding="utf-8"))
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def write(place: Path, tasks: int) -> int:
    """Write an export as Label Studio does, with all of its fields; gives its size in bytes."""
    rng = np.random.default_rng(3)
    truth = rng.integers(len(LABELS), size=tasks)
    right = rng.random((tasks, EACH)) < 0.8
    said = np.where(right, truth[:, None], rng.integers(len(LABELS), size=(tasks, EACH)))
    first = rng.integers(PEOPLE, size=tasks)
    with place.open("w", encoding="utf-8") as file:
        for task in range(tasks):
            people = [int((first[task] + step) % PEOPLE) + 1 for step in range(EACH)]
            labels = [LABELS[code] for code in said[task]]
            file.write("[" if task == 0 else ",")
            file.write(json.dumps(_task(task + 1, people, labels)))
        file.write("]")
    return place.stat().st_size


def _task(number: int, people: list[int], labels: list[str]) -> dict[str, object]:
    time = f"2026-03-{1 + number % 28:02d}T10:00:00.000000Z"
    given = zip(people, labels, strict=True)
    return {
        "id": number,
        "annotations": [_annotation(number, step, time, *one) for step, one in enumerate(given)],
        "file_upload": "tasks.json",
        "drafts": [],
        "predictions": [],
        "data": {"text": f"A short review of film number {number}, as somebody might write it, in two lines."},
        "meta": {},
        "created_at": time,
        "updated_at": time,
        "inner_id": number,
        "total_annotations": EACH,
        "cancelled_annotations": 0,
        "total_predictions": 0,
        "comment_count": 0,
        "project": 1,
        "updated_by": people[-1],
        "comment_authors": [],
    }


def _annotation(number: int, step: int, time: str, person: int, label: str) -> dict[str, object]:
    """As Label Studio exports it, with all that nobody reads."""
    return {
        "id": EACH * number + step,
        "completed_by": person,
        "result": [
            {
                "value": {"choices": [label]},
                "id": f"r{number}_{step}",
                "from_name": "mood",
                "to_name": "text",
                "type": "choices",
                "origin": "manual",
            }
        ],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": time,
        "updated_at": time,
        "draft_created_at": None,
        "lead_time": 4.25,
        "prediction": {},
        "result_count": 1,
        "unique_id": f"00000000-0000-0000-0000-{EACH * number + step:012d}",
        "import_id": None,
        "last_action": None,
        "bulk_created": False,
        "task": number,
        "project": 1,
        "updated_by": person,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
    }
