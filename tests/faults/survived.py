"""How many faults were tried, and after how many of them everything was as it is without any: told at the end."""

from collections.abc import Callable, Iterable
from typing import Any

from .sample import CHOSEN

Record = Callable[[str, object], None]
"""pytest's ``record_property``: what it keeps comes back from every worker."""
TRIED, SURVIVED = "faults tried", "faults survived"


def tell(record: Record, tried: int, survived: int) -> None:
    """Count the faults of one test."""
    record(TRIED, tried)
    record(SURVIVED, survived)


def summary(reports: Iterable[Any]) -> str:
    """One line about all tests, each of which has said what it tried; nothing where no fault was tried."""
    kept = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    tried, survived = (sum(number for name, number in kept if name == wanted) for wanted in (TRIED, SURVIVED))
    chosen = "all of them" if CHOSEN == "all" else f"a sample: TIEBREAK_FAULTS={CHOSEN}"
    return f"faults survived: {survived:,} of {tried:,} ({chosen})" if tried else ""
