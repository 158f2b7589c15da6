"""Regular expressions of users: compiled, and refused where matching could take for ever.

A matching engine that goes back takes a time exponential in the text where a repetition repeats something that itself
can match in several ways. Such patterns are refused before they run, because a running match cannot be stopped. What
remains takes a time that is a power of the text's length, the power being the number of repetitions in a row; so only
the first 2,000 characters of a text are matched.
"""

import re

LONGEST_PATTERN = 500
LONGEST_TEXT = 2000
"""Characters of a text that are matched; what comes after them is not looked at."""

_TIMES = r"(?:[*+?]|\{\d*,\d*\}|\{\d+\})"
_GROUP = r"\((?:\?(?:P<\w+>|[:=!]|<[=!]|[aiLmsux-]+:))?"
_CLASS = r"\[\^?\]?(?:\\.|[^\]\\])*\]"
_TOKEN = re.compile(rf"\\.|{_CLASS}|\(\?#[^)]*\)|\(\?[aiLmsux]+\)|{_GROUP}|{_TIMES}[?+]?|.", re.DOTALL)
_VARIES = re.compile(r"[*+?]|\{\d*,\d*\}")
_ENDLESS = re.compile(r"[*+]|\{\d*,\}|\{(?:\d*,)?\d{2,}\}")
_BACK = re.compile(r"\\[1-9]|\(\?P=")


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, ready to search in texts; raises ValueError that says why it is refused.

    >>> bool(compiled(r"^(ab|cd)+$").search("abcdab"))
    True
    >>> compiled(r"(a+)+$")
    Traceback (most recent call last):
    ValueError: it repeats a group that repeats something itself; write it so that only one of them repeats
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"it has {len(pattern)} characters; {LONGEST_PATTERN} are the most")
    try:
        found = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(
            f"it is no regular expression ({error}); escape special characters with a backslash"
        ) from error
    _refuse_explosions(pattern)
    return found


def _refuse_explosions(pattern: str) -> None:
    """Follows the groups: whether each holds a repetition, and the first token of each of its alternatives."""
    if _BACK.search(pattern.replace("\\\\", "")):
        raise ValueError("it refers back to a group, which can take for ever; write it without")
    repeats, firsts = [False], [[""]]
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if text == "|":
            firsts[-1].append("")
        elif text.startswith("(") and not text.endswith(")"):
            repeats.append(False)
            firsts.append([""])
        elif not re.match(_TIMES, text):
            if text == ")" and len(repeats) > 1:
                inner, alternatives = repeats.pop(), firsts.pop()
                if _ENDLESS.match(pattern, token.end()):
                    _refuse(inner, alternatives)
                repeats[-1] |= inner
            firsts[-1][-1] = firsts[-1][-1] or text
            repeats[-1] |= _VARIES.match(pattern, token.end()) is not None


def _refuse(repeats: bool, alternatives: list[str]) -> None:
    if repeats:
        raise ValueError("it repeats a group that repeats something itself; write it so that only one of them repeats")
    if len(alternatives) > 1 and (
        len(set(alternatives)) < len(alternatives) or any(len(first) != 1 or first in ".(^$" for first in alternatives)
    ):
        raise ValueError(
            "it repeats a group of alternatives that can begin alike; let each begin with a character of its own"
        )
