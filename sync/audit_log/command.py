"""``tiebreak audit``: what the command line asks, and what is done about it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SettingsError
from ..report_options import AsCsv, AsJson, one_format, settings_file
from ..settings import load

app = typer.Typer(no_args_is_help=True, help="Who or what did what, when and why; and whether that record is whole.")

Config = Annotated[Path | None, settings_file("where the store is")]
SHOWN = 100
"""Events that are shown on a terminal where nobody says how many."""


@app.command()
def log(
    project: Annotated[int | None, typer.Option(help="Only of this project (Label Studio id).")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only from this moment on (UTC): 2026-01-31, 2026-01-31T09:30.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="Only this action, such as push or ruling.")] = None,
    actor: Annotated[
        str | None, typer.Option(help="Only by this actor: tiebreak, user:17 (Label Studio id), ...")
    ] = None,
    task: Annotated[int | None, typer.Option(help="Only about this task (Label Studio id).")] = None,
    last: Annotated[
        int | None, typer.Option(help=f"So many of the newest (default: {SHOWN} on a terminal, else all).", min=1)
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what was recorded, the oldest first."""
    one_format(as_json=as_json, as_csv=as_csv)
    from ..store.audit_entries import Wanted, entries
    from ..store.engine import open_existing
    from .shown import print_csv, print_json, show

    last = last or (None if as_json or as_csv else SHOWN)
    wanted = Wanted(project, _moment(since), action, actor, task, last)
    with open_existing(load(config).store).read() as connection:
        (print_json if as_json else print_csv if as_csv else show)(entries(connection, wanted))


def _moment(text: str | None) -> int | None:
    """Microseconds since 1970. Raises SettingsError for a text that is no moment."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"--since {text!r} is no moment: write 2026-01-31 or 2026-01-31T09:30 (UTC)") from error
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1e6)


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="A head that was noted before: it must still be in the chain.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Compute the whole chain anew; exit code 1, and where, if anything was changed, removed or put in.

    Versions of labels are held against the events that made them.
    """
    from ..store.audit_check import verify as check
    from ..store.engine import open_existing
    from ..versions import recorded
    from .shown import print_verdict, show_verdict

    noted = None if head is None else head.strip().lower()
    if noted is not None and not re.fullmatch("[0-9a-f]{64}", noted):
        raise SettingsError(f"--head {head!r} is no head: it has 64 of the characters 0 to 9 and a to f")
    store = open_existing(load(config).store)
    found = check(store, noted)
    with store.read() as connection:
        found = found.also(list(recorded.faults(connection)))
    (print_verdict if as_json else show_verdict)(found)
    if not found.whole:
        raise typer.Exit(1)
