"""Guidelines become the instructions of a project in a real Label Studio, and what they touch is reviewed again."""

import re
from dataclasses import replace

import pytest

from label_config.guidelines import Entry, instructions
from label_config.review import VERDICTS
from sync.errors import SettingsError
from sync.glossary.publishing import publish
from sync.glossary.writing import write
from sync.pipeline import run
from sync.settings import Settings
from sync.store import projects
from sync.store.engine import Store
from sync.web.app import create_app

from ..conftest import RunningLabelStudio, clock
from .scenes import review_tasks, ruling, scene, services

pytestmark = pytest.mark.label_studio

PLANTED = '<script>alert(1)</script> & "quotes"'
IRONY = Entry("irony", "Irony", f"Says the opposite.\n{PLANTED}", ("Great, rain.",), ("Quotes",), "mood", ("bad",))


def test_guidelines_are_published_and_what_they_touch_comes_back(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [["good", "bad"], ["good", "good"]])
    outside, admin = services(label_studio, store), label_studio.as_("admin")
    run(outside, made.project)
    (waiting,) = review_tasks(admin, made.project)
    label_studio.as_("reviewer").create_annotation(waiting.id, ruling("bad", VERDICTS[0]))
    run(outside, made.project)
    with store.read() as connection:
        key = projects.source(connection, made.project).key

    def written(entry: Entry, why: str) -> None:
        with store.begin() as connection:
            assert write(connection, key, [entry], why, now=clock(), actor="login:1") is not None

    written(IRONY, "First.")
    assert publish(outside, made.project, actor="login:1").tasks == ()
    there = admin.project(made.project)
    assert there.instructions == instructions([IRONY], 1), "Label Studio keeps every character"
    assert "<script" not in (there.instructions or "")
    assert publish(outside, made.project, actor="login:1").changed is False

    changed = replace(IRONY, meaning="Says the opposite, and everybody knows.")
    written(changed, "Irony that nobody can know is none.")
    assert publish(outside, made.project, actor="login:1").tasks == (made.tasks[0],)
    run(outside, made.project)
    again = review_tasks(admin, made.project)
    assert [one.data["tiebreak_reason"] for one in again if one.id != waiting.id] == [
        "Irony that nobody can know is none."
    ]

    admin.update_project(made.project, expert_instruction="By hand.")
    with pytest.raises(SettingsError, match="written or changed in Label Studio"):
        publish(outside, made.project, 1, actor="login:1")
    assert admin.project(made.project).instructions == "By hand."


def test_a_lead_publishes_from_the_page(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [["good", "bad"]])
    outside, admin = services(label_studio, store), label_studio.as_("admin")
    run(outside, made.project)
    with store.begin() as connection:
        key = projects.source(connection, made.project).key
        assert write(connection, key, [IRONY], "First.", now=clock(), actor="login:1") is not None
    settings = Settings(label_studio_url=label_studio.url, label_studio_token=label_studio.person("admin").token)
    lead = create_app(settings, store, lambda _: None).test_client()
    here = f"/projects/{made.project}/rulings"
    (token, *_) = re.findall(r'name="form_token" value="([^"]+)"', lead.get(here).text)
    form = {"form_token": token, "version": "1", "before": "0", "sure": "yes"}
    admin.update_project(made.project, expert_instruction="By hand.")
    reply = lead.post(f"{here}/do/publish", data=form)
    assert (reply.status_code, "“By hand.”" in reply.text) == (409, True)
    assert lead.post(f"{here}/do/publish", data={**form, "replace": "yes"}).status_code == 303
    assert admin.project(made.project).instructions == instructions([IRONY], 1)
    assert "Annotators read version 1 of the guidelines." in lead.get(here).text
