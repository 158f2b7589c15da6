"""What changed is counted, and the answers are kept as columns."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "changes",
        sa.Column("name", sa.String(), nullable=False, comment="of a table that assessments are made from"),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of the transactions that wrote to it so far"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_changes")),
    )
    op.create_table(
        "packed_answers",
        sa.Column("project", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "stamp", sa.Text(), nullable=False, comment="the changes when it was made: of any others it is out of date"
        ),
        sa.Column("about", sa.Text(), nullable=False, comment="the distinct answers, and what does not count"),
        sa.Column("columns", sa.LargeBinary(), nullable=False, comment="see store/packed.py"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_packed_answers_project_projects")),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_packed_answers")),
        comment="The answers that count, as the last assessment read them. Everything in it can be read anew.",
    )
    op.add_column(
        "assessments",
        sa.Column("watermark", sa.String(), comment="of the changes, the interface and the policy that it was made at"),
    )
