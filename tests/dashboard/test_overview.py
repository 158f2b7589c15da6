"""The list of projects: its numbers are those of ``tiebreak progress`` and the report, and it says who needs a look."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from sync.progress_report.command import of_project
from sync.settings import Settings
from sync.store import assessments, logins
from sync.store.tables import projects
from sync.web.app import create_app

from .stage import HOUR, START, Stage, browser, crowd, stage, texts

NOW = START + 980 * HOUR
EVIL = "<script>alert(1)</script>"
SKILL = dict.fromkeys((1, 2, 3, 4), 0.97)
GUESS = dict.fromkeys((1, 2, 3, 4), 0.34)


def falling() -> list[tuple[int, int, str]]:
    """People who agree on the first sixty tasks and guess on the next sixty."""
    return [*crowd(60, SKILL), *((place + 60, one, label) for place, one, label in crowd(60, GUESS, seed=2))]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """7 falls and has reviews that wait for too long; the run of 8 failed; 9 was never assessed; 10 is done."""
    one = stage(tmp_path_factory.mktemp("overview"), title=f"Hotels {EVIL}").create(texts(150), overlap=3)
    one.settings = Settings(bootstrap=100, review_days={"P1": 1})
    one.answer(falling()).assess().score().push().beat().summarise()
    failed = Stage(one.store, number=8, title="Street scenes").create(texts(20), overlap=3)
    failed.answer(crowd(12, SKILL)).assess().summarise().beat(ok=False, message="no answer")
    Stage(one.store, number=9, title="Notes").create(texts(3))
    done = Stage(one.store, number=10, title="Ready").create(texts(8), overlap=3)
    done.answer(crowd(8, SKILL)).assess().summarise().beat().attend()
    return one


def rows(one: Stage, path: str = "/overview.json") -> dict[str, Mapping[str, Any]]:
    return {row["project_address"].split("/")[-1]: row for row in browser(one).get(path).get_json()["rows"]}


def test_the_numbers_are_those_of_the_command_and_the_report(several: Stage) -> None:
    row = rows(several)["7"]
    with several.store.read() as connection:
        said = of_project(connection, 7)["progress"]
        report = assessments.latest(connection, several.key)
    assert report is not None
    alpha = report.report["controls"]["sentiment"]["krippendorff_alpha"]
    assert [row[f"alpha{part}"] for part in ("", "_low", "_high", "_n")] == [
        alpha[part] for part in ("value", "low", "high", "n")
    ]
    trend = said["controls"]["sentiment"]["trend"]["krippendorff_alpha"]
    assert (
        (row["trend"], row["answers_left"]) == (trend["direction"], said["progress"]["answers_left"]) == ("falling", 90)
    )
    assert row["complete"] == pytest.approx(said["progress"]["complete"] / said["progress"]["tasks"]) == 0.8
    assert row["queue"] == report.report["queue"]["total"]
    assert row["reviews"] == sum(one["number"] for one in said["waiting"]["reviews"]) == 12
    assert (row["accuracy"], row["accuracy_low"], row["accuracy_high"], row["accuracy_n"]) == (0.83, 0.67, 0.92, 31)
    assert row["model"] == "tiebreak-3.1"


def test_each_project_has_its_state_and_what_is_to_be_looked_at(several: Stage) -> None:
    found = rows(several)
    assert {number: row["state"] for number, row in found.items()} == {
        "7": "Look at it",
        "8": "Failed",
        "9": "Not assessed",
        "10": "Done",
    }
    assert found["7"]["alarms"] == 2
    first, second = found["7"]["alarm"].split("; ")
    assert first.startswith("agreement on sentiment is falling since ")
    assert second.endswith("P1 wait longer than 1 day")
    assert found["8"]["alarm"] == "the last run failed"
    assert (found["10"]["answers_left"], found["10"]["done_by"], found["9"]["alpha_reason"]) == (
        0,
        None,
        "not assessed yet",
    )


def test_sort_search_and_filters_are_in_the_address(several: Stage) -> None:
    assert list(rows(several, "/overview.json?state=Done")) == ["10"]
    assert list(rows(several, "/overview.json?trend=falling")) == ["7"]
    assert list(rows(several, "/overview.json?search=last+run")) == ["8"]
    assert list(rows(several, "/overview.json?sort=-alarms"))[:2] == ["7", "8"]
    assert list(rows(several, "/overview.json?sort=project")) == ["7", "9", "10", "8"]
    text = browser(several).get("/?state=Done&sort=-alpha").text
    assert "Ready" in text
    assert 'href="/projects/8"' not in text
    assert "/overview.csv?state=Done&amp;sort=-alpha" in text


def test_the_first_sentence_names_who_needs_a_look(several: Stage) -> None:
    reply = browser(several).get("/")
    assert EVIL not in reply.text
    text = " ".join(reply.text.replace("\N{NO-BREAK SPACE}", " ").split())
    assert (
        "2 of 4 projects need a look: Hotels &lt;script&gt;alert(1)&lt;/script&gt;, agreement on sentiment is" in text
    )
    assert "; Street scenes, the last run failed." in text
    assert "The last run of Street scenes failed" in text
    assert "↘ falling since" in text
    assert "90 answers left" in text
    assert "nothing left" in text
    assert "the oldest for 30 hours" in text


def test_each_sees_their_own_alone_in_sentences_and_sums_too(several: Stage) -> None:
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
    with several.store.begin() as connection:
        user = logins.add(connection, "vic", None, None, START)
        mine = {row.label_studio_id: row.id for row in connection.execute(select(projects))}
        logins.set_project_role(connection, user, mine[10], "viewer")
    client = create_app(settings, several.store, lambda _: None, clock=lambda: NOW).test_client()
    client.environ_base["HTTP_X_USER"] = "vic"
    text = client.get("/").text
    assert "There is no alarm." in text
    assert "Street scenes" not in text
    assert "Hotels" not in text
    assert [row["project"] for row in client.get("/overview.json").get_json()["rows"]] == ["Ready"]


def test_without_an_alarm_it_says_so_and_without_a_summary_it_says_what_is_known(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(8), overlap=3)
    one.answer(crowd(8, SKILL)).assess().beat().attend()
    text = browser(one).get("/").text
    assert "There is no alarm." in text
    assert "no run has counted it yet" in text
    assert rows(one)["7"]["state"] == "Done"


def test_the_seven_days_have_today_from_the_first_day_on(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(8), overlap=2)
    one.answer(crowd(4, SKILL, each=2)).assess().summarise(START + 9 * HOUR).attend()
    (row,) = rows(one).values()
    assert row["state"] == "Going on"
    page = browser(one).get("/projects/7").text
    assert "4 tasks completed; in 28 days 8 answers" in page.replace("\N{NO-BREAK SPACE}", " ")
    image = re.findall(r'/projects/7/charts/[^"]+\.svg', page[page.index("What is left") :])[0]
    assert "mark-symbol" in browser(one).get(image).text, "of one day a line would show nothing"


def test_that_nothing_looks_after_the_projects_is_an_alarm(tmp_path: Path) -> None:
    """Operations, the list, the page of the project and *Look now* say the same."""
    one = stage(tmp_path).create(texts(8), overlap=3)
    one.answer(crowd(8, SKILL)).assess().summarise().beat(at=START + 950 * HOUR)
    nobody = "Nothing looks after the projects: start “tiebreak serve” or “tiebreak runner”"
    client = browser(one)
    for path in ("/", "/operations", "/projects/7", "/projects/7?asked=1"):
        text = client.get(path).text
        assert nobody in text, path
        assert "There is no alarm" not in text
        assert "Tiebreak looks at this project now" not in text
    (row,) = rows(one).values()
    assert (row["state"], row["alarms"], row["alarm"]) == ("Look at it", 1, "nothing looks after it")
    one.beat()
    assert "There is no alarm." in client.get("/").text, "it was run within a day, by hand or by cron"
    one.beat(at=START + 950 * HOUR)
    one.attend()
    assert "There is no alarm." in client.get("/").text
    text = client.get("/projects/7?asked=1").text
    assert nobody not in text
    assert "Tiebreak looks at this project now" in text
