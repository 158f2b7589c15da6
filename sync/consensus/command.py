"""``tiebreak consensus``: what the command line asks, and what is done about it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal
from ..errors import SettingsError
from ..evidence.source import Named, opened
from ..settings import Settings, load

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from .report import Report


def consensus(
    export: Annotated[Path | None, typer.Argument(help="A JSON export of Label Studio; or --project.")] = None,
    label_config: Annotated[
        Path | None, typer.Option(help="The labeling interface of the export: its XML in a file.")
    ] = None,
    project: Annotated[int | None, typer.Option(help="Label Studio id of a project in the store, not a file.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings file: where the store is, pools of annotators.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="Its name, or auto, which chooses from the data and says why (default).")
    ] = None,
    control: Annotated[
        list[str] | None, typer.Option(help="Only this control; may be repeated. Default: all of them.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="JSONL of a model's answers: task, control, version, answer, probabilities.")
    ] = None,
    include_ground_truth: Annotated[
        bool, typer.Option("--include-ground-truth", help="Count ground truth as answers of who gave it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one CSV table and nothing else.")] = False,
) -> None:
    """What the answers probably are, how sure that is, and whom to trust, from an export file or the store."""
    named = Named(export, label_config, project)
    named.refuse("infer")
    if as_json and as_csv:
        raise SettingsError("--json and --csv both print: name one of them")
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
        for note in report.notes:
            terminal.note(note)
        (print_json if as_json else print_csv)(report)
    else:
        show(report)
