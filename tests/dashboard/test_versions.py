"""The page of versions and audit: it says what the command line says, writes with reasons, and shows each their own."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from typer.testing import CliRunner

from sync.cli import app as cli
from sync.dashboard import restore_actions, version_actions
from sync.dashboard.chain_state import newest_of
from sync.dashboard.pages import overview
from sync.dashboard.pages import versions as page_of_versions
from sync.opening import Services
from sync.settings import Settings
from sync.store import audit, label_versions, logins, plans, restored
from sync.store.audit_entries import Wanted, entries
from sync.store.tables import audit_details, audit_events, label_contents, tasks
from sync.store.tables import label_versions as table
from sync.versions.comparing import as_json, compare
from sync.versions.content import Content
from sync.versions.creating import create
from sync.web.app import create_app

from .stage import COMPILED, HOUR, START, Stage, copies, crowd, stage, texts, unmarked

EVIL = "<script>alert(1)</script>"
NOW = START + 980 * HOUR
NOBODY: Any = None
"""The Label Studio of these tests: nothing here asks it."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Stage]:
    """Two versions of labels, the second of which has some other answers; and people of each role."""
    folder = tmp_path_factory.mktemp("made")
    one = stage(folder).people({1: "Ann", 2: "Bo", 3: "Cy"}).create(texts(12), overlap=3)
    one.answer(crowd(8, {1: 0.9, 2: 0.6, 3: 0.5})).assess()
    create(one.store, one.key, one.settings, lambda: NOW, tag="first", note=f"As it began {EVIL}")
    one.answer([(place, person, "neutral") for place in (8, 9) for person in (1, 2)])
    one.push().rule([{"label": "positive", "reviewer": 1}, {"label": "negative", "reviewer": 2}]).assess()
    create(one.store, one.key, one.settings, lambda: NOW)
    with one.store.begin() as connection:
        for name, role in (("ann", "admin"), ("lea", "lead"), ("vic", "viewer")):
            logins.add(connection, name, role, None, START)
        logins.add(connection, "out", None, None, START)
        words = {"reason": f"=1+1 {EVIL}"}
        event = audit.Event("user:2", "person pause", one.key, {"task": 7003}, None, words, 2)
        audit.record_all(connection, NOW, [event])
        audit.record(connection, now=NOW, actor=audit.TIEBREAK, action="assess", why={"alpha": 0.5})
    return copies(one, folder)


@pytest.fixture
def site(made: Callable[[Path], Stage], tmp_path: Path) -> Stage:
    """It, for one test."""
    return made(tmp_path)


def client(one: Stage, name: str) -> FlaskClient:
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"], label_studio_url="http://ls.example")
    pages = [overview.PAGE, page_of_versions.PAGE]
    outside = nullcontext(Services(one.store, NOBODY, None, one.settings, lambda: NOW))
    app = create_app(settings, one.store, lambda _: None, clock=lambda: NOW, pages=pages, outside=lambda: outside)
    app.jinja_env.bytecode_cache = COMPILED
    found = app.test_client()
    found.environ_base["HTTP_X_USER"] = name
    return found


def page(one: Stage, name: str = "lea", path: str = "/projects/7/versions") -> str:
    reply = client(one, name).get(path)
    assert reply.status_code == 200
    return unmarked(reply.text)


def rows(one: Stage, path: str, name: str = "lea") -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = client(one, name).get(f"/projects/7/versions{path}").get_json()["rows"]
    return found


def send(one: Stage, action: str, form: Mapping[str, str], name: str) -> Any:
    sender = client(one, name)
    token = re.findall(r'name="form_token" value="([^"]+)"', sender.get("/projects/7/versions").text)
    return sender.post(f"/projects/7/versions/do/{action}", data={"form_token": token[0], **form})


def test_the_versions_are_those_of_the_store(site: Stage) -> None:
    with site.store.read() as connection:
        known = label_versions.versions(connection, site.key)
    found = rows(site, ".json")
    assert [(row["version"], row["labels"], row["content"]) for row in found] == [
        (one.number, one.labels, one.content_hash) for one in known[::-1]
    ]
    assert [row["tags"] for row in found] == ["", "first"]
    assert {row["state"] for row in found} == {"fit"}
    text = page(site)
    assert f"Version 2 keeps {known[-1].labels} labels; the newest part of the audit chain is whole." in text
    assert EVIL not in text


def test_the_difference_is_that_of_the_command_line(site: Stage) -> None:
    with site.store.read() as connection:
        known = label_versions.versions(connection, site.key)
        old, new = (label_versions.content(connection, site.key, one) for one in known)
    told: Any = as_json(compare(old, new))
    counts = {row["kind"]: row["changes"] for row in rows(site, "/tables/counts.json")}
    assert counts == {kind.replace("_", " "): number for kind, number in told["counts"].items() if number}
    assert counts["label added"] == 2
    changes = rows(site, "/tables/changes.json")
    assert {row["change"] for row in changes} == {*counts}, "a kind is called the same in both tables"
    shown = [{**row, "task": int(row["task"]), "change": row["change"].replace(" ", "_")} for row in changes]
    by_task = sorted(shown, key=lambda row: (row["task"], row["control"]))
    assert [{**row, "task_address": None} for row in by_task] == [
        {**one, "task_address": None} for one in told["changes"]
    ]
    kinds = [row["change"] for row in changes]
    assert kinds == sorted(kinds, key=lambda one: {"confidence": 1, "given": 2}.get(one, 0))
    assert changes[0]["task_address"] == f"http://ls.example/projects/7/data?task={changes[0]['task']}"
    added = rows(site, "/tables/changes.json?changes.change=label+added")
    assert {row["after"] for row in added} == {"neutral"}
    back = rows(site, "/tables/changes.json?before=2&after=1&changes.change=label+removed")
    assert {row["before"] for row in back} == {"neutral"}
    assert "Version 2 beside version 1" in page(site, path="/projects/7/versions?before=2&after=1")
    assert "before=2" in page(site, path="/projects/7/versions?before=2&after=1&before=x")


def test_the_audit_has_what_the_command_line_has(site: Stage) -> None:
    with site.store.read() as connection:
        told = list(entries(connection, Wanted(project=7)))
    found = rows(site, "/tables/audit.json")
    assert [(row["number"], row["action"], row["hash"]) for row in found] == [
        (one.number, one.action, one.hash) for one in told[::-1]
    ]
    assert (found[0]["actor"], found[0]["task"], found[0]["words"]) == ("Bo", "7003", f"reason: =1+1 {EVIL}")
    assert [row["number"] for row in rows(site, "/tables/audit.json?audit.sort=number")] == [one.number for one in told]
    assert {row["action"] for row in rows(site, "/tables/audit.json?audit.action=assess")} == {"assess"}
    assert [row["action"] for row in rows(site, "/tables/audit.json?audit.search=ALERT(1)")] == [
        "person pause",
        "version created",
    ]
    with site.store.begin() as connection:
        connection.execute(update(audit_details).values(text=EVIL))
    assert rows(site, "/tables/audit.json")[0]["about"] == f"edited {EVIL}"
    assert "The audit chain is not whole" in page(site)


@pytest.mark.parametrize("column", ["actor", "action", "previous", "hash"])
def test_an_edited_event_is_found(site: Stage, column: str) -> None:
    with site.store.begin() as connection:
        assert newest_of(connection).wrong is None
        number = connection.execute(select(audit_events.c.id).order_by(audit_events.c.id)).scalars().all()[1]
        one = audit_events.c.id == number
        connection.execute(update(audit_events).where(one).values({column: "x"}))
        wrong = newest_of(connection).wrong
        assert wrong is not None
        assert newest_of(connection, 1).wrong is None
        connection.execute(audit_details.delete().where(audit_details.c.event == number))
        connection.execute(audit_events.delete().where(one))
        assert newest_of(connection).wrong == f"event {number} is gone"


def test_an_edited_version_is_named(site: Stage) -> None:
    with site.store.begin() as connection:
        connection.execute(update(table).where(table.c.number == 1).values(note="another"))
    text = page(site)
    assert "1 version is not as made." in text
    assert "Version 1: what it says of itself" in text


def test_a_lead_tags_a_version_and_the_chain_says_who(site: Stage) -> None:
    assert send(site, "tag", {"version": "2", "tag": "paper"}, "lea").status_code == 303
    assert rows(site, ".json")[0]["tags"] == "paper"
    newest = rows(site, "/tables/audit.json")[0]
    assert (newest["action"], newest["actor"]) == ("version tagged", "lea")
    for form in ({"version": "2", "tag": "first"}, {"version": "9", "tag": "x"}, {"version": "2", "tag": "no tag"}):
        assert send(site, "tag", form, "lea").status_code == 409


def test_an_admin_restores_with_a_reason_and_confirmation(site: Stage) -> None:
    given = {"version": "1", "why": "The rulings were a test.", "sure": "yes"}
    for wrong in ({**given, "why": " "}, {**given, "sure": ""}, {**given, "version": "7"}, {**given, "version": "2"}):
        assert send(site, "restore", wrong, "ann").status_code == 409
    assert send(site, "restore", given, "lea").status_code == 403
    assert send(site, "restore", given, "ann").status_code == 303
    first, second, third = rows(site, ".json")[::-1]
    assert (third["note"], third["restored"], third["content"]) == (given["why"], "version 1", first["content"])
    assert second["content"] != first["content"]
    newest = rows(site, "/tables/audit.json")[0]
    assert (newest["action"], newest["actor"]) == ("version restored", "ann")


def test_an_admin_sees_what_goes_into_label_studio_and_then_has_it_written(site: Stage) -> None:
    with site.store.begin() as connection:
        known = label_versions.versions(connection, site.key)
        old, new = (label_versions.content(connection, site.key, one) for one in known)
        places = old.labelled()
        others = sorted({task for task, name in places if old.label((task, name)).answer != _answer(new, task, name)})
        keys = {one.label_studio_id: one.id for one in connection.execute(select(tasks))}
        plans.begin(connection, [7], NOW + 9 * HOUR, HOUR, afresh=False)
    assert "None of these tasks has a ground truth" in send(site, "look", {"version": "1"}, "ann").text
    site.answer([(site.task_keys.index(keys[others[0]]), 3, "neutral")], ground_truth=True)
    assert send(site, "look", {"version": "1"}, "lea").status_code == 403
    assert send(site, "look", {"version": "9"}, "ann").status_code == 409
    text = unmarked(send(site, "look", {"version": "1"}, "ann").text)
    number = len(others)
    assert f"{number} ground truth" in text and "would be written on" in text
    assert "On 1 of these tasks somebody else set a ground truth" in text
    assert f"(task {others[0]})" in text
    seal = re.findall(r'name="seal" value="([^"]+)"', text)[0]
    given = {"version": "1", "why": f"The rulings were a test. {EVIL}", "sure": "yes", "seal": seal}
    for wrong in ({"why": " "}, {"sure": ""}, {"version": "2"}, {"seal": "x"}, {"why": "x" * 501}):
        assert send(site, "put-back", {**given, **wrong}, "ann").status_code == 409
    assert send(site, "put-back", given, "lea").status_code == 403
    assert client(site, "ann").post("/projects/7/versions/do/put-back", data=given).status_code in (400, 403)
    with site.store.read() as connection:
        assert restored.pending(connection, site.key) == [], "nothing was written so far"
    reply = send(site, "put-back", given, "ann")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/projects/7/versions?done=put-back")
    with site.store.read() as connection:
        pending = restored.pending(connection, site.key)
        assert sorted(one.on for one in pending) == others
        assert plans.known(connection, [7])[0].due_at == NOW
    assert f"Version 3: 0 of {number} ground truth" in page(site, "vic")
    newest, before = rows(site, "/tables/audit.json")[:2]
    assert [(one["action"], one["actor"]) for one in (newest, before)] == [
        ("labels put back", "ann"),
        ("version restored", "ann"),
    ]
    assert newest["words"] == f"reason: {given['why']}"
    assert send(site, "put-back", given, "ann").status_code == 409, "a form that is sent twice does it once"
    assert "Nothing would be written" in send(site, "look", {"version": "1"}, "ann").text
    with site.store.begin() as connection:
        for one in pending:
            restored.stands_as(connection, one.id, 900 + one.id)
    assert "on their way" not in page(site)


def _answer(content: Content, task: int, control: str) -> str | None:
    return content.label((task, control)).answer if (task, control) in content.entries else None


def test_a_viewer_sees_versions_and_no_audit_and_others_nothing(site: Stage) -> None:
    text = page(site, "vic")
    assert "Versions of the labels" in text
    assert "person pause" not in text
    assert 'class="act' not in text
    assert client(site, "vic").get("/projects/7/versions/tables/audit.json").status_code == 404
    assert send(site, "tag", {"version": "2", "tag": "x"}, "vic").status_code == 403
    assert client(site, "out").get("/projects/7/versions").status_code == 404


def test_what_is_too_large_for_a_page_is_left_to_the_command_line(site: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_of_versions, "LARGEST", 3)
    monkeypatch.setattr(version_actions, "LARGEST", 3)
    monkeypatch.setattr(version_actions, "CHECKED", 3)
    monkeypatch.setattr(version_actions, "KEPT", 3)
    monkeypatch.setattr(restore_actions, "KEPT", 3)
    monkeypatch.setattr(page_of_versions, "KEPT", 3)
    assert "tiebreak version diff 1 2 --project 7" in page(site)
    given = {"version": "1", "why": "x", "sure": "yes"}
    assert "tiebreak version restore 1" in send(site, "restore", given, "ann").text
    assert "version restore 1 --to-label-studio --project 7" in send(site, "look", given, "ann").text
    assert "tiebreak version create --project 7" in page(site)
    assert "tiebreak version create --project 7" in send(site, "keep", {}, "lea").text
    asked = {"version": "1", "format": "yolo"}
    assert "version export 1 labels --format yolo --project 7" in send(site, "export", asked, "lea").text
    assert "tiebreak version verify --project 7" in send(site, "check", {}, "lea").text


def test_without_versions_it_says_how_to_make_one(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(1))
    with one.store.begin() as connection:
        logins.add(connection, "lea", "lead", None, START)
    assert "A lead keeps the labels as they are, below." in page(one)
    assert "Keep the labels as they are" in page(one)
    assert send(one, "keep", {"tag": "first"}, "lea").status_code == 303
    assert rows(one, ".json")[0]["tags"] == "first"


def test_a_lead_keeps_the_labels_as_they_are(site: Stage) -> None:
    refused = send(site, "keep", {}, "lea")
    assert refused.status_code == 409
    assert "Version 2 holds just these labels" in refused.text
    site.answer([(10, 1, "neutral"), (10, 2, "neutral")]).assess()
    given = {"tag": "third", "note": f"=1+1 {EVIL}"}
    assert send(site, "keep", given, "lea").status_code == 303
    newest = rows(site, ".json")[0]
    assert (newest["version"], newest["tags"], newest["note"]) == (3, "third", given["note"])
    events = [(row["action"], row["actor"]) for row in rows(site, "/tables/audit.json")[:2]]
    assert events == [("version tagged", "lea"), ("version created", "lea")]
    assert EVIL not in page(site)
    for wrong in ({"tag": "no tag"}, {"tag": "first"}, {"note": "x" * 501}):
        assert send(site, "keep", wrong, "lea").status_code == 409
    assert len(rows(site, ".json")) == 3


@pytest.mark.parametrize("name", ["parquet", "csv", "jsonl", "label-studio", "hugging-face"])
def test_a_download_has_the_bytes_that_the_command_writes(site: Stage, tmp_path: Path, name: str) -> None:
    reply = send(site, "export", {"version": "1", "format": name}, "lea")
    assert reply.status_code == 200
    ending, kind = version_actions.KINDS[name]
    assert reply.headers["Content-Disposition"] == f"attachment; filename=project-7-version-1-{name}{ending}"
    assert reply.content_type.startswith(kind)
    assert reply.headers["Cache-Control"] == "no-store"
    place, config = tmp_path / f"file{ending}", tmp_path / "tiebreak.toml"
    config.write_text(f'store = "{site.store.name}"\n')
    said = CliRunner().invoke(
        cli, ["version", "export", "1", str(place), "--format", name, "--project", "7", "--config", str(config)]
    )
    assert said.exit_code == 0, said.output
    if place.is_file():
        assert reply.data == place.read_bytes()
    else:
        with zipfile.ZipFile(io.BytesIO(reply.data)) as packed:
            files = {one.relative_to(place).as_posix(): one.read_bytes() for one in place.rglob("*") if one.is_file()}
            assert {one: packed.read(one) for one in packed.namelist()} == files
        with send(site, "export", {"version": "1", "format": name}, "lea") as again:
            assert again.data == reply.data
    told = rows(site, "/tables/audit.json")[0]
    assert (told["action"], told["actor"]) == ("version exported", "lea")
    assert f"format {name}" in told["about"]
    reply.close()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"version": "1", "format": "yolo"}, "its answers are no boxes"),
        ({"version": "1", "format": "../csv"}, "No format is called that"),
        ({"version": "9", "format": "csv"}, "not there any more"),
        ({"version": "1", "format": "csv", "control": "x"}, "no such control"),
        ({}, "No format is called that"),
    ],
)
def test_what_cannot_be_written_is_refused_with_the_reason(site: Stage, form: Mapping[str, str], said: str) -> None:
    reply = send(site, "export", form, "lea")
    assert reply.status_code == 409
    assert said in reply.text
    assert "version exported" not in {row["action"] for row in rows(site, "/tables/audit.json")}


def test_all_versions_are_checked_and_what_was_found_stays_there(site: Stage) -> None:
    assert "Never checked from here." in page(site)
    assert send(site, "check", {}, "lea").status_code == 303
    assert "2 versions: every hash fitted when they were checked" in page(site)
    with site.store.begin() as connection:
        connection.execute(update(label_contents).values(text=EVIL))
    assert "every hash fitted" in page(site), "no content is read for the page"
    assert send(site, "check", {}, "lea").status_code == 303
    text = page(site)
    assert "version 1: its labeling interface is not what its hash says" in text
    assert EVIL not in text
    newest = rows(site, "/tables/audit.json")[0]
    assert (newest["action"], newest["about"]) == ("versions verified", "versions 2, wrong 1 2")


@pytest.mark.parametrize("action", ["keep", "export", "check", "tag", "restore", "look", "put-back"])
def test_who_may_only_look_does_nothing(site: Stage, action: str) -> None:
    form = {"version": "1", "format": "csv", "tag": "x", "why": "x", "sure": "yes"}
    assert send(site, action, form, "vic").status_code == 403
    assert send(site, action, form, "out").status_code == 404
