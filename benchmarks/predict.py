"""``/predict`` at 1 and 50 tasks, side by side: ours, a bare Flask app, the example of label-studio-ml.

Each is one process of gunicorn with threads; all run at once and are asked in turn, so that what else this machine does
meets all of them alike. The example is asked where LABEL_STUDIO_ML_SOURCE names a folder that holds
``label_studio_ml`` with its examples and what it imports.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from label_config.answers import Choices
from label_config.parse import parse
from label_config.results import write_answer
from label_config.templates import template
from sync.demo.digits import digits
from sync.demo.embedded import free_port
from sync.demo.processes import Service
from sync.errors import DemoError

PROJECT = "1.1700000000"
PROGRAM = Path(sys.executable).with_name("tiebreak-ml")
ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 4
AMOUNTS = (1, 50)
FLASK, UPSTREAM, TFIDF = "bare Flask", "label-studio-ml", "ours, tfidf"

Example = tuple[Mapping[str, str], str]

THEIRS = """
import json, os, pickle, sys
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
texts, labels = zip(*json.load(open(sys.argv[1])))
terms = TfidfVectorizer(ngram_range=(1, 3), token_pattern=r"(?u)\\b\\w\\w+\\b|\\w")
known = make_pipeline(terms, LogisticRegression(C=10))
known.fit(texts, [sorted(set(labels)).index(label) for label in labels])
pickle.dump(known, open(os.path.join(os.environ["MODEL_DIR"], "model.pkl"), "wb"))
"""
"""What the example's own ``fit`` does with the tasks that it fetches from Label Studio."""


@dataclass
class Side:
    """One server, and what was measured of it: seconds of each call, and requests a second."""

    service: Service
    bodies: Mapping[int, Sequence[bytes]]
    seconds: dict[int, list[float]] = field(default_factory=lambda: {amount: [] for amount in AMOUNTS})
    rates: dict[int, list[float]] = field(default_factory=lambda: {amount: [] for amount in AMOUNTS})

    def median(self, amount: int) -> float:
        """Milliseconds."""
        return 1000 * median(self.seconds[amount])

    def rate(self, amount: int) -> float:
        """Requests a second by four clients."""
        return median(self.rates[amount])


def run(*, quick: bool) -> None:
    """Print medians, requests a second, and their ratios beside what is wanted."""
    count, rounds, span = (100, 1, 0.2) if quick else (400, 7, 1.0)
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        sides = dict(_sides(count, Path(scratch), stack))
        for side in sides.values():
            side.service.ready()
            for amount in AMOUNTS:
                _calls(side, amount, 0.3)
        for _ in range(rounds):
            for side in sides.values():
                for amount in AMOUNTS:
                    side.seconds[amount] += _calls(side, amount, span)
                    side.rates[amount].append(_together(side, amount, span))
    for name, side in sides.items():
        print(
            f"   {name:16}"
            + "".join(
                f"  {amount:2} tasks: median {side.median(amount):6.1f} ms, {side.rate(amount):6.0f} requests/s"
                for amount in AMOUNTS
            )
        )
    _compare(sides)
    _pictures(3 if quick else 40, count)


def _compare(sides: Mapping[str, Side]) -> None:
    """The ratios: of the medians, and of the requests a second."""
    for name in [one for one in sides if one.startswith("ours")]:
        ours = sides[name]
        for other, wanted in (
            (UPSTREAM, {1: "at least 5", 50: "at least 5"}),
            (FLASK, {1: "at least 0.5"}),
        ):
            if other in sides:
                for amount, target in wanted.items():
                    print(
                        f"   {name} beside {other}, {amount} tasks: "
                        f"one client {sides[other].median(amount) / ours.median(amount):.2f} times as fast, "
                        f"{CLIENTS} clients {ours.rate(amount) / sides[other].rate(amount):.2f} times ({target})"
                    )
    if UPSTREAM not in sides:
        print("   label-studio-ml was not measured: LABEL_STUDIO_ML_SOURCE names no folder that holds its examples")


def _sides(count: int, folder: Path, stack: ExitStack) -> Iterator[tuple[str, Side]]:
    """The servers, started."""
    xml = template("text-classification")
    examples = texts(count)
    pairs = folder / "pairs.json"
    pairs.write_text(json.dumps([(data["text"], label) for data, label in examples]), encoding="utf-8")
    bare = _gunicorn("benchmarks.bare_flask:create_app()", folder, ROOT)
    yield FLASK, _started(stack, xml, examples, bare, BARE_FLASK_EXAMPLES=str(pairs))
    source = Path(os.environ.get("LABEL_STUDIO_ML_SOURCE", "nowhere")).absolute()
    example = source / "label_studio_ml" / "examples" / "sklearn_text_classifier"
    if example.is_dir():
        given = {"PYTHONPATH": str(source), "MODEL_DIR": str(folder), "LOG_LEVEL": "WARNING"}
        _ran([sys.executable, "-c", THEIRS, str(pairs)], given)
        yield UPSTREAM, _started(stack, xml, examples, _gunicorn("_wsgi:app", folder, example), **given)
    for encoder in ("tfidf", "auto"):
        data = folder / encoder
        _train(xml, examples, data, TIEBREAK_ML_ENCODER=encoder)
        yield f"ours, {encoder}", _started(stack, xml, examples, _ours(data))


def _started(stack: ExitStack, xml: str, examples: Sequence[Example], service: Service, **environment: str) -> Side:
    stack.enter_context(service)
    service.start({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TIEBREAK_ML_WORKERS": "1", **environment})
    return Side(service, {amount: _bodies(xml, examples, amount) for amount in AMOUNTS})


def _gunicorn(app: str, folder: Path, there: Path) -> Service:
    port = free_port()
    options = ["-w", "1", "--threads", str(CLIENTS), "-b", f"127.0.0.1:{port}", "--chdir", str(there)]
    return Service("gunicorn", [*options, app], port, "/health", folder / "log")


def _ours(data: Path) -> Service:
    port = free_port()
    given = ["serve", "--host", "127.0.0.1", "--port", str(port), "--data", str(data)]
    return Service("tiebreak-ml", given, port, "/health", data / "log")


def texts(count: int) -> list[Example]:
    rng = np.random.default_rng(1)
    tone = {"Positive": ["great", "lovely"], "Neutral": ["usual", "plain"], "Negative": ["awful", "broken"]}
    filler = "the room and staff of this hotel near lake had a view with bed that we found was".split()
    found: list[Example] = []
    for place in range(count):
        label = list(tone)[place % 3]
        words = [*rng.choice(filler, size=30), *rng.choice(tone[label], size=3), f"nr{place}"]
        found.append(({"text": " ".join(words)}, label))
    return found


def _body(xml: str, examples: Sequence[Example], first: int, amount: int) -> bytes:
    """A request about tasks that taught nothing: their ids are new."""
    several = [examples[(first + place) % len(examples)][0] for place in range(amount)]
    tasks = [{"id": 1_000_000 + first + place, "data": data} for place, data in enumerate(several)]
    params = {"login": None, "password": None, "context": None}
    return json.dumps({"tasks": tasks, "project": PROJECT, "label_config": xml, "params": params}).encode()


def _bodies(xml: str, examples: Sequence[Example], amount: int) -> list[bytes]:
    return [_body(xml, examples, first, amount) for first in range(0, 20 * amount, amount)]


class Client:
    """One connection that stays."""

    def __init__(self, service: Service) -> None:
        host, _, port = service.url.removeprefix("http://").partition(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=100)

    def predict(self, body: bytes, amount: int) -> None:
        """Ask; raises DemoError where it is not answered as it should."""
        self._connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        reply = self._connection.getresponse()
        content = reply.read()
        if reply.status != 200 or content.count(b'"result":') != amount or b'"result":[]' in content:
            raise DemoError(f"/predict did not answer {amount} tasks: {reply.status} {content[:200]!r}")

    def close(self) -> None:
        """End it."""
        self._connection.close()


def _calls(side: Side, amount: int, span: float) -> list[float]:
    """The seconds of each call, one after the other, for so many seconds; one at least."""
    bodies = side.bodies[amount]
    client, found = Client(side.service), list[float]()
    end = time.monotonic() + span
    while not found or time.monotonic() < end:
        start = time.monotonic()
        client.predict(bodies[len(found) % len(bodies)], amount)
        found.append(time.monotonic() - start)
    client.close()
    return found


def _together(side: Side, amount: int, span: float) -> float:
    """Requests a second, by as many clients as there are threads."""
    done = [0] * CLIENTS

    def ask(number: int) -> None:
        done[number] = len(_calls(side, amount, span))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - start)


def _pictures(calls: int, count: int) -> None:
    """Ours alone: neither of the others reads pictures."""
    examples = [({"image": one.image}, one.label) for one in digits(count, seed=1)]
    xml = template("digits")
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        _train(xml, examples, Path(scratch) / "data")
        side = _started(stack, xml, examples, _ours(Path(scratch) / "data"))
        side.service.ready()
        client = Client(side.service)
        for amount in AMOUNTS:
            seconds = []
            for call in range(calls + 1):
                body = _body(xml, examples, call * amount, amount)
                start = time.monotonic()
                client.predict(body, amount)
                seconds.append(time.monotonic() - start)
            print(f"   ours, pictures    {amount:2} tasks: median {1000 * median(seconds[1:]):6.1f} ms")


def _train(xml: str, examples: Sequence[Example], data: Path, **environment: str) -> None:
    control = parse(xml).controls[0]
    export = [
        {
            "id": place + 1,
            "data": given,
            "annotations": [
                {"id": place + 1, "completed_by": 1, "result": write_answer(control, Choices((label,)), region_id="r")}
            ],
        }
        for place, (given, label) in enumerate(examples)
    ]
    data.mkdir()
    (data / "export.json").write_text(json.dumps(export), encoding="utf-8")
    (data / "config.xml").write_text(xml, encoding="utf-8")
    files = [str(data / "export.json"), "--label-config", str(data / "config.xml"), "--data", str(data)]
    _ran([str(PROGRAM), "train", *files, "--project", PROJECT], environment)


def _ran(command: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr}")
