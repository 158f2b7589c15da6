"""What saves reading everything anew: which tables changed how often, which tasks, and the answers as columns."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table, Text

from .base import metadata

changes = Table(
    "changes",
    metadata,
    Column("name", String, primary_key=True, comment="of a table that assessments are made from"),
    Column("number", BigInteger, nullable=False, comment="of the transactions that wrote to it so far"),
)

touched = Table(
    "touched",
    metadata,
    Column("project", ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("task", BigInteger, primary_key=True, autoincrement=False, comment="0: any task of the project"),
    Column("number", BigInteger, nullable=False, comment="of the last transaction that did it, drawn at random"),
    comment="What was written since the last assessment and concerns these tasks.",
)

judged = Table(
    "judged",
    metadata,
    Column("project", ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False, comment="of the last assessment, drawn at random"),
    Column("basis", String, comment="of the interface, the policy and the day of the last one of everything"),
    Column("whole_at", BigInteger, comment="when everything was judged last; null: unknown, so that it is due"),
    Column("anew", Text, comment="the tasks that were judged anew since"),
    Column("groups", LargeBinary, comment="the near-identical tasks: see store/judged.py"),
    comment="Since when tasks are judged anew by themselves. Everything in it can be made anew.",
)

packed_answers = Table(
    "packed_answers",
    metadata,
    Column("project", ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("stamp", Text, nullable=False, comment="the changes when it was made: of any others it is out of date"),
    Column("about", Text, nullable=False, comment="the distinct answers, and what does not count"),
    Column("columns", LargeBinary, nullable=False, comment="see store/packed.py"),
    Column("tasks", LargeBinary, comment="how many annotations of which kind each task has: see store/tallies.py"),
    comment="The answers that count, as the last assessment read them. Everything in it can be read anew.",
)
