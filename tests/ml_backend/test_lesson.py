"""A lesson in a process of its own: killed at any step it leaves what was there, and the next one learns."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_backend.errors import FeedError, LessonError
from ml_backend.lessons.aside import Aside, _plain
from ml_backend.predict import Serving
from ml_backend.registry import Registry
from ml_backend.study import remember_interface
from ml_backend.trainer import Lesson

from .scenes import PROJECT, SENTIMENT, FeedServer, feed_server, sentiment_rows, serving
from .test_serve import command_of
from .test_trainer import wait_for

# Long on a busy machine, and so among the first.
pytestmark = pytest.mark.timeout(300)

STEPS = ["reading", "learning", "comparing", "publishing"]


@pytest.fixture
def feed() -> Iterator[FeedServer]:
    with feed_server(sentiment_rows(40)) as found:
        yield found


@pytest.fixture
def outside(tmp_path: Path, feed: FeedServer) -> Serving:
    found = serving(tmp_path, sync_url=feed.url)
    remember_interface(found.registry.folder(PROJECT), SENTIMENT)
    return found


@pytest.fixture
def teacher(outside: Serving) -> Iterator[Aside]:
    found = Aside(outside.settings)
    yield found
    found.stop()


def test_a_lesson_tells_its_steps_and_publishes_and_one_without_news_does_neither(
    outside: Serving, teacher: Aside
) -> None:
    steps: list[str] = []
    teacher.teach(Lesson(PROJECT, False, steps.append))
    assert steps == STEPS
    teacher.teach(Lesson(PROJECT, False, steps.append))
    assert steps == [*STEPS, "reading"]
    assert outside.registry.versions(PROJECT) == ["tiebreak-1"]
    teacher.teach(Lesson(PROJECT, True, steps.append))
    assert outside.registry.versions(PROJECT) == ["tiebreak-1", "tiebreak-2"]


@pytest.mark.parametrize("killed_at", ["learning", "publishing"])
def test_killed_at_any_step_it_leaves_what_was_there_and_the_next_one_learns(
    outside: Serving, teacher: Aside, killed_at: str
) -> None:
    def tell(step: str) -> None:
        if step == killed_at:
            assert teacher.process is not None
            os.kill(teacher.process, signal.SIGKILL)

    try:
        teacher.teach(Lesson(PROJECT, False, tell))
    except LessonError as died:
        assert "died (signal 9, SIGKILL)" in str(died)
        assert (died.transient, died.tries) == (True, 2)
    else:
        assert killed_at == "publishing"  # on a busy machine all was told before the kill came
    live, problem = Registry(outside.registry.root).live(PROJECT)
    assert problem is None
    assert live is None or live.version == "tiebreak-1"  # the kill may come too late
    teacher.teach(Lesson(PROJECT, True, lambda _: None))
    live, problem = Registry(outside.registry.root).live(PROJECT)
    assert problem is None
    assert live is not None
    assert live.trained_labels == 36


def test_what_went_wrong_comes_back_in_words(teacher: Aside, feed: FeedServer) -> None:
    feed.status = 500
    with pytest.raises(LessonError, match="HTTP 500") as failed:
        teacher.teach(Lesson(PROJECT, False, lambda _: None))
    assert failed.value.transient is FeedError("").transient is True


def test_it_is_ended_when_the_server_stops(outside: Serving, teacher: Aside) -> None:
    with pytest.raises(LessonError, match="the server was stopped"):
        teacher.teach(Lesson(PROJECT, False, lambda _: setattr(teacher, "_stopped", True)))
    teacher.stop()
    assert teacher.process is None
    assert outside.registry.versions(PROJECT) == []


def test_the_process_stays_for_the_next_lesson_and_one_that_died_meanwhile_is_replaced(teacher: Aside) -> None:
    lesson = Lesson(PROJECT, True, lambda _: None)
    teacher.teach(lesson)
    first = teacher.process
    assert first is not None
    teacher.teach(lesson)
    assert teacher.process == first
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not command_of(first))
    teacher.teach(lesson)
    assert teacher.process not in (None, first)


def test_one_that_leaves_just_when_it_is_asked_is_replaced(teacher: Aside) -> None:
    lesson = Lesson(PROJECT, True, lambda _: None)
    teacher.teach(lesson)
    first = teacher.process
    learner = teacher._learner
    assert learner is not None
    assert learner.process.stdin is not None
    learner.process.stdin.close()  # it takes us for dead and goes
    teacher.teach(lesson)
    assert teacher.process not in (None, first)


def test_a_process_that_has_left_is_no_zombie(teacher: Aside) -> None:
    teacher.teach(Lesson(PROJECT, False, lambda _: None))
    process = teacher.process
    assert process is not None
    os.kill(process, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{process}").exists())


def test_one_whose_server_is_killed_ends_without_a_crash_dump(outside: Serving) -> None:
    command = [sys.executable, "-m", "ml_backend.lessons.lesson"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdout.close()  # the pipe to a server that is no more: what is told there breaks
        asked = {"project": PROJECT, "force": False, "settings": _plain(outside.settings)}
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.flush()
        assert process.wait(30) == 1
        said = process.stderr.read().decode()
    assert "Fatal" not in said
    assert "Traceback" not in said
