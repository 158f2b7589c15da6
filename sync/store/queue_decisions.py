"""What leads decide about entries of the queue: to dismiss, raise or assign one to a band, or a note on it.

A decision changes the stored queue at once, and every later assessment makes the same of what it finds.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from ..errors import TiebreakError
from ..quality.priority import ASSIGN, DISMISS, LEAD, RAISE, Decided, Policy
from . import changes, judged
from .assessments import Key
from .reading import among
from .reviews import AUDIT
from .tables import consensus, queue, queue_decisions, tasks

NOTE, RESTORE = "note", "restore"
ACTIONS: Mapping[str, str] = {
    DISMISS: "dismissed",
    RAISE: "raised to the top",
    ASSIGN: "assigned",
    NOTE: "noted",
    RESTORE: "taken back",
}
"""What can be decided about an entry -> in words."""
LONGEST = 2000
"""Characters of a reason, at most."""
_ENTRY = ("priority", "band", "action", "findings", "parts", "marks")


class NotDecided(TiebreakError):
    """A decision cannot be made as it was asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a task (the store's key) and control, by whom (as the audit chain names them), and why.

    ``entry`` is the entry of that moment as it was found, without what leads decided, and how many ``answers`` the task
    had; empty where there was none.
    """

    id: int
    task: int
    control: str
    action: str
    band: int | None
    reason: str
    entry: Mapping[str, Any]
    decided_by: str
    decided_at: int

    @property
    def decided(self) -> Decided:
        """It as the ranking takes it."""
        kinds = frozenset(str(one["kind"]) for one in self.entry.get("findings", ()))
        return Decided(self.action, self.band, kinds, int(self.entry.get("answers", 0)))


def decisions_of(connection: Connection, project: int, task: int | None = None) -> list[Decision]:
    """What was decided in a project (the store's key), the newest first; about one task where that is given."""
    query = select(queue_decisions).where(queue_decisions.c.project == project)
    if task is not None:
        query = query.where(queue_decisions.c.task == task)
    return [_decision(row) for row in connection.execute(query.order_by(queue_decisions.c.id.desc()))]


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        row.id, row.task, row.control, row.action, row.band, row.reason, row.entry, row.decided_by, row.decided_at
    )


def standing(connection: Connection, project: int, task: int | None = None) -> dict[Key, Decision]:
    """What holds now of what was decided in a project, or about one task of it."""
    found: dict[Key, Decision] = {}
    for one in reversed(decisions_of(connection, project, task)):
        if one.action == RESTORE:
            found.pop((one.task, one.control), None)
        elif one.action != NOTE:
            found[one.task, one.control] = one
    return found


def decided(connection: Connection, project: int) -> dict[Key, Decided]:
    """What holds now, as the ranking takes it."""
    return {key: one.decided for key, one in standing(connection, project).items()}


def any_about(connection: Connection, project: int, about: Collection[int]) -> bool:
    """Whether anything was decided about some tasks: then the queue was changed since it was counted."""
    query = select(queue_decisions.c.id).where(
        queue_decisions.c.project == project, among(queue_decisions.c.task, about)
    )
    return connection.execute(query.limit(1)).first() is not None


def fingerprint(evidence: str, known: Mapping[Key, Decided]) -> str:
    """That of the evidence where nothing was decided; else another one for each set of decisions."""
    if not known:
        return evidence
    said = [[*key, one.action, one.band, sorted(one.kinds), one.answers] for key, one in sorted(known.items())]
    return hashlib.sha256(f"{evidence} {json.dumps(said)}".encode()).hexdigest()


def decide(
    connection: Connection,
    project: int,
    key: Key,
    action: str,
    reason: str,
    *,
    band: int | None = None,
    policy: Policy,
    now: int,
    actor: str,
) -> Decision:
    """Store a decision and change the queue by it; an assessment that is under way begins again.

    Raises NotDecided without a reason, or where nothing would change.
    """
    judged.interrupt(connection, project)
    row = connection.execute(select(queue).where(*_here(key))).first()
    before = standing(connection, project, key[0]).get(key)
    _check(action, reason, band, row, before)
    entry = before.entry if row is None and before is not None else _entry_of(connection, key, row)
    values = {"project": project, "task": key[0], "control": key[1], "action": action, "reason": reason.strip()}
    values |= {"band": band if action == ASSIGN else None, "entry": dict(entry)}
    values |= {"decided_by": actor, "decided_at": now}
    with changes.concerning(connection, project) as touched:
        touched.add(key[0])
        made = connection.execute(insert(queue_decisions).values(**values))
    assert made.inserted_primary_key is not None
    one = _decision(
        connection.execute(select(queue_decisions).where(queue_decisions.c.id == made.inserted_primary_key[0])).one()
    )
    if action != NOTE:
        _apply(connection, project, key, one, policy, in_queue=row is not None)
    return one


def _check(action: str, reason: str, band: int | None, row: Row[Any] | None, before: Decision | None) -> None:
    if not reason.strip():
        raise NotDecided("Say why: whoever reads the audit, and who answered, will ask.")
    if len(reason) > LONGEST:
        raise NotDecided(f"A reason has at most {LONGEST} characters; this one has {len(reason)}.")
    if action not in ACTIONS or (action == ASSIGN and band not in (1, 2, 3)):
        raise NotDecided("There is no such decision: dismiss, raise, assign to band 1, 2 or 3, note, or take back.")
    if action == RESTORE and before is None:
        raise NotDecided("Nothing was decided about this entry that could be taken back.")
    if action in (NOTE, RESTORE):
        return
    if row is None:
        raise NotDecided("This entry is not in the queue any more: load the page again to see what became of it.")
    if row.action == AUDIT:
        raise NotDecided(
            "This is a random look at an accepted answer: what is drawn must be looked at as it comes, or the share of "
            "right answers that is computed from it would be wrong."
        )
    if (
        action != DISMISS
        and before is not None
        and (before.action, before.band) == (action, band if action == ASSIGN else None)
    ):
        raise NotDecided(f"This entry was {ACTIONS[action]} already: take that back, or decide something else.")


def _here(key: Key) -> tuple[Any, Any]:
    return queue.c.task == key[0], queue.c.control == key[1]


def _entry_of(connection: Connection, key: Key, row: Row[Any] | None) -> dict[str, Any]:
    """The entry as it was found, and how many answers there are; empty without one."""
    if row is None:
        return {}
    known = select(consensus.c.annotations).where(consensus.c.task == key[0], consensus.c.control == key[1])
    parts = {kind: part for kind, part in row.parts.items() if kind != LEAD}
    found = {name: getattr(row, name) for name in _ENTRY}
    priority = row.priority - row.parts.get(LEAD, 0.0)
    return {**found, "parts": parts, "priority": priority, "answers": connection.execute(known).scalar() or 0}


def _apply(connection: Connection, project: int, key: Key, one: Decision, policy: Policy, *, in_queue: bool) -> None:
    """Change the stored entry as the next assessment will."""
    if one.action == DISMISS or not one.entry:
        connection.execute(delete(queue).where(*_here(key)))
        return
    priority = one.decided.priority(one.entry["priority"], policy)
    parts, moved = dict(one.entry["parts"]), priority - one.entry["priority"]
    if moved:
        parts[LEAD] = moved
    values = {name: one.entry[name] for name in _ENTRY}
    values |= {"priority": priority, "band": policy.band(priority), "parts": parts}
    if in_queue:
        connection.execute(update(queue).where(*_here(key)).values(**values))
    elif connection.execute(select(tasks.c.id).where(tasks.c.id == key[0], tasks.c.deleted_at.is_(None))).first():
        connection.execute(insert(queue).values(task=key[0], control=key[1], project=project, **values))
