"""Each command of the README is run by a test: those of the second part here, as a reader would, in a real shell."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sync.demo.embedded import free_port

from ..conftest import ROOT, RunningLabelStudio
from ..end_to_end.scenes import scene
from .pages import blocks, commands

DEMO, TEST, OWN, FILE = [list(commands(block)) for block in blocks(ROOT / "README.md") if block.language == "sh"]


def recipe(target: str) -> list[str]:
    """What make would run for a target, setup apart."""
    # Run under make itself, it would say which folder it enters.
    outer = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True, env=outer)
    return [line.strip() for line in done.stdout.splitlines() if "setup.sh" not in line]


def test_make_demo_is_the_command_that_the_tests_of_the_demo_run() -> None:
    assert DEMO == ["make demo"]
    assert recipe("demo") == [".venv/bin/tiebreak demo"]
    assert '[PROGRAM, "demo", ' in (ROOT / "tests/demo/running.py").read_text(encoding="utf-8")


def test_make_test_is_what_runs_this() -> None:
    assert TEST == ["make test"]
    (line,) = recipe("test")
    assert line.startswith(".venv/bin/pytest -q")


class Reader:
    """Somebody with a Label Studio of their own, who types what the README says into a shell."""

    def __init__(self, studio: RunningLabelStudio, folder: Path) -> None:
        self.studio, self.folder = studio, folder
        self.project = scene(studio, [["good", "good", "bad"], ["good", "good"], ["good", "bad"], []]).project
        self.port = free_port()
        activate = Path(sys.executable).with_name("activate")
        begin, self._init, self._doctor, self._run, self._serve = OWN
        assert begin == ". .venv/bin/activate"
        self._begin = f". {shlex.quote(str(activate))}" if activate.exists() else "true"

    def script(self) -> str:
        """Everything up to the run, for the server and the project of here."""
        token = self.studio.person("admin").token
        init = self._init.replace("http://localhost:8080", self.studio.url).replace("YOUR_TOKEN", token)
        init = init.replace("--project 1", f"--project {self.project}")
        return "\n".join(["set -e", self._begin, init, self._doctor, self._run])

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
        return kept | {"PATH": f"{Path(sys.executable).parent}:{kept.get('PATH', '')}"}

    def types(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", "-c", self.script()],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=150,
            check=False,
        )

    def serves(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["sh", "-c", f"{self._begin}\nexec {self._serve} --port {self.port}"],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def reader(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(label_studio, tmp_path_factory.mktemp("reader"))


@pytest.fixture(scope="module")
def typed(reader: Reader) -> "subprocess.CompletedProcess[str]":
    """What the lines before ``tiebreak serve`` printed."""
    return reader.types()


@pytest.fixture(scope="module")
def dashboard(reader: Reader, typed: "subprocess.CompletedProcess[str]") -> Iterator[str]:
    """The last line: the dashboard's address."""
    process = reader.serves()
    url = f"http://127.0.0.1:{reader.port}"
    end = time.monotonic() + 60
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < end and process.poll() is None:
            try:
                if session.get(f"{url}/healthz", timeout=5).ok:
                    break
            except requests.RequestException:
                time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(30)


@pytest.mark.label_studio
def test_agreement_needs_no_more_than_two_files(reader: Reader, tmp_path: Path) -> None:
    (command,) = FILE
    admin, token = reader.studio.as_("admin"), reader.studio.person("admin").token
    with requests.Session() as session:
        session.trust_env = False
        reply = session.get(
            f"{reader.studio.url}/api/projects/{reader.project}/export?exportType=JSON",
            headers={"Authorization": f"Token {token}"},
            timeout=60,
        )
    (tmp_path / "export.json").write_bytes(reply.content)
    (tmp_path / "interface.xml").write_text(admin.project(reader.project).label_config, encoding="utf-8")
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=reader.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "mood (Choices): 7 answers by 3 annotators on 3 tasks" in done.stdout
    assert "Krippendorff" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.label_studio
def test_five_lines_connect_ones_own_label_studio(reader: Reader, typed: "subprocess.CompletedProcess[str]") -> None:
    assert typed.returncode == 0, typed.stdout
    assert "BAD" not in typed.stdout
    assert re.search(r"^  \d tasks? sent to review|; \d tasks? sent to review", typed.stdout, re.MULTILINE)
    titles = [project.title for project in reader.studio.as_("admin").projects()]
    assert any(title.startswith("[P1] Review: ") for title in titles)


@pytest.mark.label_studio
def test_the_last_of_them_shows_the_dashboard(reader: Reader, dashboard: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        reply = session.get(f"{dashboard}/projects/{reader.project}", timeout=30)
    assert reply.ok
    assert "wait for a decision" in reply.text
