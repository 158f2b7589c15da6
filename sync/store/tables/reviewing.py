"""What was pushed for review, and what came of it."""

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
    text,
)

from .base import metadata, own_key

NOT_COUNTED = text("counts_as IS NOT NULL")
"""Of rulings: the few that an index is for. One of all would have nothing to say of those that count."""

reviews = Table(
    "reviews",
    metadata,
    own_key(),
    Column("key", String, nullable=False, unique=True, comment="ours, in the review task's data and meta"),
    Column("project", ForeignKey("projects.id"), nullable=False, index=True, comment="the source project"),
    Column("task", ForeignKey("tasks.id"), nullable=False, comment="the source task"),
    Column("control", String, nullable=False, comment="the one with the highest priority"),
    Column("round", Integer, nullable=False, comment="how often this task came back, 1 first"),
    Column("band", Integer, nullable=False),
    Column("priority", Float, nullable=False, comment="as of the last push"),
    Column("action", String, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("data", JSON, nullable=False, comment="the review task's data, as pushed"),
    Column("state", String, nullable=False, comment="intended | open | ruled | withdrawn | lost"),
    Column("review_project", ForeignKey("projects.id")),
    Column("review_task", Integer, comment="Label Studio's id of the review task"),
    Column("score", Float, comment="the prediction's score that Label Studio holds"),
    Column("intended_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("reason_gone_at", BigInteger, comment="since when nothing is found any more of what it is about"),
    Column("hidden_at", BigInteger, comment="when Label Studio was told to serve a withdrawn one no more"),
    Column("opened_after", Integer, comment="how many rulings did not count when it was last opened for another one"),
    UniqueConstraint("task", "round"),
    Index("ix_reviews_state", "project", "state", "band", "round", "task"),
)

rulings = Table(
    "rulings",
    metadata,
    own_key(),
    Column("review", ForeignKey("reviews.id"), nullable=False, index=True),
    Column("annotation_version", ForeignKey("annotation_versions.id"), nullable=False, unique=True),
    Column("reviewer", Integer),
    Column("answers", JSON, nullable=False, comment="{control: canonical answer}"),
    Column("verdict", String),
    Column("cause", String),
    Column("rationale", Text),
    Column("ruled_at", BigInteger, nullable=False),
    Column("ground_truth", Integer, comment="Label Studio's annotation id on the source task, once written"),
    Column("superseded", Boolean, nullable=False, default=False, comment="a later version of the same ruling exists"),
    Column("disputant", Boolean, comment="the reviewer was one of those who had answered the task"),
    Column(
        "counts_as", String, comment="null: a ruling | vote: one more answer, it came late | nothing: a disputant's"
    ),
    Column("comes_back", JSON(none_as_null=True), comment="the finding for which its task is to be reviewed again"),
    Column("problem", Text, comment="why it cannot be read, where it counts as unreadable"),
    Column("given_verdict", String, comment="what the reviewer chose where the answers say another verdict"),
    Column("gone_at", BigInteger, comment="when its review annotation was found deleted, and that was told"),
    Index("ix_rulings_counts_as", "counts_as", sqlite_where=NOT_COUNTED, postgresql_where=NOT_COUNTED),
)

corrections = Table(
    "corrections",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False, index=True),
    Column("batch", Integer, nullable=False, comment="what was applied together, 1 first in a project"),
    Column("task", ForeignKey("tasks.id"), nullable=False),
    Column("control", String, nullable=False),
    Column("answer", Text, nullable=False, comment="canonical"),
    Column("reason", Text, nullable=False),
    Column("proposed_in", String, nullable=False, comment="the group of corrections that it was one of"),
    Column("applied_by", Integer, comment="Label Studio's user id"),
    Column("applied_at", BigInteger, nullable=False),
    Column(
        "annotation",
        Integer,
        comment="Label Studio's id of the ground truth that it became; null: to be written, 0: there is none",
    ),
    Column("undone_at", BigInteger),
    UniqueConstraint("batch", "task", "control"),
    comment="Proposed corrections that a lead applied, and those that were undone.",
)
