"""What people read, as the tests of the docs see it: pages, their fenced blocks, their commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..conftest import ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: the page it stands on, its line there, its language and its text."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page for people, README first."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    """The text of a page without its blocks."""
    return FENCE.sub("", page(name))


def blocks(place: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = place.read_text(encoding="utf-8")
    return [Block(place, text.count("\n", 0, found.start()) + 1, found[1], found[2]) for found in FENCE.finditer(text)]


def commands(block: Block) -> Iterator[str]:
    """The commands in a block: each line of ``sh``, each after ``$`` of ``console``, each ExecStart of ``ini``."""
    text = block.text.replace("\\\n", " ")
    starts = {"sh": r"(?!#)(?=\S)", "console": r"\$ ", "ini": "ExecStart="}.get(block.language)
    if starts is not None:
        yield from (line.strip() for line in re.findall(rf"^{starts}(.*)$", text, re.MULTILINE))
