"""What the tests of the ML backend share: small data, a learned project, a real feed server."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from label_config.answers import Choices
from ml_backend import runner
from ml_backend.labels import LabelSet, as_json
from ml_backend.learners.control_model import ControlModel
from ml_backend.predict import Serving
from ml_backend.records import TrainingRow
from ml_backend.registry import Model
from ml_backend.settings import Settings
from ml_backend.study import learn_and_publish, remember_interface

PROJECT = "4.1795455965"
SECRET = "between-us"
SENTIMENT = """<View><Text name="text" value="$text"/><Choices name="sentiment" toName="text">
<Choice value="good"/><Choice value="bad"/><Choice value="unsure"/></Choices></View>"""
TOPICS = """<View><Text name="text" value="$text"/><Choices name="topic" toName="text" choice="multiple">
<Choice value="sea"/><Choice value="city"/><Choice value="food"/></Choices></View>"""
WORDS = {
    "good": "lovely great wonderful excellent happy fine".split(),
    "bad": "awful terrible broken horrible sad poor".split(),
    "unsure": "perhaps maybe possibly somewhat unclear medium".split(),
    "sea": "wave harbour ship tide salt gull".split(),
    "city": "street tram tower square crowd bridge".split(),
    "food": "bread soup cheese pepper kitchen plate".split(),
}


def sentence(labels: Sequence[str], rng: np.random.Generator) -> str:
    """A text whose words tell its labels."""
    words = [word for label in labels for word in rng.choice(WORDS[label], 3)]
    return " ".join([*words, *rng.choice(["the", "of", "and", "on", "with"], 3), str(rng.integers(10_000))])


def sentiment_rows(count: int, *, seed: int = 0, first: int = 1) -> list[TrainingRow]:
    """Labeled sentences, every tenth in the holdout."""
    rng = np.random.default_rng(seed)
    labels = [str(label) for label in rng.choice(["good", "bad", "unsure"], count)]
    return [
        TrainingRow(
            first + place,
            "sentiment",
            {"text": sentence([label], rng)},
            Choices((label,)),
            0.9,
            "consensus",
            place % 10 == 9,
            place + 1,
        )
        for place, label in enumerate(labels)
    ]


def topic_rows(count: int, *, seed: int = 0) -> list[TrainingRow]:
    """Labeled sentences with none to three topics."""
    rng = np.random.default_rng(seed)
    rows = []
    for place in range(count):
        labels = tuple(label for label in ("sea", "city", "food") if rng.random() < 0.4)
        data = {"text": sentence(labels, rng)}
        rows.append(TrainingRow(place + 1, "topic", data, Choices(labels), 0.9, "consensus", False, place + 1))
    return rows


def label_of(row: TrainingRow) -> str:
    """Its one label."""
    assert isinstance(row.answer, Choices)
    return row.answer.labels[0]


def only(model: Model) -> ControlModel:
    """The model of its one control."""
    (control,) = model.controls
    assert isinstance(control, ControlModel)
    return control


def serving(folder: Path, **given: Any) -> Serving:
    """What answering needs, with its data in ``folder``; no time is taken to choose models in, unless it is given."""
    return runner.serving(Settings(data=folder, secret=SECRET, **{"choose_seconds": 0, **given}))


def learned(
    outside: Serving, rows: Sequence[TrainingRow], xml: str = SENTIMENT, project: str = PROJECT
) -> Model | None:
    """The project after it has learned from the rows."""
    remember_interface(outside.registry.folder(project), xml)
    labels = LabelSet().merged(rows, max((row.updated_at for row in rows), default=0))
    return learn_and_publish(project, xml, labels, outside.registry, outside.settings, outside.fetch)


@dataclass
class FeedServer:
    """A real HTTP server that answers like the training feed of ``tiebreak serve``.

    ``rows`` are served as they are; ``cut`` leaves out the last line, ``status`` refuses. ``asked`` are the cursors.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    status: int = 200
    asked: list[int] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    url: str = ""

    def body(self, after: int) -> bytes:
        news = [row for row in self.rows if row["updated_at"] > after]
        cursor = max((row["updated_at"] for row in news), default=after)
        lines = [json.dumps(row, ensure_ascii=False) for row in news]
        return "".join(
            line + "\n" for line in [*lines, *([] if self.cut else [json.dumps({"cursor": cursor})])]
        ).encode()


def feed_line(row: TrainingRow, **changed: Any) -> dict[str, Any]:
    """A row as the feed sends it."""
    return {**as_json(row), **changed}


@contextmanager
def feed_server(rows: Sequence[TrainingRow] = ()) -> Iterator[FeedServer]:
    """A running feed on a free port."""
    feed = FeedServer([feed_line(row) for row in rows])

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feed.secrets.append(self.headers.get("Authorization"))
            after = int(parse_qs(urlsplit(self.path).query)["after"][0])
            feed.asked.append(after)
            self.send_response(feed.status)
            self.end_headers()
            if feed.status == 200:
                self.wfile.write(feed.body(after))

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
            pass

    with running(Answer) as url:
        feed.url = url
        yield feed


@contextmanager
def running(answer: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A real HTTP server in a thread; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def bearer(secret: str = SECRET) -> Mapping[str, str]:
    """The header that the sync service sends."""
    return {"Authorization": f"Bearer {secret}"}
