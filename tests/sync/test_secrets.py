"""Secrets are planted in every setting that holds one; nothing that we show, log, keep or fail with repeats them."""

import io
import json
import logging
import traceback
from pathlib import Path

import pytest
from sqlalchemy import select

from sync.backend import Backend
from sync.errors import SettingsError, TiebreakError
from sync.logins.passwords import Cost
from sync.logs import JsonLines, Lines, announce, run_id, secrets_of
from sync.settings import Settings, load
from sync.store import tables
from sync.store.engine import Store, open_store
from sync.web.app import create_app
from sync.webhooks import SECRET_HEADER

from .terminal import Terminal

PLANTED = {
    "label_studio_token": "planted-token-1",
    "secret": 'planted-"secret"-2',
    "dashboard_password": "planted-password-3",
    "store": "postgresql+psycopg://user:planted-database-4@127.0.0.1:9/none",
}
WORDS = ("planted-token-1", "planted-", "planted-password-3", "planted-database-4")


def leaks(text: str) -> list[str]:
    return [word for word in WORDS if word in text]


@pytest.fixture
def settings() -> Settings:
    return Settings(**PLANTED, backend_url="http://127.0.0.1:9")  # type: ignore[arg-type] # texts become secrets


def test_what_is_secret_is_known_to_the_log(settings: Settings) -> None:
    wanted = {PLANTED[name] for name in ("label_studio_token", "secret", "dashboard_password")} | {"planted-database-4"}
    assert set(secrets_of(settings)) == wanted
    assert leaks(repr(settings)) in ([], ["planted-", "planted-database-4"]), (
        "the address of the store is no secret type"
    )


@pytest.mark.parametrize("form", [Lines, JsonLines])
def test_no_line_of_a_log_repeats_them_whoever_logs_what(settings: Settings, form: type[Lines]) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(form(secrets_of(settings)))
    log = logging.Logger("a test")
    log.addHandler(handler)
    with run_id() as run:
        for planted in PLANTED.values():
            log.warning("it was %s and %r", planted, {"key": planted})
            try:
                raise ValueError(planted)
            except ValueError:
                log.exception("broken by %s", planted)
    log.warning("afterwards")
    text = written.getvalue()
    assert leaks(text) == []
    assert "***" in text
    if form is JsonLines:
        said = [json.loads(line) for line in text.splitlines()]
        assert [one.get("run") for one in said] == [run] * 8 + [None]
        assert set(said[1]) == {"time", "level", "logger", "message", "run", "traceback"}
        assert "ValueError" in said[1]["traceback"]
    else:
        assert text.count(f"(run {run})") == 8
        assert text.splitlines()[-1].endswith("WARNING a test: afterwards")


def test_where_a_service_is_found_is_a_line_of_the_log_where_that_is_json(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []
    with caplog.at_level(logging.INFO, "sync"):
        announce(settings, "here: 100 %d", said.append)
        assert (said, caplog.messages) == (["here: 100 %d"], [])
        announce(settings, "here: 100 %d", said.append, kind="json")
    assert (len(said), caplog.messages) == (1, ["here: 100 %d"])


def test_no_page_no_answer_and_no_row_repeats_them(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(**PLANTED)  # type: ignore[arg-type]
    client = create_app(settings, store, lambda _: None, cost=Cost(16, 8, 1)).test_client()
    secret, password = settings.secret.get_secret_value(), settings.dashboard_password.get_secret_value()
    page = client.get("/login").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    form = {"form_token": token, "next": "/"}
    wrong = form | {"name": "manager", "password": password + "x"}
    shown = [page, client.post("/login", data=wrong).text]
    client.post("/login", data=form | {"name": password, "password": "x"})  # typed into the wrong field, and not kept
    assert client.post("/login", data=form | {"name": "manager", "password": password}).status_code == 303
    for path in ("/", "/nowhere", "/projects/7", "/metrics", "/healthz", "/readyz", "/api/v1/projects/7/training"):
        shown += [client.get(path).text, client.get(path, headers={"Authorization": f"Bearer {secret}"}).text]
    shown.append(client.post("/webhook", data=secret, headers={SECRET_HEADER: secret}).text)
    shown.append(client.post("/webhook", data=secret, headers={SECRET_HEADER: secret + "x"}).text)
    with store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE heartbeats")
    shown.append(client.get("/metrics").text)
    with store.read() as connection:
        rows = [
            list(connection.execute(select(one))) for one in tables.metadata.sorted_tables if one.name != "heartbeats"
        ]
    assert leaks("".join(shown)) == []
    assert leaks(repr(rows)) == []
    assert leaks(caplog.text) == []


def test_no_error_repeats_them(tmp_path: Path) -> None:
    file = tmp_path / "tiebreak.toml"
    file.write_text("".join(f"{name} = {json.dumps([text])}\n" for name, text in PLANTED.items()), encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load(file)
    assert leaks(str(raised.value)) == []


def test_no_traceback_of_what_is_called_with_them_repeats_them(settings: Settings) -> None:
    unknown = settings.store.replace("postgresql+psycopg", "planted")
    for fails in (
        lambda: open_store(settings.store),
        lambda: open_store(unknown),
        lambda: Backend(settings.backend_url, settings.secret.get_secret_value()).state("1.1"),
    ):
        with pytest.raises(TiebreakError) as raised:
            fails()
        assert leaks("".join(traceback.format_exception(raised.value))) == []


def test_no_help_and_no_message_of_a_command_repeats_them(tiebreak: Terminal) -> None:
    for command in (("--help",), ("serve", "--help"), ("doctor", "--help"), ("users", "--help"), ("status", "1")):
        done = tiebreak(*command, **PLANTED)
        assert leaks(done.out + done.err) == []
