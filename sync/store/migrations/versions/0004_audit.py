"""The audit chain, and people kept apart from it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward."""
    _chain()
    _kept_apart()
    heads = op.create_table(
        "audit_heads",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="1: there is one row"),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of the last event; 0 before the first"),
        sa.Column("hash", sa.String(), nullable=False, comment="of the last event"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
        comment="Where the chain ends. Whoever appends holds its row.",
    )
    op.bulk_insert(heads, [{"id": 1, "number": 0, "hash": "0" * 64}])
    op.create_table(
        "forgotten_people",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Label Studio's user id"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forgotten_people")),
        comment="People whose name, address and words were erased on request, and must not come back.",
    )


def _chain() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit_events",
        sa.Column("id", key, autoincrement=False, nullable=False, comment="1 first, without gaps"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False, comment="tiebreak | user:<Label Studio's id> | login:<id>"),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("project", key, nullable=True, comment="the store's key; null where no project is concerned"),
        sa.Column("task", sa.BigInteger(), nullable=True, comment="Label Studio's id, where one task is concerned"),
        sa.Column("details", sa.String(), nullable=False, comment="hash of audit_details.text with its salt"),
        sa.Column(
            "words",
            sa.String(),
            nullable=True,
            comment="hash of audit_words.text with its salt; null where nobody's words are kept",
        ),
        sa.Column("previous", sa.String(), nullable=False, comment="the hash of the event before"),
        sa.Column("hash", sa.String(), nullable=False, comment="of all of the above"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        comment="Who or what did what, when. Rows are only ever added.",
    )
    op.create_index(op.f("ix_audit_events_action"), "audit_events", ["action", "project", "id"])
    op.create_index(op.f("ix_audit_events_task"), "audit_events", ["task", "id"])


def _kept_apart() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit_details",
        sa.Column("event", key, autoincrement=False, nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="canonical JSON: {subject, why}; nobody's name or words"),
        sa.ForeignKeyConstraint(["event"], ["audit_events.id"], name=op.f("fk_audit_details_event_audit_events")),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_audit_details")),
    )
    op.create_table(
        "audit_words",
        sa.Column("event", key, autoincrement=False, nullable=False),
        sa.Column("person", sa.Integer(), nullable=True, comment="Label Studio's id of whose words they are"),
        sa.Column("salt", sa.String(), nullable=True, comment="null: erased"),
        sa.Column("text", sa.Text(), nullable=True, comment="canonical JSON: {name: words}; null: erased"),
        sa.ForeignKeyConstraint(["event"], ["audit_events.id"], name=op.f("fk_audit_words_event_audit_events")),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_audit_words")),
        comment="Names and texts of people, which can be erased without touching the chain.",
    )
    op.create_index(op.f("ix_audit_words_person"), "audit_words", ["person"])
