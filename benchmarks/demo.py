"""How long ``tiebreak demo`` takes to its summary: warm, and cold with no template of Label Studio's database."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.errors import DemoError


def run(*, quick: bool) -> None:
    """Print the seconds of each part."""
    _one("warm", {})
    if not quick:
        with TemporaryDirectory() as cache:
            _one("cold", {"TIEBREAK_CACHE": cache})


def _one(name: str, environment: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [Path(sys.executable).with_name("tiebreak"), "demo", "--once", "--json", "--data", folder],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise DemoError(f"the demo ended with {done.returncode}: {done.stderr}")
    seconds = json.loads(done.stdout)["seconds"]
    parts = ", ".join(f"{part} {value:.1f}" for part, value in seconds.items() if part != "total")
    print(f"   {name:5} {seconds['total']:6.1f} s to the summary, two rulings and a second sync  ({parts})")
    if name == "warm":
        print("         (target: 90 s)")
