"""``tiebreak progress``: what the command line asks, and what is done about it."""

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from .. import terminal
from ..errors import NotPulled, SettingsError
from ..report_options import AsJson, of_each, settings_file
from ..settings import load


def progress(
    projects: Annotated[
        list[int] | None,
        typer.Argument(help="Label Studio ids of the projects (default: `projects` of the settings)."),
    ] = None,
    config: Annotated[Path | None, settings_file("where the store is, which projects")] = None,
    as_json: AsJson = False,
) -> None:
    """How projects get on: pace, what is left and until when, what waits for review, trends, what a label costs."""
    from ..store.engine import open_existing
    from .in_words import lines

    settings = load(config)
    chosen = list(dict.fromkeys(projects or settings.projects))
    if not chosen:
        raise SettingsError("no project is named: give its id, or set `projects` in the settings file")
    with open_existing(settings.store).read() as connection:
        found = of_each(chosen, lambda project: of_project(connection, project))
    if as_json:
        terminal.print_json({str(project): one for project, one in found.items()})
    else:
        for project, one in found.items():
            terminal.say(f"project {project}")
            for line in lines(one):
                terminal.say(f"  {line}")
    if len(found) < len(chosen):
        raise typer.Exit(1)


def of_project(connection: Connection, project: int) -> dict[str, Any]:
    """Kind -> the summary of a project (Label Studio's id), and when they were made: as docs/progress.md defines it.

    Raises NotPulled where the store does not know the project, or no run has assessed it yet.
    """
    from ..store import projects, summaries
    from ..summaries import KINDS

    key = projects.source(connection, project).key
    found = {kind: summaries.of(connection, key, kind) for kind in KINDS}
    made_at = max((one.made_at for one in found.values() if one is not None), default=None)
    if made_at is None:
        raise NotPulled(f"project {project} has not been assessed yet: run `tiebreak run {project}` first")
    return {"made_at": made_at, **{kind: one.body for kind, one in found.items() if one is not None}}
