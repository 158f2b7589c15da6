"""``tiebreak consensus``: what the command line asks, and what is done about it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..evidence.source import Named, opened
from ..report_options import (
    AsCsv,
    AsJson,
    Controls,
    ExportFile,
    GroundTruth,
    Interface,
    ModelAnswers,
    StoredProject,
    one_format,
    print_for_programs,
    settings_file,
)
from ..settings import Settings, load

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from .report import Report


def consensus(
    export: ExportFile = None,
    label_config: Interface = None,
    project: StoredProject = None,
    config: Annotated[Path | None, settings_file("where the store is, pools of annotators")] = None,
    method: Annotated[
        str | None, typer.Option(help="Its name, or auto, which chooses from the data and says why (default).")
    ] = None,
    control: Controls = None,
    predictions: ModelAnswers = None,
    include_ground_truth: GroundTruth = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """What the answers probably are, how sure that is, and whom to trust, from an export file or the store."""
    named = Named(export, label_config, project)
    named.refuse("infer")
    one_format(as_json=as_json, as_csv=as_csv)
    settings = load(config) if project is not None or config is not None else None
    report = _report(
        named,
        settings,
        method=method,
        controls=tuple(control or ()),
        predictions=predictions,
        ground_truth=include_ground_truth,
        visible=not (as_json or as_csv),
    )
    _show(report, as_json=as_json, as_csv=as_csv)


def _report(
    named: Named,
    settings: Settings | None,
    *,
    method: str | None,
    controls: tuple[str, ...],
    predictions: Path | None,
    ground_truth: bool,
    visible: bool,
) -> "Report":
    from ..evidence.predictions import predicted_in
    from .report import Asked, report_on

    known = settings or Settings.model_construct()
    with opened(named, settings, visible=visible) as source:
        asked = Asked(controls, method or known.consensus_method, known.trust(), ground_truth)
        return report_on(source, asked, predicted_in(predictions, source.config))


def _show(report: "Report", *, as_json: bool, as_csv: bool) -> None:
    from .as_csv import print_csv
    from .as_json import print_json
    from .on_terminal import show

    if as_json or as_csv:
        print_for_programs(report, print_json if as_json else print_csv)
    else:
        show(report)
