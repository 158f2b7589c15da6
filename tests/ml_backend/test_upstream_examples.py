"""The examples of label-studio-ml that need no downloads: here they predict what they predict under their own server.

Nothing is fetched. LABEL_STUDIO_ML_SOURCE names a folder that holds ``label_studio_ml`` with its examples, and what it
imports; without it these tests skip.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from ml_backend.errors import SettingsError
from ml_backend.upstream import check
from sync.demo.embedded import free_port

from .foreign import Foreign, settings
from .scenes import PROJECT, SECRET, SENTIMENT, feed_server, sentiment_rows
from .stage import BAD, GOOD, answers
from .test_trainer import wait_for

SOURCE = Path(os.environ.get("LABEL_STUDIO_ML_SOURCE", "nowhere"))
EXAMPLES = SOURCE / "label_studio_ml" / "examples"
if not EXAMPLES.is_dir():
    pytest.skip(
        "set LABEL_STUDIO_ML_SOURCE to a folder that holds label_studio_ml and its examples", allow_module_level=True
    )

NER = """<View><Labels name="label" toName="text"><Label value="PER"/><Label value="ORG"/></Labels>
<Text name="text" value="$text"/></View>"""
SERIES = """<View>
<TimeSeriesLabels name="label" toName="ts"><Label value="Run"/><Label value="Walk"/></TimeSeriesLabels>
<TimeSeries name="ts" value="$csv" valueType="url" timeColumn="time"><Channel column="a"/><Channel column="b"/>
</TimeSeries></View>"""

THEIR_SERVER = """
import importlib, json, sys
folder, name, prepare = sys.argv[1:]
sys.path.insert(0, folder)
model = importlib.import_module("model")
exec(prepare)
from label_studio_ml.api import init_app
client = init_app(getattr(model, name)).test_client()
print("ANSWER" + json.dumps([client.post("/predict", json=body).get_json() for body in json.load(sys.stdin)]))
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The class's folder for what it learns, the same under both servers."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE.absolute()))
    state = tmp_path / "state"
    state.mkdir()
    monkeypatch.setenv("MODEL_DIR", str(state))
    return state


def theirs(example: str, name: str, prepare: str, *bodies: Any) -> list[Any]:
    """What their own server answers."""
    command = [sys.executable, "-c", THEIR_SERVER, str(EXAMPLES / example), name, prepare]
    done = subprocess.run(command, input=json.dumps(bodies), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout.partition("ANSWER")[2])
    return found


def said(prediction: Any) -> list[Any]:
    """What a prediction says, without ids and what is ours."""
    return [{key: one[key] for key in ("from_name", "to_name", "type", "value")} for one in prediction["result"]]


def asked(xml: str, *tasks: Any, context: Any = None) -> dict[str, Any]:
    return {"tasks": tasks, "project": PROJECT, "label_config": xml, "params": {"context": context}}


LEARNED = """
import os, pickle
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
texts = ["awful broken", "happy lovely", "perhaps maybe"] * 3
known = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [0, 1, 2] * 3)
pickle.dump(known, open(os.path.join(os.environ["MODEL_DIR"], "model.pkl"), "wb"))
"""


@pytest.mark.usefixtures("outside")
def test_sklearn_text_classifier(tmp_path: Path) -> None:
    tasks = [GOOD, BAD, {"id": 3, "data": {"text": "maybe a day"}}]
    body = asked(SENTIMENT, *tasks)
    (wanted,) = theirs("sklearn_text_classifier", "SklearnTextClassifier", LEARNED, body)
    file = EXAMPLES / "sklearn_text_classifier" / "model.py"
    with Foreign(tmp_path, f"{file}:SklearnTextClassifier") as here:
        told = here.predict(*tasks)
    assert [said(one) for one in told] == [said(one) for one in wanted["results"]]
    assert [answers(one)["sentiment"] for one in told] == [("good",), ("bad",), ("unsure",)]
    # Their prediction's score is the probability: here it stands beside the region, and the place is ours.
    scores = [one["result"][0]["score"] for one in told]
    assert scores == [pytest.approx(one["score"], abs=1e-6) for one in wanted["results"]]


@pytest.mark.usefixtures("outside")
def test_interactive_substring_matching(tmp_path: Path) -> None:
    task = {"id": 1, "data": {"text": "Apple sells the Apple Watch"}}
    drawn = {"from_name": "label", "to_name": "text", "type": "labels", "id": "a"}
    drawn["value"] = {"start": 0, "end": 5, "text": "Apple", "labels": ["ORG"]}  # type: ignore[assignment]
    context = {"result": [drawn]}
    plain, interactive = asked(NER, task), asked(NER, task, context=context)
    nothing, wanted = theirs("interactive_substring_matching", "InteractiveSubstringMatching", "", plain, interactive)
    file = EXAMPLES / "interactive_substring_matching" / "model.py"
    with Foreign(tmp_path, f"{file}:InteractiveSubstringMatching") as here:
        assert (here.predict(task, xml=NER)[0]["result"], nothing["results"]) == ([], [])
        (told,) = here.predict(task, xml=NER, context=context)
    assert said(told) == said(wanted["results"][0])
    assert [one["value"]["start"] for one in told["result"]] == [0, 16]
    assert (
        [one["score"] for one in told["result"]]
        == [0.8, 0.8]
        == [one["score"] for one in wanted["results"][0]["result"]]
    )


SERIES_MODEL = f"""
import torch
torch.manual_seed(3)
made = model.TimeSeriesSegmenter(project_id="4", label_config={SERIES!r})
made._save_model(made._build_model(2, 3), 4)
model._models.clear()
"""


@pytest.mark.usefixtures("outside")
def test_timeseries_segmenter(tmp_path: Path) -> None:
    if not (SOURCE / "torchmetrics").is_dir():
        pytest.skip("the example timeseries_segmenter needs torchmetrics in LABEL_STUDIO_ML_SOURCE")
    csv = "time,a,b\n" + "".join(f"{n},{n % 7},{(n * n) % 5}\n" for n in range(120))
    task = {"id": 1, "data": {"csv": csv}, "project": 4}
    (wanted,) = theirs("timeseries_segmenter", "TimeSeriesSegmenter", SERIES_MODEL, asked(SERIES, task))
    assert wanted["results"][0]["result"]
    with Foreign(tmp_path, f"{EXAMPLES / 'timeseries_segmenter' / 'model.py'}:TimeSeriesSegmenter") as here:
        (told,) = here.predict(task, xml=SERIES)
    assert said(told) == said(wanted["results"][0])


@pytest.mark.usefixtures("outside")
def test_the_class_that_label_studio_ml_create_writes(tmp_path: Path) -> None:
    """It predicts nothing, and its ``fit`` names a new version."""
    with Foreign(tmp_path, f"{SOURCE / 'label_studio_ml' / 'default_configs' / 'model.py'}:NewModel") as here:
        assert [one["result"] for one in here.predict(GOOD, BAD)] == [[], []]
        here.minds.study(PROJECT)
        assert here.setup() == "tiebreak-2"
        here.minds.study(PROJECT)
        assert here.setup() == "tiebreak-2"


@pytest.mark.usefixtures("outside")
def test_an_example_that_lacks_what_it_needs_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="install what it needs"):
        check(settings(tmp_path, f"{EXAMPLES / 'deepgram' / 'model.py'}:DeepgramModel"))


STARTED = Path(__file__).parents[2] / "examples" / "label-studio-ml"


@contextmanager
def label_studio_ml_start(folder: Path) -> Iterator[str]:
    """Their own command with the folder; its address."""
    port = free_port()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "label_studio_ml.server", "start", str(folder), "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, "PATH": path}, start_new_session=True) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.mark.usefixtures("outside")
def test_our_models_answer_and_learn_behind_their_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SOURCE.absolute()), str(STARTED.parents[1])]))
    with feed_server(sentiment_rows(60)) as feed, requests.Session() as session:
        for name, value in {"DATA": str(tmp_path / "ml"), "SYNC_URL": feed.url, "SECRET": SECRET}.items():
            monkeypatch.setenv(f"TIEBREAK_ML_{name}", value)
        with label_studio_ml_start(STARTED) as url:
            wait_for(lambda: _is_up(session, url), 60)
            project = {"id": 4, "label_config": SENTIMENT}
            learned = session.post(f"{url}/webhook", json={"action": "START_TRAINING", "project": project})
            setup = session.post(f"{url}/setup", json={"project": PROJECT, "schema": SENTIMENT})
            told = session.post(f"{url}/predict", json=asked(SENTIMENT, GOOD, BAD)).json()["results"]
    assert learned.json()["result"] == {"model_version": "tiebreak-1"} == setup.json()
    assert [answers(one) for one in told] == [{"sentiment": ("good",)}, {"sentiment": ("bad",)}]


def _is_up(session: requests.Session, url: str) -> bool:
    session.trust_env = False
    try:
        return bool(session.get(f"{url}/health", timeout=5).json()["model_class"] == "Tiebreak")
    except requests.ConnectionError:
        return False
