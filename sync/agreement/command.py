"""``tiebreak agreement``: what the command line asks, and what is done about it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from .. import terminal
from ..errors import SettingsError, TiebreakError
from ..evidence.source import Named, opened
from ..report_options import (
    AsCsv,
    AsJson,
    Controls,
    ExportFile,
    GroundTruth,
    Interface,
    StoredProject,
    one_format,
    print_for_programs,
    settings_file,
)
from ..settings import Settings, load
from .options import (
    Answers,
    Coefficients,
    Confidence,
    ControlWeights,
    Distances,
    Fields,
    Given,
    LabelWeights,
    Page,
    Resamples,
    Seed,
    Weights,
)

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from label_config.model import LabelConfig

    from .asked import Asked
    from .report import Report

T = TypeVar("T")


def agreement(
    export: ExportFile = None,
    label_config: Interface = None,
    project: StoredProject = None,
    config: Annotated[Path | None, settings_file("where the store is, weights, distances")] = None,
    control: Controls = None,
    distance: Distances = None,
    coefficient: Coefficients = None,
    weights: Weights = None,
    by: Fields = None,
    weight: ControlWeights = None,
    label_weight: LabelWeights = None,
    bootstrap: Resamples = None,
    seed: Seed = None,
    confidence: Confidence = None,
    predictions: Answers = None,
    include_ground_truth: GroundTruth = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    html: Page = None,
) -> None:
    """How far annotators agree on each control, from an export file or the store."""
    one_format(as_json=as_json, as_csv=as_csv)
    given = Given(
        source=Named(export, label_config, project),
        settings=load(config) if project is not None or config is not None else None,
        controls=control or (),
        distances=distance or (),
        coefficients=coefficient or (),
        weights=weights,
        by=by or (),
        control_weights=weight or (),
        label_weights=label_weight or (),
        bootstrap=bootstrap,
        seed=seed,
        confidence=confidence,
        predictions=predictions,
        ground_truth=include_ground_truth,
        html=html,
    )
    _refuse(given)
    report = _report(given, visible=not (as_json or as_csv))
    _write_page(report, html)
    _show(report, as_json=as_json, as_csv=as_csv, html=html)


def _refuse(given: Given) -> None:
    """Raises SettingsError for a command line that does not say what to do."""
    given.source.refuse("measure")
    for place in (given.source.export, given.source.label_config, given.predictions):
        if place is not None and given.html is not None and given.html.resolve() == place.resolve():
            raise SettingsError(f"--html {given.html} would overwrite what is read: name another file")


def _report(given: Given, *, visible: bool) -> "Report":
    from ..evidence.predictions import predicted_in
    from .report import report_on

    with opened(given.source, given.settings, visible=visible) as source:
        return report_on(
            source.name,
            source.config,
            source.tasks,
            _asked(given, source.config),
            predicted_in(given.predictions, source.config),
            excerpts=given.html is not None,
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
        controls=tuple(given.controls),
        distances=with_settings(by_control(given.distances, config), known.distances, config),
        coefficients=tuple(given.coefficients),
        weights=given.weights,
        by=tuple(given.by),
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


def _write_page(report: "Report", place: Path | None) -> None:
    from .page import page

    if place is None:
        return
    try:
        place.write_text(page(report), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise TiebreakError(f"{place}: cannot be written: {error.strerror}") from error


def _show(report: "Report", *, as_json: bool, as_csv: bool, html: Path | None) -> None:
    from .as_csv import print_csv
    from .as_json import print_json
    from .on_terminal import show

    if as_json or as_csv:
        print_for_programs(report, print_json if as_json else print_csv)
    else:
        show(report)
        if html is not None:
            terminal.say(f"Wrote {html}.")
