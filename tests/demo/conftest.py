"""What the demo needs: a Label Studio to run."""

from pathlib import Path

import pytest

from sync.demo.embedded import find_executable
from sync.errors import DemoError


@pytest.fixture(scope="session")
def executable() -> Path:
    """Skips, loudly, where none is installed."""
    try:
        return find_executable()
    except DemoError as error:
        pytest.skip(f"no Label Studio to run the demo with: {error}")
