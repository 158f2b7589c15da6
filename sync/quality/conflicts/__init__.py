"""Near-identical tasks: equal once normalised, or with nearly the same text, or with nearly the same vector."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..records import FloatArray
from .alike import Alike, alike_texts, alike_vectors
from .content import Content, content, normalised
from .stars import Star, stars

__all__ = ["NearIdentical", "near_identical", "normalised"]


@dataclass(frozen=True, slots=True)
class NearIdentical:
    """Tasks that show nearly the same.

    ``tasks`` are in ascending order; ``similarity`` in [0, 1] is each one's with the group's centre (1 for what is
    equal to it once normalised). ``raw`` has equal numbers for tasks whose data are equal to the letter: places in
    their text mean the same.
    """

    tasks: tuple[int, ...]
    similarity: tuple[float, ...]
    raw: tuple[int, ...]


def near_identical(
    data: Mapping[int, Mapping[str, Any]],
    fields: Sequence[str],
    vectors: Mapping[int, FloatArray] | None = None,
    *,
    similarity: float = 0.8,
    cosine: float = 0.97,
    seed: int = 0,
) -> tuple[NearIdentical, ...]:
    """Groups of two or more near-identical tasks, by their first task; no task is in two of them.

    ``fields`` are what tasks are compared in. Two tasks are near-identical where the fields are equal once normalised
    (addresses, images in place and numbers: to the letter); or where every written field has a Jaccard similarity of
    character shingles of at least ``similarity``, everything else being equal, also the numbers in it (another date or
    code makes another task) and fields of under 20 characters; or, with ``vectors`` (task -> its embedding), where the
    cosine is at least ``cosine``. Tasks that show nothing are like no other.

    Likeness does not chain: every group is a star, all of it like its centre (Aslam, Pelekhov and Rus 2004), so that no
    two members are further apart than twice what the threshold allows. ``seed`` draws the hashes; a pair at the
    threshold is missed with a probability of 0.0004, in groups of hundreds more often.
    Raises ValueError for thresholds outside (0, 1].

    >>> data = {1: {"t": "The quick brown fox jumps!"}, 2: {"t": "the quick  brown fox jumps!"}, 3: {"t": "A dog"}}
    >>> near_identical(data, ["t"])
    (NearIdentical(tasks=(1, 2), similarity=(1.0, 1.0), raw=(0, 1)),)
    """
    if not (0 < similarity <= 1 and 0 < cosine <= 1):
        raise ValueError(f"similarity and cosine are in (0, 1], not {similarity} and {cosine}")
    shown = {task: what for task in sorted(data) if not (what := content(data[task], fields)).empty}
    distinct: dict[Content, list[int]] = {}
    for task, what in shown.items():
        distinct.setdefault(what, []).append(task)
    members = list(distinct.values())
    pairs = [_alike_texts(list(distinct), fields, similarity, seed)]
    if vectors:
        pairs.append(_alike_vectors(members, vectors, cosine, seed))
    groups = stars(len(members), pairs)
    found = [_group(group, members, data, fields) for group in groups]
    return tuple(sorted((one for one in found if len(one.tasks) > 1), key=lambda one: one.tasks))


def _alike_texts(shown: Sequence[Content], fields: Sequence[str], threshold: float, seed: int) -> Alike:
    """Among contents that have written text; a field that one has not is empty."""
    alike = Counter(what.exact for what in shown if what.texts)
    written = [place for place, what in enumerate(shown) if what.texts and alike[what.exact] > 1]
    code: dict[object, int] = {}
    apart = np.array([code.setdefault(shown[place].exact, len(code)) for place in written], dtype=np.int64)
    used = [name for name in fields if any(name == field for place in written for field, _ in shown[place].texts)]
    texts = [[dict(shown[place].texts).get(name, "") for name in used] for place in written]
    found = alike_texts(texts, apart, threshold, seed)
    places = np.array(written, dtype=np.int64)
    return Alike(places[found.left], places[found.right], found.similarity)


def _alike_vectors(
    members: Sequence[Sequence[int]], vectors: Mapping[int, FloatArray], threshold: float, seed: int
) -> Alike:
    """Among contents of which a task has a vector: that of the first of them stands for all."""
    chosen = [(place, task) for place, tasks in enumerate(members) for task in tasks if task in vectors]
    first = dict(reversed(chosen))
    places = np.array(sorted(first), dtype=np.int64)
    if not len(places):
        return Alike(places, places, np.zeros(0))
    found = alike_vectors(np.array([vectors[first[place]] for place in places.tolist()], np.float64), threshold, seed)
    return Alike(places[found.left], places[found.right], found.similarity)


def _group(
    star: Star, members: Sequence[Sequence[int]], data: Mapping[int, Mapping[str, Any]], fields: Sequence[str]
) -> NearIdentical:
    """The tasks of all contents of a star."""
    likeness = {task: alike for place, alike in star.items() for task in members[place]}
    code: dict[str, int] = {}
    raw = {}
    for task in sorted(likeness):
        letters = repr([(name, data[task].get(name)) for name in fields])
        raw[task] = code.setdefault(letters, len(code))
    return NearIdentical(tuple(raw), tuple(likeness[task] for task in raw), tuple(raw.values()))
