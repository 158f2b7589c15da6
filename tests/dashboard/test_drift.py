"""Drift on the page of the model: what the command line finds, with links; and when there is none."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sync.cli import app
from sync.drift_report.kept import keep_drift

from ..sync.test_kept_drift import NOW, TASKS, changed, given
from .stage import Stage, browser, stage, texts


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    one = changed(stage(tmp_path_factory.mktemp("drifted")))
    assert keep_drift(one.store, one.key, one.settings, lambda: NOW)
    return one


def page(one: Stage) -> str:
    text = browser(one).get("/projects/7/model").text
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_the_page_has_the_numbers_of_the_command_line(drifted: Stage, tmp_path: Path) -> None:
    config = tmp_path / "tiebreak.toml"
    config.write_text(f'store = "{drifted.store.name}"\nbootstrap = 100\n', encoding="utf-8")
    told = CliRunner().invoke(app, ["drift", "--project", "7", "--config", str(config), "--json"])
    assert told.exit_code == 0, told.output
    expected = json.loads(told.stdout)["drifts"]
    shown = browser(drifted).get("/projects/7/model/tables/drift.json").get_json()["rows"]
    assert sorted((one["words"], one["p_adjusted"], one["effect"], one["after"]) for one in expected) == sorted(
        (row["said"], row["p"], row["effect"], row["after"]) for row in shown
    )
    assert [row["found"] for row in shown] == sorted(row["found"] for row in shown)  # changes come first
    assert {row["of"] for row in shown} >= {"Labels", "Data", "Agreement"}


def test_a_change_leads_to_the_first_task_since_and_is_told_in_a_sentence(drifted: Stage) -> None:
    client = browser(drifted)
    rows = client.get("/projects/7/model/tables/drift.json?drift.of=Labels").get_json()["rows"]
    change = next(row for row in rows if row["found"] == "changed")
    assert client.get(change["first_address"]).status_code == 200
    assert 7000 < int(change["first"]) < 7000 + TASKS
    assert change["since"].startswith("20")
    assert client.get(change["where_address"]).status_code == 200
    text = page(drifted)
    assert re.search(r"\d+ changes? in \d+ tests of 120 answered tasks\.", text)
    assert "tiebreak drift --project 7" in text


def test_without_a_report_it_says_when_there_will_be_one_and_few_tasks_are_said(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(3)).assess()
    assert "Not looked for yet: the next run does so" in page(one)
    given(one, [(0, 1, "neutral"), (0, 2, "neutral")])
    keep_drift(one.store, one.key, one.settings, lambda: NOW)
    rows = browser(one).get("/projects/7/model/tables/drift.json").get_json()["rows"]
    assert {row["found"] for row in rows} == {"untested"}
    assert any("40 tasks with an answer and its time are needed" in row["said"] for row in rows)
    one.store.close()


def test_what_was_not_drawn_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = changed(stage(tmp_path))
    monkeypatch.setattr("sync.drift_report.kept.MOST", 80)
    keep_drift(one.store, one.key, one.settings, lambda: NOW)
    text = page(one)
    assert "80 answered tasks, drawn from 120" in text
    assert "40 answered tasks were not drawn" in text
    one.store.close()
