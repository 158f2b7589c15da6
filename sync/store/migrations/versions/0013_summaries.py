"""The numbers behind the pages, and since when each entry of the queue is there."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward. Of a queue that was there before, nobody knows since when: it counts from now on."""
    op.create_table(
        "summaries",
        sa.Column("project", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="progress | days | agreement: see docs/progress.md"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "stamp",
            sa.Text(),
            nullable=False,
            comment="of all that it was made from: of anything else it is out of date",
        ),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_summaries_project_projects")),
        sa.PrimaryKeyConstraint("project", "kind", name=op.f("pk_summaries")),
        comment="How projects get on. Everything in it can be computed anew.",
    )
    op.create_table(
        "queue_times",
        sa.Column("task", KEY, nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("project", KEY, nullable=False),
        sa.Column(
            "since",
            sa.BigInteger(),
            nullable=False,
            comment="when it was first seen in the queue, without a break since",
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_queue_times_project_projects")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_queue_times_task_tasks")),
        sa.PrimaryKeyConstraint("task", "control", name=op.f("pk_queue_times")),
        comment="Since when each entry of the queue is there.",
    )
    op.create_index("ix_queue_times_project", "queue_times", ["project"])
