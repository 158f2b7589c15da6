"""How a report is set on a terminal: titles, sentences under them, and tables cut to what is read."""

from collections.abc import Collection, Iterable, Sequence

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from . import terminal


def title(text: str, beside: str) -> None:
    """What follows is about this."""
    terminal.out.print(f"[bold]{escape(text)}[/]: {escape(beside)}")


def sentence(text: str) -> None:
    """A sentence under a title."""
    terminal.out.print(Padding(escape(text), (0, 0, 0, 2), expand=False))


def listed(name: str, lines: Sequence[str], limit: int) -> None:
    """The first ``limit`` lines under a name; nothing without lines."""
    if not lines:
        return
    rest = f" ({limit} of {len(lines):,})" if len(lines) > limit else ""
    terminal.out.print(f"  [bold]{escape(name)}[/]{rest}")
    for line in lines[:limit]:
        terminal.out.print(Padding(escape(line), (0, 0, 0, 4), expand=False))


def table(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[str]], limit: int, numbers: Collection[int] = ()
) -> None:
    """The first ``limit`` rows; nothing without rows. ``numbers`` are the columns that stand to the right."""
    every = list(rows)
    if not every:
        return
    if name:
        rest = f" ({limit} of {len(every):,})" if len(every) > limit else ""
        terminal.out.print(f"  [bold]{escape(name)}[/]{rest}")
    found = Table(box=None, pad_edge=False, header_style="dim")
    for place, head in enumerate(heads):
        found.add_column(head, justify="right" if place in numbers else "left", overflow="fold")
    for row in every[:limit]:
        found.add_row(*(escape(cell) for cell in row))
    terminal.out.print(Padding(found, (0, 0, 0, 4), expand=False))
