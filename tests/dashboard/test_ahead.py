"""Charts are drawn when numbers change and before anybody asks, in a process of their own; none is drawn twice."""

import json
import logging
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from sync.assess import assess
from sync.dashboard.ahead import Ahead
from sync.dashboard.charts import THEMES, ChartCache, Ending, Look, Variant, painted
from sync.dashboard.keeping import Kept
from sync.dashboard.pages.queue import draw
from sync.dashboard.painting import NotDrawn, Painter
from sync.store.lease import beat, model_beat
from sync.web.app import DESK, create_app

from .stage import HOUR, START, TOLD, Stage, copies, crowd, stage, texts

NOW = START + 980 * HOUR
IMAGE = re.compile(r'(?:src|srcset)="([^"]+\.svg[^"]*)"')
PAGES = ("", "/annotators", "/queue", "/rulings", "/model", "/versions")


class Drawn:
    """Instead of drawing, notes what was to be drawn; ``fails`` are the keys of charts that cannot be."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.fails: set[str] = set()

    def paint(self, variant: Variant, ending: Ending) -> bytes:
        assert ending == "svg"
        self.keys.append(variant.key)
        if variant.key in self.fails:
            raise NotDrawn("this one cannot be")
        return f'<svg width="5" height="5"><!-- {variant.key} --></svg>'.encode()


@pytest.fixture(scope="module")
def put(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Stage]:
    """A project after a run that kept every number of its pages."""
    folder = tmp_path_factory.mktemp("ahead")
    one = stage(folder).people({1: "Ann", 2: "Bo", 3: "Cy"}).create(texts(30))
    one.answer(crowd(30, {1: 0.9, 2: 0.8, 3: 0.6})).assess().score().push(3)
    one.rule([{"label": label, "reviewer": 2, "cause": "slip"} for label in ("positive", "neutral", "negative")])
    with one.store.begin() as connection:
        beat(connection, model_beat(7), NOW, True, json.dumps(TOLD))
    one.assess().summarise(NOW)
    return copies(one, folder)


@pytest.fixture
def ran(put: Callable[[Path], Stage], tmp_path: Path) -> Iterator[Stage]:
    one = put(tmp_path)
    yield one
    one.store.close()


def ahead(one: Stage, drawn: Drawn) -> Ahead:
    app = create_app(one.settings, one.store, lambda _: None, clock=lambda: NOW, paint=drawn.paint)
    return Ahead(app, app.extensions[DESK], Painter(), every=0.01)


def read(app: Flask) -> list[str]:
    """Go to every page of the project and look at every image that it names; their addresses."""
    client = app.test_client()
    found = []
    for page in PAGES:
        reply = client.get(f"/projects/7{page}")
        assert reply.status_code == 200
        found += [one.replace("&amp;", "&") for one in IMAGE.findall(reply.text)]
    assert {client.get(one).status_code for one in found} == {200}
    return found


def test_the_first_reader_after_a_run_waits_for_no_chart(ran: Stage) -> None:
    drawn = Drawn()
    one = ahead(ran, drawn)
    made = one.look()
    assert made == len(drawn.keys) == len(set(drawn.keys))
    images = read(one.app)
    assert {re.sub(r".*/(\w+)\.svg.*", r"\1", image) for image in images} <= set(drawn.keys)
    assert {image.split("/charts")[0].rpartition("/")[2] for image in images} >= {"7", "annotators", "queue", "model"}
    assert len(drawn.keys) == made, "a reader had a chart drawn"


def test_the_first_reader_after_a_run_waits_for_no_assessment_to_be_read(ran: Stage) -> None:
    one = ahead(ran, Drawn())
    assert one.desk.kept.peek(("report", ran.key)) is None
    one.look()
    assert one.desk.kept.peek(("report", ran.key)).queue.total > 0


def test_of_a_run_that_changed_nothing_no_chart_is_drawn_again_and_of_another_those_that_changed(ran: Stage) -> None:
    drawn = Drawn()
    one = ahead(ran, drawn)
    one.look()
    before = list(drawn.keys)
    assert one.look() == 0
    assess(ran.store, ran.key, ran.settings, lambda: NOW + HOUR)
    ran.summarise(NOW + HOUR).beat()
    assert one.look() == 0
    ran.answer([(0, 4, "negative"), (1, 4, "negative"), (2, 4, "neutral")]).assess().summarise(NOW + HOUR)
    changed = one.look()
    assert 0 < changed < len(before)
    assert len(set(drawn.keys)) == len(drawn.keys) == len(before) + changed
    read(one.app)
    assert len(drawn.keys) == len(before) + changed


def test_another_project_keeps_what_was_drawn_of_it(ran: Stage) -> None:
    drawn = Drawn()
    one = ahead(ran, drawn)
    one.look()
    before = len(drawn.keys)
    other = Stage(ran.store, number=8, title="Another").create(texts(9)).answer(crowd(9, {1: 0.9, 2: 0.8}))
    other.assess()
    assert one.look() == len(drawn.keys) - before > 0


def test_a_chart_that_cannot_be_drawn_hurts_no_other_one(ran: Stage) -> None:
    drawn = Drawn()
    ahead(ran, drawn).look()
    once = Drawn()
    once.fails = {drawn.keys[1]}
    one = ahead(ran, once)
    assert one.look() == len(drawn.keys) - 1
    assert once.keys == drawn.keys
    assert one.look() == 0
    assert one.app.test_client().get("/projects/7").status_code == 200


def test_a_page_that_fails_is_told_and_the_charts_of_the_others_are_drawn(
    ran: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: object) -> list[object]:
        raise KeyError("a defect")

    drawn = Drawn()
    one = ahead(ran, drawn)
    whole = one.look()
    rest = Drawn()
    app = create_app(
        *(ran.settings, ran.store, lambda _: None),
        clock=lambda: NOW,
        pages=[replace(page, charts=fails) if page.name == "queue" else page for page in one.desk.pages],  # type: ignore[arg-type] # it fails
        paint=rest.paint,
    )
    assert 0 < Ahead(app, app.extensions[DESK], Painter()).look() < whole
    assert "the charts of queue are not drawn" in caplog.text


def test_it_draws_by_itself_until_it_is_stopped(ran: Stage) -> None:
    drawn = Drawn()
    one = ahead(ran, drawn)
    one.start()
    try:
        for _ in range(1000):
            if one._all:
                break
            threading.Event().wait(0.01)
        there = len(drawn.keys)
    finally:
        one.stop()
    read(one.app)
    assert len(drawn.keys) == there > 0
    assert "tiebreak-charts" not in {thread.name for thread in threading.enumerate()}


# The process that draws


ROWS = [{"reason": "Disagreement", "entries": 3}, {"reason": "One answer", "entries": 1}]
VARIANT = Variant("key", draw, ROWS, Look(THEMES["light"], 320, 210))


@pytest.fixture(scope="module")
def painter() -> Iterator[Painter]:
    one = Painter(longest=300, most=4)
    yield one
    one.stop()


def process_of(painter: Painter) -> int:
    assert painter.process is not None
    return painter.process


def unnumbered(svg: bytes) -> bytes:
    """Without the numbers that a process gives to the clippings of all that it draws."""
    return re.sub(rb"clip\d+", b"clip", svg)


def is_alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_it_draws_what_would_be_drawn_here_and_outlives_its_process(painter: Painter) -> None:
    assert unnumbered(painter.paint(VARIANT, "svg")) == unnumbered(painted(VARIANT, "svg"))
    first = process_of(painter)
    assert painter.paint(VARIANT, "png").startswith(b"\x89PNG")
    assert process_of(painter) == first
    os.kill(first, signal.SIGKILL)
    assert painter.paint(VARIANT, "svg").startswith(b"<svg")
    second = process_of(painter)
    assert second != first
    for _ in range(3):
        painter.paint(VARIANT, "svg")
    assert painter.process is None, "of each process but so many images are asked"
    assert not is_alive(second)


def test_a_chart_that_cannot_be_drawn_says_which_and_why(painter: Painter, caplog: pytest.LogCaptureFixture) -> None:
    broken = replace(VARIANT, rows=[{"reason": "no number"}])
    with caplog.at_level(logging.WARNING), pytest.raises(NotDrawn, match=r"pages\.queue\.draw could not be drawn: Key"):
        painter.paint(broken, "svg")
    assert "could not be drawn" in caplog.text
    assert painter.paint(VARIANT, "svg").startswith(b"<svg")


def test_the_process_ends_when_there_is_nothing_to_draw_and_when_it_takes_too_long(painter: Painter) -> None:
    painter.paint(VARIANT, "svg")
    painter.rest()
    process = process_of(painter)
    painter._idle = 0
    painter.rest()
    assert painter.process is None
    assert not is_alive(process)
    slow = Painter(longest=0)
    with pytest.raises(NotDrawn, match="in 0 seconds"):
        slow.paint(VARIANT, "svg")
    assert slow.process is None


def test_it_ends_without_a_word_when_whoever_asked_is_gone(capfd: pytest.CaptureFixture[str]) -> None:
    one = Painter()
    line = one._begin()
    process = one._process
    assert process is not None
    line.send_bytes(b"[]")
    line.close()
    assert process.wait(120) == 0
    one.stop()
    assert capfd.readouterr() == ("", "")


def test_it_stops_in_the_middle_of_a_chart() -> None:
    one = Painter()
    said: list[NotDrawn] = []

    def ask() -> None:
        try:
            one.paint(VARIANT, "svg")
        except NotDrawn as error:
            said.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while one.process is None:
        threading.Event().wait(0.001)
    one.stop()
    asking.join(5)
    assert not asking.is_alive()
    assert "being stopped" in str(said[0])
    assert one.process is None


# What is kept


def test_images_are_kept_up_to_so_many_bytes_the_newest_in_any_case() -> None:
    kept = Kept(10, len)
    for name, made in (("a", b"1234"), ("b", b"12345"), ("a", b"12")):
        kept.get(name, made, lambda made=made: made)  # type: ignore[misc] # of this turn
    assert (kept.peek("b"), kept.peek("a")) == (b"12345", b"12")
    kept.get("c", 0, lambda: b"1234")
    assert [kept.peek(name) for name in "bac"] == [None, b"12", b"1234"]
    kept.get("d", 0, lambda: b"more than ten bytes")
    assert [kept.peek(name) for name in "acd"] == [None, None, b"more than ten bytes"]


def test_a_chart_that_was_not_drawn_is_drawn_when_somebody_asks_again() -> None:
    drawn = Drawn()
    drawn.fails = {"key"}
    cache = ChartCache(paint=drawn.paint)
    with pytest.raises(NotDrawn):
        cache.get("key", "svg", lambda: [VARIANT])
    assert not cache.has("key")
    drawn.fails.clear()
    assert cache.get("key", "svg", lambda: [VARIANT]) is not None
    assert cache.has("key")
