"""How long Label Studio waits for ``/predict``: a real ``tiebreak-ml serve``, a trained model, 1 and 50 tasks."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import requests

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

Example = tuple[Mapping[str, str], str]


def run(*, quick: bool) -> None:
    """Print the median and the 95th percentile of each."""
    calls, count = (3, 100) if quick else (40, 400)
    for name, xml, examples in (
        ("text", template("text-classification"), _texts(count)),
        ("images", template("digits"), [({"image": one.image}, one.label) for one in digits(count, seed=1)]),
    ):
        with TemporaryDirectory() as scratch:
            _measure(name, xml, examples, calls, Path(scratch))


def _texts(count: int) -> list[Example]:
    rng = np.random.default_rng(1)
    tone = {"Positive": ["great", "lovely"], "Neutral": ["usual", "plain"], "Negative": ["awful", "broken"]}
    filler = "the room and staff of this hotel near lake had a view with bed that we found was".split()
    found: list[Example] = []
    for place in range(count):
        label = list(tone)[place % 3]
        words = [*rng.choice(filler, size=30), *rng.choice(tone[label], size=3)]
        found.append(({"text": " ".join(words)}, label))
    return found


def _measure(name: str, xml: str, examples: Sequence[Example], calls: int, folder: Path) -> None:
    _train(xml, examples, folder)
    port = free_port()
    service = Service(
        "tiebreak-ml",
        ["serve", "--host", "127.0.0.1", "--port", str(port), "--data", str(folder / "data")],
        port,
        "/health",
        folder / "log",
    )
    tasks = [{"id": place + 1, "data": data} for place, (data, _) in enumerate(examples)]
    with service, requests.Session() as session:
        session.trust_env = False
        service.start({})
        service.ready()
        for amount in (1, 50):
            seconds = []
            for call in range(calls + 1):
                part = [tasks[(call * amount + place) % len(tasks)] for place in range(amount)]
                start = time.monotonic()
                answer = _predict(session, service.url, xml, part)
                seconds.append(time.monotonic() - start)
                if len(answer) != amount or not all(one["result"] for one in answer):
                    raise DemoError(f"/predict answered {len(answer)} of {amount} tasks, or abstained: {answer[:1]}")
            steady = sorted(seconds[1:])
            print(
                f"   {name:7} {amount:3} tasks: median {1000 * steady[len(steady) // 2]:6.1f} ms, "
                f"95 % {1000 * steady[int(0.95 * (len(steady) - 1))]:6.1f} ms   (first call {1000 * seconds[0]:.0f} ms)"
            )


def _predict(
    session: requests.Session, url: str, xml: str, tasks: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    reply = session.post(
        f"{url}/predict", json={"tasks": tasks, "project": PROJECT, "label_config": xml, "params": {}}, timeout=100
    )
    reply.raise_for_status()
    results: Sequence[Mapping[str, Any]] = reply.json()["results"]
    return results


def _train(xml: str, examples: Sequence[Example], folder: Path) -> None:
    control = parse(xml).controls[0]
    export = [
        {
            "id": place + 1,
            "data": data,
            "annotations": [
                {"id": place + 1, "completed_by": 1, "result": write_answer(control, Choices((label,)), region_id="r")}
            ],
        }
        for place, (data, label) in enumerate(examples)
    ]
    (folder / "export.json").write_text(json.dumps(export), encoding="utf-8")
    (folder / "config.xml").write_text(xml, encoding="utf-8")
    files = [str(folder / "export.json"), "--label-config", str(folder / "config.xml"), "--data", str(folder / "data")]
    command = [str(PROGRAM), "train", *files, "--project", PROJECT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"tiebreak-ml train ended with {done.returncode}: {done.stderr}")
