"""What people typed, as a terminal may show it: nothing in it moves the cursor, changes colours or hides other text."""

import re
from typing import Any

from rich.console import Console
from rich.text import Text

_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but for tab and line feed, what turns the direction of writing around, halves of characters."""


def visible(text: str) -> str:
    r"""The text with what commands a terminal written out as Python and JSON write it.

    >>> print(visible("\x1b[31mred\x07, \u202edrawkcab"))
    \x1b[31mred\x07, \u202edrawkcab
    """
    return _COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)


class SafeConsole(Console):
    """A console that shows every text by ``visible``, wherever it stands, and takes ":dog:" for what it says."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """What a text looks like; rich asks this for every text, also in the cells of tables."""
        return super().render_str(visible(text), **options)
