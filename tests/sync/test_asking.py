"""Of a large queue only what is asked for is read: it is what the whole queue asks for."""

import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, insert, select

from label_config.answers import Choices
from label_config.parse import parse
from label_config.results import canonical
from sync.push.asking import Asking
from sync.push.paused import paused_on
from sync.quality.priority import Policy
from sync.store import decisions, intake, projects, queue_order, review_rounds
from sync.store.assessments import insert_assessment
from sync.store.engine import Store
from sync.store.intake import Decoded
from sync.store.tables import annotation_versions, queue, reviews, rulings, tasks

from ..stores import new_store
from ..thorough import up_to
from .test_intake import PROJECT, annotation, task
from .test_review_rounds import XML, Desk
from .whole_queue import expected, said

TASKS = range(1, 13)
SAID = Decoded({"mood": canonical(Choices(("good",))), "tone": canonical(Choices(("bad",)))}, None)
CONFIG = parse(XML.replace("</View>", XML[XML.index("<Choices") :].replace("mood", "tone")))
JUDGED = 100


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store).begin()


@pytest.fixture
def any_desk(any_store: Store) -> Desk:
    return Desk(any_store).begin()


def finding(kind: str, related: list[int], *, settled: bool) -> dict[str, Any]:
    numbers = {"probability": 0.9 if settled else 0.1}
    return {"kind": kind, "severity": 0.5, "reason": "x", "numbers": numbers, "related": related, "correction": None}


ENTRIES = st.dictionaries(
    st.tuples(st.sampled_from(TASKS), st.sampled_from(["mood", "tone"])),
    st.tuples(
        st.sampled_from([0.2, 0.5, 0.5, 0.9]),
        st.sampled_from(["check", "relabel", "relabel", "group", "group", "audit"]),
        st.lists(st.sampled_from(TASKS), max_size=3),
        st.booleans(),
    ),
    max_size=20,
)
ROUNDS = st.lists(
    st.sampled_from(
        ["ruled", "ruled: doubted", "ruled: later", "withdrawn", "lost", "open", "intended", "gone", "paused"]
    ),
    max_size=2,
)
REVIEWS = st.dictionaries(st.sampled_from(TASKS), ROUNDS, max_size=8)


def fill(store: Store, entries: Any, known: Any, deleted: set[int], late: set[int], *, paused: bool) -> int:
    """A project whose tasks two people answered, with this queue and these reviews; its key."""
    with store.begin() as connection:
        key = projects.remember(connection, PROJECT, kind="source", now=1).key
        page = [
            task(
                number,
                10,
                annotation(2 * number, 20, []),
                annotation(2 * number + 1, 80 if number in late else 20, [], 2),
            )
            for number in TASKS
        ]
        intake.save(connection, key, page, lambda *_: SAID, 1)
        for (number, control), (priority, action, related, settled) in entries.items():
            row = {"task": number, "control": control, "project": key, "priority": priority, "band": 2, "parts": {}}
            found = [finding("tie", related, settled=settled)]
            connection.execute(insert(queue).values(**row, action=action, findings=found))
        for number, states in known.items():
            for place, state in enumerate(states):
                review(connection, key, number, place + 1, state, last=place + 1 == len(states))
        connection.execute(tasks.update().where(tasks.c.id.in_(deleted)).values(deleted_at=50))
        insert_assessment(connection, key, "hash", {}, JUDGED)
        if paused:
            decisions.decide(connection, key, 2, decisions.PAUSE, "Talk.", now=70, actor="lead")
    return key


def review(connection: Connection, project: int, number: int, place: int, state: str, *, last: bool) -> None:
    """A round of review of a task; only the last one waits."""
    if not last and state in ("open", "intended", "gone", "paused"):
        state = "withdrawn"
    kept = {"gone": "open", "paused": "open"}.get(state, state.partition(":")[0])
    row = {"key": f"{number}/{place}", "project": project, "task": number, "control": "mood", "round": place, "band": 2}
    row |= {"priority": 0.5, "action": "check", "data": {}, "state": kept, "intended_at": 30}
    row |= {"findings": [finding("annotator_paused" if state == "paused" else "tie", [], settled=False)]}
    row |= {"closed_at": None if last and kept in ("open", "intended") else 60 if state != "ruled: later" else 200}
    row |= {"reason_gone_at": 50 if state == "gone" else None}
    number_of = connection.execute(insert(reviews).values(**row).returning(reviews.c.id)).scalar_one()
    if kept == "ruled":
        comes_back = finding("guideline_changed", [], settled=False) if state == "ruled: doubted" else None
        free = annotation_versions.c.id.not_in(select(rulings.c.annotation_version))
        version = connection.execute(select(annotation_versions.c.id).where(free).limit(1)).scalar_one()
        ruled = {"review": number_of, "annotation_version": version, "reviewer": 9, "ruled_at": 60}
        ruled |= {"answers": {"mood": canonical(Choices(("good",)))}, "superseded": False, "comes_back": comes_back}
        connection.execute(insert(rulings).values(**ruled))


@settings(max_examples=up_to(25), deadline=None)
@given(
    entries=ENTRIES,
    known=REVIEWS,
    deleted=st.sets(st.sampled_from(TASKS), max_size=2),
    late=st.sets(st.sampled_from(TASKS), max_size=4),
    paused=st.booleans(),
    by_dispute=st.booleans(),
    at_once=st.integers(1, 4),
    room=st.integers(0, 6),
)
def test_what_is_asked_for_is_what_the_whole_queue_asks_for(
    entries: Any,
    known: Any,
    deleted: set[int],
    late: set[int],
    paused: bool,
    by_dispute: bool,
    at_once: int,
    room: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = new_store(Path(folder) / "store.sqlite3")
        key = fill(store, entries, known, deleted, late, paused=paused)
        with store.begin() as connection:
            before = expected(connection, key, CONFIG, Policy(), by_dispute=by_dispute)
            told = paused_on(connection, key, CONFIG)
            gone = review_rounds.withdraw(connection, key, told.told.keys(), 300)
            asking = Asking(connection, key, CONFIG, Policy(), told, by_dispute, at_once).begun()
            standing = {number: (one.round, said(one.entries)) for number, one in asking.standing().reviews.items()}
            pairs = (pair for asked in asking.new() for pair in asked.reviews.items())
            new = {number: (one.round, said(one.entries)) for number, one in islice(pairs, room)}
        store.close()
    assert [int(one.partition("/")[0]) for one in gone] == before.gone
    assert list(standing.items()) == list(before.standing.items())
    assert list(new.items()) == list(before.new.items())[:room]


def test_the_answers_beside_what_is_asked_for_are_those_of_its_tasks(any_desk: Desk) -> None:
    any_desk.judge(3, 1, 2)
    any_desk.push(review_limit=1)
    with any_desk.store.begin() as connection:
        config = parse(XML)
        told = paused_on(connection, any_desk.source, config)
        asking = Asking(connection, any_desk.source, config, Policy(), told, by_dispute=False, at_once=1).begun()
        parts = [asking.standing(), *asking.new()]
    assert [list(part.reviews) for part in parts] == [[1], [], [2], [3]]
    assert [[row.task for one in part.reviews for row in part.answers[one]] for part in parts] == [[1], [], [2], [3]]


@pytest.mark.parametrize(("room", "read"), [(1, 2), (3, 4), (9, 6)])
def test_of_the_queue_no_more_is_read_than_is_begun(desk: Desk, room: int, read: int) -> None:
    """A part of one entry each, and the one that waits."""
    desk.judge(*range(1, 7))
    desk.push(review_limit=1)
    found: list[str] = []
    with desk.store.begin() as connection:
        told = paused_on(connection, desk.source, parse(XML))
        event.listen(connection, "before_cursor_execute", lambda *given: found.append(given[2]))
        asking = Asking(connection, desk.source, parse(XML), Policy(), told, by_dispute=False, at_once=1).begun()
        list(islice((one for asked in asking.new() for one in asked.reviews), room))
    assert sum("queue.findings" in one for one in found) == read + 1


def test_the_order_of_the_queue_is_one_whatever_its_parts(any_desk: Desk) -> None:
    any_desk.judge(4, 2, 5, priority=0.5)
    with any_desk.store.begin() as connection:
        row = {"control": "mood", "project": any_desk.source, "band": 2, "action": "check", "findings": [], "parts": {}}
        connection.execute(insert(queue).values(task=6, priority=0.9, **row))
        connection.execute(insert(queue).values(task=2, priority=0.1, **{**row, "control": "tone"}))
        for at_once in (1, 2, 3, 100):
            parts = list(queue_order.not_in_review(connection, any_desk.source, at_once))
            assert [one for part in parts for one in part] == [6, 2, 4, 5]
