"""How a review stood when it was sent, and when that was renewed: its own row has only how it stands today."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from .audit_entries import details
from .tables import audit_details, audit_events

PUSHED, RENEWED = "push", "review renewed"


@dataclass(frozen=True, slots=True)
class Stood:
    """What Label Studio was told of a review, and when (microseconds). ``action``: PUSHED or RENEWED."""

    at: int
    action: str
    band: int
    priority: float

    def __str__(self) -> str:
        """Its place in the queue, in words.

        >>> str(Stood(0, PUSHED, 1, 0.625))
        'P1 with priority 0.62'
        """
        return f"P{self.band} with priority {self.priority:.2f}"


def stood(connection: Connection, project: int, task: int) -> dict[str, list[Stood]]:
    """Review (our key) -> how it stood, the oldest first, of a task (Label Studio's id) of a project (the store's key).

    What the audit chain does not tell, or does not tell any more, is left out.
    """
    query = (
        select(audit_events.c.at, audit_events.c.action, audit_details.c.text)
        .join(audit_details, audit_details.c.event == audit_events.c.id)
        .where(
            audit_events.c.task == task,
            audit_events.c.project == project,
            audit_events.c.action.in_((PUSHED, RENEWED)),
        )
        .order_by(audit_events.c.id)
    )
    found: dict[str, list[Stood]] = {}
    for row in connection.execute(query):
        subject, why = details(row.text)
        match (subject.get("review"), why.get("band"), why.get("priority")):
            case (str(key), int(band), (int() | float()) as priority):
                found.setdefault(key, []).append(Stood(row.at, row.action, band, priority))
    return found
