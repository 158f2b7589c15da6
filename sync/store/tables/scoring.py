"""Rounds of scores, and what the model thinks of each task."""

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
    UniqueConstraint,
)

from .base import metadata, own_key

rounds = Table(
    "rounds",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("model", String, nullable=False),
    Column("version", String, nullable=False, comment="<model>.<number>: what Label Studio sees everywhere"),
    Column("hash", String, nullable=False, comment="of the scored tasks and their scores"),
    Column("state", String, nullable=False, comment="intended | done"),
    Column("made_at", BigInteger, nullable=False),
    Column("metrics", JSON(none_as_null=True), comment="how good the backend says that its model is; null until done"),
    Column("resent_at", BigInteger, comment="a part was sent twice: it may be there twice"),
    UniqueConstraint("project", "number"),
)

round_tasks = Table(
    "round_tasks",
    metadata,
    Column("round", ForeignKey("rounds.id"), primary_key=True, autoincrement=False),
    Column("task", ForeignKey("tasks.id"), primary_key=True, autoincrement=False),
    Column("servable", Boolean, nullable=False, comment="it gets a prediction"),
    Column("blind", Boolean, nullable=False, comment="its prediction is empty"),
    Column("place", Integer, comment="null: not scored yet"),
    Column("state", String, nullable=False, comment="waiting | sending | sent | gone"),
    Index("ix_round_tasks_round", "round", "state", "place", "task"),
    comment="What the newest rounds give each task, and how far that has come.",
)

round_scores = Table(
    "round_scores",
    metadata,
    Column("round", ForeignKey("rounds.id"), primary_key=True, autoincrement=False),
    Column("task", ForeignKey("tasks.id"), primary_key=True, autoincrement=False),
    Column("control", String, primary_key=True),
    Column("answer", JSON(none_as_null=True)),
    Column("probabilities", JSON(none_as_null=True)),
    Column("confidence", Float),
    Column("signals", JSON, nullable=False),
    Column("out_of_sample", Boolean, nullable=False),
    Column("place", Integer),
    Column("result", JSON, nullable=False, comment="the regions that suggest the answer"),
    comment="What the model said in a round that is not over; then it becomes scores.",
)

scores = Table(
    "scores",
    metadata,
    Column("task", ForeignKey("tasks.id"), primary_key=True, autoincrement=False),
    Column("control", String, primary_key=True),
    Column("version", String, nullable=False),
    Column("answer", JSON(none_as_null=True), comment="null: the model abstained"),
    Column("probabilities", JSON(none_as_null=True)),
    Column("confidence", Float),
    Column("signals", JSON, nullable=False),
    Column("out_of_sample", Boolean, nullable=False),
    Column("place", Integer, comment="in the round's acquisition order, 0 first; null when not servable"),
    comment="What the live model thinks of each task.",
)
