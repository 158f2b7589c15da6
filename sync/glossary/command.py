"""``tiebreak guidelines list``, ``edit``, ``diff`` and ``publish``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any

import click
import typer

from label_config.errors import GuidelinesError

from .. import terminal
from ..errors import SettingsError
from ..report_options import AsJson, settings_file
from ..settings import load

Config = Annotated[Path | None, settings_file("where the store is")]
Project = Annotated[int, typer.Option(help="Label Studio id of the project.")]


def list_(
    project: Project,
    version: Annotated[int | None, typer.Option(help="Show the entries of this version (default: the newest).")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The versions of the guidelines, and the entries of one."""
    from label_config.guidelines import as_json as plain

    from ..store import guideline_versions
    from ..store.engine import open_existing
    from ..store.projects import source
    from . import shown, writing

    with open_existing(load(config).store).read() as connection:
        key = source(connection, project).key
        found = guideline_versions.versions(connection, key)
        one = writing.version(connection, key, version) if found or version else None
    if as_json:
        versions = [{**asdict(each), "entries": len(each.entries)} for each in found]
        terminal.print_json({"versions": versions, "entries": plain(one.entries) if one else []})
        return
    _say(["no guidelines were written yet: `tiebreak guidelines edit` begins"] if one is None else [])
    _say([*shown.of_versions(found), *shown.of_entries(one.entries if one else ())])


def edit(
    project: Project,
    why: Annotated[str, typer.Option(help="What changes: reviewers read it above what comes back.")],
    file: Annotated[Path | None, typer.Option(help="A TOML file to take (default: an editor opens).")] = None,
    config: Config = None,
) -> None:
    """Write a new version of the guidelines. Nothing is published, and earlier versions stay."""
    from label_config import guidelines

    from ..opening import clock
    from ..store import guideline_versions
    from ..store.audit import COMMAND_LINE
    from ..store.engine import open_existing
    from ..store.projects import source
    from .writing import refuse_another, write

    store = open_existing(load(config).store)
    with store.read() as connection:
        key = source(connection, project).key
        known = guideline_versions.newest(connection, key)
    text = _edited(guidelines.written(known.entries if known else ())) if file is None else _read(file)
    with _kept_where_refused(text if file is None else None):
        entries = guidelines.read(text)
        with store.begin() as connection:
            if file is None:
                refuse_another(connection, key, known)
            made = write(connection, key, entries, why, now=clock(), actor=COMMAND_LINE)
    if made is None:
        terminal.say("nothing changed: no version was made")
    else:
        terminal.say(f"version {made.number} is written; `tiebreak guidelines diff` shows what it touches")


def diff(
    project: Project,
    before: Annotated[int | None, typer.Option("--from", help="Version (default: the one published last).")] = None,
    after: Annotated[int | None, typer.Option("--to", help="Version (default: the newest).")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What changed between two versions, and which rulings that touches."""
    from ..store.engine import open_existing
    from ..store.projects import source
    from . import shown, writing

    with open_existing(load(config).store).read() as connection:
        found = writing.difference(connection, source(connection, project).key, before, after)
    if as_json:
        changes: list[dict[str, Any]] = [{"id": one.id, **asdict(one)} for one in found.changes]
        terminal.print_json({**asdict(found), "changes": changes, "touched": [asdict(one) for one in found.touched]})
    else:
        _say(list(shown.of_difference(found)))


def publish(
    project: Project,
    version: Annotated[int | None, typer.Option(help="Number of the version (default: the newest).")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also over instructions that were written in Label Studio.")
    ] = False,
    no_review: Annotated[bool, typer.Option("--no-review", help="Bring no ruling back: only words changed.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a version the project's instructions in Label Studio; rulings that it touches are reviewed again."""
    from ..opening import alone, services
    from ..store.audit import COMMAND_LINE
    from .publishing import publish as bring

    outside = services(load(config))
    with alone(outside, project, waits=terminal.note):
        done = bring(outside, project, version, actor=COMMAND_LINE, replace=replace, review=not no_review)
    if as_json:
        terminal.print_json(asdict(done))
        return
    there = "is" if done.changed else "was already"
    many = terminal.counted(len(done.tasks), "ruling") or "no ruling"
    again = "; the next push brings them back" if done.tasks else ""
    terminal.say(f"version {done.version} {there} the project's instructions; {many} to be reviewed again{again}")


def _edited(text: str) -> str:
    try:
        found = click.edit(text, extension=".toml")
    except click.ClickException as error:
        raise SettingsError(
            f"{error.format_message()}: name an editor in VISUAL or EDITOR, or hand in a file with --file"
        ) from error
    return text if found is None else found


@contextmanager
def _kept_where_refused(typed: str | None) -> Iterator[None]:
    """What was typed into an editor (null: nothing was) is put into a file where it cannot be taken as it is."""
    try:
        yield
    except (SettingsError, GuidelinesError) as error:
        if typed is None:
            raise
        with NamedTemporaryFile(
            "w", encoding="utf-8", prefix="tiebreak-guidelines-", suffix=".toml", delete=False
        ) as kept:
            kept.write(typed)
        raise SettingsError(
            f"{error}. What you wrote is in {kept.name}: mend it, and hand it in with --file"
        ) from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"{file}: cannot be read as text: {why}") from error


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        terminal.say(line)
