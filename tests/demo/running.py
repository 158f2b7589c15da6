"""Running ``tiebreak demo`` as somebody runs it, and what it printed."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("tiebreak"))


@dataclass(frozen=True)
class Ran:
    """A demo that ended, with the folder that it left."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def run_demo(folder: Path, *arguments: str) -> Ran:
    command = [PROGRAM, "demo", "--data", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=390, stdin=subprocess.DEVNULL)
    return Ran(done.returncode, done.stdout, done.stderr, folder)
