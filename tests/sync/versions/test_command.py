"""``tiebreak version`` on a store: what each command says to people and to programs, without a Label Studio."""

import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from sync.store.engine import open_store
from sync.store.tables import label_confidences, label_contents, label_tags, label_versions

from ...docs.keys import documented, keys
from ...evidence.files import FOUR
from ...stores import put_store
from ..terminal import Done, Terminal
from .stage import moods, taken


@pytest.fixture
def store_of(tiebreak: Terminal) -> str:
    """A settings file, and a store with project 7 of four tasks: the address of the store."""
    url = put_store(tiebreak.folder / "s.sqlite3")
    (tiebreak.folder / "tiebreak.toml").write_text(f'store = "{url}"\n', encoding="utf-8")
    pulled(url, FOUR)
    return url


def pulled(url: str, tasks: object) -> None:
    store = open_store(url)
    taken(store, tasks)  # type: ignore[arg-type]
    store.close()


def version(tiebreak: Terminal, *words: str) -> Done:
    return tiebreak("version", *words, "--project", "7")


def said(tiebreak: Terminal, *words: str) -> str:
    done = version(tiebreak, *words)
    assert (done.code, done.err) == (0, ""), done.err
    return done.out


def two(tiebreak: Terminal, url: str) -> None:
    """A second version: task 2 is yes now, and there is a task 5."""
    said(tiebreak, "create", "--tag", "first")
    pulled(url, moods({2: {1: "yes", 2: "yes"}, 5: {1: "no"}}, at=3))
    said(tiebreak, "create", "--note", "after the meeting")


def test_a_version_is_made_listed_and_shown(tiebreak: Terminal, store_of: str) -> None:
    assert re.fullmatch(r"version 1: 4 tasks, 4 labels, content [0-9a-f]{12}\n", said(tiebreak, "create"))
    again = said(tiebreak, "create", "--tag", "gold")
    events = json.loads(tiebreak("audit", "log", "--json").out)
    assert {one["actor"] for one in events if one["action"].startswith("version")} == {"command line"}
    assert again == "version 1 (gold) holds just these labels: no new one was made\n"
    head, line = said(tiebreak, "list").splitlines()
    assert head.split()[0] == "version" and line.split()[0] == "1"
    assert " 4 " in line and "gold" in line
    shown = said(tiebreak, "show", "gold")
    assert "3 yes" in shown and "1 no" in shown and "mood by " in shown and "every hash fits" in shown
    assert said(tiebreak, "verify") == "1 versions: every hash fits\n"


def test_the_list_fits_80_characters_and_says_what_each_is(tiebreak: Terminal, store_of: str) -> None:
    two(tiebreak, store_of)
    said(tiebreak, "create", "--as-of", "2026-03-03T00:00:00", "--note", "early \x1b[31m \u202ered")
    said(tiebreak, "restore", "1", "--tag", "again")
    lines = said(tiebreak, "list").splitlines()
    assert [line.strip().split("  ")[-1] for line in lines[1:3]] == ["first", "after the meeting"]
    assert r"as of 2026-03-03 00:00:00; early \x1b[31m \u202ered" in lines[3]
    assert "again; restores version 1" in lines[4]
    assert len(lines[0].split("tags and note")[0]) == 60


def test_a_note_for_a_version_that_was_there_is_not_lost_silently(tiebreak: Terminal, store_of: str) -> None:
    said(tiebreak, "create", "--note", "one")
    assert said(tiebreak, "create", "--note", "one").endswith("no new one was made\n")
    done = version(tiebreak, "create", "--note", "two")
    assert (done.code, "the note is not kept" in done.err) == (0, True)


def test_a_difference_by_task_and_label(tiebreak: Terminal, store_of: str) -> None:
    two(tiebreak, store_of)
    shown = said(tiebreak, "diff", "first", "latest")
    assert "task added: 1, label added: 1, answer: 1" in shown
    assert re.search(r"from \\ to +no +yes\n +no +· +1\n +yes +· +·\n", shown)
    assert re.search(r"2 +mood +answer +no +yes", shown)
    found = json.loads(said(tiebreak, "diff", "1", "2", "--json"))
    assert found["moves"] == {"mood": [{"before": "no", "after": "yes", "answers": 1}]}
    assert (found["counts"]["answer"], found["counts"]["task_added"], found["interface"]) == (1, 1, [])
    rows = list(csv.DictReader(io.StringIO(said(tiebreak, "diff", "1", "2", "--csv", "--label", "no"))))
    assert [(row["task"], row["change"], row["before"], row["after"]) for row in rows] == [
        *(("2", "answer", "no", "yes"), ("5", "label_added", "", "no")),
    ]
    assert json.loads(said(tiebreak, "diff", "2", "now", "--json"))["changes"] == []
    assert "nothing" in said(tiebreak, "diff", "2", "now")


def test_tagging_and_restoring(tiebreak: Terminal, store_of: str) -> None:
    two(tiebreak, store_of)
    assert said(tiebreak, "tag", "2", "second") == "version 2 is tagged second\n"
    moved = version(tiebreak, "tag", "2", "first")
    assert moved.code == 1 and "--move" in moved.err
    assert said(tiebreak, "restore", "first").startswith("version 3: 4 tasks, 4 labels")
    assert "is the newest and holds these labels already" in said(tiebreak, "restore", "1")
    assert json.loads(said(tiebreak, "diff", "1", "3", "--json"))["changes"] == []
    assert "restores version 1" in said(tiebreak, "show", "3")


def test_exports_are_the_same_bytes_and_now_is_a_version_too(tiebreak: Terminal, store_of: str) -> None:
    two(tiebreak, store_of)
    assert said(tiebreak, "export", "1", "a.parquet") == "version 1 of project 7 is in a.parquet (parquet)\n"
    said(tiebreak, "export", "first", "b.parquet")
    assert (tiebreak.folder / "a.parquet").read_bytes() == (tiebreak.folder / "b.parquet").read_bytes()
    said(tiebreak, "export", "now", "now.csv")
    said(tiebreak, "export", "latest", "latest.csv")
    now, latest = ((tiebreak.folder / f"{name}.csv").read_text().splitlines() for name in ("now", "latest"))
    assert [line.replace(",7,,", ",7,2,") for line in now] == latest
    refused = version(tiebreak, "export", "1", "boxes", "--format", "coco")
    assert refused.code == 1 and "Formats that can: parquet, csv, jsonl" in refused.err
    unclear = version(tiebreak, "export", "1", "a.json")
    assert unclear.code == 1 and "--format" in unclear.err


def test_an_edit_in_the_store_is_told_and_stops_an_export(tiebreak: Terminal, store_of: str) -> None:
    said(tiebreak, "create")
    store = open_store(store_of)
    with store.begin() as connection:
        connection.execute(update(label_contents).where(label_contents.c.text.like("<View%")).values(text="<View/>"))
    store.close()
    for words in (("show", "1"), ("verify",)):
        done = version(tiebreak, *words)
        assert done.code == 1
        assert "labeling interface is not what its hash says" in done.out + done.err
    done = version(tiebreak, "export", "1", "x.csv")
    assert done.code == 1 and "version 1 was changed in the store" in done.err
    assert not (tiebreak.folder / "x.csv").exists()


def test_what_a_version_says_of_itself_is_checked_before_it_is_read(tiebreak: Terminal, store_of: str) -> None:
    said(tiebreak, "create")
    store = open_store(store_of)
    with store.begin() as connection:
        connection.execute(update(label_versions).values(as_of=5))
    store.close()
    for words in (("export", "1", "x.csv"), ("diff", "1", "now"), ("restore", "1")):
        done = version(tiebreak, *words)
        assert done.code == 1 and "version 1 was changed in the store: what it says of itself" in done.err


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("UPDATE label_versions SET methods = '{'", "a value that is no JSON"),
        ("UPDATE label_versions SET interface = 99", "its labeling interface is gone"),
    ],
)
def test_damage_by_hand_is_said_in_words(tiebreak: Terminal, store_of: str, damage: str, message: str) -> None:
    said(tiebreak, "create")
    with closing(sqlite3.connect(tiebreak.folder / "s.sqlite3")) as other:
        other.execute(damage)
        other.commit()
    for words in (("show", "1"), ("verify",), ("export", "1", "x.csv")):
        done = version(tiebreak, *words)
        assert done.code == 1 and message in done.out + done.err


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE label_versions SET made_at = 'long ago' WHERE number = 1",
        "UPDATE label_versions SET made_at = X'00', as_of = 9e300, tasks = 'many', methods = '[1]' WHERE number = 1",
    ],
)
def test_a_version_that_was_edited_is_named_and_hides_no_other(tiebreak: Terminal, store_of: str, damage: str) -> None:
    two(tiebreak, store_of)
    assert (said(tiebreak, "list").count("EDITED"), tiebreak("audit", "verify").code) == (0, 0)
    with closing(sqlite3.connect(tiebreak.folder / "s.sqlite3")) as other:
        other.execute(damage)
        other.commit()
    named = "version 1 is not as it was made: what it says of itself"
    listed = version(tiebreak, "list")
    assert (listed.code, named in listed.err) == (1, True), listed.err
    assert "EDITED; first" in listed.out and "after the meeting" in listed.out
    assert [one["number"] for one in json.loads(version(tiebreak, "list", "--json").out)] == [1, 2]
    for words in (("show", "1"), ("show", "1", "--json")):
        done = version(tiebreak, *words)
        assert (done.code, done.err, "what it says of itself" in done.out) == (1, "", True)
    assert version(tiebreak, "show", "2").code == 0
    whole = tiebreak("audit", "verify")
    assert (whole.code, whole.err.count("\n")) == (1, 1), whole.err
    assert "version 1 of project 7 is not as it was made: what it says of itself" in whole.err
    assert whole.out.startswith("the audit chain is whole, and what it tells of was EDITED: ")


def test_a_version_without_a_number_is_said(tiebreak: Terminal, store_of: str) -> None:
    said(tiebreak, "create")
    with closing(sqlite3.connect(tiebreak.folder / "s.sqlite3")) as other:
        other.execute("UPDATE label_versions SET number = 'one'")
        other.commit()
    for done in (version(tiebreak, "list"), version(tiebreak, "verify"), tiebreak("audit", "verify")):
        assert (done.code, "number was changed in the store to 'one'" in done.err) == (1, True)


@pytest.mark.parametrize("words", [("version", "list", "--project", "7"), ("audit", "verify"), ("forget", "7")])
def test_a_command_that_only_looks_makes_no_store(tiebreak: Terminal, words: tuple[str, ...]) -> None:
    done = tiebreak(*words, store="sqlite:///no/such.sqlite3")
    assert (done.code, "there is no store at sqlite:///no/such.sqlite3 yet" in done.err) == (1, True), done.err
    assert not (tiebreak.folder / "no").exists()


@pytest.mark.parametrize(("number", "also"), [(1, "version 2 is not as it was made: what it says"), (2, "")])
def test_a_version_that_was_deleted_is_missed(tiebreak: Terminal, store_of: str, number: int, also: str) -> None:
    two(tiebreak, store_of)
    store = open_store(store_of)
    with store.begin() as connection:
        connection.execute(delete(label_tags))
        connection.execute(delete(label_confidences).where(label_confidences.c.version == number))
        connection.execute(delete(label_versions).where(label_versions.c.number == number))
    store.close()
    done = version(tiebreak, "verify")
    assert (done.code, done.out) == (1, "")
    assert f"version {number} is not as it was made: it is gone, the one that was made by event" in done.err
    assert also in done.err
    assert set(json.loads(version(tiebreak, "verify", "--json").out)["edited"]) >= {str(number)}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "4"), "tiebreak version create"),
        (("create", "--as-of", "yesterday"), "--as-of 'yesterday' is no moment"),
        (("create", "--as-of", "2999-01-01"), "in the future"),
        (("create", "--tag", "now"), "cannot be used"),
        (("diff", "1", "2", "--json", "--csv"), "name one of them"),
    ],
)
def test_what_cannot_be_done_is_said(tiebreak: Terminal, store_of: str, words: tuple[str, ...], message: str) -> None:
    done = version(tiebreak, *words)
    assert (done.code, message in done.err) == (1, True), done.err


def test_every_key_of_the_json_is_documented_and_no_other(tiebreak: Terminal, store_of: str) -> None:
    two(tiebreak, store_of)
    made = json.loads(said(tiebreak, "create", "--json"))
    shown = json.loads(said(tiebreak, "show", "1", "--json"))
    shown["faults"] = ["x"]
    document = {**made, **shown, "methods": 0, "policy": 0, "counts": 0}
    assert keys(document) == documented("docs/versions.md", "The JSON of a version")
    found = json.loads(said(tiebreak, "diff", "1", "2", "--json"))
    found["moves"] = found["moves"]["mood"]
    found["interface"] = ["-x"]
    found["counts"] = 0
    assert keys(found) == documented("docs/versions.md", "The JSON of a difference")


def test_the_first_columns_of_tables_are_documented() -> None:
    from sync.exports.tables import FIXED

    assert documented("docs/versions.md", "The columns of tables") == {*FIXED, "data.FIELD"}


def test_a_moment_from_the_command_line(tiebreak: Terminal, store_of: str) -> None:
    two(tiebreak, store_of)
    made = json.loads(said(tiebreak, "create", "--as-of", "2026-03-03T00:00:00", "--json"))
    assert (made["new"], made["as_of"]) == (True, "2026-03-03T00:00:00.000000Z")
    assert Path(tiebreak.folder / "tiebreak.toml").exists()
