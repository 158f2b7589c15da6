"""Who may log in, and their sessions."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward."""
