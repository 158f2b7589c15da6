"""Immutable versions of labels."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forward."""
