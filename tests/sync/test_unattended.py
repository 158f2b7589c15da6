"""What people see of runners and plans: in the metrics and in ``tiebreak status``, counted by hand."""

import json
import os
from dataclasses import replace

from sync.settings import Settings
from sync.store import plans, projects, runners
from sync.store.engine import Store, open_store
from sync.store.lease import holder_name
from sync.web.app import create_app

from ..conftest import clock
from .terminal import Terminal
from .test_woken import project

SECOND = 1_000_000


def fill(store: Store, now: int) -> str:
    """Project 7 failed twice and waits, a runner that rests is at project 8, another runner is gone."""
    me = holder_name()
    with store.begin() as connection:
        for number in (7, 8):
            projects.remember(connection, project(number), kind="source", now=1)
        runners.appear(connection, me, "runner", now - 60 * SECOND)
        runners.appear(connection, "far/1:1:a", "serve", now - 100 * SECOND)
        plans.begin(connection, [7, 8], now, 60 * SECOND, afresh=False)
        plans.take(connection, [7], me, now, now)
        plans.give_back(connection, 7, me, due_at=now + 10 * SECOND, not_before=now + 90 * SECOND, failures=2)
        plans.take(connection, [8], me, now, now + 60 * SECOND)
        (mine,) = [one for one in runners.known(connection, now) if one.name == me]
        until, why = now + 600 * SECOND, "nothing answers there"
        runners.seen(connection, replace(mine, seen_at=now, rests_until=until, rests_because=why))
    return me


def test_the_metrics(store: Store) -> None:
    now = clock()
    fill(store, now)
    text = create_app(Settings(), store, lambda _: None).test_client().get("/metrics").get_data(as_text=True)
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}
    assert values['tiebreak_runners{state="alive"}'] == 1
    assert values['tiebreak_runners{state="gone"}'] == 1
    assert values["tiebreak_runners_resting"] == 1
    assert abs(values['tiebreak_next_run_timestamp_seconds{project="7"}'] - (now / SECOND + 90)) < 0.01
    assert values['tiebreak_failures_in_a_row{project="7"}'] == 2
    assert values['tiebreak_failures_in_a_row{project="8"}'] == 0
    assert "far/1" not in text


def test_the_status(tiebreak: Terminal) -> None:
    store = open_store(f"sqlite:///{tiebreak.folder / 'tiebreak.sqlite3'}")
    now = clock()
    me = fill(store, now)
    store.close()
    (tiebreak.folder / "tiebreak.toml").write_text("projects = [7, 8]\n")
    said = tiebreak("status").out.splitlines()
    assert said[0].startswith("serve, process 1 on far: gone, last seen ")
    assert said[1].startswith(f"runner, process {os.getpid()} on ")
    assert said[1].endswith(", at project 8")
    assert said[2].startswith("  leaves Label Studio in peace for another ")
    assert said[2].endswith(" s after: nothing answers there")
    assert said[3] == "project 7"
    assert said[5].startswith("  next run ")
    assert said[5].endswith(", after 2 failures in a row")
    assert said[7] == "project 8"
    assert f"process {os.getpid()} on " in said[9]
    one_wrong = tiebreak("status", "7", "99", "8")
    assert (one_wrong.code, one_wrong.out.splitlines()) == (1, said)
    assert one_wrong.err.startswith("tiebreak: project 99 is not in the store yet")
    assert len(one_wrong.err.splitlines()) == 1
    found = json.loads(tiebreak("status", "--json").out)
    assert found["7"]["plan"] == {
        "next_at": now + 90 * SECOND,
        "failures": 2,
        "runner": None,
        "began_at": now,
    }
    assert [(one["name"], one["alive"], one["at"]) for one in found["runners"]["known"]] == [
        ("far/1:1:a", False, None),
        (me, True, 8),
    ]


def test_a_health_check_finds_a_runner_of_this_machine_or_says_that_there_is_none(tiebreak: Terminal) -> None:
    store = open_store(f"sqlite:///{tiebreak.folder / 'tiebreak.sqlite3'}")
    done = tiebreak("runner", "--check")
    assert (done.code, done.out) == (1, "")
    assert "no runner of this machine is alive: see `tiebreak status`" in done.err
    with store.begin() as connection:
        runners.appear(connection, holder_name(), "runner", clock())
    store.close()
    assert tiebreak("runner", "--check").code == 0
