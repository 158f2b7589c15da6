"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "annotators",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Label Studio's user id"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotators")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(), nullable=False, comment="project:<id>:<step>"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
        comment="When we last looked and how it went: the only rows that a run changes where nothing else changed.",
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("label_studio_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False, comment="Label Studio's"),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="source | review"),
        sa.Column(
            "source", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True, comment="of a review project"
        ),
        sa.Column("band", sa.Integer(), nullable=True, comment="of a review project: 1 is the most urgent"),
        sa.Column("label_config", sa.Text(), nullable=False, comment="as of the last look"),
        sa.Column("model_version", sa.String(), nullable=True, comment="Label Studio's, as of the last look"),
        sa.Column(
            "cursor_updated_at", sa.BigInteger(), nullable=True, comment="pull: everything updated up to here is stored"
        ),
        sa.Column(
            "cursor_task",
            sa.Integer(),
            nullable=True,
            comment="first import: every task id up to here is stored; null when complete",
        ),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["source"], ["projects.id"], name=op.f("fk_projects_source_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("label_studio_id", "created_at", name=op.f("uq_projects_label_studio_id_created_at")),
    )
    op.create_table(
        "servers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_servers")),
        sa.UniqueConstraint("url", name=op.f("uq_servers_url")),
        comment="The one Label Studio this store belongs to.",
    )
    op.create_table(
        "assessments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "hash", sa.String(), nullable=False, comment="of the answers, rulings and policy it was computed from"
        ),
        sa.Column(
            "report",
            sa.JSON(),
            nullable=False,
            comment="agreement, consensus quality, what was left out: see assess.py",
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_assessments_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        sa.UniqueConstraint("project", "hash", name=op.f("uq_assessments_project_hash")),
    )
    op.create_table(
        "codes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column(
            "answer", sa.String(), nullable=False, comment='canonical JSON, for Choices the list of labels: ["3"]'
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_codes_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codes")),
        sa.UniqueConstraint("project", "control", "answer", name=op.f("uq_codes_project_control_answer")),
        comment="The distinct answers of a project, so that answers are integers.",
    )
    op.create_table(
        "interfaces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("label_config", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_interfaces_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interfaces")),
        sa.UniqueConstraint("project", "hash", name=op.f("uq_interfaces_project_hash")),
        comment="Every version of a labeling interface that was seen.",
    )
    op.create_table(
        "rounds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column(
            "version", sa.String(), nullable=False, comment="<model>.<number>: what Label Studio sees everywhere"
        ),
        sa.Column("hash", sa.String(), nullable=False, comment="of the scored tasks and their scores"),
        sa.Column("state", sa.String(), nullable=False, comment="intended | done"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "metrics",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="how good the backend says that its model is; null until done",
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_rounds_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rounds")),
        sa.UniqueConstraint("project", "number", name=op.f("uq_rounds_project_number")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label_studio_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_tasks_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint(
            "project", "label_studio_id", "created_at", name=op.f("uq_tasks_project_label_studio_id_created_at")
        ),
    )
    op.create_table(
        "annotations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label_studio_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "current",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="the newest of its annotation_versions; no foreign key, since those point here",
        ),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_annotations_task_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
        sa.UniqueConstraint(
            "task", "label_studio_id", "created_at", name=op.f("uq_annotations_task_label_studio_id_created_at")
        ),
    )
    with op.batch_alter_table("annotations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annotations_task"), ["task"], unique=False)

    op.create_table(
        "consensus",
        sa.Column("task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True, comment="null: withdrawn"),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("posterior", sa.JSON(), nullable=False),
        sa.Column("annotations", sa.Integer(), nullable=False),
        sa.Column("tie", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False, comment="consensus | ruling | ground_truth"),
        sa.Column("changed_at", sa.BigInteger(), nullable=False, comment="when this row last became another"),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_consensus_task_tasks")),
        sa.PrimaryKeyConstraint("task", "control", name=op.f("pk_consensus")),
    )
    with op.batch_alter_table("consensus", schema=None) as batch_op:
        batch_op.create_index("ix_consensus_changed_at", ["changed_at"], unique=False)

    op.create_table(
        "queue",
        sa.Column("task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("project", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False, comment="adjudicate | check"),
        sa.Column("findings", sa.JSON(), nullable=False, comment="[{kind, severity, reason, numbers}]"),
        sa.Column("parts", sa.JSON(), nullable=False, comment="{kind: share in priority}"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_queue_project_projects")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_queue_task_tasks")),
        sa.PrimaryKeyConstraint("task", "control", name=op.f("pk_queue")),
        comment="The queue of the last assessment.",
    )
    with op.batch_alter_table("queue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_queue_project"), ["project"], unique=False)

    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False, comment="ours, in the review task's data and meta"),
        sa.Column(
            "project",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="the source project",
        ),
        sa.Column(
            "task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="the source task"
        ),
        sa.Column("control", sa.String(), nullable=False, comment="the one with the highest priority"),
        sa.Column("round", sa.Integer(), nullable=False, comment="how often this task came back, 1 first"),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False, comment="as of the last push"),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False, comment="the review task's data, as pushed"),
        sa.Column("state", sa.String(), nullable=False, comment="intended | open | ruled | withdrawn | lost"),
        sa.Column("review_project", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("review_task", sa.Integer(), nullable=True, comment="Label Studio's id of the review task"),
        sa.Column("score", sa.Float(), nullable=True, comment="the prediction's score that Label Studio holds"),
        sa.Column("intended_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_reviews_project_projects")),
        sa.ForeignKeyConstraint(["review_project"], ["projects.id"], name=op.f("fk_reviews_review_project_projects")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_reviews_task_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("key", name=op.f("uq_reviews_key")),
        sa.UniqueConstraint("task", "round", name=op.f("uq_reviews_task_round")),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reviews_project"), ["project"], unique=False)

    op.create_table(
        "scores",
        sa.Column("task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True, comment="null: the model abstained"),
        sa.Column("probabilities", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.Column("out_of_sample", sa.Boolean(), nullable=False),
        sa.Column(
            "place",
            sa.Integer(),
            nullable=True,
            comment="in the round's acquisition order, 0 first; null when not servable",
        ),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_scores_task_tasks")),
        sa.PrimaryKeyConstraint("task", "control", name=op.f("pk_scores")),
        comment="What the live model thinks of each task.",
    )
    op.create_table(
        "annotation_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("annotation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("annotator", sa.Integer(), nullable=True, comment="completed_by; null when Label Studio has none"),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("was_cancelled", sa.Boolean(), nullable=False),
        sa.Column("ground_truth", sa.Boolean(), nullable=False),
        sa.Column("lead_time", sa.Float(), nullable=True, comment="seconds"),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("rejected", sa.Text(), nullable=True, comment="why the result was set aside; null when it is valid"),
        sa.Column("hash", sa.String(), nullable=False, comment="of everything above that an annotator can change"),
        sa.ForeignKeyConstraint(
            ["annotation"], ["annotations.id"], name=op.f("fk_annotation_versions_annotation_annotations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation_versions")),
        sa.UniqueConstraint(
            "annotation", "updated_at", "hash", name=op.f("uq_annotation_versions_annotation_updated_at_hash")
        ),
        comment="Every version of every annotation that was seen.",
    )
    op.create_table(
        "answers",
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("code", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["code"], ["codes.id"], name=op.f("fk_answers_code_codes")),
        sa.ForeignKeyConstraint(
            ["version"], ["annotation_versions.id"], name=op.f("fk_answers_version_annotation_versions")
        ),
        sa.PrimaryKeyConstraint("version", "code", name=op.f("pk_answers")),
        comment="What a valid annotation version answered, one row a control.",
    )
    op.create_table(
        "rulings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("review", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("annotation_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reviewer", sa.Integer(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False, comment="{control: canonical answer}"),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("rationale", sa.Text(), nullable=True),
        sa.Column("ruled_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "ground_truth",
            sa.Integer(),
            nullable=True,
            comment="Label Studio's annotation id on the source task, once written",
        ),
        sa.Column("superseded", sa.Boolean(), nullable=False, comment="a later version of the same ruling exists"),
        sa.ForeignKeyConstraint(
            ["annotation_version"],
            ["annotation_versions.id"],
            name=op.f("fk_rulings_annotation_version_annotation_versions"),
        ),
        sa.ForeignKeyConstraint(["review"], ["reviews.id"], name=op.f("fk_rulings_review_reviews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulings")),
        sa.UniqueConstraint("annotation_version", name=op.f("uq_rulings_annotation_version")),
    )
