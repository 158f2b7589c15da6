"""When Label Studio was last looked at, by its own clock: what was changed shortly before may have been stored after.

A slow request is given its time of change, waits, and is stored behind a faster, later one. So a pull that has seen a
change knows nothing of those that are a little older and arrive after it: the next one looks whether there are any.
"""

from sqlalchemy import Connection

from .store.lease import beat, last_beat
from .store.projects import StoredProject

OVERLAP = 30_000_000
"""How much later (microseconds) than it says a change may be stored."""
TOLD = 2_000_000
"""How exactly Label Studio says what time it is there."""


def late_from(connection: Connection, here: StoredProject) -> int | None:
    """From which change on some may have been stored since the last pull looked; null where all before are known.

    Where Label Studio does not say its time, that was at the newest change which was seen, at the latest.
    """
    seen = here.cursor_updated_at
    if seen is None or here.cursor_task is not None:
        return None
    looked = last_beat(connection, _name(here))
    begin = max(0, (seen if looked is None else looked - TOLD) - OVERLAP)
    return begin if begin <= seen else None


def keep(connection: Connection, here: StoredProject, at: int | None) -> None:
    """A pull is over that began to look at this time of Label Studio's clock; null: it did not say."""
    if at is not None:
        beat(connection, _name(here), at, True, "")


def _name(here: StoredProject) -> str:
    return f"project:{here.label_studio_id}:looked"
