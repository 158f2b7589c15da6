"""Who gets in, and what a job's status tells to whom."""

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from ml_backend.errors import SettingsError
from ml_backend.lessons.board import Board, Kind, Standing
from ml_backend.settings import load
from ml_backend.study import remember_interface

from ..thorough import up_to
from .scenes import PROJECT, SECRET, SENTIMENT, bearer, learned, sentiment_rows, serving
from .stage import Here

OPEN = [
    ("GET", "/"),
    ("GET", "/health"),
    ("POST", "/setup"),
    ("POST", "/predict"),
    ("POST", "/webhook"),
    ("GET", "/versions"),
    ("POST", "/versions"),
    ("GET", f"/job_status?project={PROJECT}"),
    ("GET", "/metrics"),
]
ANY = {"project": PROJECT, "label_config": SENTIMENT, "schema": SENTIMENT, "tasks": [], "action": "START_TRAINING"}
START = {"action": "START_TRAINING", "project": {"id": 4}}


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def here(folder: Path, **given: Any) -> Here:
    """A project that may be learned."""
    found = Here(serving(folder, **given))
    remember_interface(found.folder, SENTIMENT)
    return found


def call(one: Here, method: str, path: str, headers: Any = None, body: Any = ANY) -> TestResponse:
    return one.client.open(path, method=method, headers=headers, json=body if method == "POST" else None)


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_without_user_and_password_anybody_may_ask_what_label_studio_asks(
    tmp_path: Path, method: str, path: str
) -> None:
    assert call(here(tmp_path), method, path).status_code == 200


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_with_them_who_knows_them_or_the_secret_gets_in_and_nobody_else(tmp_path: Path, method: str, path: str) -> None:
    one = here(tmp_path, user="studio", password="p\u00e4ss:word")
    for right in (basic("studio", "p\u00e4ss:word"), bearer(SECRET)):
        assert call(one, method, path, right).status_code == 200
    for wrong in (
        None,
        {},
        basic("studio", "wrong"),
        basic("other", "p\u00e4ss:word"),
        basic("studio", ""),
        basic("", ""),
        bearer("wrong"),
        bearer(""),
        {"Authorization": "Basic not-base64"},
        {"Authorization": "Basic \u00ff"},
        {"Authorization": "Digest x"},
    ):
        reply = call(one, method, path, wrong)
        assert (reply.status_code, reply.headers["WWW-Authenticate"]) == (401, 'Basic realm="tiebreak-ml"')
        assert set(reply.get_json()) == {"error"}


def test_the_password_does_not_open_what_needs_the_secret(tmp_path: Path) -> None:
    one = here(tmp_path, user="studio", password="password")
    for method, path in (
        *(("POST", path) for path in ("/train", "/score", "/round", "/live")),
        ("GET", "/versions?project=4.4"),
    ):
        assert call(one, method, path, basic("studio", "password")).status_code == 401


@settings(max_examples=up_to(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.text(max_size=40), path=st.sampled_from(["/webhook", "/webhook/x", "/health"]))
def test_no_header_is_a_500(tmp_path: Path, header: str, path: str) -> None:
    one = here(tmp_path, user="studio", password="password", webhook_secret="secret")
    method = "GET" if path == "/health" else "POST"
    try:
        reply = call(one, method, path, {"Authorization": header})
    except ValueError:  # no header that could be sent
        return
    assert reply.status_code in (401, 404)


def test_with_a_secret_address_events_come_in_there_alone(tmp_path: Path) -> None:
    one = here(tmp_path, webhook_secret="A-secret_1")
    assert call(one, "POST", "/webhook", body=START).status_code == 401
    wrong = call(one, "POST", "/webhook/wrong", body=START)
    assert (wrong.status_code, wrong.json) == (
        404,
        {"error": "nothing takes events at this address: it must end in the backend's TIEBREAK_ML_WEBHOOK_SECRET"},
    )
    assert one.trainer.state(PROJECT) == "idle"
    assert call(one, "POST", "/webhook/A-secret_1", body=START).status_code == 200
    assert one.trainer.state(PROJECT) == "waiting"
    assert call(one, "GET", "/health").status_code == 200


def test_the_button_may_use_the_plain_address_with_the_password(tmp_path: Path) -> None:
    one = here(tmp_path, user="studio", password="password", webhook_secret="secret")
    assert call(one, "POST", "/webhook/secret", body=START).status_code == 200
    assert call(one, "POST", "/webhook", basic("studio", "password"), START).status_code == 200
    assert call(one, "POST", "/webhook", body=START).status_code == 401


def test_without_a_secret_there_is_no_secret_address(tmp_path: Path) -> None:
    assert call(here(tmp_path), "POST", "/webhook/", body=START).status_code == 404
    assert call(here(tmp_path), "POST", "/webhook/anything", body=START).status_code == 404


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"user": "studio"}, "user and password are set together"),
        ({"password": "x"}, "user and password are set together"),
        ({"user": "a:b", "password": "x"}, "no colon"),
        ({"webhook_secret": "a/b"}, "letters, digits"),
    ],
)
def test_settings_that_cannot_work_are_refused_without_being_shown(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told) as refused:
        load(given)
    assert "a/b" not in str(refused.value)
    assert "pass-word" not in repr(load({"user": "a", "password": "pass-word"}))


@pytest.mark.parametrize(
    ("standing", "asked", "told"),
    [
        (Standing(), False, ("finished", "idle", None, None, None)),
        (Standing(), True, ("queued", "waiting", None, None, None)),
        (Standing(step="learning", started=100.0), True, ("started", "training", "learning", 60.0, None)),
        (Standing(started=100.0, ended=130.0), False, ("finished", "idle", None, 30.0, None)),
        (Standing(started=100.0, ended=130.0, error="no"), False, ("failed", "idle", None, 30.0, "no")),
        (Standing(started=100.0, ended=130.0, error="no", again=9e9), False, ("queued", "waiting", None, 30.0, "no")),
    ],
)
def test_a_jobs_status(tmp_path: Path, standing: Standing, asked: bool, told: tuple[Any, ...]) -> None:
    one = here(tmp_path)
    one.trainer.clock = lambda: 160.0
    board = Board(tmp_path)
    board.stand(PROJECT, standing)
    if asked:
        board.ask(PROJECT, Kind.NOW, 150.0)
    known = call(one, "POST", "/job_status", bearer(), {"job": PROJECT}).get_json()
    assert (known["job_status"], known["state"], known["step"], known["seconds"], known["error"]) == told
    assert call(one, "POST", "/job_status", None, {"project": PROJECT}).get_json() == {**known, "error": None}
    assert call(one, "GET", f"/job_status?job={PROJECT}", bearer()).get_json() == known


def test_a_lesson_that_learned_nothing_has_failed(tmp_path: Path) -> None:
    one = here(tmp_path)
    learned(one.outside, sentiment_rows(4))
    Board(tmp_path).stand(PROJECT, Standing(started=100.0, ended=130.0))
    known = call(one, "GET", f"/job_status?job={PROJECT}", bearer()).get_json()
    assert (known["job_status"], known["error"]) == ("failed", one.state()["error"])
    assert "nothing learned yet" in known["error"]


def test_a_job_that_never_was_is_gone(tmp_path: Path) -> None:
    one = here(tmp_path)
    assert call(one, "GET", "/job_status?job=5.5").status_code == 410
    assert call(one, "GET", "/job_status").status_code == 400
    assert call(one, "POST", "/job_status", None, {"job": ["x"]}).status_code == 400


def test_versions_may_be_asked_for_by_post_too(tmp_path: Path) -> None:
    one = here(tmp_path)
    assert call(one, "POST", "/versions", None, {"project": PROJECT}).get_json() == {"versions": []}
    assert call(one, "POST", f"/versions?project={PROJECT}").status_code == 401


def test_who_forces_a_lesson_gets_one_though_nothing_is_new(tmp_path: Path) -> None:
    one = here(tmp_path)
    one.post("/train", project=PROJECT, label_config=SENTIMENT, force=True)
    one.post("/train", project=PROJECT, label_config=SENTIMENT)
    assert [request.kind for request in Board(tmp_path).asked()[PROJECT]] in (
        [Kind.FORCED, Kind.NOW],
        [Kind.NOW, Kind.FORCED],
    )
