"""What answers HTTP: webhooks, health, metrics, the login, headers, and garbage from anybody."""

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from sync.settings import Settings
from sync.stopwatch import Stopwatch
from sync.store.engine import Store, open_store
from sync.store.lease import beat
from sync.store.tables import projects, queue, reviews
from sync.web.app import create_app
from sync.webhooks import SECRET_HEADER

from ..dashboard.stage import crowd, stage, texts

SECRET = "a shared secret"
GOOD = {SECRET_HEADER: SECRET}


class App:
    """The app with what it was told to wake."""

    def __init__(self, store: Store, **given: Any) -> None:
        self.woken: list[int] = []
        self.client: FlaskClient = create_app(Settings(secret=SECRET, **given), store, self.woken.append).test_client()


@pytest.fixture
def app(store: Store) -> App:
    return App(store)


def test_an_event_wakes_its_project_at_once(app: App) -> None:
    reply = app.client.post("/webhook", json={"action": "ANNOTATION_CREATED", "project": {"id": 7}}, headers=GOOD)
    assert (reply.status_code, reply.get_json(), app.woken) == (200, {"status": "ok"}, [7])


@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: "wrong"}, {SECRET_HEADER: "\u00e9"}])
def test_an_event_without_the_secret_wakes_nobody(headers: dict[str, str], app: App) -> None:
    reply = app.client.post("/webhook", json={"project": {"id": 7}}, headers=headers)
    assert (reply.status_code, app.woken) == (401, [])
    assert SECRET_HEADER in reply.get_json()["error"]


def test_without_a_secret_in_the_settings_nobody_gets_in(store: Store) -> None:
    client = create_app(Settings(), store, lambda _: None).test_client()
    assert client.post("/webhook", json={}, headers={SECRET_HEADER: ""}).status_code == 401


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["project", "id", "x"]), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(body=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_garbage_is_answered_and_wakes_only_what_is_a_project(garbage: App, body: bytes) -> None:
    garbage.woken.clear()
    assert garbage.client.post("/webhook", data=body, headers=GOOD).status_code == 200
    assert all(type(number) is int and 0 < number < 2**31 for number in garbage.woken)


@pytest.fixture(scope="module")
def garbage(tmp_path_factory: pytest.TempPathFactory) -> Any:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('garbage') / 'tiebreak.sqlite3'}")
    yield App(store)
    store.close()


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"project": {"id": true}}', b'{"project": {"id": 1e400}}', b'{"project": {"id": -1}}']
)
def test_what_breaks_readers_breaks_nothing_here(body: bytes, app: App) -> None:
    assert app.client.post("/webhook", data=body, headers=GOOD).status_code == 200
    assert app.woken == []


def test_a_body_that_is_too_large_is_refused(app: App) -> None:
    reply = app.client.post("/webhook", data=b" " * (64 * 1024 * 1024 + 1), headers=GOOD)
    assert (reply.status_code, app.woken) == (413, [])


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/webhook", 405), ("GET", "/api/v1/none", 404)])
def test_programs_get_their_errors_as_json(method: str, path: str, status: int, app: App) -> None:
    reply = app.client.open(path, method=method)
    assert reply.status_code == status
    assert reply.get_json()["error"]


def test_people_get_their_errors_as_a_page(app: App) -> None:
    reply = app.client.get("/nowhere")
    assert (reply.status_code, reply.mimetype) == (404, "text/html")


def test_health_and_metrics_are_open_and_say_how_the_last_run_went(store: Store) -> None:
    client = App(store, dashboard_password="word").client
    with store.begin() as connection:
        beat(connection, "project:7:run", 5_000_000, False, "no")
    client.post("/webhook", json={}, headers=GOOD)
    assert client.get("/healthz").get_json() == client.get("/readyz").get_json() == {"status": "ok"}
    text = client.get("/metrics").text
    assert 'tiebreak_last_run_timestamp_seconds{name="project:7:run"} 5.0' in text
    assert 'tiebreak_last_run_ok{name="project:7:run"} 0.0' in text
    assert 'tiebreak_webhooks_total{accepted="true"} 1.0' in text


def test_a_store_that_fails_is_not_ready(store: Store) -> None:
    client = App(store).client
    with store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE heartbeats")
    assert client.get("/readyz").status_code == 200
    reply = client.get("/metrics")
    assert reply.status_code == 503
    assert "no such table" in reply.text
    assert "Traceback" not in reply.text


def basic(name: str, word: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{word}'.encode()).decode()}"}


def test_the_pages_ask_for_the_login_that_is_set(store: Store) -> None:
    client = App(store, dashboard_user="lead", dashboard_password="w\u00f6rd").client
    for headers in (
        {},
        basic("lead", "word"),
        basic("manager", "w\u00f6rd"),
        {"Authorization": "Basic !"},
        {"Authorization": "Bearer x"},
    ):
        reply = client.get("/", headers=headers)
        assert reply.status_code == 401
        assert reply.headers["WWW-Authenticate"] == 'Basic realm="Tiebreak"'
    assert client.get("/", headers=basic("lead", "w\u00f6rd")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere", "/api/v1/projects/1/training", "/webhook"])
def test_every_answer_forbids_what_pages_do_not_need(path: str, app: App) -> None:
    headers = app.client.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_metrics_say_what_the_store_says(tmp_path: Path) -> None:
    """Against counts by hand: what is pushed, queued and open in the stage's store, row by row."""
    one = stage(tmp_path).people({1: "A", 2: "B", 3: "C"}).create(texts(40), overlap=3)
    one.answer(crowd(30, {1: 0.9, 2: 0.8, 3: 0.6})).assess().push()
    timed = Stopwatch()

    def fails() -> None:
        raise ZeroDivisionError

    for _ in range(2):
        timed(texts)(3)
    with pytest.raises(ZeroDivisionError):
        timed(fails)()
    with one.store.begin() as connection:
        timed.keep(connection, 7, 5_000_000)
        timed.keep(connection, 7, 6_000_000)
        rows = connection.execute(select(queue)).all()
        opened = [row for row in connection.execute(select(reviews)) if row.state == "open"]
        all_reviews = connection.execute(select(reviews)).all()
        connection.execute(update(projects).where(projects.c.id == one.key).values(cursor_updated_at=9_500_000))
    text = App(one.store, review_days={"P1": 1e-9, "P3": 10_000}).client.get("/metrics").text
    late = re.findall(r'tiebreak_overdue_reviews{band="(\d)",project="7"} (\S+)', text)
    assert {int(band): float(many) for band, many in late if float(many)} == {
        1: float(sum(r.band == 1 for r in opened))
    }
    for band in (1, 2, 3):
        waiting, under_review = {row.task for row in rows if row.band == band}, [r for r in opened if r.band == band]
        if waiting:
            assert f'tiebreak_queue_tasks{{band="{band}",project="7"}} {len(waiting)}.0' in text
        if under_review:
            oldest = min(row.intended_at for row in under_review) / 1e6
            assert f'tiebreak_open_reviews{{band="{band}",project="7"}} {len(under_review)}.0' in text
            found = re.search(rf'tiebreak_oldest_review_timestamp_seconds{{band="{band}",project="7"}} (\S+)', text)
            assert found is not None
            assert float(found[1]) == pytest.approx(oldest, abs=1e-3)
    assert rows
    assert opened
    assert f'tiebreak_reviews_pushed_total{{project="7"}} {len(all_reviews)}.0' in text
    assert 'tiebreak_newest_change_timestamp_seconds{project="7"} 9.5' in text
    assert 'tiebreak_steps_total{failed="false",project="7",step="texts"} 2.0' in text
    assert 'tiebreak_steps_total{failed="true",project="7",step="fails"} 1.0' in text
    assert re.search(r'tiebreak_step_seconds_total{project="7",step="texts"} \d', text)
    one.store.close()
