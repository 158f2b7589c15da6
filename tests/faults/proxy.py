"""A proxy before Label Studio that does harm to one request, or stops the world at it: real sockets, real processes."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

PATIENCE = 3.0
"""So many seconds a run waits for an answer that is held back; it comes a little later."""
PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in.</p>"


class Forwarding(BaseHTTPRequestHandler):
    """One request; the proxy's ``faults`` say what becomes of it."""

    server: "Proxy"

    def _forward(self) -> None:
        with self.server.at_work():
            self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            name = f"{self.command} {self.path.partition('?')[0]}"
            self._number, self._name = self.server.count(name), name
            self.server.faults.get(self._number, unharmed)(self)

    do_GET = do_POST = do_PATCH = do_DELETE = _forward  # noqa: N815 - the base class's names

    def ask(self) -> httpx.Response:
        """What Label Studio answers."""
        self.server.before(self._number, self._name)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection")}
        reply = self.server.client.request(self.command, self.path, content=self._body, headers=headers)
        self.server.after(self._number, self._name)
        return reply

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pass_on(self, reply: httpx.Response, body: bytes) -> None:
        """The reply with that body."""
        kept = {key: reply.headers[key] for key in ("Content-Type", "Location") if key in reply.headers}
        self.say(reply.status_code, body, **kept)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def unharmed(asked: Forwarding) -> None:
    reply = asked.ask()
    asked.pass_on(reply, reply.content)


def cut_before(asked: Forwarding) -> None:
    raise ConnectionAbortedError(asked.path)


def cut_after(asked: Forwarding) -> None:
    asked.ask()
    raise ConnectionAbortedError(asked.path)


def delayed(asked: Forwarding) -> None:
    time.sleep(PATIENCE * 1.1)
    unharmed(asked)


def failed_before(asked: Forwarding) -> None:
    asked.say(500, b'{"detail": "made by the test"}', Content_Type="application/json")


def failed_after(asked: Forwarding) -> None:
    asked.ask()
    failed_before(asked)


def turned_away(asked: Forwarding) -> None:
    asked.say(429, b'{"detail": "made by the test"}', Content_Type="application/json", Retry_After="1")


def page(asked: Forwarding) -> None:
    asked.say(200, PAGE, Content_Type="text/html")


def half(asked: Forwarding) -> None:
    reply = asked.ask()
    asked.pass_on(reply, reply.content[: len(reply.content) // 2])


FAULTS: Mapping[str, Callable[[Forwarding], None]] = {
    "cut before": cut_before,
    "cut after": cut_after,
    "delayed": delayed,
    "500 before": failed_before,
    "500 after": failed_after,
    "429": turned_away,
    "page": page,
    "half": half,
}
"""``before``: Label Studio never heard of it. ``after``: it acted, as it did when half an answer comes back.

``delayed``: it acts when nobody waits for the answer any more.
"""


class Proxy(ThreadingHTTPServer):
    """``before`` and ``after`` are called around each forwarded request with its number and name.

    ``faults``: what is done to the request of that number, the first one being 0.
    """

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), Forwarding)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.client = httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
        self.names: list[str] = []
        self._changed = threading.Condition()
        self._busy = 0
        self.let_pass()

    def let_pass(self) -> None:
        """Nothing special any more once what is under way has ended; counting begins anew."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._busy, timeout=60)
        self.names.clear()
        self.faults: Mapping[int, Callable[[Forwarding], None]] = {}
        self.before: Callable[[int, str], None] = lambda number, name: None
        self.after: Callable[[int, str], None] = lambda number, name: None

    def count(self, name: str) -> int:
        with self._changed:
            self.names.append(name)
            return len(self.names) - 1

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with self._changed:
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def handle_error(self, request: object, client_address: object) -> None:
        """The client was killed: that is what this is for."""


@contextmanager
def before(url: str) -> Iterator[Proxy]:
    """A proxy before the Label Studio at ``url``."""
    proxy = Proxy(url)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        proxy.client.close()
        thread.join()
