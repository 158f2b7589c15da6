"""The folder in which the processes of a server put together what they count."""

import os
import tempfile
from pathlib import Path

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client looks for this variable once, when it is imported."""


def share_counts() -> Path:
    """Make the folder and tell prometheus_client of it, which nobody may have imported yet."""
    place = tempfile.mkdtemp(prefix="tiebreak-ml-")
    os.environ[SHARED] = place
    return Path(place)
