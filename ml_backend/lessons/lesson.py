"""The process that learns: ``python -m ml_backend.lessons.lesson``, started by ``lessons.aside``.

It reads a line of JSON a lesson from standard input, and ends with whoever writes there, after a minute without a
lesson, or after some lessons, so that what libraries keep does not pile up.
"""

import json
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import BackendError, FeedError
from ..settings import Settings
from ..trainer import DEFECT

NICENESS = 5
WAITS = 60.0
LESSONS = 20
GRACE = 60.0
"""Seconds beyond the limit of a lesson, after which the clock ends it if its parent does not."""


def main() -> None:
    """Give lessons; end at once, since a thread still reads standard input, over which Python's own end stumbles."""
    code = 1
    try:
        _give_lessons()
        code = 0
    except Exception:  # the edge of the process
        logging.getLogger(__name__).exception("the process that learns ends")
    finally:
        logging.shutdown()
        os._exit(code)


def _give_lessons() -> None:
    """Read what is asked, learn, tell how it ended, and so on."""
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)  # whatever prints while learning prints to the log
        asked: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_listen, args=(asked,), daemon=True).start()
        _be_modest()
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

        def tell(found: Mapping[str, Any]) -> None:
            try:
                out.write(json.dumps(found) + "\n")
                out.flush()
            except BrokenPipeError:  # whoever asked has died
                os._exit(1)

        for _ in range(LESSONS):
            try:
                line = asked.get(timeout=WAITS)
            except queue.Empty:
                return
            _give(json.loads(line), tell)


def _give(asked: Mapping[str, Any], tell: Callable[[Mapping[str, Any]], None]) -> None:
    """One lesson."""
    settings = Settings(**asked["settings"])
    signal.setitimer(signal.ITIMER_REAL, settings.lesson_seconds + GRACE)
    tell(_ended(asked["project"], settings, lambda step: tell({"step": step}), force=asked["force"]))
    signal.setitimer(signal.ITIMER_REAL, 0)


def _ended(project: str, settings: Settings, step: Callable[[str], None], *, force: bool) -> dict[str, Any]:
    """How the lesson ended."""
    try:
        from ..runner import serving

        serving(settings, force=force, tell=step).minds.study(project)
    except FeedError as error:
        return {"error": str(error), "transient": error.transient}
    except BackendError as error:
        return {"error": str(error), "transient": False}
    except Exception:  # the edge of the process
        logging.getLogger(__name__).exception("project %s: learning failed", project)
        return {"error": DEFECT, "transient": False}
    return {"error": None, "transient": False}


def _listen(asked: "queue.Queue[bytes]") -> None:
    """Standard input ends when the parent has died, however it died."""
    for line in sys.stdin.buffer:
        asked.put(line)
    os._exit(1)


def _be_modest() -> None:
    """Last in the queue for processors, first to go where memory runs out."""
    os.nice(NICENESS)
    with suppress(OSError):  # Linux alone has it
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")


if __name__ == "__main__":
    main()
