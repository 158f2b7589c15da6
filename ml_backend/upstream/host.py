"""Our side of the process that a class of label-studio-ml runs in: started when asked, replaced when it has died."""

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..errors import BackendError, MissingExtra, SettingsError

STUCK = 600.0
"""Seconds after which a process that does not answer is ended: a large model may take minutes to set up."""
PAUSE = 5.0
"""Seconds before a class that could not be loaded is tried again."""

log = logging.getLogger(__name__)


class ForeignError(BackendError):
    """The class raised something, or its process died."""


@dataclass(eq=False)
class Host:
    """Runs the class ``name`` in a process of its own, one question at a time.

    ``environment`` is added to ours. Safe to use from several threads.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _replies: "queue.Queue[dict[str, Any] | None]" = field(default_factory=queue.Queue, init=False)
    _number: int = field(default=0, init=False)
    _ready: bool = field(default=False, init=False)
    _waiting_since: float | None = field(default=None, init=False)
    _refused: tuple[float, BackendError] | None = field(default=None, init=False)

    def ask(self, question: Mapping[str, Any], until: float) -> Any:
        """What the class tells.

        Raises TimeoutError where it is not done by ``until`` (monotonic seconds; it goes on, and later questions wait
        for it), ForeignError where it fails, SettingsError or MissingExtra where it cannot be loaded.
        """
        if not self._turn.acquire(timeout=max(0.0, until - time.monotonic())):
            raise TimeoutError(self._late)
        try:
            self._start()
            if not self._ready:
                self._be_ready(until)
            self._number += 1
            self._send({**question, "number": self._number, "until": time.time() + until - time.monotonic()})
            reply = self._await(self._number, until)
        finally:
            self._turn.release()
        if "error" in reply:
            raise ForeignError(f"{self.name}: {reply['error']}")
        return reply["told"]

    def load(self, until: float) -> None:
        """Start the process and load the class, if that is not done yet; raises as ``ask`` does."""
        with self._turn:
            self._start()
            if not self._ready:
                self._be_ready(until)

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        if self._refused is not None and time.monotonic() < self._refused[0]:
            raise self._refused[1]
        self._end()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ml_backend.upstream_process", self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self.environment},
        )
        self._replies = queue.Queue()
        listener = threading.Thread(target=_listen, args=(self._process, self._replies), daemon=True)
        listener.start()

    def _be_ready(self, until: float) -> None:
        """Wait until the class is loaded."""
        reply = self._await(0, until)
        if "error" in reply:
            said = str(reply["error"])
            error: BackendError = MissingExtra(said) if said.startswith("label-studio-ml") else SettingsError(said)
            self._refused = time.monotonic() + PAUSE, error
            raise error
        self._ready = True

    def _send(self, question: Mapping[str, Any]) -> None:
        assert self._process is not None and self._process.stdin is not None
        with suppress(BrokenPipeError, ValueError):  # it has died; how, is said by who waits for the reply
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()

    def _await(self, number: int, until: float) -> dict[str, Any]:
        """The reply to that question; those that nobody waits for any more are passed over."""
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()
        while True:
            try:
                reply = self._replies.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                if time.monotonic() - self._waiting_since > STUCK:
                    log.error("%s: no answer for %.0f s: its process is ended", self.name, STUCK)
                    self._end()
                raise TimeoutError(self._late) from None
            if reply is None:
                raise ForeignError(self._died())
            self._waiting_since = time.monotonic()
            if reply["number"] == number:
                self._waiting_since = None
                return reply

    @property
    def _late(self) -> str:
        return f"{self.name} is not done in time"

    def _died(self) -> str:
        assert self._process is not None
        code = self._process.wait()
        how = f"signal {-code}, {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"{self.name}: its process died ({how}); the next request starts another"

    def _end(self) -> None:
        process, self._process = self._process, None
        self._ready, self._waiting_since = False, None
        if process is None:
            return
        process.kill()
        process.wait()


def _listen(process: "subprocess.Popen[bytes]", replies: "queue.Queue[dict[str, Any] | None]") -> None:
    """Replies as they come; null once it has ended, with its pipes closed. What is no number, as NaN, is null."""
    assert process.stdin is not None and process.stdout is not None
    with process.stdout, suppress(ValueError):  # cut by a kill
        for line in process.stdout:
            replies.put(json.loads(line, parse_constant=lambda _: None))
    process.wait()
    with suppress(BrokenPipeError):  # something was still to be written to it
        process.stdin.close()
    replies.put(None)
