"""A learned project behind Flask's test client."""

import json
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from label_config.answers import chosen
from label_config.parse import parse
from label_config.results import read_answers
from ml_backend.app import create_app
from ml_backend.predict import Serving
from ml_backend.trainer import Lesson, Trainer

from .scenes import PROJECT, SENTIMENT, bearer

CONFIG = parse(SENTIMENT)
GOOD = {"id": 500, "data": {"text": "lovely wonderful happy day"}}
BAD = {"id": 501, "data": {"text": "awful broken horrible day"}}
TORN = {"id": 502, "data": {"text": "lovely awful day"}}


class InHere:
    """Gives lessons in this process."""

    def __init__(self, study: Callable[[str], object]) -> None:
        self._study = study

    def teach(self, lesson: Lesson) -> None:
        self._study(lesson.project)

    def stop(self) -> None:
        pass


class Here:
    """A learned project behind Flask's test client."""

    def __init__(self, outside: Serving) -> None:
        self.outside = outside
        settings = outside.settings
        self.trainer = Trainer(settings.data, InHere(outside.minds.study), settings.wait_seconds, settings.news_at_once)
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


def answers(prediction: dict[str, Any], xml: str = SENTIMENT) -> dict[str, tuple[str, ...]]:
    """What a prediction says, read as Label Studio's own results are."""
    return {name: chosen(answer) for name, answer in read_answers(parse(xml), prediction["result"]).items()}
