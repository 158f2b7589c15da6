"""Publishing guidelines from the page: what was shown becomes the instructions, or nothing is done, with the reason."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from label_config.guidelines import instructions
from sync.dashboard.pages import overview
from sync.dashboard.pages.rulings import PAGE
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.opening import Services
from sync.settings import Settings
from sync.store import guideline_versions, tables
from sync.store.lease import lease
from sync.store.tables import audit_events, rulings
from sync.web.app import create_app

from .stage import COMPILED, HOUR, START, Stage
from .test_rulings import EVIL, made, site  # noqa: F401 - fixtures

NOW = START + 980 * HOUR
SURE = {"version": "2", "before": "1", "sure": "yes"}


@dataclass
class Server:
    """A Label Studio with one project; ``away``: nothing answers, ``lost``: the answer to a change never arrives."""

    text: str = ""
    away: bool = False
    lost: bool = False
    changes: list[Mapping[str, Any]] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("refused")
        assert request.url.path.rstrip("/") == "/api/projects/7"
        if request.method == "PATCH":
            self.changes.append(json.loads(request.content))
            self.text = self.changes[-1]["expert_instruction"]
            if self.lost:
                raise httpx.ReadTimeout("lost")
        told = {"id": 7, "created_at": "2026-01-01T00:00:00Z", "expert_instruction": self.text}
        return httpx.Response(200, json=told)

    @contextmanager
    def opened(self, one: Stage) -> Iterator[Services]:
        http = httpx.Client(transport=httpx.MockTransport(self.answer))
        transport = Transport("http://ls.example", "0" * 40, http=http, sleep=lambda _: None, timeout=1)
        with LabelStudio(transport) as gateway:
            yield Services(one.store, gateway, None, one.settings, lambda: NOW)


def client(one: Stage, name: str, server: Server) -> FlaskClient:
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"], label_studio_url="http://ls.example")
    pages = [overview.PAGE, PAGE]
    app = create_app(
        settings, one.store, lambda _: None, clock=lambda: NOW, pages=pages, outside=lambda: server.opened(one)
    )
    app.jinja_env.bytecode_cache = COMPILED
    found = app.test_client()
    found.environ_base["HTTP_X_USER"] = name
    return found


def send(one: Stage, server: Server, form: Mapping[str, str], name: str = "lea") -> Any:
    lead = client(one, name, server)
    token = re.findall(r'name="form_token" value="([^"]+)"', lead.get("/projects/7/rulings").text)
    return lead.post("/projects/7/rulings/do/publish", data={"form_token": token[0], **form})


def come_back(one: Stage) -> int:
    with one.store.read() as connection:
        return int(connection.execute(select(func.count(rulings.c.comes_back))).scalar_one())


def published(one: Stage) -> int | None:
    with one.store.read() as connection:
        found = guideline_versions.published(connection, one.key)
    return found.number if found else None


def test_it_says_what_will_change_and_does_just_that(site: Stage) -> None:  # noqa: F811
    server = Server()
    page = " ".join(client(site, "lea", server).get("/projects/7/rulings").text.split())
    assert "<b>1 ruling</b> that the change touches comes back for review" in page
    assert "Publish version 2" in page
    assert EVIL not in page
    reply = send(site, server, SURE)
    assert (reply.status_code, reply.location) == (303, "/projects/7/rulings?done=publish")
    with site.store.read() as connection:
        newest = guideline_versions.newest(connection, site.key)
        assert newest is not None
        query = select(audit_events.c.actor).where(audit_events.c.action == "guidelines published")
        assert list(connection.execute(query).scalars()) == ["login:2"]
    assert server.changes == [{"expert_instruction": instructions(newest.entries, 2)}]
    assert (published(site), come_back(site)) == (2, 1)
    after = " ".join(client(site, "lea", server).get("/projects/7/rulings?done=publish").text.split())
    assert "Published: annotators read this version now." in after
    assert "Annotators read version 2 of the guidelines." in after
    assert "Publish version" not in after
    assert send(site, server, SURE).status_code == 409, "sent twice it is not done twice"
    assert len(server.changes) == 1


def test_where_only_words_changed_no_ruling_comes_back(site: Stage) -> None:  # noqa: F811
    assert send(site, Server(), {**SURE, "words": "yes"}).status_code == 303
    assert (published(site), come_back(site)) == (2, 0)


def test_instructions_that_somebody_wrote_are_not_overwritten_unless_it_is_said(site: Stage) -> None:  # noqa: F811
    server = Server(text=f"By hand. {EVIL}" + "x" * 1000)
    reply = send(site, server, SURE)
    assert reply.status_code == 409
    assert "By hand." in reply.text
    assert "tick that they may be replaced" in reply.text
    assert EVIL not in reply.text
    assert (server.changes, published(site), come_back(site)) == ([], 1, 0)
    assert send(site, server, {**SURE, "replace": "yes"}).status_code == 303
    assert published(site) == 2


def test_with_a_server_that_is_away_nothing_is_done_and_it_is_said(site: Stage) -> None:  # noqa: F811
    server = Server(away=True)
    reply = send(site, server, SURE)
    assert reply.status_code == 502
    assert "http://ls.example" in reply.text
    assert (published(site), come_back(site)) == (1, 0)
    server.away = False
    assert send(site, server, SURE).status_code == 303


def test_what_arrived_and_was_not_answered_is_finished_when_it_is_sent_again(site: Stage) -> None:  # noqa: F811
    server = Server(lost=True)
    assert send(site, server, SURE).status_code == 502
    assert (published(site), come_back(site)) == (1, 0)
    server.lost = False
    assert send(site, server, SURE).status_code == 303
    assert (len(server.changes), published(site), come_back(site)) == (1, 2, 1)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({**SURE, "sure": ""}, "Tick that you are sure"),
        ({**SURE, "version": "1"}, "Somebody wrote version 2 meanwhile"),
        ({**SURE, "before": "0"}, "Somebody published another version meanwhile"),
        ({}, "Tick that you are sure"),
    ],
)
def test_what_was_not_shown_is_not_published(site: Stage, form: Mapping[str, str], said: str) -> None:  # noqa: F811
    server = Server()
    reply = send(site, server, form)
    assert reply.status_code == 409
    assert said in reply.text
    assert (server.changes, published(site)) == ([], 1)


def test_it_waits_for_no_run_for_long(site: Stage, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("sync.dashboard.publishing.PAGE_SECONDS", 0.0)
    server = Server()
    with lease(site.store, "project 7", "elsewhere/1:1:other", lambda: NOW, 120):
        reply = send(site, server, SURE)
    assert reply.status_code == 409
    assert "another run is at work" in reply.text
    assert (server.changes, published(site)) == ([], 1)


def test_a_viewer_sees_no_button_and_may_not(site: Stage) -> None:  # noqa: F811
    server = Server()
    text = client(site, "vic", server).get("/projects/7/rulings").text
    assert "Publish version" not in text
    assert "Leads publish it." in text
    assert send(site, server, SURE, "vic").status_code == 403
    assert send(site, server, SURE, "out").status_code in (403, 404)
    assert (server.changes, published(site)) == ([], 1)


def test_the_first_version_is_published_too(tmp_path: Path, made: Callable[[Path], Stage]) -> None:  # noqa: F811
    one = made(tmp_path)
    with one.store.begin() as connection:
        connection.execute(update(tables.guideline_versions).values(published_at=None))
    server = Server()
    assert send(one, server, {**SURE, "before": "0"}).status_code == 303
    assert (published(one), len(server.changes)) == (2, 1)
