"""The hooks of .pre-commit-config.yaml: valid, ours alone, and the checks of ``make check``."""

import re
import subprocess
import sys

import yaml

from .test_requirements import ROOT

FILE = ROOT / ".pre-commit-config.yaml"


def test_the_configuration_is_valid_and_downloads_nothing() -> None:
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", FILE], check=True)
    repositories = yaml.safe_load(FILE.read_text(encoding="utf-8"))["repos"]
    assert [one["repo"] for one in repositories] == ["local"]


def words(command: str) -> str:
    """A command without its options and paths."""
    return " ".join(word for word in command.split() if not word.startswith(("-", "$")))


def test_a_commit_is_checked_as_make_check_does() -> None:
    (local,) = yaml.safe_load(FILE.read_text(encoding="utf-8"))["repos"]
    hooks = [words(one["entry"].removeprefix(".venv/bin/")) for one in local["hooks"]]
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    assert hooks == [words(command) for command in re.findall(r"@\$\(BIN\)/(.+)", recipe)]
