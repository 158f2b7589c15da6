"""What the blocks of the docs say that is printed, and whether that is what was printed."""

import re

from .pages import Block


def expected(block: Block) -> list[tuple[str, str]]:
    """Each command of a block with what is to be printed.

    ``...`` stands for anything within a line, and for any lines where it stands alone.
    """
    parts = re.split(r"^\$ (.*)$", block.text, flags=re.MULTILINE)[1:]
    return [(command, said.strip()) for command, said in zip(parts[::2], parts[1::2], strict=True)]


def narrow(text: str) -> str:
    """Columns of a table two blanks apart: how wide they are depends on the numbers in them. Every blank is one."""
    return re.sub(r"(?<=\S) {2,}", "  ", text.replace("\N{NO-BREAK SPACE}", " "))


def assert_said(printed: str, wanted: str) -> None:
    printed, wanted = narrow(printed), narrow(wanted)
    lines = ["(?s:.*)" if line == "..." else _line(line) for line in wanted.split("\n")]
    assert re.fullmatch("\n".join(lines), printed), f"printed:\n{printed}\n\nthe docs say:\n{wanted}"


def _line(wanted: str) -> str:
    return ".*".join(re.escape(part) for part in wanted.split("..."))
