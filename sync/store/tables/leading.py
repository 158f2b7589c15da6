"""What leads decided: about people and the queue, about rationales worth reading, and what the guidelines say."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from .base import metadata, own_key

people_decisions = Table(
    "people_decisions",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("person", Integer, nullable=False, index=True, comment="Label Studio's user id"),
    Column("action", String, nullable=False, comment="pause | coach | resume"),
    Column("reason", Text, comment="null: erased, the person asked to be forgotten"),
    Column("evidence", JSON, nullable=False, comment="the numbers of that moment: see store/decisions.py"),
    Column("decided_by", String, nullable=False, comment="as the audit chain names them"),
    Column("decided_at", BigInteger, nullable=False),
    comment="What a lead decided about an annotator of a project. Rows are only ever added.",
)

personal_links = Table(
    "personal_links",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("person", Integer, nullable=False, index=True, comment="Label Studio's user id"),
    Column("hash", String, nullable=False, unique=True, comment="of the random token in the link"),
    Column("made_by", String, nullable=False, comment="as the audit chain names them"),
    Column("made_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("project", "person"),
    comment="Links that open one person's own numbers in one project, and nothing else.",
)

helpful_rationales = Table(
    "helpful_rationales",
    metadata,
    Column("ruling", ForeignKey("rulings.id"), primary_key=True, autoincrement=False),
    Column("marked_by", String, primary_key=True, comment="as the audit chain names them"),
    Column("marked_at", BigInteger, nullable=False),
    comment="Which rationales leads found helpful.",
)

guideline_versions = Table(
    "guideline_versions",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="1 first"),
    Column("entries", JSON, nullable=False, comment="all of them: see label_config/guidelines.py"),
    Column("hash", String, nullable=False, comment="of the entries"),
    Column("why", Text, nullable=False, comment="what changed; reviewers read it above what comes back"),
    Column("made_by", String, nullable=False, comment="as the audit chain names them"),
    Column("made_at", BigInteger, nullable=False),
    Column("published_at", BigInteger, comment="when it last became the instructions in Label Studio"),
    UniqueConstraint("project", "number"),
    comment="The guidelines of a project. A version does not change.",
)

queue_decisions = Table(
    "queue_decisions",
    metadata,
    own_key(),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("task", ForeignKey("tasks.id"), nullable=False),
    Column("control", String, nullable=False),
    Column("action", String, nullable=False, comment="dismiss | raise | assign | note | restore"),
    Column("band", Integer, comment="of assign"),
    Column("reason", Text, nullable=False, comment="why; of a note what it says"),
    Column("entry", JSON, nullable=False, comment="the entry of that moment: see store/queue_decisions.py"),
    Column("decided_by", String, nullable=False, comment="as the audit chain names them"),
    Column("decided_at", BigInteger, nullable=False),
    Index("ix_queue_decisions_project", "project", "task"),
    comment="What leads decided about entries of the queue. Rows are only ever added.",
)
