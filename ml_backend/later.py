"""An encoder's rows that are made once somebody looks at them: a pool has millions of tasks, its order few of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .features import chunks, stacked
from .records import BoolArray, Features, IntArray

AT_ONCE = 512
"""Tasks that are encoded together."""


@dataclass(frozen=True, slots=True, eq=False)
class Later:
    """The rows of n tasks with these ``datas``; ``encode`` gives those of some, (m, width), zeros for an unreadable."""

    datas: Sequence[Mapping[str, Any]]
    encode: Callable[[Sequence[Mapping[str, Any]]], Features]
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        return len(self.datas), self.width

    def __getitem__(self, places: slice | Sequence[int] | IntArray | BoolArray) -> Features:
        """The rows at these places, as they would have been kept."""
        chosen = self.where(places).datas
        return stacked([self.encode(part) for part in chunks(chosen, AT_ONCE)] or [self.encode([])])

    def where(self, places: slice | Sequence[int] | IntArray | BoolArray) -> "Later":
        """The same of some of the tasks, not made yet."""
        chosen = np.arange(len(self.datas))[places].tolist()
        return Later([self.datas[place] for place in chosen], self.encode, self.width)


def where(features: Features, places: IntArray | BoolArray) -> Features:
    """Some of the rows, whatever they are kept as."""
    return features.where(places) if isinstance(features, Later) else features[places]


def made(features: Features) -> Features:
    """All of the rows, for who compares each of them again and again."""
    return features[:] if isinstance(features, Later) else features
