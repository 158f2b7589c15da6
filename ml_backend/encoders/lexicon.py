"""What distinct words consist of, made out once for each: in any collection of texts most words were there before."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..records import IntArray
from .hashing import Hashes, Sums, characters, lengths_of, offsets, spaces

MOST_WORDS = 2**18
MOST_VALUES = 2**24
"""Beyond either a lexicon begins anew: what it holds is bounded, whatever the texts are."""

AT_ONCE = 2**19
"""Characters that are read together."""

_FIRST_SLOTS = 2**15


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of numbers, one after the other: list i is ``values[starts[i] : starts[i + 1]]``."""

    values: NDArray[Any]
    starts: IntArray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def lengths(self) -> IntArray:
        """How long each list is, (n,)."""
        return np.diff(self.starts)

    def take(self, places: IntArray) -> "Lists":
        """The lists at these places.

        >>> found = Lists(np.array([5, 6, 7]), np.array([0, 2, 2, 3])).take(np.array([2, 0]))
        >>> found.values.tolist(), found.starts.tolist()
        ([7, 5, 6], [0, 1, 3])
        """
        starts = self.starts[places]
        bounds = offsets(self.starts[places + 1] - starts)
        return Lists(self.values[np.arange(bounds[-1]) + np.repeat(starts - bounds[:-1], np.diff(bounds))], bounds)


_Kind = TypeVar("_Kind", bound=np.generic)

Describe = Callable[[Sequence[str]], Lists]
"""What each word consists of, as numbers."""


@dataclass(frozen=True, slots=True)
class Page:
    """A few texts: the words of text i are ``words[starts[i] : starts[i + 1]]``, places in each of ``parts``.

    ``parts`` has what each distinct word of the page consists of, one Lists a Describe.
    """

    words: IntArray
    starts: IntArray
    parts: tuple[Lists, ...]


class Lexicon:
    """Reads texts word by word. May be used by several threads at once.

    Words lie between white space. Of that one character is no part of any; what is more of it begins the next word, so
    that nothing of a text is lost.
    """

    def __init__(self, *describe: Describe, most_words: int = MOST_WORDS, most_values: int = MOST_VALUES) -> None:
        self._describe = describe
        self._most_words = most_words
        self._most_values = most_values
        self._turn = threading.Lock()
        self._forget()

    def held(self) -> int:
        """How many words it holds just now."""
        return len(self._known)

    def pages(self, texts: Sequence[str]) -> Iterator[Page]:
        """The texts in order, so many a page that its memory is bounded."""
        start, filled = 0, 0
        for place, text in enumerate(texts):
            if filled and filled + len(text) > AT_ONCE:
                yield self.page(texts[start:place])
                start, filled = place, 0
            filled += len(text) + 1
        if start < len(texts):
            yield self.page(texts[start:])

    def page(self, texts: Sequence[str]) -> Page:
        """All of the texts at once."""
        joined = " ".join(texts)
        points = characters(joined)
        bounds = offsets(lengths_of(texts) + 1)
        begins, ends = _words(points, bounds[1:-1] - 1)
        starts = np.searchsorted(begins, bounds)
        keys = Sums(points).of(begins, ends)
        with self._turn:
            places = self._known.find(keys)
            new = np.flatnonzero(places < 0)
            if len(new):
                places = self._places_after_adding(keys, joined, begins, ends)
            seen = np.zeros(len(self._known), dtype=bool)
            seen[places] = True
            distinct = np.flatnonzero(seen)
            parts = tuple(part.lists().take(distinct) for part in self._parts)
        local = np.empty(len(seen), dtype=np.int64)
        local[distinct] = np.arange(len(distinct))
        return Page(local[places], starts, parts)

    def _places_after_adding(self, keys: Hashes, joined: str, begins: IntArray, ends: IntArray) -> IntArray:
        """The place of every key, once those that were not known are."""
        held = max(len(part.lists().values) for part in self._parts)
        if len(self._known) > self._most_words or held > self._most_values:
            self._forget()
        new = np.flatnonzero(self._known.find(keys) < 0)
        added, first = np.unique(keys[new], return_index=True)
        words = [joined[begins[place] : ends[place]] for place in new[first]]
        described = [describe(words) for describe in self._describe]  # if one fails nothing was added
        for part, more in zip(self._parts, described, strict=True):
            part.extend(more)
        self._known.add(added)
        return self._known.find(keys)

    def _forget(self) -> None:
        self._known = _Places()
        self._parts = tuple(_Growing() for _ in self._describe)


def _words(points: NDArray[np.uint32], between: IntArray) -> tuple[IntArray, IntArray]:
    """Where words begin and end: see Lexicon. ``between`` texts there is one space each."""
    blank = spaces(points)
    inside = ~blank
    inside[1:] |= blank[:-1]
    inside[:1] = True
    inside[between] = False
    edges = np.flatnonzero(np.diff(inside, prepend=False, append=False))
    return edges[::2], edges[1::2]


class _Places:
    """From a key to its place, counted in the order of adding: a hash table that is asked about many keys at once."""

    def __init__(self) -> None:
        self._keys = np.zeros(_FIRST_SLOTS, dtype=np.uint64)
        self._places = np.full(_FIRST_SLOTS, -1, dtype=np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def find(self, keys: Hashes) -> IntArray:
        """The place of each key, -1 where it was not added."""
        slots = _slots(keys, len(self._keys))
        found = self._places[slots]
        taken = np.flatnonzero((self._keys[slots] != keys) & (found >= 0))
        while len(taken):
            slots[taken] = (slots[taken] + 1) % len(self._keys)
            found[taken] = self._places[slots[taken]]
            taken = taken[(self._keys[slots[taken]] != keys[taken]) & (found[taken] >= 0)]
        return found

    def add(self, keys: Hashes) -> None:
        """Give distinct keys that were not added before the next places."""
        self._make_room(len(keys))
        self._insert(keys, np.arange(self._count, self._count + len(keys)))
        self._count += len(keys)

    def _make_room(self, more: int) -> None:
        size = len(self._keys)
        while 2 * (self._count + more) > size:
            size *= 2
        if size == len(self._keys):
            return
        filled = np.flatnonzero(self._places >= 0)
        keys, places = self._keys[filled], self._places[filled]
        self._keys = np.zeros(size, dtype=np.uint64)
        self._places = np.full(size, -1, dtype=np.int64)
        self._insert(keys, places)

    def _insert(self, keys: Hashes, places: IntArray) -> None:
        slots = _slots(keys, len(self._keys))
        while len(keys):
            free = self._places[slots] < 0
            # Of several keys that want one slot the last one written has it.
            self._places[slots[free]] = places[free]
            mine = self._places[slots] == places
            self._keys[slots[mine]] = keys[mine]
            keys, places = keys[~mine], places[~mine]
            slots = (slots[~mine] + 1) % len(self._keys)


def _slots(keys: Hashes, count: int) -> IntArray:
    return (keys & np.uint64(count - 1)).astype(np.int64)


class _Growing:
    """Lists with room for more behind them."""

    def __init__(self) -> None:
        self._values: NDArray[Any] = np.empty(0, dtype=np.int32)
        self._starts: IntArray = np.zeros(1, dtype=np.int64)
        self._filled = 0
        self._count = 0

    def lists(self) -> Lists:
        """What is there."""
        return Lists(self._values[: self._filled], self._starts[: self._count + 1])

    def extend(self, more: Lists) -> None:
        """Put more lists behind."""
        filled, count = self._filled + len(more.values), self._count + len(more)
        self._values = _with_room(self._values.astype(more.values.dtype, copy=False), filled)
        self._starts = _with_room(self._starts, count + 1)
        self._values[self._filled : filled] = more.values
        self._starts[self._count + 1 : count + 1] = more.starts[1:] + self._filled
        self._filled, self._count = filled, count


def _with_room(array: NDArray[_Kind], size: int) -> NDArray[_Kind]:
    if size <= len(array):
        return array
    found = np.zeros(max(size, 2 * len(array)), dtype=array.dtype)
    found[: len(array)] = array
    return found
