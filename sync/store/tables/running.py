"""Who works on what, and when it was last looked at."""

from sqlalchemy import BigInteger, Boolean, Column, String, Table, Text

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
