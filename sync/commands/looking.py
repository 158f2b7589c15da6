"""``tiebreak status`` and ``history``: what the store knows, without asking anybody else."""

from dataclasses import asdict
from typing import Annotated

import typer

from .. import terminal
from ..errors import TiebreakError
from ..report_options import AsJson, of_each
from ..settings import load
from .each import Config, Projects, chosen_of


def status(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Who runs, how each project's last run went, when the next one is, how far its round is. Asks the store alone."""
    from ..opening import clock
    from ..status import in_words, of_runners, overdue, overdue_in_words, runners_in_words
    from ..status import status as of_project
    from ..store.engine import open_existing

    settings = load(config)
    chosen = chosen_of(settings, projects)
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


def history(
    task: Annotated[int, typer.Argument(help="Label Studio id of the task.")],
    project: Annotated[int, typer.Option(help="Label Studio id of its project.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Everything that was seen of a task: annotations and their edits, reviews, rulings."""
    from ..store.engine import open_existing
    from ..store.history import history as history_of
    from ..store.projects import source

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
