"""``tiebreak-ml backtest``: what the command line asks, and what is done about it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..acquisition import STRATEGIES
from ..encoders import ENCODERS, family_of
from ..errors import SettingsError
from .data import labeled
from .replay import DEFAULT, Plan
from .report import HEADINGS, headline, rows, surroundings, write_page
from .report import as_json as json_of
from .running import Backtest, backtest

USUAL = (DEFAULT, "margin", "random")
TEXTS = tuple(name for name, family in ENCODERS.items() if "Text" in family.tags)


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line as it was typed: see ``tiebreak-ml backtest --help``."""

    data: Path
    text: str
    label: str
    test: Path | None
    strategies: tuple[str, ...]
    encoder: str
    plan: Plan
    seeds: int
    processes: int | None


def run_backtest(asked: Asked, page: Path | None, *, as_json: bool) -> None:
    """Replay, print, and write the page where one is named. Raises SettingsError for what there is not."""
    names = tuple(dict.fromkeys(asked.strategies or USUAL))
    _refuse(asked, names)
    encoder = TEXTS[0] if asked.encoder == "auto" else asked.encoder
    found = labeled(asked.data, asked.text, asked.label, asked.test, encoder)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(f"{len(names)} strategies, {asked.seeds} seeds", total=len(names) * asked.seeds + 1)
        done = backtest(found, names, asked.seeds, asked.plan, lambda count: bar.advance(task, count), asked.processes)
    if page is not None:
        write_page(done, page, f"{asked.data.name}: labels and accuracy")
    if as_json:
        sys.stdout.write(json.dumps(json_of(done)) + "\n")
        return
    _show(done, page)


def _refuse(asked: Asked, names: Sequence[str]) -> None:
    for name in names:
        if name not in (DEFAULT, *STRATEGIES):
            raise SettingsError(f"no strategy is named {name!r}; there are: {', '.join((DEFAULT, *STRATEGIES))}")
    if asked.encoder != "auto" and "Text" not in family_of(asked.encoder).tags:
        raise SettingsError(f"encoder {asked.encoder!r} does not read texts; there are: {', '.join(('auto', *TEXTS))}")
    if asked.plan.budget < asked.plan.start:
        raise SettingsError(f"--budget {asked.plan.budget} is less than --start {asked.plan.start}")


def _show(done: Backtest, page: Path | None) -> None:
    out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    for line in surroundings(done):
        out.print(line, markup=False)
    table = Table(*HEADINGS, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows(done):
        table.add_row(*row)
    out.print(table)
    out.print(headline(done), markup=False)
    if page is not None:
        out.print(f"Wrote {page}.", markup=False)
