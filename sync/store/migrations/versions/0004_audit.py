"""The audit chain, and people kept apart from it."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward."""
