"""Who may log in, and their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward."""
    _people()
    _let_in()
    op.create_table(
        "attempts",
        sa.Column(
            "subject", sa.String(), nullable=False, comment="hash of a name or an address, and of what is limited"
        ),
        sa.Column("full_at", sa.BigInteger(), nullable=False, comment="when all attempts are allowed again"),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_attempts")),
        comment="What is limited in rate, by several processes together.",
    )


def _people() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "users",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="in small letters"),
        sa.Column(
            "role",
            sa.String(),
            nullable=True,
            comment="viewer | lead | admin, in every project; null: in those of user_projects alone",
        ),
        sa.Column(
            "password",
            sa.String(),
            nullable=True,
            comment="scrypt, with its parameters and salt; null: no login by password",
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user_projects",
        sa.Column("user", key, autoincrement=False, nullable=False),
        sa.Column("project", key, autoincrement=False, nullable=False),
        sa.Column("role", sa.String(), nullable=False, comment="viewer | lead"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_user_projects_user_users")),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_user_projects_project_projects")),
        sa.PrimaryKeyConstraint("user", "project", name=op.f("pk_user_projects")),
        comment="What somebody may do in one project, where that is more than everywhere.",
    )


def _let_in() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String(), nullable=False, comment="of the random token in the cookie"),
        sa.Column("user", key, nullable=True, comment="null: dashboard_user of the settings"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_sessions_user_users")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user"), "sessions", ["user"])
    op.create_table(
        "tokens",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("user", key, nullable=False),
        sa.Column("hash", sa.String(), nullable=False, comment="of the random token"),
        sa.Column("label", sa.String(), nullable=False, comment="what it is for"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_tokens_user_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_tokens_hash")),
        comment="Tokens of programs.",
    )
    op.create_index(op.f("ix_tokens_user"), "tokens", ["user"])
