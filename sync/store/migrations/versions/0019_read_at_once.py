"""What pages show of an assessment is read without its pairs of annotators; reviews are found by their state."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
NOT_COUNTED = sa.text("counts_as IS NOT NULL")


def upgrade() -> None:
    """Forward."""
    comment = "the report without pairs of annotators; null: of an older release"
    op.add_column("assessments", sa.Column("outline", sa.JSON(), nullable=True, comment=comment))
    op.create_index("ix_reviews_state", "reviews", ["project", "state", "band", "round", "task"])
    op.create_index(
        *("ix_rulings_counts_as", "rulings", ["counts_as"]), sqlite_where=NOT_COUNTED, postgresql_where=NOT_COUNTED
    )
