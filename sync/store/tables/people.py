"""Who may look at the dashboard and call the API: people of ours, not those of Label Studio.

Of passwords, sessions and tokens only hashes are kept.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from .base import metadata, own_key

users = Table(
    "users",
    metadata,
    own_key(),
    Column("name", String, nullable=False, unique=True, comment="in small letters"),
    Column("role", String, comment="viewer | lead | admin, in every project; null: in those of user_projects alone"),
    Column("password", String, comment="scrypt, with its parameters and salt; null: no login by password"),
    Column("made_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # the audit chain names people by id, so none is given twice
)

user_projects = Table(
    "user_projects",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("project", ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("role", String, nullable=False, comment="viewer | lead"),
    comment="What somebody may do in one project, where that is more than everywhere.",
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String, primary_key=True, comment="of the random token in the cookie"),
    Column("user", ForeignKey("users.id"), index=True, comment="null: dashboard_user of the settings"),
    Column("made_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    own_key(),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("hash", String, nullable=False, unique=True, comment="of the random token"),
    Column("label", String, nullable=False, comment="what it is for"),
    Column("made_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("expires_at", BigInteger),
    comment="Tokens of programs.",
)

attempts = Table(
    "attempts",
    metadata,
    Column("subject", String, primary_key=True, comment="hash of a name or an address, and of what is limited"),
    Column("full_at", BigInteger, nullable=False, comment="when all attempts are allowed again"),
    comment="What is limited in rate, by several processes together.",
)
