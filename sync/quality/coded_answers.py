"""Answers as integers: what every computation here works on."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from label_config.answers import Answer, Choices, Number
from label_config.model import Control, Family

from .records import CodedAnswers, IntArray

Row = tuple[int, int, Answer]

APART = frozenset({Family.REGIONS, Family.RELATIONS, Family.CHAT})
"""Families of which hardly two answers are alike: every row has an answer of its own."""


def encode(control: Control, rows: Sequence[Row], fixed: Mapping[int, Answer] | None = None) -> CodedAnswers:
    """Code (task, annotator, answer) rows of one control, at most one a task and annotator.

    ``fixed`` maps tasks to the answer that a ruling or the ground truth gives; such tasks need no rows. For a single
    choice the answers are the interface's labels in its order, and whatever else occurs; for a rating all of its
    stars; for a multiple choice and for other families those that occur, these in the order of task and annotator.
    Raises ValueError for labels outside the interface and for two rows of one person on a task.

    >>> control = Control("c", "Choices", ("t",), ("no", "yes"))
    >>> yes, no = Choices(("yes",)), Choices(("no",))
    >>> coded = encode(control, [(7, 1, yes), (7, 2, no), (9, 1, no)])
    >>> coded.tasks, coded.task.tolist(), coded.answer.tolist()
    ((7, 9), [0, 0, 1], [1, 0, 0])
    """
    given = dict(fixed or {})
    tasks = tuple(sorted({task for task, _, _ in rows} | set(given)))
    annotators = tuple(sorted({annotator for _, annotator, _ in rows}))
    if len({(task, annotator) for task, annotator, _ in rows}) != len(rows):
        raise ValueError(f"control {control.name!r}: some annotator has two answers to one task; keep the latest")
    place_of_task, place_of_person = _places(tasks), _places(annotators)
    task = np.array([place_of_task[task] for task, _, _ in rows], dtype=np.int64)
    person = np.array([place_of_person[annotator] for _, annotator, _ in rows], dtype=np.int64)
    used = [answer for _, _, answer in rows]
    answers, answer, known = _coded(control, used, np.lexsort((person, task)), given)
    return CodedAnswers(
        task=task,
        annotator=person,
        answer=answer,
        tasks=tasks,
        annotators=annotators,
        answers=answers,
        labels=control.labels,
        multiple=control.multiple,
        fixed={place_of_task[task]: code for task, code in known.items()},
    )


def _places(values: Iterable[object]) -> dict[object, int]:
    return {value: place for place, value in enumerate(values)}


def _coded(
    control: Control, used: Sequence[Answer], order: IntArray, fixed: Mapping[int, Answer]
) -> tuple[tuple[Answer, ...], IntArray, dict[int, int]]:
    """The answers, the code of each used one, and the codes of the fixed ones."""
    if control.per_region or control.family in APART:
        own = np.empty(len(used), dtype=np.int64)
        own[order] = np.arange(len(used))
        in_order = [used[place] for place in order.tolist()]
        return (*in_order, *fixed.values()), own, {task: len(used) + n for n, task in enumerate(fixed)}
    distinct = dict.fromkeys([*_offered(control), *(used[place] for place in order.tolist()), *fixed.values()])
    answers = _labelled(control, distinct) if control.family == Family.CHOICES else tuple(distinct)
    code = _places(answers)
    return (
        answers,
        np.array([code[answer] for answer in used], dtype=np.int64),
        {task: code[answer] for task, answer in fixed.items()},
    )


def _offered(control: Control) -> list[Number]:
    """The stars of a Rating, whether anybody gave them or not: chance knows how many there are."""
    if control.family != Family.RATING or control.high is None:
        return []
    return [Number(float(star)) for star in range(1, int(control.high) + 1)]


def _labelled(control: Control, distinct: Iterable[Answer]) -> tuple[Answer, ...]:
    """Choices in the interface's order; labels from task data come after those, by their text."""
    seen = {answer.labels for answer in distinct if isinstance(answer, Choices)}
    unlisted = sorted({label for labels in seen for label in labels} - set(control.labels))
    if unlisted and not control.dynamic:
        raise ValueError(f"control {control.name!r}: the label {unlisted[0]!r} is not in the labeling interface")
    order = {label: place for place, label in enumerate((*control.labels, *unlisted))}
    if control.multiple:
        return tuple(Choices(labels) for labels in sorted(seen, key=lambda labels: [order[label] for label in labels]))
    extra = sorted(labels for labels in seen if len(labels) != 1)
    return tuple(Choices((label,)) for label in order) + tuple(Choices(labels) for labels in extra)
