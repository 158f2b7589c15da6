"""What the model thinks of the tasks of an export: in the order to label them, and beside the answers there."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from label_config.answers import Answer, Number
from label_config.model import LabelConfig
from label_config.parse import parse

from ..errors import ExportError, RegistryError, UnknownProject
from ..learners import Learned
from ..learners.control_model import ControlModel
from ..lessons.comparing import right_of
from ..predict import Serving, score
from ..records import Opinion, Task, TrainingRow
from ..study import interface_of
from ..thinking import LearnedMind, Mind
from .evaluation import Answered, Evaluation, evaluated
from .learning import consensus, key_of, left_out, read_export


def scored(export: Path, project: str, outside: Serving, *, unlabeled: bool = False) -> list[dict[str, Any]]:
    """A line for each task and control, as ``/score`` tells it, what to label first first.

    ``unlabeled``: only tasks that nobody has answered. Raises ExportError, UnknownProject.
    """
    config = _interface(project, outside)
    raw = _tasks(export)
    asked = [(key_of(one, place), one) for place, one in enumerate(raw) if not unlabeled or not _answered(one)]
    tasks = [Task(number, one["data"]) for number, one in asked]
    return sorted(score(outside, project, config, tasks), key=lambda line: int(line["place"]))


def measured(
    export: Path, project: str, outside: Serving, version: str | None = None
) -> tuple[str, dict[str, Evaluation], str]:
    """The version (null: the live one) and how well it tells the consensus on the tasks of an export, a control each.

    Last, in words, which annotations do not fit the interface; "" where all do. Tasks that taught it are judged out of
    fold. Raises ExportError, UnknownProject, RegistryError.
    """
    config = _interface(project, outside)
    mind = _mind(project, outside, version)
    refused: list[str] = []
    raw = _tasks(export)
    rows = list(consensus(config, raw, refused=refused.append))
    data = {row.task: row.data for row in rows}
    tasks = [Task(task, data[task]) for task in data]
    thoughts = mind.think(config, tasks, None)
    place = {task.id: number for number, task in enumerate(tasks)}
    found = {}
    for control in config.controls:
        own = [row for row in rows if row.control == control.name]
        opinions = [thoughts[control.name].opinions[place[row.task]] for row in own]
        learned = mind.model.control(control.name) if isinstance(mind, LearnedMind) else None
        answered = list(_beside(own, opinions, learned))
        tolerance = learned.question.tolerance if isinstance(learned, ControlModel) else None
        found[control.name] = evaluated(answered, len(own) - len(answered), np.random.default_rng(0), tolerance)
    return mind.version, found, left_out(refused, raw)


def _tasks(export: Path) -> list[Mapping[str, Any]]:
    """The tasks of an export, one at least. Raises ExportError."""
    found = read_export(export)
    if not found:
        raise ExportError(f"{export}: there is no task in it; export the project again, with tasks")
    return found


def _interface(project: str, outside: Serving) -> LabelConfig:
    xml = interface_of(outside.registry.folder(project))
    if xml is None:
        raise UnknownProject(
            f"project {project}: nothing was learned in {outside.registry.root}; `tiebreak-ml train` learns it"
        )
    return parse(xml)


def _mind(project: str, outside: Serving, version: str | None) -> Mind:
    if version is not None:
        return outside.minds.named(project, version)
    mind, problem = outside.minds.live(project)
    if mind is None:
        raise RegistryError(problem or f"project {project}: there is no model in {outside.registry.root}")
    return mind


def _answered(task: Mapping[str, Any]) -> bool:
    return any(not one.get("was_cancelled") for one in task.get("annotations") or ())


def _beside(rows: Sequence[TrainingRow], opinions: Sequence[Opinion], learned: Learned | None) -> Iterator[Answered]:
    """What was said beside what is known, where something was said."""
    right = right_of(learned)
    for row, opinion in zip(rows, opinions, strict=True):
        if opinion.answer is None or row.answer is None:
            continue
        hit, confidence = right(opinion.answer, row.answer), opinion.confidence or 0.0
        if not isinstance(learned, ControlModel):
            yield Answered(hit, confidence, (confidence - hit) ** 2)
            continue
        question = learned.question
        truth = frozenset(question.told(row.answer))
        shares = opinion.probabilities
        squared = sum((shares.get(name, 0.0) - (name in truth)) ** 2 for name in {*shares, *truth})
        several = len(question.outcomes) if question.several else 1
        said = frozenset(question.told(opinion.answer))
        if question.tolerance is not None:
            said = truth = frozenset()
        yield Answered(hit, confidence, squared / several, said, truth, _numbers(opinion.answer, row.answer))


def _numbers(said: Answer, truth: Answer) -> tuple[float, float] | None:
    return (said.value, truth.value) if isinstance(said, Number) and isinstance(truth, Number) else None
