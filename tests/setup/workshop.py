"""A copy of what scripts/setup.sh works on, and a PATH on which only stand-ins of Python are found.

The shell, the script and the files are real. A stand-in is a program that says a version, makes the files of an
environment, writes down what pip is asked for, and does what the test's ``pip`` file says.
"""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = "sh sed awk cat cksum mkdir rm touch dirname df sleep chmod cp".split()

STAND_IN = """#!/bin/sh
# plays Python {version}
case "$1 $2" in
*version_info*) echo {version} ;;
"-c import ensurepip"*) exit {venv_missing} ;;
"-c import fcntl"*) exec {python} "$@" ;;
"-c "*) exit 0 ;;
"-m venv")
    for place in "$@"; do :; done
    rm -rf "$place"
    mkdir -p "$place/bin" "$place/lib/python3/site-packages"
    cp "$0" "$place/bin/python"
    echo "command = $0 -m venv $(pwd -P)/$place" >"$place/pyvenv.cfg"
    echo "venv $place" >>calls
    ;;
"-m pip")
    echo "pip $*" >>calls
    [ ! -f pip ] || . ./pip
    ;;
esac
"""


@dataclass(frozen=True)
class Workshop:
    """``folder`` is the copy, ``tools`` the only place where programs are found."""

    folder: Path
    tools: Path

    def python(self, name: str = "python3", version: str = "3.11.7", *, venv: bool = True) -> Path:
        """Put a stand-in of that version on the PATH."""
        place = self.tools / name
        real = Path(sys.executable).resolve()
        place.write_text(STAND_IN.format(version=version, venv_missing=int(not venv), python=f"'{real}'"))
        place.chmod(0o755)
        return place

    def pip(self, does: str) -> None:
        """What pip does from now on, in shell: it may ``sleep``, ``exit 1``, write to the environment ``$0/..``."""
        (self.folder / "pip").write_text(does)

    def tool(self, name: str, does: str) -> None:
        """Another program of the PATH, in shell."""
        place = self.tools / name
        place.unlink(missing_ok=True)
        place.write_text(f"#!/bin/sh\n{does}\n")
        place.chmod(0o755)

    def command(self, *arguments: str) -> list[str]:
        return [str(self.tools / "sh"), str(self.folder / "scripts/setup.sh"), *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        return {"PATH": str(self.tools), **variables}

    def run(
        self, *arguments: str, prefix: tuple[str, ...] = (), **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*prefix, *self.command(*arguments)],
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def calls(self) -> list[str]:
        """What was asked of venv and pip, in order."""
        place = self.folder / "calls"
        return place.read_text().splitlines() if place.exists() else []

    def installed(self) -> list[str]:
        """The requirements that pip was asked for."""
        return [line.rpartition(" ")[2] for line in self.calls() if line.startswith("pip ")]


def workshop(place: Path) -> Workshop:
    """Make one in an empty folder."""
    made = Workshop(place / "project", place / "tools")
    made.tools.mkdir(parents=True)
    for name in TOOLS:
        (made.tools / name).symlink_to(shutil.which(name) or name)
    for name in ("scripts", "requirements"):
        shutil.copytree(ROOT / name, made.folder / name)
    shutil.copy(ROOT / "pyproject.toml", made.folder)
    return made


def kill(process: "subprocess.Popen[str]") -> None:
    """End a process and all that it started, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
