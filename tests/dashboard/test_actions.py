"""What is done on a page: by whom it may be, in one transaction with its event, and how the reader hears of it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy import select

from sync.dashboard.page import PROJECT, Action, Asked, Done, Errand, Page, Refused, Sent, Told
from sync.dashboard.pages import overview
from sync.errors import Busy, Unauthorized, Unreachable
from sync.opening import Services, for_a_page
from sync.settings import Settings
from sync.store import logins
from sync.store.engine import Store
from sync.store.lease import beat
from sync.store.tables import audit_events, heartbeats
from sync.web.app import create_app

from .stage import START, Stage, texts

TEMPLATE = """{% extends "layout.html" %}{% import "parts.html" as parts with context %}{% block main %}
{% call parts.form("note", "Keep") %}<input name="text">{% endcall %}{% endblock %}"""


def note(asked: Asked, form: Mapping[str, str]) -> Done:
    beat(asked.connection, "note", asked.now, True, form["text"])
    if form["text"] == "never":
        raise Refused("Write something else.")
    return Done(subject={"note": 1}, why={"length": len(form["text"])}, words={"text": form["text"]}, person=1)


def secret(asked: Asked, form: Mapping[str, str]) -> Told:
    beat(asked.connection, "note", asked.now, True, "secret")
    return Told("told.html", {"secret": form["text"]})


def bring(outside: Services, sent: Sent) -> None:
    """What an errand does is kept although it fails later, since it is in no transaction of the page's."""
    with outside.store.begin() as connection:
        beat(connection, "note", outside.clock(), True, f"{sent.project.label_studio_id} {sent.actor}")
    if sent.form["text"] == "away":
        raise Unreachable("Label Studio http://ls.example does not answer")
    if sent.form["text"] == "busy":
        raise Busy("project 7: another run is at work")


NOTES = Page(
    "notes",
    "Notes",
    f"{PROJECT}/notes",
    lambda _: {},
    actions={
        "note": Action(note, "note kept", "The note is kept."),
        "secret": Action(secret, "", ""),
        "bring": Errand(bring, "It was brought.", needs="admin"),
    },
)


@pytest.fixture
def site(store: Store) -> Stage:
    """A project, and a page of it where notes are kept."""
    one = Stage(store).create(texts(1))
    with store.begin() as connection:
        for name, role in (("ann", "admin"), ("lea", "lead"), ("vic", "viewer")):
            logins.add(connection, name, role, None, START)
    return one


@contextmanager
def near(one: Stage) -> Iterator[Services]:
    """What errands ask: nobody is asked before something is sent."""
    settings = Settings(label_studio_token="0" * 40, backend_url="http://backend.example")
    with for_a_page(settings, one.store, lambda: START) as outside:
        assert outside.backend is not None
        yield outside


def client(one: Stage, name: str) -> FlaskClient:
    """Somebody whom a proxy logged in."""
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
    pages = [overview.PAGE, NOTES]
    app = create_app(settings, one.store, lambda _: None, clock=lambda: START, pages=pages, outside=lambda: near(one))
    app.jinja_loader = DictLoader({"notes.html": TEMPLATE, "told.html": "{{ secret }} at {{ here }}"})
    found = app.test_client()
    found.environ_base["HTTP_X_USER"] = name
    return found


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the form."""
    form = page[page.index('class="act"') :].split("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def noted(one: Stage) -> list[str]:
    with one.store.read() as connection:
        return list(connection.execute(select(heartbeats.c.message).where(heartbeats.c.name == "note")).scalars())


def events(one: Stage) -> list[tuple[str, str, int | None]]:
    with one.store.read() as connection:
        rows = connection.execute(select(audit_events).where(audit_events.c.action == "note kept"))
        return [(row.actor, row.action, row.project) for row in rows]


@pytest.mark.parametrize("name", ["ann", "lea"])
def test_it_is_done_audited_and_said(site: Stage, name: str) -> None:
    lead = client(site, name)
    form = form_of(lead.get("/projects/7/notes?sort=x").text)
    reply = lead.post("/projects/7/notes/do/note", data={**form, "text": "mind the lift"})
    assert (reply.status_code, reply.location) == (303, "/projects/7/notes?sort=x&done=note")
    assert "The note is kept." in lead.get(reply.location).text
    assert noted(site) == ["mind the lift"]
    ((actor, _, project),) = events(site)
    assert (actor, project) == (f"login:{['ann', 'lea'].index(name) + 1}", site.key)


def test_a_viewer_sees_no_form_and_is_refused(site: Stage) -> None:
    viewer, lead = client(site, "vic"), client(site, "lea")
    form = form_of(lead.get("/projects/7/notes").text)
    assert 'class="act"' not in viewer.get("/projects/7/notes").text
    assert viewer.post("/projects/7/notes/do/note", data={**form, "text": "x"}).status_code == 403
    assert noted(site) == []


def test_what_is_refused_leaves_nothing_and_says_why(site: Stage) -> None:
    lead = client(site, "lea")
    form = form_of(lead.get("/projects/7/notes").text)
    reply = lead.post("/projects/7/notes/do/note", data={**form, "text": "never"})
    assert reply.status_code == 409
    assert "Write something else." in reply.text
    assert (noted(site), events(site)) == ([], [])


def test_a_form_of_somebody_else_is_refused(site: Stage) -> None:
    lead = client(site, "lea")
    form = form_of(lead.get("/projects/7/notes").text)
    assert lead.post("/projects/7/notes/do/note", data={"text": "x"}).status_code == 403
    assert lead.post("/projects/7/notes/do/note", data={**form, "form_token": "0" * 64, "text": "x"}).status_code == 403
    assert lead.post("/projects/8/notes/do/note", data={**form, "text": "x"}).status_code == 404
    assert noted(site) == []


@pytest.mark.parametrize("back", ["//elsewhere.example", "https://elsewhere.example", "a=b&done=other", "\r\nX: y"])
def test_it_leads_back_to_its_own_page_alone(site: Stage, back: str) -> None:
    lead = client(site, "lea")
    form = form_of(lead.get("/projects/7/notes").text)
    reply = lead.post("/projects/7/notes/do/note", data={**form, "back": back, "text": "x"})
    assert re.fullmatch(r"/projects/7/notes\?[\w&=%.]*done=note[\w&=%.]*", reply.location)


def test_nothing_new_is_said_in_a_word(site: Stage) -> None:
    lead = client(site, "lea")
    lead.get("/projects/7/notes")
    tag = lead.get("/projects/7/notes").headers["ETag"]
    same = {"If-None-Match": tag}
    assert lead.get("/projects/7/notes", headers=same).status_code == 304
    assert lead.get("/projects/7/notes?sort=x", headers=same).status_code == 200
    assert client(site, "vic").get("/projects/7/notes", headers=same).status_code == 200
    with site.store.begin() as connection:
        beat(connection, "project:7:run", START, True, "")
    assert lead.get("/projects/7/notes", headers=same).status_code == 200


def test_a_secret_is_told_in_the_answer_alone(site: Stage) -> None:
    lead = client(site, "lea")
    form = form_of(lead.get("/projects/7/notes").text)
    reply = lead.post("/projects/7/notes/do/secret", data={**form, "text": "<b>"}, headers={"Accept-Encoding": "gzip"})
    assert (reply.status_code, reply.text) == (200, "&lt;b&gt; at /projects/7/notes")
    assert reply.headers["Cache-Control"] == "no-store"
    assert noted(site) == ["secret"]


def test_an_errand_is_run_in_no_transaction_of_the_page(site: Stage) -> None:
    admin = client(site, "ann")
    form = form_of(admin.get("/projects/7/notes").text)
    reply = admin.post("/projects/7/notes/do/bring", data={**form, "text": "x"})
    assert (reply.status_code, reply.location) == (303, "/projects/7/notes?done=bring")
    assert "It was brought." in admin.get(reply.location).text
    assert noted(site) == ["7 login:1"]
    assert admin.post("/projects/8/notes/do/bring", data={**form, "text": "x"}).status_code == 404


@pytest.mark.parametrize(("text", "status", "said"), [("away", 502, "does not answer"), ("busy", 409, "at work")])
def test_an_errand_that_fails_says_why(site: Stage, text: str, status: int, said: str) -> None:
    admin, lead = client(site, "ann"), client(site, "lea")
    reply = admin.post(
        "/projects/7/notes/do/bring", data={**form_of(admin.get("/projects/7/notes").text), "text": text}
    )
    assert reply.status_code == status
    assert said in reply.text
    form = form_of(lead.get("/projects/7/notes").text)
    assert lead.post("/projects/7/notes/do/bring", data={**form, "text": "x"}).status_code == 403


def test_without_a_token_only_what_asks_label_studio_is_refused(store: Store) -> None:
    with for_a_page(Settings(backend_url="http://backend.example"), store, lambda: START) as outside:
        assert outside.backend is not None
        for _ in range(2):
            with pytest.raises(Unauthorized, match="no access token is set"):
                outside.gateway.version()
