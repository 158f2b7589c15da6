"""The page of annotators: its numbers are those of `tiebreak annotators`; leads decide with reasons; names can hide."""

import csv
import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import distinct, func, select, update
from typer.testing import CliRunner

from sync.cli import app
from sync.people.kept import keep_people
from sync.settings import Settings
from sync.store import assessments, decisions, helpful, logins
from sync.store.tables import annotation_versions as versions
from sync.store.tables import annotations, answers, audit_events, codes, reviews, tasks
from sync.web.app import create_app

from .looking import complaints_of_axe, served
from .stage import HOUR, START, Stage, application, browser, crowd, stage, texts, unmarked

EVIL = "<script>alert(1)</script>"
PEOPLE = {1: "Ann", 2: EVIL, 3: "=cmd|' /C calc'!A0", 4: "Dora"}
HERE = "/projects/7/annotators"


def world(folder: Path) -> Stage:
    """Four people, one of whom guesses from the middle on; two rulings, a pause and a helpful reason."""
    rng = random.Random(3)
    one = stage(folder).people(PEOPLE).create(texts(90), overlap=3)
    told = crowd(90, {1: 0.95, 2: 0.9, 4: 0.85}, each=2)
    told += [(place, 3, rng.choice(("positive", "negative"))) for place in range(60, 90)]
    first = {place: label for place, person, label in reversed(told) if person != 3}
    one.answer(sorted([*told, *((place, 3, first[place]) for place in range(60))]))
    with one.store.begin() as connection:
        given = select(answers.c.version, codes.c.answer).join(codes, codes.c.id == answers.c.code)
        for version, answer in connection.execute(given.order_by(answers.c.version)).all():
            said = {"id": f"r{version}", "from_name": "sentiment", "to_name": "text", "type": "choices"}
            changed = {
                "result": [{**said, "value": {"choices": json.loads(answer)}}],
                "lead_time": rng.gammavariate(4, 2),
            }
            connection.execute(update(versions).where(versions.c.id == version).values(changed))
    one.assess().push()
    one.rule([{"label": "neutral", "reviewer": 1, "cause": "slip", "rationale": f"{EVIL} Praise and complaint."}])
    one.assess()
    keep_people(one.store, one.key, one.settings, lambda: START + 970 * HOUR)
    with one.store.begin() as connection:
        decisions.decide(connection, one.key, 3, "pause", f"Guesses {EVIL}", now=START, actor="login:0")
        helpful.mark(connection, 1, now=START, actor="login:0")
    return one


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """For tests that only look."""
    one = world(tmp_path_factory.mktemp("annotators"))
    yield one
    one.store.close()


def text(client: FlaskClient, path: str) -> str:
    reply = client.get(path)
    assert reply.status_code == 200
    return unmarked(reply.text)


def rows(client: FlaskClient, path: str) -> list[dict[str, Any]]:
    found = client.get(path)
    assert found.status_code == 200, path
    return list(json.loads(found.text)["rows"])


def test_the_numbers_are_those_of_the_command_line(seen: Stage, tmp_path: Path) -> None:
    file = tmp_path / "tiebreak.toml"
    file.write_text(f'store = "{seen.store.name}"\nbootstrap = 100\n')
    said = CliRunner().invoke(app, ["annotators", "--project", "7", "--json", "--config", str(file)])
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    people = {one["annotator"]: one for one in told["controls"]["sentiment"]}
    client = browser(seen)
    shown = {row["person"]: row for row in rows(client, f"{HERE}.json")}
    assert set(shown) == set(PEOPLE.values())
    for number, name in PEOPLE.items():
        assert shown[name]["answers"] == people[number]["annotations"]
        for key in ("reliability", "agreement", "gold"):
            assert shown[name][key] == people[number][key]["value"]
            assert shown[name][f"{key}_low"] == people[number][key]["low"]
    changes = [row for row in rows(client, f"{HERE}/tables/talk.json") if row["kind"] == "change"]
    assert len(changes) == sum(len(one["changes"]) for one in people.values()) > 0
    page = text(client, f"{HERE}?person=3")
    for cell in people[3]["confusion"]["positive"].values():
        assert cell == 0 or f"<small>{cell:.1f}</small>" in page


def test_pairs_are_those_of_the_assessment(seen: Stage) -> None:
    client = browser(seen)
    with seen.store.read() as connection:
        stored = assessments.latest(connection, seen.key)
    assert stored is not None
    pairs = {
        tuple(PEOPLE[one] for one in pair["annotators"]): pair
        for pair in stored.report["controls"]["sentiment"]["pairs"]
    }
    found = {(one["first"], one["second"]): one for one in rows(client, f"{HERE}/tables/pairs.json")}
    assert found.keys() == {pair for pair, one in pairs.items() if one["tasks"]}
    for pair, row in found.items():
        known = pairs[pair]
        assert row["tasks"] == known["tasks"]
        assert (row["kappa"], row["kappa_low"], row["kappa_high"]) == tuple(
            known["cohen_kappa"][name] for name in ("value", "low", "high")
        )
        assert row["agreement"] == known["percent_agreement"]["value"]


def test_rulings_on_somebody_lead_to_their_tasks(seen: Stage) -> None:
    client = browser(seen)
    found = [row for person in PEOPLE for row in rows(client, f"{HERE}/tables/rulings.json?person={person}")]
    with seen.store.read() as connection:
        (task,) = connection.execute(
            select(tasks.c.label_studio_id)
            .join(reviews, reviews.c.task == tasks.c.id)
            .where(reviews.c.state == "ruled")
        ).scalars()
        given = connection.execute(
            select(func.count(distinct(versions.c.annotator)))
            .join(annotations, annotations.c.current == versions.c.id)
            .join(answers, answers.c.version == versions.c.id)
            .join(tasks, tasks.c.id == annotations.c.task)
            .where(tasks.c.label_studio_id == task)
        ).scalar_one()
    assert {(row["task"], row["ruled"], row["cause"]) for row in found} == {(str(task), "neutral", "slip")}
    assert len(found) == given
    pages = [text(client, f"{HERE}?person={person}") for person in PEOPLE]
    address = f"http://localhost:8080/projects/7/data?task={task}"
    lists = [page[page.index('id="table-rulings"') : page.index('id="table-people"')] for page in pages]
    assert sum(address in one for one in lists) == given


def test_sorting_searching_and_filtering_are_in_the_address(seen: Stage) -> None:
    client = browser(seen)
    ordered = [row["person"] for row in rows(client, f"{HERE}.json?sort=-reliability")]
    assert ordered == [row["person"] for row in rows(client, f"{HERE}.json")][::-1]
    assert [row["person"] for row in rows(client, f"{HERE}.json?state=paused")] == [PEOPLE[3]]
    assert [row["person"] for row in rows(client, f"{HERE}.json?search=dor")] == ["Dora"]
    assert "Nothing fits" in text(client, f"{HERE}?search=nobody")


def test_names_can_be_hidden_everywhere(seen: Stage) -> None:
    client = browser(seen)
    page = text(client, f"{HERE}?names=hidden")
    places = set(re.findall(r'(?:href|src|srcset)="([^"]+\.(?:csv|json|svg|png)[^"]*)"', page))
    assert all("names=hidden" in place for place in places if "/annotators" in place)
    key = re.search(r"person=(p\d)&amp;names=hidden#person", page)
    assert key
    chosen = text(client, f"{HERE}?person={key[1]}&names=hidden")
    assert 'id="person"' in chosen
    own = [place.replace("&amp;", "&") for place in places if "/annotators" in place]
    files = [client.get(place).data.decode("latin-1") for place in own]
    for said in (page, chosen, *files):
        for name in ("Dora", "Ann<", "calc", "user4@", "Guesses"):
            assert name not in said
    assert 'name="reason"' not in chosen
    assert 'id="person"' not in text(client, f"{HERE}?person=3&names=hidden")


def test_what_people_typed_is_only_text(seen: Stage) -> None:
    client = browser(seen)
    for path in (HERE, f"{HERE}?person=2", f"{HERE}?person=3&control={EVIL}&names={EVIL}"):
        page = text(client, path)
        assert EVIL not in page
        assert "style=" not in page
    cells = [one[0] for one in csv.reader(io.StringIO(client.get(f"{HERE}.csv").text))]
    assert f"'{PEOPLE[3]}" in cells


def test_recognition_names_nobody_who_is_not_sure_and_no_board_is_shown(seen: Stage) -> None:
    page = text(browser(seen), HERE)
    assert "Nobody's improvement is sure" in page or "right answers in the second half" in page
    assert "Praise and complaint." in page
    assert "leaderboard" not in page.lower()
    keep_people(seen.store, seen.key, seen.settings.model_copy(update={"leaderboard": "by quality"}), lambda: START)
    board = rows(browser(seen), f"{HERE}/tables/leaderboard.json")
    assert board[0]["place"] == 1
    keep_people(seen.store, seen.key, seen.settings, lambda: START)


def test_before_anything_is_known_it_says_what_to_do(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(9), overlap=2)
    assert "tiebreak run 7" in text(browser(one), HERE)
    one.assess()
    assert "come with the next run" in text(browser(one), HERE)
    keep_people(one.store, one.key, one.settings, lambda: START)
    assert "Nobody has answered yet" in text(browser(one), HERE)
    one.answer([(0, 1, "positive"), (1, 1, "neutral")]).assess()
    keep_people(one.store, one.key, one.settings, lambda: START)
    page = text(browser(one), f"{HERE}?person=1")
    assert "No two people have answered the same task" in page
    assert 'id="person"' in page


@pytest.fixture
def decided(tmp_path: Path) -> Iterator[Stage]:
    """For tests that write: with a lead of the project, a viewer, and a lead of another project."""
    one = stage(tmp_path).people({1: "Ann", 2: "Bo", 3: "Cy"}).create(texts(12), overlap=3)
    one.answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5})).assess()
    keep_people(one.store, one.key, one.settings, lambda: START)
    with one.store.begin() as connection:
        for name, role in (("lea", "lead"), ("vic", "viewer")):
            logins.add(connection, name, role, None, START)
        logins.add(connection, "out", None, None, START)
    yield one
    one.store.close()


def logged_in(one: Stage, name: str) -> FlaskClient:
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
    found = create_app(settings, one.store, lambda _: None, clock=lambda: START + HOUR).test_client()
    found.environ_base["HTTP_X_USER"] = name
    return found


def form_of(page: str) -> dict[str, str]:
    form = page[page.index('class="act"') :].split("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def test_a_lead_decides_with_a_reason_once_and_it_is_recorded(decided: Stage) -> None:
    lead = logged_in(decided, "lea")
    form = form_of(lead.get(f"{HERE}?person=3").text)
    assert form["person"] == "3"
    for name, reason, status in (
        ("pause", " ", 409),
        ("resume", "Too early.", 409),
        ("pause", "We talk on Monday.", 303),
        ("pause", "Again.", 409),
        ("resume", "We talked.", 303),
        ("coach", "Reads neutral otherwise.", 303),
    ):
        reply = lead.post(f"{HERE}/do/{name}", data={**form, "reason": reason})
        assert (name, reason, reply.status_code) == (name, reason, status)
        assert "tiebreak people" not in reply.text, "the page has a button for it"
    assert lead.post(f"{HERE}/do/pause", data={**form, "person": "99", "reason": "x"}).status_code == 409
    assert "person=3" in reply.location
    page = text(lead, reply.location)
    for said in ("Noted that you talk with them", "We talk on Monday.", "We talked.", "lea", "quality"):
        assert said in page
    with decided.store.read() as connection:
        found = decisions.decisions_of(connection, decided.key)
        events = connection.execute(select(audit_events.c.action, audit_events.c.actor)).all()
    assert [(one.action, one.reason, one.decided_by) for one in reversed(found)] == [
        ("pause", "We talk on Monday.", "login:1"),
        ("resume", "We talked.", "login:1"),
        ("coach", "Reads neutral otherwise.", "login:1"),
    ]
    assert [tuple(one) for one in events if one.action.startswith("person ")] == [
        (f"person {name}", "login:1") for name in ("pause", "resume", "coach")
    ]
    (row,) = [one for one in rows(lead, f"{HERE}/tables/decisions.json") if one["decision"] == "pause"]
    assert (row["why"], row["by"], row["person"]) == ("We talk on Monday.", "lea", "Cy")
    viewer = logged_in(decided, "vic")
    page = text(viewer, f"{HERE}?person=3")
    assert "Cy" in page
    assert not [
        said for said in ("We talk", "Reads neutral", "Decisions about people", "What leads decided") if said in page
    ]
    assert [viewer.get(f"{HERE}/tables/decisions.{kind}").status_code for kind in ("json", "csv")] == [404, 404]


def test_others_are_refused(decided: Stage) -> None:
    form = form_of(logged_in(decided, "lea").get(f"{HERE}?person=3").text) | {"reason": "x"}
    viewer, outside = logged_in(decided, "vic"), logged_in(decided, "out")
    assert 'name="reason"' not in viewer.get(f"{HERE}?person=3").text
    assert viewer.post(f"{HERE}/do/pause", data=form).status_code == 403
    for path in (HERE, f"{HERE}.csv", f"{HERE}/tables/talk.json"):
        assert outside.get(path).status_code == 404
    assert outside.post(f"{HERE}/do/pause", data=form).status_code in (403, 404)
    assert logged_in(decided, "lea").post(f"{HERE}/do/pause", data=form | {"form_token": "0"}).status_code == 403
    with decided.store.read() as connection:
        assert decisions.decisions_of(connection, decided.key) == []


@pytest.mark.browser
def test_axe_finds_nothing_on_the_page_of_somebody(seen: Stage, chromium: Browser) -> None:
    with served(application(seen)) as address:
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light", bypass_csp=True)
        page.goto(f"{address}{HERE}?person=3")
        for one in page.locator("details").all():
            one.evaluate("one => { one.open = true }")
        assert complaints_of_axe(page) == []
        page.emulate_media(color_scheme="dark")
        assert complaints_of_axe(page, ["color-contrast"]) == []
        page.set_viewport_size({"width": 360, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.close()
