"""The project that the examples in docs/ are about, in the real Label Studio of the session, and a shell beside it.

What the shell prints is compared with the docs after real addresses and ids were put in the words of the docs.
"""

import io
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import requests

from label_config.answers import Choices
from label_config.parse import parse
from label_config.results import write_answer
from ml_backend import cli as ml_cli
from sync import cli as sync_cli
from sync.demo.embedded import free_port
from sync.labelstudio.client import LabelStudio

from ..conftest import RunningLabelStudio

PROGRAMS = Path(sys.executable).parent
MAINS = {"tiebreak": sync_cli.main, "tiebreak-ml": ml_cli.main}
XML = """<View><Text name="text" value="$text"/><Choices name="mood" toName="text" choice="single">
<Choice value="good"/><Choice value="bad"/><Choice value="none"/></Choices></View>"""
WORDS = {
    "good": ("wonderful", "a joy", "loved every minute", "splendid acting", "moving and funny"),
    "bad": ("dreadful", "a waste of time", "boring", "wooden acting", "left after an hour"),
    "none": ("seen on Monday", "in the small hall", "with subtitles", "two hours long", "filmed in Rome"),
}
TASKS, ANSWERED = 60, 40
RIGHT = (0.95, 0.9, 0.7)


def export(people: tuple[int, int, int]) -> list[dict[str, Any]]:
    """60 short film reviews; three people answered the first 40, the third of them carelessly."""
    rng = random.Random(3)
    control = parse(XML).controls[0]
    tasks: list[dict[str, Any]] = []
    for place in range(TASKS):
        truth = list(WORDS)[place % 3]
        text = f"{rng.choice(WORDS[truth])}, {rng.choice(WORDS['none'])}, {rng.choice(WORDS[truth])} ({place})"
        labels = [truth if rng.random() < right else rng.choice(list(WORDS)) for right in RIGHT]
        given = zip(people, labels, strict=True) if place < ANSWERED else ()
        annotations = [
            {
                "completed_by": one,
                "result": write_answer(control, Choices((label,)), region_id="r"),
                "ground_truth": False,
            }
            for one, label in given
        ]
        tasks.append({"data": {"text": text}, "annotations": annotations})
    return tasks


def environment() -> Mapping[str, str]:
    """What a reader's shell holds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
    return kept | {"COLUMNS": "110", "NO_COLOR": "1", "PATH": f"{PROGRAMS}:{kept.get('PATH', '')}"}


def run_here(command: str, folder: Path, *, both: bool = True) -> tuple[str, int]:
    """What a command prints (without ``both`` on standard output alone) and its exit code, run in this process."""
    words = shlex.split(command)
    printed, beside = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(printed),
        redirect_stderr(printed if both else beside),
    ):
        patch.chdir(folder)
        patch.setattr(sys, "argv", words)
        for name in set(os.environ) - set(environment()):
            patch.delenv(name)
        for name, value in environment().items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as left:
            MAINS[words[0]]()
    return printed.getvalue(), int(left.value.code or 0)


def exported(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tasks as Label Studio exports them: ids from 1 on, a task a minute, some seconds an answer."""
    found: list[dict[str, Any]] = []
    for number, task in enumerate(tasks, 1):
        at = f"2026-11-24T{9 + number // 60:02}:{number % 60:02}:00Z"
        annotations = [
            {"id": 10 * number + place, "created_at": at, "updated_at": at, "lead_time": 5.0 + number % 3, **one}
            for place, one in enumerate(task["annotations"])
        ]
        found.append({**task, "id": number, "annotations": annotations, "predictions": []})
    return found


class Example:
    """The project in Label Studio, a folder to work in, and what stands in the docs for what is different each time."""

    def __init__(self, studio: RunningLabelStudio, folder: Path) -> None:
        self.studio, self.folder = studio, folder
        admin = studio.as_("admin")
        home = admin.create_project("Film reviews", XML, maximum_annotations=1)
        people = [one.id for one in studio.people if one.role == "annotator"]
        tasks = export((people[0], people[1], people[2]))
        self.project, self.tasks = home.id, admin.import_tasks(home.id, tasks)
        (folder / "interface.xml").write_text(XML, encoding="utf-8")
        (folder / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
        self.token = studio.person("admin").token
        self._web, self._backend = free_port(), free_port()
        self.web, self.backend = f"http://localhost:{self._web}", f"http://localhost:{self._backend}"
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def reviewer(self) -> LabelStudio:
        """A client for who decides reviews."""
        return self.studio.as_("reviewer")

    def real(self, command: str) -> str:
        """A command of the docs -> the same for the real servers."""
        found = command.replace("http://localhost:8080", self.studio.url).replace("YOUR_TOKEN", self.token)
        found = found.replace("http://localhost:8085", self.web).replace("http://localhost:9090", self.backend)
        found = re.sub(r"--project 1\b", f"--project {self.project}", found)
        found = re.sub(r"^(tiebreak \w+(?: \w+)?) 1\b", rf"\1 {self.project}", found)
        return re.sub(r"^tiebreak history (\d+)", lambda m: f"tiebreak history {self.tasks[int(m[1]) - 1]}", found)

    def as_documented(self, text: str) -> str:
        """What was printed -> as the docs show it: one address, one id, one time and no end of line's blanks."""
        text = text.replace(self.studio.url, "http://localhost:8080")
        text = text.replace(f":{self._web}", ":8085").replace(f":{self._backend}", ":9090")
        text = re.sub(rf"\bproject {self.project}\b", "project 1", text)
        text = re.sub(rf"\b{self.project}: (?=viewer|lead|admin)", "1: ", text)
        text = re.sub(rf"(-> tiebreak \w+) {self.project}\b", r"\1 1", text)
        text = re.sub(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-11-24 09:30:00", text)
        text = re.sub(r"\bannotation \d+", "annotation 17", text)
        text = re.sub(rf"\b{self.project}\.\d{{10}}\b", "1.1795540000", text)
        return "\n".join(line.rstrip() for line in text.splitlines()).strip()

    def run(self, command: str) -> str:
        """What a command of the docs prints, in the words of the docs. It runs in this process: loading takes time."""
        return self.as_documented(run_here(self.real(command), self.folder)[0])

    def serve(self, command: str, url: str, health: str, **variables: str) -> str:
        """Start a server of the docs on the port of ``url``, wait until it answers: the first thing it printed."""
        words = [*shlex.split(self.real(command)), "--port", url.rpartition(":")[2]]
        log = self.folder / f"{words[0]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                words,
                cwd=self.folder,
                env={**environment(), **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._running.append(process)
        end = time.monotonic() + 90
        with requests.Session() as session:
            session.trust_env = False
            while time.monotonic() < end and process.poll() is None:
                try:
                    if session.get(url + health, timeout=5).ok:
                        return self.as_documented(log.read_text(encoding="utf-8")).partition("\n")[0]
                except requests.RequestException:
                    time.sleep(0.1)
        raise AssertionError(f"`{command}` does not answer:\n{log.read_text(encoding='utf-8')}")

    def until_learned(self, secret: str) -> None:
        """Wait until the backend has learned what there is."""
        created = self.studio.as_("admin").project(self.project).created_at // 1_000_000
        end = time.monotonic() + 90
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {secret}"
            while time.monotonic() < end:
                found = session.get(
                    f"{self.backend}/versions", params={"project": f"{self.project}.{created}"}, timeout=10
                )
                state = found.json()
                if state["state"] == "idle" and state["model"]:
                    return
                time.sleep(0.1)
        raise AssertionError(f"nothing was learned: {state}")

    def stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            process.wait(30)
        self._running.clear()
