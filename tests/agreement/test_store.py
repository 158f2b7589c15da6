"""The report on the store is the report on the export of the same project; settings say what no option says."""

import json
from pathlib import Path
from typing import Any

import pytest

from label_config.parse import parse
from label_config.results import canonical, read_answers
from sync.labelstudio import wire
from sync.labelstudio.wire import RemoteProject
from sync.store import intake, projects
from sync.store.intake import Decoded

from ..evidence.files import FOUR, MOOD, chosen, given, moods, task, write
from ..stores import new_store
from ..sync.terminal import Terminal

TIME = "2026-03-02T10:00:00.000000Z"
MIXED = [
    *FOUR,
    task(5, [given(501, 1, chosen("yes")), given(502, 1, chosen("no"), updated_at="2026-03-03T10:00:00Z")]),
    task(
        6, [given(601, 1, chosen("maybe")), given(602, 2, chosen("no"), ground_truth=True), given(603, 1, chosen("no"))]
    ),
    task(7, [given(701, 2, chosen("yes"), was_cancelled=True)]),
]


def stored(folder: Path, tasks: list[dict[str, Any]]) -> str:
    """A store that has pulled a project of these tasks: its address."""
    config = parse(MOOD)

    def decode(result: object, *_: object) -> Decoded:
        try:
            return Decoded({name: canonical(one) for name, one in read_answers(config, result).items()}, None)
        except ValueError as error:
            return Decoded({}, str(error))

    file = folder / "store.sqlite3"
    store = new_store(file)
    page = [wire.task({"created_at": TIME, "updated_at": TIME, **one}) for one in tasks]
    with store.begin() as connection:
        project = RemoteProject(7, "Moods", "", 1, MOOD, "", "", 1, False)
        key = projects.remember(connection, project, kind="source", now=1).key
        intake.save(connection, key, page, decode, now=2)
    store.close()
    return f"sqlite:///{file}"


def test_the_store_and_the_export_say_the_same(tiebreak: Terminal) -> None:
    url = stored(tiebreak.folder, MIXED)
    options = ("--bootstrap", "100", "--by", "text", "--json")
    on_file = tiebreak(*write(tiebreak.folder, MIXED), *options)
    on_store = tiebreak("agreement", "--project", "7", *options, store=url)
    assert on_store.code == 0, on_store.err
    assert json.loads(on_store.out) == json.loads(on_file.out)
    assert json.loads(on_store.out)["excluded"]["duplicates"] == 1


def test_settings_weigh_and_measure(tiebreak: Terminal) -> None:
    url = stored(tiebreak.folder, moods({1: {1: "yes", 2: "yes"}, 2: {1: "no", 2: "yes"}}))
    text = f"""store = "{url}"\nbootstrap = 100
label_weights = {{ mood = {{ no = 3.0 }}, elsewhere = {{ x = 2.0 }} }}
distances = {{ mood = "jaccard" }}"""
    (tiebreak.folder / "tiebreak.toml").write_text(text, encoding="utf-8")
    found = json.loads(tiebreak("agreement", "--project", "7", "--json").out)
    assert found["controls"]["mood"]["distance"] == "jaccard"
    assert found["overall"]["agreement"] == pytest.approx(1 / 3)
    found = json.loads(tiebreak("agreement", "--project", "7", "--json", "--distance", "nominal").out)
    assert found["controls"]["mood"]["distance"] == "nominal"
    on_file = tiebreak(*write(tiebreak.folder, FOUR), "--config", "tiebreak.toml", "--json")
    assert json.loads(on_file.out)["controls"]["mood"]["distance"] == "jaccard"


def test_a_project_that_was_not_pulled(tiebreak: Terminal) -> None:
    done = tiebreak("agreement", "--project", "8", store=stored(tiebreak.folder, FOUR))
    assert done.code == 1
    assert "tiebreak pull 8" in done.err
