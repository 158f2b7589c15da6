"""One run of a strategy over a labeled set: what is chosen, and how good the model is after each batch. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..acquisition import STRATEGIES, Pool, order_pool, typiclust
from ..calibration import fit_temperature, softmax_at
from ..encoders import family_of
from ..models import HEADS, Head
from ..models.options import Options
from ..records import Features, IntArray
from ..uncertainty import DEFAULT_UTILITY, disagreement, entropy, margin, utility

DEFAULT = "default"
"""The name of whatever the product does by itself: the first of STRATEGIES."""
BLIND = frozenset(("random", "coreset", "typiclust"))
"""Strategies that do not ask a model."""
BY_DISAGREEMENT = frozenset(("bald",))
"""Strategies that ask the models of the folds as well."""
FOLDS = 5
CALIBRATED_AGAIN = 1.2
"""The temperature is fitted anew once the labels have grown by this factor: it moves slowly and costs five models."""


@dataclass(frozen=True, slots=True, eq=False)
class Labeled:
    """A labeled set as an encoder describes it: rows to choose from and rows to test on, classes 0..k-1.

    ``left_out``: reason -> so many rows or tasks of the file that are in neither.
    """

    encoder: str
    described: Features
    classes: IntArray
    test: Features
    test_classes: IntArray
    labels: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many labels there are at first, in each further batch, and in the end; ``random_share`` of each batch.

    A batch is at least ``growth`` times the labels there are: late ones change the model less each.
    """

    start: int = 20
    batch: int = 20
    budget: int = 1000
    random_share: float = 0.1
    growth: float = 0.0

    def next_batch(self, labels: int, most: int) -> int:
        """How many labels come next, where ``most`` are to be had.

        >>> [Plan(growth=0.1).next_batch(labels, 1000) for labels in (100, 200, 500, 990)]
        [20, 20, 50, 10]
        """
        return min(max(self.batch, int(self.growth * labels)), most - labels)


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
    temperature = _Temperature()
    while True:
        learned = _learned(data, chosen, temperature, strategy if len(chosen) < budget else "random")
        said = learned.head.logits(learned.test).argmax(axis=1)
        labels.append(len(chosen))
        accuracy.append(float(np.mean(said == data.test_classes)))
        macro.append(macro_f1(data.test_classes, said, len(data.labels)))
        if len(chosen) >= budget:
            break
        batch = plan.next_batch(len(chosen), budget)
        chosen = np.concatenate([chosen, _next(learned, chosen, strategy, batch, plan, rng)])
    return Curve(labels, accuracy, macro, chosen.tolist())


@dataclass(slots=True)
class _Temperature:
    """The temperature as it was last fitted, from so many ``labels``."""

    value: float = 1.0
    labels: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Learned:
    """What one batch of labels teaches: rows of the pool and the test, the head, the folds' heads, the temperature."""

    pool: Features
    test: Features
    head: Head
    members: Sequence[Head]
    temperature: float


def _typical(data: Labeled, count: int, rng: np.random.Generator) -> IntArray:
    """Typical rows of as many regions of the pool, which an encoder sees that knows all of it."""
    rows = family_of(data.encoder).fit(data.described).encode(data.described)
    return typiclust(Pool(np.zeros(len(data.classes)), rows), rng, count)[:count]


def full_accuracy(data: Labeled) -> float:
    """The accuracy of the model that learns from every row."""
    learned = _learned(data, np.arange(len(data.classes)), _Temperature(), "random")
    return float(np.mean(learned.head.logits(learned.test).argmax(axis=1) == data.test_classes))


def _learned(data: Labeled, chosen: IntArray, temperature: _Temperature, strategy: str) -> _Learned:
    """Encoder and head from the chosen rows, as the product learns them; the folds only where they are needed."""
    family = family_of(data.encoder)
    encoder = family.fit(data.described[chosen])
    pool, test = encoder.encode(data.described), encoder.encode(data.test)
    rows, classes = pool[chosen], data.classes[chosen]
    targets = np.eye(len(data.labels))[classes]
    again = strategy not in BLIND and len(chosen) >= CALIBRATED_AGAIN * temperature.labels
    folds = _folds(classes) if again or strategy in BY_DISAGREEMENT else np.full(len(chosen), -1)
    weights = [np.ones(len(chosen)), *((folds != fold).astype(float) for fold in range(FOLDS) if folds[0] >= 0)]
    head, *members = HEADS[family.head].fit(rows, targets, np.stack(weights), Options())
    if again:
        temperature.value, temperature.labels = _fitted(members, folds, rows, classes), len(chosen)
    return _Learned(pool, test, head, members, temperature.value)


def _fitted(members: Sequence[Head], folds: IntArray, rows: Features, classes: IntArray) -> float:
    """The temperature out of fold, of the rows whose class the fold's model knows."""
    said, given = [], []
    for fold, member in enumerate(members):
        inside = np.flatnonzero((folds == fold) & np.isin(classes, classes[folds != fold]))
        if len(inside):
            said.append(member.logits(rows[inside]))
            given.append(classes[inside])
    return fit_temperature(np.concatenate(said), np.concatenate(given)) if said else 1.0


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
    pool = _pool(learned, left, learned.pool[chosen], strategy)
    places = order_pool(pool, np.zeros(len(left), dtype=bool), rng, name, batch)
    best: IntArray = left[np.argsort(places)[: batch - len(at_random)]]
    return np.concatenate([best, at_random])


def _pool(learned: _Learned, rows: IntArray, known: Features, strategy: str) -> Pool:
    features = learned.pool[rows]
    if strategy in BLIND:
        return Pool(np.zeros(len(rows)), features, known=known)
    probabilities = softmax_at(learned.head.logits(features), learned.temperature)
    signals = {DEFAULT_UTILITY: margin(probabilities), "entropy": entropy(probabilities)}
    if strategy in BY_DISAGREEMENT:
        each = [softmax_at(member.logits(features), learned.temperature) for member in learned.members]
        signals["disagreement"] = disagreement(np.stack(each))
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
