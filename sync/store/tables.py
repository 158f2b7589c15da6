"""The tables. Times are UTC, stored as microseconds since 1970 (integers order and compare the same everywhere).

Nothing that was seen is ever deleted: what Label Studio no longer has gets a ``deleted_at``.
A Label Studio id is unique only together with its ``created_at`` (SQLite reuses ids), so rows have keys of their own.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")


def _key() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


servers = Table(
    "servers",
    metadata,
    _key(),
    Column("url", String, nullable=False, unique=True),
    comment="The one Label Studio this store belongs to.",
)

projects = Table(
    "projects",
    metadata,
    _key(),
    Column("label_studio_id", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False, comment="Label Studio's"),
    Column("title", String, nullable=False),
    Column("kind", String, nullable=False, comment="source | review"),
    Column("source", ForeignKey("projects.id"), comment="of a review project"),
    Column("band", Integer, comment="of a review project: 1 is the most urgent"),
    Column("label_config", Text, nullable=False, comment="as of the last look"),
    Column("model_version", String, comment="Label Studio's, as of the last look"),
    Column("cursor_updated_at", BigInteger, comment="pull: everything updated up to here is stored"),
    Column("cursor_task", Integer, comment="first import: every task id up to here is stored; null when complete"),
    Column("deleted_at", BigInteger),
    UniqueConstraint("label_studio_id", "created_at"),
)

interfaces = Table(
    "interfaces",
    metadata,
    _key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("label_config", Text, nullable=False),
    Column("hash", String, nullable=False),
    UniqueConstraint("project", "hash"),
    comment="Every version of a labeling interface that was seen.",
)

tasks = Table(
    "tasks",
    metadata,
    _key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("label_studio_id", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("data", JSON, nullable=False),
    Column("meta", JSON, nullable=False),
    Column("overlap", Integer, nullable=False),
    Column("deleted_at", BigInteger),
    UniqueConstraint("project", "label_studio_id", "created_at"),
)

annotators = Table(
    "annotators",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="Label Studio's user id"),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
)

annotations = Table(
    "annotations",
    metadata,
    _key(),
    Column("task", ForeignKey("tasks.id"), nullable=False, index=True),
    Column("label_studio_id", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("current", Key, comment="the newest of its annotation_versions; no foreign key, since those point here"),
    Column("deleted_at", BigInteger),
    UniqueConstraint("task", "label_studio_id", "created_at"),
)

annotation_versions = Table(
    "annotation_versions",
    metadata,
    _key(),
    Column("annotation", ForeignKey("annotations.id"), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("annotator", Integer, comment="completed_by; null when Label Studio has none"),
    Column("updated_by", Integer),
    Column("was_cancelled", Boolean, nullable=False),
    Column("ground_truth", Boolean, nullable=False),
    Column("lead_time", Float, comment="seconds"),
    Column("result", JSON, nullable=False),
    Column("rejected", Text, comment="why the result was set aside; null when it is valid"),
    Column("hash", String, nullable=False, comment="of everything above that an annotator can change"),
    UniqueConstraint("annotation", "updated_at", "hash"),
    comment="Every version of every annotation that was seen.",
)

codes = Table(
    "codes",
    metadata,
    _key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("control", String, nullable=False),
    Column("answer", String, nullable=False, comment='canonical JSON, for Choices the list of labels: ["3"]'),
    UniqueConstraint("project", "control", "answer"),
    comment="The distinct answers of a project, so that answers are integers.",
)

answers = Table(
    "answers",
    metadata,
    Column("version", ForeignKey("annotation_versions.id"), primary_key=True, autoincrement=False),
    Column("code", ForeignKey("codes.id"), primary_key=True, autoincrement=False),
    comment="What a valid annotation version answered, one row a control.",
)

assessments = Table(
    "assessments",
    metadata,
    _key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("hash", String, nullable=False, comment="of the answers, rulings and policy it was computed from"),
    Column("report", JSON, nullable=False, comment="agreement, consensus quality, what was left out: see assess.py"),
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
    comment="The queue of the last assessment.",
)

reviews = Table(
    "reviews",
    metadata,
    _key(),
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
    UniqueConstraint("task", "round"),
)

rulings = Table(
    "rulings",
    metadata,
    _key(),
    Column("review", ForeignKey("reviews.id"), nullable=False),
    Column("annotation_version", ForeignKey("annotation_versions.id"), nullable=False, unique=True),
    Column("reviewer", Integer),
    Column("answers", JSON, nullable=False, comment="{control: canonical answer}"),
    Column("verdict", String),
    Column("cause", String),
    Column("rationale", Text),
    Column("ruled_at", BigInteger, nullable=False),
    Column("ground_truth", Integer, comment="Label Studio's annotation id on the source task, once written"),
    Column("superseded", Boolean, nullable=False, default=False, comment="a later version of the same ruling exists"),
)

corrections = Table(
    "corrections",
    metadata,
    _key(),
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

rounds = Table(
    "rounds",
    metadata,
    _key(),
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
