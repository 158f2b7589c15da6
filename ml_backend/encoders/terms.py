"""The terms of texts: words, pairs of words and letter sequences, hashed into columns and counted."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..records import IntArray
from . import hashing
from .hashing import Hashes
from .lexicon import Lists, Page

COLUMNS = 2**18
"""Columns of each kind, words before letters: of a vocabulary of 30,000 two share one about every ninth time."""

LETTERS = 3
"""Length of letter sequences; a space on either side of the word is a letter. Shorter and longer ones beside them gain
nothing on six sets of texts, neither with 200 labels nor with 1,000."""

WITHOUT_SPACES = 0x0E00
"""From this code point on come the scripts that put no spaces between words, Thai to Chinese: pairs count there too."""

FEW_WORDS = 2_000
"""Up to so many words of a page, counting by sorting costs less than to prepare a product of matrices."""

Places = NDArray[np.int32]
Whole = NDArray[np.integer[Any]]
_WORD = re.compile(r"\w+")


def inner_words(words: Sequence[str]) -> Lists:
    """The hashes of the runs of letters and digits in each."""
    found = [_WORD.findall(word.lower()) for word in words]
    flat = list(itertools.chain.from_iterable(found))
    return Lists(hashing.hashes(flat), hashing.offsets(hashing.lengths_of(found)))


def columns_of(words: Sequence[str]) -> Lists:
    """The columns of the words, pairs of words and letter sequences in each, as often as they occur."""
    inner = inner_words(words)
    owner = np.repeat(np.arange(len(words)), inner.lengths())
    near = np.flatnonzero(owner[1:] == owner[:-1])
    columns = [
        _columns(hashing.mixed(inner.values)),
        _columns(hashing.pairs(inner.values[near], inner.values[near + 1])),
    ]
    owners = [owner, owner[near]]
    padded = [f" {bare} " if (bare := word.strip().lower()) else "" for word in words]
    bounds = hashing.offsets(hashing.lengths_of(padded))
    points = hashing.characters("".join(padded))
    sums = hashing.Sums(points)
    letter_of = np.repeat(np.arange(len(words)), np.diff(bounds))
    left = bounds[1:][letter_of] - np.arange(bounds[-1])
    dense = points >= WITHOUT_SPACES
    for length, wanted in ((LETTERS, left >= LETTERS), (2, dense & np.append(dense[1:], False))):
        begins = np.flatnonzero(wanted)
        columns.append(_columns(sums.of(begins, begins + length)) + COLUMNS)
        owners.append(letter_of[begins])
    order = np.argsort(np.concatenate(owners), kind="stable")
    counts = np.bincount(np.concatenate(owners), minlength=len(words))
    return Lists(np.concatenate(columns)[order].astype(np.int32), hashing.offsets(counts))


def counted(page: Page, places: Places | None = None, width: int = 2 * COLUMNS) -> sparse.csr_matrix:
    """How often each term occurs in each text, (n, width), float32, of a page that begins with the two parts above.

    ``places`` says where each column goes, -1 = nowhere: the term is unknown; null: all stay where they are.
    """
    columns, text_of = _pairs_between(page)
    known: Whole = page.parts[1].values if places is None else places[page.parts[1].values]
    pairs: Whole = columns if places is None else places[columns]
    inside = np.flatnonzero(pairs >= 0)
    pairs, text_of = pairs[inside], text_of[inside]
    if len(page.words) <= FEW_WORDS:
        return _by_sorting(page, known, pairs, text_of, width)
    if places is not None:
        return _by_products(page, known, pairs, text_of, width)
    there = np.zeros(width, dtype=bool)
    there[known], there[pairs] = True, True
    used = np.flatnonzero(there)
    place = np.empty(width, dtype=np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    found = _by_products(page, place[known], place[pairs], text_of, len(used))
    return sparse.csr_matrix(
        (found.data, used.astype(np.int32)[found.indices], found.indptr), (len(found.indptr) - 1, width)
    )


def _by_sorting(page: Page, known: Whole, pairs: Whole, text_of: IntArray, width: int) -> sparse.csr_matrix:
    """``known`` places of the page's terms, and of the ``pairs`` between words, each in a text."""
    each = Lists(known, page.parts[1].starts).take(page.words)
    owner = np.repeat(np.arange(len(page.starts) - 1), np.diff(each.starts[page.starts]))
    kept = each.values >= 0
    keys = np.concatenate([owner[kept] * width + each.values[kept], text_of * width + pairs])
    keys, counts = np.unique(keys, return_counts=True)
    starts = np.searchsorted(keys, np.arange(len(page.starts)) * width)
    shape = (len(page.starts) - 1, width)
    return sparse.csr_matrix((counts.astype(np.float32), (keys % width).astype(np.int32), starts), shape=shape)


def _by_products(page: Page, known: Whole, pairs: Whole, text_of: IntArray, width: int) -> sparse.csr_matrix:
    """The same: texts by words, times words by terms."""
    kept = known >= 0
    of_words = _ones(known[kept], hashing.offsets(kept)[page.parts[1].starts], width)
    words = _ones(page.words, page.starts, len(page.parts[1]))
    if not len(pairs):
        return words @ of_words
    of_pairs = _ones(np.arange(width), np.arange(width + 1), width)
    between = _ones(pairs, hashing.offsets(np.bincount(text_of, minlength=len(page.starts) - 1)), width)
    return sparse.hstack([words, between], format="csr") @ sparse.vstack([of_words, of_pairs], format="csr")


def _ones(indices: Whole, starts: IntArray, width: int) -> sparse.csr_matrix:
    data = np.ones(len(indices), dtype=np.float32)
    return sparse.csr_matrix((data, indices, starts), shape=(len(starts) - 1, width))


def _pairs_between(page: Page) -> tuple[IntArray, IntArray]:
    """The column of each pair of words of which one ends and one begins what white space divides; and its text."""
    inside = Lists(page.parts[0].values.astype(np.uint64, copy=False), page.parts[0].starts)  # no words have no kind
    count = inside.lengths()[page.words]
    some = np.flatnonzero(count)
    text_of = np.repeat(np.arange(len(page.starts) - 1), np.diff(page.starts))[some]
    near = np.flatnonzero(text_of[1:] == text_of[:-1])
    last = inside.values[inside.starts[page.words[some[near]] + 1] - 1]
    first = inside.values[inside.starts[page.words[some[near + 1]]]]
    return _columns(hashing.pairs(last, first)), text_of[near]


def _columns(hashes: Hashes) -> IntArray:
    return (hashes & np.uint64(COLUMNS - 1)).astype(np.int64)
