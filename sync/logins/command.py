"""``tiebreak users``: who may log in to the dashboard and call the API. Passwords are typed, never arguments."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from .. import terminal
from ..errors import SettingsError
from ..report_options import AsJson, settings_file
from ..settings import load
from .roles import ROLES

if TYPE_CHECKING:
    from ..store.engine import Store

Config = Annotated[Path | None, settings_file("where the store is")]
Name = Annotated[str, typer.Argument(help="Name to log in with; capitals make no difference.")]
Projects = Annotated[
    list[int] | None, typer.Option("--project", help="Only in this project (Label Studio's id); may be repeated.")
]
TOKEN_LABEL = "a program"  # noqa: S105 - what a token is for

app = typer.Typer(no_args_is_help=True, help="Who may log in to the dashboard and call the API.")


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help=f"What they may do: {', '.join(ROLES)}.")] = ROLES[0],
    project: Projects = None,
    password: Annotated[
        bool,
        typer.Option("--password/--no-password", help="Ask for one; without, only a proxy and tokens let them in."),
    ] = True,
    config: Config = None,
) -> None:
    """Let somebody in. The password is asked for, or read from standard input."""
    from . import keeping

    with _store(config, make=True) as (store, now):
        keeping.add(store, name, role, _asked() if password else None, now, only=tuple(project or ()))
    terminal.say(f"{name} may log in as {role}{_where(project)}.")


@app.command("list")
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """Name everybody who may log in, what they may do, and the tokens of their programs."""
    from . import keeping

    with _store(config) as (store, _):
        found = keeping.listing(store)
    if as_json:
        terminal.print_json(found)
        return
    if not found:
        terminal.say("nobody yet: `tiebreak users add NAME --role admin` begins")
        return
    table = Table("name", "role", "in single projects", "password", "tokens", box=None, pad_edge=False)
    for one in found:
        single = ", ".join(f"{project}: {role}" for project, role in one["projects"].items())
        tokens = ", ".join(f"{token['id']}: {token['label']}" for token in one["tokens"])
        set_ = "set" if one["password"] else "none"
        table.add_row(*map(escape, (one["name"], one["role"] or "none", single or "-", set_, tokens or "-")))
    terminal.out.print(table)


@app.command()
def remove(
    name: Name,
    forget: Annotated[
        bool, typer.Option("--forget", help="Also erase the name, and what they wrote, from the audit chain, for good.")
    ] = False,
    config: Config = None,
) -> None:
    """Take somebody out: their sessions and tokens end at once."""
    from . import keeping

    with _store(config) as (store, now):
        last = keeping.remove(store, name, now, forget=forget)
    terminal.say(f"{name} is out{', and forgotten: the audit chain still verifies' if forget else ''}.")
    if last:
        terminal.note("nobody is left: without dashboard_password, `tiebreak serve` is open to its own machine alone")


@app.command()
def role(
    name: Name,
    role: Annotated[str, typer.Argument(help=f"What they may do: {', '.join(ROLES)}, or none.")],
    project: Projects = None,
    config: Config = None,
) -> None:
    """Change what somebody may do, everywhere or in single projects. It holds at once."""
    from . import keeping

    with _store(config) as (store, now):
        keeping.set_role(store, name, role, now, only=tuple(project or ()))
    terminal.say(f"{name} has the role {role}{_where(project)}.")


@app.command()
def password(name: Name, config: Config = None) -> None:
    """Give somebody a new password, asked for or read from standard input. Their sessions end."""
    from . import keeping

    with _store(config) as (store, now):
        keeping.set_password(store, name, _asked(), now)
    terminal.say(f"{name} has a new password.")


@app.command()
def token(
    name: Name,
    label: Annotated[str, typer.Option(help="What it is for.")] = TOKEN_LABEL,
    days: Annotated[int, typer.Option(help="It ends after so many days; 0: it does not.", min=0, max=3650)] = 365,
    revoke: Annotated[int | None, typer.Option(help="Make none: end the one of this number.")] = None,
    config: Config = None,
) -> None:
    """Make a token for a program that acts as somebody. It is shown once; the store keeps a hash."""
    from . import keeping

    with _store(config) as (store, now):
        if revoke is not None:
            keeping.revoke(store, name, revoke, now)
            terminal.say(f"token {revoke} of {name} lets nobody in any more.")
            return
        made = keeping.new_token(store, name, label, days, now)
    terminal.note("send it as `Authorization: Bearer TOKEN`; it is not shown again")
    sys.stdout.write(f"{made}\n")


@contextmanager
def _store(config: Path | None, *, make: bool = False) -> Iterator[tuple["Store", int]]:
    """The store of the settings, and the time. ``make``: also where there is none yet."""
    from ..opening import clock
    from ..store.engine import open_existing, open_store

    store = (open_store if make else open_existing)(load(config).store)
    try:
        yield store, clock()
    finally:
        store.close()


def _asked() -> str:
    """A new password: typed twice and not shown, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise SettingsError("the two are not the same: nothing was changed")
    return first


def _where(projects: list[int] | None) -> str:
    if not projects:
        return ""
    return f" in project{'s' * (len(projects) > 1)} {', '.join(map(str, projects))}"
