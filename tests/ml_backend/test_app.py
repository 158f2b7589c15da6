import json
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from label_config.parse import parse
from label_config.results import read_answers
from ml_backend.app import create_app
from ml_backend.predict import Serving
from ml_backend.study import remember_interface
from ml_backend.trainer import Trainer

from .scenes import PROJECT, SENTIMENT, TOPICS, bearer, feed_server, learned, sentiment_rows, serving, topic_rows
from .test_trainer import wait_for

CONFIG = parse(SENTIMENT)
GOOD = {"id": 500, "data": {"text": "lovely wonderful happy day"}}
BAD = {"id": 501, "data": {"text": "awful broken horrible day"}}
TORN = {"id": 502, "data": {"text": "lovely awful day"}}


class Here:
    """A learned project behind Flask's test client."""

    def __init__(self, outside: Serving) -> None:
        self.outside = outside
        self.trainer = Trainer(outside.minds.study)
        self.client: FlaskClient = create_app(outside, self.trainer).test_client()
        self.folder = outside.registry.folder(PROJECT)

    def post(self, path: str, **body: Any) -> Any:
        reply = self.client.post(path, json=body, headers=bearer())
        assert reply.status_code < 300, reply.text
        return reply.get_json()

    def predict(self, *tasks: Any, xml: str = SENTIMENT, project: str = PROJECT, **params: Any) -> list[dict[str, Any]]:
        reply = self.client.post(
            "/predict", json={"tasks": tasks, "project": project, "label_config": xml, "params": params}
        )
        assert reply.status_code == 200, reply.text
        results: list[dict[str, Any]] = reply.get_json()["results"]
        assert len(results) == len(tasks)
        return results

    def score(self, *tasks: Any, xml: str = SENTIMENT, **more: Any) -> list[dict[str, Any]]:
        body = {"project": PROJECT, "label_config": xml, "tasks": tasks, **more}
        reply = self.client.post("/score", json=body, headers=bearer())
        assert reply.status_code == 200, reply.text
        assert reply.mimetype == "application/x-ndjson"
        return [json.loads(line) for line in reply.text.splitlines()]

    def state(self, project: str = PROJECT) -> Any:
        return self.client.get("/versions", query_string={"project": project}, headers=bearer()).get_json()

    def setup(self) -> str:
        reply = self.client.post("/setup", json={"project": PROJECT, "schema": SENTIMENT})
        return str(reply.get_json()["model_version"])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Here:
    """A project that has learned; these tests change nothing."""
    outside = serving(tmp_path_factory.mktemp("ml"))
    learned(outside, sentiment_rows(120))
    return Here(outside)


@pytest.fixture
def fresh(tmp_path: Path) -> Here:
    """A project that has learned, for tests that change it."""
    outside = serving(tmp_path)
    learned(outside, sentiment_rows(60))
    return Here(outside)


@pytest.fixture
def empty(tmp_path: Path) -> Here:
    return Here(serving(tmp_path))


def answers(prediction: dict[str, Any], xml: str = SENTIMENT) -> dict[str, tuple[str, ...]]:
    """What a prediction says, read as Label Studio's own results are."""
    return {name: answer.labels for name, answer in read_answers(parse(xml), prediction["result"]).items()}


# -- Label Studio's contract --


@pytest.mark.parametrize("path", ["/", "/health"])
def test_health_answers(here: Here, path: str) -> None:
    assert here.client.get(path).get_json() == {"status": "UP", "model_class": "tiebreak"}


def test_a_prediction_says_what_it_thinks_and_how_sure_it_is(here: Here) -> None:
    good, bad = here.predict(GOOD, BAD)
    assert (answers(good), answers(bad)) == ({"sentiment": ("good",)}, {"sentiment": ("bad",)})
    (region,) = good["result"]
    assert 0.5 < region["score"] <= 1
    assert set(region["meta"]["tiebreak"]) == {"margin", "entropy", "disagreement", "novelty"}
    assert all(0 <= value <= 1 for value in region["meta"]["tiebreak"].values())
    assert good["model_version"] == "tiebreak-1" == here.setup()


def test_less_sure_comes_first(here: Here) -> None:
    good, torn = here.predict(GOOD, TORN)
    assert torn["score"] < good["score"]


def test_before_anything_was_learned_it_abstains(empty: Here) -> None:
    assert empty.setup() == "tiebreak-0"
    assert empty.predict(GOOD) == [{"model_version": "tiebreak-0", "result": [], "score": 0.5}]
    assert list(empty.outside.registry.root.iterdir()) == []  # strangers leave nothing behind


@pytest.mark.parametrize(
    "task",
    [
        None,
        7,
        {},
        {"id": 1},
        {"id": 1, "data": []},
        {"id": 1, "data": {}},
        {"id": 1, "data": {"text": None}},
        {"id": 1, "data": {"text": ["a"]}},
        {"id": "x", "data": {"other": "a"}},
    ],
)
def test_a_task_that_cannot_be_read_abstains_and_the_others_are_answered(here: Here, task: Any) -> None:
    first, broken, last = here.predict(GOOD, task, BAD)
    assert answers(first) == {"sentiment": ("good",)}
    assert answers(last) == {"sentiment": ("bad",)}
    assert broken["result"] == []
    assert 0 <= broken["score"] <= 1


@pytest.mark.parametrize("data", [{"text": "happy \ud800 lovely"}, {"text": 2**70, "\ud800": 1}, {"text": "x" * 10**6}])
def test_strange_texts_are_answered(here: Here, data: dict[str, Any]) -> None:
    (told,) = here.predict({"id": 2**70, "data": data})
    assert set(answers(told)) == {"sentiment"}


def test_a_task_without_an_id_is_answered(here: Here) -> None:
    (told,) = here.predict({"data": GOOD["data"]})
    assert answers(told) == {"sentiment": ("good",)}


@pytest.mark.parametrize(
    "xml",
    [
        "<View>",
        "<View/>",
        SENTIMENT.replace("Choices", "Rating"),
        SENTIMENT.replace('name="sentiment"', 'name="renamed"'),
        SENTIMENT.replace('value="good"', 'value="fine"'),
        SENTIMENT.replace('toName="text"', 'toName="text" choice="multiple"'),
        SENTIMENT.replace("$text", "$other"),
    ],
)
def test_an_interface_that_was_not_learned_gets_abstentions(here: Here, xml: str) -> None:
    (told,) = here.predict(GOOD, xml=xml)
    assert told["result"] == []


def test_new_labels_in_the_interface_do_not_silence_the_model(here: Here) -> None:
    more = SENTIMENT.replace("</Choices>", '<Choice value="new"/></Choices>')
    (told,) = here.predict(GOOD, xml=more)
    assert answers(told, more) == {"sentiment": ("good",)}


def test_an_interactive_request_leaves_out_what_the_annotator_has_answered(here: Here) -> None:
    region = {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": ["bad"]}}
    (answered,) = here.predict(GOOD, context={"result": [region]})
    (open_,) = here.predict(GOOD, context={"result": []})
    assert answered["result"] == []
    assert answers(open_) == {"sentiment": ("good",)}


def test_multiple_choice_suggests_a_set(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    learned(outside, topic_rows(200), TOPICS)
    here = Here(outside)
    both, none = here.predict(
        {"id": 900, "data": {"text": "wave bread tide soup"}}, {"id": 901, "data": {"text": "the of and"}}, xml=TOPICS
    )
    assert answers(both, TOPICS) == {"topic": ("sea", "food")}
    assert none["result"] == []
    assert [line["answer"] for line in here.score({"id": 901, "data": {"text": "the of and"}}, xml=TOPICS)] == [[]]


def test_when_time_is_up_the_rest_abstains(tmp_path: Path) -> None:
    outside = serving(tmp_path, predict_seconds=1e-9)
    learned(outside, sentiment_rows(60))
    told = Here(outside).predict(*[GOOD] * 600)
    assert all(one["result"] == [] for one in told)
    assert len(told) == 600


# -- rounds --


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


def test_a_task_outside_the_round_gets_the_place_it_would_have_had(fresh: Here) -> None:
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


def test_before_the_first_model_a_round_is_random_and_the_same_each_time(empty: Here) -> None:
    tasks = pool(40)
    first, second = empty.score(*tasks, round="tiebreak-0.1"), empty.score(*tasks, round="tiebreak-0.1")
    assert first == second
    assert [line["place"] for line in first] != list(range(40))
    assert first[0] == {
        "task": 1000,
        "control": "sentiment",
        "answer": None,
        "probabilities": {},
        "out_of_sample": False,
        "confidence": None,
        "signals": {},
        "place": first[0]["place"],
        "version": "tiebreak-0",
    }
    empty.post("/round", project=PROJECT, version="tiebreak-0.1")
    assert [one["score"] for one in empty.predict(*tasks)] == [line["place"] / 40 for line in first]


def test_only_the_round_that_is_shown_is_kept(fresh: Here) -> None:
    for name in ("tiebreak-1.1", "tiebreak-1.2"):
        fresh.score(*pool(5), round=name)
        fresh.post("/round", project=PROJECT, version=name)
    assert [place.name for place in (fresh.folder / "rounds").iterdir()] == ["tiebreak-1.2.json"]


# -- what sync asks --


def test_tasks_that_taught_the_model_are_judged_out_of_fold(here: Here) -> None:
    row = sentiment_rows(120)[0]
    (taught,) = here.score({"id": row.task, "data": row.data})
    (same_text,) = here.score({"id": 7777, "data": row.data})
    (reused_id,) = here.score({"id": row.task, "data": GOOD["data"]})
    (stranger,) = here.score({"id": 7777, "data": GOOD["data"]})
    model = here.outside.registry.live(PROJECT)[0]
    assert model is not None
    known = model.controls[0].known
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
    assert set(state["metrics"]) == {"accuracy", "ece", "brier", "n", "source"}
    assert empty.state() == {
        "versions": [],
        "model": None,
        "round": None,
        "state": "idle",
        "cursor": 0,
        "trained_labels": 0,
        "error": None,
        "metrics": {},
    }
    assert here.client.get("/versions").get_json() == {"versions": ["tiebreak-1"]}


def test_a_broken_model_is_told(fresh: Here) -> None:
    place = fresh.folder / "versions" / "tiebreak-1" / "arrays.safetensors"
    place.write_bytes(b"broken")
    again = Here(serving(fresh.outside.registry.root))
    assert str(place) in again.state()["error"]
    assert again.predict(GOOD)[0]["result"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"/versions?project={PROJECT}"), ("POST", "/train"), ("POST", "/score"), ("POST", "/round")],
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
    client = create_app(closed, Trainer(lambda _: None)).test_client()
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
        ("/score", {"project": PROJECT, "label_config": SENTIMENT, "tasks": [], "round": "../x"}, "version: '../x'"),
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


def test_a_model_that_does_not_exist_is_no_500(here: Here) -> None:
    body = {"project": PROJECT, "label_config": SENTIMENT, "tasks": [GOOD], "model": "tiebreak-99"}
    reply = here.client.post("/score", json=body, headers=bearer())
    assert reply.status_code == 503
    assert "tiebreak-99" in reply.get_json()["error"]


# -- events --


@pytest.fixture
def learning(tmp_path: Path) -> Iterator[Here]:
    """A project whose feed has labels, nothing learned yet, the trainer at work."""
    with feed_server(sentiment_rows(60)) as feed:
        found = Here(serving(tmp_path, sync_url=feed.url, wait_seconds=0.05))
        remember_interface(found.folder, SENTIMENT)
        found.trainer.start()
        yield found
        found.trainer.stop()


@pytest.mark.parametrize(
    "event",
    [
        {"action": "START_TRAINING", "project": {"id": 4}},
        {"action": "START_TRAINING", "project": {"id": 4, "created_at": "2026-11-23T17:46:05.123456Z"}},
        {"action": "ANNOTATION_CREATED", "project": {"id": 4}, "task": {"id": 1}},
        {"action": "ANNOTATIONS_DELETED", "project": {"id": 4}, "annotations": [{"id": 1}]},
    ],
)
def test_an_event_of_the_project_wakes_the_trainer(learning: Here, event: Any) -> None:
    assert learning.client.post("/webhook", json=event).status_code == 200
    wait_for(lambda: learning.state()["model"] == "tiebreak-1")


@pytest.mark.parametrize(
    "event",
    [
        {"action": "START_TRAINING", "project": {"id": 5}},
        {"action": "START_TRAINING", "project": {"id": 4, "created_at": "2020-01-01T00:00:00Z"}},
        {"action": "START_TRAINING"},
        {"action": "TASKS_CREATED", "project": {"id": 4}},
        {"project": [4]},
        {},
    ],
)
def test_an_event_of_something_else_does_not(learning: Here, event: Any) -> None:
    assert learning.client.post("/webhook", json=event).status_code == 200
    assert learning.state()["state"] == "idle"


def test_train_answers_at_once_and_the_state_says_that_it_learns(learning: Here) -> None:
    learning.post("/train", project=PROJECT, label_config=SENTIMENT)
    assert learning.state()["state"] in ("waiting", "training")
    wait_for(lambda: learning.state()["state"] == "idle")
    assert learning.state()["model"] == "tiebreak-1"


def test_metrics_count(here: Here) -> None:
    before = here.client.get("/metrics").text
    here.predict(GOOD, None)
    after = here.client.get("/metrics").text
    assert "tiebreak_ml_predict_seconds_count" in before

    def value(text: str, name: str) -> float:
        found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(name)]
        return float(found[0]) if found else 0.0

    for name in ('tiebreak_ml_predictions_total{answer="given"}', 'tiebreak_ml_predictions_total{answer="abstained"}'):
        assert value(after, name) == value(before, name) + 1
    assert value(after, "tiebreak_ml_projects") == 1


def test_predictions_do_not_mix_when_many_ask_at_once(here: Here) -> None:
    wanted = [answers(one) for one in here.predict(GOOD, BAD)]
    failed: list[Any] = []

    def ask() -> None:
        failed.extend(n for n in range(5) if [answers(one) for one in here.predict(GOOD, BAD)] != wanted)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# -- whatever strangers send --

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
POSTS = ["/predict", "/setup", "/webhook", "/train", "/score", "/round"]


def refused_or_answered(reply: Any) -> None:
    assert reply.status_code in (200, 202, 400), reply.text
    assert "Traceback" not in reply.text
    if reply.status_code == 400:
        assert reply.get_json()["error"]


@pytest.mark.parametrize("path", POSTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES | JSON)
def test_garbage_is_answered_or_refused_never_a_500(fresh: Here, path: str, body: Any) -> None:
    content = json.dumps(body).encode()
    refused_or_answered(fresh.client.post(path, data=content, headers=bearer(), content_type="application/json"))


@pytest.mark.parametrize("path", POSTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60))
def test_bytes_that_are_no_json_are_refused(here: Here, path: str, content: bytes) -> None:
    refused_or_answered(here.client.post(path, data=content, headers=bearer()))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"tasks":' + b"9" * 5000 + b"}", b"\xff", b"", b"null", b"[]"])
def test_json_that_breaks_parsers_is_refused(here: Here, content: bytes) -> None:
    reply = here.client.post("/predict", data=content)
    assert reply.status_code == 400


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
