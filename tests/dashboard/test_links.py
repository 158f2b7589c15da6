"""Personal links made on the page of annotators: shown once, audited, ended again; for leads alone."""

import html
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from sync.dashboard.pages import annotators, overview, task
from sync.settings import Settings
from sync.store import logins, personal_links
from sync.store.tables import audit_events, forgotten_people
from sync.web.app import create_app

from .stage import COMPILED, HOUR, START, Stage, copies, crowd, stage, texts

EVIL = "<script>alert(1)</script>"
NOW = START + 980 * HOUR
HERE = "/projects/7/annotators"
NEW = {"person": "2", "since": "0", "days": "30"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Stage]:
    folder = tmp_path_factory.mktemp("made")
    one = stage(folder).people({1: "Ann", 2: f"Bo {EVIL}", 3: "Cy"}).create(texts(12), overlap=3)
    one.answer(crowd(12, {1: 0.9, 2: 0.6, 3: 0.5})).assess().summarise()
    with one.store.begin() as connection:
        for name, role in (("ann", "admin"), ("lea", "lead"), ("vic", "viewer")):
            logins.add(connection, name, role, None, START)
        logins.add(connection, "out", None, None, START)
    return copies(one, folder)


@pytest.fixture
def site(made: Callable[[Path], Stage], tmp_path: Path) -> Stage:
    return made(tmp_path)


def client(one: Stage, name: str, now: int = NOW) -> FlaskClient:
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
    pages = [overview.PAGE, annotators.PAGE, task.PAGE]
    app = create_app(settings, one.store, lambda _: None, clock=lambda: now, pages=pages)
    app.jinja_env.bytecode_cache = COMPILED
    found = app.test_client()
    found.environ_base["HTTP_X_USER"] = name
    return found


def send(one: Stage, action: str, form: Mapping[str, str], name: str = "lea") -> Any:
    sender = client(one, name)
    token = re.findall(r'name="form_token" value="([^"]+)"', sender.get(HERE).text)
    return sender.post(f"{HERE}/do/{action}", data={"form_token": token[0], **form})


def since(one: Stage, person: int = 2) -> str:
    with one.store.read() as connection:
        return str(next(link.made_at for link in personal_links.links_of(connection, one.key) if link.person == person))


def events(one: Stage) -> list[tuple[str, str]]:
    with one.store.read() as connection:
        query = select(audit_events.c.actor, audit_events.c.action).where(audit_events.c.action.startswith("link"))
        return [(actor, action) for actor, action in connection.execute(query.order_by(audit_events.c.id))]


def test_a_lead_makes_a_link_which_is_shown_once_and_opens_their_numbers(site: Stage) -> None:
    page = client(site, "lea").get(f"{HERE}?person=2").text
    assert "Make a link" in page
    reply = send(site, "link", NEW)
    assert reply.status_code == 200
    assert EVIL not in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert "data-live" not in reply.text
    (link,) = re.findall(r'value="http://localhost(/mine/mine_[\w-]+)"', reply.text)
    nobody = client(site, "")
    assert nobody.get(link).status_code == 200
    assert events(site) == [("login:2", "link made")]
    lead = client(site, "lea")
    for path in (f"{HERE}?person=2", f"{HERE}/tables/links.json", f"{HERE}/tables/links.csv"):
        text = lead.get(path).text
        assert link.removeprefix("/mine/") not in text
    (row,) = lead.get(f"{HERE}/tables/links.json").get_json()["rows"]
    assert (row["person"], row["by"], row["state"]) == (f"Bo {EVIL}", "lea", "opened")
    assert row["ends"] > row["made"]
    page = html.unescape(lead.get(f"{HERE}?person=2").text)
    assert "Make a new link" in page
    assert EVIL not in lead.get(f"{HERE}?person=2").text


def test_a_form_that_is_sent_again_ends_nothing(site: Stage) -> None:
    first = re.findall(r"/mine/mine_[\w-]+", send(site, "link", NEW).text)[0]
    assert send(site, "link", NEW).status_code == 409
    assert client(site, "").get(first).status_code == 200
    assert send(site, "link", {**NEW, "since": since(site)}).status_code == 200
    assert client(site, "").get(first).status_code == 404, "a new one ends the one before"


def test_a_lead_ends_a_link(site: Stage) -> None:
    link = re.findall(r"/mine/mine_[\w-]+", send(site, "link", NEW).text)[0]
    form = {"person": "2", "since": since(site)}
    assert send(site, "unlink", {**form, "since": "5"}).status_code == 409
    reply = send(site, "unlink", form)
    assert (reply.status_code, reply.location) == (303, f"{HERE}?done=unlink")
    assert client(site, "").get(link).status_code == 404
    assert send(site, "unlink", form).status_code == 409
    assert events(site) == [("login:2", "link made"), ("login:2", "link revoked")]


def test_what_is_known_of_a_link_changes_with_time(site: Stage) -> None:
    send(site, "link", NEW)
    states = [
        client(site, "lea", now).get(f"{HERE}/tables/links.json").get_json()["rows"][0]["state"]
        for now in (NOW, NOW + 31 * 24 * HOUR)
    ]
    assert states == ["not opened yet", "over"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({**NEW, "person": "9"}, "Nobody of that number"),
        ({**NEW, "person": "x" * 50}, "Nobody of that number"),
        ({**NEW, "days": "0"}, "from 1 to 365"),
        ({**NEW, "days": "366"}, "from 1 to 365"),
        ({**NEW, "days": "²"}, "from 1 to 365"),
        ({}, "Nobody of that number"),
    ],
)
def test_what_cannot_be_a_link_is_refused(site: Stage, form: Mapping[str, str], said: str) -> None:
    reply = send(site, "link", form)
    assert reply.status_code == 409
    assert said in reply.text
    assert events(site) == []


def test_who_asked_to_be_forgotten_gets_none(site: Stage) -> None:
    with site.store.begin() as connection:
        connection.execute(insert(forgotten_people).values(id=2, at=START))
    reply = send(site, "link", NEW)
    assert reply.status_code == 409
    assert "asked to be forgotten" in reply.text


def test_others_neither_see_nor_make_links(site: Stage) -> None:
    send(site, "link", NEW)
    viewer = client(site, "vic")
    page = viewer.get(f"{HERE}?person=2").text
    assert "Make a" not in page
    assert "Personal links" not in page
    assert viewer.get(f"{HERE}/tables/links.json").status_code == 404
    assert send(site, "link", {**NEW, "since": since(site)}, "vic").status_code == 403
    assert send(site, "unlink", {"person": "2", "since": since(site)}, "vic").status_code == 403
    assert client(site, "out").get(HERE).status_code == 404
    assert events(site) == [("login:2", "link made")]


def test_hidden_names_are_hidden_here_too(site: Stage) -> None:
    send(site, "link", NEW)
    (row,) = client(site, "lea").get(f"{HERE}/tables/links.json?names=hidden").get_json()["rows"]
    assert row["person"].startswith("Person ")
    assert row["by"] == "a lead"
