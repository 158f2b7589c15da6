"""Real processes of ``tiebreak run``: killed with SIGKILL between two requests, and two at the same time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import Scene, review_tasks, scene
from .proxy import Proxy, before
from .sample import ALL

pytestmark = [pytest.mark.label_studio, pytest.mark.faults]
PROGRAM = str(Path(sys.executable).with_name("tiebreak"))
SPLIT = ["good", "bad", "none"]


class Processes:
    """A project behind a proxy, and ``tiebreak run`` on it as processes of their own."""

    def __init__(self, studio: RunningLabelStudio, proxy: Proxy, folder: Path) -> None:
        self.studio, self.proxy, self.folder = studio, proxy, folder
        self.made: Scene = scene(studio, [SPLIT, ["good"] * 3])

    def begin(self) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
        given = {
            "TIEBREAK_LABEL_STUDIO_URL": self.proxy.url,
            "TIEBREAK_LABEL_STUDIO_TOKEN": self.studio.person("admin").token,
            "TIEBREAK_BOOTSTRAP": "100",
        }
        return subprocess.Popen(
            [PROGRAM, "run", str(self.made.project)],
            cwd=self.folder,
            env=kept | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, process: "subprocess.Popen[str]") -> tuple[int, str]:
        _, err = process.communicate(timeout=120)
        return process.returncode, err

    def pushed(self) -> list[int]:
        """The source tasks that stand in review projects."""
        tasks = review_tasks(self.studio.as_("admin"), self.made.project)
        return [task.data["tiebreak_source_task"] for task in tasks]


@pytest.fixture
def processes(label_studio: RunningLabelStudio, tmp_path: Path) -> Iterator[Processes]:
    with before(label_studio.url) as proxy:
        yield Processes(label_studio, proxy, tmp_path)


@pytest.mark.parametrize("when", ["before", "after"] if ALL else ["after"])
def test_a_process_that_was_killed_at_the_import_is_finished_by_the_next(when: str, processes: Processes) -> None:
    killed = processes.begin()

    def kill(number: int, name: str) -> None:
        if name.startswith("POST") and name.endswith("/import"):
            killed.kill()
            killed.wait()
            if when == "before":
                raise ConnectionAbortedError("not sent on")

    setattr(processes.proxy, when, kill)
    assert processes.end(killed)[0] == -9
    assert len(processes.pushed()) == (1 if when == "after" else 0)
    processes.proxy.let_pass()
    # At once: a process that is gone holds nothing, though it never said so.
    assert processes.end(processes.begin()) == (0, "")
    assert processes.pushed() == [processes.made.tasks[0]]


def test_of_two_at_once_one_works_and_the_other_waits_for_it(processes: Processes) -> None:
    others: list[subprocess.Popen[str]] = []

    def start_another(number: int, name: str) -> None:
        if number == 3:
            others.append(processes.begin())
            assert others[0].stderr is not None
            said.append(others[0].stderr.readline())

    said: list[str] = []
    processes.proxy.before = start_another
    first = processes.begin()
    assert processes.end(first) == (0, "")
    expected = f"tiebreak: project {processes.made.project}: waiting for the run of process {first.pid} on "
    assert said[0].startswith(expected)
    assert processes.end(others[0]) == (0, "")
    assert processes.pushed() == [processes.made.tasks[0]]
