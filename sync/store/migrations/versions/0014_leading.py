"""Decisions about people, personal links, helpful rationales, and guidelines with their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Forward."""
    _people()
    _words()


def _people() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "people_decisions",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("project", key, nullable=False),
        sa.Column("person", sa.Integer(), nullable=False, comment="Label Studio's user id"),
        sa.Column("action", sa.String(), nullable=False, comment="pause | coach | resume"),
        sa.Column("reason", sa.Text(), nullable=True, comment="null: erased, the person asked to be forgotten"),
        sa.Column("evidence", sa.JSON(), nullable=False, comment="the numbers of that moment: see store/decisions.py"),
        sa.Column("decided_by", sa.String(), nullable=False, comment="as the audit chain names them"),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_people_decisions_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_decisions")),
        comment="What a lead decided about an annotator of a project. Rows are only ever added.",
    )
    op.create_index(op.f("ix_people_decisions_person"), "people_decisions", ["person"])
    op.create_table(
        "personal_links",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("project", key, nullable=False),
        sa.Column("person", sa.Integer(), nullable=False, comment="Label Studio's user id"),
        sa.Column("hash", sa.String(), nullable=False, comment="of the random token in the link"),
        sa.Column("made_by", sa.String(), nullable=False, comment="as the audit chain names them"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_personal_links_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_links")),
        sa.UniqueConstraint("hash", name=op.f("uq_personal_links_hash")),
        sa.UniqueConstraint("project", "person", name=op.f("uq_personal_links_project_person")),
        comment="Links that open one person's own numbers in one project, and nothing else.",
    )
    op.create_index(op.f("ix_personal_links_person"), "personal_links", ["person"])


def _words() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "helpful_rationales",
        sa.Column("ruling", key, autoincrement=False, nullable=False),
        sa.Column("marked_by", sa.String(), nullable=False, comment="as the audit chain names them"),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ruling"], ["rulings.id"], name=op.f("fk_helpful_rationales_ruling_rulings")),
        sa.PrimaryKeyConstraint("ruling", "marked_by", name=op.f("pk_helpful_rationales")),
        comment="Which rationales leads found helpful.",
    )
    op.create_table(
        "guideline_versions",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("project", key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 first"),
        sa.Column("entries", sa.JSON(), nullable=False, comment="all of them: see label_config/guidelines.py"),
        sa.Column("hash", sa.String(), nullable=False, comment="of the entries"),
        sa.Column("why", sa.Text(), nullable=False, comment="what changed; reviewers read it above what comes back"),
        sa.Column("made_by", sa.String(), nullable=False, comment="as the audit chain names them"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "published_at",
            sa.BigInteger(),
            nullable=True,
            comment="when it last became the instructions in Label Studio",
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_guideline_versions_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline_versions")),
        sa.UniqueConstraint("project", "number", name=op.f("uq_guideline_versions_project_number")),
        comment="The guidelines of a project. A version does not change.",
    )
