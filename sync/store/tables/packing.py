"""What saves reading everything anew: which tables changed how often, and the answers as columns."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table, Text

from .base import metadata

changes = Table(
    "changes",
    metadata,
    Column("name", String, primary_key=True, comment="of a table that assessments are made from"),
    Column("number", BigInteger, nullable=False, comment="of the transactions that wrote to it so far"),
)

packed_answers = Table(
    "packed_answers",
    metadata,
    Column("project", ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("stamp", Text, nullable=False, comment="the changes when it was made: of any others it is out of date"),
    Column("about", Text, nullable=False, comment="the distinct answers, and what does not count"),
    Column("columns", LargeBinary, nullable=False, comment="see store/packed.py"),
    comment="The answers that count, as the last assessment read them. Everything in it can be read anew.",
)
