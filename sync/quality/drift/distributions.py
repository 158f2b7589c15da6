"""Data drift: other labels, other texts, other images than before."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from ..conflicts import normalised
from ..conflicts.shingles import mixed
from ..records import BoolArray, FloatArray, IntArray
from .drifts import Drift
from .two_samples import indicators, kernel_features, shift
from .windows import Look, looks

VOCABULARY = 512
"""Buckets that words are hashed into."""
_WORD = re.compile(r"\w+")


def label_drift(
    control: str,
    labels: Mapping[int, Sequence[str]],
    times: Mapping[int, int],
    rng: np.random.Generator,
    draws: int = 1999,
) -> list[Drift]:
    """Whether the labels that tasks get are distributed as before: a test a window.

    ``labels`` maps tasks to the labels of their answer (of the consensus: one answer a task, since answers to one task
    are not independent), ``times`` to when they were answered. The statistic is Pearson's chi-square, for several
    labels a task with each label's share for itself; p by permutation of the tasks. The effect is Cramér's V, of two
    sides: the root of chi-square over the number of tasks.
    """
    tasks = sorted(labels)
    code = {label: place for place, label in enumerate(sorted({one for some in labels.values() for one in some}))}
    pairs = [(place, code[one]) for place, task in enumerate(tasks) for one in set(labels[task])]
    units, codes = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    has = indicators(codes, units, len(tasks), len(code))
    found = []
    for look in looks(_times(tasks, times)):
        here = look.before | look.after
        share = has[here].mean(axis=0)
        weighted = has[here] / np.sqrt(np.where(share > 0, share, 1.0))
        one = shift(weighted, look.after[here], rng, draws)
        change = has[look.after].mean(axis=0) - has[look.before].mean(axis=0)
        effect = float(np.sqrt(one.statistic / here.sum()))
        words = _moved(list(code), has, look, change) if len(code) else "No label was chosen."
        found.append(_drift("label_drift", control, "", look, words, one.statistic, one.p, effect, "Cramér's V"))
    return found


def _moved(names: Sequence[str], has: FloatArray, look: Look, change: FloatArray) -> str:
    most = int(np.argmax(np.abs(change)))
    old, new = (100 * float(has[side, most].mean()) for side in (look.before, look.after))
    return f"The share of tasks with the label {names[most]} went from {old:.0f} % to {new:.0f} %."


def text_drift(
    field: str, texts: Mapping[int, str], times: Mapping[int, int], rng: np.random.Generator, draws: int = 1999
) -> list[Drift]:
    """Whether tasks use the words that they used before: a test a window.

    A text is the words in it, hashed into 512 buckets, as a vector of length 1; the statistic is the squared distance
    of the mean vectors (maximum mean discrepancy with a linear kernel), p by permutation of the texts, so that words of
    one text need not be independent. The effect is the share of variance between the two sides.
    """
    tasks = sorted(texts)
    words = [sorted(set(_WORD.findall(normalised(texts[task])))) for task in tasks]
    known = {word: place for place, word in enumerate(sorted({word for some in words for word in some}))}
    bucket = mixed(np.fromiter(map(_code, known), np.uint64, len(known))) % np.uint64(VOCABULARY)
    units = np.repeat(np.arange(len(tasks)), [len(some) for some in words])
    places = np.fromiter((known[word] for some in words for word in some), np.int64, len(units))
    features = indicators(bucket.astype(np.int64)[places], units, len(tasks), VOCABULARY)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1.0)
    found = []
    for look in looks(_times(tasks, times)):
        here = look.before | look.after
        one = shift(features[here], look.after[here], rng, draws)
        said = _changed_words(words, look)
        found.append(_drift("input_drift", "", field, look, said, one.statistic, one.p, one.share, "share of variance"))
    return found


def _code(word: str) -> int:
    """A number for a word, the same in every process: Fowler, Noll and Vo (FNV-1a) over its bytes."""
    found = 0xCBF29CE484222325
    for byte in word.encode():
        found = (found ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return found


def _changed_words(words: Sequence[Sequence[str]], look: Look) -> str:
    """The words whose share of texts grew and fell most."""
    counted = [
        Counter(word for place in np.flatnonzero(side).tolist() for word in words[place])
        for side in (look.before, look.after)
    ]
    n, m = int(look.before.sum()), int(look.after.sum())
    change = {word: counted[1][word] / m - counted[0][word] / n for word in counted[0] | counted[1]}
    order = sorted(change, key=lambda word: (-change[word], word))
    more, fewer = [word for word in order[:3] if change[word] > 0], [w for w in order[::-1][:3] if change[w] < 0]
    return f"More texts than before have: {', '.join(more) or 'nothing'}; fewer have: {', '.join(fewer) or 'nothing'}."


def vector_drift(
    what: str,
    vectors: Mapping[int, FloatArray],
    times: Mapping[int, int],
    rng: np.random.Generator,
    draws: int = 1999,
    names: Sequence[str] = (),
) -> list[Drift]:
    """Whether embeddings (or statistics of pictures) are distributed as before: a test a window.

    ``names`` are what the numbers of a vector are, where they mean something: the one that moved most is named. The
    statistic is the squared maximum mean discrepancy with a Gaussian kernel, by random features, so that the time is
    linear; p by permutation of the tasks. The effect is the share of variance between the two sides. Vectors that are
    not finite are left out.
    """
    tasks = [task for task in sorted(vectors) if np.isfinite(vectors[task]).all()]
    if not tasks:
        return []
    values = np.array([vectors[task] for task in tasks], dtype=np.float64)
    features = kernel_features(values, rng)
    found = []
    for look in looks(_times(tasks, times)):
        here = look.before | look.after
        one = shift(features[here], look.after[here], rng, draws)
        words = f"{100 * one.share:.1f} % of how tasks vary lies between these and those before."
        if names:
            words += _farthest(names, values, look)
        found.append(_drift("input_drift", "", what, look, words, one.statistic, one.p, one.share, "share of variance"))
    return found


def _farthest(names: Sequence[str], values: FloatArray, look: Look) -> str:
    """The number whose mean moved most, beside how it varies."""
    old, new = (values[side].mean(axis=0) for side in (look.before, look.after))
    spread = values[look.before | look.after].std(axis=0)
    most = int(np.argmax(np.divide(np.abs(new - old), spread, out=np.zeros(len(names)), where=spread > 0)))
    return f" Most moved: {names[most]}, from {old[most]:.2f} to {new[most]:.2f} in the mean."


def _times(tasks: Sequence[int], times: Mapping[int, int]) -> IntArray:
    return np.fromiter((times.get(task, 0) for task in tasks), np.int64, len(tasks))


def _drift(
    name: str, control: str, what: str, look: Look, words: str, statistic: float, p: float, effect: float, scale: str
) -> Drift:
    before, after = _count(look.before), _count(look.after)
    return Drift(name, control, what, look.at, look.until, before, after, words, statistic, p, None, effect, scale)


def _count(side: BoolArray) -> int:
    return int(side.sum())
