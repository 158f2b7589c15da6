"""The audit chain: events that are only ever added, each with the hash of the one before.

What a person is called or wrote is kept apart, with a salt of its own: it can be erased, and the chain, which holds
only hashes of it, still verifies. Who appends holds the row of the chain's head until the transaction ends, so record
last in a transaction: whoever waits for the head should not hold what others wait for.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ..errors import StoreError
from .tables import audit_details, audit_events, audit_heads, audit_words, forgotten_people

TIEBREAK = "tiebreak"
"""The actor of what the program did by its own rules."""
COMMAND_LINE = "command line"
"""The actor of what somebody did who may write to the store, and of whom nothing else is known."""
START = "0" * 64
"""What the first event has for the hash of the one before."""
_KEY = re.compile(r"[a-z][a-z0-9 _.:-]{0,79}")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person may ask about later.

    ``actor``: TIEBREAK or ``user(...)``, never a name. ``project``: the store's key. ``subject``: what it was done to,
    ``task`` there is Label Studio's id; ``why``: policy and numbers. Neither holds anybody's name or words: those are
    ``words``, and ``person`` (Label Studio's id) is whose they are.
    """

    actor: str
    action: str
    project: int | None = None
    subject: Mapping[str, Any] | None = None
    why: Mapping[str, Any] | None = None
    words: Mapping[str, str] | None = None
    person: int | None = None


def user(number: int | None) -> str:
    """The actor that is a person of Label Studio; TIEBREAK where it is not known who."""
    return TIEBREAK if number is None else f"user:{number}"


def record(
    connection: Connection,
    *,
    now: int,
    actor: str,
    action: str,
    project: int | None = None,
    subject: Mapping[str, Any] | None = None,
    why: Mapping[str, Any] | None = None,
    words: Mapping[str, str] | None = None,
    person: int | None = None,
) -> None:
    """Append one event: see Event. It is there exactly when the transaction is."""
    record_all(connection, now, [Event(actor, action, project, subject, why, words, person)])


def record_all(connection: Connection, now: int, events: Iterable[Event]) -> None:
    """Append events in this order. Words of who asked to be forgotten are left out.

    Raises StoreError where the chain has lost its head.
    """
    given = list(events)
    if not given:
        return
    head = connection.execute(select(audit_heads).with_for_update()).first()
    if head is None:
        raise StoreError("the audit chain has no head: `tiebreak audit verify` says what is left of it")
    chained, details, words = [], [], []
    number, previous = head.number, head.hash
    silent = _forgotten(connection, given)
    for event in given:
        number += 1
        row, detail, word = _rows(event, number, now, silent)
        row["previous"] = previous
        row["hash"] = previous = chain_hash(*row.values())
        chained.append(row)
        details.append(detail)
        words += [word] if word else []
    connection.execute(insert(audit_events), chained)
    connection.execute(insert(audit_details), details)
    if words:
        connection.execute(insert(audit_words), words)
    connection.execute(update(audit_heads).values(number=number, hash=previous))


def _forgotten(connection: Connection, events: Iterable[Event]) -> set[int]:
    """Whose words must not be kept."""
    if not any(event.words and event.person is not None for event in events):
        return set()
    return set(connection.execute(select(forgotten_people.c.id)).scalars())


def _rows(
    event: Event, number: int, now: int, silent: Container[int]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]:
    """The event without its place in the chain, its details, and its words where there are any."""
    for key in (event.actor, event.action):
        if not _KEY.fullmatch(key):
            raise ValueError(f"audit: {key!r} is no key of an actor or action")
    subject = dict(event.subject or {})
    content = {"subject": subject, "why": dict(event.why or {})}
    word = _sealed(event.words) if event.words and event.person not in silent else None
    detail = _sealed({**content, "person": event.person} if word else content)
    row = {
        "id": number,
        "at": now,
        "actor": event.actor,
        "action": event.action,
        "project": event.project,
        "task": subject.get("task"),
        "details": sealed_hash(**detail),
        "words": sealed_hash(**word) if word else None,
    }
    return row, {"event": number, **detail}, {"event": number, "person": event.person, **word} if word else None


def _sealed(content: Mapping[str, Any]) -> dict[str, str]:
    """Canonical JSON, and chance, without which short words could be guessed from their hash."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return {"salt": secrets.token_hex(16), "text": text}


def sealed_hash(salt: str, text: str) -> str:
    """What the chain holds of a text that is kept apart."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def chain_hash(
    number: int,
    at: int,
    actor: str,
    action: str,
    project: int | None,
    task: int | None,
    details: str,
    words: str | None,
    previous: str,
) -> str:
    """The hash of an event: of all its columns, a line each (none of them has a line break, so none can move)."""
    lines = f"{number}\n{at}\n{actor}\n{action}\n{project}\n{task}\n{details}\n{words}\n{previous}"
    return hashlib.sha256(lines.encode()).hexdigest()
