""".ci/run: the order of its steps and what it makes of their failures, with stand-ins for make and apt-get."""

import shutil
import subprocess
from pathlib import Path

import pytest

from .workshop import ROOT

MAKE = """#!/bin/sh
echo "$1" >>"$CALLS"
[ "$1" != test ] || echo "3 passed in 0.01s"
case " $FAILING " in *" $1 "*) echo "make: *** [$1] Error 1" >&2; exit 2 ;; esac
"""
APT = """#!/bin/sh
echo "apt-get $*" >>"$CALLS"
exit $APT_CODE
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project with nothing but .ci/run, and a PATH with make, apt-get, and neither Chromium nor PostgreSQL."""
    (tmp_path / "project/.ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", tmp_path / "project/.ci/run")
    (tmp_path / "tools").mkdir()
    for name in ("bash", "env", "dirname", "grep", "id", "sh"):
        (tmp_path / "tools" / name).symlink_to(shutil.which(name) or name)
    for name, text in (("make", MAKE), ("apt-get", APT)):
        (tmp_path / "tools" / name).write_text(text)
        (tmp_path / "tools" / name).chmod(0o755)
    return tmp_path


def run(place: Path, failing: str = "", apt: int = 0) -> "subprocess.CompletedProcess[str]":
    environment = {
        "PATH": str(place / "tools"),
        "CALLS": str(place / "calls"),
        "FAILING": failing,
        "APT_CODE": str(apt),
    }
    command = [str(place / "project/.ci/run")]
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=False)


def made(place: Path) -> list[str]:
    return [line for line in (place / "calls").read_text().splitlines() if not line.startswith("apt-get")]


def test_everything_passes_and_the_last_line_is_pytests(place: Path) -> None:
    done = run(place)
    assert done.returncode == 0
    assert made(place) == ["setup", "check", "test-faults", "test"]
    assert done.stdout.splitlines()[-1] == "3 passed in 0.01s"


@pytest.mark.parametrize("failing", ["check", "test-faults", "test", "check test"])
def test_a_failure_anywhere_fails_the_whole_and_the_tests_still_run(place: Path, failing: str) -> None:
    done = run(place, failing)
    assert done.returncode == 1
    assert made(place) == ["setup", "check", "test-faults", "test"]
    assert done.stdout.splitlines()[-1] == "3 passed in 0.01s"
    assert ("ci: FAILED: make check" in done.stdout) == ("check" in failing)


def test_without_environments_nothing_else_is_tried(place: Path) -> None:
    assert run(place, "setup").returncode == 1
    assert made(place) == ["setup"]


def test_quick_benchmarks_run_where_there_are_some(place: Path) -> None:
    (place / "project/benchmarks").mkdir()
    (place / "project/benchmarks/__main__.py").touch()
    assert run(place).returncode == 0
    assert made(place) == ["setup", "check", "bench", "test-faults", "test"]


def test_what_cannot_be_installed_is_skipped_aloud(place: Path) -> None:
    (place / "tools/id").unlink()
    (place / "tools/id").write_text("#!/bin/sh\necho 0\n")
    (place / "tools/id").chmod(0o755)
    done = run(place, apt=100)
    assert done.returncode == 0
    assert "ci: chromium is missing and apt-get could not install it: browser tests are skipped" in done.stdout
    assert "apt-get update" in (place / "calls").read_text()
