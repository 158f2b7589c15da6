"""What the page of rulings shows of all of them, computed when something changed and kept: the page reads one row."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select

from label_config.guidelines import diff

from ..store import guideline_versions, guidelines, summaries
from ..store.engine import Store
from ..store.guideline_versions import GuidelineVersion
from ..store.guidelines import Touched
from ..store.tables import reviews, rulings, tasks

RULINGS = "rulings"
"""The kind of summary."""
VERSION = 1
"""Of what is computed: another one makes it anew."""
WEEK = 7 * 86_400_000_000
MONDAY = 4 * 86_400_000_000
"""1970 began on a Thursday."""
LISTED = 1_000
"""Touched rulings that are kept one by one: `tiebreak guidelines diff` has all."""


@dataclass(frozen=True, slots=True)
class Overall:
    """Of the rulings of a project that no later one replaced.

    ``causes`` are (beginning of the week, cause, rulings), ``gaps`` how many open ones there are, ``oldest`` the keys
    of the rulings that named the first of them. ``before`` and ``after`` are the keys of the published and the newest
    version of the guidelines, null for none; ``touched`` how many rulings the change between them touches, of which
    ``listed`` are the first.
    """

    causes: Sequence[tuple[int, str | None, int]]
    gaps: int
    oldest: Sequence[int]
    before: int | None
    after: int | None
    touched: int
    listed: Sequence[Touched]


def keep_rulings(store: Store, project: int, clock: Callable[[], int]) -> bool:
    """Bring what is kept of the rulings of a project (the store's key) up to date; whether it was out of it."""
    with store.read() as connection:
        stamp = _stamp(connection, project)
        if summaries.stamps(connection, project).get(RULINGS) == stamp:
            return False
        found = compute(connection, project)
    with store.begin() as connection:
        _write(connection, project, found, stamp, clock())
    return True


def keep_now(connection: Connection, project: int, now: int) -> None:
    """The same within a transaction that has written guidelines: pages show at once what that touches."""
    _write(connection, project, compute(connection, project), _stamp(connection, project), now)


def kept(connection: Connection, project: int) -> Overall | None:
    """What is kept; null before the first run."""
    known = summaries.of(connection, project, RULINGS)
    return None if known is None else _read(known.body)


def compute(connection: Connection, project: int) -> Overall:
    """It, of all rulings."""
    old, new = guideline_versions.published(connection, project), guideline_versions.newest(connection, project)
    number, oldest = guidelines.gaps_among(connection, project)
    touched = touched_between(connection, project, old, new)
    return Overall(
        _causes(connection, project),
        number,
        oldest,
        None if old is None else old.id,
        None if new is None else new.id,
        len(touched),
        touched[:LISTED],
    )


def touched_between(
    connection: Connection, project: int, old: GuidelineVersion | None, new: GuidelineVersion | None
) -> Sequence[Touched]:
    """The rulings that come back once ``new`` takes the place of ``old`` (null: nothing was written or published)."""
    if new is None:
        return []
    return guidelines.touched_by(connection, project, diff(old.entries if old else (), new.entries))


def _causes(connection: Connection, project: int) -> list[tuple[int, str | None, int]]:
    week = ((rulings.c.ruled_at - MONDAY) // WEEK).label("week")
    query = (
        select(week, rulings.c.cause, func.count())
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == project, rulings.c.superseded.is_(False))
        .group_by(week, rulings.c.cause)
        .order_by(week, rulings.c.cause)
    )
    return [(MONDAY + int(number) * WEEK, cause, many) for number, cause, many in connection.execute(query)]


def _stamp(connection: Connection, project: int) -> str:
    """Equal where all that is computed would be the same."""
    one = rulings.c
    conditions = (
        one.superseded.is_(True),
        one.comes_back.is_not(None),
        one.counts_as.is_not(None),
        reviews.c.state == "ruled",
        tasks.c.deleted_at.is_not(None),
    )
    query = (
        select(func.count(), func.max(one.id), *(func.count().filter(each) for each in conditions))
        .select_from(rulings)
        .join(reviews, reviews.c.id == one.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .where(reviews.c.project == project)
    )
    both = (guideline_versions.published(connection, project), guideline_versions.newest(connection, project))
    keys = [None if each is None else each.id for each in both]
    parts = [VERSION, *connection.execute(query).one(), *keys]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _write(connection: Connection, project: int, found: Overall, stamp: str, now: int) -> None:
    body = {
        "causes": found.causes,
        "gaps": found.gaps,
        "oldest": found.oldest,
        "before": found.before,
        "after": found.after,
        "touched": found.touched,
        "listed": [[one.ruling, one.task, one.entries, one.waits] for one in found.listed],
    }
    summaries.write(connection, project, {RULINGS: body}, stamp, now)


def _read(body: Mapping[str, Any]) -> Overall:
    listed = [Touched(ruling, task, tuple(entries), waits) for ruling, task, entries, waits in body["listed"]]
    causes = [(week, cause, many) for week, cause, many in body["causes"]]
    return Overall(**{**body, "causes": causes, "listed": listed})
