"""Projects that have learned, behind Flask's test client."""

from pathlib import Path

import pytest

from .scenes import learned, sentiment_rows, serving
from .stage import Here


@pytest.fixture(scope="package")
def here(tmp_path_factory: pytest.TempPathFactory) -> Here:
    """A project that has learned; tests with it change nothing."""
    outside = serving(tmp_path_factory.mktemp("ml"))
    learned(outside, sentiment_rows(120))
    return Here(outside)


@pytest.fixture
def fresh(tmp_path: Path) -> Here:
    """A project that has learned, for tests that change it."""
    outside = serving(tmp_path)
    learned(outside, sentiment_rows(60))
    return Here(outside)


@pytest.fixture
def empty(tmp_path: Path) -> Here:
    return Here(serving(tmp_path))
