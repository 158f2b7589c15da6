"""Whether the audit chain is whole: every event is computed anew, block by block, so memory stays flat."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, select

from .audit import START, chain_hash, sealed_hash
from .engine import Store
from .tables import audit_details, audit_events, audit_heads, audit_words

FORGET = "forget"
"""The action after which the words of its ``subject["annotator"]``, or of its ``subject["login"]``, may be missing."""
BLOCK = 10_000
MOST_FAULTS = 100
"""Faults that are told; the others are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at an event of that number."""

    event: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many events there are, of how many of them words were erased on request, the head, and what is wrong.

    ``faults`` are the first ones; ``wrong`` is how many there are, ``beside`` how many of those are of versions that
    the chain tells of. ``noted_at`` is the event whose hash was noted outside; null where none was given, or where it
    is not in the chain.
    """

    events: int
    erased: int
    head: str
    noted_at: int | None
    faults: tuple[Fault, ...]
    wrong: int
    beside: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.wrong == 0

    def also(self, more: Sequence[Fault]) -> "Verdict":
        """This, and what is wrong with things that events tell of."""
        faults = (*self.faults, *more)[:MOST_FAULTS]
        return replace(self, faults=faults, wrong=self.wrong + len(more), beside=self.beside + len(more))


@dataclass(slots=True)
class _Walk:
    """How far the check has come.

    ``erased`` maps people, as `tiebreak forget` names them, to the last event whose words of theirs are missing;
    ``forgotten`` to the last event that says that they were forgotten.
    """

    noted: str | None
    number: int = 0
    previous: str = START
    events: int = 0
    erased_events: int = 0
    noted_at: int | None = None
    wrong: int = 0
    faults: list[Fault] = field(default_factory=list)
    erased: dict[str | None, int] = field(default_factory=dict)
    forgotten: dict[str | None, int] = field(default_factory=dict)

    def fault(self, event: int, what: str) -> None:
        self.wrong += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(event, what))


def verify(store: Store, noted: str | None = None, *, at_once: int = BLOCK) -> Verdict:
    """Check the whole chain. ``noted`` is a head that somebody wrote down outside of the store, to be found in it.

    Without one, who can write to the store could cut off the end of the chain, or compute all of it anew, unseen.
    """
    with store.read() as connection:
        if connection.dialect.name == "postgresql":  # one look at all of it, however long it takes
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        walk = _Walk(noted)
        for block in _blocks(connection, at_once):
            _check_block(walk, block)
        _check_end(connection, walk)
        _check_orphans(connection, walk)
    return Verdict(walk.events, walk.erased_events, walk.previous, walk.noted_at, tuple(walk.faults), walk.wrong)


def _blocks(connection: Connection, at_once: int) -> Iterator[Sequence[Any]]:
    """Events, each with what is kept apart from it; null for what is not there."""
    query = (
        select(
            audit_events,
            audit_details.c.salt,
            audit_details.c.text,
            audit_words.c.event,
            audit_words.c.person,
            audit_words.c.salt.label("words_salt"),
            audit_words.c.text.label("words_text"),
        )
        .join(audit_details, audit_details.c.event == audit_events.c.id, isouter=True)
        .join(audit_words, audit_words.c.event == audit_events.c.id, isouter=True)
        .order_by(audit_events.c.id)
        .limit(at_once)
    )
    block = connection.execute(query).all()
    while block:
        yield block
        block = connection.execute(query.where(audit_events.c.id > block[-1].id)).all()


def _check_block(walk: _Walk, block: Sequence[Any]) -> None:
    last, before = walk.number, walk.previous
    for event in block:
        number, at, actor, action, project, task, details, words, previous, own, salt, text, *spoken = event
        if number != last + 1 or previous != before:
            walk.fault(number, _misplaced(number, last))
        if chain_hash(number, at, actor, action, project, task, details, words, previous) != own:
            walk.fault(number, "was edited: its hash is not that of what it says")
        if text is None:
            walk.fault(number, "its details are gone")
        elif sealed_hash(salt, text) != details:
            walk.fault(number, "its details were edited")
        elif words is not None or spoken[0] is not None:
            _check_words(walk, number, spoken, words, actor, text)
        elif action == FORGET:
            subject = json.loads(text)["subject"]
            walk.forgotten[_named(subject.get("annotator"), subject.get("login"))] = number
        if own == walk.noted:
            walk.noted_at = number
        last, before = number, own
    walk.number, walk.previous = last, before
    walk.events += len(block)


def _misplaced(number: int, last: int) -> str:
    """What is wrong with an event that does not follow the one with the number ``last``."""
    if number > last + 1:
        return f"{_range(last + 1, number - 1)} gone before it"
    return "does not carry the hash of the event before" if number > last else "was put before the first event"


def _range(first: int, last: int) -> str:
    return f"event {first} is" if first == last else f"events {first} to {last} are"


def login_of(actor: str, details: Mapping[str, Any]) -> int | None:
    """The login (our id) whose words an event keeps that are of no person of Label Studio: it is about it, or by it."""
    found = details["subject"].get("login")
    if isinstance(found, int):
        return found
    kind, _, number = actor.partition(":")
    return int(number) if kind == "login" and number.isdecimal() else None


def _named(person: int | None, login: int | None) -> str | None:
    if person is not None:
        return str(person)
    return None if login is None else f"login:{login}"


def _check_words(walk: _Walk, number: int, kept: Sequence[Any], words: str | None, actor: str, details: str) -> None:
    there, person, salt, text = kept
    if words is None:
        walk.fault(number, "words were added to it")
    elif there is None:
        walk.fault(number, "its words are gone, and so is the place where they were")
    elif text is None:
        walk.erased_events += 1
        said = json.loads(details)
        walk.erased[_named(said.get("person"), login_of(actor, said))] = number
    elif sealed_hash(salt, text) != words:
        walk.fault(number, "its words were edited")
    elif (owner := json.loads(details).get("person")) != person:
        walk.fault(number, f"its words are no more kept as {_whose(owner)}, so that forgetting would not find them")


def _whose(person: int | None) -> str:
    return "nobody's" if person is None else f"those of user {person}"


def _check_end(connection: Connection, walk: _Walk) -> None:
    for person, number in walk.erased.items():
        if person is None:
            walk.fault(number, "its words were erased, and as nobody's `tiebreak forget` erases them never")
        elif walk.forgotten.get(person, 0) < number:
            walk.fault(number, f"its words were erased, but nobody had `tiebreak forget {person}` done after it")
    heads = connection.execute(select(audit_heads).order_by(audit_heads.c.id)).all()
    head = heads[0] if heads else None
    if len(heads) > 1:
        walk.fault(walk.number, f"the chain has {len(heads)} heads: only the first is ours")
    if head is None:
        walk.fault(walk.number, "the head of the chain is gone, so events may be missing after it")
    elif head.number > walk.number:
        walk.fault(head.number, f"{_range(walk.number + 1, head.number)} gone from the end")
    elif head.number < walk.number:
        walk.fault(walk.number, f"the chain ended with event {head.number}: what follows it was added by hand")
    elif head.hash != walk.previous:
        walk.fault(head.number, "the head of the chain has another hash than its last event")
    if walk.noted is not None and walk.noted_at is None:
        walk.fault(walk.number, f"no event has the noted hash {walk.noted}: events are gone, or all was computed anew")


def _check_orphans(connection: Connection, walk: _Walk) -> None:
    """What is kept apart from an event that is not there."""
    for table, name in ((audit_details, "details"), (audit_words, "words")):
        event = select(audit_events.c.id).where(audit_events.c.id == table.c.event)
        for number in connection.execute(select(table.c.event).where(~event.exists()).order_by("event")).scalars():
            walk.fault(number, f"there are {name} of it, and there is no such event")
