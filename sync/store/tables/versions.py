"""Immutable versions of labels. What versions have in common is kept once: contents by their hash, entries by range."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from .base import metadata, own_key

label_contents = Table(
    "label_contents",
    metadata,
    own_key(),
    Column("hash", String(64), nullable=False, unique=True, comment="SHA-256 of the text"),
    Column("text", Text, nullable=False, comment="a labeling interface, a task, or the label of a task and control"),
)

label_versions = Table(
    "label_versions",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="1 first in a project"),
    Column("made_at", BigInteger, nullable=False),
    Column("as_of", BigInteger, comment="the moment that it shows; null: when it was made, or what it restores"),
    Column("note", Text, nullable=False),
    Column("restored_from", Integer, comment="the number of the version whose content it has again"),
    Column("interface", ForeignKey("label_contents.id"), nullable=False),
    Column("methods", JSON, nullable=False, comment="{control: consensus method}"),
    Column("policy", JSON, nullable=False, comment="the settings that decide what the consensus is"),
    Column("code_version", String, nullable=False),
    Column("tasks", Integer, nullable=False),
    Column("labels", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False, comment="of interface, tasks and labels: see sync/versions"),
    Column("hash", String(64), nullable=False, comment="of all of this and the hash of the version before"),
    UniqueConstraint("project", "number"),
)

label_entries = Table(
    "label_entries",
    metadata,
    Column("project", ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("task", Integer, primary_key=True, autoincrement=False, comment="Label Studio's id"),
    Column("control", String, primary_key=True, comment="empty: the task itself"),
    Column("since", Integer, primary_key=True, autoincrement=False, comment="the first version that has it"),
    Column("until", Integer, comment="the first version that has it no more; null: the newest has it"),
    Column("content", ForeignKey("label_contents.id"), nullable=False),
    Index("ix_label_entries_project_until", "project", "until"),
    comment="What each version says of each task and control, a row a run of versions that say the same.",
)

label_confidences = Table(
    "label_confidences",
    metadata,
    Column("version", ForeignKey("label_versions.id"), primary_key=True, autoincrement=False),
    Column("control", String, primary_key=True),
    Column("packed", LargeBinary, nullable=False, comment="millionths, in the order of the tasks, compressed"),
    comment="How sure each label of a version is: every answer changes nearly all of them a little.",
)

label_tags = Table(
    "label_tags",
    metadata,
    Column("project", ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("name", String, primary_key=True),
    Column("version", ForeignKey("label_versions.id"), nullable=False),
    Column("tagged_at", BigInteger, nullable=False),
)

restored_labels = Table(
    "restored_labels",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("version", ForeignKey("label_versions.id"), nullable=False, comment="the one that has these labels again"),
    Column("key", String, nullable=False, unique=True, comment="ours, of the annotation that it becomes"),
    Column("task", ForeignKey("tasks.id"), nullable=False, index=True),
    Column("answers", JSON, nullable=False, comment="{control: canonical answer}"),
    Column("size", JSON(none_as_null=True), comment="of the task's image in pixels; null where none is known"),
    Column("restored_at", BigInteger, nullable=False),
    Column(
        "annotation",
        Integer,
        comment="Label Studio's id of the ground truth that it became; null: to be written, 0: there is none",
    ),
    UniqueConstraint("task", "restored_at"),
    comment="Labels of a version that a lead put back into Label Studio.",
)
