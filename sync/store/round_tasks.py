"""How far a scoring round has come: what was scored and what was sent is never done again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, insert, literal, select, tuple_, update

from .tables import round_scores, scores, tasks
from .tables import round_tasks as staged

if TYPE_CHECKING:
    from .rounds import Pool, Round

WAITING, SENDING, SENT, GONE = "waiting", "sending", "sent", "gone"
UNPLACED = 2**31 - 1
"""The place of a task that the backend did not answer for: it is served last, since without a score it would starve."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """A task that the backend is to be asked about."""

    key: int
    label_studio_id: int
    created_at: int
    data: Mapping[str, Any]
    blind: bool


@dataclass(frozen=True, slots=True)
class Unsent:
    """A task whose prediction goes out: ``place`` in the round, 0 first, and the regions that are suggested."""

    key: int
    label_studio_id: int
    place: int
    result: Sequence[Mapping[str, Any]]


def fill(connection: Connection, current: "Round", pool: "Pool") -> None:
    """The round begins with every task of the pool, nothing scored and nothing sent."""
    _forget(connection, current)
    found = pool.select().subquery()
    values = select(literal(current.key), found.c.task, found.c.servable, found.c.blind, literal(WAITING))
    connection.execute(insert(staged).from_select(["round", "task", "servable", "blind", "state"], values))


def _forget(connection: Connection, current: "Round") -> None:
    for table in (round_scores, staged):
        connection.execute(delete(table).where(table.c.round == current.key))


def renew(connection: Connection, current: "Round", pool: "Pool") -> None:
    """Before a round goes on: what waits and was deleted or answered meanwhile gets none; disputes are known anew."""
    found = pool.select().subquery()
    waiting = (staged.c.round == current.key) & (staged.c.state == WAITING)
    still = select(found.c.task).where(found.c.servable)
    connection.execute(update(staged).where(waiting, staged.c.servable, staged.c.task.not_in(still)).values(state=GONE))
    blind = select(found.c.task).where(found.c.blind)
    connection.execute(update(staged).where(waiting).values(blind=staged.c.task.in_(blind)))


def counts(connection: Connection, current: "Round") -> dict[str, int]:
    """State -> servable tasks of the round in it."""
    query = select(staged.c.state, func.count()).where(staged.c.round == current.key, staged.c.servable)
    found = {row[0]: int(row[1]) for row in connection.execute(query.group_by(staged.c.state))}
    return {state: found.get(state, 0) for state in (WAITING, SENDING, SENT, GONE)}


def unscored(
    connection: Connection, current: "Round", after: int, limit: int, *, servable: bool, again: bool
) -> list[Unscored]:
    """The next tasks by key that are to be scored; ``again``: also those that are."""
    query = (
        select(tasks, staged.c.blind)
        .join(staged, staged.c.task == tasks.c.id)
        .where(
            staged.c.round == current.key,
            staged.c.servable.is_(servable),
            staged.c.task > after,
            staged.c.state == WAITING,
        )
        .order_by(staged.c.task)
        .limit(limit)
    )
    if not again:
        query = query.where(staged.c.place.is_(None))
    rows = connection.execute(query)
    return [Unscored(row.id, row.label_studio_id, row.created_at, row.data, row.blind) for row in rows]


def is_scored(connection: Connection, current: "Round") -> bool:
    """Whether every servable task has its place."""
    query = select(staged.c.task).where(
        staged.c.round == current.key, staged.c.servable, staged.c.state == WAITING, staged.c.place.is_(None)
    )
    return connection.execute(query.limit(1)).first() is None


def keys(connection: Connection, current: "Round", project: int, found: Sequence[int]) -> dict[int, tuple[int, bool]]:
    """Label Studio's id -> the store's key and whether it is servable, of those tasks that the round has."""
    query = (
        select(tasks.c.label_studio_id, tasks.c.id, staged.c.servable)
        .join(staged, staged.c.task == tasks.c.id)
        .where(staged.c.round == current.key, tasks.c.project == project, tasks.c.label_studio_id.in_(found))
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def keep(connection: Connection, current: "Round", rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what the model said, a row a task and control; what it had said of the same goes. The last row counts."""
    latest = {(row["task"], row["control"]): {**row, "round": current.key} for row in rows}
    if not latest:
        return
    known = tuple_(round_scores.c.task, round_scores.c.control).in_(list(latest))
    connection.execute(delete(round_scores).where(round_scores.c.round == current.key, known))
    connection.execute(insert(round_scores), list(latest.values()))


def settle_places(connection: Connection, current: "Round", *, servable: bool, upto: int | None) -> None:
    """Everything was said of the tasks up to that key: they have their places, and who was not spoken of the last.

    ``upto`` null: of all of them.
    """
    place = (
        select(func.min(round_scores.c.place))
        .where(round_scores.c.round == current.key, round_scores.c.task == staged.c.task)
        .scalar_subquery()
    )
    mine = (staged.c.round == current.key) & staged.c.servable.is_(servable)
    if upto is not None:
        mine &= staged.c.task <= upto
    connection.execute(update(staged).where(mine).values(place=func.coalesce(place, UNPLACED)))


def next_part(connection: Connection, current: "Round", limit: int) -> list[Unsent]:
    """The first tasks in the order of their places whose predictions were not sent.

    They go in that order, so that a task's place is the number of those before it.
    """
    mine = (staged.c.round == current.key) & staged.c.servable
    begun = connection.execute(
        select(func.count()).select_from(staged).where(mine, staged.c.state.in_((SENT, SENDING)))
    ).scalar_one()
    query = (
        select(staged.c.task, staged.c.blind, tasks.c.label_studio_id)
        .join(tasks, tasks.c.id == staged.c.task)
        .where(mine, staged.c.state == WAITING)
        .order_by(staged.c.place, staged.c.task)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    regions = _regions(connection, current, [row.task for row in rows if not row.blind])
    return [
        Unsent(row.task, row.label_studio_id, begun + place, regions.get(row.task, []))
        for place, row in enumerate(rows)
    ]


def _regions(connection: Connection, current: "Round", wanted: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    query = select(round_scores.c.task, round_scores.c.result).where(
        round_scores.c.round == current.key, round_scores.c.task.in_(wanted)
    )
    found: dict[int, list[Mapping[str, Any]]] = {}
    for task, result in connection.execute(query.order_by(round_scores.c.task, round_scores.c.control)):
        found.setdefault(task, []).extend(result)
    return found


def mark(connection: Connection, current: "Round", part: Sequence[Unsent], state: str) -> None:
    """These predictions are in that state now."""
    mine = (staged.c.round == current.key) & staged.c.task.in_([one.key for one in part])
    connection.execute(update(staged).where(mine).values(state=state))


def settle_sending(connection: Connection, current: "Round", state: str) -> None:
    """It is known by now what became of the part that was on its way."""
    mine = (staged.c.round == current.key) & (staged.c.state == SENDING)
    connection.execute(update(staged).where(mine).values(state=state))


def take_over(connection: Connection, current: "Round") -> None:
    """What the model said in this round is what it thinks now; older rounds are forgotten."""
    said = select(round_scores.c.task, round_scores.c.control).where(round_scores.c.round == current.key)
    connection.execute(delete(scores).where(tuple_(scores.c.task, scores.c.control).in_(said)))
    columns = "task control answer probabilities confidence signals out_of_sample place".split()
    values = select(*(round_scores.c[name] for name in columns), literal(current.version))
    values = values.where(round_scores.c.round == current.key)
    connection.execute(insert(scores).from_select([*columns, "version"], values))
    connection.execute(delete(round_scores).where(round_scores.c.round == current.key))
    of_project = select(tasks.c.id).where(tasks.c.project == current.project)
    older = (staged.c.round != current.key) & staged.c.task.in_(of_project)
    connection.execute(delete(staged).where(older))
    mine = (staged.c.round == current.key) & staged.c.servable.is_(False)
    connection.execute(delete(staged).where(mine))
