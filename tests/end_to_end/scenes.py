"""Small projects in a real Label Studio, and what is in it, as comparable values."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, select

from label_config.answers import Choices
from label_config.parse import parse
from label_config.results import write_answer
from label_config.review import VERDICTS
from sync.labelstudio.client import LabelStudio
from sync.opening import Services
from sync.settings import Settings
from sync.store.engine import Store

from ..conftest import RunningLabelStudio, clock

XML = """<View><Text name="text" value="$text"/><Choices name="mood" toName="text" choice="single">
<Choice value="good"/><Choice value="bad"/><Choice value="none"/></Choices></View>"""
CONTROL = parse(XML).controls[0]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Scene:
    """A source project with answers: ``tasks`` are its ids in order."""

    project: int
    tasks: Sequence[int]


def result(label: str) -> list[dict[str, Any]]:
    return write_answer(CONTROL, Choices((label,)), region_id="r")


def scene(studio: RunningLabelStudio, answers: Sequence[Sequence[str]], *, xml: str = XML, **fields: Any) -> Scene:
    """A project whose n-th task has the n-th answers, given by the annotators in turn."""
    admin = studio.as_("admin")
    project = admin.create_project(f"Scene {next(_numbers)}", xml, maximum_annotations=1, **fields)
    people = [one.id for one in studio.people if one.role == "annotator"]
    bodies = [
        {
            "data": {"text": f"text {place}"},
            "annotations": [
                {"completed_by": person, "result": result(label), "ground_truth": False}
                for person, label in zip(people, given, strict=False)
            ],
        }
        for place, given in enumerate(answers)
    ]
    return Scene(project.id, admin.import_tasks(project.id, bodies) if bodies else [])


def services(studio: RunningLabelStudio, store: Store, **settings: Any) -> Services:
    """A run's outside world: the real server, no model."""
    return Services(store, studio.as_("admin"), None, Settings(**{"blind_share": 0, **settings}), clock)


def review_projects(client: LabelStudio, project: int) -> list[Any]:
    """The review projects of a source project in Label Studio, the most urgent band first."""
    marked = [one for one in client.projects() if one.description.startswith(f"tiebreak review of {project}.")]
    return sorted(marked, key=lambda one: one.description)


def review_tasks(client: LabelStudio, project: int) -> list[Any]:
    """Every review task of a source project."""
    return [task for home in review_projects(client, project) for task in client.tasks_after(home.id, 0, 1000)]


def remote_state(client: LabelStudio, project: int) -> dict[str, Any]:
    """Everything of a project and its reviews that a run could change."""
    state: dict[str, Any] = {}
    for one in [client.project(project), *review_projects(client, project)]:
        tasks = client.tasks_after(one.id, 0, 1000)
        state[str(one.id)] = (
            one,
            tasks,
            sorted((p.id, p.task, p.score or 0.0, p.model_version) for p in client.predictions(project=one.id)),
            client.model_versions(one.id),
            client.webhooks(one.id),
        )
    return state


def stored_rows(url: str) -> Mapping[str, list[Any]]:
    """Every row of a store, but those that say when we last looked, and what can be read anew."""
    engine = create_engine(url)
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        rows = {
            name: sorted(
                repr(row) for row in connection.execute(select(*(one for one in table.c if one.name != "watermark")))
            )
            for name, table in metadata.tables.items()
            if name not in ("heartbeats", "changes", "judged", "packed_answers", "touched")
        }
    engine.dispose()
    return rows


def ruling(label: str, verdict: str = VERDICTS[0]) -> list[dict[str, Any]]:
    """What the review form sends."""
    return [
        *result(label),
        {
            "id": "v",
            "from_name": "tiebreak_verdict",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [verdict]},
        },
    ]


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'tiebreak.sqlite3'}"
