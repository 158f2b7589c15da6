import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ml_backend.errors import BackendError, FeedError
from ml_backend.trainer import Trainer


@contextmanager
def running(study: Callable[[str], object]) -> Iterator[Trainer]:
    trainer = Trainer(study)
    trainer.start()
    try:
        yield trainer
    finally:
        trainer.stop()


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def test_requests_that_come_together_are_one_lesson() -> None:
    lessons: list[str] = []
    with running(lessons.append) as trainer:
        for _ in range(20):
            trainer.request("4.4", 0.15)
        assert trainer.state("4.4") == "waiting"
        wait_for(lambda: trainer.state("4.4") == "idle")
    assert lessons == ["4.4"]


def test_a_request_at_once_does_not_wait_for_an_earlier_patient_one() -> None:
    lessons: list[str] = []
    with running(lessons.append) as trainer:
        trainer.request("4.4", 600)
        trainer.request("4.4")
        wait_for(lambda: lessons == ["4.4"])
        assert trainer.state("4.4") == "idle"


def test_one_lesson_at_a_time_and_news_during_one_are_learned_after_it() -> None:
    gate, at_work = threading.Event(), []

    def study(project: str) -> None:
        at_work.append(project)
        gate.wait(10)

    with running(study) as trainer:
        trainer.request("1.1")
        wait_for(lambda: at_work == ["1.1"])
        trainer.request("1.1")
        trainer.request("2.2")
        trainer.request("1.1")
        time.sleep(0.05)
        assert at_work == ["1.1"]
        assert (trainer.state("1.1"), trainer.state("2.2")) == ("training", "waiting")
        gate.set()
        wait_for(lambda: len(at_work) == 3)
    assert sorted(at_work) == ["1.1", "1.1", "2.2"]


def test_a_transient_failure_waits_longer_each_time_and_a_success_ends_it() -> None:
    now = [0.0]
    failing = [True]
    lessons: list[float] = []

    def study(project: str) -> None:
        if project == "4.4":
            lessons.append(now[0])
            if failing[0]:
                raise FeedError("feed down")

    trainer = Trainer(study, clock=lambda: now[0])
    trainer.start()
    trainer.request("4.4")
    for tries in range(1, 5):
        wait_for(lambda tries=tries: len(lessons) == tries and trainer.state("4.4") == "waiting")  # type: ignore[misc]
        assert trainer.error("4.4") == "feed down"
        now[0] += 5 * 2 ** (tries - 1)
        failing[0] = tries < 4
        trainer.request("other")  # wakes the thread: its clock is ours
    wait_for(lambda: trainer.state("4.4") == "idle")
    assert trainer.error("4.4") is None
    assert [lessons[n + 1] - lessons[n] for n in range(3)] == [5, 10, 20]
    trainer.stop()


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (FeedError("secret refused", transient=False), "secret refused"),
        (BackendError("disk full"), "disk full"),
        (ZeroDivisionError("x"), "a defect of tiebreak-ml"),
    ],
)
def test_other_failures_are_kept_and_not_tried_again_until_somebody_asks(failure: Exception, told: str) -> None:
    lessons: list[str] = []

    def study(project: str) -> None:
        lessons.append(project)
        if len(lessons) == 1:
            raise failure

    with running(study) as trainer:
        trainer.request("4.4")
        wait_for(lambda: trainer.error("4.4") is not None)
        assert told in str(trainer.error("4.4"))
        assert trainer.state("4.4") == "idle"
        time.sleep(0.1)
        assert len(lessons) == 1
        trainer.request("4.4")
        wait_for(lambda: len(lessons) == 2 and trainer.state("4.4") == "idle")
        assert trainer.error("4.4") is None


def test_it_stops_after_the_lesson_at_work() -> None:
    started, lessons = threading.Event(), []

    def study(project: str) -> None:
        started.set()
        time.sleep(0.1)
        lessons.append(project)

    trainer = Trainer(study)
    trainer.start()
    trainer.request("1.1")
    trainer.request("2.2", 60)
    started.wait(10)
    trainer.stop()
    assert lessons == ["1.1"]


def test_a_project_nobody_asked_for_is_idle() -> None:
    trainer = Trainer(lambda _: None)
    assert (trainer.state("9.9"), trainer.error("9.9")) == ("idle", None)
