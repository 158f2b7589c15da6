"""The audit chain: whatever is done to it by hand is found, and what is done through us is not in the way."""

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from sync.errors import StoreError
from sync.store.audit import START, TIEBREAK, Event, chain_hash, record, record_all, sealed_hash, user
from sync.store.audit_check import Verdict, verify
from sync.store.audit_entries import Wanted, entries
from sync.store.engine import Store, open_store
from sync.store.forgetting import forget
from sync.store.tables import audit_details, audit_events, audit_heads, audit_words

from ..thorough import up_to
from .terminal import Terminal

WORDS = {"rationale": "the text says so: Ångström \U0001f600\n\x00"}


def filled(store: Store, count: int = 6) -> str:
    """Some events, every third by a person with words; the head."""
    with store.begin() as connection:
        for number in range(1, count + 1):
            spoken = number % 3 == 0
            record(
                connection,
                now=number,
                actor=user(7) if spoken else TIEBREAK,
                action="ruling" if spoken else "push",
                project=1,
                subject={"task": number},
                why={"priority": 0.1 * number},
                words=WORDS if spoken else None,
                person=7 if spoken else None,
            )
    return verify(store).head


def told(found: Verdict) -> list[tuple[int, str]]:
    return [(fault.event, fault.what) for fault in found.faults]


def test_a_chain_is_whole_and_says_how_long_it_is(any_store: Store) -> None:
    assert verify(any_store) == Verdict(0, 0, START, None, (), 0)
    head = filled(any_store)
    found = verify(any_store, head)
    assert found.whole
    assert (found.events, found.erased, found.noted_at) == (6, 0, 6)


def test_the_hashes_can_be_computed_by_hand(store: Store) -> None:
    import hashlib

    filled(store, 3)
    with store.read() as connection:
        events = connection.execute(select(audit_events).order_by(audit_events.c.id)).all()
        detail = connection.execute(select(audit_details).where(audit_details.c.event == 3)).one()
    assert events[0].previous == "0" * 64
    assert [one.previous for one in events[1:]] == [one.hash for one in events[:-1]]
    last = events[2]
    assert hashlib.sha256((detail.salt + "\n" + detail.text).encode()).hexdigest() == last.details
    assert json.loads(detail.text) == {"subject": {"task": 3}, "why": {"priority": 0.1 * 3}, "person": 7}
    lines = ["3", "3", "user:7", "ruling", "1", "3", last.details, last.words, last.previous]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == last.hash


def of(table: object, number: int) -> object:
    return (table.c.event if "event" in table.c else table.c.id) == number  # type: ignore[attr-defined]


def edit(**values: object) -> Callable[[Store], None]:
    def done(store: Store) -> None:
        with store.begin() as connection:
            connection.execute(update(audit_events).where(audit_events.c.id == 4).values(**values))

    return done


def chained_anew(store: Store, first: int = 4) -> None:
    """Somebody who knows how it works changes an event, and computes all later ones anew, and the head."""
    with store.begin() as connection:
        connection.execute(update(audit_events).where(audit_events.c.id == first).values(actor="user:1"))
        previous = connection.execute(select(audit_events.c.previous).where(audit_events.c.id == first)).scalar_one()
        rows = connection.execute(select(audit_events).where(audit_events.c.id >= first).order_by(audit_events.c.id))
        for number, at, actor, action, project, task, details, words, *_ in rows.all():
            own = chain_hash(number, at, actor, action, project, task, details, words, previous)
            connection.execute(
                update(audit_events).where(audit_events.c.id == number).values(previous=previous, hash=own)
            )
            previous = own
        connection.execute(update(audit_heads).values(hash=previous))


def remove(*numbers: int, head: int | None = None) -> Callable[[Store], None]:
    def done(store: Store) -> None:
        with store.begin() as connection:
            for number in numbers:
                for table in (audit_words, audit_details, audit_events):
                    connection.execute(delete(table).where(of(table, number)))  # type: ignore[arg-type]
            if head is not None:
                own = select(audit_events.c.hash).where(audit_events.c.id == head).scalar_subquery()
                connection.execute(update(audit_heads).values(number=head, hash=own))

    return done


def put_in(store: Store) -> None:
    """A copy of event 4 as another one after the last."""
    with store.begin() as connection:
        row = connection.execute(select(audit_events).where(audit_events.c.id == 4)).one()._asdict()
        connection.execute(insert(audit_events).values(**{**row, "id": 7}))
        detail = connection.execute(select(audit_details).where(audit_details.c.event == 4)).one()._asdict()
        connection.execute(insert(audit_details).values(**{**detail, "event": 7}))


def say(sql: str) -> Callable[[Store], None]:
    def done(store: Store) -> None:
        with store.begin() as connection:
            connection.execute(text(sql))

    return done


def alone(sql: str) -> Callable[[Store], None]:
    """By somebody who switched off what keeps rows together."""

    def done(store: Store) -> None:
        with closing(sqlite3.connect(store.name.removeprefix("sqlite:///"))) as other:
            other.execute(sql)
            other.commit()

    return done


DAMAGE: dict[str, tuple[Callable[[Store], None], tuple[int, str]]] = {
    "time": (edit(at=99), (4, "was edited")),
    "actor": (edit(actor="user:1"), (4, "was edited")),
    "action": (edit(action="pull"), (4, "was edited")),
    "project": (edit(project=None), (4, "was edited")),
    "task": (edit(task=None), (4, "was edited")),
    "hash": (edit(hash="0" * 64), (4, "was edited")),
    "line break": (edit(actor="tiebreak\npush", action=""), (4, "was edited")),
    "previous": (edit(previous="0" * 64), (4, "does not carry the hash of the event before")),
    "words taken off": (say("UPDATE audit_events SET words = NULL WHERE id = 3"), (3, "was edited")),
    "details": (say("UPDATE audit_details SET text = '{}' WHERE event = 4"), (4, "its details were edited")),
    "salt": (say("UPDATE audit_details SET salt = '' WHERE event = 4"), (4, "its details were edited")),
    "details gone": (say("DELETE FROM audit_details WHERE event = 4"), (4, "its details are gone")),
    "words": (say("UPDATE audit_words SET text = '{}' WHERE event = 3"), (3, "its words were edited")),
    "words gone": (say("DELETE FROM audit_words WHERE event = 3"), (3, "its words are gone")),
    "words added": (say("INSERT INTO audit_words (event, text) VALUES (4, '{}')"), (4, "words were added")),
    "words emptied": (
        say("UPDATE audit_words SET text = NULL, salt = NULL WHERE event = 3"),
        (3, "its words were erased, but nobody had `tiebreak forget 7` done after it"),
    ),
    "details alone": (
        alone("INSERT INTO audit_details (event, salt, text) VALUES (9, '', '{}')"),
        (9, "there are details of it, and there is no such event"),
    ),
    "words alone": (
        alone("INSERT INTO audit_words (event, salt, text) VALUES (9, '', '{}')"),
        (9, "there are words of it, and there is no such event"),
    ),
    "event alone gone": (
        alone("DELETE FROM audit_events WHERE id = 6"),
        (6, "there are details of it, and there is no such event"),
    ),
    "words of another": (
        say("UPDATE audit_words SET person = 8 WHERE event = 3"),
        (3, "its words are no more kept as those of user 7"),
    ),
    "first": (remove(1), (2, "event 1 is gone before it")),
    "middle": (remove(3, 4), (5, "events 3 to 4 are gone before it")),
    "end": (remove(5, 6), (6, "events 5 to 6 are gone from the end")),
    "last": (remove(6), (6, "event 6 is gone from the end")),
    "all": (remove(*range(1, 7)), (6, "events 1 to 6 are gone from the end")),
    "added": (put_in, (7, "does not carry the hash of the event before")),
    "before all": (say("UPDATE audit_events SET id = -1 WHERE id = 1"), (-1, "was put before the first event")),
    "head": (say("UPDATE audit_heads SET hash = ''"), (6, "the head of the chain has another hash")),
    "no head": (say("DELETE FROM audit_heads"), (6, "the head of the chain is gone")),
    "two heads": (say("INSERT INTO audit_heads SELECT 2, number, hash FROM audit_heads"), (6, "the chain has 2 heads")),
    "short head": (say("UPDATE audit_heads SET number = 5"), (6, "the chain ended with event 5")),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_whatever_is_done_by_hand_is_found_where_it_was_done(store: Store, name: str) -> None:
    head = filled(store)
    damage, (event, what) = DAMAGE[name]
    if name == "before all":
        with store.begin() as connection:
            connection.execute(delete(audit_details).where(audit_details.c.event == 1))
    damage(store)
    found = verify(store)
    assert not found.whole
    assert any(number == event and what in said for number, said in told(found)), told(found)
    assert head  # it was whole before


def test_what_is_computed_anew_or_cut_off_with_its_head_is_found_by_a_noted_head(store: Store) -> None:
    early = filled(store, 3)
    late = filled(store, 3)
    assert (verify(store, early).noted_at, verify(store, late).noted_at) == (3, 6)
    remove(5, 6, head=4)(store)
    assert verify(store).whole
    assert verify(store, early).whole
    assert "no event has the noted hash" in told(verify(store, late))[0][1]
    chained_anew(store, 2)
    assert verify(store).whole
    assert not verify(store, early).whole


def test_blocks_are_as_good_as_one_piece(any_store: Store) -> None:
    filled(any_store, 20)
    assert verify(any_store, at_once=3) == verify(any_store)
    with any_store.read() as connection:
        assert [entry.number for entry in entries(connection, Wanted(), at_once=3)] == list(range(1, 21))
        assert [entry.number for entry in entries(connection, Wanted(last=7), at_once=3)] == list(range(14, 21))
    remove(10)(any_store)
    assert told(verify(any_store, at_once=3))[0] == (11, "event 10 is gone before it")


def test_an_event_is_there_exactly_when_its_transaction_is(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        record(connection, now=1, actor=TIEBREAK, action="push")
        raise ZeroDivisionError
    assert verify(store).events == 0
    filled(store, 1)
    assert verify(store).whole


def test_several_that_append_at_once_make_one_chain(store_url: str) -> None:
    stores = [open_store(store_url) for _ in range(2)]

    def work(store: Store, actor: str) -> None:
        for number in range(25):
            with store.begin() as connection:
                record_all(connection, number, [Event(actor, "push", subject={"task": number}) for _ in range(3)])

    threads = [threading.Thread(target=work, args=(store, user(place))) for place, store in enumerate(stores * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify(stores[0])
    assert found.whole
    assert found.events == 4 * 25 * 3
    with stores[0].read() as connection:
        actors = [entry.actor for entry in entries(connection, Wanted())]
    assert all(len(set(actors[start : start + 3])) == 1 for start in range(0, len(actors), 3))
    for store in stores:
        store.close()


def test_a_chain_without_a_head_is_not_appended_to(store: Store) -> None:
    say("DELETE FROM audit_heads")(store)
    with pytest.raises(StoreError, match="tiebreak audit verify"), store.begin() as connection:
        record(connection, now=1, actor=TIEBREAK, action="push")


@pytest.mark.parametrize("key", ["", "Ann <ann@example.com>", "push\nuser:1", "x" * 90])
def test_actors_and_actions_are_keys(store: Store, key: str) -> None:
    with pytest.raises(ValueError, match="is no key"), store.begin() as connection:
        record(connection, now=1, actor=key, action="push")


def test_erased_words_are_counted_and_the_chain_is_whole(any_store: Store) -> None:
    filled(any_store)
    with any_store.begin() as connection:
        assert forget(connection, 7, 100).audit_words == 2
    found = verify(any_store)
    assert found.whole
    assert (found.events, found.erased) == (7, 2)
    with any_store.read() as connection:
        third = next(entries(connection, Wanted(task=3)))
        assert (third.words, third.erased, third.why) == (None, True, {"priority": 0.1 * 3})
        assert connection.execute(select(audit_words.c.salt, audit_words.c.text)).all() == [(None, None)] * 2
    filled(any_store, 3)  # they go on working: what they write now is not kept, either
    found = verify(any_store)
    assert (found.whole, found.erased) == (True, 2)


def test_words_emptied_after_somebody_else_was_forgotten_are_found(store: Store) -> None:
    filled(store)
    with store.begin() as connection:
        record(connection, now=9, actor=user(8), action="ruling", words=WORDS, person=8)
        forget(connection, 7, 100)
    assert verify(store).whole
    say("UPDATE audit_words SET text = NULL, salt = NULL, person = 7 WHERE event = 7")(store)
    assert "forget 8" in told(verify(store))[0][1]


@given(st.lists(st.tuples(st.text(max_size=20), st.text(min_size=1, max_size=20)), min_size=1, max_size=8))
@settings(max_examples=up_to(8))
def test_any_text_comes_back_as_it_went_in(written: list[tuple[str, str]]) -> None:
    store = open_store("sqlite:///file::memory:?uri=true&cache=private")
    with store.begin() as connection:
        events = [Event(TIEBREAK, "x", subject={"a": a}, words={"b": b}, person=1) for a, b in written]
        record_all(connection, 1, events)
        read = [(entry.subject["a"], (entry.words or {})["b"]) for entry in entries(connection, Wanted())]
        for salt, kept in connection.execute(select(audit_words.c.salt, audit_words.c.text)):
            assert sealed_hash(salt, kept)
    assert read == written
    store.close()


def test_the_log_is_asked_for_a_part(any_store: Store) -> None:
    filled(any_store)

    def numbers(wanted: Wanted) -> list[int]:
        with any_store.read() as connection:
            return [entry.number for entry in entries(connection, wanted)]

    assert numbers(Wanted(action="ruling")) == [3, 6]
    assert numbers(Wanted(actor="user:7", since=4)) == [6]
    assert numbers(Wanted(task=2)) == [2]
    assert numbers(Wanted(last=2)) == [5, 6]
    assert numbers(Wanted(action="push", last=2)) == [4, 5]
    assert numbers(Wanted(project=99)) == []


@pytest.mark.parametrize(
    ("damage", "shown"),
    [
        ("UPDATE audit_events SET at = 9000000000000000000 WHERE id = 4", "9000000000000000000"),
        ("UPDATE audit_details SET text = 'no JSON' WHERE event = 4", "edited no JSON"),
        ("UPDATE audit_details SET text = '[1]' WHERE event = 4", "edited [1]"),
        ("""UPDATE audit_details SET text = '{"why": 1}' WHERE event = 4""", 'edited {"why": 1}'),
        ("UPDATE audit_words SET text = '3' WHERE event = 3", "edited: 3"),
    ],
)
def test_what_was_edited_by_hand_is_shown_as_it_is_and_hides_nothing_else(
    tiebreak: Terminal, damage: str, shown: str
) -> None:
    url = f"sqlite:///{tiebreak.folder / 's.sqlite3'}"
    store = open_store(url)
    filled(store)
    say(damage)(store)
    store.close()
    table = tiebreak("audit", "log", store=url)
    assert (table.code, table.err) == (0, "")
    assert shown in table.out
    assert all(f"\n{number} " in table.out for number in range(1, 7))
    assert len(json.loads(tiebreak("audit", "log", "--json", store=url).out)) == 6
    assert tiebreak("audit", "log", "--csv", store=url).out.count("\n") == 7
    assert tiebreak("audit", "verify", store=url).code == 1
