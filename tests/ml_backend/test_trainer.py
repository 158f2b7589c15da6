"""When lessons are given, and by whom."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ml_backend.errors import BackendError, FeedError, LessonError
from ml_backend.lessons.board import Board, Kind
from ml_backend.trainer import Lesson, Trainer

from .stage import InHere


def trainer_of(root: Path, study: Callable[[str], object], **given: Any) -> Trainer:
    return Trainer(root, InHere(study), **given)


@contextmanager
def running(root: Path, study: Callable[[str], object], **given: Any) -> Iterator[Trainer]:
    trainer = trainer_of(root, study, **given)
    trainer.start()
    try:
        yield trainer
    finally:
        trainer.stop()


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Ask again and again, the more seldom the longer it takes: each asking costs the processes that are waited for."""
    since = time.monotonic()
    while not condition():
        waited = time.monotonic() - since
        assert waited < seconds, "it did not happen"
        time.sleep(min(0.1, max(0.005, waited / 20)))


def test_news_that_come_together_are_one_lesson_after_a_quiet_while(tmp_path: Path) -> None:
    lessons: list[float] = []
    with running(tmp_path, lambda _: lessons.append(time.time()), quiet=0.4) as trainer:
        for _ in range(15):
            trainer.request("4.4", Kind.NEWS)
            time.sleep(0.02)
        last = time.time()
        assert trainer.state("4.4") == "waiting"
        wait_for(lambda: trainer.state("4.4") == "idle")
    (given,) = lessons
    assert given - last > 0.35


def test_enough_news_do_not_wait_for_quiet(tmp_path: Path) -> None:
    lessons: list[str] = []
    with running(tmp_path, lessons.append, quiet=600, enough=3) as trainer:
        trainer.request("4.4", Kind.NEWS)
        trainer.request("4.4", Kind.NEWS)
        time.sleep(0.3)
        assert (lessons, trainer.state("4.4")) == ([], "waiting")
        trainer.request("4.4", Kind.NEWS)
        wait_for(lambda: lessons == ["4.4"] and trainer.state("4.4") == "idle")


def test_who_asks_for_it_now_does_not_wait_for_earlier_news(tmp_path: Path) -> None:
    lessons: list[str] = []
    with running(tmp_path, lessons.append, quiet=600) as trainer:
        trainer.request("4.4", Kind.NEWS)
        trainer.request("4.4")
        wait_for(lambda: lessons == ["4.4"] and trainer.state("4.4") == "idle")


def test_one_lesson_at_a_time_and_news_during_one_are_learned_after_it(tmp_path: Path) -> None:
    gate, at_work = threading.Event(), []

    def study(project: str) -> None:
        at_work.append(project)
        gate.wait(10)

    with running(tmp_path, study) as trainer:
        trainer.request("1.1")
        wait_for(lambda: at_work == ["1.1"])
        trainer.request("1.1")
        trainer.request("2.2")
        trainer.request("1.1")
        time.sleep(0.05)
        assert at_work == ["1.1"]
        assert (trainer.state("1.1"), trainer.state("2.2")) == ("training", "waiting")
        gate.set()
        wait_for(lambda: len(at_work) == 3 and trainer.state("1.1") == "idle")
    assert sorted(at_work) == ["1.1", "1.1", "2.2"]


def test_every_trainer_of_a_folder_says_the_same_and_one_of_them_teaches(tmp_path: Path) -> None:
    gate, at_work = threading.Event(), []

    def study(name: str) -> Callable[[str], None]:
        def given(project: str) -> None:
            at_work.append((name, project))
            gate.wait(10)

        return given

    with running(tmp_path, study("first")) as first:
        time.sleep(0.2)
        with running(tmp_path, study("second")) as second:
            looking_on = trainer_of(tmp_path, study("third"))
            second.request("1.1")
            wait_for(lambda: at_work == [("first", "1.1")])
            assert [one.state("1.1") for one in (first, second, looking_on)] == ["training"] * 3
            gate.set()
            wait_for(lambda: looking_on.state("1.1") == "idle")
            first.stop()
            second.request("2.2")
            wait_for(lambda: at_work[1:] == [("second", "2.2")])


def test_what_was_asked_outlives_the_process_and_a_lesson_that_died_is_given_again(tmp_path: Path) -> None:
    trainer_of(tmp_path, lambda _: None).request("1.1", Kind.NEWS)
    board = Board(tmp_path)
    board.stand("1.1", type(board.standing("1.1"))(step="learning", started=1.0))  # as a killed holder leaves it
    assert board.state("1.1") == "training"
    lessons: list[str] = []
    with running(tmp_path, lessons.append, quiet=0.01):
        wait_for(lambda: lessons == ["1.1"] and board.state("1.1") == "idle")


def test_the_holder_looks_at_the_known_projects_first(tmp_path: Path) -> None:
    lessons: list[str] = []
    with running(tmp_path, lessons.append, quiet=0.01, first=lambda: ["1.1", "2.2"]):
        wait_for(lambda: sorted(lessons) == ["1.1", "2.2"])


def test_a_transient_failure_waits_longer_each_time_and_a_success_ends_it(tmp_path: Path) -> None:
    now = [1e9]
    failing = [True]
    lessons: list[float] = []

    def study(project: str) -> None:
        lessons.append(now[0])
        if failing[0]:
            raise FeedError("feed down")

    with running(tmp_path, study, clock=lambda: now[0]) as trainer:
        trainer.request("4.4")
        for tries in range(1, 5):
            wait_for(lambda tries=tries: len(lessons) == tries and trainer.state("4.4") == "waiting")  # type: ignore[misc]
            assert trainer.standing("4.4").error == "feed down"
            failing[0] = tries < 4
            now[0] += 5 * 2 ** (tries - 1)
        wait_for(lambda: trainer.state("4.4") == "idle")
        assert trainer.standing("4.4").error is None
    assert [lessons[n + 1] - lessons[n] for n in range(3)] == [5, 10, 20]


def test_a_lesson_that_dies_is_tried_again_a_few_times_as_it_was_asked_for(tmp_path: Path) -> None:
    now = [1e9]
    forced: list[bool] = []

    class Dying:
        def teach(self, lesson: Lesson) -> None:
            forced.append(lesson.force)
            raise LessonError("died", transient=True, tries=2)

        def stop(self) -> None:
            pass

    trainer = Trainer(tmp_path, Dying(), 0.1, clock=lambda: now[0])
    trainer.start()
    trainer.request("4.4", Kind.FORCED)
    for tries, state in ((1, "waiting"), (2, "waiting"), (3, "idle")):
        wait_for(lambda tries=tries, state=state: (len(forced), trainer.state("4.4")) == (tries, state))  # type: ignore[misc]
        assert trainer.standing("4.4").error == "died"
        now[0] += 10
    time.sleep(0.3)
    assert forced == [True] * 3
    trainer.request("4.4")  # who asks again has all tries again
    wait_for(lambda: len(forced) == 4 and trainer.state("4.4") == "waiting")
    assert forced[3] is False
    trainer.stop()


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (FeedError("secret refused", transient=False), "secret refused"),
        (BackendError("disk full"), "disk full"),
        (ZeroDivisionError("x"), "a defect of tiebreak-ml"),
    ],
)
def test_other_failures_are_kept_and_not_tried_again_until_somebody_asks(
    tmp_path: Path, failure: Exception, told: str
) -> None:
    lessons: list[str] = []

    def study(project: str) -> None:
        lessons.append(project)
        if len(lessons) == 1:
            raise failure

    with running(tmp_path, study) as trainer:
        trainer.request("4.4")
        wait_for(lambda: trainer.standing("4.4").error is not None)
        assert told in str(trainer.standing("4.4").error)
        assert trainer.state("4.4") == "idle"
        time.sleep(0.3)
        assert len(lessons) == 1
        trainer.request("4.4")
        wait_for(lambda: len(lessons) == 2 and trainer.state("4.4") == "idle")
        assert trainer.standing("4.4").error is None


def test_it_stops_after_the_lesson_at_work_and_the_rest_stays_asked(tmp_path: Path) -> None:
    started, lessons = threading.Event(), []

    def study(project: str) -> None:
        started.set()
        time.sleep(0.1)
        lessons.append(project)

    trainer = trainer_of(tmp_path, study)
    trainer.start()
    trainer.request("1.1")
    trainer.request("2.2", Kind.NEWS)
    started.wait(10)
    trainer.stop()
    assert lessons == ["1.1"]
    assert trainer.state("2.2") == "waiting"


def test_trouble_outside_a_lesson_ends_no_lessons_for_good(tmp_path: Path) -> None:
    lessons: list[str] = []
    in_the_way = Board(tmp_path).folder
    in_the_way.write_text("a file where the folder belongs")
    with running(tmp_path, lessons.append) as trainer:
        time.sleep(0.3)
        in_the_way.unlink()
        trainer.request("4.4")
        wait_for(lambda: lessons == ["4.4"])


def test_a_project_nobody_asked_for_is_idle(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, lambda _: None)
    assert (trainer.state("9.9"), trainer.standing("9.9").error) == ("idle", None)


def test_files_of_strangers_on_the_board_are_left_alone(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.ask("4.4", Kind.NOW, 1.0)
    for name in ("notes.txt", "x@now@1@1", "4.4@never@1@1", "4.4@now@soon@1", "4.4@now@1"):
        (board.folder / "asked" / name).touch()
    (board.folder / "4.4.json").write_text("[broken")
    assert [(one.kind, one.at) for one in board.asked()["4.4"]] == [(Kind.NOW, 1.0)]
    assert list(board.asked()) == ["4.4"]
    assert board.standing("4.4").error is None


def test_a_clock_that_was_set_back_makes_nobody_wait_for_long(tmp_path: Path) -> None:
    lessons: list[str] = []
    Board(tmp_path).ask("4.4", Kind.NOW, time.time() + 3600)
    now = [time.time()]
    with running(tmp_path, lessons.append, clock=lambda: now[0]):
        time.sleep(0.2)
        assert lessons == []
        now[0] += 3600
        wait_for(lambda: lessons == ["4.4"])
