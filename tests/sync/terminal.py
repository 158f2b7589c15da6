"""The console script as its users see it: arguments and settings in, exit code and both streams out."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.cli import main


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs commands in a folder of their own, with no settings but those given."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._capture = folder, patch, capture

    def __call__(self, *arguments: str, **settings: str) -> Done:
        """What the console script does, in this process."""
        with self._patch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["tiebreak", *arguments])
            for name, value in environment(settings).items():
                patch.setenv(name, value)
            self._capture.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        said = self._capture.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"TIEBREAK_{name.upper()}": value for name, value in settings.items()} | {"COLUMNS": "200", "NO_COLOR": "1"}
