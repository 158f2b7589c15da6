"""``tiebreak pull``, ``assess``, ``push``, ``resolve``, ``refresh``: the steps of the loop; ``run`` is all of it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .. import terminal
from ..errors import SettingsError
from ..report_options import AsJson
from ..settings import MAY_RULE
from .each import Config, Projects, complain, each, key_of

if TYPE_CHECKING:
    from ..opening import Services


def pull(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Take what changed in Label Studio into the store."""
    from ..pull import pull as pull_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        with terminal.round_bar(f"project {project}", not as_json) as tell:
            done = pull_project(outside.store, outside.gateway, project, outside.clock, tell=tell)
        complain(project, done.complaints())
        return asdict(done)

    each(config, projects, one, as_json, terminal.show_pull)


def assess(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Compute agreement, consensus and the queue from the store."""
    from ..assess import assess as assess_project
    from ..kept_model import keep_model
    from ..summaries import summarise

    def one(outside: "Services", project: int) -> dict[str, Any]:
        key = key_of(outside, project)
        found = assess_project(outside.store, key, outside.settings, outside.clock)
        summarise(outside.store, key, outside.settings, outside.clock)
        keep_model(outside.store, key, outside.clock)
        return dict(found.report)

    each(config, projects, one, as_json, terminal.show_report)


def push(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Bring the review projects in Label Studio up to the queue."""
    from ..pull import pull_reviews
    from ..push import push as push_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        key = key_of(outside, project)
        pull_reviews(outside.store, outside.gateway, key, outside.clock)
        done = push_project(outside.store, outside.gateway, key, outside.settings, outside.clock)
        complain(project, done.complaints())
        return asdict(done)

    each(config, projects, one, as_json, terminal.show_push)


def resolve(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Take in rulings from the review projects and write them to the source tasks as ground truth."""
    from ..pull import pull_reviews
    from ..resolve import resolve as resolve_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        key = key_of(outside, project)
        pull_reviews(outside.store, outside.gateway, key, outside.clock)
        independent = outside.settings.disputants != MAY_RULE
        done = resolve_project(outside.store, outside.gateway, key, outside.clock, independent=independent)
        complain(project, done.complaints())
        return asdict(done)

    each(config, projects, one, as_json, terminal.show_resolve)


def refresh(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """Score every open task with the model as it is now, and make Label Studio serve in that order."""
    from ..refresh import refresh as refresh_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        if outside.backend is None:
            raise SettingsError("backend_url is empty: name your tiebreak-ml to score with it")
        key = key_of(outside, project)
        with terminal.round_bar(f"project {project}", not as_json) as tell, outside.gateway.paced():
            return asdict(
                refresh_project(
                    outside.store, outside.gateway, outside.backend, key, outside.settings, outside.clock, tell=tell
                )
            )

    each(config, projects, one, as_json, terminal.show_refresh)


def run(projects: Projects = None, config: Config = None, as_json: AsJson = False) -> None:
    """The whole loop, once: pull, resolve, assess, teach, score, push. Running it twice changes nothing."""
    from ..pipeline import run as run_project

    def one(outside: "Services", project: int) -> dict[str, Any]:
        with terminal.round_bar(f"project {project}", not as_json) as tell:
            done = asdict(run_project(outside, project, tell=tell, waits=terminal.note))
        complain(project, done["warnings"])
        return done

    each(config, projects, one, as_json, terminal.show_run, alone=False)
