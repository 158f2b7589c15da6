"""tiebreak-ml: the command line. Each command opens what it needs, calls one function, and says what came of it."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from . import printed
from .errors import BackendError, SettingsError

if TYPE_CHECKING:
    from .exports.learning import Taught
    from .predict import Serving
    from .registry import Registry

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An ML backend for Label Studio: learns, suggests, and says what to label next.",
)
INTERRUPTED = 130  # the shell's code for Ctrl-C
FIRST = 20
"""Rows of a table on the screen."""
UNBROKEN = 10_000
"""Columns where no terminal is: what is piped or logged is broken by nobody."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else UNBROKEN)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else UNBROKEN)

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the models (default: TIEBREAK_ML_DATA).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Project = Annotated[str, typer.Argument(help="The project's key, ID.SECOND; `tiebreak-ml versions` lists them.")]


def main() -> None:
    """Run the command line; what goes wrong is said in plain words, with exit code 1."""
    try:
        with printed.all_of_it():
            app()
    except BackendError as error:
        err.print(f"tiebreak-ml: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except OSError as error:  # a folder that cannot be written, a full disk
        if (said := printed.why_not(error)) is not None:
            err.print(f"tiebreak-ml: {said}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            err.print("tiebreak-ml: stopped; what was published stays as it is")
        raise


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9090,
    model: Annotated[
        str | None,
        typer.Option(help="A class of label-studio-ml to serve instead of our models: path/to/model.py:CLASS."),
    ] = None,
    data: Data = None,
) -> None:
    """Answer Label Studio and tiebreak, and learn in the background, until stopped."""
    from .settings import load
    from .web.shared_counts import share_counts

    settings = load({"data": data, "model_class": model})
    if not settings.secret.get_secret_value():
        err.print("tiebreak-ml: no TIEBREAK_ML_SECRET is set, so tiebreak cannot train or score here", style="yellow")
    counts = share_counts()
    from .runner import serve as serve_forever  # imports prometheus_client, which must find the folder

    def ready() -> None:
        err.print(f"tiebreak-ml: http://{host}:{port}  (models in {settings.data})", markup=False, soft_wrap=True)

    serve_forever(settings, host, port, counts, ready)


@app.command()
def train(
    export: Annotated[Path, typer.Argument(help="A JSON export of Label Studio.")],
    label_config: Annotated[Path, typer.Option("--label-config", help="The labeling interface, an XML file.")],
    project: Annotated[str, typer.Option(help="The project's key, ID.SECOND, as Label Studio names it.")] = "0.0",
    holdout: Annotated[
        float, typer.Option(help="Share of the tasks that measure the model and never teach it.", min=0, max=0.5)
    ] = 0.0,
    publish_worse: Annotated[
        bool, typer.Option("--publish-worse", help="Publish also what is worse than the live version.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Learn from an export file alone: the consensus on each task, no server needed."""
    from .exports.learning import learn_from_export
    from .thinking import certainty_of

    outside = _serving(data)
    if outside.settings.model_class:
        _teach_class(export, label_config, project, outside, holdout, as_json=as_json)
        return
    taught = learn_from_export(export, label_config, project, outside, holdout=holdout, force=publish_worse)
    if not as_json:
        _say_taught(project, taught)
    else:
        model = taught.model
        controls = model.controls if model else ()
        _print_json(
            {
                "version": model.version if model else None,
                "trained_labels": model.trained_labels if model else None,
                "controls": {one.control: one.quality.as_json() if one.quality else None for one in controls},
                "certainty": certainty_of(model) if model else {},
                "decision": taught.decision,
                "notes": dict(model.notes) if model else {},
                "left_out": taught.left_out,
            }
        )


def _say_taught(project: str, taught: "Taught") -> None:
    """What an export has taught, for people."""
    from .learners import choice as choices
    from .lessons.publishing import in_words
    from .thinking import certainty_of

    model, why = taught.model, in_words(taught.decision)
    if model is None:
        out.print(f"project {project}: a new version was learned and not published: {why}", markup=False)
        out.print("Publish it all the same with --publish-worse.")
        return
    out.print(f"project {project}: {model.version} learned from {model.trained_labels} labels")
    certainty = certainty_of(model)
    for one in model.controls:
        if one.quality is not None:
            quality, (low, high) = one.quality, one.quality.interval
            out.print(
                f"  {one.control}: accuracy {quality.accuracy:.0%} ({low:.0%} to {high:.0%}), "
                f"calibration error {quality.ece:.3f}, "
                f"Brier score {quality.brier:.3f} ({quality.n} tasks, {quality.source})"
                + (f"; {told['calibration']} calibration" if (told := certainty.get(one.control)) else ""),
                markup=False,
            )
        if chosen := certainty.get(one.control, {}).get("choice"):
            out.print(f"  {one.control}: chosen: {choices.from_json(chosen).in_words()}", markup=False)
    for control, notes in model.notes.items():
        for note in notes:
            out.print(f"  {control}: {note}", markup=False)
    if taught.left_out:
        out.print(f"  {taught.left_out}", markup=False)
    out.print(f"  published: {why}", markup=False)


def _teach_class(
    export: Path, label_config: Path, project: str, outside: "Serving", holdout: float, *, as_json: bool
) -> None:
    from .exports.learning import teach_class

    mind = teach_class(export, label_config, project, outside, holdout=holdout)
    if as_json:
        _print_json({"version": mind.version, "certainty": mind.certainty})
        return
    out.print(f"project {project}: {mind.version}, of {outside.settings.model_class}", markup=False)
    for control, told in mind.certainty.items():
        quality = told["quality"]
        out.print(
            f"  {control}: right {quality['accuracy']:.0%} of {quality['n']} times ({quality['source']}), calibration "
            f"error {quality['ece']:.3f}; {told['calibration']} calibration",
            markup=False,
        )
    if not mind.certainty:
        out.print("  fewer than 10 of its answers have a score that people's answers can be compared with: as it is")


@app.command()
def backtest(
    data: Annotated[Path, typer.Argument(help="A CSV table, or a JSON export of Label Studio.")],
    text: Annotated[str, typer.Option(help="The column (or field of the tasks' data) with the texts.")] = "text",
    label: Annotated[str, typer.Option(help="The column (or name of the control) with the labels.")] = "label",
    test: Annotated[
        Path | None, typer.Option(help="Rows to test on, in the same form (default: a fifth of DATA, held out).")
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="A strategy by name; may be repeated (default: default, margin, random)."),
    ] = None,
    encoder: Annotated[str, typer.Option(help="How texts are read: as by the setting encoder.")] = "auto",
    start: Annotated[int, typer.Option(help="Labels before the first choice.", min=2)] = 20,
    batch: Annotated[int, typer.Option(help="Labels between two models.", min=1)] = 20,
    budget: Annotated[int, typer.Option(help="Labels in the end.", min=2)] = 1000,
    seeds: Annotated[int, typer.Option(help="Runs of each strategy.", min=1, max=1000)] = 5,
    processes: Annotated[
        int | None, typer.Option(help="Runs at the same time (default: one a processor).", min=1, max=256)
    ] = None,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with the learning curves.")] = None,
) -> None:
    """Replay a labeled set: how many labels each strategy would have saved."""
    from .backtest.command import Asked, run_backtest
    from .backtest.replay import Plan

    run_backtest(
        Asked(data, text, label, test, tuple(strategy or ()), encoder, Plan(start, batch, budget), seeds, processes),
        html,
        as_json=as_json,
    )


@app.command()
def proof(project: Project, data: Data = None, as_json: AsJson = False) -> None:
    """How many labels choosing has saved, against the random share, and whether more labels are likely to help."""
    from .worth.proving import prove
    from .worth.stop_set import signals

    outside = _serving(data)
    folder = outside.registry.folder(project)
    proofs, stopping = prove(folder, outside.settings, outside.fetch), signals(folder)
    if as_json:
        _print_json(
            {
                "labels_saved": {name: one.as_json() for name, one in proofs.items()},
                "more_labels": {name: one.as_json() for name, one in stopping.items()},
            }
        )
        return
    for name, one in proofs.items():
        out.print(f"{name}: {one.words}", markup=False)
        if name in stopping:
            out.print(f"{name}: {stopping[name].words}", markup=False)


@app.command()
def versions(data: Data = None, as_json: AsJson = False) -> None:
    """Every project's versions, the live one marked, and what is wrong with its files."""
    from .kept_versions import decisions
    from .study import outcome_of

    registry = _registry(data)
    why = {project: decisions(registry, project) for project in registry.projects()}
    found = {
        project: {
            "live": registry.pointed(project),
            "problem": registry.examine(project),
            "versions": registry.versions(project),
            "decisions": {one: why[project].get(one) for one in registry.versions(project)},
            "last": outcome_of(registry.folder(project)).decision,
        }
        for project in why
    }
    if as_json:
        _print_json(found)
        return
    if not found:
        out.print(f"There is no model in {registry.root} yet.", markup=False, soft_wrap=True)
        return
    table = Table("project", "live", "versions", box=None, pad_edge=False)
    for project, one in found.items():
        live = f"{one['live'] or 'none'}{' (broken)' if one['problem'] else ''}"
        table.add_row(project, live, ", ".join(registry.versions(project)))
    out.print(table)
    for project, one in found.items():
        if one["problem"]:
            err.print(f"project {project}: {one['problem']}", markup=False, soft_wrap=True)


@app.command()
def score(
    export: Annotated[Path, typer.Argument(help="A JSON export of Label Studio.")],
    project: Annotated[
        str, typer.Option(help="The project's key, ID.SECOND; `tiebreak-ml versions` lists them.")
    ] = "0.0",
    unlabeled: Annotated[bool, typer.Option("--unlabeled", help="Only tasks that nobody has answered.")] = False,
    data: Data = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a CSV table and nothing else.")] = False,
) -> None:
    """What to label next: the tasks of an export in that order, with what the model thinks of them."""
    from .exports.asking import scored
    from .exports.tables import as_rows, csv_text

    if as_json and as_csv:
        raise SettingsError("--json and --csv both print: name one of them")
    lines = scored(export, project, _serving(data), unlabeled=unlabeled)
    if as_json:
        _print_json(lines)
    elif as_csv:
        sys.stdout.write(csv_text(lines))
    else:
        head, *rows = as_rows(lines)
        table = Table(*head, box=None, pad_edge=False)
        for row in rows[:FIRST]:
            table.add_row(*(escape(str(cell)) for cell in row))
        out.print(table)
        if len(rows) > FIRST:
            out.print(f"and {len(rows) - FIRST} more: --json or --csv prints all of them")


@app.command()
def evaluate(
    export: Annotated[Path, typer.Argument(help="A JSON export of Label Studio, with answers.")],
    project: Annotated[
        str, typer.Option(help="The project's key, ID.SECOND; `tiebreak-ml versions` lists them.")
    ] = "0.0",
    version: Annotated[str | None, typer.Option(help="tiebreak-N (default: the live one).")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """How well a version tells the consensus on the tasks of an export."""
    from .exports.asking import measured
    from .exports.tables import figure, lines_of

    name, found, left_out = measured(export, project, _serving(data), version)
    if as_json:
        controls = {control: one.as_json() for control, one in found.items()}
        _print_json({"version": name, "controls": controls, "left_out": left_out})
        return
    for control, one in found.items():
        out.print(f"{control}: {name} beside {one.n} answers, {one.abstained} more without a suggestion", markup=False)
        for line in lines_of(one):
            out.print(f"  {line}", markup=False, soft_wrap=True)
        if not one.labels:
            continue
        table = Table("label", "answers", "precision", "recall", box=None, pad_edge=False)
        for label, of in one.labels.items():
            table.add_row(f"  {escape(label)}", str(of.answers), figure(of.precision), figure(of.recall))
        out.print(table)
    if left_out:
        out.print(left_out, markup=False)


@app.command()
def rollback(
    project: Project,
    version: Annotated[str | None, typer.Argument(help="tiebreak-N (default: the one before the live one).")] = None,
    data: Data = None,
) -> None:
    """Make an earlier version live again; a running server takes it at once, the next scoring round shows it."""
    live = _registry(data).roll_back(project, version)
    out.print(f"project {project}: {live} is live", markup=False)


def _registry(data: Path | None) -> "Registry":
    from .registry import Registry
    from .settings import load

    return Registry(load({"data": data}).data)


def _serving(data: Path | None) -> "Serving":
    from .runner import serving
    from .settings import load

    return serving(load({"data": data}))


def _print_json(found: Any) -> None:
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
