"""Webhooks only wake: each is answered at once, also during a run, and many of them bring one run."""

import json
import threading
import time

import httpx

from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.labelstudio.wire import RemoteProject
from sync.opening import Services
from sync.runner import waker
from sync.schedule import Scheduler
from sync.settings import Settings
from sync.store import projects
from sync.store.engine import Store
from sync.web.app import create_app
from sync.webhooks import SECRET_HEADER

from ..conftest import clock

SECRET = "a shared secret"
REGION = {"id": "r", "from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": ["good"]}}
EVENTS = 60


def event(project: int) -> bytes:
    """What Label Studio sends of a new annotation with 200 regions."""
    return json.dumps(
        {
            "action": "ANNOTATION_CREATED",
            "project": {"id": project, "title": "Scene", "label_config": "<View/>" * 200},
            "task": {"id": 1, "data": {"text": "words " * 2_000}},
            "annotation": {"id": 5, "result": [REGION] * 200},
        }
    ).encode()


def test_a_burst_of_events_during_a_run_is_answered_at_once_and_brings_one_more_run(store: Store) -> None:
    with store.begin() as connection:
        source = projects.remember(connection, project(7), kind="source", now=1)
        projects.remember(connection, project(8), kind="review", now=1, source=source.key, band=1)
    runs: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def run(number: int) -> None:
        runs.append(number)
        begun.set()
        go_on.wait(30)

    planned = Scheduler(store, run, (7,), every=3600, after_webhook=0.05, clock=clock)
    network = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    gateway = LabelStudio(Transport("http://nowhere.example", "t", http=network))
    outside = Services(store, gateway, None, Settings(secret=SECRET), clock)
    client = create_app(outside.settings, store, waker(outside, planned.wake)).test_client()
    planned.start()
    try:
        assert begun.wait(30)
        took = []
        for number in range(EVENTS):
            begin = time.perf_counter()
            reply = client.post("/webhook", data=event(7 + number % 2), headers={SECRET_HEADER: SECRET})
            took.append(time.perf_counter() - begin)
            assert reply.status_code == 200
        go_on.set()
        end = time.monotonic() + 30
        while len(runs) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.3)
    finally:
        go_on.set()
        planned.stop()
        gateway.close()
    assert runs in ([7, 7], [7, 7, 7]), "one more may follow an event that was still on its way as the second run began"
    assert sorted(took)[EVENTS // 4] < 0.020, "other work on the machine may slow some of them down, not most"


def project(number: int) -> RemoteProject:
    return RemoteProject(number, "Scene", "", number, "<View/>", "", "", 1, False)
