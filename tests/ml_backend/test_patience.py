"""What takes too long is given up in time, whatever it is, and costs neither later requests nor other projects."""

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ml_backend.encoders import brought, family_of
from ml_backend.encoders.kept import keep_in
from ml_backend.patience import MOST_GIVEN_UP, Patience

from .scenes import PROJECT, SENTIMENT, WORDS, feed_server, learned, sentiment_rows, serving
from .stage import BAD, GOOD, Here, answers
from .test_serve import serving as really_serving
from .test_trainer import wait_for
from .test_turns import EVENT

STUCK = f"""
import threading
WORDS = {WORDS!r}
goes_on, begun = threading.Event(), []
def vectors(texts):
    begun.append(len(texts))
    assert goes_on.wait(60)
    return [[sum(word in text for word in words) for words in WORDS.values()] for text in texts]
"""


STUCK_BY_A_FILE = f"""
import pathlib, time
WORDS = {WORDS!r}
stuck = pathlib.Path(__file__).with_name("stuck")
def vectors(texts):
    while stuck.exists():
        time.sleep(0.01)
    return [[sum(word in text for word in words) for words in WORDS.values()] for text in texts]
"""


def soon(seconds: float = 0.05) -> float:
    return time.monotonic() + seconds


def test_it_gives_what_the_work_gives_and_raises_what_it_raises() -> None:
    patience = Patience()
    assert patience.wait("1", lambda: 7, soon(30)) == 7
    with pytest.raises(ZeroDivisionError):
        patience.wait("1", lambda: 1 // 0, soon(30))
    with pytest.raises(TimeoutError, match="of its own"):
        patience.wait("1", _late_by_itself, soon(30))
    assert patience.wait("1", lambda: 8, soon(30)) == 8


def _late_by_itself() -> int:
    raise TimeoutError("of its own")


def test_what_still_goes_on_holds_back_only_its_project_and_only_until_it_ends() -> None:
    patience, goes_on = Patience(), threading.Event()
    for _ in range(MOST_GIVEN_UP):
        with pytest.raises(TimeoutError):
            patience.wait("1", lambda: goes_on.wait(60), soon())
    since = time.monotonic()
    with pytest.raises(TimeoutError, match="earlier requests still goes on"):
        patience.wait("1", lambda: 7, soon(30))
    assert time.monotonic() - since < 10
    assert patience.wait("2", lambda: 7, soon(30)) == 7
    goes_on.set()
    wait_for(lambda: _free(patience))


def _free(patience: Patience) -> bool:
    try:
        return patience.wait("1", lambda: True, soon(30))
    except TimeoutError:
        return False


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module with an encoder that gets stuck once ``goes_on`` is cleared."""
    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "stuck_encoder.py").write_text(STUCK)
    monkeypatch.syspath_prepend(str(tmp_path / "module"))
    import stuck_encoder  # type: ignore[import-not-found]

    stuck_encoder.goes_on.set()
    yield stuck_encoder
    stuck_encoder.goes_on.set()
    keep_in(None)
    del sys.modules["stuck_encoder"]
    brought.brought.cache_clear()
    family_of.__globals__["_brought"].cache_clear()


def test_an_encoder_that_gets_stuck_is_broken_off_and_the_rest_abstains(stuck: Any, tmp_path: Path) -> None:
    outside = serving(tmp_path, encoder="stuck_encoder:vectors", predict_seconds=0.5, media_seconds=0.5, cache_bytes=0)
    learned(outside, sentiment_rows(60))
    here = Here(outside)
    assert answers(here.predict(GOOD)[0]) == {"sentiment": ("good",)}
    stuck.goes_on.clear()
    stuck.begun.clear()
    since = time.monotonic()
    told = here.predict(*[GOOD, BAD] * 2_000)
    assert 1.0 <= time.monotonic() - since < 20  # half a second of thinking, as much for what was begun; then 60 more
    assert [one["reasons"][0]["code"] for one in told] == ["out_of_time"] * 4_000
    assert len(stuck.begun) == 1  # nothing after it is begun
    stuck.goes_on.set()
    wait_for(lambda: answers(here.predict(GOOD)[0]) == {"sentiment": ("good",)})


def test_a_server_whose_encoder_is_stuck_answers_in_time_takes_events_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (module / "stuck_by_a_file.py").write_text(STUCK_BY_A_FILE)
    monkeypatch.setenv("PYTHONPATH", str(module))
    given = {"workers": "1", "encoder": "stuck_by_a_file:vectors", "predict_seconds": "1", "media_seconds": "1"}
    asked = {"project": PROJECT, "label_config": SENTIMENT}
    tasks = [{"id": number, "data": {"text": f"lovely wave {number}"}} for number in range(3_000)]
    with feed_server(sentiment_rows(60)) as feed, really_serving(tmp_path, feed.url, **given) as server:
        server.post("/train", asked)
        server.await_model("tiebreak-1")
        (module / "stuck").touch()
        since = time.monotonic()
        with ThreadPoolExecutor(12) as clients:  # more than there are threads
            waiting = [clients.submit(server.post, "/predict", {**asked, "tasks": tasks}) for _ in range(12)]
            assert server.post("/webhook", EVENT).json() == {"status": "ok"}
            assert time.monotonic() - since < 1
            told = [one.result().json()["results"] for one in waiting]
        assert time.monotonic() - since < 20
        assert {one["reasons"][0]["code"] for results in told for one in results} == {"out_of_time"}
        server.process.terminate()
        assert server.process.wait(15) == 0
