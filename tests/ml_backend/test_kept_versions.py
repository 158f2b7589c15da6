"""The kept versions of a model: why each was published, and another one becomes live over HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from .commands import run
from .scenes import PROJECT, bearer, learned, sentiment_rows, serving
from .stage import GOOD, Here


@pytest.fixture
def three(tmp_path: Path) -> Here:
    """Three versions, the newest of which is live."""
    outside = serving(tmp_path)
    for count in (60, 80, 100):
        learned(outside, sentiment_rows(count))
    return Here(outside)


def live(one: Here, **body: Any) -> tuple[int, Any]:
    reply = one.client.post("/live", json={"project": PROJECT, **body}, headers=bearer())
    return reply.status_code, reply.get_json()


def test_back_and_forward_and_what_answers_is_that_version_at_once(three: Here) -> None:
    assert three.state()["model"] == "tiebreak-3"
    assert live(three, version="tiebreak-1", instead_of="tiebreak-3") == (200, {"model": "tiebreak-1"})
    assert (three.state()["model"], three.score(GOOD)[0]["version"]) == ("tiebreak-1", "tiebreak-1")
    assert live(three, version="tiebreak-1", instead_of="tiebreak-3") == (200, {"model": "tiebreak-1"})  # repeated
    assert live(three, version="tiebreak-3") == (200, {"model": "tiebreak-3"})
    assert three.state()["versions"] == ["tiebreak-1", "tiebreak-2", "tiebreak-3"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"version": "tiebreak-9"}, 409, "tiebreak-9 is not there; there are: tiebreak-1, tiebreak-2, tiebreak-3"),
        ({"version": "../../tiebreak-1"}, 409, "is not there"),
        ({"version": "tiebreak-1", "instead_of": "tiebreak-2"}, 409, "tiebreak-2 is not live any more: tiebreak-3 is"),
        ({"version": None}, 400, "version: 'None' is no version"),
        ({"version": "tiebreak-1", "instead_of": ["tiebreak-3"]}, 400, "instead_of: \"['tiebreak-3']\" is no version"),
        ({}, 400, "version"),
        ({"version": "tiebreak-1", "project": "5.5"}, 400, "project 5.5: there is no model"),
        ({"version": "tiebreak-1", "project": "../5"}, 400, "project"),
    ],
)
def test_what_cannot_be_done_is_said_and_what_was_live_stays(three: Here, body: Any, status: int, told: str) -> None:
    answered, said = live(three, **body)
    assert answered == status
    assert told in said["error"]
    assert three.state()["model"] == "tiebreak-3"


def test_a_broken_version_does_not_become_live(three: Here) -> None:
    (three.folder / "versions" / "tiebreak-1" / "arrays.safetensors").write_bytes(b"")
    again = Here(serving(three.folder.parent))  # which has not loaded it
    assert live(again, version="tiebreak-1")[0] == 409
    assert again.state()["model"] == "tiebreak-3"


def test_why_each_version_was_published_is_told_as_it_was_decided(three: Here) -> None:
    found = three.state()["decisions"]
    assert [found[name]["live"] for name in ("tiebreak-1", "tiebreak-2", "tiebreak-3")] == [
        None,
        "tiebreak-1",
        "tiebreak-2",
    ]
    assert found["tiebreak-3"] == three.state()["decision"]
    (three.folder / "versions" / "tiebreak-1" / "decision.json").write_text("{", encoding="utf-8")
    (three.folder / "versions" / "tiebreak-2" / "decision.json").unlink()
    assert set(three.state()["decisions"]) == {"tiebreak-3"}
    done = run("versions", "--data", str(three.folder.parent), "--json")
    listed = json.loads(done.stdout)[PROJECT]
    assert listed["decisions"] == {"tiebreak-1": None, "tiebreak-2": None, "tiebreak-3": found["tiebreak-3"]}


def test_of_two_who_meant_the_same_live_version_the_later_one_is_refused(three: Here) -> None:
    three.outside.registry.roll_back(PROJECT, "tiebreak-2")
    assert live(three, version="tiebreak-1", instead_of="tiebreak-3")[0] == 409
    assert three.state()["model"] == "tiebreak-2"
