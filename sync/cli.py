"""tiebreak: the command line. Each command opens what it needs, calls one function, and says what came of it."""

import io
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from label_config.errors import LabelConfigError

from . import guidelines, printed, templates, terminal
from .agreement.command import agreement
from .annotator_report.command import annotators
from .audit_log import command as audit_log
from .audit_log.forget_command import forget
from .consensus.command import consensus
from .drift_report.command import drift
from .errors import SettingsError, TiebreakError
from .logins import command as users
from .people import command as people
from .progress_report.command import progress
from .queue_report.command import queue
from .report_options import AsJson, of_each
from .settings import DEFAULT_FILE, MAY_RULE, Settings, address, as_file, load, read
from .versions import command as versions
from .weekly_report.command import report

if TYPE_CHECKING:  # each command imports what it needs, so that help comes at once
    from .corrections import Change
    from .opening import Services

LogFormat = Literal["text", "json"]
_PAGE = re.compile("/projects(/.*)?$")
"""What the address of a project's page has after Label Studio's own, as it is copied from a browser."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The quality loop for open-source Label Studio: agreement, consensus, prioritized re-review. "
    "Begin with `tiebreak init`, then `tiebreak doctor`, then `tiebreak run`.",
)
INTERRUPTED = 130  # the shell's code for Ctrl-C

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help=f"Settings file (default: {DEFAULT_FILE} here, if it exists).")
]
Projects = Annotated[
    list[int] | None, typer.Argument(help="Label Studio ids of the projects (default: `projects` of the settings).")
]


def main() -> None:
    """Run the command line; what goes wrong is said in plain words, with exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # half an emoji, or any on a terminal that has none, stops nothing
            stream.reconfigure(errors="backslashreplace")
    try:
        with printed.all_of_it():
            app()
    except (TiebreakError, LabelConfigError) as error:
        terminal.complain(str(error))
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that cannot be written
        if (said := printed.why_not(error)) is not None:
            terminal.complain(said)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            terminal.complain("stopped; the next run finishes what this one began")
        raise


@app.command()
def init(
    url: Annotated[str, typer.Option(help="Address of Label Studio.")] = "http://localhost:8080",
    token: Annotated[str, typer.Option(help="Access token: Label Studio, Account & Settings.")] = "",
    project: Annotated[list[int] | None, typer.Option(help="Id of a project to look after; may be repeated.")] = None,
    file: Annotated[Path, typer.Option(help="Where to write.")] = Path(DEFAULT_FILE),
) -> None:
    """Write a commented settings file for an existing Label Studio."""
    given = {
        "label_studio_url": _PAGE.sub("", url),
        "label_studio_token": token,
        "projects": project or [],
        "secret": secrets.token_urlsafe(24),
    }
    text = as_file(given)
    read(text, file)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError as error:
        raise SettingsError(f"{file} is there already: edit it, or name another file with --file") from error
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror}") from error
    terminal.say(f"Wrote {file}; only you can read it. Next:")
    if not token:
        terminal.say(
            f"  put your access token into {file}: label_studio_token = ... (Label Studio, Account & Settings)"
        )
    if not project:
        terminal.say(f"  name your projects in {file}: projects = [1, 2]")
    named = "" if file == Path(DEFAULT_FILE) else f" --config {file}"
    terminal.say(
        f"  tiebreak doctor{named}    checks that everything is in place\n"
        f"  tiebreak run{named}       runs the loop once"
    )


@app.command()
def doctor(
    config: Config = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended through the API.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check Label Studio, the ML backend and the settings that decide the order of tasks."""
    from .doctor import examine, mend, remember

    outside = _services(config)
    found = list(examine(outside))
    if fix:
        for one, failure in mend(outside, found):
            (terminal.warn if failure else terminal.note)(f"{one.check}: {failure or 'mended'}")
        found = list(examine(outside))
    if as_json:
        terminal.print_json([{key: getattr(one, key) for key in ("check", "ok", "message", "remedy")} for one in found])
    else:
        terminal.show_diagnoses(found)
    remember(outside.store, found, outside.clock())
    if not all(one.ok for one in found):
        raise typer.Exit(1)


@app.command()
def pull(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Take what changed in Label Studio into the store."""
    from .pull import pull as pull_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        with terminal.round_bar(f"project {project}", not as_json) as tell:
            done = pull_project(outside.store, outside.gateway, project, outside.clock, tell=tell)
        _complain(project, done.complaints())
        return asdict(done)

    _each(config, projects, one, as_json, terminal.show_pull)


@app.command()
def assess(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Compute agreement, consensus and the queue from the store."""
    from .assess import assess as assess_project
    from .kept_model import keep_model
    from .summaries import summarise

    def one(outside: "Services", project: int) -> dict[str, Any]:
        key = _key(outside, project)
        found = assess_project(outside.store, key, outside.settings, outside.clock)
        summarise(outside.store, key, outside.settings, outside.clock)
        keep_model(outside.store, key, outside.clock)
        return dict(found.report)

    _each(config, projects, one, as_json, terminal.show_report)


@app.command()
def push(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Bring the review projects in Label Studio up to the queue."""
    from .pull import pull_reviews
    from .push import push as push_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        key = _key(outside, project)
        pull_reviews(outside.store, outside.gateway, key, outside.clock)
        done = push_project(outside.store, outside.gateway, key, outside.settings, outside.clock)
        _complain(project, done.complaints())
        return asdict(done)

    _each(config, projects, one, as_json, terminal.show_push)


@app.command()
def resolve(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Take in rulings from the review projects and write them to the source tasks as ground truth."""
    from .pull import pull_reviews
    from .resolve import resolve as resolve_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        key = _key(outside, project)
        pull_reviews(outside.store, outside.gateway, key, outside.clock)
        independent = outside.settings.disputants != MAY_RULE
        done = resolve_project(outside.store, outside.gateway, key, outside.clock, independent=independent)
        _complain(project, done.complaints())
        return asdict(done)

    _each(config, projects, one, as_json, terminal.show_resolve)


@app.command()
def corrections(
    project: Annotated[int, typer.Option(help="Label Studio id of the project.")],
    apply: Annotated[
        list[str] | None, typer.Option(help="Apply this group of proposals; may be repeated. All of it is one batch.")
    ] = None,
    undo: Annotated[int | None, typer.Option(help="Take this batch back.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show proposed corrections by group; apply groups of them as rulings, or undo what was applied."""
    from .corrections import overview
    from .corrections_shown import show
    from .store.engine import open_existing
    from .store.projects import source

    if apply and undo is not None:
        raise SettingsError("--apply and --undo are two things: do one after the other")
    settings = load(config)
    done = _corrected(settings, project, apply or (), undo)
    with open_existing(settings.store).read() as connection:
        found = overview(connection, source(connection, project).key, done)
    if as_json:
        terminal.print_json(found)
    else:
        show(found)


def _corrected(settings: Settings, project: int, groups: Sequence[str], batch: int | None) -> "Change | None":
    """What applying the groups, or undoing the batch, did; null where neither is asked for, which needs no server."""
    from . import corrections as of_project
    from .opening import alone, services

    if not groups and batch is None:
        return None
    outside = services(settings)
    key = _key(outside, project)
    with alone(outside, project, waits=terminal.note):
        if batch is None:
            done = of_project.apply(outside.store, outside.gateway, key, groups, outside.clock)
        else:
            done = of_project.undo(outside.store, outside.gateway, key, batch, outside.clock)
    _complain(project, done.complaints())
    return done


@app.command()
def refresh(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Score every open task with the model as it is now, and make Label Studio serve in that order."""
    from .refresh import refresh as refresh_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        if outside.backend is None:
            raise SettingsError("backend_url is empty: name your tiebreak-ml to score with it")
        key = _key(outside, project)
        with terminal.round_bar(f"project {project}", not as_json) as tell:
            return asdict(
                refresh_project(
                    outside.store, outside.gateway, outside.backend, key, outside.settings, outside.clock, tell=tell
                )
            )

    _each(config, projects, one, as_json, terminal.show_refresh)


@app.command()
def run(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """The whole loop, once: pull, resolve, assess, teach, score, push. Running it twice changes nothing."""
    from .pipeline import run as run_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        with terminal.round_bar(f"project {project}", not as_json) as tell:
            done = asdict(run_project(outside, project, tell=tell, waits=terminal.note))
        _complain(project, done["warnings"])
        return done

    _each(config, projects, one, as_json, terminal.show_run, alone=False)


@app.command()
def status(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Who runs, how each project's last run went, when the next one is, how far its round is. Asks the store alone."""
    from .opening import clock
    from .status import in_words, of_runners, overdue, overdue_in_words, runners_in_words
    from .status import status as of_project
    from .store.engine import open_existing

    settings = load(config)
    chosen = list(dict.fromkeys(projects or settings.projects))
    if not chosen:
        raise SettingsError("no project is named: give its id, or set `projects` in the settings file")
    with open_existing(settings.store).read() as connection:
        now, days = clock(), settings.review_days
        found = of_each(
            chosen,
            lambda project: {
                **of_project(connection, project),
                "overdue": overdue(connection, project, days, now),
            },
        )
        there = of_runners(connection, now)
    if as_json:
        terminal.print_json({**{str(project): one for project, one in found.items()}, "runners": there})
    else:
        for line in runners_in_words(there):
            terminal.say(line)
        for project, one in found.items():
            terminal.say(f"project {project}")
            for line in (*in_words(one), *overdue_in_words(one["overdue"])):
                terminal.say(f"  {line}")
    if len(found) < len(chosen):
        raise typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8085,
    log_format: Annotated[
        LogFormat | None, typer.Option(help="What is logged: lines, or a JSON object a line (default: the setting).")
    ] = None,
    no_scheduler: Annotated[
        bool, typer.Option("--no-scheduler", help="Run no project here: `tiebreak runner` does, in other processes.")
    ] = False,
    config: Config = None,
) -> None:
    """Dashboard, webhook receiver and scheduler, until stopped."""
    from .runner import serve as serve_forever

    serve_forever(load(config), host, port, terminal.note, log_format=log_format, runs=not no_scheduler)


@app.command()
def runner(
    log_format: Annotated[
        LogFormat | None, typer.Option(help="What is logged: lines, or a JSON object a line (default: the setting).")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say, by the exit code, whether a runner of this machine is alive.")
    ] = False,
    config: Config = None,
) -> None:
    """Run the loop for each project at its times and after webhooks, until stopped. Several share the work."""
    from .runner import look_after, look_for_runner

    if check:
        look_for_runner(load(config))
    else:
        look_after(load(config), terminal.note, log_format=log_format)


@app.command()
def history(
    task: Annotated[int, typer.Argument(help="Label Studio id of the task.")],
    project: Annotated[int, typer.Option(help="Label Studio id of its project.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Everything that was seen of a task: annotations and their edits, reviews, rulings."""
    from .store.engine import open_existing
    from .store.history import history as history_of
    from .store.projects import source

    with open_existing(load(config).store).read() as connection:
        events = history_of(connection, source(connection, project).key, task)
    if not events:
        raise TiebreakError(
            f"project {project} has no task {task} in the store: is the id right? `tiebreak pull` first"
        )
    if as_json:
        terminal.print_json([asdict(event) for event in events])
    else:
        terminal.show_events(events)


app.command()(agreement)
app.command()(consensus)
app.command()(queue)
app.command()(annotators)
app.command()(progress)
app.command()(report)
app.command()(drift)
app.command()(forget)
app.add_typer(audit_log.app, name="audit")
app.add_typer(guidelines.app, name="guidelines")
app.add_typer(people.app, name="people")
app.add_typer(templates.app, name="template")
app.add_typer(users.app, name="users")
app.add_typer(versions.app, name="version")


@app.command()
def moved(url: Annotated[str, typer.Argument(help="Its new address.")], config: Config = None) -> None:
    """Tell the store that the same Label Studio answers at another address now."""
    from .opening import clock
    from .store.engine import move, open_store

    try:
        new = address(url)
    except ValueError as error:
        raise SettingsError(f"{url!r}: {error}, such as http://localhost:8080") from error
    old = move(open_store(load(config).store), new, clock())
    if old == new:
        terminal.say(f"The store belongs to {new} already: nothing changed.")
    else:
        terminal.say(f"The store belonged to {old} and belongs to {new} now. Set label_studio_url to it too.")


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

    raise typer.Exit(
        run_demo(once=once, as_json=as_json, dataset=dataset, folder=data, out=terminal.out, err=terminal.err)
    )


def _services(config: Path | None) -> "Services":
    from .opening import services

    return services(load(config))


def _key(outside: "Services", project: int) -> int:
    from .store.projects import source

    with outside.store.read() as connection:
        return source(connection, project).key


def _complain(project: int, complaints: Iterable[str]) -> None:
    """Say what was left out and why."""
    for text in complaints:
        terminal.warn(f"project {project}: {text}")


def _each(
    config: Path | None,
    named: Sequence[int] | None,
    one: Callable[["Services", int], dict[str, Any]],
    as_json: bool,
    show: Callable[[Mapping[str, Any]], None],
    *,
    alone: bool = True,
) -> None:
    """Do it for each project; a failure of one is said and the others go on, with exit code 1 in the end.

    ``alone``: nobody else may work on the project meanwhile (``one`` sees to it itself where this is false).
    """
    from .opening import alone as held

    outside = _services(config)
    chosen = list(dict.fromkeys(named or outside.settings.projects))
    if not chosen:
        raise SettingsError("no project is named: give its id, or set `projects` in the settings file")
    found: dict[str, dict[str, Any]] = {}
    for project in chosen:
        try:
            if alone:
                with held(outside, project, waits=terminal.note):
                    found[str(project)] = one(outside, project)
            else:
                found[str(project)] = one(outside, project)
        except (TiebreakError, LabelConfigError) as error:
            terminal.complain(str(error))
            continue
        if not as_json:
            terminal.say(f"project {project}")
            show(found[str(project)])
    if as_json:
        terminal.print_json(found)
    if len(found) < len(chosen):
        raise typer.Exit(1)
