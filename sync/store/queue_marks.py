"""What an entry of the queue is found by: its kinds of finding, the labels of its answer, and who answered.

They stand in one text, in an index beside the priority, so that a page finds entries without reading their findings.
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

MOST_LABELS, MOST_PEOPLE = 30, 100
"""An entry is found by so many: what PostgreSQL has in an index is shorter than 2,704 bytes."""


def marks(kinds: Iterable[str], labels: Iterable[str], people: Iterable[int]) -> str:
    """All marks of an entry as they are stored.

    >>> marks(["tie"], [], [4, 7])
    '|reason:tie|by:4|by:7|'
    """
    found = (
        *dict.fromkeys(map(of_kind, kinds)),
        *islice(dict.fromkeys(map(of_label, labels)), MOST_LABELS),
        *islice(dict.fromkeys(map(of_person, people)), MOST_PEOPLE),
    )
    return f"|{'|'.join(found)}|"


def of_kind(kind: str) -> str:
    """The mark of a kind of finding."""
    return f"reason:{kind}"


@lru_cache(maxsize=10_000)
def of_label(label: str) -> str:
    """The mark of a label: a hash, since a label may hold anything, and databases may compare without regard to case.

    >>> of_label("cat") == of_label("Cat")
    False
    """
    return f"label:{hashlib.sha256(label.encode()).hexdigest()[:16]}"


def of_person(annotator: int) -> str:
    """The mark of somebody who answered, by Label Studio's id."""
    return f"by:{annotator}"
