"""What the sync service asks: scores, rounds, where we stand; and that nobody else gets in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from ml_backend.app import create_app
from ml_backend.cli import app
from ml_backend.trainer import Trainer

from .scenes import PROJECT, SENTIMENT, bearer, learned, only, sentiment_rows, serving
from .stage import GOOD, TORN, Here, InHere, answers


def pool(count: int, first: int = 1000) -> list[dict[str, Any]]:
    """Unlabeled tasks: every fifth in the random share, every seventh disputed."""
    return [
        {"id": first + n, "data": dict(row.data), "holdout": n % 5 == 0, "blind": n % 7 == 0}
        for n, row in enumerate(sentiment_rows(count, seed=9))
    ]


def test_a_round_has_the_same_places_in_score_and_predict(fresh: Here) -> None:
    tasks = pool(60)
    lines = fresh.score(*tasks, round="tiebreak-1.7")
    assert sorted(line["place"] for line in lines) == list(range(60))
    assert fresh.setup() == "tiebreak-1"  # prepared, not shown yet
    assert fresh.post("/round", project=PROJECT, version="tiebreak-1.7") == {"version": "tiebreak-1.7"}
    assert fresh.setup() == fresh.state()["round"] == "tiebreak-1.7"
    told = fresh.predict(*tasks)
    assert {one["model_version"] for one in told} == {"tiebreak-1.7"}
    for task, line, one in zip(tasks, lines, told, strict=True):
        assert line["version"] == "tiebreak-1"
        assert one["score"] == line["place"] / 60
        assert answers(one) == ({} if task["blind"] else {"sentiment": tuple(line["answer"])})


def test_a_task_outside_the_round_gets_the_place_it_would_have_had(tmp_path: Path) -> None:
    outside = serving(tmp_path, order="diverse")
    learned(outside, sentiment_rows(60))
    fresh = Here(outside)
    tasks = [{**task, "holdout": False, "blind": False} for task in pool(50)]
    lines = fresh.score(*tasks, round="tiebreak-1.1")
    fresh.post("/round", project=PROJECT, version="tiebreak-1.1")
    strangers = [{"id": 5000 + n, "data": task["data"]} for n, task in enumerate(tasks)]
    for line, one in zip(lines, fresh.predict(*strangers), strict=True):
        # The same text in the round: its neighbours in the order of utility, apart from near-duplicates put off.
        assert abs(one["score"] - line["place"] / 50) <= 0.3
    sure, torn = fresh.predict({**GOOD, "id": 9001}, {**TORN, "id": 9002})
    assert torn["score"] < sure["score"]


def test_the_round_keeps_its_model_until_the_next_round(fresh: Here) -> None:
    fresh.score(*pool(20), round="tiebreak-1.1")
    fresh.post("/round", project=PROJECT, version="tiebreak-1.1")
    before = fresh.predict(GOOD, TORN)
    learned(fresh.outside, sentiment_rows(120, seed=5))
    assert fresh.state()["model"] == "tiebreak-2"
    assert fresh.predict(GOOD, TORN) == before
    assert {line["version"] for line in fresh.score(GOOD, model="tiebreak-1")} == {"tiebreak-1"}
    assert {line["version"] for line in fresh.score(GOOD)} == {"tiebreak-2"}


def test_a_round_of_a_model_that_is_gone_keeps_its_places_and_suggests_nothing(fresh: Here) -> None:
    lines = fresh.score(*pool(20), round="tiebreak-1.1")
    fresh.post("/round", project=PROJECT, version="tiebreak-1.1")
    learned(fresh.outside, sentiment_rows(120, seed=5))
    (fresh.folder / "versions" / "tiebreak-1" / "model.json").write_text("broken")
    again = Here(serving(fresh.outside.registry.root))
    told = again.predict(*pool(20))
    assert [one["score"] for one in told] == [line["place"] / 20 for line in lines]
    assert all(one["result"] == [] for one in told)
    assert again.setup() == "tiebreak-1.1"


def test_before_the_first_model_a_round_is_the_same_each_time(empty: Here) -> None:
    tasks = pool(40)
    first, second = empty.score(*tasks, round="tiebreak-0.1"), empty.score(*tasks, round="tiebreak-0.1")
    assert first == second
    assert [line["place"] for line in first] != list(range(40))
    assert first[0] == {
        "task": 1000,
        "control": "sentiment",
        "answer": None,
        "reason": {"code": "no_model", "words": "nothing has been learned for this project yet"},
        "probabilities": {},
        "out_of_sample": False,
        "confidence": None,
        "set": None,
        "signals": {},
        "place": first[0]["place"],
        "version": "tiebreak-0",
    }
    empty.post("/round", project=PROJECT, version="tiebreak-0.1")
    assert [one["score"] for one in empty.predict(*tasks)] == [line["place"] / 40 for line in first]


def test_a_round_whose_model_is_not_there_is_refused_and_what_was_shown_stays(fresh: Here) -> None:
    fresh.post("/round", project=PROJECT, version="tiebreak-1.3")  # a pool without a task was never scored
    reply = fresh.client.post("/round", json={"project": PROJECT, "version": "tiebreak-99.7"}, headers=bearer())
    assert reply.status_code == 409
    assert "tiebreak-99 is not there (any more); there are: tiebreak-1" in reply.get_json()["error"]
    assert fresh.setup() == "tiebreak-1.3"
    assert answers(fresh.predict(GOOD)[0]) == {"sentiment": ("good",)}


@pytest.mark.parametrize("version", ["tiebreak-0.1", "tiebreak-1.1"])
def test_a_round_of_a_project_that_nobody_named_is_refused_and_leaves_nothing(empty: Here, version: str) -> None:
    reply = empty.client.post("/round", json={"project": PROJECT, "version": version}, headers=bearer())
    assert (reply.status_code, "nothing is known of it" in reply.get_json()["error"]) == (400, True)
    assert not empty.folder.exists()


def test_only_the_round_that_is_shown_is_kept(fresh: Here) -> None:
    for name in ("tiebreak-1.1", "tiebreak-1.2"):
        fresh.score(*pool(5), round=name)
        fresh.post("/round", project=PROJECT, version=name)
    assert [place.name for place in (fresh.folder / "rounds").iterdir()] == ["tiebreak-1.2.json"]


def test_tasks_that_taught_the_model_are_judged_out_of_fold(here: Here) -> None:
    row = sentiment_rows(120)[0]
    (taught,) = here.score({"id": row.task, "data": row.data})
    (same_text,) = here.score({"id": 7777, "data": row.data})
    (reused_id,) = here.score({"id": row.task, "data": GOOD["data"]})
    (stranger,) = here.score({"id": 7777, "data": GOOD["data"]})
    model = here.outside.registry.live(PROJECT)[0]
    assert model is not None
    known = only(model).known
    expected = known.probabilities[known.tasks[row.task]].round(6).tolist()
    assert list(taught["probabilities"].values()) == expected != list(same_text["probabilities"].values())
    assert reused_id["probabilities"] == stranger["probabilities"]
    assert all(line["out_of_sample"] for line in (taught, same_text, reused_id, stranger))


def test_the_state_tells_where_we_stand(here: Here, empty: Here) -> None:
    state = here.state()
    assert {
        key: state[key] for key in ("versions", "model", "round", "state", "cursor", "trained_labels", "error")
    } == {
        "versions": ["tiebreak-1"],
        "model": "tiebreak-1",
        "round": None,
        "state": "idle",
        "cursor": 120,
        "trained_labels": 108,
        "error": None,
    }
    assert set(state["metrics"]) == {"accuracy", "low", "high", "ece", "brier", "log_loss", "n", "source", "bins"}
    assert empty.state() == {
        "versions": [],
        "model": None,
        "round": None,
        "state": "idle",
        "cursor": 0,
        "trained_labels": 0,
        "error": None,
        "metrics": {},
        "certainty": {},
        "decision": None,
        "decisions": {},
        "notes": {},
        "worth": {"labels_saved": {}, "proofs": {}, "proven_at": None, "more_labels": {}, "hard": []},
    }
    assert here.client.get("/versions").get_json() == {"versions": ["tiebreak-1"]}


def test_a_broken_model_is_told(fresh: Here) -> None:
    place = fresh.folder / "versions" / "tiebreak-1" / "arrays.safetensors"
    place.write_bytes(b"broken")
    again = Here(serving(fresh.outside.registry.root))
    assert str(place) in again.state()["error"]
    assert again.predict(GOOD)[0]["result"] == []
    learned(fresh.outside, sentiment_rows(60))
    assert again.state()["error"] is None


@pytest.mark.parametrize("content", ["{", "null", "[]", None])
def test_a_broken_live_model_shows_in_health_and_once_in_the_log(
    fresh: Here, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    place = fresh.folder / "versions" / "tiebreak-1" / "model.json"

    def problems(one: Here) -> Any:
        return one.client.get("/health", headers=bearer()).get_json()["problems"]

    assert problems(fresh) == {}
    kept = place.read_text(encoding="utf-8")
    if content is None:
        place.unlink()
    else:
        place.write_text(content, encoding="utf-8")
    again = Here(serving(fresh.outside.registry.root))
    for one in (fresh, again):
        assert str(place) in problems(one)[PROJECT]
        assert ("missing" in problems(one)[PROJECT]) == (content is None)
    shown = CliRunner().invoke(app, ["versions", "--data", str(again.outside.registry.root)])
    assert (shown.exit_code, "tiebreak-1 (broken)" in shown.stdout) == (0, True)
    caplog.clear()
    for _ in range(3):
        assert again.predict(GOOD)[0]["model_version"] == "tiebreak-0"
    assert [str(place) in record.getMessage() for record in caplog.records] == [True]
    place.write_text(kept, encoding="utf-8")
    assert problems(again) == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/versions?project={PROJECT}"),
        ("POST", "/train"),
        ("POST", "/score"),
        ("POST", "/round"),
        ("POST", "/live"),
    ],
)
@pytest.mark.parametrize("secret", [None, "", "wrong", "between-u", "bet\u00fcween"])
def test_without_the_secret_nobody_gets_in(here: Here, method: str, path: str, secret: str | None) -> None:
    headers = {} if secret is None else bearer(secret)
    reply = here.client.open(path, method=method, headers=headers, json={} if method == "POST" else None)
    assert reply.status_code == 401
    assert "Authorization: Bearer" in reply.get_json()["error"]


def test_an_empty_secret_lets_nobody_in(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    closed = replace(outside, settings=outside.settings.model_copy(update={"secret": SecretStr("")}))
    client = create_app(closed, Trainer(tmp_path, InHere(lambda _: None))).test_client()
    assert client.post("/train", headers=bearer(""), json={}).status_code == 401


def test_the_secret_is_in_no_answer(here: Here) -> None:
    for path in ("/metrics", "/versions", "/health"):
        assert "between-us" not in here.client.get(path).text
    assert "between-us" not in repr(here.outside.settings)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/train", {}, "project: null is no project key"),
        ("/train", {"project": "../4.4"}, "project: "),
        ("/train", {"project": PROJECT}, "label_config: not a text but NoneType"),
        ("/train", {"project": PROJECT, "label_config": "<View>"}, "label_config: the labeling interface is not XML"),
        ("/score", {"project": PROJECT, "label_config": SENTIMENT}, "tasks: not a list but NoneType"),
        ("/score", {"project": PROJECT, "label_config": SENTIMENT, "tasks": [{}]}, "tasks[0]: not a task"),
        ("/score", {"project": PROJECT, "label_config": SENTIMENT, "tasks": [GOOD, GOOD]}, "tasks[1].id: 500 stands"),
        ("/score", {"project": PROJECT, "label_config": SENTIMENT, "tasks": [], "round": "../x"}, "round: '../x'"),
        ("/score", {"project": PROJECT, "label_config": SENTIMENT, "tasks": [], "model": 5}, "model: '5' is no"),
        ("/score", {"project": PROJECT, "label_config": SENTIMENT, "tasks": [], "model": "tiebreak-1.2"}, "model: "),
        (
            "/score",
            {
                "project": PROJECT,
                "label_config": SENTIMENT,
                "tasks": [],
                "model": "tiebreak-1",
                "round": "tiebreak-2.1",
            },
            "round: 'tiebreak-2.1' is no round of the model 'tiebreak-1'",
        ),
        ("/round", {"project": PROJECT, "version": "mine"}, "version: 'mine' is no version of a round"),
        ("/round", {"project": PROJECT, "version": None}, "version: 'None' is no version"),
    ],
)
def test_what_is_no_such_request_is_refused_with_the_fields_name(here: Here, path: str, body: Any, told: str) -> None:
    reply = here.client.post(path, json=body, headers=bearer())
    assert reply.status_code == 400
    assert told in reply.get_json()["error"]


def test_a_model_that_does_not_exist_is_no_500_and_one_line_of_the_log(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"project": PROJECT, "label_config": SENTIMENT, "tasks": [GOOD], "model": "tiebreak-99"}
    reply = here.client.post("/score", json=body, headers=bearer())
    assert reply.status_code == 503
    told = f"project {PROJECT}: tiebreak-99 is not there (any more); there are: tiebreak-1"
    assert reply.get_json()["error"] == told
    (line,) = caplog.records
    assert (line.getMessage(), line.exc_info) == (f"POST /score: {told}", None)
