"""A lesson in a process of its own: killed at any step it leaves what was there, and the next one learns."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_backend.errors import FeedError, LessonError
from ml_backend.lesson import Aside
from ml_backend.predict import Serving
from ml_backend.registry import Registry
from ml_backend.study import remember_interface
from ml_backend.trainer import Lesson

from .scenes import PROJECT, SENTIMENT, FeedServer, feed_server, sentiment_rows, serving

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


def test_a_lesson_tells_its_steps_and_publishes_and_one_without_news_does_neither(outside: Serving) -> None:
    steps: list[str] = []
    teacher = Aside(outside.settings)
    teacher.teach(Lesson(PROJECT, False, steps.append))
    assert steps == STEPS
    teacher.teach(Lesson(PROJECT, False, steps.append))
    assert steps == [*STEPS, "reading"]
    assert outside.registry.versions(PROJECT) == ["tiebreak-1"]
    teacher.teach(Lesson(PROJECT, True, steps.append))
    assert outside.registry.versions(PROJECT) == ["tiebreak-1", "tiebreak-2"]


@pytest.mark.parametrize("killed_at", ["learning", "publishing"])
def test_killed_at_any_step_it_leaves_what_was_there_and_the_next_one_learns(outside: Serving, killed_at: str) -> None:
    teacher = Aside(outside.settings)

    def tell(step: str) -> None:
        if step == killed_at:
            assert teacher.process is not None
            os.kill(teacher.process, signal.SIGKILL)

    with pytest.raises(LessonError, match=r"died \(signal 9, SIGKILL\)"):
        teacher.teach(Lesson(PROJECT, False, tell))
    live, problem = Registry(outside.registry.root).live(PROJECT)
    assert problem is None
    assert live is None or live.version == "tiebreak-1"  # the kill may come too late
    teacher.teach(Lesson(PROJECT, True, lambda _: None))
    live, problem = Registry(outside.registry.root).live(PROJECT)
    assert problem is None
    assert live is not None
    assert live.trained_labels == 36


def test_what_went_wrong_comes_back_in_words(outside: Serving, feed: FeedServer) -> None:
    feed.status = 500
    with pytest.raises(LessonError, match="HTTP 500") as failed:
        Aside(outside.settings).teach(Lesson(PROJECT, False, lambda _: None))
    assert failed.value.transient is FeedError("").transient is True


def test_it_is_ended_when_somebody_says_stop(outside: Serving) -> None:
    teacher = Aside(outside.settings)
    with pytest.raises(LessonError, match="SIGKILL"):
        teacher.teach(Lesson(PROJECT, False, lambda _: teacher.stop()))
