"""Commands in an empty folder."""

from pathlib import Path

import pytest

from ..sync.terminal import Terminal


@pytest.fixture
def tiebreak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The console script."""
    return Terminal(tmp_path, monkeypatch, capsys)
