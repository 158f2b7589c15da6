"""Classes of label-studio-ml behind our server, and ours behind theirs.

The package cannot be installed from a package index. Tests that need it run where it is installed, or where
LABEL_STUDIO_ML_SOURCE names a folder that holds ``label_studio_ml`` and what it imports; elsewhere they skip.
"""

import importlib.util
import os
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from label_config.answers import Choices
from label_config.parse import parse
from ml_backend.errors import MissingExtra, SettingsError
from ml_backend.runner import serving as serving_of
from ml_backend.settings import Settings
from ml_backend.study import remember_interface
from ml_backend.upstream import UpstreamMinds, base_class, load_class, opinions_of, our_class

from .scenes import PROJECT, SECRET, SENTIMENT, feed_server, sentiment_rows, serving
from .stage import BAD, GOOD, Here, answers
from .test_trainer import wait_for

CONFIG = parse(SENTIMENT)


def region(label: str, **more: Any) -> dict[str, Any]:
    return {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": [label]}, **more}


class Keywords:
    """What a class of label-studio-ml looks like from outside; it calls everything with "happy" in it good."""

    stored: dict[str, str] = {}  # noqa: RUF012 - their classes share a cache too

    def __init__(self, project_id: str | None = None, label_config: str | None = None) -> None:
        self.project_id = project_id
        self.label_config = label_config

    @property
    def model_version(self) -> str:
        return self.stored.get(str(self.project_id), "0.0.1")

    def predict(self, tasks: list[dict[str, Any]], context: dict[str, Any] | None = None) -> Any:
        del context
        return [
            {"result": [region("good" if "happy" in task["data"]["text"] else "bad")], "score": 0.75} for task in tasks
        ]

    def fit(self, event: str, data: dict[str, Any]) -> None:
        assert (event, data["project"]["id"]) == ("START_TRAINING", 4)
        assert data["project"]["label_config"] == SENTIMENT
        self.stored[str(self.project_id)] = "0.1.0"


def behind(folder: Path, model_class: type[Any], **given: Any) -> Here:
    """Our server with a class of theirs."""
    outside = serving(folder, **given)
    return Here(
        type(outside)(outside.registry, outside.settings, outside.fetch, UpstreamMinds(outside.registry, model_class))
    )


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    Keywords.stored.clear()


def test_its_predictions_come_with_our_version_and_a_place(tmp_path: Path) -> None:
    here = behind(tmp_path, Keywords)
    good, bad = here.predict(GOOD, BAD)
    assert (answers(good), answers(bad)) == ({"sentiment": ("good",)}, {"sentiment": ("bad",)})
    assert good["result"][0]["score"] == 0.75
    assert good["result"][0]["meta"]["tiebreak"] == {"margin": 0.25}
    assert good["model_version"] == "tiebreak-1" == here.setup()
    assert 0 <= good["score"] <= 1


def test_a_version_of_its_own_is_the_next_of_ours_and_survives_a_restart(tmp_path: Path) -> None:
    here = behind(tmp_path, Keywords)
    remember_interface(here.folder, SENTIMENT)
    assert here.state()["model"] == "tiebreak-1"
    here.outside.minds.study(PROJECT)
    assert here.state()["model"] == "tiebreak-2"
    here.outside.minds.study(PROJECT)  # the same version again
    assert behind(tmp_path, Keywords).state()["model"] == "tiebreak-2"


def test_it_takes_part_in_rounds(tmp_path: Path) -> None:
    here = behind(tmp_path, Keywords)
    tasks = [{**GOOD, "blind": True}, BAD]
    lines = here.score(*tasks, round="tiebreak-1.1")
    here.post("/round", project=PROJECT, version="tiebreak-1.1")
    told = here.predict(*tasks)
    assert [one["score"] for one in told] == [line["place"] / 2 for line in lines]
    assert [line["out_of_sample"] for line in lines] == [False, False]  # nobody knows what it has learned from
    assert (told[0]["result"], answers(told[1])) == ([], {"sentiment": ("bad",)})
    remember_interface(here.folder, SENTIMENT)
    here.outside.minds.study(PROJECT)
    # What it is now is not what the round was made with: nothing is suggested until the next one.
    assert [one["result"] for one in here.predict(*tasks)] == [[], []]


def answering(response: Any) -> type[Keywords]:
    class Answering(Keywords):
        def predict(self, tasks: list[dict[str, Any]], context: dict[str, Any] | None = None) -> Any:
            return response

    return Answering


def dumped(**fields: Any) -> Any:
    """Something like their pydantic objects."""
    return SimpleNamespace(model_dump=lambda: fields)


ONE = {"result": [region("good")], "score": 0.9}


@pytest.mark.parametrize(
    "response",
    [[ONE], {"predictions": [ONE]}, dumped(predictions=[ONE]), [[ONE, {"result": []}]], [dumped(**ONE)]],
)
def test_every_kind_of_response_is_understood(tmp_path: Path, response: Any) -> None:
    (told,) = behind(tmp_path, answering(response)).predict(GOOD)
    assert answers(told) == {"sentiment": ("good",)}


@pytest.mark.parametrize(
    "response",
    [
        None,
        [],
        [ONE, ONE],
        "text",
        7,
        [None],
        [7],
        [{"result": [region("unknown label")]}],
        [{"result": "x"}],
        [[]],
        [{"result": [{"from_name": "nobody"}]}],
        [{"result": [object()]}],
    ],
)
def test_nonsense_is_an_abstention(tmp_path: Path, response: Any) -> None:
    (told,) = behind(tmp_path, answering(response)).predict(GOOD)
    assert told["result"] == []
    assert 0 <= told["score"] <= 1


@pytest.mark.parametrize("score", [None, float("nan"), -1, 7, "0.9"])
def test_a_score_that_is_none_leaves_the_confidence_open(score: Any) -> None:
    told = opinions_of(CONFIG, {"result": [region("good")], "score": score})["sentiment"]
    assert (told.answer, told.confidence, told.utility) == (Choices(("good",)), None, 0.5)
    fallen_back = opinions_of(CONFIG, {"result": [region("good", score=0.8)], "score": score})["sentiment"]
    assert fallen_back.confidence == 0.8


def test_a_class_that_fails_or_hangs_leaves_every_task_answered(tmp_path: Path) -> None:
    class Failing(Keywords):
        def predict(self, tasks: list[dict[str, Any]], context: dict[str, Any] | None = None) -> Any:
            raise RuntimeError("out of memory")

    class Hanging(Keywords):
        def predict(self, tasks: list[dict[str, Any]], context: dict[str, Any] | None = None) -> Any:
            time.sleep(3)

    for model_class in (Failing, Hanging):
        start = time.monotonic()
        told = behind(tmp_path, model_class, predict_seconds=0.2).predict(GOOD, BAD)
        assert [one["result"] for one in told] == [[], []]
        assert time.monotonic() - start < 2


def test_a_fit_that_fails_is_told_and_keeps_the_version(tmp_path: Path) -> None:
    class Failing(Keywords):
        def fit(self, event: str, data: dict[str, Any]) -> None:
            raise RuntimeError("no labels")

    here = behind(tmp_path, Failing)
    here.trainer.start()
    here.post("/train", project=PROJECT, label_config=SENTIMENT)
    wait_for(lambda: here.state()["error"] is not None)
    here.trainer.stop()
    state = here.state()
    assert state["model"] == "tiebreak-1"
    assert "Failing.fit failed: RuntimeError('no labels')" in state["error"]


@pytest.mark.skipif(importlib.util.find_spec("label_studio_ml") is not None, reason="label-studio-ml is installed here")
def test_without_the_package_the_extra_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'tiebreak\[label-studio-ml\]'"):
        base_class(tmp_path)


# -- with the real package --


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for modules, with the real label-studio-ml importable; skips where it is not."""
    monkeypatch.setenv("MODEL_DIR", str(tmp_path / "cache"))
    sources = [str(tmp_path), *filter(None, [os.environ.get("LABEL_STUDIO_ML_SOURCE")])]
    monkeypatch.setattr(sys, "path", [*sources, *sys.path])
    if importlib.util.find_spec("label_studio_ml") is None:
        pytest.skip("label-studio-ml is not installed: set LABEL_STUDIO_ML_SOURCE to a folder that holds it")
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(("label_studio_ml", "their_model"))]:
        del sys.modules[name]


@pytest.mark.filterwarnings("ignore")  # theirs
def test_a_real_class_of_theirs_answers_and_learns_behind_our_server(package: Path) -> None:
    (package / "their_model.py").write_text(
        textwrap.dedent(
            """
            from label_studio_ml.model import LabelStudioMLBase
            from label_studio_ml.response import ModelResponse
            from label_studio_sdk.label_interface.objects import PredictionValue

            class Theirs(LabelStudioMLBase):
                def setup(self):
                    self.set("model_version", self.get("model_version") or "0.0.1")

                def predict(self, tasks, context=None, **kwargs):
                    name, to_name, _ = self.label_interface.get_first_tag_occurence("Choices", "Text")
                    predictions = [
                        PredictionValue(
                            result=[{"from_name": name, "to_name": to_name, "type": "choices",
                                     "value": {"choices": ["good"]}}],
                            score=0.75,
                        )
                        for task in tasks
                    ]
                    return ModelResponse(predictions=predictions, model_version=str(self.model_version))

                def fit(self, event, data, **kwargs):
                    self.set("model_version", "0.0.2")
            """
        ),
        encoding="utf-8",
    )
    settings = Settings(data=package / "ml", secret=SECRET, model_class="their_model:Theirs")
    here = Here(serving_of(settings))
    remember_interface(here.folder, SENTIMENT)
    (told,) = here.predict(GOOD)
    assert answers(told) == {"sentiment": ("good",)}
    assert told["model_version"] == "tiebreak-1"
    here.outside.minds.study(PROJECT)
    assert here.setup() == "tiebreak-2"


@pytest.mark.filterwarnings("ignore")  # theirs
def test_our_models_answer_and_learn_behind_their_server(package: Path) -> None:
    with feed_server(sentiment_rows(60)) as feed:
        outside = serving(package / "ml", sync_url=feed.url)
        remember_interface(outside.registry.folder(PROJECT), SENTIMENT)
        model_class = our_class(outside)
        client = importlib.import_module("label_studio_ml.api").init_app(model_class=model_class).test_client()
        project = {"id": 4, "label_config": SENTIMENT}
        assert client.post("/webhook", json={"action": "START_TRAINING", "project": project}).status_code == 201
        setup = client.post("/setup", json={"project": PROJECT, "schema": SENTIMENT}).get_json()
        assert setup == {"model_version": "tiebreak-1"}
        body = {"tasks": [GOOD, BAD], "project": PROJECT, "label_config": SENTIMENT, "params": {"context": None}}
        results = client.post("/predict", json=body).get_json()["results"]
        assert [answers(one) for one in results] == [{"sentiment": ("good",)}, {"sentiment": ("bad",)}]
        assert results == Here(outside).predict(GOOD, BAD)


@pytest.mark.filterwarnings("ignore")  # theirs
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no_such_module:Model", "cannot be imported"),
        ("json:Model", "cannot be imported"),
        ("json:loads", "no subclass"),
        ("json", "cannot be imported"),
        (":", "cannot be imported"),
    ],
)
def test_a_class_that_cannot_be_used_is_refused_by_name(package: Path, name: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_class(name, package / "state")
