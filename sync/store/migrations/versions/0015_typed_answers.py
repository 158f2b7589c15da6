"""Whether texts that people typed as answers are kept who were forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Forward. Of those who were forgotten before, they were kept."""
    op.add_column(
        "forgotten_people",
        sa.Column(
            "keeps_typed",
            sa.Boolean(),
            nullable=False,
            server_default=sa.true(),
            comment="the texts that they typed as answers stay",
        ),
    )
