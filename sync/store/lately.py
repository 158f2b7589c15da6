"""Whether people answered lately, told from the end of what was seen: no index, and no look at all answers."""

from sqlalchemy import Connection, case, func, select

from .tables import annotation_versions

AT_ONCE = 1_000
"""Versions in the first look; each further one takes ten times as many."""


def is_answered_since(connection: Connection, since: int, made_since: int | None = None) -> bool:
    """Whether an answer to any project was made or changed, and seen, after ``since`` (microseconds).

    ``made_since`` is that moment by the clock of Label Studio, null where it is the same one.
    """
    versions = annotation_versions.c
    made_since, size = since if made_since is None else made_since, AT_ONCE
    newest = select(versions.id, versions.updated_at, versions.seen_at).order_by(versions.id.desc())
    query = newest
    while True:
        part = query.limit(size).subquery().c
        lately = func.max(case((part.seen_at > since, part.updated_at)))
        first, made, seen = connection.execute(select(func.min(part.id), lately, func.min(part.seen_at))).one()
        if made is not None and made > made_since:
            return True
        if first is None or seen <= since:  # so was everything before it: what was made later was seen later
            return False
        query, size = newest.where(versions.id < first), 10 * size
