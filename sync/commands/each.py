"""Doing something for each project that is named, or that the settings name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from label_config.errors import LabelConfigError

from .. import terminal
from ..errors import SettingsError, TiebreakError
from ..settings import DEFAULT_FILE, Settings, load

if TYPE_CHECKING:  # each command imports what it needs, so that help comes at once
    from ..opening import Services

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help=f"Settings file (default: {DEFAULT_FILE} here, if it exists).")
]
Projects = Annotated[
    list[int] | None, typer.Argument(help="Label Studio ids of the projects (default: `projects` of the settings).")
]


def opened(config: Path | None) -> "Services":
    """Everything a command needs of the outside world, as the settings say."""
    from ..opening import services

    return services(load(config))


def key_of(outside: "Services", project: int) -> int:
    """The store's key of a project (Label Studio's id); raises NotPulled where it is not there."""
    from ..store.projects import source

    with outside.store.read() as connection:
        return source(connection, project).key


def chosen_of(settings: Settings, named: Sequence[int] | None) -> list[int]:
    """The projects that are named, else those of the settings, each once; raises SettingsError without any."""
    chosen = list(dict.fromkeys(named or settings.projects))
    if not chosen:
        raise SettingsError("no project is named: give its id, or set `projects` in the settings file")
    return chosen


def complain(project: int, complaints: Iterable[str]) -> None:
    """Say what was left out and why."""
    for text in complaints:
        terminal.warn(f"project {project}: {text}")


def each(
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
    from ..opening import alone as held

    outside = opened(config)
    chosen = chosen_of(outside.settings, named)
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
