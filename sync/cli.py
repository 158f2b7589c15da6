"""tiebreak: the command line. Each command opens what it needs, calls one function, and says what came of it."""

import json
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from .errors import SettingsError, TiebreakError
from .settings import DEFAULT_FILE, as_file, load

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The quality loop for open-source Label Studio: agreement, consensus, prioritized re-review.",
)
INTERRUPTED = 130  # the shell's code for Ctrl-C
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help=f"Settings file (default: {DEFAULT_FILE} here, if it exists).")
]
Projects = Annotated[
    list[int] | None, typer.Argument(help="Label Studio ids of the projects (default: `projects` of the settings).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def main() -> None:
    """Run the command line; what goes wrong is said in plain words, with exit code 1."""
    try:
        app()
    except TiebreakError as error:
        err.print(f"tiebreak: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            err.print("tiebreak: stopped; the next run finishes what this one began")
        raise


@app.command()
def init(
    url: Annotated[str, typer.Option(help="Address of Label Studio.")] = "http://localhost:8080",
    token: Annotated[str, typer.Option(help="Access token: Label Studio, Account & Settings.")] = "",
    project: Annotated[list[int] | None, typer.Option(help="Id of a project to look after; may be repeated.")] = None,
    file: Annotated[Path, typer.Option(help="Where to write.")] = Path(DEFAULT_FILE),
) -> None:
    """Write a commented settings file for an existing Label Studio."""
    if file.exists():
        raise SettingsError(f"{file} exists already: remove it first, or name another with --file")
    given: dict[str, Any] = {"label_studio_url": url, "projects": project or [], "secret": secrets.token_urlsafe(24)}
    if token:
        given["label_studio_token"] = token
    file.touch(mode=0o600)
    file.write_text(as_file(given), encoding="utf-8")
    load(file)
    out.print(f"Wrote {file}. Next: put your token in, then `tiebreak doctor` and `tiebreak run`.", soft_wrap=True)


@app.command()
def doctor(
    config: Config = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended through the API.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check Label Studio, the ML backend and the settings that decide the order of tasks."""
    from .doctor import examine

    outside = _services(config)
    found = list(examine(outside))
    if fix:
        for one in found:
            if not one.ok and one.fix is not None:
                one.fix()
                err.print(f"mended: {one.check}", markup=False)
        found = list(examine(outside))
    if as_json:
        _print_json([{key: getattr(one, key) for key in ("check", "ok", "message", "remedy")} for one in found])
    else:
        for one in found:
            out.print(f"[{'green' if one.ok else 'red'}]{'ok ' if one.ok else 'BAD'}[/] ", end="")
            out.print(f"{one.check}: {one.message}", markup=False, soft_wrap=True)
            if one.remedy:
                out.print(f"      -> {one.remedy}", markup=False, soft_wrap=True)
    if not all(one.ok for one in found):
        raise typer.Exit(1)


@app.command()
def pull(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Take what changed in Label Studio into the store."""
    from .pull import pull as pull_project

    outside = _services(config)

    def one(project: int) -> dict[str, Any]:
        with _bar(f"project {project}: pulling", not as_json) as advance:
            return asdict(pull_project(outside.store, outside.gateway, project, outside.clock, progress=advance))

    _each(outside, projects, one, as_json)


@app.command()
def assess(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Compute agreement, consensus and the queue from the store."""
    from .assess import assess as assess_project

    outside = _services(config)

    def one(project: int) -> dict[str, Any]:
        found = assess_project(outside.store, _key(outside, project), outside.settings, outside.clock)
        return dict(found.report)

    _each(outside, projects, one, as_json, _show_report)


@app.command()
def push(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Bring the review projects in Label Studio up to the queue."""
    from .push import push as push_project

    outside = _services(config)

    def one(project: int) -> dict[str, Any]:
        key = _key(outside, project)
        return asdict(push_project(outside.store, outside.gateway, key, outside.settings, outside.clock))

    _each(outside, projects, one, as_json)


@app.command()
def resolve(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Take in rulings from the review projects and write them to the source tasks as ground truth."""
    from .pipeline import pull_reviews
    from .resolve import resolve as resolve_project

    outside = _services(config)

    def one(project: int) -> dict[str, Any]:
        key = _key(outside, project)
        pull_reviews(outside, key)
        return asdict(resolve_project(outside.store, outside.gateway, key, outside.clock))

    _each(outside, projects, one, as_json)


@app.command()
def refresh(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Score every open task with the model as it is now, and make Label Studio serve in that order."""
    from .refresh import refresh as refresh_project

    outside = _services(config)

    def one(project: int) -> dict[str, Any]:
        if outside.backend is None:
            raise SettingsError("backend_url is empty: name your tiebreak-ml to score with it")
        key = _key(outside, project)
        return asdict(
            refresh_project(outside.store, outside.gateway, outside.backend, key, outside.settings, outside.clock)
        )

    _each(outside, projects, one, as_json)


@app.command()
def run(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """The whole loop, once: pull, resolve, assess, teach, score, push. Running it twice changes nothing."""
    from .pipeline import run as run_project

    outside = _services(config)

    def one(project: int) -> dict[str, Any]:
        done = asdict(run_project(outside, project))
        for warning in done["warnings"]:
            err.print(f"project {project}: {warning}", style="yellow", markup=False, soft_wrap=True)
        return done

    _each(outside, projects, one, as_json, lambda found: _show_run(found))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8085,
    config: Config = None,
) -> None:
    """Dashboard, webhook receiver and scheduler, until stopped."""
    from .runner import serve as serve_forever

    settings = load(config)
    err.print(f"tiebreak: http://{host}:{port}  (projects: {', '.join(map(str, settings.projects)) or 'none'})")
    serve_forever(settings, host, port)


@app.command()
def history(
    task: Annotated[int, typer.Argument(help="Label Studio id of the task.")],
    project: Annotated[int, typer.Option(help="Label Studio id of its project.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Everything that was seen of a task: annotations and their edits, reviews, rulings."""
    from .store.annotations import history as history_of

    outside = _services(config)
    with outside.store.read() as connection:
        events = history_of(connection, _key(outside, project), task)
    if not events:
        raise TiebreakError(
            f"project {project} has no task {task} in the store: is the id right? `tiebreak pull` first"
        )
    if as_json:
        _print_json([asdict(event) for event in events])
        return
    table = Table("when (UTC)", "what", "who", "details", box=None, pad_edge=False)
    for event in events:
        when = f"{datetime.fromtimestamp(event.at / 1e6, UTC):%Y-%m-%d %H:%M:%S}"
        table.add_row(when, *(_plain(text) for text in (event.what, event.who, event.details)))
    out.print(table)


@app.command()
def moved(url: Annotated[str, typer.Argument(help="Its new address.")], config: Config = None) -> None:
    """Tell the store that the same Label Studio answers at another address now."""
    from .store.engine import move, open_store

    move(open_store(load(config).store), url.rstrip("/"))
    out.print("The store now belongs to that address. Set label_studio_url to it too.")


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Do not stay up; resolve two reviews and sync again.")] = False,
    as_json: AsJson = False,
    dataset: Annotated[
        Path | None, typer.Option(help="A folder with label_config.xml and export.json instead of the digits.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Where everything is kept; may be deleted.")] = Path("tiebreak-demo"),
) -> None:
    """The whole product on this machine, with a Label Studio of its own and simulated annotators."""
    from .demo.flow import demo as run_demo

    raise typer.Exit(run_demo(once=once, as_json=as_json, dataset=dataset, folder=data, out=out, err=err))


def _services(config: Path | None) -> Any:
    from .runner import services

    return services(load(config))


def _key(outside: Any, project: int) -> int:
    from .store.projects import by_label_studio_id

    with outside.store.read() as connection:
        return by_label_studio_id(connection, project).key


def _each(
    outside: Any,
    named: Sequence[int] | None,
    one: Callable[[int], dict[str, Any]],
    as_json: bool,
    show: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Do it for each project; a failure of one is said and the others go on, with exit code 1 in the end."""
    chosen = list(named or outside.settings.projects)
    if not chosen:
        raise SettingsError("no project is named: give its id, or set `projects` in the settings file")
    found, failed = {}, False
    for project in chosen:
        try:
            found[str(project)] = one(project)
        except TiebreakError as error:
            failed = True
            err.print(f"tiebreak: {error}", style="red", markup=False, soft_wrap=True)
            continue
        if not as_json:
            out.print(f"[bold]project {project}[/bold]")
            (show or _show)(found[str(project)])
    if as_json:
        _print_json(found)
    if failed:
        raise typer.Exit(1)


def _print_json(found: object) -> None:
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def _show(found: dict[str, Any]) -> None:
    for name, value in found.items():
        if name != "project":
            out.print(f"  {name.replace('_', ' ')}: {value if value not in ((), []) else 'none'}", markup=False)


def _show_run(found: dict[str, Any]) -> None:
    _show_report(found["assessment"]["report"])
    pulled, pushed = found["pull"], found["push"]
    out.print(
        f"  pulled {pulled['versions']} new annotation versions of {pulled['tasks']} new tasks; "
        f"{found['resolve']['rulings']} new rulings; {pushed['pushed']} reviews pushed"
    )


def _show_report(report: dict[str, Any]) -> None:
    for name, control in report["controls"].items():
        out.print(
            f"  {name}: alpha {estimate_text(control['krippendorff_alpha'])}, "
            f"agreement {estimate_text(control['percent_agreement'], percent=True)}, "
            f"{control['annotations']} answers of {control['annotators']} annotators on {control['tasks']} tasks",
            markup=False,
        )
    queue = report["queue"]
    bands = ", ".join(f"P{band} {count}" for band, count in queue["bands"].items())
    out.print(f"  {queue['total']} tasks need a second look ({bands})")


def estimate_text(value: dict[str, Any], *, percent: bool = False) -> str:
    """An estimate as people read it.

    >>> estimate_text({"value": 0.8, "low": 0.71, "high": 0.9, "reason": None})
    '0.80 [0.71, 0.90]'
    >>> estimate_text({"value": None, "low": None, "high": None, "reason": "no pairs"})
    'undefined (no pairs)'
    """
    if value["value"] is None:
        return f"undefined ({value['reason']})"
    style = ".0%" if percent else ".2f"
    interval = "" if value["low"] is None else f" [{value['low']:{style}}, {value['high']:{style}}]"
    return f"{value['value']:{style}}{interval}"


def _plain(text: str) -> str:
    """What annotators wrote is no markup of ours."""
    return text.replace("[", "\\[")


@contextmanager
def _bar(title: str, visible: bool) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("tasks"))
    with Progress(*columns, console=err, transient=True, disable=not visible) as progress:
        bar = progress.add_task(title, total=None)
        yield partial(progress.advance, bar)
