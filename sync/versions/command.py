"""``tiebreak version``: what the command line asks, and what is done about it."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal
from ..errors import SettingsError, StoreError
from ..report_options import AsCsv, AsJson, Controls, one_format, settings_file
from ..settings import Settings, load

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from ..store.engine import Store
    from ..store.label_versions import StoredVersion
    from .content import Content
    from .creating import Made
    from .restoring import Plan

app = typer.Typer(no_args_is_help=True, help="Immutable versions of the labels of a project: made, compared, restored.")

Project = Annotated[int, typer.Option(help="Label Studio id of the project.")]
Config = Annotated[Path | None, settings_file("where the store is, and how consensus is inferred")]
Named = Annotated[str, typer.Argument(help="Its number, a tag, the start of its content hash, or latest.")]
AnyLabels = Annotated[str, typer.Argument(help="A version as above, or now: the labels as they are.")]
Tag = Annotated[str | None, typer.Option(help="A name for the version.")]
Note = Annotated[str, typer.Option(help="What is to be remembered of it.")]


@app.command()
def create(
    project: Project,
    as_of: Annotated[
        str | None, typer.Option(help="The labels of this moment (UTC): 2026-01-31, 2026-01-31T09:30. Default: now.")
    ] = None,
    tag: Tag = None,
    note: Note = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Keep the labels as they are, or were at a moment. Where nothing changed since the last version, none is made."""
    from ..opening import clock
    from ..store.audit import COMMAND_LINE
    from .creating import create as create_version

    settings = load(config)
    with _opened(settings, project) as (store, key):
        moment = _moment(as_of)
        made = create_version(store, key, settings, clock, as_of=moment, tag=tag, note=note, actor=COMMAND_LINE)
        _tell_of_note(made, note)
        _tell(store, key, made, "holds just these labels: no new one was made", as_json)


@app.command("list")
def list_versions(project: Project, config: Config = None, as_json: AsJson = False) -> None:
    """List the versions, the newest last; exit code 1 where somebody edited in the store what one says of itself."""
    from ..store.label_versions import edited, versions
    from .shown import as_json as plain
    from .shown import show_list

    with _opened(load(config), project) as (store, key), store.read() as connection:
        found = versions(connection, key)
    wrong = edited(found)
    if as_json:
        terminal.print_json([plain(one) for one in found])
    else:
        show_list(found, wrong)
    for number, what in wrong.items():
        terminal.warn(f"version {number} is not as it was made: {what}")
    if wrong:
        raise typer.Exit(1)


@app.command()
def show(version: Named, project: Project, config: Config = None, as_json: AsJson = False) -> None:
    """Show a version and check its hashes; exit code 1 where somebody edited it in the store."""
    from .shown import as_json as plain
    from .shown import show as show_version

    with _opened(load(config), project) as (store, key):
        found, faults, counts = _looked_at(store, key, version)
    if as_json:
        terminal.print_json({**plain(found), "counts": counts, "faults": faults})
    else:
        show_version(found, faults, counts)
    if faults:
        raise typer.Exit(1)


def _looked_at(store: "Store", key: int, named: str) -> tuple["StoredVersion", list[str], dict[str, Counter[str]]]:
    from ..store import label_versions
    from .comparing import words
    from .creating import version_named

    counts: dict[str, Counter[str]] = {}
    with store.read() as connection:
        found = version_named(connection, key, named)
        known = {one.number: one.hash for one in label_versions.versions(connection, key)}
        faults = label_versions.faults(connection, key, found, known.get(found.number - 1, ""))
        if not faults:
            content = label_versions.content(connection, key, found)
            for place in content.labelled():
                counts.setdefault(place[1], Counter())[words(content.label(place).answer)] += 1
    return found, faults, counts


@app.command()
def diff(
    before: AnyLabels,
    after: AnyLabels,
    project: Project,
    label: Annotated[
        list[str] | None, typer.Option(help="Only changes of answers with this label; may be repeated.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what changed from one version to another: tasks, answers from label to label, confidence, the interface."""
    from .comparing import as_json as plain
    from .comparing import compare
    from .shown import print_csv, show_difference

    one_format(as_json=as_json, as_csv=as_csv)
    settings = load(config)
    with _opened(settings, project) as (store, key):
        (first, one), (second, other) = (_labels(store, key, named, settings) for named in (before, after))
    found = compare(one, other, tuple(label or ()))
    if as_json:
        terminal.print_json(plain(found))
    elif as_csv:
        print_csv(found)
    else:
        show_difference(found, (_name(first), _name(second)))


@app.command()
def tag(
    version: Named,
    name: Annotated[str, typer.Argument(help="The tag.")],
    project: Project,
    move: Annotated[bool, typer.Option("--move", help="Take it from the version that has it.")] = False,
    config: Config = None,
) -> None:
    """Give a version a name."""
    from ..opening import clock
    from ..store.audit import COMMAND_LINE
    from .creating import give_tag

    with _opened(load(config), project) as (store, key):
        found = give_tag(store, key, version, name, clock, move=move, actor=COMMAND_LINE)
    terminal.say(f"version {found.number} is tagged {name}")


@app.command()
def restore(
    version: Named,
    project: Project,
    to_label_studio: Annotated[
        bool, typer.Option("--to-label-studio", help="Also write its labels to Label Studio, as ground truth.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Replace ground truths that others set, without asking.")] = False,
    tag: Tag = None,
    note: Note = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a new version with the content of an old one. Annotations are never touched."""
    from ..opening import clock
    from ..store.audit import COMMAND_LINE
    from .restoring import restore as restore_version

    settings = load(config)
    if to_label_studio:
        _to_label_studio(settings, project, version, tag, note, yes, as_json)
        return
    with _opened(settings, project) as (store, key):
        made = restore_version(store, key, version, clock, tag=tag, note=note, actor=COMMAND_LINE)
        _tell_of_note(made, note)
        _tell(store, key, made, "is the newest and holds these labels already", as_json)


def _to_label_studio(
    settings: Settings, project: int, named: str, tag: str | None, note: str, yes: bool, as_json: bool
) -> None:
    from ..opening import alone, services
    from ..store.audit import COMMAND_LINE
    from ..store.projects import source
    from .creating import version_named
    from .putting_back import put_back
    from .restoring import Restored, plan
    from .restoring import restore as restore_version
    from .shown import as_json as plain

    outside = services(settings)
    with alone(outside, project, waits=terminal.note):
        with outside.store.read() as connection:
            key = source(connection, project).key
            _ask(plan(connection, key, version_named(connection, key, named), settings), yes)
        made = restore_version(outside.store, key, named, outside.clock, tag=tag, note=note, actor=COMMAND_LINE)
        _tell_of_note(made, note)
        with outside.store.read() as connection:
            what = plan(connection, key, made.version, settings)
        written = put_back(outside.store, outside.gateway, key, made.version, what, outside.clock)
        done = Restored(made, written.ground_truths, (*what.left_out, *written.left_out))
        for complaint in done.complaints():
            terminal.warn(f"project {project}: {complaint}")
        if as_json:
            terminal.print_json({**plain(made.version), "new": made.new, "ground_truths": done.ground_truths})
        else:
            _tell(outside.store, key, made, "is the newest and holds these labels already", as_json)
            terminal.say(
                f"{done.ground_truths} ground truths were written to Label Studio; `tiebreak pull` takes them in"
            )


def _ask(what: "Plan", yes: bool) -> None:
    """Others' ground truths are replaced only where a person says so."""
    if not what.foreign or yes:
        return
    some = ", ".join(map(str, what.foreign[:5])) + (", ..." if len(what.foreign) > 5 else "")
    said = (
        f"{len(what.foreign)} of {len(what.labels)} tasks have a ground truth that somebody else set ({some}); Label "
        "Studio keeps one a task: theirs would lose the mark, and stay as annotations"
    )
    if not sys.stdin.isatty():
        raise SettingsError(f"{said}. Say --yes if that is right")
    typer.confirm(f"{said}. Go on?", abort=True)


@app.command()
def export(
    version: AnyLabels,
    file: Annotated[Path, typer.Argument(help="The file to write; a new folder for yolo and hugging-face.")],
    project: Project,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="parquet, csv, jsonl, label-studio, coco, yolo, conll or hugging-face (default: what the file's name "
            "tells).",
        ),
    ] = None,
    control: Controls = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    config: Config = None,
) -> None:
    """Write a version to a file, with confidence, annotators and where labels are from: the same bytes every time."""
    from label_config.parse import parse

    from ..exports.exported import Exported
    from ..exports.writing import export as write
    from ..exports.writing import format_named

    name = format_named(format_, file)
    settings = load(config)
    with _opened(settings, project) as (store, key):
        found, content = _labels(store, key, version, settings)
    parsed = parse(content.interface)
    controls = tuple(map(parsed.control, control)) if control else parsed.controls
    number, as_of = (None, None) if found is None else (found.number, found.as_of)
    for said in write(Exported(project, number, as_of, content, parsed, controls), file, name, overwrite=overwrite):
        terminal.note(said)
    terminal.say(f"{_name(found)} of project {project} is in {file} ({name})")


@app.command()
def verify(project: Project, config: Config = None, as_json: AsJson = False) -> None:
    """Check the hashes of all versions; exit code 1 where somebody edited or deleted one in the store."""
    from ..store import label_versions
    from .recorded import all_faults

    with _opened(load(config), project) as (store, key), store.read() as connection:
        known = label_versions.versions(connection, key)
        wrong = all_faults(connection, key, known)
    if as_json:
        terminal.print_json({"versions": len(known), "edited": {str(number): said for number, said in wrong.items()}})
    for number, said in wrong.items():
        terminal.warn(f"version {number} is not as it was made: {'; '.join(said)}")
    if wrong:
        raise typer.Exit(1)
    if not as_json:
        terminal.say(f"{len(known)} versions: every hash fits")


@contextmanager
def _opened(settings: Settings, project: int) -> Iterator[tuple["Store", int]]:
    """The store, and the key of a project in it."""
    from ..store.engine import open_existing
    from ..store.projects import source

    store = open_existing(settings.store)
    try:
        with store.read() as connection:
            key = source(connection, project).key
        yield store, key
    finally:
        store.close()


def _labels(store: "Store", key: int, named: str, settings: Settings) -> tuple["StoredVersion | None", "Content"]:
    """A version and what it holds; null with the labels as they are."""
    from ..store import label_versions
    from .creating import NOW, version_named
    from .gathering import content_of, gather

    with store.read() as connection:
        if named != NOW:
            found = version_named(connection, key, named)
            return found, label_versions.content(connection, key, found)
        gathered = gather(connection, key, None)
    content = content_of(gathered, settings)
    if not content.entries:
        raise StoreError("the project has no tasks: pull it first")
    return None, content


def _name(version: "StoredVersion | None") -> str:
    return "now" if version is None else f"version {version.number}"


def _tell(store: "Store", key: int, made: "Made", same: str, as_json: bool) -> None:
    from ..store.label_versions import versions
    from .shown import as_json as plain

    with store.read() as connection:
        (version,) = [one for one in versions(connection, key) if one.number == made.version.number]
    if as_json:
        terminal.print_json({**plain(version), "new": made.new})
        return
    tags = f" ({', '.join(version.tags)})" if version.tags else ""
    what = f"{version.tasks:,} tasks, {version.labels:,} labels, content {version.content_hash[:12]}"
    terminal.say(f"version {version.number}{tags}: {what}" if made.new else f"version {version.number}{tags} {same}")


def _tell_of_note(made: "Made", note: str) -> None:
    """A version that was there keeps its own note."""
    if note and not made.new and made.version.note != note:
        terminal.warn(f"version {made.version.number} was there and nothing changes it: the note is not kept")


def _moment(text: str | None) -> int | None:
    """Microseconds since 1970; a day is its beginning. Raises SettingsError for a text that is no moment."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"--as-of {text!r} is no moment: write 2026-01-31 or 2026-01-31T09:30 (UTC)") from error
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1e6)
