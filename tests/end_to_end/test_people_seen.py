"""What a run leaves for the pages of people: a ruling in the real Label Studio is on the page of whom it is about."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sync.cli import app
from sync.people.deciding import new_link
from sync.pipeline import run
from sync.settings import Settings
from sync.store.engine import Store
from sync.store.projects import source
from sync.web.app import create_app

from ..conftest import RunningLabelStudio, clock
from .scenes import review_projects, ruling, scene, services

pytestmark = pytest.mark.label_studio


def test_a_ruling_is_on_the_page_of_whom_it_is_about(
    label_studio: RunningLabelStudio, store: Store, tmp_path: Path
) -> None:
    made = scene(label_studio, [["good", "bad"], ["good", "good"], ["bad", "bad"]])
    outside = services(label_studio, store)
    run(outside, made.project)
    reviewer = label_studio.as_("reviewer")
    waiting = reviewer.next_task(review_projects(label_studio.as_("admin"), made.project)[0].id)
    assert waiting is not None
    reviewer.create_annotation(waiting.id, ruling("bad"))
    run(outside, made.project)

    first, second = (label_studio.person("annotator", place).id for place in (0, 1))
    with store.begin() as connection:
        key = source(connection, made.project).key
        links = [new_link(connection, key, one, 9, now=clock(), actor="command line") for one in (first, second)]
    settings = Settings(label_studio_url=label_studio.url)
    client = create_app(settings, store, lambda _: None, clock=clock).test_client()
    pages = [" ".join(client.get(f"/mine/{link}").text.split()) for link in links]
    for page, said in zip(pages, ("1 of them: 0 as you", "1 of them: 1 as you"), strict=True):
        assert f"A reviewer ruled on {said} had answered" in page
        (address,) = set(re.findall(rf'href="({re.escape(label_studio.url)}/projects/\d+/data\?task=\d+)"', page))
        assert address == f"{label_studio.url}/projects/{made.project}/data?task={made.tasks[0]}"

    file = tmp_path / "tiebreak.toml"
    file.write_text(f'store = "{store.name}"\n')
    told = CliRunner().invoke(app, ["annotators", "--project", str(made.project), "--json", "--config", str(file)])
    people = json.loads(told.stdout)["controls"]["mood"]
    rows = json.loads(client.get(f"/projects/{made.project}/annotators.json").text)["rows"]
    assert sorted((row["answers"], row["gold"], row["agreement"]) for row in rows) == sorted(
        (one["annotations"], one["gold"]["value"], one["agreement"]["value"]) for one in people
    )
