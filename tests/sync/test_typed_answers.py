"""Texts that somebody typed as answers are forgotten with them, wherever they are, and every hash still verifies."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from label_config.answers import Text
from label_config.results import canonical
from label_config.review import KEY
from sync.assess import assess
from sync.store import forgetting, label_versions
from sync.store.annotations import answers_of
from sync.store.audit_check import verify
from sync.store.engine import Store
from sync.store.tables import (
    annotation_versions,
    consensus,
    corrections,
    forgotten_people,
    label_contents,
    projects,
    reviews,
    tasks,
)
from sync.versions.recorded import faults

from ..evidence.files import chosen, given, task
from ..stores import new_store
from .terminal import Terminal
from .versions.stage import SETTINGS, clock, made, taken

XML = """<View><Text name="text" value="$text"/>
<Choices name="mood" toName="text"><Choice value="yes"/><Choice value="no"/></Choices>
<TextArea name="why" toName="text"/></View>"""
WORDS = "because of my aunt Mathilda"


def typed(label: str, words: str) -> list[Any]:
    area = {"id": "w", "from_name": "why", "to_name": "text", "type": "textarea", "value": {"text": [words]}}
    return [*chosen(label), area]


def project() -> list[Any]:
    """Person 7 types the same on both tasks, person 8 something else; 9 types nothing."""
    day = {"updated_at": "2026-03-02T00:00:00Z", "created_at": "2026-03-02T00:00:00Z"}
    return [
        task(
            number,
            [
                given(10 * number + 1, 7, typed("yes", f"{WORDS} {number}"), **day),
                given(10 * number + 2, 8, typed("no", f"Bob's words {number}"), **day),
                given(10 * number + 3, 9, chosen("yes"), **day),
            ],
        )
        for number in (1, 2)
    ]


def filled(store: Store) -> int:
    """The project pulled, judged, with a version of its labels and a review that shows what was answered.

    The review stood in a review project that somebody deleted, too. A correction was applied and undone.
    """
    key = taken(store, project(), xml=XML)
    assess(store, key, SETTINGS, clock)
    made(store, key)
    shown = {"tiebreak_answers": f"<b>{WORDS} 1</b>", "tiebreak_reason": f"{WORDS} 1 is alone", KEY: "k"}
    with store.begin() as connection:
        of = connection.execute(select(tasks.c.id).where(tasks.c.label_studio_id == 1)).scalar_one()
        finding = {"kind": "disagreement", "control": "why", "severity": 0.5, "reason": f"{WORDS} 1", "numbers": {}}
        proposed = canonical(Text((f"{WORDS} 1",)))
        finding |= {"correction": proposed, "refused": {"answer": proposed, "reason": "too long"}}
        gone = {
            "source": key,
            "label_studio_id": 90,
            "created_at": 1,
            "title": "",
            "label_config": XML,
            "deleted_at": 2,
        }
        home = connection.execute(insert(projects).values(kind="review", **gone).returning(projects.c.id)).scalar_one()
        copy = {"project": home, "label_studio_id": 9, "data": shown, "meta": {}, "overlap": 1}
        copy |= {"created_at": 1, "updated_at": 1}
        connection.execute(insert(tasks).values(**copy))
        review = {"key": "k", "project": key, "task": of, "control": "why", "round": 1, "band": 1, "priority": 0.5}
        review |= {"action": "adjudicate", "findings": [finding], "data": shown, "state": "open", "intended_at": 1}
        connection.execute(insert(reviews).values(**review))
        told = {"reason": f"{WORDS} 1 is alone", "answer": canonical(Text(("Bob's words 1",))), "undone_at": 3}
        told |= {"project": key, "batch": 1, "task": of, "control": "why", "proposed_in": "g", "applied_at": 2}
        connection.execute(insert(corrections).values(**told))
    return key


def everything(folder: Path) -> bytes:
    return b"".join(part.read_bytes() for part in folder.glob("*.sqlite3*"))


def test_nothing_typed_is_left_and_what_was_chosen_is_and_all_hashes_verify(tmp_path: Path, tiebreak: Terminal) -> None:
    store = new_store(tmp_path / "tiebreak.sqlite3")
    key = filled(store)
    assert everything(tmp_path).count(b"Mathilda")
    would = tiebreak("forget", "7")
    said = (
        "texts typed as answers in 2 stored results, the same in 2 labels of versions, what shows them in 1 other place"
    )
    assert said in would.out, would.out
    done = json.loads(tiebreak("forget", "7", "--yes", "--json").out)
    assert {name: count for name, count in done["erased"].items() if count} == {"typed": 2, "labels": 2, "shown": 1}
    assert b"Mathilda" not in everything(tmp_path)
    assert b"Bob's words" in everything(tmp_path)
    with store.read() as connection:
        assert [(row.annotator, row.control) for row in answers_of(connection, key)[0] if row.annotator == 7] == [
            (7, "mood"),
            (7, "mood"),
        ]
        assert list(faults(connection)) == []
        version = label_versions.versions(connection, key)[0]
        label = label_versions.content(connection, key, version).label((1, "why"))
        assert {one.annotator: one.answer for one in label.given}[7] == '{"Text":[["(erased)"]]}'
    whole = tiebreak("audit", "verify")
    assert whole.code == 0, whole.err
    for words in (("show", "1"), ("verify",), ("diff", "1", "now"), ("export", "1", "labels.csv")):
        shown = tiebreak("version", *words, "--project", "7")
        assert shown.code == 0, (words, shown.err)
    assert "nothing left to erase" in tiebreak("forget", "7", "--yes").out
    store.close()


def test_a_later_pull_writes_nothing_and_the_next_assessment_goes_on(any_store: Store) -> None:
    key = filled(any_store)
    with any_store.begin() as connection:
        forgetting.forget(connection, 7, 20)
        seen = connection.execute(select(annotation_versions)).all()
    events = verify(any_store).events
    assert taken(any_store, project(), xml=XML) == key
    with any_store.read() as connection:
        assert connection.execute(select(annotation_versions)).all() == seen
    assert verify(any_store).events == events
    assess(any_store, key, SETTINGS, clock)
    with any_store.read() as connection:
        rows = connection.execute(select(consensus.c.answer).where(consensus.c.control == "why")).scalars().all()
    assert rows == [{"Text": [[f"Bob's words {number}"]]} for number in (1, 2)]
    assert (made(any_store, key).version.number, made(any_store, key).new) == (2, False)


def test_what_an_earlier_release_left_is_erased_the_second_time(any_store: Store) -> None:
    filled(any_store)
    with any_store.begin() as connection:
        data = connection.execute(select(tasks.c.data).where(tasks.c.label_studio_id == 9)).scalar_one()
        (found,) = connection.execute(select(reviews.c.findings)).scalar_one()
        forgetting.forget(connection, 7, 20)
        left = {**found, "reason": "(erased)"}
        other = {**found, "reason": "Bob is alone"}
        connection.execute(update(reviews).values(findings=[left, other]))
        connection.execute(update(tasks).where(tasks.c.label_studio_id == 9).values(data=data))
        assert forgetting.held(connection, 7).shown == forgetting.forget(connection, 7, 30).shown == 2
        erased, kept = connection.execute(select(reviews.c.findings)).scalar_one()
        shown = connection.execute(select(tasks.c.data).where(tasks.c.label_studio_id == 9)).scalar_one()
        assert (WORDS in json.dumps([erased, shown]), kept) == (False, other)
        assert not forgetting.forget(connection, 7, 40).anything
    assert verify(any_store).whole


@pytest.mark.parametrize("later", [True, False])
def test_typed_answers_stay_where_that_is_asked_for(any_store: Store, later: bool) -> None:
    key = filled(any_store)
    with any_store.begin() as connection:
        before = answers_of(connection, key)
        assert forgetting.held(connection, 7, keep_typed=True).typed == 0
        forgetting.forget(connection, 7, 20, keep_typed=True)
    taken(any_store, project(), xml=XML)
    with any_store.begin() as connection:
        assert answers_of(connection, key) == before
        if later:
            assert forgetting.forget(connection, 7, 30).typed == 2
        assert connection.execute(select(forgotten_people.c.keeps_typed)).scalars().all() == [not later]


def test_labels_that_somebody_else_emptied_are_still_damage(any_store: Store) -> None:
    key = filled(any_store)
    with any_store.begin() as connection:
        forgetting.forget(connection, 7, 20)
        mine = label_contents.c.text.contains("Bob's words 2")
        text = connection.execute(select(label_contents.c.text).where(mine)).scalar_one()
        other = text.replace("Bob's words 2", "(erased)")
        connection.execute(update(label_contents).where(mine).values(text=other))
        (version,) = label_versions.versions(connection, key)
        assert label_versions.faults(connection, key, version, "") == ["task 2, control why is not what it was"]
