"""Clients that send or read slowly, as many as come, keep nobody else from an answer; and HTTP stays HTTP."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from gunicorn.config import Config
from gunicorn.http import get_parser
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.web import slow_clients
from ml_backend.web.arrival import LONGEST_HEADER, SMALL, Arrival, Stage
from ml_backend.web.slow_clients import PatientSocket

from ..slow_clients import FINISHED, HEAD, LARGE, LIMIT, WAITING, Stranger, answered, crowd, shortened
from ..slow_clients import SMALL as SMALL_REQUEST
from .scenes import PROJECT, SENTIMENT
from .test_serve import Server, free_port, serving
from .test_trainer import wait_for
from .test_turns import EVENT

ROOT = Path(__file__).resolve().parents[2]
CHUNKED = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One process answers, with short limits."""
    folder = tmp_path_factory.mktemp("slow")
    with serving(folder, "", (sys.executable, "-c", shortened("ml_backend")), workers="1") as found:
        yield found
    log = (folder / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log


@pytest.fixture
def port(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def test_events_are_answered_while_a_crowd_of_slow_clients_is_there(server: Server, port: int) -> None:
    with crowd(port) as slow:
        for _ in range(30):
            start = time.monotonic()
            with requests.Session() as session:
                session.trust_env = False
                assert session.post(f"{server.url}/webhook", json=EVENT, timeout=30).ok
            assert time.monotonic() - start < 1
        trickler, large = slow[0], slow[-1]
        assert b" 408 " in trickler.rest()[:13]
        assert LIMIT - 0.5 < time.monotonic() - trickler.begun < 8 * LIMIT
        large.rest()  # one large body more than may be read at a time
        assert time.monotonic() - large.begun < 16 * LIMIT


def test_the_oldest_that_is_not_there_to_its_end_makes_room(port: int) -> None:
    whole = b"POST /webhook HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{"
    first = Stranger(port, whole)
    others = [Stranger(port, whole) for _ in range(WAITING)]
    assert b" 408 " in first.rest()[:13]
    assert time.monotonic() - first.begun < LIMIT
    assert others[-1].send(b"}")
    assert b'{"status":"ok"}' in others[-1].rest()
    for one in (first, *others):
        one.socket.close()


def test_requests_that_are_sent_at_once_are_answered_in_turn(port: int) -> None:
    health = b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n"
    event = HEAD + b"Content-Length: 2\r\n\r\n{}"
    stranger = Stranger(port, health + event + health + event[:-1])
    time.sleep(0.1)
    stranger.send(b"}" + FINISHED % b"")
    told = stranger.rest()
    stranger.socket.close()
    assert [b"status" in part and b"UP" in part for part in told.split(b"HTTP/1.1 200 OK")[1:]] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(port: int) -> None:
    stranger = Stranger(port, HEAD + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert stranger.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    stranger.send(b"{}")
    assert b'{"status":"ok"}' in stranger.rest()
    stranger.socket.close()


def test_a_large_body_and_a_head_are_answered(server: Server, port: int) -> None:
    assert server.post("/webhook", {"more": "x" * (3 * SMALL)}).json() == {"status": "ok"}
    told = answered(port, (FINISHED % b"").replace(b"GET", b"HEAD"))
    assert told.startswith(b"HTTP/1.1 200 ")
    assert told.endswith(b"\r\n\r\n")


def test_a_body_that_is_cut_off_is_refused(port: int) -> None:
    stranger = Stranger(port, SMALL_REQUEST)
    stranger.socket.shutdown(socket.SHUT_WR)
    assert b" 400 " in stranger.rest()[:13]
    stranger.socket.close()


def test_the_time_of_a_prediction_counts_from_when_the_request_was_there(server: Server, port: int) -> None:
    def seconds() -> float:
        text = answered(port, (FINISHED % b"").replace(b"health", b"metrics")).decode()
        return float(text.partition("tiebreak_ml_predict_seconds_sum ")[2].split()[0])

    before = seconds()
    others = [Stranger(port, LARGE) for _ in range(4)]
    time.sleep(0.1)
    tasks = [{"id": number, "data": {"text": "x" * 1_000}} for number in range(SMALL // 1_000)]

    def leave() -> None:
        for one in others:
            one.socket.close()

    leaving = threading.Timer(0.7, leave)
    leaving.start()
    server.post("/predict", {"tasks": tasks, "project": PROJECT, "label_config": SENTIMENT})
    leaving.join()
    assert seconds() - before > 0.5


def test_it_stops_within_seconds_though_slow_clients_are_there(server: Server, port: int) -> None:
    """The last: nothing answers after it."""
    with crowd(port, large=4):
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.process.wait(20) == 0


SLEEPY = """
import sys, time
from gunicorn.app.base import BaseApplication
from ml_backend.web.slow_clients import PatientWorker

class Sleepy(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", "127.0.0.1:" + sys.argv[1])
        self.cfg.set("threads", 8)
        self.cfg.set("worker_class", PatientWorker)
        self.cfg.set("control_socket_disable", True)

    def load(self):
        def answer(environ, start):
            if len(environ["wsgi.input"].read()) > 10 and environ["PATH_INFO"] == "/predict":
                time.sleep(2)
            start("200 OK", [("Content-Length", "2")])
            return [b"ok"]
        return answer

Sleepy().run()
"""


def test_what_takes_long_to_answer_leaves_threads_for_what_does_not(tmp_path: Path) -> None:
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", SLEEPY, str(port)], cwd=ROOT, stdout=log, stderr=log)
    try:
        light = HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
        large = light.replace(b"2", b"70000") + bytes(69_998)
        wait_for(lambda: is_open(port))
        heavy = [Stranger(port, large.replace(b"webhook", b"predict")) for _ in range(9)]
        time.sleep(0.3)
        start = time.monotonic()
        assert answered(port, light).endswith(b"ok")
        assert answered(port, large).endswith(b"ok")  # an event with a mask
        assert time.monotonic() - start < 1
        assert all(one.rest().endswith(b"ok") for one in heavy)
        for one in heavy:
            one.socket.close()
    finally:
        process.terminate()
        assert process.wait(20) == 0


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pair() -> tuple[PatientSocket, socket.socket]:
    ours, theirs = socket.socketpair()
    return PatientSocket(ours), theirs


def test_who_reads_no_answer_is_waited_for_no_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "PATIENCE_SECONDS", 0.2)
    ours, theirs = pair()
    with ours, theirs:
        ours.setblocking(True)
        start = time.monotonic()
        with pytest.raises(ConnectionResetError, match="too slow"):
            ours.sendall(bytes(50_000_000))
        assert 0.1 < time.monotonic() - start < 5


def test_who_reads_an_answer_at_a_fair_pace_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes several times as long as a client may stand still."""
    monkeypatch.setattr(slow_clients, "PATIENCE_SECONDS", 0.3)
    ours, theirs = pair()
    got = 0

    def read() -> None:
        nonlocal got
        while part := theirs.recv(1 << 18):
            got += len(part)
            time.sleep(0.02)

    reading = threading.Thread(target=read)
    with theirs:
        reading.start()
        with ours:
            ours.setblocking(True)
            ours.sendall(bytes(10_000_000))
        reading.join()
    assert got == 10_000_000


@pytest.mark.parametrize(("reads_on", "told"), [(True, b"late"), (False, b"")])
def test_only_of_a_large_body_more_is_waited_for(reads_on: bool, told: bytes) -> None:
    ours, theirs = pair()
    with ours, theirs:
        ours.renew(reads_on=reads_on)
        ours.setblocking(True)
        later = threading.Timer(0.1, theirs.sendall, (b"late",))
        later.start()
        try:
            found = ours.recv(100)
        except ConnectionResetError:
            found = b""
        later.join()
    assert found == told


def chunked(pieces: list[bytes], end: bytes) -> bytes:
    return CHUNKED + b"".join(b"%x;a=b\r\n%b\r\n" % (len(one), one) for one in pieces if one) + b"0\r\n" + end


def measured(body: bytes, end: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\ncontent-length:\t%d \r\nHost: here\r\n%b\r\n%b" % (len(body), end, body)


REQUESTS = st.builds(
    chunked, st.lists(st.binary(max_size=30), max_size=4), st.sampled_from([b"\r\n", b"T: u\r\n\r\n"])
) | (st.builds(measured, st.binary(max_size=60), st.sampled_from([b"", b"Accept: */*\r\n"])))


@given(REQUESTS, st.lists(st.integers(1, 40), max_size=30))
def test_a_request_is_there_when_and_only_when_gunicorn_can_read_all_of_it(content: bytes, steps: list[int]) -> None:
    arrival, rest = Arrival(b""), io.BytesIO(content)
    for step in [*steps, len(content)]:
        arrival.data += rest.read(step)
        assert arrival.stage() is (Stage.WHOLE if len(arrival.data) == len(content) else Stage.PARTIAL)
    request = next(get_parser(Config(), iter([content]), ("127.0.0.1", 1)))
    request.body.read()
    assert request.unreader.take_buffered() == b""


@given(
    st.lists(st.binary(max_size=40) | st.sampled_from([CHUNKED, b"\r\n\r\n", HEAD, b"Content-Length: 1"]), max_size=8)
)
def test_nothing_that_comes_is_an_error(pieces: list[bytes]) -> None:
    arrival = Arrival(b"")
    for piece in pieces:
        arrival.data += piece
        assert arrival.stage() in Stage


@pytest.mark.parametrize(
    "content",
    [
        bytes(LONGEST_HEADER + 1),
        measured(bytes(SMALL + 1), b"")[:200],
        CHUNKED + b"fffffff\r\n" + bytes(SMALL + 1),
        HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{",
    ],
)
def test_what_the_loop_does_not_take_in_is_large(content: bytes) -> None:
    assert Arrival(content).stage() is Stage.LARGE


def test_the_limits_are_those_of_the_page() -> None:
    page = (
        (ROOT / "docs" / "services.md").read_text(encoding="utf-8").partition("## Slow clients\n")[2].split("\n## ")[0]
    )
    for said in (
        f"there within {slow_clients.WHOLE_SECONDS:.0f} seconds in all",
        f"up to {SMALL >> 20} MiB",
        f"up to {slow_clients.TURN_SECONDS:.0f} seconds",
        f"{slow_clients.SLOWEST >> 10} KiB a second, and {slow_clients.PATIENCE_SECONDS:.0f} seconds beside",
        f"| {slow_clients.MOST_WAITING}, and {slow_clients.MOST_HELD >> 20} MiB of them",
        f"| requests of more than {slow_clients.HEAVY >> 10} KiB | 6 threads",
        f"| {slow_clients.CONNECTIONS} |",
    ):
        assert said in page, said


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        (b"POST /webhook HTTP/1.1", True),
        (b"POST /webhook/secret HTTP/1.1", True),
        (b"POST /ml/webhook?x=1 HTTP/1.1", True),
        (b"GET /webhook HTTP/1.1", False),
        (b"POST /webhooks HTTP/1.1", False),
        (b"POST /predict?/webhook HTTP/1.1", False),
        (b"POST http://webhook/predict HTTP/1.1", False),
        (b"POST /predict HTTP/1.1\r\nx: POST /webhook ", False),
    ],
)
def test_only_what_is_posted_to_the_webhook_is_an_event(line: bytes, is_one: bool) -> None:
    assert Arrival(line).is_event is is_one


@pytest.mark.parametrize("name", ["slow_clients.py", "arrival.py"])
def test_it_is_the_same_in_both_services(name: str) -> None:
    """See the docstring of slow_clients.py for why there are two."""
    assert (ROOT / "sync" / "web" / name).read_bytes() == (ROOT / "ml_backend" / "web" / name).read_bytes()
