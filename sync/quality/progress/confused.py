"""Which two labels are taken for each other: given by two people to one task, and which tasks these are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Choices, Number, Taxonomy

from ..records import CodedAnswers, IntArray

PAIRS = 10
"""Pairs of labels that are named."""
EXAMPLES = 100
"""Tasks of a pair that are named."""
NO_LABELS = "the answers are no labels"


@dataclass(frozen=True, slots=True)
class Confused:
    """Two labels and the ``tasks`` to which one person gave the one, not the other, and another person the reverse.

    ``of`` tasks with two answers or more were given either of them by somebody. ``examples`` are ids of these tasks.
    """

    labels: tuple[str, str]
    tasks: int
    of: int
    examples: tuple[int, ...]


def confused(coded: CodedAnswers, pairs: int = PAIRS, examples: int = EXAMPLES) -> tuple[Confused, ...] | None:
    """The pairs of labels with the most tasks, most first; null where the answers are no labels.

    Of several labels at once those that both people gave confuse nobody. Stars of a rating are labels as well.

    >>> from label_config.model import Control
    >>> from ..coded_answers import encode
    >>> rows = [(7, 1, Choices(("a",))), (7, 2, Choices(("b",))), (8, 1, Choices(("a",))), (8, 2, Choices(("a",)))]
    >>> confused(encode(Control("c", "Choices", ("t",), ("a", "b")), rows))
    (Confused(labels=('a', 'b'), tasks=1, of=2, examples=(7,)),)
    """
    sets = [_labels(answer) for answer in coded.answers]
    known: list[frozenset[str]] = [one for one in sets if one is not None]
    if len(known) < len(sets):
        return None
    task, answer = _said(coded)
    tasks_of: dict[tuple[str, str], list[IntArray]] = {}
    for one, other, tasks in _differing(task, answer):
        for a in known[one] - known[other]:
            for b in known[other] - known[one]:
                tasks_of.setdefault((min(a, b), max(a, b)), []).append(tasks)
    merged = {labels: np.unique(np.concatenate(parts)) for labels, parts in tasks_of.items()}
    most = sorted(merged, key=lambda labels: (-len(merged[labels]), labels))[:pairs]
    order = {label: place for place, label in enumerate(coded.labels)}
    return tuple(
        Confused(
            _ordered(labels, order),
            len(merged[labels]),
            _with_either(task, answer, known, labels),
            tuple(coded.tasks[place] for place in merged[labels][:examples].tolist()),
        )
        for labels in most
    )


def _labels(answer: object) -> frozenset[str] | None:
    if isinstance(answer, Choices):
        return frozenset(answer.labels)
    if isinstance(answer, Taxonomy):
        return frozenset(" / ".join(path) for path in answer.paths)
    return frozenset({f"{answer.value:g}"}) if isinstance(answer, Number) else None


def _ordered(labels: tuple[str, str], order: dict[str, int]) -> tuple[str, str]:
    """As the interface orders them."""
    first, second = sorted(labels, key=lambda label: (order.get(label, len(order)), label))
    return first, second


def _said(coded: CodedAnswers) -> tuple[IntArray, IntArray]:
    """The different answers to each task with two people or more, in the order of both."""
    size = np.bincount(coded.task, minlength=len(coded.tasks))
    several = size[coded.task] > 1
    kinds = max(1, len(coded.answers))
    cell = np.unique(coded.task[several] * kinds + coded.answer[several])
    return cell // kinds, cell % kinds


def _differing(task: IntArray, answer: IntArray) -> list[tuple[int, int, IntArray]]:
    """Each two answers that one task got, and all the tasks that got both."""
    found: list[tuple[int, int, IntArray]] = []
    kinds = int(answer.max(initial=0)) + 1
    parts: list[tuple[IntArray, IntArray]] = []
    for step in range(1, len(task)):
        same = np.flatnonzero(task[step:] == task[:-step])
        if not len(same):
            break
        parts.append((answer[same] * kinds + answer[same + step], task[same]))
    if not parts:
        return found
    pair, where = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(pair, kind="stable")
    codes, starts = np.unique(pair[order], return_index=True)
    for code, tasks in zip(codes.tolist(), np.split(where[order], starts[1:]), strict=True):
        found.append((code // kinds, code % kinds, tasks))
    return found


def _with_either(task: IntArray, answer: IntArray, sets: Sequence[frozenset[str]], labels: tuple[str, str]) -> int:
    has = np.array([not one.isdisjoint(labels) for one in sets], dtype=np.bool_)
    return len(np.unique(task[has[answer]]))
