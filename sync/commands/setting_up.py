"""``tiebreak init``, ``doctor``, ``moved``, ``demo``: beginning, and mending what is around."""

import os
import re
import secrets
from pathlib import Path
from typing import Annotated

import typer

from .. import terminal
from ..errors import SettingsError
from ..report_options import AsJson
from ..settings import DEFAULT_FILE, address, as_file, load, read
from .each import Config, opened

_PAGE = re.compile("/projects(/.*)?$")
"""What the address of a project's page has after Label Studio's own, as it is copied from a browser."""


def init(
    url: Annotated[str, typer.Option(help="Address of Label Studio.")] = "http://localhost:8080",
    token: Annotated[str, typer.Option(help="Access token: Label Studio, Account & Settings.")] = "",
    project: Annotated[list[int] | None, typer.Option(help="Id of a project to look after; may be repeated.")] = None,
    file: Annotated[Path, typer.Option(help="Where to write.")] = Path(DEFAULT_FILE),
) -> None:
    """Write a commented settings file for an existing Label Studio."""
    given = {
        "label_studio_url": _PAGE.sub("", url),
        "label_studio_token": token,
        "projects": project or [],
        "secret": secrets.token_urlsafe(24),
    }
    text = as_file(given)
    read(text, file)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError as error:
        raise SettingsError(f"{file} is there already: edit it, or name another file with --file") from error
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror}") from error
    terminal.say(f"Wrote {file}; only you can read it. Next:")
    if not token:
        terminal.say(
            f"  put your access token into {file}: label_studio_token = ... (Label Studio, Account & Settings)"
        )
    if not project:
        terminal.say(f"  name your projects in {file}: projects = [1, 2]")
    named = "" if file == Path(DEFAULT_FILE) else f" --config {file}"
    terminal.say(
        f"  tiebreak doctor{named}    checks that everything is in place\n"
        f"  tiebreak run{named}       runs the loop once"
    )


def doctor(
    config: Config = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended through the API.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check Label Studio, the ML backend and the settings that decide the order of tasks."""
    from ..doctor import examine, mend, remember

    outside = opened(config)
    found = list(examine(outside))
    if fix:
        for one, failure in mend(outside, found):
            (terminal.warn if failure else terminal.note)(f"{one.check}: {failure or 'mended'}")
        found = list(examine(outside))
    if as_json:
        terminal.print_json([{key: getattr(one, key) for key in ("check", "ok", "message", "remedy")} for one in found])
    else:
        terminal.show_diagnoses(found)
    remember(outside.store, found, outside.clock())
    if not all(one.ok for one in found):
        raise typer.Exit(1)


def moved(url: Annotated[str, typer.Argument(help="Its new address.")], config: Config = None) -> None:
    """Tell the store that the same Label Studio answers at another address now."""
    from ..opening import clock
    from ..store.engine import move, open_store

    try:
        new = address(url)
    except ValueError as error:
        raise SettingsError(f"{url!r}: {error}, such as http://localhost:8080") from error
    old = move(open_store(load(config).store), new, clock())
    if old == new:
        terminal.say(f"The store belongs to {new} already: nothing changed.")
    else:
        terminal.say(f"The store belonged to {old} and belongs to {new} now. Set label_studio_url to it too.")


def demo(
    once: Annotated[bool, typer.Option("--once", help="Do not stay up; resolve two reviews and sync again.")] = False,
    as_json: AsJson = False,
    dataset: Annotated[
        Path | None, typer.Option(help="A folder with label_config.xml and export.json instead of the digits.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Where everything is kept; may be deleted.")] = Path("tiebreak-demo"),
) -> None:
    """The whole product on this machine, with a Label Studio of its own and simulated annotators."""
    from ..demo.flow import demo as run_demo

    raise typer.Exit(
        run_demo(once=once, as_json=as_json, dataset=dataset, folder=data, out=terminal.out, err=terminal.err)
    )
