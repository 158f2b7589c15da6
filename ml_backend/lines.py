"""The answer to /score: a line a task and control, as values for programs and as text for the network."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import add
from typing import Any

import numpy as np

from label_config.answers import Answer
from label_config.canonical import answer_as_json

from .opinions import Columns, parts_of, told_places
from .records import IntArray, Opinion, Task, Thought

AT_ONCE = 256
"""Lines that are made of columns together."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What is thought of a pool: ``places`` (n,) are those of its n tasks, ``version`` is the model's.

    As values it is its lines, the controls of a task one after the other.
    """

    tasks: Sequence[Task]
    thoughts: Mapping[str, Thought]
    places: IntArray
    version: str

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for place, task in enumerate(self.tasks):
            for control, thought in self.thoughts.items():
                yield _line(task, control, thought.opinions[place], int(self.places[place]), self.version)

    def text(self) -> Iterator[str]:
        """The same as JSON, each line ending with a line feed."""
        places = self.places.tolist()
        controls = [_of_control(self.tasks, *one, places, self.version) for one in self.thoughts.items()]
        for lines in zip(*controls, strict=True):
            yield from lines


def _of_control(
    tasks: Sequence[Task], control: str, thought: Thought, places: Sequence[int], version: str
) -> Iterator[str]:
    start = 0
    for part in parts_of(thought.opinions):
        end = start + len(part)
        if isinstance(part, Columns):
            yield from _of_columns(tasks[start:end], control, part, places[start:end], version)
        else:
            for task, opinion, place in zip(tasks[start:end], part, places[start:end], strict=True):
                yield json.dumps(_line(task, control, opinion, place, version), allow_nan=False) + "\n"
        start = end


def _line(task: Task, control: str, opinion: Opinion, place: int, version: str) -> dict[str, Any]:
    return {
        "task": task.id,
        "control": control,
        "answer": None if opinion.answer is None else answer_as_json(opinion.answer),
        **({"reason": opinion.reason.as_json()} if opinion.answer is None and opinion.reason else {}),
        "probabilities": dict(opinion.probabilities),
        "out_of_sample": opinion.out_of_sample,
        "confidence": opinion.confidence,
        **({"parts": list(opinion.parts)} if opinion.parts else {}),
        "set": None if opinion.possible is None else list(opinion.possible),
        **({"interval": list(opinion.interval)} if opinion.interval else {}),
        "signals": dict(opinion.signals),
        "place": place,
        "version": version,
    }


def _of_columns(
    tasks: Sequence[Task], control: str, columns: Columns, places: Sequence[int], version: str
) -> Iterator[str]:
    """What ``_line`` gives as text, put together from texts that are made once: repr writes a float as JSON does."""
    names = [json.dumps(name) for name in columns.outcomes]
    before = [f"{name}: " for name in names]
    texts = _Texts()
    signals = ", ".join(f"{json.dumps(name).replace('%', '%%')}: %r" for name in columns.signals)
    about = json.dumps(control)
    ending = f', "version": {json.dumps(version)}}}\n'
    answers: dict[int, str] = {}  # by what is the same object in all of the columns
    for start in range(0, len(columns), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        told = told_places(columns.probabilities[rows])
        shares = np.take_along_axis(columns.probabilities[rows], told, axis=1).tolist()
        sets = _sets(columns, rows, names)
        doubts = zip(*(values[rows].tolist() for values in columns.signals.values()), strict=True)
        for at, (place, task, chosen, share, confidence, doubt) in enumerate(
            zip(
                places[rows],
                tasks[rows],
                told.tolist(),
                shares,
                columns.confidences[rows].tolist(),
                doubts,
                strict=True,
            ),
            start,
        ):
            answer = columns.answers[at]
            said = answers.get(id(answer))
            if said is None:
                said = answers[id(answer)] = _answer(answer)
            probable = ", ".join(map(add, map(before.__getitem__, chosen), map(texts.__getitem__, share)))
            interval = columns.between[at]
            between = f', "interval": [{interval[0]!r}, {interval[1]!r}]' if interval else ""
            yield (
                f'{{"task": {task.id}, "control": {about}, "answer": {said}, "probabilities": {{{probable}}}, '
                f'"out_of_sample": true, "confidence": {confidence!r}, "set": {sets[at - start]}{between}, '
                f'"signals": {{{signals % doubt}}}, "place": {place}{ending}'
            )


class _Texts(dict[float, str]):
    """Numbers as text: told to a few places, small ones come again and again."""

    def __missing__(self, value: float) -> str:
        """Written once."""
        text = self[value] = repr(value)
        return text


@lru_cache(maxsize=1024)
def _answer(answer: Answer | None) -> str:
    return json.dumps(None if answer is None else answer_as_json(answer))


def _sets(columns: Columns, rows: slice, names: Sequence[str]) -> list[str]:
    """What cannot be ruled out in each of some rows, as JSON."""
    if columns.held is None:
        return ["null"] * len(columns.answers[rows])
    held = columns.held[rows]
    own, places = np.nonzero(held)
    bounds = np.searchsorted(own, np.arange(len(held) + 1)).tolist()
    there = [names[place] for place in places.tolist()]
    return [
        f"[{', '.join(there[first:last])}]" if last - first <= columns.most_named else "null"
        for first, last in pairwise(bounds)
    ]
