"""Which tasks were touched since the last assessment, and what the next one needs to judge only these."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward. Nothing is known of a store that is older, so its next assessment judges everything."""
    op.create_table(
        "touched",
        sa.Column("project", KEY, nullable=False),
        sa.Column("task", sa.BigInteger(), nullable=False, comment="0: any task of the project"),
        sa.Column(
            "number", sa.BigInteger(), nullable=False, comment="of the last transaction that did it, drawn at random"
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_touched_project_projects")),
        sa.PrimaryKeyConstraint("project", "task", name=op.f("pk_touched")),
        comment="What was written since the last assessment and concerns these tasks.",
    )
    op.create_table(
        "judged",
        sa.Column("project", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of the last assessment, drawn at random"),
        sa.Column(
            "basis", sa.String(), comment="of the interface, the policy and the day of the last one of everything"
        ),
        sa.Column(
            "whole_at", sa.BigInteger(), comment="when everything was judged last; null: unknown, so that it is due"
        ),
        sa.Column("anew", sa.Text(), comment="the tasks that were judged anew since"),
        sa.Column("groups", sa.LargeBinary(), comment="the near-identical tasks: see store/judged.py"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_judged_project_projects")),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_judged")),
        comment="Since when tasks are judged anew by themselves. Everything in it can be made anew.",
    )
    op.add_column(
        "packed_answers",
        sa.Column(
            "tasks", sa.LargeBinary(), comment="how many annotations of which kind each task has: see store/tallies.py"
        ),
    )
