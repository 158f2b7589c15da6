"""The ranker: lists in, orders out, each with the probability that it is right to the last place.

A linear score puts items in order; where there are buckets, a classifier puts each item into one, and the score orders
those of a bucket. One of each learns from all lists and one more from all but a fold.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from ..calibration import fit_temperature, softmax_at
from ..learners.recalled import FOLDS
from ..models import HEADS, Head
from ..models.options import Options
from ..records import Arrays, Features, FloatArray, IntArray
from ..spans import confidence
from ..spans.confidence import AS_STATED, Line
from ..uncertainty import disagreement, entropy, margin
from . import plackett_luce as order

HEAD = "logistic"
STRENGTHS = (3.0, 0.3, 0.03)
"""How much large weights cost: what tells the order of lists best that were not learned from is kept."""

Buckets = tuple[tuple[int, ...], ...]
"""For each bucket which items are in it, by their place in the list, the first one first."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a ranker says of one list; ``confidence`` that all of it is right.

    The signals are in [0, 1], higher = less sure: ``margin`` of the least sure neighbours or bucket, mean ``entropy``
    and largest ``disagreement`` of the same. ``shares`` (items, buckets): the probability that an item is in a bucket;
    of a plain ranker, that it comes first.
    """

    buckets: Buckets
    confidence: float
    margin: float
    entropy: float
    disagreement: float
    shares: FloatArray = field(compare=False)


@dataclass(frozen=True, slots=True)
class Ranker:
    """``scorers`` (1 + FOLDS, d), and as many ``sorters`` into ``count`` buckets and, behind them, into none of these.

    A plain ranker has one bucket and no sorters.
    """

    count: int
    scorers: FloatArray
    sorters: tuple[Head, ...] = ()
    temperature: float = 1.0
    sorting: float = 1.0
    whole: Line = AS_STATED

    def tell(self, features: Features, sizes: Sequence[int], groups: IntArray) -> list[Told]:
        """What is said of each list, whose items are the next ``sizes`` rows of ``features``.

        ``groups`` (l,): 0 is learned from all lists, f + 1 from all but fold f.
        """
        scores = np.asarray(features @ self.scorers.T, dtype=np.float64) / self.temperature
        into = [softmax_at(one.logits(features), self.sorting) for one in self.sorters]
        sorted_into = np.stack(into) if into else np.ones((FOLDS + 1, len(scores), 1))
        told = []
        start = 0
        for size, group in zip(sizes, groups.tolist(), strict=True):
            rows = slice(start, start + size)
            told.append(self._one(scores[rows], sorted_into[:, rows], group))
            start += size
        return told

    def _one(self, scores: FloatArray, into: FloatArray, group: int) -> Told:
        own, places = scores[:, group], into[group].argmax(axis=1)
        down = np.argsort(-own, kind="stable")
        buckets = tuple(tuple(down[places[down] == place].tolist()) for place in range(self.count))
        sure = float(np.log(into[group].max(axis=1)).sum())
        sure += float(order.log_probability(order.padded(own, order.side_by_side(buckets))).sum())
        upper = np.array([one for bucket in buckets for one in bucket[:-1]], dtype=np.int64)
        lower = np.array([one for bucket in buckets for one in bucket[1:]], dtype=np.int64)
        before = expit(scores[upper] - scores[lower]).T  # (groups, neighbours): the upper one comes first
        doubtful = [np.stack([before, 1 - before], axis=2), *([into] if self.sorters else [])]
        most = np.concatenate([margin(one[group]) for one in doubtful]).max(initial=0.0)
        spread = np.concatenate([entropy(one[group]) for one in doubtful])
        apart = np.concatenate([disagreement(one[1:]) for one in doubtful]).max(initial=0.0)
        mean = spread.mean() if len(spread) else 0.0
        shares = into[group][:, : self.count] if self.sorters else softmax(own)[:, None]
        whole = float(self.whole(np.array([np.exp(sure)]))[0])
        return Told(buckets, whole, float(most), float(mean), float(apart), shares)

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """What ``restore`` needs: JSON and arrays."""
        arrays: dict[str, Any] = {"scorers": self.scorers}
        heads = []
        for place, head in enumerate(self.sorters):
            settings, parts = head.saved()
            heads.append(settings)
            arrays |= {f"sorter{place}/{name}": part for name, part in parts.items()}
        return {
            "count": self.count,
            "sorters": heads,
            "temperature": self.temperature,
            "sorting": self.sorting,
            "whole": [self.whole.slope, self.whole.shift],
        }, arrays


def restore(words: Mapping[str, Any], arrays: Arrays) -> Ranker:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    sorters = []
    for place, settings in enumerate(words["sorters"]):
        prefix = f"sorter{place}/"
        own = {name.removeprefix(prefix): part for name, part in arrays.items() if name.startswith(prefix)}
        sorters.append(HEADS[HEAD].restore(settings, own))
    return Ranker(
        int(words["count"]),
        arrays["scorers"].astype(np.float64),
        tuple(sorters),
        float(words["temperature"]),
        float(words["sorting"]),
        Line(*words["whole"]),
    )


def fit(
    features: Features,
    sizes: Sequence[int],
    answers: Sequence[Buckets],
    weights: FloatArray,
    folds: IntArray,
    *,
    plain: bool,
    threads: int = 1,
) -> tuple[Ranker, list[Told]]:
    """A ranker, and what it says of each list out of fold, calibrated.

    ``answers`` are l lists by bucket, ``weights`` (l,) how sure each is, ``folds`` (l,) in [0, FOLDS). A
    ``plain`` ranker has one bucket that all items are in.
    """
    starts = np.cumsum([0, *sizes[:-1]])
    chains = [
        (task, [start + item for item in bucket])
        for task, (start, answer) in enumerate(zip(starts.tolist(), answers, strict=True))
        for bucket in answer
        if len(bucket) > 1
    ]
    lists, of_task = order.side_by_side([own for _, own in chains]), np.array([task for task, _ in chains], dtype=int)
    groups = np.stack([np.ones(len(sizes)), *(folds != fold for fold in range(FOLDS))]) * weights
    scorers, outside = _scorers(features, lists, groups[:, of_task], folds[of_task])
    raw = Ranker(len(answers[0]), scorers, temperature=order.fit_temperature(outside, _strong(weights[of_task], lists)))
    if not plain:
        raw = _sorting(raw, features, sizes, answers, groups, folds, threads)
    stated = raw.tell(features, sizes, folds + 1)
    right = np.array([told.buckets == answer for told, answer in zip(stated, answers, strict=True)], dtype=np.float64)
    whole = confidence.fit(np.array([told.confidence for told in stated]), right, weights)
    sure = whole(np.array([told.confidence for told in stated])).tolist()
    told = [dataclasses.replace(one, confidence=value) for one, value in zip(stated, sure, strict=True)]
    return dataclasses.replace(raw, whole=whole), told


def _strong(weights: FloatArray, lists: IntArray) -> FloatArray:
    """Each list as much as its answer is sure, however many items it has."""
    return np.asarray(weights / np.maximum((lists >= 0).sum(axis=1) - 1, 1))


def _scorers(features: Features, lists: IntArray, groups: FloatArray, folds: IntArray) -> tuple[FloatArray, FloatArray]:
    """The scorers (g, d), as strict as tells the orders best out of fold, and their scores out of fold, padded."""
    strong = np.stack([_strong(weights, lists) for weights in groups])
    split = order.columns(features)
    best: tuple[float, FloatArray, FloatArray, float] | None = None
    members: list[FloatArray | None] = [None] * (len(strong) - 1)
    for strength in STRENGTHS:
        learned = [
            order.fit(split, lists, weights, strength, near) for weights, near in zip(strong[1:], members, strict=True)
        ]
        members = [*learned]
        outside = np.full(lists.shape, -np.inf)
        for fold, member in enumerate(learned):
            rows = folds == fold
            outside[rows] = order.padded(split.times(member), lists[rows])
        told = float(strong[0] @ order.log_probability(outside))
        if best is None or told > best[0]:
            best = told, np.array(learned), outside, strength
    assert best is not None
    full = order.fit(split, lists, strong[0], best[3], best[1].mean(axis=0))
    return np.vstack([full, best[1]]), best[2]


def _sorting(
    raw: Ranker,
    features: Features,
    sizes: Sequence[int],
    answers: Sequence[Buckets],
    groups: FloatArray,
    folds: IntArray,
    threads: int,
) -> Ranker:
    """The ranker with what sorts items into buckets; those that an answer left out have a place of their own."""
    place = np.full(sum(sizes), raw.count, dtype=np.int64)
    start = 0
    for size, answer in zip(sizes, answers, strict=True):
        for number, bucket in enumerate(answer):
            place[[start + item for item in bucket]] = number
        start += size
    of_task = np.repeat(np.arange(len(sizes)), sizes)
    sorters = tuple(
        HEADS[HEAD].fit(features, np.eye(raw.count + 1)[place], groups[:, of_task], Options(threads=threads))
    )
    outside = np.zeros((len(place), raw.count + 1))
    for fold, head in enumerate(sorters[1:]):
        rows = np.flatnonzero(folds[of_task] == fold)
        if len(rows):
            outside[rows] = head.logits(features[rows])
    return dataclasses.replace(raw, sorters=sorters, sorting=fit_temperature(outside, place, groups[0][of_task]))
