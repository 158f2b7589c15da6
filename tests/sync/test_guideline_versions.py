"""Guidelines have versions that do not change; what is published brings the rulings back that it touches."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from label_config.answers import Choices
from label_config.errors import GuidelinesError
from label_config.guidelines import ADDED, CHANGED, REMOVED, Change, Entry, instructions, written
from sync.errors import SettingsError
from sync.glossary.publishing import Published, publish
from sync.glossary.writing import difference, write
from sync.labelstudio.client import LabelStudio
from sync.opening import Services
from sync.settings import Settings
from sync.store import guideline_versions, guidelines, tables
from sync.store.audit_check import verify
from sync.store.engine import Store, open_store
from sync.store.guidelines import touches

from ..stores import put_store
from .terminal import Terminal
from .test_intake import PROJECT
from .test_review_rounds import XML, Desk

IRONY = Entry("irony", "Irony", "Says the opposite.", control="mood", labels=("bad",))
PRAISE = Entry("praise", "Praise", "Says something good.", control="mood", labels=("good",))
LEAD = "login:3"


@pytest.fixture
def any_desk(any_store: Store) -> Desk:
    return Desk(any_store).begin()


@pytest.fixture
def desk(store: Store) -> Desk:
    """Tasks 1 and 4 are ruled good, 2 bad, 3 not decided."""
    made = Desk(store).begin()
    made.judge(1, 2, 3, 4)
    made.push()
    for number, label in ((1, "good"), (2, "bad"), (3, ""), (4, "good")):
        made.rule(number, label)
    return made


def written_as(desk: Desk, *entries: Entry, why: str = "More cases.") -> guideline_versions.GuidelineVersion | None:
    desk.now += 10
    with desk.store.begin() as connection:
        return write(connection, desk.source, entries, why, now=desk.now, actor=LEAD)


@dataclass
class Instructions:
    """The part of Label Studio's API that publishing needs: a project's instructions."""

    text: str = ""
    written: list[str] = field(default_factory=list)

    def project(self, number: int) -> Any:
        return replace(PROJECT, id=number, instructions=self.text)

    def update_project(self, number: int, **fields: Any) -> Any:
        assert list(fields) == ["expert_instruction"]
        self.text = fields["expert_instruction"]
        self.written.append(self.text)
        return self.project(number)


def published(desk: Desk, there: Instructions, *numbers: int, **how: Any) -> Published:
    desk.now += 10
    server: Any = there
    gateway: LabelStudio = server
    outside = Services(desk.store, gateway, None, Settings(), lambda: desk.now)
    return publish(outside, 7, *numbers, actor=LEAD, **how)


def come_back(desk: Desk) -> list[int]:
    """The tasks whose rulings are to be reviewed again."""
    with desk.store.read() as connection:
        rows = connection.execute(
            select(tables.reviews.c.task)
            .join(tables.rulings, tables.rulings.c.review == tables.reviews.c.id)
            .where(tables.rulings.c.comes_back.is_not(None))
            .order_by(tables.reviews.c.task)
        )
        return list(rows.scalars())


def test_versions_are_only_added_and_audited(any_desk: Desk) -> None:
    first = written_as(any_desk, IRONY)
    assert written_as(any_desk, IRONY, why="Nothing.") is None
    second = written_as(any_desk, IRONY, PRAISE)
    third = written_as(any_desk, why="All of it was wrong.")
    with any_desk.store.read() as connection:
        assert guideline_versions.versions(connection, any_desk.source) == [third, second, first]
        assert guideline_versions.newest(connection, any_desk.source) == third
        assert guideline_versions.numbered(connection, any_desk.source, 1) == first
        assert guideline_versions.numbered(connection, any_desk.source, 4) is None
        assert guideline_versions.published(connection, any_desk.source) is None
        events = connection.execute(select(tables.audit_events.c.actor, tables.audit_events.c.action)).all()
    assert first is not None
    assert third is not None
    assert (first.number, first.entries, first.made_by) == (1, (IRONY,), LEAD)
    assert (third.number, third.entries) == (3, ())
    assert [tuple(one) for one in events if one.actor == LEAD] == [(LEAD, "guidelines written")] * 3
    assert verify(any_desk.store).whole


def test_guidelines_need_a_reason(desk: Desk) -> None:
    for why in ("", "  ", "x" * 2001):
        with pytest.raises(SettingsError, match="say what changed in 1 to 2000"):
            written_as(desk, IRONY, why=why)


def test_an_entry_about_a_task_that_is_not_there_is_refused(any_desk: Desk) -> None:
    assert written_as(any_desk, replace(IRONY, tasks=(1, 6))) is not None
    with pytest.raises(GuidelinesError, match="entry 'irony': the project has no task 99999 in the store"):
        written_as(any_desk, replace(IRONY, tasks=(1, 99999)))


@pytest.mark.parametrize(
    ("kind", "task", "labels", "rationale", "touched"),
    [
        (CHANGED, 1, ("bad",), "", True),
        (REMOVED, 1, ("bad",), "", True),
        (CHANGED, 1, ("good",), "", False),
        (ADDED, 1, ("bad",), "", False),
        (ADDED, 9, ("good",), "", True),
        (ADDED, 1, ("good",), "See #irony.", True),
        (ADDED, 1, ("good",), "See #irony-or-praise.", False),
        (CHANGED, 1, (), "", False),
    ],
)
def test_what_a_change_touches(kind: str, task: int, labels: Sequence[str], rationale: str, touched: bool) -> None:
    """By label (unless the entry is new), by its tasks, by its name in the rationale."""
    entry = replace(IRONY, tasks=(9,))
    change = Change(kind, None if kind == ADDED else entry, None if kind == REMOVED else entry)
    assert touches(change, task, {"mood": Choices(tuple(labels))}, rationale) == touched


def test_an_entry_touches_its_control_alone_and_without_labels_all_of_it() -> None:
    both = {"mood": Choices(("good",)), "tone": Choices(("bad",))}
    assert not touches(Change(CHANGED, IRONY, IRONY), 1, both, "")
    assert touches(Change(CHANGED, replace(IRONY, control=""), IRONY), 1, both, "")
    for control, touched in (("tone", True), ("other", False), ("", False)):
        entry = replace(IRONY, control=control, labels=())
        assert touches(Change(CHANGED, entry, entry), 1, both, "") == touched


def test_the_first_version_brings_back_only_what_its_entries_name(desk: Desk) -> None:
    written_as(desk, replace(IRONY, tasks=(4,)), PRAISE)
    there = Instructions()
    assert published(desk, there) == Published(1, True, (4,))
    assert there.text == instructions((replace(IRONY, tasks=(4,)), PRAISE), 1)
    assert come_back(desk) == [4]


def test_a_changed_entry_brings_its_rulings_back_as_another_round(desk: Desk) -> None:
    there = Instructions()
    written_as(desk, IRONY, PRAISE)
    assert published(desk, there).tasks == ()
    written_as(desk, IRONY, replace(PRAISE, meaning="Of everybody."), why="Praise of one alone is neutral.")
    with desk.store.read() as connection:
        found = difference(connection, desk.source)
    assert (found.before, found.after, [one.id for one in found.changes]) == (1, 2, ["praise"])
    assert [(one.task, one.entries, one.waits) for one in found.touched] == [
        (1, ("praise",), False),
        (4, ("praise",), False),
    ]
    assert published(desk, there) == Published(2, True, (1, 4))
    desk.judge()
    desk.push()
    assert [row for row in desk.rounds() if row[1] == 2] == [(1, 2, "open"), (4, 2, "open")]
    with desk.store.read() as connection:
        reasons = connection.execute(select(tables.reviews.c.data).where(tables.reviews.c.round == 2)).scalars().all()
    assert {one["tiebreak_reason"] for one in reasons} == {"Praise of one alone is neutral."}


def test_published_twice_nothing_happens_and_an_earlier_version_can_be(desk: Desk) -> None:
    there = Instructions()
    written_as(desk, IRONY)
    published(desk, there)
    written_as(desk, replace(IRONY, term="Sarcasm"))
    published(desk, there)
    before = verify(desk.store).events
    assert published(desk, there) == Published(2, False, ())
    assert verify(desk.store).events == before
    assert published(desk, there, 1) == Published(1, True, (2,))
    assert len(there.written) == 3


def test_only_words_changed_brings_nothing_back(desk: Desk) -> None:
    there = Instructions()
    written_as(desk, IRONY)
    published(desk, there)
    written_as(desk, replace(IRONY, meaning="Says the opposite of it."))
    assert published(desk, there, review=False) == Published(2, True, ())
    assert come_back(desk) == []


def test_what_somebody_wrote_in_label_studio_is_not_overwritten_unasked(desk: Desk) -> None:
    written_as(desk, IRONY)
    there = Instructions("Please be kind.")
    with pytest.raises(SettingsError, match="project 7 has instructions that were written or changed in Label Studio"):
        published(desk, there)
    assert there.written == []
    assert published(desk, there, replace=True).changed
    there.text += "<p>And quick.</p>"
    written_as(desk, PRAISE)
    with pytest.raises(SettingsError, match="publish with --replace"):
        published(desk, there)
    with desk.store.read() as connection:
        last = guideline_versions.published(connection, desk.source)
    assert last is not None
    assert last.number == 1


def test_killed_between_label_studio_and_the_store_the_next_call_finishes(desk: Desk) -> None:
    there = Instructions()
    written_as(desk, IRONY)
    published(desk, there)
    written_as(desk, replace(IRONY, term="Sarcasm"))
    with desk.store.read() as connection:
        new = guideline_versions.newest(connection, desk.source)
    assert new is not None
    there.text = instructions(new.entries, 2)
    assert published(desk, there) == Published(2, False, (2,))


def test_a_gap_leaves_the_inbox_when_an_entry_settles_its_task(desk: Desk) -> None:
    with desk.store.begin() as connection:
        connection.execute(update(tables.rulings).values(cause="guideline gap"))
    written_as(desk, replace(PRAISE, tasks=(1,)))
    published(desk, Instructions())
    with desk.store.read() as connection:
        assert [one.task for one in guidelines.inbox(connection, desk.source)] == [2, 3, 4]


def test_without_guidelines_there_is_nothing_to_publish(desk: Desk) -> None:
    with pytest.raises(SettingsError, match="no guidelines were written yet"):
        published(desk, Instructions())
    written_as(desk, IRONY)
    with pytest.raises(SettingsError, match="the guidelines have no version 9"):
        published(desk, Instructions(), 9)


# Commands


@pytest.fixture
def url(tmp_path: Path) -> str:
    address = put_store(tmp_path / "tiebreak.sqlite3")
    store = open_store(address)
    project = {"id": 1, "label_studio_id": 3, "created_at": 1, "title": "t", "kind": "source", "label_config": XML}
    with store.begin() as connection:
        connection.execute(insert(tables.projects).values(**project))
    store.close()
    return address


def test_the_commands_write_show_and_compare(tiebreak: Terminal, url: str) -> None:
    def run(*arguments: str) -> str:
        done = tiebreak("guidelines", arguments[0], "--project", "3", *arguments[1:], store=url)
        assert done.code == 0, done.err
        return done.out

    assert run("list") == "no guidelines were written yet: `tiebreak guidelines edit` begins\n"
    file = tiebreak.folder / "guidelines.toml"
    file.write_text(written([replace(IRONY, examples=("[b]Great[/b]",), edge_cases=("Quotes",))]), encoding="utf-8")
    assert run("edit", "--file", str(file), "--why", "First.").startswith("version 1 is written")
    assert run("edit", "--file", str(file), "--why", "Again.") == "nothing changed: no version was made\n"
    file.write_text(written([PRAISE]), encoding="utf-8")
    run("edit", "--file", str(file), "--why", "Second.")
    shown = run("list", "--version", "1")
    assert "version 2, " in shown
    assert "by command line, 1 entry: First." in shown
    assert shown.endswith(
        "Irony (#irony: mood, bad)\n  Says the opposite.\n  example: [b]Great[/b]\n  edge case: Quotes\n"
    )
    said = run("diff", "--from", "1")
    assert said == "version 1 -> 2\nadded: praise\nremoved: irony\ntouches no ruling\n"
    found = json.loads(run("diff", "--from", "1", "--json"))
    assert [(one["id"], one["kind"]) for one in found["changes"]] == [("praise", "added"), ("irony", "removed")]
    assert json.loads(run("list", "--json"))["entries"][0]["id"] == "praise"
    assert run("diff", "--from", "2").startswith("nothing changed")


def test_an_editor_gets_the_newest_version(tiebreak: Terminal, url: str) -> None:
    """An editor that renames the term, and one that leaves everything as it is."""
    file = tiebreak.folder / "guidelines.toml"
    file.write_text(written([IRONY]), encoding="utf-8")
    asked = ("--project", "3", "--why", "x")
    tiebreak("guidelines", "edit", *asked, "--file", str(file), store=url)
    editor = tiebreak.folder / "editor"
    for script, said in (("sed -i s/Irony/Sarcasm/", "version 2 is written"), ("true", "nothing changed")):
        editor.write_text(f'#!/bin/sh\n{script} "$1"\n', encoding="utf-8")
        editor.chmod(0o755)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VISUAL", str(editor))
            assert tiebreak("guidelines", "edit", *asked, store=url).out.startswith(said)
    assert "Sarcasm (#irony" in tiebreak("guidelines", "list", "--project", "3", store=url).out


def test_who_edits_while_somebody_else_writes_a_version_undoes_nothing(
    tiebreak: Terminal, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(url)
    monkeypatch.setattr(tempfile, "tempdir", str(tiebreak.folder))

    def typing(_text: str, extension: str) -> str:
        with store.begin() as connection:
            write(connection, 1, [PRAISE], "Praise.", now=1, actor="login:3")
        return written([IRONY])

    monkeypatch.setattr("click.edit", typing)
    done = tiebreak("guidelines", "edit", "--project", "3", "--why", "x", store=url)
    with store.read() as connection:
        assert guideline_versions.newest(connection, 1).entries == (PRAISE,)  # type: ignore[union-attr] # it is there
    store.close()
    (kept,) = tiebreak.folder.glob("tiebreak-guidelines-*.toml")
    assert kept.read_text(encoding="utf-8") == written([IRONY])
    assert (done.code, done.out) == (1, "")
    assert "version 1 was written meanwhile, by login:3: `tiebreak guidelines list` shows it" in done.err


@pytest.mark.parametrize(("script", "said"), [("exit 3", "Editing failed"), ("echo '[[entry' > \"$1\"", "no TOML")])
def test_an_editor_that_fails_is_named_and_what_was_typed_is_kept(
    tiebreak: Terminal, url: str, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    editor = tiebreak.folder / "editor"
    editor.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    monkeypatch.setattr(tempfile, "tempdir", str(tiebreak.folder))
    done = tiebreak("guidelines", "edit", "--project", "3", "--why", "x", store=url)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert said in done.err
    kept = [file.read_text(encoding="utf-8") for file in tiebreak.folder.glob("tiebreak-guidelines-*.toml")]
    assert kept == (["[[entry\n"] if said == "no TOML" else [])
    assert all(str(file) in done.err for file in tiebreak.folder.glob("tiebreak-guidelines-*.toml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[entry", "no TOML"),
        (written([replace(IRONY, control="tone")]), "the labeling interface has no control 'tone'"),
        (None, "cannot be read as text"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tiebreak: Terminal, url: str, text: str | None, said: str) -> None:
    file = tiebreak.folder / "guidelines.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    done = tiebreak("guidelines", "edit", "--project", "3", "--file", str(file), "--why", "x", store=url)
    assert (done.code, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("\n") == 1
