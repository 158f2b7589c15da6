"""Corrections that a lead applied."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "corrections",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("project", key, nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False, comment="what was applied together, 1 first in a project"),
        sa.Column("task", key, nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False, comment="canonical"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_in", sa.String(), nullable=False, comment="the group of corrections that it was one of"),
        sa.Column("applied_by", sa.Integer(), nullable=True, comment="Label Studio's user id"),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "annotation",
            sa.Integer(),
            nullable=True,
            comment="Label Studio's id of the ground truth that it became; null: to be written, 0: there is none",
        ),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_corrections_project_projects")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_corrections_task_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("batch", "task", "control", name=op.f("uq_corrections_batch_task_control")),
        comment="Proposed corrections that a lead applied, and those that were undone.",
    )
    op.create_index(op.f("ix_corrections_project"), "corrections", ["project"])
