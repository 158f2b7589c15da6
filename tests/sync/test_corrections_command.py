"""``tiebreak corrections`` on a store: what is proposed, what is not and why, all without a Label Studio."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from sync.assess import assess
from sync.corrections import Change
from sync.corrections_shown import show
from sync.settings import load
from sync.store import projects
from sync.store.corrections import Batch
from sync.store.engine import open_store

from ..agreement.conftest import tiebreak
from ..agreement.test_store import stored
from ..docs.keys import documented, keys
from ..evidence.files import chosen, given, task
from .terminal import Terminal

__all__ = ["tiebreak"]

SAME = "The staff remembered our names and the room was quiet."
NEVER = '[[rules]]\nname = "never yes"\ncheck = "matches_not"\ncontrol = "mood"\npattern = "yes"\n'


def moods(*said: list[str], text: str = "") -> list[dict[str, Any]]:
    """Tasks 101, 102 ... whose numbers in the store are others."""
    return [
        task(
            number,
            [given(10 * number + person, person, chosen(label)) for person, label in enumerate(labels, 1)],
            **({"text": text} if text else {}),
        )
        for number, labels in enumerate(said, 101)
    ]


def assessed(folder: Path, tasks: list[dict[str, Any]], rules: str = "") -> None:
    """A settings file beside a store that has judged project 7."""
    url = stored(folder, tasks)
    place = folder / "tiebreak.toml"
    place.write_text(f'store = "{url}"\n{rules}', encoding="utf-8")
    store = open_store(url)
    with store.read() as connection:
        key = projects.source(connection, 7).key
    assess(store, key, load(place), lambda: 1_772_500_000_000_000)
    store.close()


FOUR_AGAINST_ONE = moods(["yes"] * 3, ["yes"] * 3, ["yes"] * 3, ["yes"] * 3, ["no"], text=SAME)


def test_a_proposal_is_listed_by_its_group_with_an_example(tiebreak: Terminal) -> None:
    assessed(tiebreak.folder, FOUR_AGAINST_ONE)
    done = tiebreak("corrections", "--project", "7")
    assert done.code == 0, done.err
    head, group, example = done.out.splitlines()
    assert head == "proposed (1 group; --apply GROUP applies one):"
    assert "mood: no -> yes, " in group and "(1 task, near_duplicate_conflict)" in group
    assert example.startswith(
        "      such as task 105: Task 101, which shows nearly the same, and 3 more of the like are"
    )


def test_what_a_rule_contradicts_is_shown_with_the_reason_and_not_proposed(tiebreak: Terminal) -> None:
    assessed(tiebreak.folder, FOUR_AGAINST_ONE, NEVER)
    found = json.loads(tiebreak("corrections", "--project", "7", "--json").out)
    assert set(found) == {"changed", "groups", "refused", "batches"}
    assert (found["changed"], found["groups"], found["batches"]) == (None, [], [])
    (one,) = [one for one in found["refused"] if one["kind"] == "near_duplicate_conflict"]
    reason = "It would break the rule 'never yes': 'yes' matches yes."
    wanted = {"task": 105, "control": "mood", "kind": "near_duplicate_conflict", "before": "no", "after": "yes"}
    assert one == {**wanted, "reason": reason}
    said = tiebreak("corrections", "--project", "7").out
    assert "no corrections are proposed" in said
    assert f"task 105, mood: no -> yes (near_duplicate_conflict)\n      {reason}" in said
    explained = tiebreak("queue", "--project", "7", "--explain", "105").out
    assert f"    yes is not proposed: {reason}" in explained
    queue = json.loads(tiebreak("queue", "--project", "7", "--json").out)["queue"]
    refused = [one["refused"] for entry in queue if entry["task"] == 105 for one in entry["findings"]]
    assert {"answer": "yes", "reason": reason} in refused


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--apply", "x", "--undo", "1"), "--apply and --undo are two things"),
        ((), "tiebreak pull 8"),
    ],
)
def test_what_cannot_be_done_is_said(tiebreak: Terminal, options: tuple[str, ...], said: str) -> None:
    assessed(tiebreak.folder, FOUR_AGAINST_ONE)
    done = tiebreak("corrections", "--project", "8", *options)
    assert (done.code, said in done.err) == (1, True)


def test_every_key_of_the_json_is_documented_and_no_other(tiebreak: Terminal) -> None:
    """What needs a Label Studio to be there is put in as the code makes it."""
    assessed(tiebreak.folder, FOUR_AGAINST_ONE)
    found = json.loads(tiebreak("corrections", "--project", "7", "--json").out)
    (tiebreak.folder / "store.sqlite3").unlink()
    assessed(tiebreak.folder, FOUR_AGAINST_ONE, NEVER)
    found["refused"] = json.loads(tiebreak("corrections", "--project", "7", "--json").out)["refused"]
    found["changed"] = asdict(Change(1, 2, ((3, "gone"),)))
    found["batches"] = [asdict(Batch(1, ("a",), 2, 3, 4, 5))]
    assert keys(found) == documented("docs/queue.md", "The JSON of corrections")


def test_what_was_applied_and_undone_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    applied = {"batch": 1, "groups": ("a", "b"), "tasks": 3, "applied_at": 1, "applied_by": 4, "undone_at": None}
    undone = {**applied, "batch": 2, "groups": ("c",), "tasks": 1, "undone_at": 5}
    found = {"groups": [], "refused": [], "batches": [applied, undone]}
    show({**found, "changed": {"batch": 2, "tasks": 1, "failed": ()}})
    assert capsys.readouterr().out.splitlines() == [
        "batch 2 is undone: 1 task",
        "no corrections are proposed; `tiebreak assess` looks for them",
        "batches (--undo BATCH takes one back):",
        "  batch 1: applied, 3 tasks, a b",
        "  batch 2: undone, 1 task, c",
    ]
    show({**found, "changed": {"batch": 0, "tasks": 0, "failed": ()}})
    assert capsys.readouterr().out.startswith("nothing to change\n")
