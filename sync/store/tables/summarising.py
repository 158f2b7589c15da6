"""What pages show at once: the numbers behind them, computed when something changed."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, String, Table, Text

from .base import metadata

summaries = Table(
    "summaries",
    metadata,
    Column("project", ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("kind", String, primary_key=True, comment="progress | days | agreement: see docs/progress.md"),
    Column("made_at", BigInteger, nullable=False),
    Column("stamp", Text, nullable=False, comment="of all that it was made from: of anything else it is out of date"),
    Column("body", JSON, nullable=False),
    comment="How projects get on. Everything in it can be computed anew.",
)

queue_times = Table(
    "queue_times",
    metadata,
    Column("task", ForeignKey("tasks.id"), primary_key=True, autoincrement=False),
    Column("control", String, primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("since", BigInteger, nullable=False, comment="when it was first seen in the queue, without a break since"),
    Index("ix_queue_times_project", "project"),
    comment="Since when each entry of the queue is there.",
)
