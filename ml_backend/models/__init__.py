"""What learns from an encoder's rows: one family a file, all of them in one dict.

A head turns rows (n, d) into logits (n, k): over the classes of a single choice, or of each label by itself
(``multiple``), or into numbers. It is written as plain arrays and JSON.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..records import Arrays, Features, FloatArray
from . import centroids, ensemble, logistic, ridge
from .options import Options


class Head(Protocol):
    """A fitted head."""

    def logits(self, features: Features) -> FloatArray:
        """(n, k)."""

    def each(self, features: Features) -> Sequence[FloatArray]:
        """The logits of each of its members, (n, k), where it is an ensemble; nothing where it is one model."""

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """What ``restore`` needs: JSON and arrays."""


@dataclass(frozen=True, slots=True)
class HeadFamily:
    """How one kind of head is fitted and restored.

    ``fit(features, targets, weights, options)``: ``targets`` (n, k) in [0, 1], rows summing to 1 for a single
    choice; ``weights`` (g, n) not negative. There is a head for each of the g rows of weights, and it has not seen
    what weighs nothing there. Equal arguments give equal heads. Where ``numbers``, targets are numbers of any size and
    the logits estimate them.
    """

    fit: Callable[[Features, FloatArray, FloatArray, Options], Sequence[Head]]
    restore: Callable[[Mapping[str, Any], Arrays], Head]
    numbers: bool = False


HEADS: Mapping[str, HeadFamily] = {
    "logistic": HeadFamily(logistic.fit, logistic.restore),
    "ridge": HeadFamily(ridge.fit, ridge.restore, numbers=True),
    "centroids": HeadFamily(centroids.fit, centroids.restore),
    "ensemble": HeadFamily(ensemble.fit, ensemble.restore),
}
