"""What a scoring round has done so far, task by task."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column(
        "rounds",
        sa.Column("resent_at", sa.BigInteger(), nullable=True, comment="a part was sent twice: it may be there twice"),
    )
    op.create_table(
        "round_tasks",
        sa.Column("round", key, autoincrement=False, nullable=False),
        sa.Column("task", key, autoincrement=False, nullable=False),
        sa.Column("servable", sa.Boolean(), nullable=False, comment="it gets a prediction"),
        sa.Column("blind", sa.Boolean(), nullable=False, comment="its prediction is empty"),
        sa.Column("place", sa.Integer(), nullable=True, comment="null: not scored yet"),
        sa.Column("state", sa.String(), nullable=False, comment="waiting | sending | sent | gone"),
        sa.ForeignKeyConstraint(["round"], ["rounds.id"], name=op.f("fk_round_tasks_round_rounds")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_round_tasks_task_tasks")),
        sa.PrimaryKeyConstraint("round", "task", name=op.f("pk_round_tasks")),
        comment="What the newest rounds give each task, and how far that has come.",
    )
    op.create_index(op.f("ix_round_tasks_round"), "round_tasks", ["round", "state", "place", "task"])
    op.create_table(
        "round_scores",
        sa.Column("round", key, autoincrement=False, nullable=False),
        sa.Column("task", key, autoincrement=False, nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("probabilities", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.Column("out_of_sample", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False, comment="the regions that suggest the answer"),
        sa.ForeignKeyConstraint(["round"], ["rounds.id"], name=op.f("fk_round_scores_round_rounds")),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name=op.f("fk_round_scores_task_tasks")),
        sa.PrimaryKeyConstraint("round", "task", "control", name=op.f("pk_round_scores")),
        comment="What the model said in a round that is not over; then it becomes scores.",
    )
