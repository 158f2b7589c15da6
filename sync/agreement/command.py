"""``tiebreak agreement``: what the command line asks, and what is done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from .. import terminal
from ..errors import SettingsError, TiebreakError
from ..evidence.source import Named, opened
from ..settings import Settings, load

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from label_config.model import LabelConfig

    from .asked import Asked
    from .report import Report

T = TypeVar("T")


def agreement(
    export: Annotated[Path | None, typer.Argument(help="A JSON export of Label Studio; or --project.")] = None,
    label_config: Annotated[
        Path | None, typer.Option(help="The labeling interface of the export: its XML in a file.")
    ] = None,
    project: Annotated[int | None, typer.Option(help="Label Studio id of a project in the store, not a file.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings file: where the store is, weights, distances.")
    ] = None,
    control: Annotated[
        list[str] | None, typer.Option(help="Only this control; may be repeated. Default: all of them.")
    ] = None,
    distance: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME, or CONTROL=NAME for one control; module:function is one of your own. May be repeated."
        ),
    ] = None,
    coefficient: Annotated[
        list[str] | None,
        typer.Option(help="This one beside the agreement; may be repeated. Default: all that suit the control."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="Weights of kappas and AC2: linear, quadratic ... (default: linear for ordered answers)."),
    ] = None,
    by: Annotated[list[str] | None, typer.Option(help="Cut by this field of the tasks' data; may be repeated.")] = None,
    weight: Annotated[
        list[str] | None, typer.Option(help="CONTROL=W: its weight in the overall agreement; may be repeated.")
    ] = None,
    label_weight: Annotated[
        list[str] | None, typer.Option(help="CONTROL:LABEL=W: its weight in its control's part; may be repeated.")
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option(help="Resamples behind each interval (default: 1000). 0: no intervals.", min=0, max=100_000),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the resampling (default: 0).", min=0)] = None,
    confidence: Annotated[
        float | None,
        typer.Option(help="Coverage of each interval, from 0.5 to 0.999 (default: 0.95).", min=0.5, max=0.999),
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="JSONL of models' answers: task, control, version, answer.")
    ] = None,
    include_ground_truth: Annotated[
        bool, typer.Option("--include-ground-truth", help="Count ground truth as answers of who gave it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one CSV table and nothing else.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page that can be mailed.")] = None,
) -> None:
    """How far annotators agree on each control, from an export file or the store."""
    given = Given(
        source=Named(export, label_config, project),
        settings=load(config) if project is not None or config is not None else None,
        controls=tuple(control or ()),
        distances=tuple(distance or ()),
        coefficients=tuple(coefficient or ()),
        weights=weights,
        by=tuple(by or ()),
        control_weights=tuple(weight or ()),
        label_weights=tuple(label_weight or ()),
        bootstrap=bootstrap,
        seed=seed,
        confidence=confidence,
        predictions=predictions,
        ground_truth=include_ground_truth,
        excerpts=html is not None,
    )
    _refuse(given, as_json=as_json, as_csv=as_csv, html=html)
    _show(_report(given, not (as_json or as_csv)), as_json=as_json, as_csv=as_csv, html=html)


@dataclass(frozen=True, slots=True)
class Given:
    """The command line as it was typed; null and empty stand for what was not."""

    source: Named
    settings: Settings | None
    controls: tuple[str, ...]
    distances: tuple[str, ...]
    coefficients: tuple[str, ...]
    weights: str | None
    by: tuple[str, ...]
    control_weights: tuple[str, ...]
    label_weights: tuple[str, ...]
    bootstrap: int | None
    seed: int | None
    confidence: float | None
    predictions: Path | None
    ground_truth: bool
    excerpts: bool


def _refuse(given: Given, *, as_json: bool, as_csv: bool, html: Path | None) -> None:
    """Raises SettingsError for a command line that does not say what to do."""
    given.source.refuse("measure")
    for place in (given.source.export, given.source.label_config, given.predictions):
        if place is not None and html is not None and html.resolve() == place.resolve():
            raise SettingsError(f"--html {html} would overwrite what is read: name another file")
    if as_json and as_csv:
        raise SettingsError("--json and --csv both print: name one of them")


def _report(given: Given, visible: bool) -> "Report":
    from ..evidence.predictions import predicted_in
    from .report import report_on

    with opened(given.source, given.settings, visible=visible) as source:
        asked, predicted = _asked(given, source.config), predicted_in(given.predictions, source.config)
        return report_on(
            source.name,
            source.config,
            source.tasks,
            asked,
            predicted,
            excerpts=given.excerpts,
            tell=source.tell,
        )


def _asked(given: Given, config: "LabelConfig") -> "Asked":
    """What is asked: the options, else the settings, else the defaults."""
    from .asked import Asked, by_control, control_weights, label_weights, with_settings

    known = given.settings or Settings.model_construct()
    here = {control.name for control in config.controls}
    labels = {name: dict(weights) for name, weights in known.label_weights.items() if name in here}
    for name, weights in label_weights(given.label_weights, config).items():
        labels[name] = labels.get(name, {}) | weights
    return Asked(
        controls=given.controls,
        distances=with_settings(by_control(given.distances, config), known.distances, config),
        coefficients=given.coefficients,
        weights=given.weights,
        by=given.by,
        bootstrap=known.bootstrap if given.bootstrap is None else given.bootstrap,
        seed=known.seed if given.seed is None else given.seed,
        confidence=known.confidence if given.confidence is None else given.confidence,
        ground_truth=given.ground_truth,
        control_weights=_of(here, known.control_weights) | control_weights(given.control_weights, config),
        label_weights=labels,
    )


def _of(here: set[str], known: Mapping[str, T]) -> dict[str, T]:
    """What the settings say about controls of this interface: they may look after several projects."""
    return {name: value for name, value in known.items() if name in here}


def _show(report: "Report", *, as_json: bool, as_csv: bool, html: Path | None) -> None:
    from .as_csv import print_csv
    from .as_json import print_json
    from .on_terminal import show
    from .page import page

    if html is not None:
        try:
            html.write_text(page(report), encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise TiebreakError(f"{html}: cannot be written: {error.strerror}") from error
    if as_json or as_csv:
        for note in report.notes:
            terminal.note(note)
        (print_json if as_json else print_csv)(report)
    else:
        show(report)
        if html is not None:
            terminal.say(f"Wrote {html}.")
