"""One lesson in a process of its own, so that whatever happens to it happens to no server.

The parent writes one line of JSON to its standard input and keeps that open: when the parent dies, the child ends. The
child writes a line a step to its standard output, and one with how it ended.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from pydantic import SecretStr

from .errors import BackendError, FeedError, LessonError
from .settings import Settings
from .trainer import DEFECT, Lesson

NICENESS = 5
LOOK_EVERY = 0.05


@dataclass
class Aside:
    """Gives lessons in processes of their own, one at a time."""

    settings: Settings
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _stopped: bool = field(default=False, init=False)

    def teach(self, lesson: Lesson) -> None:
        """See Teacher. Raises LessonError where the lesson failed, was killed, or took longer than it may."""
        asked = {"project": lesson.project, "force": lesson.force, "settings": _plain(self.settings)}
        kept = [] if lesson.lease is None else [lesson.lease]
        with subprocess.Popen(
            [sys.executable, "-m", "ml_backend.lesson"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=kept,
            start_new_session=True,
        ) as process:
            self._process = process
            told: list[dict[str, Any]] = []
            assert process.stdin is not None and process.stdout is not None
            listener = threading.Thread(target=_listen, args=(process.stdout, lesson, told), daemon=True)
            listener.start()
            with suppress(BrokenPipeError):  # it has died already; how, is said below
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                process.stdin.flush()
            late = self._await(process)
            listener.join()
            with suppress(BrokenPipeError):
                process.stdin.close()
        self._process = None
        _judge(process.returncode, told, self.settings.lesson_seconds if late else None)

    @property
    def process(self) -> int | None:
        """The number of the process that learns, null where none does."""
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        """See Teacher."""
        self._stopped = True

    def _await(self, process: "subprocess.Popen[bytes]") -> bool:
        """Wait for the end of the lesson; whether it had to be ended for being late."""
        end = time.monotonic() + self.settings.lesson_seconds
        while True:
            try:
                process.wait(LOOK_EVERY)
                return False
            except subprocess.TimeoutExpired:
                late = time.monotonic() > end
                if late or self._stopped:
                    process.kill()
                    process.wait()
                    return late


def _listen(stream: IO[bytes], lesson: Lesson, told: list[dict[str, Any]]) -> None:
    """Steps go on to the lesson's listener; how it ended comes last."""
    for line in stream:
        with suppress(ValueError, OSError):  # a line that was cut by a kill; a step that cannot be written down
            found = json.loads(line)
            if "step" in found:
                lesson.tell(found["step"])
            else:
                told.append(found)


def _judge(code: int, told: list[dict[str, Any]], limit: float | None) -> None:
    """Raises LessonError for a lesson that failed."""
    if limit is not None:
        raise LessonError(
            f"learning took longer than lesson_seconds ({limit:g}) and was ended; the live version stays. Raise it, or "
            "give learning more threads"
        )
    if not told:
        how = f"signal {-code}, {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        raise LessonError(
            f"the process that learns died ({how}); the live version stays, and the next request learns again. If this "
            "comes again, look at the log and at the memory of this machine"
        )
    if told[0]["error"] is not None:
        raise LessonError(told[0]["error"], transient=told[0]["transient"])


def _plain(settings: Settings) -> dict[str, Any]:
    """The settings as JSON, secrets in the clear: they go through a pipe to nobody but the child."""
    shown = settings.model_dump(mode="json")
    secrets = {name: value for name, value in settings if isinstance(value, SecretStr)}
    return shown | {name: value.get_secret_value() for name, value in secrets.items()}


def main() -> None:
    """The child: read what is asked, learn, tell how it ended."""
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)  # whatever prints while learning prints to the log
        asked = json.loads(sys.stdin.buffer.readline())
        settings = Settings(**asked["settings"])
        threading.Thread(target=_end_with_parent, daemon=True).start()
        _be_modest(settings.lesson_seconds)
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

        def tell(found: Mapping[str, Any]) -> None:
            out.write(json.dumps(found) + "\n")
            out.flush()

        tell(_learned(asked["project"], settings, lambda step: tell({"step": step}), force=asked["force"]))


def _learned(project: str, settings: Settings, step: Any, *, force: bool) -> dict[str, Any]:
    """How the lesson ended."""
    from .runner import serving

    try:
        serving(settings, force=force, tell=step).minds.study(project)
    except FeedError as error:
        return {"error": str(error), "transient": error.transient}
    except BackendError as error:
        return {"error": str(error), "transient": False}
    except Exception:  # the edge of the process
        logging.getLogger(__name__).exception("project %s: learning failed", project)
        return {"error": DEFECT, "transient": False}
    return {"error": None, "transient": False}


def _end_with_parent() -> None:
    """Standard input ends when the parent has died, however it died."""
    while os.read(0, 1024):
        pass
    os._exit(1)


def _be_modest(seconds: float) -> None:
    """Last in the queue for processors, first to go where memory runs out, and ended by the clock in any case."""
    os.nice(NICENESS)
    signal.setitimer(signal.ITIMER_REAL, seconds + 60)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as place:  # noqa: PTH123 - Linux
        place.write("900")


if __name__ == "__main__":
    main()
