import logging

import pytest

from label_config.parse import parse
from ml_backend import unreadable
from ml_backend.errors import MediaError
from ml_backend.features import Material, view_of
from ml_backend.seldom import SILENT_SECONDS, Seldom
from ml_backend.unreadable import MOST_KINDS, OTHER, note
from ml_backend.web.measures import Measures

XML = '<View><Image name="i" value="$image"/><Choices name="c" toName="i"><Choice value="a"/></Choices></View>'


@pytest.fixture(autouse=True)
def nothing_told_yet() -> None:
    """What other tests of this process could not read does not count here."""
    unreadable._kinds.clear()
    unreadable._seldom._told_at.clear()


def counted(reason: str) -> float:
    lines = Measures(lambda: 0).text().decode().splitlines()
    found = [line for line in lines if line.startswith(f'tiebreak_ml_unreadable_total{{reason="{reason}"}}')]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


def test_why_tasks_could_not_be_read_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def fetch(address: str) -> bytes:
        if address == "gone":
            raise MediaError("HTTP 418")
        return b"no image"

    config = parse(XML)
    view = view_of(config, config.controls[0])
    material = Material([{"image": one} for one in ("gone", "a", "gone", 7)], fetch)
    before = counted("HTTP 418")
    with caplog.at_level(logging.WARNING):
        assert material.readable(view) == []
    assert material.reasons == {
        "HTTP 418": 2,
        "no readable image": 1,
        "expected the address of an image, not int": 1,
    }
    assert counted("HTTP 418") == before + 2
    assert sum("HTTP 418" in one.message for one in caplog.records) == 1


def test_it_is_said_again_after_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    times = iter((10.0, 20.0, 11.0 + SILENT_SECONDS))
    seldom = Seldom(clock=lambda: next(times))
    for _ in range(3):
        note("image", MediaError("HTTP 499: at http://somewhere"), seldom=seldom)
    assert [one.message.count("'image' cannot be read, the task abstains: HTTP 499") for one in caplog.records] == [
        1,
        1,
    ]
    assert "somewhere" not in caplog.text


def test_kinds_of_reasons_are_few() -> None:
    found = {note("image", MediaError(f"typed by somebody {number}")) for number in range(100)}
    assert len(found) <= MOST_KINDS + 1
    assert OTHER in found
