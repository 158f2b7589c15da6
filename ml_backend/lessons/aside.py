"""Gives lessons in a process beside this one, so that whatever happens there happens to no server.

The process stays for a while, because starting one takes longer than a small lesson. It reads a line of JSON a lesson
from its standard input, which stays open: when this process dies, that one ends. It writes a line a step to its
standard output, and one with how the lesson ended: see lesson.py.
"""

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from ..errors import LessonError
from ..settings import Settings
from ..trainer import Lesson

LOOK_EVERY = 0.05
TRIES = 2
"""How often a lesson is tried again by itself whose process died."""


@dataclass
class Aside:
    """See Teacher. One lesson at a time."""

    settings: Settings
    _learner: "_Learner | None" = field(default=None, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)
    _stopped: bool = field(default=False, init=False)

    @property
    def process(self) -> int | None:
        """The number of the process that learns, or is ready to; null without one."""
        return self._learner.process.pid if self._learner is not None else None

    def teach(self, lesson: Lesson) -> None:
        """See Teacher. Raises LessonError where the lesson failed, was killed, or took longer than it may."""
        with self._turn:
            before = self._learner
            if before is not None and before.process.poll() is None:
                told = self._follow(before, lesson)
                if told is not None or before.heard:
                    return _judge(told, before.process.returncode)
                # It had waited long enough, and left just when it was asked.
            self._drop()
            self._learner = _Learner(lesson.lease)
            told = self._follow(self._learner, lesson)
            return _judge(told, self._learner.process.returncode)

    def stop(self) -> None:
        """See Teacher."""
        self._stopped = True
        with self._turn:
            self._drop()

    def _drop(self) -> None:
        if self._learner is not None:
            self._learner.end()
            self._learner = None

    def _follow(self, learner: "_Learner", lesson: Lesson) -> dict[str, Any] | None:
        """How the lesson ended, null where the process died. Raises LessonError for one that had to be ended."""
        end = time.monotonic() + self.settings.lesson_seconds
        learner.ask({"project": lesson.project, "force": lesson.force, "settings": _plain(self.settings)})
        while (line := learner.next_line()) is not None:
            if self._stopped:
                learner.end()
                raise LessonError("the server was stopped while it learned; it learns when it starts again")
            if time.monotonic() > end:
                learner.end()
                raise LessonError(
                    f"learning took longer than lesson_seconds ({self.settings.lesson_seconds:g}) and was ended; the "
                    "live version stays. Raise it, or give learning more threads"
                )
            if "step" in line:
                with suppress(OSError):  # a step that cannot be written down is no reason to stop
                    lesson.tell(line["step"])
            elif line:
                return line
        learner.end()
        return None


class _Learner:
    """A process that learns. ``heard``: it has said something since it was last asked."""

    def __init__(self, lease: int | None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ml_backend.lessons.lesson"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[] if lease is None else [lease],
            start_new_session=True,
        )
        self.heard = False
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(self, what: dict[str, Any]) -> None:
        """Hand it a lesson; that it has died already shows when it is listened to."""
        self.heard = False
        assert self.process.stdin is not None
        with suppress(BrokenPipeError, ValueError):
            self.process.stdin.write(json.dumps(what).encode() + b"\n")
            self.process.stdin.flush()

    def next_line(self) -> dict[str, Any] | None:
        """What it says next, nothing after a short while without a word, null once it has died."""
        try:
            line = self._lines.get(timeout=LOOK_EVERY)
        except queue.Empty:
            return {}
        if line is None:
            return None
        self.heard = True
        try:
            found = json.loads(line)
        except ValueError:  # cut by a kill
            return {}
        return found if isinstance(found, dict) else {}

    def end(self) -> None:
        """Kill it, unless it has died by itself."""
        self.process.kill()
        self._listener.join()

    def _listen(self) -> None:
        """Lines as they come; null once it has died, with its pipes closed and out of the list of processes."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self._lines.put(line)
        self.process.wait()
        with suppress(BrokenPipeError):  # something was still to be written to it
            self.process.stdin.close()
        self._lines.put(None)


def _judge(told: dict[str, Any] | None, code: int | None) -> None:
    """Raises LessonError for a lesson that failed, or whose process died."""
    if told is None:
        how = f"signal {-code}, {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        raise LessonError(
            f"the process that learns died ({how}); the live version stays. It is tried again {TRIES} times by itself, "
            "then when somebody asks; if this comes again, look at the log and at the memory of this machine",
            transient=True,
            tries=TRIES,
        )
    if told["error"] is not None:
        raise LessonError(told["error"], transient=told["transient"])


def _plain(settings: Settings) -> dict[str, Any]:
    """The settings as JSON, secrets in the clear: they go through a pipe to nobody but the child."""
    shown = settings.model_dump(mode="json")
    secrets = {name: value for name, value in settings if isinstance(value, SecretStr)}
    return shown | {name: value.get_secret_value() for name, value in secrets.items()}
