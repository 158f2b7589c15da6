"""What became of reviews: withdrawn, open once more, coming back; and who ruled."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward."""
    for name, column_type, comment in (
        ("reason_gone_at", sa.BigInteger(), "since when nothing is found any more of what it is about"),
        ("hidden_at", sa.BigInteger(), "when Label Studio was told to serve a withdrawn one no more"),
        ("opened_after", sa.Integer(), "how many rulings did not count when it was last opened for another one"),
    ):
        op.add_column("reviews", sa.Column(name, column_type, nullable=True, comment=comment))
    for name, column_type, comment in (
        ("disputant", sa.Boolean(), "the reviewer was one of those who had answered the task"),
        ("counts_as", sa.String(), "null: a ruling | vote: one more answer, it came late | nothing: a disputant's"),
        ("comes_back", sa.JSON(none_as_null=True), "the finding for which its task is to be reviewed again"),
    ):
        op.add_column("rulings", sa.Column(name, column_type, nullable=True, comment=comment))
