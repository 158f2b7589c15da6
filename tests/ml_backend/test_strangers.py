"""Whoever connects to a running server and does not speak HTTP to its end costs nobody else an answer."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .test_serve import Server, serving

SOON = (
    "from ml_backend import cli; from ml_backend.web import slow_clients; "
    "slow_clients.PATIENCE_SECONDS = 1.0; cli.main()"
)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
THREADS = 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One process answers."""
    folder = tmp_path_factory.mktemp("strangers")
    with serving(folder, "", (sys.executable, "-c", SOON), workers="1") as found:
        yield found
    log = (folder / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log


def connected(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def sent(server: Server, content: bytes) -> bytes:
    """All that it answers until it hangs up."""
    with connected(server) as stranger:
        stranger.sendall(b"POST /predict HTTP/1.1\r\nHost: here\r\n" + content)
        found = b""
        while part := stranger.recv(65_536):
            found += part
    return found


@pytest.mark.parametrize(
    "begun",
    [
        b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n{",
        b"POST /webhook HTTP/1.1\r\nHost: here\r\n" + CHUNKED + b"ff\r\n{",
        b"GET /health HTT",
    ],
)
def test_clients_that_stop_in_the_middle_of_a_request_keep_no_thread(server: Server, begun: bytes) -> None:
    with ExitStack() as open_ones:
        for _ in range(THREADS + 1):
            open_ones.enter_context(connected(server)).sendall(begun)
        time.sleep(0.2)
        assert server.get("/health")["status"] == "UP"


@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", b"1\r\n{}}\r\n0\r\n\r\n", b"-5\r\n{}\r\n0\r\n\r\n"])
def test_a_body_whose_chunks_are_wrong_is_refused_once(server: Server, body: bytes) -> None:
    told = sent(server, CHUNKED + body)
    assert told.startswith(b"HTTP/1.1 400 ")
    assert told.count(b"HTTP/1.1") == 1
    assert b"the body cannot be read to its end: " in told


def test_chunks_that_are_right_are_read(server: Server) -> None:
    body = b'{"tasks":[],"project":"4.1","label_config":""}'
    chunks = b"".join(b"1\r\n%c\r\n" % one for one in body)
    assert b'{"results":[]}' in sent(server, b"Connection: close\r\n" + CHUNKED + chunks + b"0\r\n\r\n")
