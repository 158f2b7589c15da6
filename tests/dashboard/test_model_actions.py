"""Publish and roll back from the page, against the real ML backend: done, audited, refused, or not done at all."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select, update
from werkzeug.serving import BaseWSGIServer, make_server

from ml_backend.app import create_app as create_backend
from ml_backend.trainer import Trainer
from sync.store import logins, plans
from sync.store.lease import model_beat
from sync.store.tables import audit_details, audit_events, audit_words, heartbeats
from sync.web.app import create_app

from ..ml_backend.scenes import SECRET, learned, sentiment_rows, serving
from ..ml_backend.stage import Here, InHere
from .stage import HOUR, START, TOLD, Stage, crowd, stage, texts

TOLD_3 = {**TOLD, "versions": ["tiebreak-1", "tiebreak-2", "tiebreak-3"]}
KEY = f"7.{START // 1_000_000}"
PAGE = "/projects/7/model"
PROXY = {"login_header": "X-User", "trusted_proxies": ["127.0.0.1"]}
"""Without a token of Label Studio: what the backend alone does needs none."""


@dataclass
class Site:
    """The dashboard and the backend that it asks."""

    one: Stage
    backend: Here
    server: BaseWSGIServer

    def client(self, name: str = "ann") -> FlaskClient:
        """Somebody whom a proxy logged in."""
        url = f"http://127.0.0.1:{self.server.server_port}"
        given = {"backend_url": url, "secret": SecretStr(SECRET)}
        settings = self.one.settings.model_copy(update={**PROXY, **given})
        found = create_app(settings, self.one.store, lambda _: None, clock=lambda: START + 980 * HOUR).test_client()
        found.environ_base["HTTP_X_USER"] = name
        return found

    def live(self) -> str | None:
        return self.backend.outside.registry.pointer(KEY)

    def events(self) -> list[tuple[str, str]]:
        """What was recorded of models, by whom."""
        with self.one.store.read() as connection:
            query = select(audit_events).where(audit_events.c.action.like("model%")).order_by(audit_events.c.id)
            return [(row.action, row.actor) for row in connection.execute(query)]

    def details(self) -> str:
        """All that was recorded beside it."""
        with self.one.store.read() as connection:
            found = [connection.execute(select(one.c.text)).scalars().all() for one in (audit_details, audit_words)]
            return "\n".join(text for texts in found for text in texts)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backend's folder with three versions, the newest of which is live."""
    folder = tmp_path_factory.mktemp("taught")
    outside = serving(folder)
    for count in (60, 80, 100):
        learned(outside, sentiment_rows(count), project=KEY)
    return folder


@pytest.fixture
def site(tmp_path: Path, taught: Path) -> Iterator[Site]:
    """Who asks is of three roles; the project is to be run in a while."""
    shutil.copytree(taught, tmp_path / "ml")
    outside = serving(tmp_path / "ml")
    one = stage(tmp_path).create(texts(12), overlap=3).answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5})).assess().score()
    with one.store.begin() as connection:
        for name, role in (("ann", "admin"), ("lea", "lead"), ("vic", "viewer")):
            logins.add(connection, name, role, None, START)
        plans.begin(connection, [7], START + 2000 * HOUR, HOUR, afresh=False)
        connection.execute(
            update(heartbeats).where(heartbeats.c.name == model_beat(7)).values(message=json.dumps(TOLD_3))
        )
    here = Here(outside)
    server = make_server("127.0.0.1", 0, create_backend(outside, here.trainer))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Site(one, here, server)
    server.shutdown()
    thread.join()
    server.server_close()
    one.store.close()


def send(client: FlaskClient, action: str, **fields: str) -> tuple[int, str]:
    """A form as the page has it (any form of the page has the token); status and text."""
    shown = client.get(PAGE).text
    token = re.search(r'name="form_token" value="([^"]*)"', shown)
    assert token is not None
    reply = client.post(f"{PAGE}/do/{action}", data={"form_token": token[1], **fields})
    return reply.status_code, reply.text if reply.status_code != 303 else client.get(reply.location).text


SURE = {"why": "It is <wrong> on irony.", "sure": "yes"}


def test_an_admin_makes_another_version_live_with_a_reason_and_it_is_audited(site: Site) -> None:
    status, text = send(site.client(), "live", version="tiebreak-2", live="tiebreak-3", **SURE)
    assert (status, site.live()) == (303, "tiebreak-2")
    assert "That version is live; the next run brings it into Label Studio." in text
    assert "In place of tiebreak-2 <select" in text  # the page says at once what is live
    assert site.events() == [("model switch asked", "login:1"), ("model switch done", "login:1")]
    assert "It is <wrong> on irony." in site.details()
    assert '"instead_of":"tiebreak-3","version":"tiebreak-2"' in site.details()
    with site.one.store.read() as connection:
        (plan,) = plans.known(connection)
    assert plan.due_at <= START + 980 * HOUR  # the next run comes at once
    assert send(site.client(), "live", version="tiebreak-3", live="tiebreak-2", **SURE)[0] == 303
    assert site.live() == "tiebreak-3"


def test_what_cannot_be_done_is_said_and_nothing_is_recorded(site: Site) -> None:
    two, client = {"version": "tiebreak-2", "live": "tiebreak-3"}, site.client()
    for fields, said in (
        ({**two, "why": "x"}, "Tick that you are sure"),
        ({**two, "sure": "yes"}, "Say why"),
        ({**two, "sure": "yes", "why": "x" * 501}, "Say why"),
        ({**SURE, "version": "tiebreak-1", "live": "tiebreak-2"}, "tiebreak-3 is live by now, not tiebreak-2"),
        ({**SURE, "version": "tiebreak-3", "live": "tiebreak-3"}, "tiebreak-3 is live already"),
        ({**SURE, "version": "tiebreak-9", "live": "tiebreak-3"}, "not kept any more"),
        ({**SURE, "version": "../tiebreak-1", "live": "tiebreak-3"}, "not kept any more"),
        (SURE, "live by now"),
    ):
        status, text = send(client, "live", **fields)
        assert (status, site.live(), site.events()) == (409, "tiebreak-3", []), said
        assert said in text


@pytest.mark.parametrize("name", ["lea", "vic"])
def test_others_see_no_form_and_are_refused(site: Site, name: str) -> None:
    client = site.client(name)
    assert "/do/live" not in client.get(PAGE).text
    for action in ("live", "publish"):
        assert send(client, action, version="tiebreak-2", live="tiebreak-3", **SURE)[0] == 403
    assert (site.live(), site.events()) == ("tiebreak-3", [])


def test_a_backend_that_is_away_is_said_and_nothing_is_recorded(site: Site) -> None:
    client = site.client()
    client.get(PAGE)
    site.server.shutdown()
    site.server.server_close()
    for action in ("live", "publish"):
        status, text = send(client, action, version="tiebreak-2", live="tiebreak-3", **SURE)
        assert status == 502
        assert "no answer" in text and "is `tiebreak-ml serve` running there?" in text
    assert (site.live(), site.events()) == ("tiebreak-3", [])


def test_a_backend_that_refuses_is_recorded_with_its_reason(site: Site) -> None:
    """The version is listed, and its files are broken."""
    again = serving(site.backend.outside.registry.root)
    site.server.app = create_backend(again, Trainer(again.settings.data, InHere(again.minds.study)))
    (again.registry.folder(KEY) / "versions" / "tiebreak-2" / "arrays.safetensors").write_bytes(b"")
    status, text = send(site.client(), "live", version="tiebreak-2", live="tiebreak-3", **SURE)
    assert (status, site.live()) == (502, "tiebreak-3")
    assert "is not the file that was published" in text
    assert [action for action, _ in site.events()] == ["model switch asked", "model switch failed"]
    assert "is not the file that was published" in site.details()


def test_a_wrong_secret_is_said(site: Site) -> None:
    client = site.client()
    outside = serving(site.backend.outside.registry.root)
    closed = replace(outside, settings=outside.settings.model_copy(update={"secret": SecretStr("another")}))
    site.server.app = create_backend(closed, Trainer(closed.settings.data, InHere(closed.minds.study)))
    status, text = send(client, "live", version="tiebreak-2", live="tiebreak-3", **SURE)
    assert status == 502
    assert "refused our secret" in text
    assert site.events() == []


def test_what_is_learned_is_published_even_if_it_is_worse(site: Site) -> None:
    status, text = send(site.client(), "publish", **SURE)
    assert status == 303
    assert "The model is learning; what comes of it is published." in text
    assert [action for action, _ in site.events()] == ["model publish asked", "model publish done"]


def test_without_a_backend_it_says_what_to_set(site: Site) -> None:
    bare = site.one.settings.model_copy(update=PROXY)
    found = create_app(bare, site.one.store, lambda _: None, clock=lambda: START).test_client()
    found.environ_base["HTTP_X_USER"] = "ann"
    status, text = send(found, "live", version="tiebreak-2", live="tiebreak-3", **SURE)
    assert status == 409
    assert "set backend_url in tiebreak.toml" in text
