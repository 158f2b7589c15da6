"""One run of a strategy over a labeled set: what is chosen, and how good the model is after each batch. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..acquisition import STRATEGIES, Pool, order_pool, typiclust
from ..calibration import fit_temperature, softmax_at
from ..control_model import nearest
from ..encoders import ENCODERS
from ..models import HEADS, Head
from ..models.options import Options
from ..records import Features, FloatArray, IntArray
from ..uncertainty import Signals, disagreement, entropy, margin, novelty, utility

DEFAULT = "default"
"""The name of whatever the product does by itself: the first of STRATEGIES."""
BLIND = frozenset(("random", "coreset", "typiclust"))
"""Strategies that do not ask a model."""
FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Labeled:
    """A labeled set as an encoder describes it: rows to choose from and rows to test on, classes 0..k-1."""

    encoder: str
    described: Features
    classes: IntArray
    test: Features
    test_classes: IntArray
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many labels there are at first, in each further batch, and in the end; ``random_share`` of each batch."""

    start: int = 20
    batch: int = 20
    budget: int = 1000
    random_share: float = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What came of one run: after ``labels`` labels, accuracy and macro-F1 on the test rows; ``chosen`` in order."""

    labels: Sequence[int]
    accuracy: Sequence[float]
    macro_f1: Sequence[float]
    chosen: Sequence[int]


def replay(data: Labeled, strategy: str, seed: int, plan: Plan) -> Curve:
    """Choose batch after batch as ``strategy`` says, and learn after each; equal arguments give equal curves.

    The first ``start`` rows are drawn at random, the same ones for every strategy of a seed; the default begins as the
    product does, with typical ones (``cold_start``). ``random_share`` of each further batch is drawn at random as well,
    as in the product, except by the strategy "random" itself.
    """
    rng = np.random.default_rng(seed)
    count = len(data.classes)
    budget = min(plan.budget, count)
    chosen = rng.permutation(count)[: min(plan.start, budget)].astype(np.int64)
    if strategy == DEFAULT:
        chosen = _typical(data, len(chosen), rng)
    labels, accuracy, macro = [], [], []
    while True:
        learned = _learned(data, chosen, ask=strategy not in BLIND and len(chosen) < budget)
        said = learned.head.logits(learned.test).argmax(axis=1)
        labels.append(len(chosen))
        accuracy.append(float(np.mean(said == data.test_classes)))
        macro.append(macro_f1(data.test_classes, said, len(data.labels)))
        if len(chosen) >= budget:
            break
        chosen = np.concatenate(
            [chosen, _next(learned, chosen, strategy, min(plan.batch, budget - len(chosen)), plan, rng)]
        )
    return Curve(labels, accuracy, macro, chosen.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class _Learned:
    """What one batch of labels teaches: rows of the pool and the test, the head, and the members and temperature."""

    pool: Features
    test: Features
    head: Head
    members: Sequence[Head]
    temperature: float
    distances: FloatArray


def _typical(data: Labeled, count: int, rng: np.random.Generator) -> IntArray:
    """Typical rows of as many regions of the pool, which an encoder sees that knows all of it."""
    rows = ENCODERS[data.encoder].fit(data.described).encode(data.described)
    return typiclust(Pool(np.zeros(len(data.classes)), rows), rng, count)[:count]


def full_accuracy(data: Labeled) -> float:
    """The accuracy of the model that learns from every row."""
    learned = _learned(data, np.arange(len(data.classes)), ask=False)
    return float(np.mean(learned.head.logits(learned.test).argmax(axis=1) == data.test_classes))


def _learned(data: Labeled, chosen: IntArray, *, ask: bool) -> _Learned:
    """Encoder and head from the chosen rows, as the product learns them; the folds only where they are asked."""
    family = ENCODERS[data.encoder]
    encoder = family.fit(data.described[chosen])
    pool, test = encoder.encode(data.described), encoder.encode(data.test)
    rows, classes = pool[chosen], data.classes[chosen]
    targets = np.eye(len(data.labels))[classes]
    folds = _folds(classes) if ask else np.full(len(chosen), -1)
    weights = [np.ones(len(chosen)), *((folds != fold).astype(float) for fold in range(FOLDS) if ask)]
    head, *members = HEADS[family.head].fit(rows, targets, np.stack(weights), Options())
    if not ask:
        return _Learned(pool, test, head, (), 1.0, np.empty(0))
    logits = np.zeros_like(targets)
    known = np.zeros(len(chosen), dtype=bool)
    for fold, member in enumerate(members):
        inside = np.flatnonzero(folds == fold)
        if len(inside):
            logits[inside] = member.logits(rows[inside])
            known[inside] = np.isin(classes[inside], classes[folds != fold])
    temperature = fit_temperature(logits[known], classes[known])
    distances = nearest(family.without_own(rows, np.arange(len(chosen))), rows, own=np.arange(len(chosen)))
    return _Learned(pool, test, head, members, temperature, distances)


def _folds(classes: IntArray) -> IntArray:
    """The fold of each row: classes spread evenly."""
    order = np.random.default_rng(0).permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    found = np.empty(len(classes), dtype=np.int64)
    found[order] = np.arange(len(classes)) % FOLDS
    return found


def _next(
    learned: _Learned, chosen: IntArray, strategy: str, batch: int, plan: Plan, rng: np.random.Generator
) -> IntArray:
    """The rows of the next batch."""
    open_ = np.setdiff1d(np.arange(learned.pool.shape[0]), chosen)
    if strategy == "random":
        return rng.choice(open_, batch, replace=False)
    at_random = rng.choice(open_, round(plan.random_share * batch), replace=False)
    left = np.setdiff1d(open_, at_random)
    name = next(iter(STRATEGIES)) if strategy == DEFAULT else strategy
    pool = _pool(learned, left, learned.pool[chosen])
    places = order_pool(pool, np.zeros(len(left), dtype=bool), rng, name, batch)
    best: IntArray = left[np.argsort(places)[: batch - len(at_random)]]
    return np.concatenate([best, at_random])


def _pool(learned: _Learned, rows: IntArray, known: Features) -> Pool:
    features = learned.pool[rows]
    if not learned.members:
        return Pool(np.zeros(len(rows)), features, known=known)
    probabilities = softmax_at(learned.head.logits(features), learned.temperature)
    each = np.stack([softmax_at(member.logits(features), learned.temperature) for member in learned.members])
    signals: Signals = {
        "margin": margin(probabilities),
        "entropy": entropy(probabilities),
        "disagreement": disagreement(each),
        "novelty": novelty(nearest(features, known), learned.distances),
    }
    return Pool(utility(signals), features, probabilities, signals, known)


def macro_f1(truth: IntArray, said: IntArray, classes: int) -> float:
    """The mean over the classes that occur in ``truth`` of the harmonic mean of precision and recall, in [0, 1].

    >>> round(macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1]), 2), 3)
    0.667
    """
    right = np.bincount(truth[truth == said], minlength=classes).astype(float)
    there = np.bincount(truth, minlength=classes)
    total = there + np.bincount(said, minlength=classes)
    return float(np.mean(2 * right[there > 0] / total[there > 0]))
