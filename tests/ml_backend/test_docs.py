"""The requests in the docs are accepted, and the answers there have the shape of ours."""

import json
from pathlib import Path
from typing import Any

import pytest

from label_config.answers import Choices
from ml_backend.labels import row_from

from ..conftest import ROOT
from ..docs.pages import blocks, page
from .scenes import PROJECT, SENTIMENT, bearer, learned, sentiment_rows, serving
from .stage import Here

SERVICES, BACKEND = ROOT / "docs/services.md", ROOT / "docs/ml-backend.md"


def examples(place: Path) -> list[list[Any]]:
    """The JSON blocks of a page, each as its lines."""
    return [
        [json.loads(line) for line in block.text.splitlines()] for block in blocks(place) if block.language == "json"
    ]


def shape(value: Any) -> Any:
    """What a value is made of."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


@pytest.fixture
def here(tmp_path: Path) -> Here:
    """What /train and /round change stays in this test."""
    outside = serving(tmp_path)
    learned(outside, sentiment_rows(120))
    return Here(outside)


def asked(here: Here, path: str, body: dict[str, Any]) -> Any:
    """The answer to a request of the docs, which leave out the interface."""
    assert body["project"] == PROJECT
    reply = here.client.post(
        path, json={**body, **({"label_config": SENTIMENT} if "label_config" in body else {})}, headers=bearer()
    )
    assert reply.status_code in (200, 202), reply.text
    assert reply.headers["X-Tiebreak-Interface"] == "1"
    return [json.loads(line) for line in reply.text.splitlines()] if path == "/score" else reply.get_json()


def test_the_interface_between_the_services_is_as_documented(here: Here) -> None:
    feed, train, state, score, line, show, live = examples(SERVICES)
    assert [row_from(one).answer for one in feed[:2]] == [Choices(("good",)), None]
    assert set(feed[2]) == {"cursor"}
    asked(here, "/train", train[0])
    (told,) = asked(here, "/score", score[0])
    assert shape(told) == shape(line[0])
    asked(here, "/round", show[0])
    assert shape(here.state()) == shape(state[0])
    assert here.setup() == state[0]["round"]
    assert asked(here, "/live", live[0]) == {"model": "tiebreak-1"}


def test_what_label_studio_asks_is_as_documented(here: Here) -> None:
    setup, version, predict, results = examples(BACKEND)
    assert shape(asked(here, "/setup", setup[0])) == shape(version[0])
    assert shape(asked(here, "/predict", predict[0])) == shape(results[0])
    refused = here.client.post("/predict", json={})
    assert f"`{refused.text.strip()}`".replace('":"', '": "') in page("docs/ml-backend.md")
    assert f"`{json.dumps(here.client.get('/health').get_json())}`" in page("docs/ml-backend.md")
