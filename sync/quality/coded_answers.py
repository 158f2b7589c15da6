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
    said: Sequence[Answer]
    if control.per_region or control.family in APART:
        said = [answer for _, _, answer in rows]
        code: IntArray = np.arange(len(rows))
    else:
        place: dict[Answer, int] = {}
        code = np.array([place.setdefault(answer, len(place)) for _, _, answer in rows], dtype=np.int64)
        said = list(place)
    task = np.array([task for task, _, _ in rows], dtype=np.int64)
    return encode_columns(control, task, np.array([one for _, one, _ in rows], dtype=np.int64), code, said, fixed)


def encode_columns(
    control: Control,
    task: IntArray,
    annotator: IntArray,
    said: IntArray,
    answers: Sequence[Answer],
    fixed: Mapping[int, Answer] | None = None,
) -> CodedAnswers:
    """``encode`` of columns: ids of tasks and annotators, and the place of each answer in ``answers``."""
    given = dict(fixed or {})
    known = np.array(list(given), dtype=np.int64)
    tasks, of_task = np.unique(np.append(task, known), return_inverse=True)
    annotators, person = np.unique(annotator, return_inverse=True)
    place = of_task[: len(task)]
    if len(np.unique(place * max(1, len(annotators)) + person)) != len(task):
        raise ValueError(f"control {control.name!r}: some annotator has two answers to one task; keep the latest")
    coded, answer, fixed_codes = _coded(control, said, answers, np.lexsort((person, place)), list(given.values()))
    return CodedAnswers(
        task=place,
        annotator=person,
        answer=answer,
        tasks=tuple(tasks.tolist()),
        annotators=tuple(annotators.tolist()),
        answers=coded,
        labels=control.labels,
        multiple=control.multiple,
        fixed=dict(zip(of_task[len(task) :].tolist(), fixed_codes, strict=True)),
    )


def _places(values: Iterable[object]) -> dict[object, int]:
    return {value: place for place, value in enumerate(values)}


def _coded(
    control: Control, said: IntArray, answers: Sequence[Answer], order: IntArray, fixed: Sequence[Answer]
) -> tuple[tuple[Answer, ...], IntArray, list[int]]:
    """The answers, the code of each given one, and the codes of the fixed ones."""
    in_order = said[order]
    if control.per_region or control.family in APART:
        own = np.empty(len(said), dtype=np.int64)
        own[order] = np.arange(len(said))
        used = [answers[place] for place in in_order.tolist()]
        return (*used, *fixed), own, [len(said) + n for n in range(len(fixed))]
    used_places, first = np.unique(in_order, return_index=True)
    occur = used_places[np.argsort(first)].tolist()
    distinct = dict.fromkeys([*_offered(control), *(answers[place] for place in occur), *fixed])
    coded = _labelled(control, distinct) if control.family == Family.CHOICES else tuple(distinct)
    code = _places(coded)
    of_place = np.zeros(len(answers), dtype=np.int64)
    of_place[occur] = [code[answers[place]] for place in occur]
    return coded, of_place[said], [code[answer] for answer in fixed]


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
