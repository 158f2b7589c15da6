"""What changed since it was last looked at: how often each table was written that assessments are made from.

A transaction that writes to one of them counts it once, at its end, whoever writes. So equal numbers mean that nothing
changed; other numbers mean that something may have.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, event, select, text

from .tables import changes

ANSWERS = frozenset(
    {
        *("annotation_versions", "annotations", "answers", "codes", "corrections", "interface_periods", "interfaces"),
        *("restored_labels", "rulings", "tasks"),
    }
)
"""The tables that the answers which count are read from."""
WATCHED = ANSWERS | {"reviews", "scores"}
"""Those that an assessment is made from, beside the project's labeling interface."""
_WRITTEN = "written"


def watch(engine: Engine) -> None:
    """Note which tables transactions of ``engine`` write to."""
    event.listen(engine, "after_execute", _note)


def _note(
    connection: Connection, statement: object, _several: object, _one: object, _how: object, done: object
) -> None:
    if getattr(statement, "is_dml", False) and getattr(done, "rowcount", -1) != 0:
        name = getattr(getattr(statement, "table", None), "name", "")
        if name in WATCHED:
            connection.info.setdefault(_WRITTEN, set()).add(name)


def count(connection: Connection) -> None:
    """The transaction is about to end: count what it wrote to. In one order, so that no two wait for each other."""
    for name in sorted(connection.info.pop(_WRITTEN, ())):
        connection.execute(
            text(
                "INSERT INTO changes (name, number) VALUES (:name, 1) "
                "ON CONFLICT (name) DO UPDATE SET number = changes.number + 1"
            ),
            {"name": name},
        )


def seen(connection: Connection) -> Mapping[str, int]:
    """How often each table was written to. What is read after this is at least as new."""
    return {row.name: row.number for row in connection.execute(select(changes).order_by(changes.c.name))}
