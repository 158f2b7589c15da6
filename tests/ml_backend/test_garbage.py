"""Whatever strangers send is answered or refused."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from label_config.results import read_answers
from ml_backend.reasons import REASONS

from ..thorough import up_to
from .scenes import PROJECT, SENTIMENT, bearer, serving
from .stage import CONFIG, Here

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.text(st.characters(categories=["Cs", "Cc", "Co"]), max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "tasks": JSON | st.lists(st.fixed_dictionaries({"id": JSON, "data": JSON}), max_size=3),
        "project": JSON | st.just(PROJECT),
        "label_config": JSON | st.just(SENTIMENT),
        "params": JSON | st.fixed_dictionaries({"context": JSON}),
        "version": JSON | st.sampled_from(["tiebreak-1.1", "tiebreak-0"]),
        "round": JSON,
        "model": JSON,
        "action": JSON | st.just("START_TRAINING"),
        "schema": JSON,
    },
)
POSTS = ["/predict", "/setup", "/webhook", "/train", "/score", "/round", "/live", "/versions", "/job_status"]


def refused_or_answered(reply: Any) -> None:
    assert reply.status_code in (200, 202, 400, 409, 410), reply.text
    assert "Traceback" not in reply.text
    if reply.status_code == 400:
        assert reply.get_json()["error"]


@pytest.mark.parametrize("path", POSTS)
@settings(max_examples=up_to(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES | JSON)
def test_garbage_is_answered_or_refused_never_a_500(fresh: Here, path: str, body: Any) -> None:
    content = json.dumps(body).encode()
    refused_or_answered(fresh.client.post(path, data=content, headers=bearer(), content_type="application/json"))


@pytest.mark.parametrize("path", POSTS)
@settings(max_examples=up_to(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60))
def test_bytes_that_are_no_json_are_refused(here: Here, path: str, content: bytes) -> None:
    refused_or_answered(here.client.post(path, data=content, headers=bearer()))


@settings(max_examples=up_to(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tasks=st.lists(
        JSON | st.fixed_dictionaries({"id": JSON, "data": st.fixed_dictionaries({"text": JSON})}), max_size=5
    )
)
def test_predict_gives_one_valid_result_a_task(here: Here, tasks: list[Any]) -> None:
    content = json.dumps({"tasks": tasks, "project": PROJECT, "label_config": SENTIMENT})
    reply = here.client.post("/predict", data=content)
    results = json.loads(reply.text, parse_constant=lambda name: pytest.fail(f"{name} in the answer"))["results"]
    assert len(results) == len(tasks)
    for one in results:
        assert math.isfinite(one["score"])
        assert 0 <= one["score"] <= 1
        read_answers(CONFIG, one["result"])
        assert bool(one["result"]) != bool(one.get("reasons"))
        assert all(why["code"] in REASONS and why["words"] for why in one.get("reasons", ()))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[" * 100_000, "not JSON: too many objects and lists stand inside one another"),
        (b'{"tasks":' + b"9" * 5000 + b"}", "not JSON: a number has too many digits"),
        (b'{"tasks":"\xff"}', "not JSON: its bytes are no text in utf-8"),
        (b"", "not JSON: Expecting value"),
        (b'{"tasks":[1,', "not JSON: Expecting value"),
        (b"null", "not a JSON object but NoneType"),
        (b"[]", "not a JSON object but list"),
    ],
)
def test_json_that_breaks_parsers_is_refused_and_it_says_what_is_wrong(here: Here, content: bytes, told: str) -> None:
    reply = here.client.post("/predict", data=content)
    assert (reply.status_code, told in reply.get_json()["error"]) == (400, True)


def test_a_body_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    small = Here(serving(tmp_path, largest_body=1000))
    reply = small.client.post("/predict", data=b"x" * 2000)
    assert reply.status_code == 413
    assert reply.get_json()["error"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/predict", 405)])
def test_other_addresses_answer_in_json(here: Here, method: str, path: str, status: int) -> None:
    reply = here.client.open(path, method=method)
    assert reply.status_code == status
    assert reply.get_json()["error"]
