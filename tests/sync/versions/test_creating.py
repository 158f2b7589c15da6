"""Versions of labels: what they hold, that they stay as they are, at any moment, on both databases."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as each
from hypothesis import settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from label_config.results import canonical
from sync.assess import assess
from sync.errors import SettingsError, StoreError
from sync.store import label_versions
from sync.store.annotations import answers_of
from sync.store.engine import Store
from sync.store.tables import (
    annotation_versions,
    audit_events,
    consensus,
    label_confidences,
    label_contents,
    label_entries,
    reviews,
    rulings,
    tasks,
)
from sync.store.tables import (
    label_versions as table,
)
from sync.versions.content import Content, Label, Task, digest, label_text, read_label, read_task, task_text
from sync.versions.creating import give_tag, version_named
from sync.versions.gathering import gather

from ...evidence.files import FOUR, MOOD, chosen, task
from ...stores import new_store
from ...thorough import up_to
from .stage import DAY, SETTINGS, START, clock, labels, made, moods, said, taken

SECOND = select(label_entries.c.content).where(label_entries.c.task == 2, label_entries.c.control == "mood")
"""The content that the label of the second task is."""


def held(store: Store, key: int, named: str = "latest") -> Content:
    with store.read() as connection:
        return label_versions.content(connection, key, version_named(connection, key, named))


def test_a_version_holds_what_an_assessment_concludes(any_store: Store) -> None:
    key = taken(any_store, FOUR)
    version = made(any_store, key).version
    assess(any_store, key, SETTINGS, clock)
    found = held(any_store, key)
    with any_store.read() as connection:
        rows = connection.execute(
            select(consensus, tasks.c.label_studio_id).join(tasks, tasks.c.id == consensus.c.task)
        ).all()
    assert {(row.label_studio_id, row.control): row.answer for row in rows} == labels(found)
    for row in rows:
        place = (row.label_studio_id, row.control)
        assert found.confidence(place) == pytest.approx(row.confidence, abs=1e-6)
        assert len(found.label(place).given) == row.annotations
        assert (found.label(place).source, found.label(place).tie) == (row.source, row.tie)
    assert (version.number, version.tasks, version.labels, version.hash != version.content_hash) == (1, 4, 4, True)
    assert version.policy == {"consensus_method": "auto", "pools": {}}


def test_nothing_changed_makes_no_second_one(any_store: Store) -> None:
    key = taken(any_store, FOUR)
    assert (made(any_store, key).new, made(any_store, key).new) == (True, False)
    taken(any_store, moods({4: {1: "yes", 2: "yes"}}))
    again = made(any_store, key, tag="second", note="after lunch")
    assert (again.new, again.version.number) == (True, 2)
    assert made(any_store, key, tag="also").version.number == 2
    with any_store.read() as connection:
        first, second = label_versions.versions(connection, key)
        actions = connection.execute(select(audit_events.c.action).order_by(audit_events.c.id)).scalars().all()
    assert (first.tags, second.tags, second.note) == ((), ("also", "second"), "after lunch")
    assert [one for one in actions if one.startswith("version")] == [
        *("version created", "version created", "version tagged", "version tagged"),
    ]


def test_the_hash_is_the_same_on_both_databases_and_whatever_the_rows_are_numbered(
    any_store: Store, store: Store
) -> None:
    taken(any_store, list(reversed(FOUR)))
    with any_store.begin() as connection:
        connection.execute(select(func.count()).select_from(tasks))
    key, other = taken(any_store, FOUR), taken(store, FOUR)
    assert made(any_store, key).version.content_hash == made(store, other).version.content_hash


def test_what_two_versions_share_is_kept_once(any_store: Store) -> None:
    many = {number: dict.fromkeys((1, 2), "no" if number % 3 else "yes") for number in range(1, 61)}
    key = taken(any_store, moods(many))
    made(any_store, key)
    for number in range(1, 11):
        taken(any_store, moods({number: {**many[number], 3: many[number][1]}}))
        assert made(any_store, key).new
    with any_store.read() as connection:
        entries = connection.execute(select(func.count()).select_from(label_entries)).scalar_one()
        texts = connection.execute(select(func.count()).select_from(label_contents)).scalar_one()
        sizes = [len(row.packed) for row in connection.execute(select(label_confidences))]
    # 60 tasks and 60 labels, then one label a version; equal labels are one text, of yes and no, by two and by three.
    assert (entries, texts) == (60 + 60 + 10, 60 + 2 + 2 + 1)
    assert len(sizes) == 11 and max(sizes) < 60 * 4
    assert labels(held(any_store, key, "1"))[(1, "mood")] == ["no"]
    assert len(held(any_store, key, "1").label((1, "mood")).given) == 2


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (
            lambda: update(label_contents).where(label_contents.c.id.in_(SECOND)).values(text="{}"),
            "task 2, control mood",
        ),
        (
            lambda: update(label_contents).where(label_contents.c.text.like("<View%")).values(text="<View/>"),
            "interface",
        ),
        (lambda: update(label_confidences).values(packed=b"x"), "confidences of control mood"),
        (lambda: delete(label_entries).where(label_entries.c.task == 4, label_entries.c.control == ""), "together"),
        (lambda: update(table).values(note="another"), "what it says of itself"),
        (lambda: update(table).values(made_at=5), "what it says of itself"),
    ],
)
def test_an_edit_is_found_and_named(store: Store, edit: Callable[[], Any], where: str) -> None:
    key = taken(store, FOUR)
    version = made(store, key).version
    with store.begin() as connection:
        assert label_versions.faults(connection, key, version, "") == []
        assert connection.execute(edit()).rowcount
    with store.read() as connection:
        (version,) = label_versions.versions(connection, key)
        (found,) = label_versions.faults(connection, key, version, "")
        assert where in found
        if "itself" not in where:
            with pytest.raises(StoreError, match=r"version 1 was changed in the store: .*backup"):
                label_versions.content(connection, key, version)


def test_a_moment_has_the_answers_of_then(any_store: Store) -> None:
    """Two people on the second day; on the fourth one changes, on the fifth a third one comes, a task on the sixth."""
    early = task(1, [said(11, 1, chosen("yes"), 2), said(12, 2, chosen("yes"), 2)])
    key = taken(any_store, [early])
    late = [said(11, 1, chosen("no"), 4, first=2), said(12, 2, chosen("yes"), 2), said(13, 3, chosen("no"), 5)]
    taken(any_store, [task(1, late), {**task(2, [said(21, 1, chosen("no"), 6)]), "created_at": "2026-03-07T00:00:00Z"}])
    wanted = {1: (0, []), 3: (1, ["yes", "yes"]), 4.5: (1, ["no", "yes"]), 5.5: (1, ["no", "yes", "no"])}
    for moment, (there, answers) in wanted.items():
        content = _at(any_store, key, moment)
        given = content.label((1, "mood")).given if there else ()
        assert [json.loads(one.answer)[0] for one in given] == answers
        assert content.tasks() == [1]
    assert _at(any_store, key, 19).hash == held(any_store, key, str(made(any_store, key).version.number)).hash


def _at(store: Store, key: int, moment: float) -> Content:
    version = made(store, key, as_of=int(START + moment * DAY)).version
    return held(store, key, str(version.number))


def test_an_earlier_moment_that_a_version_holds_makes_none(store: Store) -> None:
    key = taken(store, moods({1: {1: "yes"}}, at=1))
    made(store, key)
    taken(store, moods({1: {2: "no"}}, at=3))
    made(store, key)
    earlier = made(store, key, as_of=START + 2 * DAY)
    assert (earlier.new, earlier.version.number) == (False, 1)


def test_a_moment_reads_answers_by_the_interface_of_then(store: Store) -> None:
    old = MOOD.replace('<Choice value="yes"/><Choice value="no"/>', '<Choice value="fine"/>')
    key = taken(store, [task(1, [said(11, 1, chosen("fine"), 1)])], xml=old, now=2)
    taken(store, moods({2: {1: "yes"}}, at=4), now=5)
    then = _at(store, key, 3)
    assert (then.interface, labels(then)) == (old, {(1, "mood"): ["fine"]})
    assert labels(_at(store, key, 19)) == {(2, "mood"): ["yes"]}


@settings(max_examples=up_to(15))
@each(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["yes", "no", "skip", "bad", "truth"]))))
def test_now_and_a_moment_that_is_now_have_the_same_answers(script: list[tuple[int, int, str]]) -> None:
    by_task: dict[int, list[Any]] = {number: [] for number in range(1, 5)}
    for place, (number, person, what) in enumerate(script):
        flags = {"was_cancelled": what == "skip", "ground_truth": what == "truth"}
        result = chosen("maybe" if what == "bad" else "no" if what == "truth" else what.replace("skip", "yes"))
        by_task[number].append(said(100 + place, person, result, 1 + place / 100, **flags))
    with tempfile.TemporaryDirectory() as folder:
        store = new_store(Path(folder) / "s.sqlite3")
        key = taken(store, [task(number, given) for number, given in by_task.items()])
        with store.read() as connection:
            now, then = gather(connection, key, None), gather(connection, key, clock())
            assert now.answers == answers_of(connection, key)[0]
        store.close()
    plain = [
        [(one.task, one.annotator, one.control, canonical(one.answer)) for one in each.answers] for each in (now, then)
    ]
    assert plain[0] == plain[1]
    assert now.fixed == then.fixed


def test_tags_are_names_for_one_version(any_store: Store) -> None:
    key = taken(any_store, FOUR)
    made(any_store, key, tag="paper")
    with any_store.read() as connection, pytest.raises(SettingsError, match=r"no version 'x'; there are: 1, latest, p"):
        version_named(connection, key, "x")
    taken(any_store, moods({4: {2: "no"}}))
    second = made(any_store, key).version
    with pytest.raises(SettingsError, match=r"version 1 is tagged 'paper' already.*--move"):
        give_tag(any_store, key, "2", "paper", clock)
    assert give_tag(any_store, key, "2", "paper", clock, move=True).number == 2
    with any_store.read() as connection:
        for name in ("paper", "v2", "2", "latest", second.content_hash[:12]):
            assert version_named(connection, key, name).number == 2
        with pytest.raises(SettingsError, match=r"no version 'x'; there are: 1 to 2, latest, paper"):
            version_named(connection, key, "x")


@pytest.mark.parametrize("tag", ["3", "v3", "latest", "now", "a b", "", "-x", "x" * 65])
def test_tags_that_could_be_taken_for_something_else_are_refused(store: Store, tag: str) -> None:
    key = taken(store, FOUR)
    with pytest.raises(SettingsError, match="cannot be used"):
        made(store, key, tag=tag)


def test_before_the_first_task_there_is_nothing_to_keep(store: Store) -> None:
    key = taken(store, FOUR)
    made(store, key)
    with pytest.raises(StoreError, match="had no tasks then"):
        made(store, key, as_of=START - 1)


def test_what_cannot_be_made_is_said(store: Store) -> None:
    key = taken(store, [])
    with pytest.raises(StoreError, match="no tasks"):
        made(store, key)
    with pytest.raises(SettingsError, match="future"):
        made(store, key, as_of=clock() + 1)
    with store.read() as connection, pytest.raises(SettingsError, match="tiebreak version create"):
        version_named(connection, key, "latest")


def test_texts_come_back_as_they_went_in() -> None:
    one = Task(3, 4, {"text": "\0 \ud83d \U0001f600", "deep": [1.5, None]}, (640.0, 480.0))
    assert read_task(task_text(one)) == one
    label = Label('["yes"]', "ruling", True)
    assert read_label(label_text(label)) == label
    assert digest(label_text(label)) == digest(label_text(read_label(label_text(label))))


def test_a_ruling_decides_from_its_moment_on_and_says_who_made_it(any_store: Store) -> None:
    """Two yes; on the fifth day a reviewer rules no, on the seventh yes again."""
    key = taken(any_store, moods({1: {1: "yes", 2: "yes"}}))
    for at, label in ((5, "no"), (7, "yes")):
        _ruled(any_store, key, label, int(START + at * DAY))
    for moment, answer, source in ((3, "yes", "consensus"), (6, "no", "ruling"), (8, "yes", "ruling")):
        found = _at(any_store, key, moment).label((1, "mood"))
        assert (json.loads(found.answer), found.source) == ([answer], source)
        if found.decision is not None:
            assert (found.decision.kind, found.decision.by, found.decision.cause) == ("ruling", 9, "edge case")
    with any_store.read() as connection:
        now, then = gather(connection, key, None), gather(connection, key, clock())
    assert now.fixed == then.fixed and now.decisions == then.decisions


def _ruled(store: Store, key: int, label: str, at: int) -> None:
    with store.begin() as connection:
        task_key = connection.execute(select(tasks.c.id).where(tasks.c.project == key)).scalar_one()
        review = connection.execute(select(reviews.c.id)).scalar()
        if review is None:
            values = {"key": "k", "project": key, "task": task_key, "control": "mood", "round": 1, "band": 1}
            values |= {
                "priority": 1.0,
                "action": "check",
                "findings": [],
                "data": {},
                "state": "ruled",
                "intended_at": 1,
            }
            review = connection.execute(insert(reviews).values(**values).returning(reviews.c.id)).scalar_one()
        connection.execute(update(rulings).values(superseded=True))
        version = connection.execute(
            select(annotation_versions.c.id).where(
                annotation_versions.c.id.not_in(select(rulings.c.annotation_version))
            )
        ).first()
        assert version is not None
        ruled = {"review": review, "annotation_version": version.id, "reviewer": 9, "cause": "edge case"}
        ruled |= {"answers": {"mood": f'["{label}"]'}, "ruled_at": at, "superseded": False}
        connection.execute(insert(rulings).values(**ruled))
