"""The ML backend says which version of the interface it speaks, and another one is refused in one sentence."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sync.backend import INTERFACE, Backend
from sync.errors import BackendError


class Answer(BaseHTTPRequestHandler):
    spoken: str | None

    def do_GET(self) -> None:
        self.send_response(200)
        if self.spoken is not None:
            self.send_header("X-Tiebreak-Interface", self.spoken)
        self.end_headers()
        self.wfile.write(b'{"model": "tiebreak-1"}')

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


def asked(spoken: str | None) -> str | None:
    """The model that a backend which speaks that version says it has."""
    answer = type("Speaks", (Answer,), {"spoken": spoken})
    with ThreadingHTTPServer(("127.0.0.1", 0), answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        backend = Backend(f"http://127.0.0.1:{server.server_port}", "secret")
        try:
            return backend.state("1.1").model
        finally:
            backend.close()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("spoken", [INTERFACE, None])
def test_our_version_is_understood(spoken: str | None) -> None:
    assert asked(spoken) == "tiebreak-1"


def test_another_version_is_refused_and_not_tried_again() -> None:
    with pytest.raises(
        BackendError, match=r"speaks version 99 of the interface.* bring both to the same release"
    ) as caught:
        asked("99")
    assert not caught.value.transient
