"""How a review project is told from others: by what its description says. Titles belong to people."""

import re


def marker(project: int, created_at: int, band: int) -> str:
    """The description of the review project of that band; ``project`` and ``created_at`` are the source's.

    >>> marker(7, 1700000000000000, 1)
    'tiebreak review of 7.1700000000000000 P1'
    """
    return f"tiebreak review of {project}.{created_at} P{band}"


def source_named(description: str) -> int | None:
    """The Label Studio id of the source project that a description names; null for any other description.

    >>> source_named('tiebreak review of 7.1700000000000000 P1'), source_named('Cats and dogs')
    (7, None)
    """
    found = re.match(r"tiebreak review of (\d+)\.\d+ P\d", description)
    return int(found[1]) if found else None
