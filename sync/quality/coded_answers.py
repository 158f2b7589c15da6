"""Answers as integers: what every computation here works on."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from label_config.model import Control

from .records import CodedAnswers

Row = tuple[int, int, tuple[str, ...]]


def encode(control: Control, rows: Sequence[Row], fixed: Mapping[int, tuple[str, ...]] | None = None) -> CodedAnswers:
    """Code (task, annotator, labels) rows of one control, at most one a task and annotator.

    ``fixed`` maps tasks to the answer that a ruling or the ground truth gives; such tasks need no rows. For a
    single choice the answers are the interface's labels in its order; for a multiple one those that occur.
    Raises ValueError for labels outside the interface and for two rows of one person on a task.

    >>> control = Control("c", "Choices", ("t",), ("no", "yes"))
    >>> coded = encode(control, [(7, 1, ("yes",)), (7, 2, ("no",)), (9, 1, ("no",))])
    >>> coded.tasks, coded.task.tolist(), coded.answer.tolist()
    ((7, 9), [0, 0, 1], [1, 0, 0])
    """
    given = dict(fixed or {})
    answers = _distinct(control, [*(labels for _, _, labels in rows), *given.values()])
    tasks = tuple(sorted({task for task, _, _ in rows} | set(given)))
    annotators = tuple(sorted({annotator for _, annotator, _ in rows}))
    if len({(task, annotator) for task, annotator, _ in rows}) != len(rows):
        raise ValueError(f"control {control.name!r}: some annotator has two answers to one task; keep the latest")
    place_of_task, place_of_person, code = _places(tasks), _places(annotators), _places(answers)
    return CodedAnswers(
        task=np.array([place_of_task[task] for task, _, _ in rows], dtype=np.int64),
        annotator=np.array([place_of_person[annotator] for _, annotator, _ in rows], dtype=np.int64),
        answer=np.array([code[labels] for _, _, labels in rows], dtype=np.int64),
        tasks=tasks,
        annotators=annotators,
        answers=answers,
        labels=control.labels,
        multiple=control.multiple,
        fixed={place_of_task[task]: code[labels] for task, labels in given.items()},
    )


def _places(values: Iterable[object]) -> dict[object, int]:
    return {value: place for place, value in enumerate(values)}


def _distinct(control: Control, used: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    order = {label: place for place, label in enumerate(control.labels)}
    seen = set(used)
    for labels in seen:
        if unknown := [label for label in labels if label not in order]:
            raise ValueError(f"control {control.name!r}: the label {unknown[0]!r} is not in the labeling interface")
    if control.multiple:
        return tuple(sorted(seen, key=lambda labels: [order[label] for label in labels]))
    extra = sorted(labels for labels in seen if len(labels) != 1)
    return tuple((label,) for label in control.labels) + tuple(extra)
