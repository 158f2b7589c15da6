"""A new version beside the live one, on the holdout: what each of them has right."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from label_config.answers import Answer, Regions
from label_config.canonical import canonical
from label_config.model import LabelConfig

from ..learners import Learned
from ..learners.control_model import ControlModel
from ..records import BoolArray, Opinion, Task, TrainingRow
from ..thinking import LearnedMind
from .publishing import Decision, decide

Right: TypeAlias = Callable[[Answer, Answer], bool]
"""Whether what was said is as good as the truth."""


def compared(
    new: LearnedMind, live: LearnedMind, config: LabelConfig, rows: Sequence[TrainingRow], *, force: bool = False
) -> Decision:
    """What came of it; of ``rows`` the holdout alone counts.

    A control that the live version has nothing to say about (it does not know it, or it asks something else by now) is
    left out: there the live version has nothing to lose. Elsewhere a version that abstains is wrong.
    """
    held = [row for row in rows if row.holdout and row.answer is not None]
    data = {row.task: row.data for row in held}
    tasks = [Task(task, data[task]) for task in sorted(data)]
    place = {task.id: number for number, task in enumerate(tasks)}
    news, olds = new.think(config, tasks, None), live.think(config, tasks, None)
    known = {name for name, thought in olds.items() if _says_something(thought.opinions)}
    asked = [row for row in held if row.control in known]
    rules = {name: right_of(new.model.control(name)) for name in known}
    return decide(
        live.version,
        [row.task for row in asked],
        _right(asked, [news[row.control].opinions[place[row.task]].answer for row in asked], rules),
        _right(asked, [olds[row.control].opinions[place[row.task]].answer for row in asked], rules),
        out_of_fold=sum(any(row.task in _taught(mind, row.control) for mind in (new, live)) for row in asked),
        force=force,
    )


def _taught(mind: LearnedMind, control: str) -> Container[int]:
    """The tasks that it learned from."""
    learned = mind.model.control(control)
    return learned.known.tasks if learned is not None else ()


def right_of(learned: Learned | None) -> Right:
    """When an answer counts as right: as the control's model judges it (a number may be near enough), else the same."""
    return learned.question.right if isinstance(learned, ControlModel) else _same


def _same(said: Answer, truth: Answer) -> bool:
    """Of several labels, and of regions, the order does not matter."""
    if isinstance(said, Regions) and isinstance(truth, Regions):
        return set(said.regions) == set(truth.regions)
    return canonical(said) == canonical(truth)


def _says_something(opinions: Sequence[Opinion]) -> bool:
    return any(opinion.answer is not None for opinion in opinions)


def _right(rows: Sequence[TrainingRow], said: Sequence[Answer | None], rules: Mapping[str, Right]) -> BoolArray:
    pairs = zip(rows, said, strict=True)
    return np.array(
        [one is not None and row.answer is not None and rules[row.control](one, row.answer) for row, one in pairs],
        dtype=bool,
    )
