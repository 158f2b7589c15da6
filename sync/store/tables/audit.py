"""The audit chain, the words kept apart from it, and the people who asked to be forgotten."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, true

from .base import Key, metadata

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False, comment="1 first, without gaps"),
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False, comment="tiebreak | user:<Label Studio's id> | login:<id>"),
    Column("action", String, nullable=False),
    Column("project", Key, comment="the store's key; null where no project is concerned"),
    Column("task", BigInteger, comment="Label Studio's id, where one task is concerned"),
    Column("details", String, nullable=False, comment="hash of audit_details.text with its salt"),
    Column("words", String, comment="hash of audit_words.text with its salt; null where nobody's words are kept"),
    Column("previous", String, nullable=False, comment="the hash of the event before"),
    Column("hash", String, nullable=False, comment="of all of the above"),
    Index("ix_audit_events_action", "action", "project", "id"),
    Index("ix_audit_events_task", "task", "id"),
    comment="Who or what did what, when. Rows are only ever added.",
)

audit_details = Table(
    "audit_details",
    metadata,
    Column("event", ForeignKey("audit_events.id"), primary_key=True, autoincrement=False),
    Column("salt", String, nullable=False),
    Column("text", Text, nullable=False, comment="canonical JSON: {subject, why}; nobody's name or words"),
)

audit_words = Table(
    "audit_words",
    metadata,
    Column("event", ForeignKey("audit_events.id"), primary_key=True, autoincrement=False),
    Column("person", Integer, comment="Label Studio's id of whose words they are", index=True),
    Column("salt", String, comment="null: erased"),
    Column("text", Text, comment="canonical JSON: {name: words}; null: erased"),
    comment="Names and texts of people, which can be erased without touching the chain.",
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="1: there is one row"),
    Column("number", BigInteger, nullable=False, comment="of the last event; 0 before the first"),
    Column("hash", String, nullable=False, comment="of the last event"),
    comment="Where the chain ends. Whoever appends holds its row.",
)

forgotten_people = Table(
    "forgotten_people",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="Label Studio's user id"),
    Column("at", BigInteger, nullable=False),
    Column(
        "keeps_typed",
        Boolean,
        nullable=False,
        server_default=true(),
        comment="the texts that they typed as answers stay",
    ),
    comment="People whose name, address and words were erased on request, and must not come back.",
)
