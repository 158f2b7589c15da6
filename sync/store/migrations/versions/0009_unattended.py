"""Runners, and what each project waits for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "runners",
        sa.Column("name", sa.String(), nullable=False, comment="machine, process and start of it: as of leases"),
        sa.Column("kind", sa.String(), nullable=False, comment="serve | runner"),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("rests_until", sa.BigInteger(), comment="until when it leaves Label Studio in peace"),
        sa.Column("rests_because", sa.Text(), comment="what Label Studio failed with"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_runners")),
    )
    op.create_table(
        "plans",
        sa.Column("project", sa.Integer(), autoincrement=False, nullable=False, comment="Label Studio's id"),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False, comment="Label Studio asked for a pause until then"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column("runner", sa.String(), comment="who is at it now"),
        sa.Column("began_at", sa.BigInteger(), comment="when it was last begun"),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_plans")),
    )
