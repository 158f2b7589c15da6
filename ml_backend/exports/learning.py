"""Learning from an export file alone, without the sync service: from the consensus on each task."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from label_config.answers import Answer, empty_answer
from label_config.errors import InterfaceError, LabelConfigError, ResultError
from label_config.exports import parse_export
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import read_answers
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence

from .. import labels as label_sets
from ..errors import ExportError, NotLearnable, RegistryError
from ..labels import LabelSet
from ..predict import Serving
from ..records import TrainingRow
from ..registry import Model
from ..study import learn_and_publish, outcome_of, remember_interface
from ..thinking import Mind


@dataclass(frozen=True, slots=True)
class Taught:
    """What an export has taught: ``model`` null = it was refused; ``decision`` says why (see publishing.Decision).

    ``left_out`` says of annotations that do not fit the interface how many there are, and why; "" where all do.
    """

    model: Model | None
    decision: Mapping[str, Any]
    left_out: str = ""


def learn_from_export(
    export: Path, interface: Path, project: str, outside: Serving, *, holdout: float = 0.0, force: bool = False
) -> Taught:
    """Learn a project from an export and its labeling interface, and publish the model unless it is worse.

    A share ``holdout`` of the tasks teaches nothing: which, depends on their ids alone. ``force`` publishes what is
    worse as well. Raises ExportError, naming file and place, for files that cannot be read, NotLearnable where there is
    too little in them.
    """
    xml, labels, left_out = _stored(export, interface, project, outside, holdout)
    model = learn_and_publish(project, xml, labels, outside.registry, outside.settings, outside.fetch, force=force)
    outcome = outcome_of(outside.registry.folder(project))
    if outcome.decision is None:
        raise NotLearnable("; ".join(one for one in (f"{export}: {outcome.error}", left_out) if one))
    return Taught(model, outcome.decision, left_out)


def teach_class(export: Path, interface: Path, project: str, outside: Serving, *, holdout: float = 0.0) -> Mind:
    """Let the class of label-studio-ml that is served learn, and learn from an export how far to trust its scores.

    What it is by then. Raises BackendError as its lesson does, and ExportError.
    """
    _stored(export, interface, project, outside, holdout)
    outside.minds.study(project)
    mind, problem = outside.minds.live(project)
    if mind is None:
        raise RegistryError(problem or f"project {project}: nothing is live")
    return mind


def _stored(export: Path, interface: Path, project: str, outside: Serving, holdout: float) -> tuple[str, LabelSet, str]:
    """The interface and the labels of an export, kept as the project's own; and what was left out of it."""
    folder = outside.registry.folder(project)
    tasks = read_export(export)
    refused: list[str] = []
    try:
        xml = _content(interface).decode("utf-8-sig")
        rows = list(consensus(parse(xml), tasks, holdout, refused.append))
    except (InterfaceError, UnicodeDecodeError) as error:
        raise ExportError(f"{interface}: {error}") from error
    remember_interface(folder, xml)
    labels = LabelSet().merged(rows, time.time_ns() // 1000)
    label_sets.save(folder, labels)
    return xml, labels, left_out(refused, tasks)


def left_out(refused: Sequence[str], tasks: Sequence[Mapping[str, Any]]) -> str:
    """How many annotations do not fit the interface, and why, for people; "" where all do."""
    if not refused:
        return ""
    total = sum(len(task.get("annotations") or ()) for task in tasks)
    count = f"{len(refused)} of {total} annotations are left out"
    return f"{count}, since they do not fit the interface, such as: {refused[0]}"


def read_export(export: Path) -> list[Mapping[str, Any]]:
    """The tasks of an export. Raises ExportError, naming file and place, also where a task stands there twice."""
    try:
        tasks = list(parse_export(_content(export)))
    except LabelConfigError as error:
        raise ExportError(f"{export}: {error}") from error
    seen: set[int] = set()
    for place, task in enumerate(tasks):
        key = key_of(task, place)
        if key in seen:
            raise ExportError(f"{export}: two tasks have the same id, {key}; leave one of them out")
        seen.add(key)
    return tasks


def _nobody(_: str) -> None:
    """Hears what was left out where nobody wants to know."""


def consensus(
    config: LabelConfig,
    tasks: Sequence[Mapping[str, Any]],
    holdout: float = 0.0,
    refused: Callable[[str], None] = _nobody,
) -> Iterator[TrainingRow]:
    """A row for each task and control that has an answer, ``weight`` being how sure it is: see ``sync.quality``.

    Skipped annotations and results that do not fit the interface count for nothing, of several by one person the last
    one does; a tie teaches nothing. A ground truth decides alone. ``refused`` is told why an annotation does not fit.
    """
    names = [control.name for control in config.controls]
    said = _Said({name: {} for name in names}, {name: {} for name in names}, refused)
    unnamed = count(-1, -1)
    for number, task in enumerate(tasks):
        _hear(config, task, number, said, unnamed)
    for control in config.controls:
        truths = said.truths[control.name]
        given = [(task, person, answer) for (task, person), answer in said.answers[control.name].items()]
        if not given and not truths:
            continue
        evidence = ControlEvidence(control, encode(control, given, truths), truths=truths)
        for one in infer(evidence, "auto").tasks:
            if not one.tie:
                yield TrainingRow(
                    task=key_of(tasks[one.task], one.task),
                    control=control.name,
                    data=tasks[one.task]["data"],
                    answer=one.answer,
                    weight=min(1.0, max(0.0, one.confidence)),
                    source="ground_truth" if one.task in truths else "consensus",
                    holdout=is_held_out(key_of(tasks[one.task], one.task), holdout),
                    updated_at=one.task,
                )


@dataclass(frozen=True, slots=True)
class _Said:
    """Control -> (task, annotator) -> answer, and control -> task -> ground truth; tasks by their place in the file.

    ``refused`` is told why an annotation does not fit the interface.
    """

    answers: Mapping[str, dict[tuple[int, int], Answer]]
    truths: Mapping[str, dict[int, Answer]]
    refused: Callable[[str], None]


def _hear(config: LabelConfig, task: Mapping[str, Any], number: int, said: _Said, unnamed: Iterator[int]) -> None:
    """Take what was said of one task; where the file does not tell who said it, everybody is somebody else."""
    given = [one for one in task.get("annotations") or () if not one.get("was_cancelled")]
    for annotation in sorted(given, key=lambda one: str(one.get("updated_at") or "")):
        person = _person(annotation, unnamed)
        try:
            answers: dict[str, Answer] = read_answers(config, annotation.get("result"), task["data"])
        except ResultError as error:
            said.refused(f"task {key_of(task, number)}: {error}")
            continue
        for control in config.controls:
            answer = answers.get(control.name) or empty_answer(control)
            if answer is None:
                continue
            if annotation.get("ground_truth"):
                said.truths[control.name][number] = answer
            else:
                said.answers[control.name][number, person] = answer


def _person(annotation: Mapping[str, Any], unnamed: Iterator[int]) -> int:
    """Who it was, as exports of either kind say it."""
    named = annotation.get("completed_by")
    named = named.get("id") if isinstance(named, Mapping) else named
    return named if isinstance(named, int) and not isinstance(named, bool) else next(unnamed)


def is_held_out(task: int, share: float) -> bool:
    """Whether a task is in the random share: the same in every export, however many tasks there are.

    >>> is_held_out(7, 0.0), is_held_out(7, 1.0)
    (False, True)
    """
    drawn = int.from_bytes(hashlib.sha256(str(task).encode()).digest()[:8])
    return drawn < share * 2**64


def key_of(task: Mapping[str, Any], number: int) -> int:
    """The id of a task, or its number in the file where it has none."""
    found = task.get("id")
    return found if isinstance(found, int) and not isinstance(found, bool) else number


def _content(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error
