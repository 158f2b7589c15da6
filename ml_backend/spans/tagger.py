"""The span tagger: texts in, spans out, each with the probability that exactly this span with this label is right.

A field learns from all texts, and one more from all but a fold: what those say of texts that they have not seen
calibrates the confidence and measures the tagger, and where they differ nobody should be sure.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..records import Arrays, FloatArray, IntArray
from . import confidence, fields, reading
from .confidence import AS_STATED, Line
from .features import see
from .fields import Fields
from .reading import Piece, windows
from .tags import Mark, Scheme, scheme_of, tags_of
from .tokens import tokens

PIECE = 48
"""Tokens after which a text that is learned from is cut, where no span is."""

RAREST = 0.01
"""Spans that are less probable are not looked for: with them a set would say next to nothing."""

AT_ONCE = 3_000_000
"""Numbers that are in memory for a part of the texts: tokens times tags times fields."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a tagger says of one text: its spans in order, each with its confidence.

    ``confidence`` that all of it is right: no span is missing, wrong or too many. The signals are in [0, 1], higher =
    less sure: ``margin`` of the least sure token, mean ``entropy`` of the tokens, ``disagreement`` of the folds on the
    token where they differ most. ``likely`` are all spans that may be there, told or not, each with the probability
    that the field states: they are there where somebody asked.
    """

    marks: tuple[Mark, ...]
    confidences: tuple[float, ...]
    confidence: float
    margin: float
    entropy: float
    disagreement: float
    likely: tuple[tuple[Mark, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Tagger:
    """``fields`` are one of each chain for all texts, then one of each chain for every fold."""

    scheme: Scheme
    fields: Fields
    spans: Line = AS_STATED
    whole: Line = AS_STATED

    def tell(self, texts: Sequence[str], group: int = 0, least: float | None = None) -> list[Told]:
        """What it says of each text; ``group`` 0 is learned from all texts, f + 1 from all but fold f.

        ``least``: how probable a span must be to be ``likely``, null where nobody asks.
        """
        pieces = [(place, piece) for place, text in enumerate(texts) for piece in windows(tokens(text))]
        read: list[list[Piece]] = [[] for _ in texts]
        most = max(1, AT_ONCE // (self.fields.heads * self.scheme.tags))
        for part in _parts([len(piece.words) for _, piece in pieces], most):
            shown = [texts[place] for place, _ in pieces[part]]
            found = reading.read(shown, [piece for _, piece in pieces[part]], self.fields, self.scheme, group, least)
            for (place, _), one in zip(pieces[part], found, strict=True):
                read[place].append(one)
        return [self._told(own) for own in read]

    def tell_by(self, texts: Sequence[str], groups: IntArray, least: float | None = None) -> list[Told]:
        """The same, of each text by its own group, (t,)."""
        told: dict[int, Told] = {}
        for group in np.unique(groups).tolist():
            places = np.flatnonzero(groups == group).tolist()
            told |= zip(places, self.tell([texts[place] for place in places], group, least), strict=True)
        return [told[place] for place in range(len(texts))]

    def _told(self, pieces: Sequence[Piece]) -> Told:
        """What the pieces of one text say together; nothing, and that for sure, where it has no token."""
        spans = sorted(span for piece in pieces for span in piece.spans)
        sure = self.spans(np.array([stated for _, stated in spans]))
        whole = self.whole(np.exp([sum(piece.log_probability for piece in pieces)]))
        return Told(
            tuple(mark for mark, _ in spans),
            tuple(sure.tolist()),
            float(whole[0]),
            max((piece.margin for piece in pieces), default=0.0),
            sum(piece.entropy for piece in pieces) / max(1, sum(piece.tokens for piece in pieces)),
            max((piece.disagreement for piece in pieces), default=0.0),
            tuple(sorted(span for piece in pieces for span in piece.likely)),
        )

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """What ``restore`` needs: JSON and arrays."""
        lines = {name: [line.slope, line.shift] for name, line in (("spans", self.spans), ("whole", self.whole))}
        return {"labels": list(self.scheme.labels), "apart": self.scheme.apart, **lines}, self.fields.saved()


def restore(settings: Mapping[str, Any], arrays: Arrays) -> Tagger:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    scheme = Scheme(tuple(settings["labels"]), bool(settings["apart"]))
    return Tagger(scheme, fields.restore(arrays), Line(*settings["spans"]), Line(*settings["whole"]))


def fit(
    texts: Sequence[str],
    answers: Sequence[Sequence[Mark]],
    weights: FloatArray,
    folds: IntArray,
    labels: Sequence[str],
    rng: np.random.Generator,
    *,
    count: int,
) -> tuple[Tagger, list[Told]]:
    """A tagger, and what it says of each text out of fold, calibrated.

    ``weights`` (t,) are how sure each answer is, ``folds`` (t,) in [0, ``count``). Raises ValueError where no text has
    a token.
    """
    found = [tokens(text) for text in texts]
    seen = see(texts, found)
    if not len(seen.kinds):
        raise ValueError("the texts have no words")
    scheme = scheme_of(labels, answers)
    tags = np.hstack([tags_of(scheme, one, marks) for one, marks in zip(found, answers, strict=True)])
    groups = np.stack([np.ones(len(texts)), *(folds != fold for fold in range(count))]) * weights
    trust = np.repeat(np.repeat(groups, seen.lengths, axis=1), len(scheme.chains), axis=0)
    learned = fields.fit(seen, np.tile(tags, (count + 1, 1)), trust, scheme.allowed(), _pieces(seen.lengths, tags), rng)
    return _calibrated(Tagger(scheme, learned), texts, answers, weights, folds)


def _calibrated(
    raw: Tagger, texts: Sequence[str], answers: Sequence[Sequence[Mark]], weights: FloatArray, folds: IntArray
) -> tuple[Tagger, list[Told]]:
    """The tagger with what its own confidence out of fold was worth, and what it then says out of fold."""
    stated = raw.tell_by(texts, folds + 1, RAREST)
    given = [set(marks) for marks in answers]
    spans = confidence.fit(
        np.array([sure for told in stated for sure in told.confidences]),
        np.array([mark in own for told, own in zip(stated, given, strict=True) for mark in told.marks], dtype=float),
        np.array([weight for told, weight in zip(stated, weights, strict=True) for _ in told.marks]),
    )
    right = np.array([set(told.marks) == own for told, own in zip(stated, given, strict=True)], dtype=float)
    whole = confidence.fit(np.array([told.confidence for told in stated]), right, weights)
    tagger = dataclasses.replace(raw, spans=spans, whole=whole)
    return tagger, [
        dataclasses.replace(
            told,
            confidences=tuple(spans(np.array(told.confidences)).tolist()),
            confidence=float(whole(np.array([told.confidence]))[0]),
        )
        for told in stated
    ]


def _parts(lengths: Sequence[int], most: int) -> Iterator[slice]:
    """Consecutive pieces that have at most ``most`` tokens together; a longer one is alone."""
    first, total = 0, 0
    for at, length in enumerate(lengths):
        if at > first and total + length > most:
            yield slice(first, at)
            first, total = at, 0
        total += length
    if first < len(lengths):
        yield slice(first, len(lengths))


def _pieces(lengths: IntArray, tags: IntArray) -> tuple[IntArray, IntArray]:
    """Where pieces of the texts begin and how long they are: cut after PIECE tokens where no chain has a span."""
    outside = (tags == 0).all(axis=0)
    starts, sizes = [], []
    begin = 0
    for length in lengths.tolist():
        cuts = [begin]
        free = np.flatnonzero(outside[begin : begin + length]) + begin + 1  # the token before is in no span
        while (at := int(np.searchsorted(free, cuts[-1] + PIECE))) < len(free) and free[at] < begin + length:
            cuts.append(int(free[at]))
        ends = [*cuts[1:], begin + length]
        starts += [cut for cut, end in zip(cuts, ends, strict=True) if end > cut]
        sizes += [end - cut for cut, end in zip(cuts, ends, strict=True) if end > cut]
        begin += length
    return np.array(starts, dtype=np.int64), np.array(sizes, dtype=np.int64)
