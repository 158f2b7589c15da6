"""Where tokens begin and end in a text: runs of letters, runs of digits, and everything else sign by sign.

Offsets count code points, as Label Studio does. A token never begins or ends inside what people see as one sign
(an extended grapheme cluster, Unicode Standard Annex 29): marks stay with their letter, emoji sequences and flags
whole. Scripts that put no blanks between words (Chinese, Japanese, Thai, ...) give a token a sign.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..records import IntArray

HIGHEST = 0x110000
_UNSPACED = (
    "\u0e00-\u0e7f"  # Thai
    "\u0e80-\u0eff"  # Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\u3040-\u309f\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Hiragana, Katakana
    "\U00020000-\U0003ffff"  # Han, rare
)
_JOINED_BEFORE = "\u0e33\u0eb3\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\uff9e\uff9f"
"""What joins the sign before it, beside marks: vowels that Thai and Lao write behind, joiners, skin tones, tags."""

_PREPENDED = (
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3\U000113d1\U0001193f"
    "\U00011941\U00011a84-\U00011a89\U00011d46\U00011f02"
)
"""What joins the sign after it."""

_HANGUL = "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
_FLAG = "\U0001f1e6-\U0001f1ff"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token t is ``text[starts[t]:ends[t]]``: n of them, (n,) each, in order, apart."""

    starts: IntArray
    ends: IntArray
    words: tuple[str, ...]


def tokens(text: str) -> Tokens:
    """The tokens of a text; blanks, ends of lines and control characters are in none.

    >>> tokens("Zoë paid 5kg.").words
    ('Zoë', 'paid', '5', 'kg', '.')
    """
    pattern = _plain() if text.isascii() else _any()
    found = [match.span("token") for match in pattern.finditer(text) if match["token"] is not None]
    borders = np.array(found, dtype=np.int64).reshape(-1, 2)
    return Tokens(borders[:, 0], borders[:, 1], tuple(text[start:end] for start, end in found))


@lru_cache(maxsize=1)
def _plain() -> re.Pattern[str]:
    return re.compile(r"(?P<token>[A-Za-z]+|[0-9]+|[!-/:-@\[-`{-~])")


@lru_cache(maxsize=1)
def _any() -> re.Pattern[str]:
    """One alternative a kind of token, each sign with all that joins it."""
    kinds = _kinds()
    join = f"[{kinds['mark']}{_JOINED_BEFORE}]"
    letter = f"[^\\W\\d_{_HANGUL}]"
    # After a virama comes the consonant that it binds, after a joiner the next part of an emoji.
    tail = f"(?:[{kinds['virama']}]{join}*{letter}|\u200d[^\\s{kinds['control']}]|{join})*"
    return re.compile(
        f"(?={join}){tail}"  # marks without a sign that they belong to: in no token
        f"|(?P<token>[{_PREPENDED}]*(?:"
        f"(?:[^\\W\\d_{_UNSPACED}{kinds['mark']}]{tail})+"
        f"|(?:\\d{tail})+"
        f"|[{_FLAG}]{{2}}{tail}"
        f"|[^\\s{kinds['control']}{_PREPENDED}]{tail}"
        f"))"
    )


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    """Ranges of a character class each: marks, viramas, and what is never shown.

    What this Python knows nothing of may be a mark of a later Unicode: where it is one, nothing is split.
    """
    found: dict[str, list[int]] = {"mark": [], "virama": [], "control": []}
    for code in range(HIGHEST):
        sign = chr(code)
        category = unicodedata.category(sign)
        if category in ("Mn", "Mc", "Me") or (category == "Cn" and not _emoji_or_prepended(code)):
            found["mark"].append(code)
            if unicodedata.combining(sign) == 9:
                found["virama"].append(code)
        elif category in ("Cc", "Zl", "Zp", "Zs", "Cs"):
            found["control"].append(code)
    return {name: _ranges(codes) for name, codes in found.items()}


def _emoji_or_prepended(code: int) -> bool:
    return 0x1F000 <= code < 0x1FC00 or code in (0x113D1, 0x11F02)


def _ranges(codes: list[int]) -> str:
    """A character class's inside: runs of consecutive codes as ranges."""
    numbers = np.array(codes)
    breaks = np.flatnonzero(np.diff(numbers) > 1)
    firsts = numbers[np.concatenate([[0], breaks + 1])]
    lasts = numbers[np.concatenate([breaks, [len(numbers) - 1]])]
    return "".join(
        f"\\U{first:08x}" if first == last else f"\\U{first:08x}-\\U{last:08x}"
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
    )
