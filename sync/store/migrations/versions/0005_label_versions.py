"""Immutable versions of labels."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "label_contents",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, comment="SHA-256 of the text"),
        sa.Column(
            "text",
            sa.Text(),
            nullable=False,
            comment="a labeling interface, a task, or the label of a task and control",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_contents")),
        sa.UniqueConstraint("hash", name=op.f("uq_label_contents_hash")),
    )
    _versions()
    _entries()
    _confidences()
    op.create_table(
        "label_tags",
        sa.Column("project", KEY, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("tagged_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_label_tags_project_projects")),
        _of_version("label_tags"),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_label_tags")),
    )
    _restored()


def _of_version(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["version"], ["label_versions.id"], name=op.f(f"fk_{table}_version_label_versions"))


def _versions() -> None:
    op.create_table(
        "label_versions",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("project", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 first in a project"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "as_of",
            sa.BigInteger(),
            nullable=True,
            comment="the moment that it shows; null: when it was made, or what it restores",
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "restored_from", sa.Integer(), nullable=True, comment="the number of the version whose content it has again"
        ),
        sa.Column("interface", KEY, nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False, comment="{control: consensus method}"),
        sa.Column("policy", sa.JSON(), nullable=False, comment="the settings that decide what the consensus is"),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column(
            "content_hash", sa.String(64), nullable=False, comment="of interface, tasks and labels: see sync/versions"
        ),
        sa.Column("hash", sa.String(64), nullable=False, comment="of all of this and the hash of the version before"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_label_versions_project_projects")),
        sa.ForeignKeyConstraint(
            ["interface"], ["label_contents.id"], name=op.f("fk_label_versions_interface_label_contents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_versions")),
        sa.UniqueConstraint("project", "number", name=op.f("uq_label_versions_project_number")),
    )


def _entries() -> None:
    op.create_table(
        "label_entries",
        sa.Column("project", KEY, autoincrement=False, nullable=False),
        sa.Column("task", sa.Integer(), autoincrement=False, nullable=False, comment="Label Studio's id"),
        sa.Column("control", sa.String(), nullable=False, comment="empty: the task itself"),
        sa.Column("since", sa.Integer(), autoincrement=False, nullable=False, comment="the first version that has it"),
        sa.Column(
            "until",
            sa.Integer(),
            nullable=True,
            comment="the first version that has it no more; null: the newest has it",
        ),
        sa.Column("content", KEY, nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_label_entries_project_projects")),
        sa.ForeignKeyConstraint(
            ["content"], ["label_contents.id"], name=op.f("fk_label_entries_content_label_contents")
        ),
        sa.PrimaryKeyConstraint("project", "task", "control", "since", name=op.f("pk_label_entries")),
        comment="What each version says of each task and control, a row a run of versions that say the same.",
    )
    op.create_index(op.f("ix_label_entries_project_until"), "label_entries", ["project", "until"])


def _confidences() -> None:
    op.create_table(
        "label_confidences",
        sa.Column("version", KEY, autoincrement=False, nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column(
            "packed", sa.LargeBinary(), nullable=False, comment="millionths, in the order of the tasks, compressed"
        ),
        _of_version("label_confidences"),
        sa.PrimaryKeyConstraint("version", "control", name=op.f("pk_label_confidences")),
        comment="How sure each label of a version is: every answer changes nearly all of them a little.",
    )


def _restored() -> None:
    op.create_table(
        "restored_labels",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("project", KEY, nullable=False),
        sa.Column("version", KEY, nullable=False, comment="the one that has these labels again"),
        sa.Column("key", sa.String(), nullable=False, comment="ours, of the annotation that it becomes"),
        sa.Column("task", KEY, nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False, comment="{control: canonical answer}"),
        sa.Column(
            "size",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="of the task's image in pixels; null where none is known",
        ),
        sa.Column("restored_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "annotation",
            sa.Integer(),
            nullable=True,
            comment="Label Studio's id of the ground truth that it became; null: to be written, 0: there is none",
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_restored_labels_project_projects")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_restored_labels_task_tasks")),
        _of_version("restored_labels"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restored_labels")),
        sa.UniqueConstraint("key", name=op.f("uq_restored_labels_key")),
        sa.UniqueConstraint("task", "restored_at", name=op.f("uq_restored_labels_task_restored_at")),
        comment="Labels of a version that a lead put back into Label Studio.",
    )
    op.create_index(op.f("ix_restored_labels_task"), "restored_labels", ["task"])
