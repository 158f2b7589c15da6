"""Whether people answered lately, told from the end of what was seen: no index, and no look at all answers."""

from sqlalchemy import Connection, select

from .tables import annotation_versions

AT_ONCE = 1_000


def is_answered_since(connection: Connection, since: int) -> bool:
    """Whether an answer to any project was made or changed after ``since`` (microseconds), and was seen by now."""
    versions = annotation_versions.c
    query = select(versions.id, versions.updated_at, versions.seen_at).order_by(versions.id.desc()).limit(AT_ONCE)
    rows = connection.execute(query).all()
    while rows:
        for row in rows:
            if row.seen_at <= since:  # so was everything before it: what was made later was seen later
                return False
            if row.updated_at > since:
                return True
        rows = connection.execute(query.where(versions.id < rows[-1].id)).all()
    return False
