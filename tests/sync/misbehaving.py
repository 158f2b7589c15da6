"""A real HTTP server on this machine that answers as badly as it is told to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG_SECONDS = 30

Behave = Callable[["Answering"], None]


class Answering(BaseHTTPRequestHandler):
    """One connection; ``server.behave`` decides what comes back."""

    server: "Misbehaving"
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.server.seen.append((self.command, self.path))
        self.server.behave(self)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        """An answer as it should be."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


class Misbehaving(ThreadingHTTPServer):
    """``seen`` are the requests so far: (method, path)."""

    def __init__(self, behave: Behave) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.behave = behave
        self.seen: list[tuple[str, str]] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


def always(status: int, body: bytes, kind: str = "application/json", **headers: str) -> Behave:
    return lambda request: request.reply(status, body, kind, **headers)


def half_a_body(request: Answering) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", "4000")
    request.end_headers()
    request.wfile.write(b'{"id": 1, "title": ')
    request.close_connection = True


def no_answer(request: Answering) -> None:
    request.close_connection = True


def hang(request: Answering) -> None:
    request.server.over.wait(HANG_SECONDS)
    request.close_connection = True


@contextmanager
def serving(behave: Behave) -> Iterator[Misbehaving]:
    server = Misbehaving(behave)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
