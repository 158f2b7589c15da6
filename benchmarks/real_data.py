"""Real data, which is no part of this repository: sets of texts with labels, crowds, names in news."""

import os
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(os.environ.get("TIEBREAK_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
"""A folder a set; TIEBREAK_SHARED_DATA names another. It need not exist."""


def text_sets(names: Sequence[str]) -> dict[str, Path]:
    """Name -> the table of texts, of those sets that are there; where none is a line says so."""
    found = {name: FOLDER / name / "text.csv" for name in names if (FOLDER / name).is_dir()}
    if not found:
        print(f"   LEFT OUT: no set of texts in {FOLDER} (set TIEBREAK_SHARED_DATA)")
    return found
