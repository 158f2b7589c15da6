"""Rulings that cannot be read, that are deleted again, or whose verdict is not what the answers say."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Forward."""
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("problem", sa.Text(), comment="why it cannot be read, where it counts as unreadable"),
        sa.Column(
            "given_verdict", sa.String(), comment="what the reviewer chose where the answers say another verdict"
        ),
        sa.Column(
            "gone_at", sa.BigInteger(), comment="when its review annotation was found deleted, and that was told"
        ),
    )
    for column in columns:
        op.add_column("rulings", column)
