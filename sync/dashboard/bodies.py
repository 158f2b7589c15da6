"""The HTML of pages, kept until something that they show changes: one for all readers who may do the same there.

What each reader has of their own stands in it as marks, which an answer has its own in the place of.
"""

import secrets
import sys
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from markupsafe import escape

from ..logins.roles import Person
from .keeping import Kept

CAPACITY = 64 * 1024 * 1024
"""Bytes that are kept."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands for the reader's name, the token of their forms, and the tag of their page.

    Nobody outside of this process can know them, so that no text in the store can hold one.
    """

    name: str
    token: str
    tag: str

    def nameless(self, person: Person) -> Person:
        """Anybody with the rights of this person; whoever has no name has none here either."""
        return replace(person, name=self.name if person.name else "", id=None)


@dataclass(frozen=True, slots=True)
class Body:
    """A page with marks, and the status that it is answered with.

    ``undrawn`` are the keys of images for which it leaves about as much room as they will take.
    """

    html: str
    status: int
    undrawn: Sequence[str] = ()

    def of(self, marks: Marks, name: str, token: Callable[[], str], tag: str) -> str:
        """It with what is the reader's own; a token is made where the page has a form."""
        html = self.html.replace(marks.tag, tag)
        if marks.token in html:
            html = html.replace(marks.token, token())
        return html.replace(marks.name, str(escape(name)))


class Bodies:
    """The newest body under each name."""

    def __init__(self) -> None:
        key = secrets.token_hex(16)
        self.marks = Marks(f"name-{key}", f"token-{key}", f"tag-{key}")
        self._kept = Kept(CAPACITY, lambda one: sys.getsizeof(one.html))  # up to four bytes a character

    def get(self, name: Hashable, stamp: Hashable, make: Callable[[], Body], is_drawn: Callable[[str], bool]) -> Body:
        """The body kept under the name if its stamp is this one and all its images are as they were, else a new one."""
        known: Body | None = self._kept.peek(name)
        if known is not None and any(map(is_drawn, known.undrawn)):
            self._kept.forget(name)
        return self._kept.get(name, stamp, make)
