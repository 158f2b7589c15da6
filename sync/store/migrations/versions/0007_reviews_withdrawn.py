"""What became of reviews: withdrawn, open once more, coming back; and who ruled."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward."""
    of_reviews: tuple[sa.Column[Any], ...] = (
        sa.Column(
            "reason_gone_at", sa.BigInteger(), comment="since when nothing is found any more of what it is about"
        ),
        sa.Column("hidden_at", sa.BigInteger(), comment="when Label Studio was told to serve a withdrawn one no more"),
        sa.Column(
            "opened_after",
            sa.Integer(),
            comment="how many rulings did not count when it was last opened for another one",
        ),
    )
    of_rulings: tuple[sa.Column[Any], ...] = (
        sa.Column("disputant", sa.Boolean(), comment="the reviewer was one of those who had answered the task"),
        sa.Column(
            "counts_as",
            sa.String(),
            comment="null: a ruling | vote: one more answer, it came late | nothing: a disputant's",
        ),
        sa.Column(
            "comes_back",
            sa.JSON(none_as_null=True),
            comment="the finding for which its task is to be reviewed again",
        ),
    )
    for column in of_reviews:
        op.add_column("reviews", column)
    for column in of_rulings:
        op.add_column("rulings", column)
