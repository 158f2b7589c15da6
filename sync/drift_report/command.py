"""``tiebreak drift``: what the command line asks, and what is done about it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..evidence.source import Named, opened
from ..report_options import (
    AsJson,
    Controls,
    ExportFile,
    Interface,
    StoredProject,
    print_for_programs,
    settings_file,
)
from ..settings import load


def drift(
    export: ExportFile = None,
    label_config: Interface = None,
    project: StoredProject = None,
    config: Annotated[Path | None, settings_file("where the store is")] = None,
    control: Controls = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Look at each value of this field of the tasks' data too; may be repeated.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="JSONL of a model's answers: its agreement with people before and after.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(help="When the model was trained, UTC (default: half of the answers before it).")
    ] = None,
    vectors: Annotated[
        Path | None, typer.Option(help="JSONL of what tasks show as vectors: task, vector (a list of numbers).")
    ] = None,
    media: Annotated[
        Path | None, typer.Option(help="Folder with the tasks' pictures, found by the file names in their data.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What changed over time: labels, what tasks show, agreement, and what an answer means."""
    named = Named(export, label_config, project)
    named.refuse("compare")
    settings = load(config)
    from ..evidence.predictions import predicted_in
    from .as_json import print_json
    from .on_terminal import show
    from .report import Asked, report_on

    with opened(named, settings, visible=not as_json) as source:
        asked = Asked(tuple(control or ()), tuple(by or ()), since, vectors, media)
        report = report_on(source, asked, predicted_in(predictions, source.config), settings)
    if as_json:
        print_for_programs(report, print_json)
    else:
        show(report)
