"""``tiebreak annotators``: what the command line asks, and what is done about it."""

from pathlib import Path
from typing import Annotated

import typer

from .. import terminal
from ..evidence.source import Named, opened
from ..settings import load


def annotators(
    export: Annotated[Path | None, typer.Argument(help="A JSON export of Label Studio; or --project.")] = None,
    label_config: Annotated[
        Path | None, typer.Option(help="The labeling interface of the export: its XML in a file.")
    ] = None,
    project: Annotated[int | None, typer.Option(help="Label Studio id of a project in the store, not a file.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings file: where the store is, pools of annotators.")
    ] = None,
    control: Annotated[
        list[str] | None, typer.Option(help="Only this control; may be repeated. Default: all of them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Whom to trust on what, who works how fast, and whose work changed; nobody is ever blocked."""
    named = Named(export, label_config, project)
    named.refuse("say of anybody")
    settings = load(config)
    from .as_json import print_json
    from .on_terminal import show
    from .report import report_on

    with opened(named, settings, visible=not as_json) as source:
        report = report_on(source, tuple(control or ()), settings)
    if as_json:
        for note in report.notes:
            terminal.note(note)
        print_json(report)
    else:
        show(report)
