"""What was seen in Label Studio: projects, interfaces, tasks, annotations and every version of them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from .base import Key, metadata, own_key

servers = Table(
    "servers",
    metadata,
    own_key(),
    Column("url", String, nullable=False, unique=True),
    comment="The one Label Studio this store belongs to.",
)

projects = Table(
    "projects",
    metadata,
    own_key(),
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
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("label_config", Text, nullable=False),
    Column("hash", String, nullable=False),
    UniqueConstraint("project", "hash"),
    comment="Every version of a labeling interface that was seen.",
)

interface_periods = Table(
    "interface_periods",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False, index=True),
    Column("interface", ForeignKey("interfaces.id"), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column(
        "since",
        BigInteger,
        nullable=False,
        comment="the newest change when it was seen, by Label Studio's clock: all later ones were made with it",
    ),
    comment="Which labeling interface a project had, the first one from the beginning on.",
)

tasks = Table(
    "tasks",
    metadata,
    own_key(),
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
    own_key(),
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
    own_key(),
    Column("annotation", ForeignKey("annotations.id"), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("annotator", Integer, index=True, comment="completed_by; null when Label Studio has none"),
    Column("updated_by", Integer),
    Column("was_cancelled", Boolean, nullable=False),
    Column("ground_truth", Boolean, nullable=False),
    Column("lead_time", Float, comment="seconds"),
    Column("result", JSON, nullable=False),
    Column("rejected", Text, comment="why the result was set aside; null when it is valid"),
    Column("hash", String, nullable=False, comment="of everything above that an annotator can change"),
    Column("interface", Key, comment="what it was read against: interfaces.id; null: by none"),
    UniqueConstraint("annotation", "updated_at", "hash"),
    comment="Every version of every annotation that was seen.",
)

codes = Table(
    "codes",
    metadata,
    own_key(),
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
