"""What Label Studio asks: its ML contract, and its events."""

import dataclasses
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from label_config.model import LabelConfig
from ml_backend.predict import AT_ONCE, Serving
from ml_backend.records import Task, Thought
from ml_backend.study import remember_interface
from ml_backend.thinking import LearnedMind, Mind
from ml_backend.web.slow_clients import PatientSocket

from .scenes import PROJECT, SENTIMENT, TOPICS, feed_server, learned, sentiment_rows, serving, topic_rows
from .stage import BAD, GOOD, TORN, Here, answers
from .test_trainer import wait_for


@pytest.mark.parametrize("path", ["/", "/health"])
def test_health_answers(here: Here, path: str) -> None:
    assert here.client.get(path).get_json() == {"status": "UP", "model_class": "tiebreak", "problems": 0}


def test_a_prediction_says_what_it_thinks_and_how_sure_it_is(here: Here) -> None:
    good, bad = here.predict(GOOD, BAD)
    assert (answers(good), answers(bad)) == ({"sentiment": ("good",)}, {"sentiment": ("bad",)})
    (region,) = good["result"]
    assert 0.5 < region["score"] <= 1
    told = dict(region["meta"]["tiebreak"])
    assert told.pop("set_size") == 1
    assert set(told) == {"least_confidence", "margin", "entropy", "disagreement", "novelty", "fused"}
    assert all(0 <= value <= 1 for value in told.values())
    assert good["model_version"] == "tiebreak-1" == here.setup()


def test_less_sure_comes_first(here: Here) -> None:
    good, torn = here.predict(GOOD, TORN)
    assert torn["score"] < good["score"]


def test_before_anything_was_learned_it_abstains(empty: Here) -> None:
    assert empty.setup() == "tiebreak-0"
    nothing = {"control": None, "code": "no_model", "words": "nothing has been learned for this project yet"}
    assert empty.predict(GOOD) == [
        {"model_version": "tiebreak-0", "result": [], "score": 0.5, "reasons": [nothing]},
    ]
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
        {"id": 1, "data": {"text": {"a": "b"}}},
        {"id": "x", "data": {"other": "a"}},
    ],
)
def test_a_task_that_cannot_be_read_abstains_and_the_others_are_answered(here: Here, task: Any) -> None:
    first, broken, last = here.predict(GOOD, task, BAD)
    assert answers(first) == {"sentiment": ("good",)}
    assert answers(last) == {"sentiment": ("bad",)}
    assert broken["result"] == []
    assert 0 <= broken["score"] <= 1


@pytest.mark.parametrize(
    "data", [{"text": "happy \ud800 lovely"}, {"text": 2**70, "\ud800": 1}, {"text": "lovely ☀ " * 10**6}]
)
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


def test_what_waited_too_long_for_a_thread_is_answered_without_thinking(tmp_path: Path) -> None:
    """And the time in which the client still sent its request is no such time."""
    outside = serving(tmp_path, media_seconds=30)
    learned(outside, sentiment_rows(60))
    here = Here(outside)
    ours, theirs = socket.socketpair()
    with PatientSocket(ours) as waited, theirs:
        for queued, lingered, answered in ((64.0, 0.0, True), (66.0, 0.0, False), (66.0, 5.0, True)):
            waited.queued, waited.lingered = queued, lingered
            body = {"tasks": [GOOD], "project": PROJECT, "label_config": SENTIMENT}
            reply = here.client.post("/predict", json=body, environ_overrides={"gunicorn.socket": waited})
            assert bool(reply.get_json()["results"][0]["result"]) == answered


class Failing:
    """Minds whose live one fails on some tasks."""

    def __init__(self, outside: Serving) -> None:
        self._minds = outside.minds

    def live(self, project: str) -> tuple[Mind | None, str | None]:
        mind, problem = self._minds.live(project)
        assert isinstance(mind, LearnedMind)
        return FailingMind(mind.model, mind.fetch, mind.utility), problem

    def trouble(self, project: str, until: float) -> str | None:
        return self._minds.trouble(project, until)

    def named(self, project: str, version: str) -> Mind:
        return self._minds.named(project, version)

    def study(self, project: str) -> object:
        return self._minds.study(project)


class FailingMind(LearnedMind):
    def think(
        self, config: LabelConfig, tasks: Sequence[Task], until: float | None, context: Mapping[str, Any] | None = None
    ) -> dict[str, Thought]:
        if any(task.data.get("text") == "poison" for task in tasks):
            raise ZeroDivisionError("a defect")
        return super().think(config, tasks, until, context)


def test_where_thinking_fails_that_part_abstains_and_the_others_are_answered(here: Here) -> None:
    one = Here(dataclasses.replace(here.outside, minds=Failing(here.outside)))
    tasks = [*[GOOD] * AT_ONCE, {"id": 1, "data": {"text": "poison"}}, *[BAD] * (AT_ONCE - 1), GOOD]
    told = one.predict(*tasks)
    assert [bool(one["result"]) for one in told] == [True] * AT_ONCE + [False] * AT_ONCE + [True]


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
