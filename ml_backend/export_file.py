"""Learning from an export file alone, without the sync service: each task's majority answer."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from label_config.answers import Choices
from label_config.errors import InterfaceError, LabelConfigError, ResultError
from label_config.exports import parse_export
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import read_answers

from . import labels as label_sets
from .errors import ExportError, NotLearnable
from .labels import LabelSet
from .predict import Serving
from .records import TrainingRow
from .registry import Model
from .study import learn_and_publish, outcome_of, remember_interface


def learn_from_export(export: Path, interface: Path, project: str, outside: Serving) -> Model:
    """Learn a project from an export and its labeling interface, and publish the model.

    Raises ExportError, naming file and place, for files that cannot be read, NotLearnable where there is too
    little in them.
    """
    folder = outside.registry.folder(project)
    try:
        tasks = parse_export(_content(export))
    except LabelConfigError as error:
        raise ExportError(f"{export}: {error}") from error
    try:
        xml = _content(interface).decode("utf-8-sig")
        rows = list(majority(parse(xml), tasks))
    except (InterfaceError, UnicodeDecodeError) as error:
        raise ExportError(f"{interface}: {error}") from error
    remember_interface(folder, xml)
    labels = LabelSet().merged(rows, time.time_ns() // 1000)
    label_sets.save(folder, labels)
    model = learn_and_publish(project, xml, labels, outside.registry, outside.settings, outside.fetch)
    if model is None:
        raise NotLearnable(f"{export}: {outcome_of(folder).error}")
    return model


def majority(config: LabelConfig, tasks: list[Mapping[str, Any]]) -> Iterator[TrainingRow]:
    """A row for each task and control with one most frequent answer; ``weight`` is its share.

    Skipped annotations and results that do not fit the interface count for nothing; a tie teaches nothing. A ground
    truth decides alone.
    """
    for number, task in enumerate(tasks):
        given = [one for one in task.get("annotations") or () if not one.get("was_cancelled")]
        truths = [one for one in given if one.get("ground_truth")]
        votes: dict[str, Counter[tuple[str, ...]]] = {}
        for annotation in truths or given:
            try:
                answers = read_answers(config, annotation["result"], task["data"])
            except ResultError:
                continue
            for control, answer in answers.items():
                if isinstance(answer, Choices):
                    votes.setdefault(control, Counter())[answer.labels] += 1
        for control, counted in votes.items():
            (answer_, count), *others = counted.most_common(2)
            if others and others[0][1] == count:
                continue
            yield TrainingRow(
                task=task["id"] if isinstance(task.get("id"), int) else number,
                control=control,
                data=task["data"],
                answer=answer_,
                weight=count / counted.total(),
                source="ground_truth" if truths else "consensus",
                holdout=False,
                updated_at=number,
            )


def _content(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error
