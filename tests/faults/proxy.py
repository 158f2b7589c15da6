"""A proxy before Label Studio that can stop the world at one request: real sockets, real processes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Act = Callable[[], None]


class _Forwarding(BaseHTTPRequestHandler):
    server: "Proxy"

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = f"{self.command} {self.path.partition('?')[0]}"
        number = self.server.count(name)
        self.server.before(number, name)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection")}
        reply = self.server.client.request(self.command, self.path, content=body, headers=headers)
        self.server.after(number, name)
        self.send_response(reply.status_code)
        for key in ("Content-Type", "Location"):
            if key in reply.headers:
                self.send_header(key, reply.headers[key])
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    do_GET = do_POST = do_PATCH = do_DELETE = _forward  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class Proxy(ThreadingHTTPServer):
    """``before`` and ``after`` are called around each forwarded request with its number and name."""

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarding)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.client = httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
        self.names: list[str] = []
        self._lock = threading.Lock()
        self.let_pass()

    def let_pass(self) -> None:
        """Nothing special any more; counting begins anew."""
        self.names.clear()
        self.before: Callable[[int, str], None] = lambda number, name: None
        self.after: Callable[[int, str], None] = lambda number, name: None

    def count(self, name: str) -> int:
        with self._lock:
            self.names.append(name)
            return len(self.names) - 1

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
