"""Who works on what, and when it was last looked at."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from .base import metadata

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", String, primary_key=True, comment="project:<id>:<step>"),
    Column("at", BigInteger, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("message", Text, nullable=False),
    comment="When we last looked and how it went: the only rows that a run changes where nothing else changed.",
)

runners = Table(
    "runners",
    metadata,
    Column("name", String, primary_key=True, comment="machine, process and start of it: as of leases"),
    Column("kind", String, nullable=False, comment="serve | runner"),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("rests_until", BigInteger, comment="until when it leaves Label Studio in peace"),
    Column("rests_because", Text, comment="what Label Studio failed with"),
)

plans = Table(
    "plans",
    metadata,
    Column("project", Integer, primary_key=True, autoincrement=False, comment="Label Studio's id"),
    Column("due_at", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False, comment="Label Studio asked for a pause until then"),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("runner", String, comment="who is at it now"),
    Column("began_at", BigInteger, comment="when it was last begun"),
)
