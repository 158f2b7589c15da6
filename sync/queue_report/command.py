"""``tiebreak queue``: what the command line asks, and what is done about it."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SettingsError
from ..evidence.source import Named, opened
from ..report_options import (
    AsJson,
    Controls,
    ExportFile,
    GroundTruth,
    Interface,
    ModelAnswers,
    StoredProject,
    print_for_programs,
    settings_file,
)
from ..settings import load

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from .report import Report


def queue(
    export: ExportFile = None,
    label_config: Interface = None,
    project: StoredProject = None,
    config: Annotated[Path | None, settings_file("where the store is, policy, rules, pools")] = None,
    control: Controls = None,
    predictions: ModelAnswers = None,
    include_ground_truth: GroundTruth = False,
    explain: Annotated[int | None, typer.Option(help="Show how the place of this task came about.")] = None,
    rankings: Annotated[
        bool, typer.Option("--rankings", help="Also what to label next, what to check, and ActiveLab's joint order.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What a person should look at first, and why, from an export file or the store."""
    named = Named(export, label_config, project)
    named.refuse("rank")
    if explain is not None and as_json:
        raise SettingsError("--explain prints text and --json a document: name one of them")
    settings = load(config)
    from ..evidence.predictions import predicted_in
    from .report import Asked, report_on

    with opened(named, settings, visible=not as_json and explain is None) as source:
        asked = Asked(tuple(control or ()), include_ground_truth)
        report = report_on(source, asked, predicted_in(predictions, source.config), settings, _days(project))
    _show(report, explain, rankings=rankings, as_json=as_json)


def _days(project: int | None) -> float | None:
    """Now in days since 1970 for the store; an export file is as old as its last answer."""
    from ..opening import clock

    return None if project is None else clock() / 86_400e6


def _show(report: "Report", explained: int | None, *, rankings: bool, as_json: bool) -> None:
    from .as_json import print_json
    from .on_terminal import derivation, show, show_rankings

    if explained is not None:
        derivation(report, explained)
    elif as_json:
        print_for_programs(report, partial(print_json, with_rankings=rankings))
    else:
        show(report)
        if rankings:
            show_rankings(report)
