"""What leads decide about entries of the queue, and what a page finds entries by."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Forward. What entries are found by is not known yet: the next run judges everything anew."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "queue_decisions",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("project", key, nullable=False),
        sa.Column("task", key, nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False, comment="dismiss | raise | assign | note | restore"),
        sa.Column("band", sa.Integer(), nullable=True, comment="of assign"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why; of a note what it says"),
        sa.Column("entry", sa.JSON(), nullable=False, comment="the entry of that moment: see store/queue_decisions.py"),
        sa.Column("decided_by", sa.String(), nullable=False, comment="as the audit chain names them"),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_queue_decisions_project_projects")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_queue_decisions_task_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_decisions")),
        comment="What leads decided about entries of the queue. Rows are only ever added.",
    )
    op.create_index("ix_queue_decisions_project", "queue_decisions", ["project", "task"])
    op.add_column(
        "queue",
        sa.Column("marks", sa.Text(), nullable=True, comment="what it is found by: see store/queue_marks.py"),
    )
    op.create_index("ix_queue_order", "queue", ["project", "priority", "band", "marks", "task", "control"])
    op.execute("UPDATE judged SET whole_at = NULL")
    op.execute("UPDATE assessments SET watermark = NULL, hash = hash || ' before 0016'")
