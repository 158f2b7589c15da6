"""tiebreak guidelines: what reviewers could not find in the guidelines, and what to review again after a change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import terminal
from .commands.each import Config
from .errors import SettingsError
from .glossary import command as glossary
from .report_options import AsJson
from .settings import load

if TYPE_CHECKING:
    from label_config.model import Control

app = typer.Typer(
    no_args_is_help=True,
    help="The guidelines and their versions, gaps that reviewers named, and what a change touches.",
)
app.command("list")(glossary.list_)
app.command()(glossary.edit)
app.command()(glossary.diff)
app.command()(glossary.publish)

Project = Annotated[int, typer.Option(help="Label Studio id of the project.")]


@app.command()
def inbox(project: Project, config: Config = None, as_json: AsJson = False) -> None:
    """The rulings whose cause is a gap in the guidelines, with their tasks, until a change touches them."""
    from .store.engine import open_existing
    from .store.guidelines import inbox as of_project
    from .store.projects import source

    with open_existing(load(config).store).read() as connection:
        found = [asdict(one) for one in of_project(connection, source(connection, project).key)]
    if as_json:
        terminal.print_json(found)
        return
    for line in in_words(found):
        terminal.say(line)


@app.command()
def changed(
    project: Project,
    why: Annotated[str, typer.Option(help="What changed: reviewers read it above the task.")],
    control: Annotated[str | None, typer.Option(help="Only rulings on this control.")] = None,
    label: Annotated[str | None, typer.Option(help="Only rulings whose answer has this label.")] = None,
    task: Annotated[list[int] | None, typer.Option(help="Only this task; may be repeated.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Have the rulings reviewed again that a changed guideline touches; the next push brings them back."""
    from label_config.parse import parse

    from .glossary.kept import keep_now
    from .opening import clock
    from .store.audit import COMMAND_LINE, record
    from .store.engine import open_existing
    from .store.guidelines import changed as mark
    from .store.guidelines import unknown_tasks
    from .store.projects import source

    if not why.strip():
        raise SettingsError("--why is empty: say what changed, reviewers read it above the task")
    if control is None and label is None and not task:
        raise SettingsError("name what the change touches: --control, --label or --task")
    with open_existing(load(config).store).begin() as connection:
        there = source(connection, project)
        key = there.key
        controls = {one.name: one for one in parse(there.label_config).controls}
        if control is not None and control not in controls:
            raise SettingsError(f"no control is named {control!r}; this labeling interface has: {', '.join(controls)}")
        if unknown := unknown_tasks(connection, key, task or ()):
            raise SettingsError(f"project {project} has no task {unknown[0]} in the store: is the id right?")
        touched = mark(connection, key, why.strip(), control=control, label=label, only=task or ())
        if label is not None and not touched:  # rulings may have one that the interface no longer has
            _refuse_unknown(label, list(controls.values()) if control is None else [controls[control]])
        subject = {"control": control, "label": label, "tasks": touched}
        action, words = "guideline changed", {"why": why.strip()}
        now = clock()
        keep_now(connection, key, now)
        record(connection, now=now, actor=COMMAND_LINE, action=action, project=key, subject=subject, words=words)
    if as_json:
        terminal.print_json({"tasks": touched})
    else:
        many = terminal.counted(len(touched), "ruling") or "no ruling"
        terminal.say(f"{many} to be reviewed again" + ("; the next push brings them back" if touched else ""))


def _refuse_unknown(label: str, controls: Sequence["Control"]) -> None:
    """Raises SettingsError for a label that none of the controls has, where it is known which they have."""
    known = dict.fromkeys(one for control in controls for one in control.labels)
    if label not in known and not any(one.dynamic or not one.labels for one in controls):
        raise SettingsError(f"no label is named {label!r}; there are: {', '.join(known)}")


def in_words(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The lines that the inbox shows.

    >>> one = {"task": 7, "answers": {"mood": "bad"}, "verdict": None, "rationale": "Irony?", "reviewer": 3}
    >>> list(in_words([{**one, "ruled_at": 0}]))
    ['1 gap', '  task 7, 1970-01-01, user 3: mood = bad', '      Irony?']
    >>> list(in_words([]))
    ['no gap in the guidelines was named']
    """
    yield terminal.counted(len(found), "gap") or "no gap in the guidelines was named"
    for one in found:
        said = "; ".join(f"{control} = {text}" for control, text in one["answers"].items()) or "not decided"
        day = f"{datetime.fromtimestamp(one['ruled_at'] / 1e6, UTC):%Y-%m-%d}"
        yield f"  task {one['task']}, {day}, user {one['reviewer']}: {said}"
        for line in (one["rationale"] or "").splitlines():
            yield f"      {line}"
