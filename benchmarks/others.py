"""Other libraries in environments of their own: a script of ours runs there and prints one JSON document."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


def run_beside(script: str | None, requirements: Sequence[str], **arrays: Any) -> Any:
    """What ``script`` prints about the ``arrays``, which it finds in the file that it is given (.npz).

    It runs in a virtual environment with the ``requirements`` that is made for the run and thrown away, or in the one
    whose interpreter TIEBREAK_ORACLES names. Null, with a line that says why, where that cannot be had.
    """
    assert script is not None
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        np.savez(folder / "arrays.npz", **arrays)
        python = os.environ.get("TIEBREAK_ORACLES") or str(folder / "venv" / "bin" / "python")
        steps = [[python, script, str(folder / "arrays.npz")]]
        if "TIEBREAK_ORACLES" not in os.environ:
            steps[:0] = [
                [sys.executable, "-m", "venv", str(folder / "venv")],
                [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *requirements],
            ]
        for step in steps:
            ran = subprocess.run(step, capture_output=True, text=True, check=False)
            if ran.returncode:
                last = (ran.stderr.strip() or "no message").splitlines()[-1]
                print(f"   no comparison: {' '.join(step[1:4])} ended with {ran.returncode}: {last}")
                return None
    return json.loads(ran.stdout.strip().splitlines()[-1])


def cpu(compute: Callable[[], T], times: int = 1) -> tuple[float, T]:
    """The least cpu seconds of several runs, and what they give."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        found = compute()
        best = min(best, time.process_time() - start)
    return best, found
