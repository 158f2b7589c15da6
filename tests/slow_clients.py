"""Many clients of one server that never come to an end: they trickle, fall silent, stay, or read nothing."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

LIMIT = 1.5
"""Seconds that the servers of these tests have for a client; see ``shortened``."""
WAITING = 90
"""Requests that they take in at a time: more than a crowd is."""
HEAD = b"POST /webhook HTTP/1.1\r\nHost: here\r\n"
LARGE = HEAD + b"Content-Length: 5000000\r\n\r\n{"
SMALL = HEAD + b"Content-Length: 1000\r\n\r\n{"
ENDLESS = HEAD + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n{"
FINISHED = b"GET /health%s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


def shortened(package: str) -> str:
    """A program that is the service of a package with the limits above."""
    limits = f"slow_clients.WHOLE_SECONDS = slow_clients.PATIENCE_SECONDS = {LIMIT}"
    return (
        f"from {package} import cli; from {package}.web import slow_clients; {limits}; "
        f"slow_clients.MOST_WAITING = {WAITING}; cli.main()"
    )


class Stranger:
    """One connection."""

    def __init__(self, port: int, begun: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.begun = time.monotonic()
        self.send(begun)

    def send(self, data: bytes) -> bool:
        """Whether it is still listened to."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def rest(self) -> bytes:
        """All that it is answered until it is hung up on."""
        found = b""
        try:
            while part := self.socket.recv(65_536):
                found += part
        except ConnectionResetError:  # it has sent what nobody read
            pass
        return found


def answered(port: int, request: bytes) -> bytes:
    """The whole answer to a request after which the connection ends."""
    stranger = Stranger(port, request)
    with stranger.socket:
        return stranger.rest()


@contextmanager
def crowd(port: int, large: int = 5) -> Iterator[list[Stranger]]:
    """40 that trickle, 20 that fell silent, some with large bodies that trickle, 5 that were answered and stay.

    All but the silent and the last send a byte every 50 ms; the tricklers are given, the large ones last.
    """
    with ExitStack() as open_ones:

        def come(begun: bytes) -> Stranger:
            found = Stranger(port, begun)
            open_ones.enter_context(found.socket)
            return found

        slow = [come((HEAD, SMALL, ENDLESS, b"G")[number % 4]) for number in range(40)]
        for number in range(20):
            come((b"", HEAD, SMALL, b"GET /health HTT")[number % 4])
        slow += [come(LARGE) for _ in range(large)]
        for stays in [come(FINISHED % b"z") for _ in range(5)]:
            assert stays.rest()
        ended = threading.Event()
        trickling = threading.Thread(target=_trickle, args=(slow, ended))
        trickling.start()
        try:
            yield slow
        finally:
            ended.set()
            trickling.join()


def _trickle(slow: list[Stranger], ended: threading.Event) -> None:
    while not ended.wait(0.05):
        for one in slow:
            one.send(b"x")
