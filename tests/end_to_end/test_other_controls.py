"""Controls that are no choice: marked, rated and written answers, in a real Label Studio and back."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from label_config.answers import Answers, Choices, Number, Region, Regions, Span, Text
from label_config.parse import parse
from label_config.results import write_answers
from label_config.review import VERDICTS
from sync.cli import app
from sync.pipeline import run
from sync.settings import as_file
from sync.store.engine import Store

from ..conftest import RunningLabelStudio
from .scenes import Scene, review_tasks, services, url_of

pytestmark = pytest.mark.label_studio

XML = """<View><Text name="text" value="$text"/>
<Labels name="who" toName="text"><Label value="PER"/><Label value="LOC"/></Labels>
<Choices name="mood" toName="text"><Choice value="good"/><Choice value="bad"/></Choices>
<Rating name="stars" toName="text" maxRating="5"/><TextArea name="why" toName="text"/></View>"""
CONFIG = parse(XML)
ANN, ROME = Region(Span(0, 3), ("PER",)), Region(Span(7, 11), ("LOC",))


def said(mood: str, stars: int, why: str, *marked: Region) -> Answers:
    return {"who": Regions(marked), "mood": Choices((mood,)), "stars": Number(float(stars)), "why": Text((why,))}


TASKS = [
    [said("good", 5, "fine", ANN, ROME), said("good", 4, "fine", ANN, ROME)],
    [said("good", 3, "so so", ANN), said("bad", 1, "awful")],
    [{}, said("bad", 2, "awful", ROME)],
]


@pytest.fixture
def made(label_studio: RunningLabelStudio) -> Scene:
    admin = label_studio.as_("admin")
    people = [one.id for one in label_studio.people if one.role == "annotator"]
    project = admin.create_project("Marked, rated and written", XML, maximum_annotations=1)
    bodies = [
        {
            "data": {"text": "Ann in Rome"},
            "annotations": [
                {"completed_by": person, "result": write_answers(CONFIG, one, region_id="r"), "ground_truth": False}
                for person, one in zip(people, given, strict=False)
            ],
        }
        for given in TASKS
    ]
    return Scene(project.id, admin.import_tasks(project.id, bodies))


def export(studio: RunningLabelStudio, project: int, place: Path) -> Path:
    address = f"{studio.url}/api/projects/{project}/export?exportType=JSON"
    token = studio.person("admin").token
    with requests.Session() as session:
        session.trust_env = False
        reply = session.get(address, headers={"Authorization": f"Token {token}"}, timeout=60)
    place.write_bytes(reply.content)
    return place


def agreement(*words: str) -> Any:
    done = CliRunner().invoke(app, ["agreement", *words, "--json", "--bootstrap", "100"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_store_and_the_export_say_the_same(
    label_studio: RunningLabelStudio, store: Store, made: Scene, tmp_path: Path
) -> None:
    done = run(services(label_studio, store), made.project)
    assert (done.pull.annotations, done.pull.rejected) == (6, 0)
    interface, settings = tmp_path / "config.xml", tmp_path / "tiebreak.toml"
    interface.write_text(XML)
    settings.write_text(as_file({"store": url_of(tmp_path)}))
    from_file = agreement(
        str(export(label_studio, made.project, tmp_path / "e.json")), "--label-config", str(interface)
    )
    assert agreement("--project", str(made.project), "--config", str(settings)) == from_file
    who = from_file["controls"]["who"]
    # Two equal pairs of spans, one against none, none against one: 1, 0, 0.
    assert who["coefficients"]["percent_agreement"]["value"] == pytest.approx(1 / 3)
    assert [task["agreement"] for task in who["tasks_detail"]] == [1, 0, 0]
    assert who["matching"]["conflicts"] == {"missing": 1, "extra": 1, "label": 0, "low_overlap": 0}
    assert from_file["controls"]["why"]["tasks"] == 3


def test_every_control_has_a_consensus_and_what_people_differ_on_goes_to_review(
    label_studio: RunningLabelStudio, store: Store, made: Scene
) -> None:
    outside = services(label_studio, store)
    done = run(outside, made.project)
    report = done.assessment.report["controls"]
    assert {name for name, one in report.items() if one["consensus"]["method"]} == {"who", "mood", "stars", "why"}
    assert 0 < report["stars"]["reliability"][0]["quality"] < 1
    sent = {task.data["tiebreak_source_task"]: task for task in review_tasks(label_studio.as_("admin"), made.project)}
    assert made.tasks[1] in sent
    review = sent[made.tasks[1]]
    assert "PER 0-3" in review.data["tiebreak_answers"]
    assert "awful" in review.data["tiebreak_answers"]
    before = done.assessment
    again = run(outside, made.project)
    assert (again.assessment.changed, again.push.pushed) == (False, 0)
    assert again.assessment.report == before.report


def test_a_ruling_goes_over_as_the_reviewer_marked_it(
    label_studio: RunningLabelStudio, store: Store, made: Scene
) -> None:
    outside, admin = services(label_studio, store), label_studio.as_("admin")
    run(outside, made.project)
    (review,) = [one for one in review_tasks(admin, made.project) if one.data["tiebreak_source_task"] == made.tasks[1]]
    result = write_answers(CONFIG, said("bad", 2, "sad", ROME), region_id="mine")
    verdict = {"id": "v", "from_name": "tiebreak_verdict", "to_name": "text", "type": "choices"}
    result.append({**verdict, "value": {"choices": [VERDICTS[0]]}})
    label_studio.as_("reviewer").create_annotation(review.id, result)
    done = run(outside, made.project)
    assert (done.resolve.ground_truths, done.warnings) == (1, ())
    (truth,) = [one for one in admin.task(made.tasks[1]).annotations if one.ground_truth]
    assert isinstance(truth.result, list)
    values = {region["from_name"]: region["value"] for region in truth.result}
    assert values == {region["from_name"]: region["value"] for region in result if region["id"] != "v"}
    assert run(outside, made.project).resolve.ground_truths == 0
