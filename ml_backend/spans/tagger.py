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
from ..uncertainty import disagreement, entropy, margin
from . import chain, confidence, fields
from .confidence import AS_STATED, Line
from .features import see
from .fields import Fields
from .tags import Mark, Scheme, runs, scheme_of, tags_of
from .tokens import Tokens, tokens

PIECE = 48
"""Tokens after which a text that is learned from is cut, where no span is."""

WINDOW = 1024
"""Tokens after which a text that is read is cut, at the end of a sentence where there is one near."""

_ENDS = frozenset(".!?;。！？।۔")

AT_ONCE = 3_000_000
"""Numbers that are in memory for a part of the texts: tokens times tags times fields."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a tagger says of one text: its spans in order, each with its confidence.

    ``confidence`` that all of it is right: no span is missing, wrong or too many. The signals are in [0, 1], higher =
    less sure: ``margin`` of the least sure token, mean ``entropy`` of the tokens, ``disagreement`` of the folds on the
    token where they differ most.
    """

    marks: tuple[Mark, ...]
    confidences: tuple[float, ...]
    confidence: float
    margin: float
    entropy: float
    disagreement: float


@dataclass(frozen=True, slots=True)
class Tagger:
    """``fields`` are one of each chain for all texts, then one of each chain for every fold."""

    scheme: Scheme
    fields: Fields
    spans: Line = AS_STATED
    whole: Line = AS_STATED

    def tell(self, texts: Sequence[str], group: int = 0) -> list[Told]:
        """What it says of each text; ``group`` 0 is learned from all texts, f + 1 from all but fold f."""
        found = [tokens(text) for text in texts]
        size = self.fields.heads * self.scheme.tags
        told: list[Told] = []
        for part in _parts([len(one.words) for one in found], max(1, AT_ONCE // size)):
            told += self._tell(texts[part], found[part], group)
        return told

    def tell_by(self, texts: Sequence[str], groups: IntArray) -> list[Told]:
        """The same, of each text by its own group, (t,)."""
        told: dict[int, Told] = {}
        for group in np.unique(groups).tolist():
            places = np.flatnonzero(groups == group).tolist()
            told |= zip(places, self.tell([texts[place] for place in places], group), strict=True)
        return [told[place] for place in range(len(texts))]

    def _tell(self, texts: Sequence[str], found: Sequence[Tokens], group: int) -> list[Told]:
        seen = see(texts, found)
        where = chain.layout(*_windows(found))
        scores = self.fields.scores(seen, where.order)
        steps = self.fields.steps()
        said = chain.beliefs(scores, steps, where)
        count = len(self.scheme.chains)
        own = slice(group * count, (group + 1) * count)
        path = chain.best_path(scores[own], steps[own], where)
        shares = chain.path_log_probability(path, scores[own], steps[own], _only(said, own), where)
        doubt = _Doubt.of(said.marginals.reshape(len(said.marginals) // count, count, *scores.shape[1:]), group)
        token_of = np.argsort(where.order)
        ends = np.cumsum(seen.lengths)
        borders = list(zip((ends - seen.lengths).tolist(), ends.tolist(), strict=True))
        marked = self._marked(path[:, token_of], _only(said, own), steps[own], where, token_of, borders)
        sure = np.exp([shares[:, token_of[first:end]].sum() for first, end in borders])
        return [
            _told(one, marks, whole, doubt.at(token_of[first:end]))
            for one, marks, whole, (first, end) in zip(found, marked, self.whole(sure).tolist(), borders, strict=True)
        ]

    def _marked(
        self,
        tags: IntArray,
        said: chain.Beliefs,
        steps: FloatArray,
        where: chain.Layout,
        token_of: IntArray,
        borders: Sequence[tuple[int, int]],
    ) -> list[list[tuple[int, int, str, float]]]:
        """The spans of each text: first and last token within it, label, calibrated confidence."""
        names = self.scheme.chains
        rows = [
            (text, head, begin + first, begin + last, place)
            for text, (begin, end) in enumerate(borders)
            for head in range(len(names))
            for first, last, place in runs(tags[head, begin:end])
        ]
        found: list[list[tuple[int, int, str, float]]] = [[] for _ in borders]
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        stated = chain.span_probability(table[:, 1:], said, steps, where, token_of)
        for (text, head, first, last, place), sure in zip(rows, self.spans(stated).tolist(), strict=True):
            begin = borders[text][0]
            found[text].append((first - begin, last - begin, names[head][place], sure))
        return found

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
    stated = raw.tell_by(texts, folds + 1)
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


@dataclass(frozen=True, slots=True)
class _Doubt:
    """How unsure each token's tag is, the least sure of its chains, (n,) each, in the layout's order."""

    margin: FloatArray
    entropy: FloatArray
    disagreement: FloatArray

    @classmethod
    def of(cls, marginals: FloatArray, group: int) -> "_Doubt":
        """Of marginals (groups, chains, n, tags)."""
        groups, chains, count, tags = marginals.shape
        own = marginals[group].reshape(-1, tags)
        members = marginals[1:].reshape(groups - 1, -1, tags)
        each = (margin(own), entropy(own), disagreement(members))
        return cls(*(values.reshape(chains, count).max(axis=0, initial=0.0) for values in each))

    def at(self, rows: IntArray) -> tuple[float, float, float]:
        """Of the tokens of a text: the largest margin, the mean entropy, the largest disagreement; 0 without any."""
        if not len(rows):
            return 0.0, 0.0, 0.0
        return float(self.margin[rows].max()), float(self.entropy[rows].mean()), float(self.disagreement[rows].max())


def _told(
    found: Tokens, marked: Sequence[tuple[int, int, str, float]], whole: float, doubt: tuple[float, float, float]
) -> Told:
    """Tokens become characters; spans in the order of the text."""
    spans = sorted(
        (Mark(int(found.starts[first]), int(found.ends[last]), label), sure) for first, last, label, sure in marked
    )
    return Told(tuple(mark for mark, _ in spans), tuple(sure for _, sure in spans), whole, *doubt)


def _only(said: chain.Beliefs, own: slice) -> chain.Beliefs:
    """The beliefs of some fields."""
    return chain.Beliefs(*(getattr(said, one.name)[own] for one in dataclasses.fields(said)))


def _parts(lengths: Sequence[int], most: int) -> Iterator[slice]:
    """Consecutive texts that have at most ``most`` tokens together; a longer one is alone."""
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


def _windows(found: Sequence[Tokens]) -> tuple[IntArray, IntArray]:
    """The same for texts that are read: cut after WINDOW tokens, behind the end of a sentence in the last quarter."""
    starts, sizes = [], []
    begin = 0
    for one in found:
        at, length = 0, len(one.words)
        while at < length:
            end = min(at + WINDOW, length)
            if end < length:
                near = range(end, at + 3 * WINDOW // 4, -1)
                end = next((cut for cut in near if one.words[cut - 1] in _ENDS), end)
            starts.append(begin + at)
            sizes.append(end - at)
            at = end
        begin += length
    return np.array(starts, dtype=np.int64), np.array(sizes, dtype=np.int64)
