"""Whether a request is there to its end, told from the bytes that have come of it; the same in both services."""

import re
from enum import Enum

SMALL = 1 << 20
"""Bytes of the largest body that is taken in before a thread answers."""
LONGEST_HEADER = 1 << 16
EVENT = re.compile(rb"POST (?:/[^ ?/]+)*/webhook[/ ?]")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n")


class Stage(Enum):
    """How far a request has come. A large one has a body that the loop does not take in."""

    PARTIAL = "partial"
    WHOLE = "whole"
    LARGE = "large"


class Arrival:
    """What has come of a request. Where it ends is a guess: gunicorn reads it again and refuses what is wrong."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self._looked_at = 0
        self._body = 0
        """Where the body begins; 0: not known yet."""
        self._length: int | None = 0
        """Bytes of the body; null: it comes in chunks."""
        self._expects = False
        """The client sends no body before it is told to."""

    @property
    def is_event(self) -> bool:
        """Whether it tells of an event: such a request is answered at once, however much it says.

        >>> Arrival(b"POST /webhook/s HTTP/1.1").is_event, Arrival(b"POST /predict?x=/webhook HTTP/1.1").is_event
        (True, False)
        """
        return EVENT.match(self.data) is not None

    def stage(self) -> Stage:
        """How far it is by now.

        >>> Arrival(b"POST / HTTP/1.1\\r\\nContent-Length: 2\\r\\n\\r\\n{}").stage(), Arrival(b"GET /").stage()
        (<Stage.WHOLE: 'whole'>, <Stage.PARTIAL: 'partial'>)
        """
        if not self._body and not self._has_header():
            return Stage.LARGE if len(self.data) > LONGEST_HEADER else Stage.PARTIAL
        there = len(self.data) - self._body
        if self._has_last_chunk() if self._length is None else there >= self._length:
            return Stage.WHOLE
        return Stage.LARGE if self._expects or max(there, self._length or 0) > SMALL else Stage.PARTIAL

    def _has_header(self) -> bool:
        end = self.data.find(b"\r\n\r\n", max(0, self._looked_at - 3))
        self._looked_at = len(self.data)
        if end < 0:
            return False
        header = bytes(self.data[: end + 2]).lower()
        self._body = self._looked_at = end + 4
        self._expects = b"\r\nexpect:" in header
        if b"\r\ntransfer-encoding:" in header:
            self._length = None
        elif length := LENGTH.search(header):
            self._length = int(length[1])
        return True

    def _has_last_chunk(self) -> bool:
        """Also where what should be a chunk's size is none: nothing is to be waited for."""
        while (end := self.data.find(b"\r\n", self._looked_at)) >= 0:
            try:
                size = int(self.data[self._looked_at : end].partition(b";")[0], 16)
            except ValueError:
                return True
            if size <= 0:
                return size < 0 or self.data.find(b"\r\n\r\n", end) >= 0
            if (following := end + size + 4) > len(self.data):
                return False
            self._looked_at = following
        return False
