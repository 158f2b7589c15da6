"""The page of operations: what it says equals what the store and the commands say; each sees their own projects."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from sync.dashboard.pages import operations, overview, project
from sync.dashboard.wording import moment
from sync.doctor import Diagnosis, remember
from sync.pulse import Pulse
from sync.settings import Settings
from sync.status import status
from sync.store import examined, logins, measures, run_log
from sync.store.lease import beat, hint, last_beat
from sync.store.tables import leases, plans, round_tasks, rounds, runners
from sync.web.app import create_app

from .stage import HOUR, START, Stage, browser, stage, texts

NOW = START + 980 * HOUR
MINUTE = 60_000_000
EVIL = "<script>alert(1)</script>"
SERVE, RUNNER = "green/1:17:abcdef01", "blue/1:18:abcdef02"
FINDINGS = (
    examined.Finding("reachable", True, "Label Studio answers", "", None),
    examined.Finding("secret", False, f"none is set {EVIL}", "in the settings: secret = ...", None),
    examined.Finding("project 8: webhook", False, "none sends events", "tiebreak doctor --fix", 8),
)


@pytest.fixture
def loop(tmp_path: Path) -> Stage:
    """Project 7 is being run, 8 failed twice, 9 is overdue, 10 was never run; one process works, one rests."""
    one = stage(tmp_path).create(texts(10))
    others = [Stage(one.store, number=number, title=f"P{number} {EVIL}").create(texts(1)) for number in (8, 9, 10)]
    one.beat()
    others[0].beat(ok=False, message=f"no answer {EVIL}")
    others[1].beat()
    due = {7: NOW + MINUTE, 8: NOW + MINUTE, 9: NOW - 5 * MINUTE, 10: NOW + MINUTE}
    with one.store.begin() as connection:
        for number, at in due.items():
            began = {"runner": SERVE, "began_at": NOW - MINUTE} if number == 7 else {"runner": None, "began_at": None}
            row = {"project": number, "due_at": at, "not_before": 0, "failures": 2 if number == 8 else 0, **began}
            connection.execute(insert(plans).values(row))
        base = {"started_at": NOW - HOUR, "seen_at": NOW - 1_000_000}
        connection.execute(insert(runners).values(name=SERVE, kind="serve", **base))
        rests = {"rests_until": NOW + MINUTE, "rests_because": f"away {EVIL}"}
        connection.execute(insert(runners).values(name=RUNNER, kind="runner", **base, **rests))
        connection.execute(insert(leases).values(name="project 7", holder=SERVE, expires_at=NOW + MINUTE))
        for seconds, failed in ((2.0, False), (4.0, True)):
            measures.count_step(connection, 8, "pull", NOW, seconds, failed)
        pulled = run_log.Step("pull", 1.25, failed=False, said="3 new tasks")
        idle, broke = replace(pulled, said=""), replace(pulled, failed=True, said="")
        for at in (3, 2):
            run_log.note(
                connection, 7, run_log.Ran(NOW - at * HOUR, NOW - at * HOUR + MINUTE, ok=True, said="", steps=(idle,))
            )
        run_log.note(connection, 7, run_log.Ran(NOW - HOUR, NOW - 9 * MINUTE, ok=True, said="", steps=(pulled, idle)))
        run_log.note(connection, 8, run_log.Ran(NOW, NOW, ok=False, said=f"no answer {EVIL}", steps=(broke,)))
        beat(connection, hint(7), NOW - 2 * MINUTE, True, "")
        examined.keep(connection, FINDINGS, NOW - HOUR)
    return one


def under_way(one: Stage) -> None:
    """A scoring round, 3 of 10 predictions of which were sent."""
    with one.store.begin() as connection:
        row = {"number": 9, "model": "tiebreak-4", "version": "tiebreak-4.9", "hash": "h", "state": "intended"}
        made = connection.execute(insert(rounds).values(project=one.key, made_at=NOW, **row).returning(rounds.c.id))
        key = made.scalar_one()
        given = [
            {"round": key, "task": task, "servable": True, "blind": False, "place": place, "state": state}
            for place, (task, state) in enumerate(zip(one.task_keys, ["sent"] * 3 + ["waiting"] * 7, strict=True))
        ]
        connection.execute(insert(round_tasks), given)
        beat(connection, "project:7:round", NOW, True, f"tiebreak-4.9, writing {EVIL}")
        for step in ("scoring", "writing"):
            run_log.tell(connection, 7, "tiebreak-4.9", run_log.Line(NOW, step, f"{step}: 3 of 10 tasks {EVIL}"))


def page(one: Stage, path: str = "/operations") -> str:
    reply = browser(one).get(path)
    assert reply.status_code == 200
    assert EVIL not in reply.text
    return " ".join(re.sub(r"<time[^>]*>|</?data[^>]*>|</time>", "", reply.text).split())


def rows(one: Stage, path: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = browser(one).get(path).get_json()["rows"]
    return found


def test_the_runs_are_those_of_the_store(loop: Stage) -> None:
    found = {row["project"].split()[0]: row for row in rows(loop, "/operations.json")}
    assert {name: row["state"] for name, row in found.items()} == {
        "Hotel": "At work",
        "P8": "Failed",
        "P9": "Overdue",
        "P10": "Never run",
    }
    with loop.store.read() as connection:
        said = status(connection, 8)
    assert found["P8"]["failures"] == said["plan"]["failures"] == 2
    assert found["P8"]["said"] == said["run"]["message"]
    assert found["P8"]["lag"] == (NOW - said["run"]["at"]) // 1_000_000 == 36_000
    assert (found["P10"]["last"], found["P10"]["lag"]) == (None, None)
    assert [row["project"][:2] for row in rows(loop, "/operations.json?state=Failed")] == ["P8"]
    assert rows(loop, "/operations.json?sort=-failures")[0]["failures"] == 2
    assert [row["project"][:2] for row in rows(loop, "/operations.json?search=no+answer")] == ["P8"]


def test_it_says_who_is_at_what_and_what_failed(loop: Stage) -> None:
    text = page(loop)
    for said in (
        "2 processes look after the projects; of 4 projects 1 failed, 1 overdue, 1 never run.",
        "The longest without a run is",
        "is run by process 17 on green since",
        "project 7: process 17 on green, until",
        "no answer &lt;script&gt;",
        "10 hours",
    ):
        assert said in text, said
    processes = {row["kind"]: row for row in rows(loop, "/operations/tables/processes.json")}
    assert (processes["serve"]["state"], processes["serve"]["at"]) == ("Alive", "project 7")
    assert processes["runner"]["state"] == "Rests"
    step = rows(loop, "/operations/tables/steps.json")[0]
    assert (step["step"], step["times"], step["failures"], step["mean"], step["seconds"]) == ("pull", 2, 1, 3.0, 6.0)


def test_the_log_says_what_each_run_did_and_where_one_failed(loop: Stage) -> None:
    found = rows(loop, "/operations/tables/log.json")
    assert [(row["result"], row["times"], row["seconds"], row["did"]) for row in found] == [
        ("Failed", 1, 1.2, f"pull failed; no answer {EVIL}"),
        ("Did something", 1, 2.5, "pull: 3 new tasks"),
        ("Nothing new", 2, 1.2, ""),
    ]
    assert [row["times"] for row in rows(loop, "/operations/tables/log.json?log.result=Nothing+new")] == [2]
    assert [row["project"] for row in rows(loop, "/operations/tables/log.json?log.search=no+answer")] == [f"P8 {EVIL}"]
    text = page(loop)
    assert "<li>pull: 3 new tasks</li>" in text
    assert "<li>pull failed</li>" in text
    assert '<li>pull <span class="meta">1.250 s</span></li>' in text
    assert f"since {moment(NOW - 3 * HOUR)}" in text


def test_what_the_doctor_found_stands_with_its_remedy_what_is_wrong_first(loop: Stage) -> None:
    found = rows(loop, "/operations/tables/doctor.json")
    assert [row["state"] for row in found] == ["To mend", "To mend", "Well"]
    assert {row["check"]: row["remedy"] for row in found} == {one.check: one.remedy for one in FINDINGS}
    text = page(loop)
    assert "<code>tiebreak doctor --fix</code>" in text
    assert "The doctor looked" in text


def test_a_round_has_a_bar_that_says_how_far_it_is(loop: Stage) -> None:
    assert "<progress" not in page(loop)
    under_way(loop)
    text = page(loop)
    assert '<progress max="10" value="3" aria-label="Scores of tiebreak-4.9 of Hotel reviews">' in text
    assert "3 of 10" in text
    log = re.search(r'<summary>Log</summary><ol class="log">(.*?)</ol>', text)
    assert log is not None
    said = re.findall(r"<span>(\w+: 3 of 10 tasks) ", log[1])
    assert said == ["scoring: 3 of 10 tasks", "writing: 3 of 10 tasks"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "No webhook: public_url is not set, so that changes are seen every 60 seconds."),
        ({"public_url": "http://t:1"}, "Webhooks are refused: set a secret in the settings."),
        ({"public_url": "http://t:1", "secret": "s" * 20}, "The last hint came 2 minutes ago."),
    ],
)
def test_how_webhooks_do(loop: Stage, given: dict[str, Any], said: str) -> None:
    loop.settings = Settings(**given)
    assert said in page(loop)


def test_nobody_looks_after_the_projects_and_no_project(tmp_path: Path) -> None:
    one = stage(tmp_path)
    assert "No project to look after" in page(one)
    one.create(texts(1))
    text = page(one)
    assert "Nothing looks after the projects: start “tiebreak serve”" in text
    assert "Run “tiebreak doctor”" in text
    assert "the doctor has not looked yet" in text


def test_each_sees_their_own_projects_and_machines_only_with_all(loop: Stage) -> None:
    with loop.store.begin() as connection:
        user = logins.add(connection, "vic", None, None, START)
        logins.set_project_role(connection, user, loop.key, "viewer")

    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
    pages = [overview.PAGE, operations.PAGE, project.PAGE]
    client = create_app(settings, loop.store, lambda _: None, clock=lambda: NOW, pages=pages).test_client()
    assert client.get("/operations").status_code != 200
    client.environ_base["HTTP_X_USER"] = "vic"
    text = client.get("/operations").text
    assert "Hotel reviews" in text
    for hidden in ("P8", "P9", "blue", "tiebreak doctor --fix", "none is set"):
        assert hidden not in text, hidden
    assert [row["project"] for row in client.get("/operations.json").get_json()["rows"]] == ["Hotel reviews"]
    assert client.get("/operations/tables/processes.json").status_code == 404
    assert client.get("/operations/tables/steps.json").get_json()["rows"] == []
    assert {row["project"] for row in client.get("/operations/tables/log.json").get_json()["rows"]} == {"Hotel reviews"}
    assert client.get("/operations/tables/doctor.json").get_json()["rows"] == []


def test_a_hint_is_kept_when_it_came(loop: Stage) -> None:
    pulse = Pulse(loop.store, None, lambda: NOW - MINUTE, 0.0)
    pulse.start()
    pulse.wish(7)
    pulse.stop(10)
    with loop.store.read() as connection:
        assert last_beat(connection, hint(7)) == NOW - MINUTE


def test_what_the_doctor_found_is_kept_unless_the_store_is_that_of_another(loop: Stage) -> None:
    sound = Diagnosis("store", True, "belongs to this Label Studio")
    remember(loop.store, [sound, Diagnosis("secret", False, "none", "set it", project=7)], NOW)
    with loop.store.read() as connection:
        kept = examined.newest(connection)
    assert kept is not None
    assert (kept.at, kept.findings[1]) == (NOW, examined.Finding("secret", False, "none", "set it", 7))
    remember(loop.store, [Diagnosis("store", False, "belongs to another")], NOW + 1)
    with loop.store.read() as connection:
        assert examined.newest(connection) == kept
