"""Reading pieces of texts with fields: which spans they have, how probable each is, and how unsure each token is."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import FloatArray, IntArray
from ..uncertainty import disagreement, entropy, margin
from . import chain
from .features import see
from .fields import Fields
from .tags import Mark, Scheme, runs
from .tokens import Tokens

WINDOW = 1024
"""Tokens after which a text that is read is cut, at the end of a sentence where there is one near."""

_ENDS = frozenset(".!?;。！？।۔")


@dataclass(frozen=True, slots=True)
class Piece:
    """What a piece of a text says: ``spans`` with the probability that exactly each of them is there.

    ``likely`` are all that may be there, told or not, each with the same probability.

    ``log_probability`` is that of all its tags, ``margin`` and ``disagreement`` are those of the least sure of its
    ``tokens``, ``entropy`` is the sum of all.
    """

    spans: tuple[tuple[Mark, float], ...]
    likely: tuple[tuple[Mark, float], ...]
    log_probability: float
    margin: float
    entropy: float
    disagreement: float
    tokens: int


def windows(found: Tokens) -> list[Tokens]:
    """A text's tokens, cut after WINDOW of them, behind the end of a sentence in the last quarter of these."""
    at, length, cut = 0, len(found.words), []
    while at < length:
        end = min(at + WINDOW, length)
        if end < length:
            near = range(end, at + 3 * WINDOW // 4, -1)
            end = next((place for place in near if found.words[place - 1] in _ENDS), end)
        cut.append(Tokens(found.starts[at:end], found.ends[at:end], found.words[at:end]))
        at = end
    return cut


def read(
    texts: Sequence[str],
    found: Sequence[Tokens],
    fields: Fields,
    scheme: Scheme,
    group: int,
    least: float | None = None,
) -> list[Piece]:
    """What the fields of a ``group`` say of each piece; ``texts`` are those that the pieces are from.

    Each piece has a token or more. The fields of the groups behind the first are compared for disagreement. Spans that
    are as probable as ``least`` are ``likely``; null: nobody asks.
    """
    seen = see(texts, found)
    ends = np.cumsum(seen.lengths)
    starts = ends - seen.lengths
    where = chain.layout(starts, seen.lengths)
    scores, steps = fields.scores(seen, where.order), fields.steps()
    said = chain.beliefs(scores, steps, where)
    count = len(scheme.chains)
    own = slice(group * count, (group + 1) * count)
    alone = chain.Beliefs(*(getattr(said, one.name)[own] for one in dataclasses.fields(said)))
    path = chain.best_path(scores[own], steps[own], where)
    shares = chain.path_log_probability(path, scores[own], steps[own], alone, where)
    place_of = np.argsort(where.order)
    doubts = _doubts(said.marginals.reshape(-1, count, *scores.shape[1:]), group)
    table = _table(path[:, place_of], starts.tolist(), ends.tolist())
    stated = chain.span_probability(table[:, 1:], alone, steps[own], where, place_of)
    spans = _spans(table, stated, found, starts, scheme)
    likely: list[list[tuple[Mark, float]]] = [[] for _ in found]
    if least is not None:
        others, each = chain.likely_spans(alone, steps[own], where, least)
        piece_of = np.searchsorted(ends, others[:, 1], side="right")
        likely = _spans(np.column_stack([piece_of, others]), each, found, starts, scheme)
    return [
        Piece(
            tuple(spans[at]),
            tuple(likely[at]),
            float(shares[:, rows].sum()),
            float(doubts[0][rows].max()),
            float(doubts[1][rows].sum()),
            float(doubts[2][rows].max()),
            len(rows),
        )
        for at, rows in enumerate(np.split(place_of, ends[:-1]))
    ]


def _doubts(marginals: FloatArray, group: int) -> tuple[FloatArray, ...]:
    """Margin, entropy and disagreement of each token's tag, the least sure of its chains, (n,) each.

    ``marginals`` are (groups, chains, n, tags).
    """
    groups, chains, count, tags = marginals.shape
    own = marginals[group].reshape(chains * count, tags)
    members = marginals[1:].reshape(groups - 1, chains * count, tags)
    each = (margin(own), entropy(own), disagreement(members))
    return tuple(values.reshape(chains, count).max(axis=0, initial=0.0) for values in each)


def _table(tags: IntArray, starts: Sequence[int], ends: Sequence[int]) -> IntArray:
    """The spans that tags (chains, n) tell, a row each: piece, chain, first token, last token, label's position."""
    rows = [
        (piece, head, start + first, start + last, label)
        for piece, (start, end) in enumerate(zip(starts, ends, strict=True))
        for head in range(len(tags))
        for first, last, label in runs(tags[head, start:end])
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 5)


def _spans(
    table: IntArray, stated: FloatArray, found: Sequence[Tokens], starts: IntArray, scheme: Scheme
) -> list[list[tuple[Mark, float]]]:
    """The same as characters of each piece's text."""
    spans: list[list[tuple[Mark, float]]] = [[] for _ in found]
    for (piece, head, first, last, label), sure in zip(table.tolist(), stated.tolist(), strict=True):
        own, start = found[piece], int(starts[piece])
        mark = Mark(int(own.starts[first - start]), int(own.ends[last - start]), scheme.chains[head][label])
        spans[piece].append((mark, sure))
    return spans
