"""What ``tiebreak doctor`` found when it last looked, kept for the pages."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from .lease import beat
from .tables import heartbeats

NAME = "doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked, whether it is right, what was seen, and what mends it.

    ``project`` is Label Studio's id of the project that it is about, null for none.
    """

    check: str
    ok: bool
    message: str
    remedy: str
    project: int | None


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was found ``at`` a time (microseconds)."""

    at: int
    findings: tuple[Finding, ...]


def keep(connection: Connection, findings: Sequence[Finding], now: int) -> None:
    """Put these findings in the place of the ones before."""
    beat(connection, NAME, now, all(one.ok for one in findings), json.dumps([asdict(one) for one in findings]))


def newest(connection: Connection) -> Examination | None:
    """The last look; null before the first."""
    row = connection.execute(select(heartbeats).where(heartbeats.c.name == NAME)).first()
    return None if row is None else Examination(row.at, tuple(Finding(**one) for one in json.loads(row.message)))
