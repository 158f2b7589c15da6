"""TextArea: how far two texts are apart, in characters, in words, as sets of words, submission by submission.

Texts are compared in Unicode's composed form (NFC), with each run of white space as one blank and none at the ends;
submissions with nothing else in them do not count. Upper and lower case differ.
"""

import unicodedata
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from label_config.answers import Text

from ..matching import match
from ..records import FloatArray, IntArray
from .comparison import Comparison, typed
from .equality import Measure, codes, once_a_pair, unequal
from .sequences import sequences

_AT_ONCE = 500_000
"""Pairs that are handed to rapidfuzz at once."""


def character(pairs: Comparison) -> FloatArray:
    """Characters to insert, delete or replace over the length of the longer text (V. Levenshtein 1966).

    Submissions are lines of one text.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> texts = [Text(("kitten",)), Text(("sitting",))]
    >>> character(every_pair(Control("c", "TextArea", ("t",)), texts)).round(3).tolist()  # 3 of 7
    [0.0, 0.429, 0.429, 0.0]
    """
    return _by_text(pairs, ["\n".join(lines) for lines in _lines(pairs)], edits)


def word(pairs: Comparison) -> FloatArray:
    """Words to insert, delete or replace over the number of words of the longer text.

    It is the word error rate of speech recognition, over the longer text instead of the reference, so symmetric.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> texts = [Text(("a red house",)), Text(("the red house",))]
    >>> word(every_pair(Control("c", "TextArea", ("t",)), texts)).round(3).tolist()
    [0.0, 0.333, 0.333, 0.0]
    """
    number: dict[str, int] = {}
    words = [" ".join(lines).split() for lines in _lines(pairs)]
    return _by_text(pairs, [tuple(number.setdefault(one, len(number)) for one in some) for some in words], edits)


def token_set(pairs: Comparison) -> FloatArray:
    """1 - rapidfuzz's token set ratio: words in any order and number, and 0 where one has all the words of the other.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> texts = [Text(("red house",)), Text(("house red red",)), Text(("a red house",)), Text(("a car",))]
    >>> token_set(every_pair(Control("c", "TextArea", ("t",)), texts))[:4].round(2).tolist()
    [0.0, 0.0, 0.0, 0.71]
    """
    return _by_text(pairs, [" ".join(lines) for lines in _lines(pairs)], token_sets)


def exact(pairs: Comparison) -> FloatArray:
    """0 for the same submissions in the same order, else 1.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> texts = [Text(("a  house ",)), Text(("a house",)), Text(("A house",))]
    >>> exact(every_pair(Control("c", "TextArea", ("t",)), texts))[:3].tolist()
    [0.0, 0.0, 1.0]
    """
    return unequal(codes(_lines(pairs))[0], pairs)


def lines(pairs: Comparison) -> FloatArray:
    """Submissions matched one to one so that they differ least: the mean ``character`` distance, unmatched ones 1.

    The mean is over the longer list. Their order does not matter.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> texts = [Text(("kitten", "dog")), Text(("dog", "sitting", "cow"))]
    >>> lines(every_pair(Control("c", "TextArea", ("t",)), texts)).round(3)[:2].tolist()  # (0 + 3/7 + 1) / 3
    [0.0, 0.476]
    """
    code, distinct = codes(_lines(pairs))
    rows, units = sequences(distinct)

    def measure(left: IntArray, right: IntArray) -> FloatArray:
        found = np.empty(len(left))
        for part in rows.blocks(left, right):
            alike = 1.0 - rows.table(left[part], right[part], edits(units))
            longer = np.maximum(rows.size[left[part]], rows.size[right[part]])
            found[part] = 1.0 - _matched(alike) / longer
        return found

    return once_a_pair(code[pairs.left], code[pairs.right], len(distinct), measure)


def _matched(alike: FloatArray) -> FloatArray:
    """The similarities of the best matching, added up: (pairs, n, m) -> (pairs,)."""
    column = match(alike)
    taken = np.take_along_axis(alike, np.maximum(column, 0)[:, :, None], axis=2)[:, :, 0]
    found: FloatArray = np.where(column >= 0, taken, 0.0).sum(axis=1)
    return found


def normalised(text: str) -> str:
    """A text as it is compared.

    >>> normalised("  Ha\\u0308user\\n am  See ")
    'Häuser am See'
    """
    return unicodedata.normalize("NFC", " ".join(text.split()))


def edits(units: Sequence[Hashable]) -> Measure:
    """The normalised Levenshtein distance of texts, or of tuples of numbers, by their codes."""
    return _scored(units, Levenshtein.normalized_distance, lambda found: found)


def token_sets(units: Sequence[Hashable]) -> Measure:
    """1 - token set ratio of texts by their codes."""
    return _scored(units, fuzz.token_set_ratio, lambda found: 1.0 - found / 100.0)


def _scored(units: Sequence[Any], scorer: Any, distance: Callable[[FloatArray], FloatArray]) -> Measure:
    def measure(left: IntArray, right: IntArray) -> FloatArray:
        found = np.empty(len(left))
        for start in range(0, len(left), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            one, other = ([units[code] for code in codes[part].tolist()] for codes in (left, right))
            found[part] = distance(process.cpdist(one, other, scorer=scorer, dtype=np.float64))
        return np.clip(found, 0.0, 1.0)

    return measure


def _by_text(
    pairs: Comparison, texts: Sequence[Hashable], measures: Callable[[Sequence[Hashable]], Measure]
) -> FloatArray:
    code, distinct = codes(texts)
    return once_a_pair(code[pairs.left], code[pairs.right], len(distinct), measures(distinct))


def _lines(pairs: Comparison) -> list[tuple[str, ...]]:
    """The submissions of each answer as they are compared."""
    return [tuple(filter(None, map(normalised, answer.lines))) for answer in typed(pairs, Text)]
