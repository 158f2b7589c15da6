"""Tests that are ended from outside leave nothing running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LASTING = """
import pathlib, subprocess, time
import pytest

@pytest.fixture(scope="session")
def server():
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process
        process.kill()

def test_that_lasts(server):
    pathlib.Path("pid").write_text(str(server.pid))
    time.sleep(300)
"""


def test_sigterm_stops_what_the_workers_started(tmp_path: Path) -> None:
    (tmp_path / "test_lasting.py").write_text(LASTING)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as process:
        end = time.monotonic() + 60
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 2
    server = Path("/proc", (tmp_path / "pid").read_text())
    assert not server.exists()
