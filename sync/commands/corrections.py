"""``tiebreak corrections``: what is proposed, applied as a batch, and taken back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal
from ..errors import SettingsError
from ..report_options import AsJson
from ..settings import Settings, load
from .each import Config, complain, key_of

if TYPE_CHECKING:
    from ..corrections import Change


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
    from ..corrections import overview
    from ..corrections_shown import show
    from ..store.engine import open_existing
    from ..store.projects import source

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
    from .. import corrections as of_project
    from ..opening import alone, services

    if not groups and batch is None:
        return None
    outside = services(settings)
    key = key_of(outside, project)
    with alone(outside, project, waits=terminal.note):
        if batch is None:
            done = of_project.apply(outside.store, outside.gateway, key, groups, outside.clock)
        else:
            done = of_project.undo(outside.store, outside.gateway, key, batch, outside.clock)
    complain(project, done.complaints())
    return done
