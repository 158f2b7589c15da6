"""How long ``make setup`` takes: when everything is there, and in a fresh copy of the sources."""

import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.errors import DemoError

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("label_config", "sync", "ml_backend", "requirements", "scripts", "pyproject.toml", "README.md", "LICENSE")


def run(*, quick: bool) -> None:
    """Print the seconds of each."""
    print(f"   warm {_seconds(ROOT):6.2f} s")
    if quick:
        return
    with TemporaryDirectory() as scratch:
        for name in SOURCES:
            place = ROOT / name
            if place.is_dir():
                shutil.copytree(place, Path(scratch) / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(place, scratch)
        print(f"   cold {_seconds(Path(scratch)):6.1f} s  (with whatever pip's own cache holds)")


def _seconds(folder: Path) -> float:
    start = time.monotonic()
    done = subprocess.run(["sh", "scripts/setup.sh"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"scripts/setup.sh ended with {done.returncode}: {done.stderr}")
    return time.monotonic() - start
