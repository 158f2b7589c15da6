"""Results are read against the interface of their time."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward."""
