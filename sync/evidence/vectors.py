"""What tasks show as vectors, from a JSONL file: embeddings of texts, pictures or sounds that somebody computed."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import TiebreakError
from ..quality.records import FloatArray
from .jsonl import lines

EXPECTED = '{"task": 1, "vector": [0.25, -1.5]}'


class VectorsError(TiebreakError):
    """A file of vectors that cannot be read: names file and line."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Task -> its vector, all of one length; of how many other tasks the file has one, and how many here have none."""

    of: Mapping[int, FloatArray]
    strange: int
    without: int

    def notes(self) -> Iterator[str]:
        """What a reader must know."""
        if self.strange:
            vectors = "1 vector is" if self.strange == 1 else f"{self.strange:,} vectors are"
            yield f"{vectors} of tasks that nobody here answered: left out."
        if self.without:
            tasks = "1 answered task has" if self.without == 1 else f"{self.without:,} answered tasks have"
            yield f"{tasks} no vector."


def read_vectors(place: Path, tasks: Collection[int]) -> Vectors:
    """The vectors of these tasks, from lines ``{"task": id, "vector": [numbers]}``; the last line on a task counts.

    Raises VectorsError, which names file and line, for what is no such line, and for a vector that is as long as the
    first one is not.
    """
    found: dict[int, FloatArray] = {}
    first: tuple[int, int] | None = None
    for number, line in lines(place, VectorsError):
        try:
            task, vector = _read(json.loads(line))
        except json.JSONDecodeError as error:
            raise VectorsError(f"{place}, line {number}: not JSON: {error.msg}; expected {EXPECTED}") from error
        except (ValueError, RecursionError) as error:
            raise VectorsError(f"{place}, line {number}: {error}; expected {EXPECTED}") from error
        first = first or (number, len(vector))
        if len(vector) != first[1]:
            raise VectorsError(
                f"{place}, line {number}: the vector has {len(vector):,} numbers and that of line {first[0]} has "
                f"{first[1]:,}: all of them must have as many"
            )
        found[task] = vector
    known = set(tasks)
    of = {task: vector for task, vector in found.items() if task in known}
    return Vectors(of, len(found) - len(of), len(known) - len(of))


def _read(raw: Any) -> tuple[int, FloatArray]:
    if not isinstance(raw, dict):
        raise ValueError("not an object")
    task, vector = raw.get("task"), raw.get("vector")
    if not isinstance(task, int) or isinstance(task, bool):
        raise ValueError(f"task is {task!r:.80}, not the id of a task")
    if not isinstance(vector, list) or not vector:
        raise ValueError(f"vector is {vector!r:.80}, not a list of numbers")
    if not set(map(type, vector)) <= {int, float} or not -LARGEST < min(vector) <= max(vector) < LARGEST:
        raise ValueError(next(_no_numbers(vector)))
    found = np.array(vector, dtype=np.float64)
    if np.isnan(found).any():
        raise ValueError(next(_no_numbers(vector)))
    return task, found


def _no_numbers(vector: list[Any]) -> Iterator[str]:
    for place, value in enumerate(vector, 1):
        if type(value) not in (int, float) or not abs(value) < LARGEST:
            yield f"number {place} of the vector is {value!r:.80}, not a finite number"


LARGEST = 1e100
"""Numbers from here on are none that a model computed, and their squares would have no value."""
