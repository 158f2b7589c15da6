"""Which of several models is kept: the usual one, unless another one is clearly better on answers that none saw. Pure.

A model of more parts is not better because it is newer. All candidates judge the same answers out of fold, and only
what is better than the usual one by more than one standard error of the paired difference takes its place (the rule of
Breiman et al. 1984, chapter 3, on differences).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..records import FloatArray

CLEAR = 1.0
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """The ``chosen`` candidate, and the mean log loss of each one compared; for those ``left_out`` time ran out."""

    chosen: str
    losses: Mapping[str, float]
    left_out: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is told and stored."""
        return {"chosen": self.chosen, "log_loss": dict(self.losses), "left_out": list(self.left_out)}

    def in_words(self) -> str:
        """One line for people.

        >>> Choice("a", {"a": 0.5, "b": 0.625}, ("c",)).in_words()
        'a of a, b (log loss 0.500, 0.625; no time for c)'
        """
        told = ", ".join(f"{loss:.3f}" for loss in self.losses.values())
        rest = f"; no time for {', '.join(self.left_out)}" if self.left_out else ""
        return f"{self.chosen} of {', '.join(self.losses)} (log loss {told}{rest})"


def from_json(raw: Mapping[str, Any]) -> Choice:
    """What ``as_json`` gave; raises KeyError, TypeError, ValueError or AttributeError for others."""
    losses = {str(name): float(loss) for name, loss in raw["log_loss"].items()}
    return Choice(str(raw["chosen"]), losses, tuple(map(str, raw["left_out"])))


def choose(losses: Mapping[str, FloatArray], left_out: tuple[str, ...] = (), clear: float = CLEAR) -> Choice:
    """The candidate with the least mean loss of those that are clearly better than the first, which is the usual one.

    ``losses`` are each candidate's on the same answers, (n,) each, out of fold; lower is better. With fewer than two
    answers nothing is clear. Raises ValueError without a candidate, or where they judge different answers.

    >>> choose({"usual": np.array([0.5, 0.7, 0.6]), "new": np.array([0.4, 0.5, 0.5])}).chosen
    'new'
    """
    if not losses:
        raise ValueError("there is nothing to choose from")
    if len({len(values) for values in losses.values()}) > 1:
        raise ValueError("the candidates judge different answers")
    usual, first = next(iter(losses.items()))
    means = {name: float(values.mean()) if len(values) else 0.0 for name, values in losses.items()}
    better = [usual, *(name for name, values in losses.items() if _clearly_less(values, first, clear))]
    best = min(better, key=lambda name: means[name])
    return Choice(best, {name: round(mean, DIGITS) for name, mean in means.items()}, left_out)


def _clearly_less(values: FloatArray, usual: FloatArray, clear: float) -> bool:
    if len(values) < 2:
        return False
    gain = usual - values
    return bool(gain.mean() > clear * gain.std(ddof=1) / np.sqrt(len(gain)))
