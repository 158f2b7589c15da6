"""Charts drawn in a process beside this one: whoever draws one holds up its whole process for as long as that takes.

The process is asked through a socket, and ends when this one does, or when nothing was drawn for a while.
"""

import importlib
import json
import logging
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock

from ..errors import TiebreakError
from .charts import THEMES, Ending, Look, Variant, painted

log = logging.getLogger(__name__)

LONGEST = 60.0
"""Seconds that one image may take, the first one with the beginning of the process."""
IDLE = 300.0
"""Seconds without anything to draw after which the process ends: it takes as much memory as this one."""
MOST = 500
"""Images after which another process draws: one takes 0.2 MB more with each."""
TRIES = 2
"""How often an image is tried on which the process ended."""
LOOK_EVERY = 0.2
DRAWN, FAILED = b"+", b"-"
"""What an answer begins with: the image follows, or why there is none."""
NICE = 5
"""What the system puts its niceness up by: whoever reads or runs goes first."""


class NotDrawn(TiebreakError):
    """A chart could not be drawn; its numbers are in its table all the same."""


class Painter:
    """Draws in a process of its own, one image at a time. The process begins with the first one.

    ``longest`` are the seconds that one image may take, ``idle`` those without one after which ``rest`` ends it;
    ``most`` images are drawn by one process.
    """

    def __init__(self, longest: float = LONGEST, idle: float = IDLE, most: int = MOST) -> None:
        self._longest, self._idle, self._most = longest, idle, most
        self._turn = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None
        self._used, self._images = 0.0, 0
        self._stopped = False

    @property
    def process(self) -> int | None:
        """The number of the process that draws; null without one."""
        process = self._process
        return None if process is None else process.pid

    def paint(self, variant: Variant, ending: Ending) -> bytes:
        """The image. Raises NotDrawn, which says why. A process that has died is followed by another one, once."""
        with self._turn:
            try:
                return self._tried(variant, ending)
            except NotDrawn as error:
                if not self._stopped:
                    log.warning("%s", error)
                raise

    def rest(self) -> None:
        """End the process if nothing was drawn for long; the next image begins another one."""
        with self._turn:
            if self._process is not None and time.monotonic() - self._used >= self._idle:
                self._drop()

    def stop(self) -> None:
        """End the process, also while it draws; nothing is drawn any more."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()  # who waits for its image is told
        with self._turn:
            self._drop()

    def _tried(self, variant: Variant, ending: Ending) -> bytes:
        what = f"the chart of {variant.draw.__module__}.{variant.draw.__qualname__}"
        for _ in range(TRIES):
            if self._stopped:
                raise NotDrawn(f"{what} is not drawn: the server is being stopped")
            try:
                image, problem = self._asked(variant, ending)
            except TimeoutError:
                self._drop()
                raise NotDrawn(f"{what} could not be drawn in {self._longest:g} seconds") from None
            except (EOFError, OSError):  # it has ended
                self._drop()
                continue
            if image is None:
                raise NotDrawn(f"{what} could not be drawn: {problem}")
            return image
        raise NotDrawn(f"{what} could not be drawn: the process that draws has ended {TRIES} times")

    def _asked(self, variant: Variant, ending: Ending) -> tuple[bytes | None, str]:
        """The image, or why there is none. Raises EOFError or OSError where the process has ended, TimeoutError."""
        line = self._line or self._begin()
        line.send_bytes(_written(variant, ending))
        end = time.monotonic() + self._longest
        while not line.poll(LOOK_EVERY):
            if time.monotonic() > end:
                raise TimeoutError
            if self._stopped:
                raise EOFError
        answer = line.recv_bytes()
        self._used, self._images = time.monotonic(), self._images + 1
        if self._images >= self._most:
            self._drop()
        return (answer[1:], "") if answer[:1] == DRAWN else (None, answer[1:].decode())

    def _begin(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # what stops this process from the keyboard is for us to pass on
            )
        self._line = Connection(ours.detach())
        return self._line

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line, self._process, self._images = None, None, 0


def _written(variant: Variant, ending: Ending) -> bytes:
    """The chart as it is asked for: its function by name, as it is at the top of a module."""
    draw, look = variant.draw, variant.look
    theme = next(name for name, one in THEMES.items() if one == look.theme)
    said = draw.__module__, draw.__qualname__, variant.rows, theme, look.width, look.height, ending
    return json.dumps(said).encode()


def _read(asked: bytes) -> tuple[Variant, Ending]:
    module, name, rows, theme, width, height, ending = json.loads(asked)
    draw = getattr(importlib.import_module(module), name)
    return Variant("", draw, rows, Look(THEMES[theme], width, height)), ending


def work(line: Connection) -> None:
    """Draw what is asked for, until whoever asks is gone."""
    with suppress(EOFError, OSError):
        while True:
            line.send_bytes(_answer(line.recv_bytes()))


def _answer(asked: bytes) -> bytes:
    try:
        return DRAWN + painted(*_read(asked))
    except Exception as error:  # noqa: BLE001 # the edge of the process: those after it are drawn
        return FAILED + f"{type(error).__name__}: {error}".encode()


if __name__ == "__main__":
    os.nice(NICE)
    with Connection(int(sys.argv[1])) as asked:
        work(asked)
