"""Label Studio's clock went back: what is changed from then on looks older than what was seen before.

It is noticed by its answers' own date, which lies before the newest change that was seen. Everything is looked through
once; from then on each pull reads from the moment of the pull before, by the clock as it is now, until that one is over
the newest change again. Nothing is written down while the clock is right.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from .labelstudio.client import LabelStudio
from .store.audit import TIEBREAK, record
from .store.engine import Store
from .store.lease import beat, has_failed, last_beat
from .store.projects import StoredProject


@dataclass(frozen=True, slots=True)
class Back:
    """What a pull has to do about it.

    ``now`` is Label Studio's time when the pull began (microseconds), null where nothing is to be done. ``begin``: read
    from this change on. ``seconds``: by how much the clock was found gone back just now, 0 where that was known.
    ``over``: it has caught up.
    """

    now: int | None = None
    begin: int | None = None
    seconds: int = 0
    over: bool = False


def look(store: Store, gateway: LabelStudio, here: StoredProject, tolerance: int) -> Back:
    """Whether the clock is behind the newest change that was seen by more than ``tolerance`` (microseconds), or was."""
    now, seen = gateway.now(), here.cursor_updated_at
    if now is None or seen is None:
        return Back()
    with store.read() as connection:
        name = _name(here)
        known = last_beat(connection, name) if has_failed(connection, name) else None
    behind = seen - now > tolerance
    if not behind and known is None:
        return Back()
    if known is None or now < known - tolerance:
        return Back(now, now - tolerance, round((seen - now) / 1e6))
    return Back(now, known - tolerance, over=not behind)


def keep(connection: Connection, here: StoredProject, back: Back, clock: Callable[[], int]) -> None:
    """The pull is over: the next one goes on from there; what was found is recorded, once."""
    if back.now is None:
        return
    beat(connection, _name(here), back.now, back.over, "" if back.over else "Label Studio's clock went back")
    if back.seconds:
        subject = {"seconds": back.seconds}
        record(connection, now=clock(), actor=TIEBREAK, action="clock went back", project=here.key, subject=subject)


def in_words(seconds: int) -> str:
    """What is told.

    >>> in_words(7200)
    "Label Studio's clock went back by 2.0 h: nothing is lost, and pulls look back until it is where it was"
    """
    return (
        f"Label Studio's clock went back by {seconds / 3600:.1f} h: nothing is lost, and pulls look back until it is "
        "where it was"
    )


def _name(here: StoredProject) -> str:
    return f"project:{here.label_studio_id}:clock"
