"""Opinions on many tasks as columns of numbers: one of them becomes an object when somebody looks at it.

A pool has very many tasks, and all that is asked of most of them is a line of text. Pure.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import SupportsIndex, overload

import numpy as np

from label_config.answers import Answer

from .certainty.conformal import names_in
from .records import BoolArray, FloatArray, IntArray, Opinion

MOST_TOLD = 100
"""Outcomes whose probabilities are told, the most probable ones: nobody reads more, and a round has a row a task."""


class _Sequence(Sequence[Opinion]):
    """What a sequence does beyond giving one of its own."""

    __slots__ = ()

    def one(self, place: int) -> Opinion:
        """The opinion at a place from 0 on."""
        raise NotImplementedError

    @overload
    def __getitem__(self, place: SupportsIndex) -> Opinion: ...

    @overload
    def __getitem__(self, place: slice) -> list[Opinion]: ...

    def __getitem__(self, place: SupportsIndex | slice) -> Opinion | list[Opinion]:
        if isinstance(place, slice):
            return [self.one(at) for at in range(*place.indices(len(self)))]
        at = place.__index__()
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self.one(at % len(self))

    def __iter__(self) -> Iterator[Opinion]:
        return map(self.one, range(len(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Columns(_Sequence):
    """Opinions on n tasks, none of which it abstains on, with numbers as they are told.

    ``probabilities`` (n, m) are of the ``outcomes``; ``held`` (n, m) says which of these cannot be ruled out, null
    where nothing is promised, and rows with more than ``most_named`` are null; ``between`` are the intervals.
    """

    outcomes: tuple[str, ...]
    answers: Sequence[Answer]
    confidences: FloatArray
    probabilities: FloatArray
    signals: Mapping[str, FloatArray]
    utilities: FloatArray
    held: BoolArray | None
    most_named: int
    between: Sequence[tuple[float, float] | None]

    def __len__(self) -> int:
        return len(self.answers)

    def one(self, place: int) -> Opinion:
        """See Sequence."""
        return Opinion(
            self.answers[place],
            told(self.outcomes, self.probabilities[place]),
            float(self.confidences[place]),
            {name: float(values[place]) for name, values in self.signals.items()},
            utility=float(self.utilities[place]),
            out_of_sample=True,
            possible=self.possible(place),
            interval=self.between[place],
        )

    def __iter__(self) -> Iterator[Opinion]:
        """All of them, in less time than one by one."""
        places = told_places(self.probabilities)
        shares = np.take_along_axis(self.probabilities, places, axis=1).tolist()
        doubts = zip(*(values.tolist() for values in self.signals.values()), strict=True)
        rows = zip(self.answers, self.confidences.tolist(), self.utilities.tolist(), self.between, strict=True)
        for at, ((answer, confidence, utility, between), chosen, share, doubt) in enumerate(
            zip(rows, places.tolist(), shares, doubts, strict=True)
        ):
            yield Opinion(
                answer,
                {self.outcomes[one]: value for one, value in zip(chosen, share, strict=True)},
                confidence,
                dict(zip(self.signals, doubt, strict=True)),
                utility=utility,
                out_of_sample=True,
                possible=self.possible(at),
                interval=between,
            )

    def possible(self, place: int) -> tuple[str, ...] | None:
        """What cannot be ruled out."""
        if self.held is None or self.held[place].sum() > self.most_named:
            return None
        return names_in(self.held[place], self.outcomes)


@dataclass(frozen=True, slots=True, eq=False)
class Joined(_Sequence):
    """Parts of opinions, one behind the other; ``ends`` say behind which place each part ends."""

    parts: Sequence[Sequence[Opinion]]
    ends: IntArray

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def one(self, place: int) -> Opinion:
        """See Sequence."""
        part = int(np.searchsorted(self.ends, place, side="right"))
        return self.parts[part][place - int(self.ends[part])]  # counted from the part's end

    def __iter__(self) -> Iterator[Opinion]:
        return chain.from_iterable(self.parts)


def joined(parts: Sequence[Sequence[Opinion]]) -> Sequence[Opinion]:
    """One sequence of all."""
    kept = [part for part in parts if len(part)]
    return kept[0] if len(kept) == 1 else Joined(kept, np.cumsum([len(part) for part in kept], dtype=np.int64))


def told(outcomes: Sequence[str], row: FloatArray) -> dict[str, float]:
    """The probabilities by name; of many outcomes the most probable.

    >>> told(["a", "b"], np.array([0.25, 0.75]))
    {'a': 0.25, 'b': 0.75}
    """
    (places,) = told_places(row[None])
    return {outcomes[place]: value for place, value in zip(places.tolist(), row[places].tolist(), strict=True)}


def told_places(rows: FloatArray) -> IntArray:
    """Which of the probabilities (n, m) are told, in their order, (n, k)."""
    count, width = rows.shape
    if width <= MOST_TOLD:
        return np.tile(np.arange(width), (count, 1))
    return np.sort(np.argpartition(rows, -MOST_TOLD, axis=1)[:, -MOST_TOLD:], axis=1)


def utilities_of(opinions: Sequence[Opinion]) -> FloatArray:
    """What each task is worth, (n,)."""
    return _column(opinions, lambda one: one.utilities, lambda one: one.utility)


def signal_of(opinions: Sequence[Opinion], name: str) -> FloatArray:
    """A signal of each task, (n,); 0 where it has not got it."""
    return _column(
        opinions,
        lambda one: one.signals.get(name, np.zeros(len(one))),
        lambda one: one.signals.get(name, 0.0),
    )


def probabilities_of(opinions: Sequence[Opinion]) -> FloatArray:
    """What each task's labels are given, (n, k); zeros where the model abstains."""
    parts = list(parts_of(opinions))
    names = dict.fromkeys(
        chain.from_iterable(
            part.outcomes if isinstance(part, Columns) else chain.from_iterable(one.probabilities for one in part)
            for part in parts
        )
    )
    labels = {label: place for place, label in enumerate(names)}
    found = np.zeros((len(opinions), max(1, len(labels))))
    start = 0
    for part in parts:
        rows = found[start : start + len(part)]
        if isinstance(part, Columns):
            rows[:, [labels[label] for label in part.outcomes]] = part.probabilities
        else:
            for row, opinion in zip(rows, part, strict=True):
                row[[labels[label] for label in opinion.probabilities]] = list(opinion.probabilities.values())
        start += len(part)
    return found


def parts_of(opinions: Sequence[Opinion]) -> Sequence[Sequence[Opinion]]:
    """The parts that they were joined from."""
    return opinions.parts if isinstance(opinions, Joined) else [opinions]


def _column(
    opinions: Sequence[Opinion], column: Callable[[Columns], FloatArray], one: Callable[[Opinion], float]
) -> FloatArray:
    parts = [
        column(part) if isinstance(part, Columns) else np.array([one(opinion) for opinion in part], dtype=np.float64)
        for part in parts_of(opinions)
    ]
    return np.concatenate(parts) if parts else np.empty(0)
