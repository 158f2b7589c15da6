"""One person's answers, and what was ruled in a review, are found without going through all."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_annotation_versions_annotator", "annotation_versions", ["annotator"])
    op.create_index("ix_rulings_review", "rulings", ["review"])
