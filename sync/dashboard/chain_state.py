"""Whether the newest part of the audit chain is whole: cheap enough for a page, which checks no more than that."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from ..store.audit import START, chain_hash, sealed_hash
from ..store.tables import audit_details, audit_events, audit_heads

NEWEST = 500
"""Events that are checked."""


@dataclass(frozen=True, slots=True)
class ChainState:
    """How many events there are, the hash of the last one, how many were checked, and what is wrong (null: nothing)."""

    events: int
    head: str
    checked: int
    wrong: str | None


def newest_of(connection: Connection, newest: int = NEWEST) -> ChainState:
    """Compute the hashes of the newest events anew, and compare the last with the chain's head."""
    head = connection.execute(select(audit_heads)).first()
    if head is None:
        return ChainState(0, "", 0, "the chain has lost its head")
    query = (
        select(audit_events, audit_details.c.salt, audit_details.c.text)
        .join(audit_details, audit_details.c.event == audit_events.c.id, isouter=True)
        .order_by(audit_events.c.id.desc())
        .limit(newest)
    )
    rows = connection.execute(query).all()
    expected, number = head.hash, head.number
    for row in rows:
        if row.id != number:
            return ChainState(head.number, head.hash, len(rows), f"event {number} is gone")
        *values, own = row[:10]
        if own != expected or chain_hash(*values) != own:
            return ChainState(head.number, head.hash, len(rows), f"event {row.id} is not as it was recorded")
        if row.text is None or sealed_hash(row.salt, row.text) != row.details:
            return ChainState(head.number, head.hash, len(rows), f"the details of event {row.id} were edited")
        expected, number = row.previous, row.id - 1
    gone = number != 0 and len(rows) < newest
    if gone or (number == 0 and expected != START):
        return ChainState(head.number, head.hash, len(rows), f"event {number} is gone")
    return ChainState(head.number, head.hash, len(rows), None)
