"""What answers HTTP: webhooks, health, metrics, the login, headers, and garbage from anybody."""

import json
from base64 import b64encode
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.settings import Settings
from sync.store.engine import Store, open_store
from sync.store.lease import beat
from sync.web.app import create_app
from sync.webhooks import SECRET_HEADER

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
