"""What changed since it was last looked at: how often each table was written that assessments are made from.

A transaction that writes to one of them counts it once, at its end, whoever writes. So equal numbers mean that nothing
changed; other numbers mean that something may have.

Who knows which tasks a write concerns says so (``concerning``); these are kept until an assessment has seen them. A
write that nobody says anything of may concern every task of every project.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, delete, event, func, select, text, update

from .tables import changes, projects, touched

ANSWERS = frozenset(
    {
        *("annotation_versions", "annotations", "answers", "codes", "corrections", "interface_periods", "interfaces"),
        *("restored_labels", "rulings", "tasks"),
    }
)
"""The tables that the answers which count are read from."""
WATCHED = ANSWERS | {"queue_decisions", "reviews", "scores"}
"""Those that an assessment is made from, beside the project's labeling interface."""
TELLING = WATCHED - {"reviews"}
"""Those that say something of a task by themselves: a review does so with its ruling."""
EVERYTHING = 0
"""The key of no task, which stands for any."""
MANY = 5_000
"""Where more tasks were touched it is not worth knowing which."""
_WRITTEN, _UNSAID, _SAID, _INSIDE, _SEEN = "written", "unsaid", "said", "inside", "seen"

Touched = Mapping[int, int]
"""Task (the store's key) or EVERYTHING -> the number of the transaction that touched it last."""


def watch(engine: Engine) -> None:
    """Note which tables transactions of ``engine`` write to."""
    event.listen(engine, "after_execute", _note)


def _note(
    connection: Connection, statement: object, _several: object, _one: object, _how: object, done: object
) -> None:
    if getattr(statement, "is_dml", False) and getattr(done, "rowcount", -1) != 0:
        wrote(connection, getattr(getattr(statement, "table", None), "name", ""))


def wrote(connection: Connection, name: str) -> None:
    """Note that this transaction writes to a table: for whoever does so without a statement of SQLAlchemy's."""
    if name in WATCHED:
        connection.info.setdefault(_WRITTEN, set()).add(name)
    if name in TELLING and not connection.info.get(_INSIDE):
        connection.info[_UNSAID] = True


def begin(connection: Connection) -> None:
    """A transaction begins: what another one noted, which was undone, is none of its business."""
    for name in (_WRITTEN, _UNSAID, _SAID, _INSIDE, _SEEN):
        connection.info.pop(name, None)


@contextmanager
def concerning(connection: Connection, project: int) -> Iterator[set[int]]:
    """What is written in this block concerns only the tasks (the store's keys) that it adds to the set that it gets.

    ``project`` is the store's key. A block that raises may have written more than it could say.
    """
    said: set[int] = set()
    outer = connection.info.get(_INSIDE, False)
    connection.info[_INSIDE] = True
    try:
        yield said
    except BaseException:
        connection.info[_UNSAID] = True
        raise
    finally:
        connection.info[_INSIDE] = outer
        connection.info.setdefault(_SAID, {}).setdefault(project, set()).update(said)


def count(connection: Connection) -> None:
    """The transaction is about to end: count what it wrote to. In one order, so that no two wait for each other."""
    unsaid, said = connection.info.pop(_UNSAID, False), connection.info.pop(_SAID, {})
    for name in sorted(connection.info.pop(_WRITTEN, ())):
        connection.execute(
            text(
                "INSERT INTO changes (name, number) VALUES (:name, 1) "
                "ON CONFLICT (name) DO UPDATE SET number = changes.number + 1"
            ),
            {"name": name},
        )
    for project, known in sorted(connection.info.pop(_SEEN, {}).items()):
        _forget(connection, project, known)
    if unsaid or any(said.values()):
        sources = select(projects.c.id).where(projects.c.kind == "source").order_by(projects.c.id)
        for project in connection.execute(sources).scalars().all():
            _touch(connection, project, {EVERYTHING} if unsaid else said.get(project, set()))


def _touch(connection: Connection, project: int, tasks: set[int]) -> None:
    """Where everything is touched no task is named any more; otherwise those that are."""
    if not tasks:
        return
    number = secrets.randbits(62)
    of_project = touched.c.project == project
    whole = update(touched).where(of_project, touched.c.task == EVERYTHING).values(number=number)
    if connection.execute(whole).rowcount:
        return
    _write(connection, project, {EVERYTHING} if len(tasks) > MANY else tasks, number)
    if connection.execute(select(func.count()).select_from(touched).where(of_project)).scalar_one() > MANY:
        _write(connection, project, {EVERYTHING}, number)


def _write(connection: Connection, project: int, tasks: set[int], number: int) -> None:
    connection.execute(
        text(
            "INSERT INTO touched (project, task, number) VALUES (:project, :task, :number) "
            "ON CONFLICT (project, task) DO UPDATE SET number = excluded.number"
        ),
        [{"project": project, "task": task, "number": number} for task in sorted(tasks)],
    )


def seen(connection: Connection) -> Mapping[str, int]:
    """How often each table was written to. What is read after this is at least as new."""
    return {row.name: row.number for row in connection.execute(select(changes).order_by(changes.c.name))}


def touched_tasks(connection: Connection, project: int) -> Touched:
    """What was touched since the last assessment that ``forget``s it; what is read after this is at least as new."""
    return dict(connection.execute(select(touched.c.task, touched.c.number).where(touched.c.project == project)).all())


def forget(connection: Connection, project: int, known: Touched) -> None:
    """When the transaction ends well, an assessment has seen this; what was touched again since stays."""
    connection.info.setdefault(_SEEN, {})[project] = known


def _forget(connection: Connection, project: int, known: Touched) -> None:
    of_project = touched.c.project == project
    for task, number in sorted(known.items()):
        connection.execute(delete(touched).where(of_project, touched.c.task == task, touched.c.number == number))
