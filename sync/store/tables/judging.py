"""What the last assessment found: reports, consensus, the queue."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from .base import metadata, own_key

assessments = Table(
    "assessments",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("hash", String, nullable=False, comment="of the answers, rulings and policy it was computed from"),
    Column("report", JSON, nullable=False, comment="agreement, consensus quality, what was left out: see assess.py"),
    Column("watermark", String, comment="of the changes, the interface and the policy that it was made at"),
    Column("outline", JSON, comment="the report without pairs of annotators; null: of an older release"),
    UniqueConstraint("project", "hash"),
)

consensus = Table(
    "consensus",
    metadata,
    Column("task", ForeignKey("tasks.id"), primary_key=True, autoincrement=False),
    Column("control", String, primary_key=True),
    Column("answer", JSON(none_as_null=True), comment="null: withdrawn"),
    Column("confidence", Float, nullable=False),
    Column("posterior", JSON, nullable=False),
    Column("annotations", Integer, nullable=False),
    Column("tie", Boolean, nullable=False),
    Column("method", String, nullable=False),
    Column("source", String, nullable=False, comment="consensus | ruling | ground_truth"),
    Column("changed_at", BigInteger, nullable=False, comment="when this row last became another"),
    Index("ix_consensus_changed_at", "changed_at"),
)

queue = Table(
    "queue",
    metadata,
    Column("task", ForeignKey("tasks.id"), primary_key=True, autoincrement=False),
    Column("control", String, primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False, index=True),
    Column("priority", Float, nullable=False),
    Column("band", Integer, nullable=False),
    Column("action", String, nullable=False, comment="adjudicate | check"),
    Column("findings", JSON, nullable=False, comment="[{kind, severity, reason, numbers}]"),
    Column("parts", JSON, nullable=False, comment="{kind: share in priority}"),
    Column("marks", Text, comment="what it is found by: see store/queue_marks.py"),
    Index("ix_queue_order", "project", "priority", "band", "marks", "task", "control"),
    comment="The queue of the last assessment.",
)
