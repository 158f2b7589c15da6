"""Each command on a real Label Studio: what it says the first time, and that the second time changes nothing."""

import json
import re
from typing import Any

import pytest

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import remote_state, result, review_tasks, ruling, scene, stored_rows
from .terminal import Terminal

pytestmark = pytest.mark.label_studio


def lines(terminal: Terminal, *arguments: str, **settings: str) -> list[str]:
    """What a command says that succeeds without a warning."""
    done = terminal(*arguments, **settings)
    assert (done.code, done.err) == (0, "")
    return done.out.splitlines()


def test_the_commands_of_the_loop_one_after_the_other(label_studio: RunningLabelStudio, tiebreak: Terminal) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [["good", "bad", "none"], ["good"] * 3, ["good"], []])
    token = label_studio.person("admin").token
    lines(tiebreak, "init", "--url", label_studio.url, "--token", token, "--project", str(made.project))
    report = [
        f"project {made.project}",
        "  mood: 7 answers by 3 annotators on 3 tasks",
        "    Krippendorff's alpha  ",
        "    agreement             50% [",
        "  1 task to look at again (P1 1)",
    ]
    said = {
        "pull": ["  new: 4 tasks, 7 annotations"],
        "assess": report[1:],
        "push": ["  1 task sent to review"],
        "resolve": ["  no new rulings"],
        "run": [*report[1:], "  nothing new; no new rulings; nothing new to review"],
    }
    for command, expected in said.items():
        found = lines(tiebreak, command)
        assert found[0] == f"project {made.project}"
        for line, beginning in zip(found[1:], expected, strict=True):
            assert line.startswith(beginning)
    state = remote_state(admin, made.project), stored_rows(f"sqlite:///{tiebreak.folder / 'tiebreak.sqlite3'}")
    for command in said:
        lines(tiebreak, command)
    assert state == (
        remote_state(admin, made.project),
        stored_rows(f"sqlite:///{tiebreak.folder / 'tiebreak.sqlite3'}"),
    )


def test_the_status_of_a_project_that_was_run_and_of_one_that_was_not(
    label_studio: RunningLabelStudio, tiebreak: Terminal
) -> None:
    made = scene(label_studio, [["good"], []])
    token = label_studio.person("admin").token
    lines(tiebreak, "init", "--url", label_studio.url, "--token", token, "--project", str(made.project))
    done = tiebreak("status")
    assert (done.code, done.out) == (1, "")
    assert "there is no store at sqlite:///tiebreak.sqlite3 yet" in done.err
    lines(tiebreak, "pull")
    nobody = "nothing looks after the projects: start `tiebreak serve` or `tiebreak runner`"
    assert lines(tiebreak, "status") == [nobody, f"project {made.project}", "  never run", "  no scoring round yet"]
    lines(tiebreak, "run")
    assert re.fullmatch(r"  last run 20.* UTC: all went well", lines(tiebreak, "status")[2])
    assert json.loads("".join(lines(tiebreak, "status", "--json")))[str(made.project)]["run"]["ok"]


def test_a_ruling_and_a_history_on_the_terminal(label_studio: RunningLabelStudio, tiebreak: Terminal) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [["good", "bad"], []])
    given = given_to(label_studio)
    number = str(made.project)
    lines(tiebreak, "run", number, **given)
    label_studio.as_("reviewer").create_annotation(review_tasks(admin, made.project)[0].id, ruling("bad"))
    assert lines(tiebreak, "resolve", number, **given)[1:] == ["  1 new ruling, 1 ground truth written"]
    evil = {**result("good")[0], "id": "[red]\x1b[31m"}
    admin.create_annotation(made.tasks[1], [{**evil, "value": {"choices": ["[bold]splendid[/bold]"]}}])
    pulled = lines(tiebreak, "pull", number, **given)
    assert pulled[1:] == ["  new: 2 annotations; 1 set aside (unreadable result)"]
    told = "\n".join(lines(tiebreak, "history", str(made.tasks[0]), "--project", number, **given))
    for event in ("task created", "submitted", "sent to review P", "ruled", "submitted as ground truth"):
        assert event in told
    told = " ".join("\n".join(lines(tiebreak, "history", str(made.tasks[1]), "--project", number, **given)).split())
    assert "the label '[bold]splendid[/bold]' is not in the labeling interface" in told
    assert "\x1b" not in told
    events = json.loads(tiebreak("history", str(made.tasks[0]), "--project", number, "--json", **given).out)
    assert events[0]["what"] == "task created"


def given_to(label_studio: RunningLabelStudio, **more: str) -> dict[str, str]:
    token = label_studio.person("admin").token
    return {"label_studio_url": label_studio.url, "label_studio_token": token, "bootstrap": "100", **more}


def test_one_project_fails_and_the_others_go_on(label_studio: RunningLabelStudio, tiebreak: Terminal) -> None:
    made = scene(label_studio, [["good"]])
    done = tiebreak("pull", "999999", str(made.project), "--json", **given_to(label_studio))
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "has no project 999999 that this token may see" in done.err
    found: dict[str, Any] = json.loads(done.out)
    assert list(found) == [str(made.project)]
    assert found[str(made.project)]["tasks"] == 1


def test_the_doctors_exit_code_and_json(label_studio: RunningLabelStudio, tiebreak: Terminal) -> None:
    made = scene(label_studio, [[]])
    given = given_to(label_studio, projects=str(made.project))
    assert all(line.startswith("ok  ") for line in lines(tiebreak, "doctor", **given))
    label_studio.as_("admin").update_project(made.project, maximum_annotations=2)
    sick = tiebreak("doctor", **given)
    assert sick.code == 1
    assert re.search(rf"^BAD project {made.project}: overlap: 2 annotations a task", sick.out, re.MULTILINE)
    assert "      -> tiebreak doctor --fix\n" in sick.out
    found = json.loads(tiebreak("doctor", "--json", **given).out)
    assert [one["check"] for one in found if not one["ok"]] == [f"project {made.project}: overlap"]
    mended = tiebreak("doctor", "--fix", **given)
    assert (mended.code, mended.err) == (0, f"tiebreak: project {made.project}: overlap: mended\n")
