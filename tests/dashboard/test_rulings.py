"""The page of rulings and guidelines: what was decided and why, what is written here, and who may write it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from label_config.guidelines import Entry
from sync.dashboard.pages import overview
from sync.dashboard.pages.rulings import PAGE
from sync.glossary.kept import keep_rulings
from sync.glossary.writing import difference
from sync.settings import Settings
from sync.store import guideline_versions, guidelines, logins
from sync.store.tables import audit_events, helpful_rationales, rulings
from sync.web.app import create_app

from .stage import COMPILED, HOUR, START, Stage, copies, crowd, stage, texts

EVIL = "<script>alert(1)</script>"
SAID = (
    {"label": "neutral", "reviewer": 1, "cause": "guideline gap", "rationale": f"A joke: complaint or not? {EVIL}"},
    {"label": "negative", "reviewer": 2, "cause": "annotator error", "rationale": "As #irony says."},
    {"label": "positive", "reviewer": 2, "cause": "edge case", "verdict": "none was right", "rationale": "=1+1"},
    {"label": "neutral", "reviewer": 1, "rationale": None},
)
IRONY = Entry("irony", "Irony", "Says the opposite.", ("Great, rain again",), control="sentiment", labels=("negative",))
WRITTEN = {
    "id": "joke",
    "term": f"Joke {EVIL}",
    "meaning": "Label what is\r\nmeant.",
    "examples": "a\r\n\r\nb",
    "tasks": "7001, 7002",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Stage]:
    """Four rulings, and two versions of the guidelines, of which the first is published."""
    folder = tmp_path_factory.mktemp("made")
    one = stage(folder).people({1: "Ann", 2: f"Bo {EVIL}", 3: "Cy"}).create(texts(12), overlap=3)
    one.answer(crowd(12, {1: 0.9, 2: 0.6, 3: 0.5})).assess().push().rule(SAID)
    with one.store.begin() as connection:
        first = guideline_versions.add(connection, one.key, [IRONY], "What irony is.", now=START, actor="login:1")
        assert first is not None
        guideline_versions.set_published(connection, first, START + HOUR)
        changed = Entry("irony", "Irony", "Says the opposite of what is meant.", (), (), "sentiment", ("negative",))
        guideline_versions.add(connection, one.key, [changed], f"Clearer. {EVIL}", now=START, actor="login:1")
        for name, role in (("ann", "admin"), ("lea", "lead"), ("vic", "viewer")):
            logins.add(connection, name, role, None, START)
        logins.add(connection, "out", None, None, START)
    return copies(one, folder)


@pytest.fixture
def site(made: Callable[[Path], Stage], tmp_path: Path) -> Stage:
    """It, for one test."""
    return made(tmp_path)


def client(one: Stage, name: str) -> FlaskClient:
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"], label_studio_url="http://ls.example")
    app = create_app(settings, one.store, lambda _: None, clock=lambda: START + 980 * HOUR, pages=[overview.PAGE, PAGE])
    app.jinja_env.bytecode_cache = COMPILED
    found = app.test_client()
    found.environ_base["HTTP_X_USER"] = name
    return found


def rows(one: Stage, path: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = client(one, "vic").get(path).get_json()["rows"]
    return found


def send(one: Stage, action: str, form: Mapping[str, str], name: str = "lea") -> Any:
    lead = client(one, name)
    token = re.findall(r'name="form_token" value="([^"]+)"', lead.get("/projects/7/rulings").text)
    return lead.post(f"/projects/7/rulings/do/{action}", data={"form_token": token[0], "version": "2", **form})


def test_the_log_has_every_ruling_with_its_reason_and_leads_to_its_task(site: Stage) -> None:
    found = rows(site, "/projects/7/rulings.json")
    assert [row["answer"] for row in found] == ["neutral", "positive", "negative", "neutral"]
    assert [row["rationale"] for row in found] == [one["rationale"] for one in SAID[::-1]]
    assert all(row["task_address"] == f"http://ls.example/projects/7/data?task={row['task']}" for row in found)
    assert {row["state"] for row in found} == {"decides"}
    assert [row["cause"] for row in rows(site, "/projects/7/rulings.json?search=JOKE")] == ["guideline gap"]
    assert len(rows(site, "/projects/7/rulings.json?cause=edge+case&verdict=none+was+right")) == 1
    assert len(rows(site, "/projects/7/rulings.json?state=comes+back")) == 0
    first = rows(site, "/projects/7/rulings.json?sort=-task")
    assert [int(row["task"]) for row in first] == sorted((int(row["task"]) for row in first), reverse=True)
    assert "'=1+1" in client(site, "vic").get("/projects/7/rulings.csv").text


def test_gaps_causes_and_what_is_touched_are_those_of_the_command_line(site: Stage) -> None:
    with site.store.read() as connection:
        gaps = guidelines.inbox(connection, site.key)
        touched = difference(connection, site.key).touched
    shown = rows(site, "/projects/7/rulings/tables/gaps.json")
    assert [(int(row["task"]), row["rationale"]) for row in shown] == [(one.task, one.rationale) for one in gaps]
    found = rows(site, "/projects/7/rulings/tables/touched.json")
    assert [(int(row["task"]), row["entries"]) for row in found] == [(one.task, "#irony") for one in touched]
    assert len(touched) == 1
    causes = rows(site, "/projects/7/rulings/tables/causes.json")
    assert {row["cause"]: row["rulings"] for row in causes} == {
        "annotator error": 1,
        "guideline gap": 1,
        "edge case": 1,
        "no cause named": 1,
    }
    text = " ".join(client(site, "vic").get("/projects/7/rulings").text.split())
    assert (
        "Reviewers named 1 gap that no rule answers yet. Version 2 is written; annotators still read version 1." in text
    )
    assert EVIL not in text
    assert 'id="write"' not in text
    assert 'class="act"' not in text


def test_what_a_run_kept_is_shown_and_what_was_ruled_since_stands_in_the_log(site: Stage) -> None:
    before = client(site, "vic").get("/projects/7/rulings")
    paths = [f"/projects/7/rulings/tables/{name}.json" for name in ("gaps", "touched", "causes", "log")]
    shown = [rows(site, path) for path in paths]
    assert keep_rulings(site.store, site.key, lambda: START)
    assert [rows(site, path) for path in paths] == shown
    assert pictures(client(site, "vic").get("/projects/7/rulings").text) == pictures(before.text)
    site.rule([{"label": "neutral", "reviewer": 1, "cause": "guideline gap", "rationale": "Another."}])
    assert [len(rows(site, path)) - len(known) for path, known in zip(paths, shown, strict=True)] == [0, 0, 0, 1]
    keep_rulings(site.store, site.key, lambda: START)
    assert [len(rows(site, path)) - len(known) for path, known in zip(paths, shown, strict=True)] == [1, 0, 0, 1]


def pictures(text: str) -> list[str]:
    """The addresses of the page's charts, which name what they show."""
    return re.findall(r'src="([^"]+\.svg)', text)


def test_the_log_counts_what_fits_and_goes_on_behind_its_end(site: Stage) -> None:
    viewer = client(site, "vic")
    for query, total in (("", 4), ("search=bo", 2), ("search=e", 4), ("search=zzz", 0), ("state=decides", 4)):
        found = viewer.get(f"/projects/7/rulings.json?{query}").get_json()["rows"]
        assert len(found) == total, query
    for query in ("", "search=bo", "cause=edge+case"):
        assert viewer.get(f"/projects/7/rulings?page=9&{query}").status_code == 200
    orders = {
        name: [row[name] for row in rows(site, f"/projects/7/rulings.json?sort={name}")]
        for name in ("reviewer", "answer")
    }
    assert all(found == sorted(found) for found in orders.values())


def test_a_lead_writes_an_entry_and_takes_it_out(site: Stage) -> None:
    reply = send(site, "write", {**WRITTEN, "why": "Jokes."})
    assert (reply.status_code, reply.location) == (303, "/projects/7/rulings?done=write")
    with site.store.read() as connection:
        newest = guideline_versions.newest(connection, site.key)
        assert newest is not None
        assert newest.entries[1:] == (
            Entry("joke", f"Joke {EVIL}", "Label what is\nmeant.", ("a", "b"), tasks=(7001, 7002)),
        )
        assert (newest.number, newest.why, newest.made_by) == (3, "Jokes.", "login:2")
        events = select(audit_events.c.actor).where(audit_events.c.action == "guidelines written")
        assert list(connection.execute(events).scalars()) == ["login:1", "login:1", "login:2"]
    text = client(site, "lea").get("/projects/7/rulings?entry=joke").text
    assert EVIL not in text
    assert 'value="joke" required' in text
    assert send(site, "remove", {"id": "irony", "why": "Nobody needs it.", "version": "3"}).status_code == 303
    assert [row["id"] for row in rows(site, "/projects/7/rulings/tables/glossary.json")] == ["joke"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({**WRITTEN, "why": " "}, "Say what changes"),
        ({**WRITTEN, "id": "Not an id", "why": "x"}, "an id has 1 to 40 small letters"),
        ({**WRITTEN, "tasks": "seven", "why": "x"}, "tasks is a list of Label Studio"),
        ({**WRITTEN, "control": "mood", "why": "x"}, "has no control"),
        ({**WRITTEN, "version": "1", "why": "x"}, "Somebody wrote version 2 of the guidelines meanwhile"),
        ({"id": "irony", "term": "", "meaning": "m", "why": "x"}, "term is missing"),
    ],
)
def test_what_cannot_be_an_entry_is_refused_with_the_reason(site: Stage, form: Mapping[str, str], said: str) -> None:
    reply = send(site, "write", form)
    assert reply.status_code == 409
    assert said in reply.text
    assert len(rows(site, "/projects/7/rulings/tables/guidelines.json")) == 2


def test_a_reason_is_marked_once_and_the_mark_is_taken_back(site: Stage) -> None:
    with site.store.read() as connection:
        ruling, *_, silent = connection.execute(select(rulings.c.id).order_by(rulings.c.id)).scalars()
    assert send(site, "helpful", {"ruling": str(ruling)}).status_code == 303
    assert send(site, "helpful", {"ruling": str(ruling)}).status_code == 409
    assert [row["marks"] for row in rows(site, "/projects/7/rulings.json?sort=-marks")] == [1, 0, 0, 0]
    assert "Take back" in client(site, "lea").get("/projects/7/rulings").text
    assert send(site, "helpful", {"ruling": str(ruling), "back_again": "1"}).status_code == 303
    for wrong in (str(silent), "99", "x", "9" * 30):
        assert send(site, "helpful", {"ruling": wrong}).status_code == 409
    with site.store.read() as connection:
        assert connection.execute(select(helpful_rationales)).first() is None


def test_a_ruling_of_another_project_cannot_be_marked(site: Stage) -> None:
    other = Stage(site.store, number=8, title="Other").create(texts(3), overlap=3)
    other.answer([(0, 1, "positive"), (0, 2, "negative"), (0, 3, "neutral")]).assess().push()
    other.rule([{"label": "neutral", "reviewer": 1, "rationale": "Theirs."}])
    with site.store.read() as connection:
        theirs = connection.execute(select(rulings.c.id).order_by(rulings.c.id.desc())).scalars().first()
    assert send(site, "helpful", {"ruling": str(theirs)}).status_code == 409


def test_who_may_look_may_not_write_and_others_see_nothing(site: Stage) -> None:
    for action, form in (
        ("write", {**WRITTEN, "why": "x"}),
        ("remove", {"id": "irony", "why": "x"}),
        ("helpful", {"ruling": "1"}),
    ):
        assert send(site, action, form, "vic").status_code == 403
    assert client(site, "out").get("/projects/7/rulings").status_code == 404
    assert client(site, "out").get("/projects/7/rulings.json").status_code == 404


def test_an_empty_project_says_how_to_begin(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(1))
    with one.store.begin() as connection:
        logins.add(connection, "ann", "admin", None, START)
    text = " ".join(client(one, "ann").get("/projects/7/rulings").text.split())
    assert "No guidelines are written yet. No gap waits for a rule." in text
    assert "Nobody has ruled yet: open a review project" in text
