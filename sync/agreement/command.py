"""``tiebreak agreement``: what the command line asks, and what is done about it."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from .. import terminal
from ..errors import ExportError, SettingsError, TiebreakError
from ..settings import Settings, load

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from label_config.model import LabelConfig

    from .asked import Asked
    from .gathering import Predicted
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
        export=export,
        label_config=label_config,
        project=project,
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
    report = _on_file(given, not (as_json or as_csv)) if project is None else _on_store(given, project)
    _show(report, as_json=as_json, as_csv=as_csv, html=html)


@dataclass(frozen=True, slots=True)
class Given:
    """The command line as it was typed; null and empty stand for what was not."""

    export: Path | None
    label_config: Path | None
    project: int | None
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
    if given.export is not None and given.project is not None:
        raise SettingsError("an export file and --project are two sources: name one of them")
    if given.export is None and given.project is None:
        raise SettingsError(
            "nothing to measure: name a JSON export and its --label-config, or a project of the store by --project"
        )
    if given.export is not None and given.label_config is None:
        raise SettingsError(
            f"{given.export}: --label-config is missing: save the labeling interface (Label Studio: Settings, Labeling "
            "Interface, Code) in a file and name it"
        )
    if given.project is not None and given.label_config is not None:
        raise SettingsError("--label-config belongs to an export file: the store knows the interface of its projects")
    for place in (given.export, given.label_config, given.predictions):
        if place is not None and html is not None and html.resolve() == place.resolve():
            raise SettingsError(f"--html {html} would overwrite what is read: name another file")
    if as_json and as_csv:
        raise SettingsError("--json and --csv both print: name one of them")


def _on_file(given: Given, visible: bool) -> "Report":
    from ..labelstudio.export_file import size_of, stream_export
    from .report import report_on

    assert given.export is not None and given.label_config is not None
    config = _interface(given.label_config)
    asked = _asked(given, config)
    with _much_is_kept(), terminal.bytes_bar(given.export.name, size_of(given.export), visible) as (advance, tell):
        tasks = stream_export(given.export, advance)
        return report_on(
            str(given.export), config, tasks, asked, _predicted(given, config), excerpts=given.excerpts, tell=tell
        )


@contextmanager
def _much_is_kept() -> Iterator[None]:
    """Millions of values come and stay: no time goes into looking through all of them for cycles again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _on_store(given: Given, project: int) -> "Report":
    from label_config.parse import parse

    from ..store.answered import answered_tasks
    from ..store.engine import open_store
    from ..store.projects import source
    from .report import report_on

    assert given.settings is not None
    with open_store(given.settings.store).read() as connection:
        found = source(connection, project)
        config = parse(found.label_config)
        tasks = answered_tasks(connection, found.key)
        name, asked, predicted = f"project {project}, {found.title}", _asked(given, config), _predicted(given, config)
        return report_on(name, config, tasks, asked, predicted, excerpts=given.excerpts)


def _interface(place: Path) -> "LabelConfig":
    from label_config.errors import InterfaceError
    from label_config.parse import parse

    try:
        return parse(place.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ExportError(
            f"{place}: not UTF-8 at byte {error.start}: is it the XML of a labeling interface?"
        ) from error
    except InterfaceError as error:
        raise ExportError(f"{place}: {error}") from error


def _predicted(given: Given, config: "LabelConfig") -> "Predicted":
    from .predictions import read_predictions

    return {} if given.predictions is None else read_predictions(given.predictions, config)


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
