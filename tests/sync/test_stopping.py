"""Told to stop, nothing more is asked of anybody; and a server that is away is left in peace, for all to see."""

import threading
import time
from collections.abc import Callable

import httpx
import pytest

from sync.backend import Backend
from sync.errors import LabelStudioError, Stopped
from sync.labelstudio.circuit import FAILURES, FIRST_REST, Circuit
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.opening import Services, alone
from sync.settings import Settings
from sync.stopping import Stop
from sync.store.engine import Store

from ..conftest import clock

TOKEN = "0123456789abcdef0123456789abcdef01234567"


def server(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def test_no_request_is_sent_after_it_was_told_to_stop() -> None:
    told, asked = Stop(), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if len(asked) == 2:
            told.ask()  # the request that is on its way is answered
        return httpx.Response(200, json={"release": "1.23.2"})

    gateway = LabelStudio(Transport("http://nowhere.example", TOKEN, http=server(answer), before=told.check))
    assert [gateway.version() for _ in range(2)] == ["1.23.2"] * 2
    with pytest.raises(Stopped, match="the next run finishes what this one began"):
        gateway.version()
    assert len(asked) == 2
    gateway.close()


def test_a_pause_ends_when_it_is_told_to_stop() -> None:
    told = Stop()
    full = server(lambda _: httpx.Response(429, json={}, headers={"Retry-After": "50"}))
    gateway = LabelStudio(Transport("http://nowhere.example", TOKEN, http=full, sleep=told.sleep, before=told.check))
    later = threading.Timer(0.2, told.ask)
    later.start()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        gateway.version()
    assert time.monotonic() - begin < 20
    later.join()
    gateway.close()


def test_the_backend_is_not_asked_either() -> None:
    told = Stop()
    told.ask()
    backend = Backend("http://127.0.0.1:9", "secret", before=told.check)
    with pytest.raises(Stopped):
        backend.state("1.5")
    backend.close()


def test_a_project_is_given_back_by_a_run_that_stops(any_store: Store) -> None:
    gateway = LabelStudio(Transport("http://nowhere.example", TOKEN, http=server(lambda _: httpx.Response(500))))
    outside = Services(any_store, gateway, None, Settings(), clock)
    with pytest.raises(Stopped), alone(outside, 1) as go_on:
        go_on()
        outside.told.ask()
        go_on()
    with alone(Services(any_store, gateway, None, Settings(), clock), 1):
        pass
    gateway.close()


def test_for_how_long_the_server_is_left_in_peace_and_why() -> None:
    now, there = [0.0], [False]

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"release": "1.23.2"}) if there[0] else httpx.Response(502, text="away")

    circuit = Circuit(lambda: now[0])
    gateway = LabelStudio(
        Transport("http://nowhere.example", TOKEN, http=server(answer), sleep=lambda _: None, circuit=circuit)
    )
    assert gateway.resting() == (0.0, "")
    for _ in range(FAILURES):
        with pytest.raises(LabelStudioError):
            gateway.version()
    seconds, why = gateway.resting()
    assert seconds == FIRST_REST
    assert why.startswith("GET http://nowhere.example/api/version: failed (502)")
    now[0] = FIRST_REST
    assert gateway.resting() == (0.0, "")
    there[0] = True
    assert gateway.version() == "1.23.2"
    assert not circuit.open
    gateway.close()
