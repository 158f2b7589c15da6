"""The demo's services are watched: one that ends by itself is named, and ends the demo."""

import signal
from pathlib import Path

import pytest

from sync.demo.processes import Service, until_one_ends
from sync.errors import DemoError

ENDS = "print('the last words', flush=True); import sys; sys.exit(3)"
IS_KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
STAYS = "import time; time.sleep(600)"


def program(folder: Path, what: str) -> Service:
    one = Service("python", ["-c", what], 1, "/health", folder / f"{len(what)}.log")
    one.start({})
    return one


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (ENDS, "the demo ends: python ended with exit code 3; its log ends:\nthe last words"),
        (IS_KILLED, "the demo ends: python was killed by signal 9; its log ends:\n"),
    ],
)
def test_one_that_ends_by_itself_ends_the_demo_and_is_named(tmp_path: Path, what: str, said: str) -> None:
    with program(tmp_path, STAYS) as other, program(tmp_path, what) as one:
        with pytest.raises(DemoError) as raised:
            until_one_ends((other, one), seconds=0.01)
        assert str(raised.value) == said
        assert other.ended() is None


def test_one_that_was_stopped_did_not_end_by_itself(tmp_path: Path) -> None:
    one = program(tmp_path, STAYS)
    one.stop()
    assert one.ended() is None


def test_a_watch_can_be_interrupted(tmp_path: Path) -> None:
    class Interrupted:
        def ended(self) -> str | None:
            signal.raise_signal(signal.SIGINT)
            return None

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with program(tmp_path, STAYS) as other, pytest.raises(KeyboardInterrupt):
            until_one_ends((other, Interrupted()))
    finally:
        signal.signal(signal.SIGINT, before)
