"""What both programs print goes to a disk that is full, and to somebody who stops reading."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .stores import put_store

FULL = Path("/dev/full")
PROGRAMS = {
    "tiebreak": ("sync", ["users", "list", "--json"]),
    "tiebreak-ml": ("ml_backend", ["versions", "--json", "--data", "models"]),
}


def run(program: str, folder: Path, out: int, **more: str) -> subprocess.CompletedProcess[str]:
    package, arguments = PROGRAMS[program]
    code = f"import sys; sys.argv[0] = {program!r}; from {package}.cli import main; main()"
    where = {"TIEBREAK_STORE": put_store(folder / "store.sqlite3"), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, **where, **more},
        check=False,
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(("program", "unbuffered"), [("tiebreak", ""), ("tiebreak", "1"), ("tiebreak-ml", "")])
def test_a_full_disk_is_said_in_one_line(program: str, unbuffered: str, tmp_path: Path) -> None:
    with FULL.open("w") as full:
        done = run(program, tmp_path, full.fileno(), PYTHONUNBUFFERED=unbuffered)
    assert done.stderr == f"{program}: not all could be written: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_reader_who_has_gone_hears_nothing(program: str, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(program, tmp_path, writing, PYTHONUNBUFFERED="")
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
