"""What the demo labels: the digits with simulated annotators, or somebody's own export."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from label_config.errors import LabelConfigError
from label_config.model import Control
from label_config.parse import parse
from label_config.templates import template

from ..errors import DemoError
from ..labelstudio.client import LabelStudio
from ..labelstudio.export_file import read_export
from .accounts import Account
from .annotators import annotate
from .digits import digits
from .embedded import EmbeddedLabelStudio

TASKS = 400
ANSWERED = 120
SEED = 7
AT_ONCE = 500

Progress = Callable[[int], None]
Truth = Mapping[int, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A project with its answers. ``truth`` maps task id -> control -> labels, as far as it is known."""

    project: int
    tasks: int
    annotations: int
    truth: Truth


@dataclass(frozen=True, slots=True)
class Material:
    """What is to be labeled: a title, an interface, and how tasks and answers get into the project.

    ``doing`` says in words how they get there.
    ``fill`` takes the server, its admin's client, the project's id, and is told how many answers have arrived.
    """

    title: str
    label_config: str
    doing: str
    answers: int
    fill: Callable[[EmbeddedLabelStudio, LabelStudio, int, Progress], Filled]


def simulated() -> Material:
    """400 digits; three simulated annotators answer the first 120, two or three times each."""
    xml = template("digits")
    control = parse(xml).controls[0]
    # Everybody's place in turn: two answers on most tasks, three on each third.
    overlaps = [3 if place % 3 == 0 else 2 for place in range(ANSWERED)]

    def fill(server: EmbeddedLabelStudio, admin: LabelStudio, project: int, progress: Progress) -> Filled:
        return _simulate(server, admin, project, control, overlaps, progress)

    return Material("Digits (simulated annotators)", xml, "Three simulated annotators answer", sum(overlaps), fill)


def _simulate(
    server: EmbeddedLabelStudio,
    admin: LabelStudio,
    project: int,
    control: Control,
    overlaps: Sequence[int],
    progress: Progress,
) -> Filled:
    drawn = digits(TASKS, SEED)
    bodies = [{"data": {"image": digit.image}} for digit in drawn]
    first = admin.import_tasks(project, bodies[: len(overlaps)])
    for task, overlap in zip(first, overlaps, strict=True):
        admin.update_task(task, overlap=overlap)
    truths = {task: digit.label for task, digit in zip(first, drawn, strict=False)}
    people = [one for one in server.people if one.role == "annotator"]
    given = annotate(server.url, project, control, people, truths, SEED, progress)
    # The others come when all of these are answered: nobody holds a lock on what stays unlabeled.
    rest = admin.import_tasks(project, bodies[len(overlaps) :])
    truths |= {task: digit.label for task, digit in zip(rest, drawn[len(overlaps) :], strict=True)}
    known = {task: {control.name: (label,)} for task, label in truths.items()}
    return Filled(project, len(drawn), given, known)


def exported(folder: Path) -> Material:
    """A folder with ``label_config.xml`` and ``export.json``; ``gold.json`` (task id -> label) where it exists.

    Raises DemoError and ExportError, which name the file.
    """
    place = folder / "label_config.xml"
    try:
        xml = place.read_text(encoding="utf-8")
    except OSError as error:
        raise DemoError(f"{place}: cannot be read: {error.strerror}; --dataset needs a folder with it") from error
    try:
        config = parse(xml)
    except LabelConfigError as error:
        raise DemoError(f"{place}: {error}") from error
    if not config.decidable:
        there = ", ".join(f"{control.name} ({control.tag})" for control in config.controls)
        raise DemoError(f"{place}: the demo shows the whole loop, which needs Choices, and there are: {there}")
    control = config.decidable[0]
    tasks = read_export(folder / "export.json")
    if not tasks:
        raise DemoError(f"{folder / 'export.json'}: there is no task in it")
    answers = sum(len(task.get("annotations") or ()) for task in tasks)
    gold = _gold(folder / "gold.json", control)

    def fill(server: EmbeddedLabelStudio, admin: LabelStudio, project: int, progress: Progress) -> Filled:
        people = _people(server, tasks)
        truth: dict[int, Mapping[str, tuple[str, ...]]] = {}
        for start in range(0, len(tasks), AT_ONCE):
            part = tasks[start : start + AT_ONCE]
            ids = admin.import_tasks(project, [_body(task, people) for task in part])
            for task, old in zip(ids, part, strict=True):
                if str(old.get("id")) in gold:
                    truth[task] = {control.name: gold[str(old.get("id"))]}
            progress(sum(len(task.get("annotations") or ()) for task in part))
        return Filled(project, len(tasks), answers, truth)

    return Material(
        folder.resolve().name[:50].ljust(3, "_"), xml, "Importing the annotators and their answers", answers, fill
    )


def _gold(place: Path, control: Control) -> dict[str, tuple[str, ...]]:
    """The true labels, where somebody wrote them down and they are labels of the interface."""
    if not place.exists():
        return {}
    found = json.loads(place.read_text(encoding="utf-8"))
    truth = {}
    for task, label in found.items():
        labels = tuple(str(label).split("|"))
        if all(one in control.labels for one in labels):
            truth[str(task)] = labels
    return truth


def _annotator(annotation: Mapping[str, object]) -> str:
    """Who gave it: a number in one kind of export, an object in another."""
    who = annotation.get("completed_by")
    return str(who.get("id") if isinstance(who, dict) else who)


def _people(server: EmbeddedLabelStudio, tasks: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """A login for each annotator of the export, without a password: their id there -> their id here."""
    annotations = [one for task in tasks for one in task.get("annotations") or ()]
    names = sorted({_annotator(one) for one in annotations}, key=lambda name: (len(name), name))
    made = server.add_people(
        [Account("annotator", "Annotator", name, f"annotator-{name}@example.com", "", "") for name in names]
    )
    return {name: account.id for name, account in zip(names, made, strict=True)}


def _body(task: Mapping[str, Any], people: Mapping[str, int]) -> dict[str, object]:
    annotations = [
        {
            "completed_by": people[_annotator(one)],
            "result": one["result"],
            "was_cancelled": bool(one.get("was_cancelled")),
            "ground_truth": False,
            "lead_time": one.get("lead_time"),
        }
        for one in task.get("annotations") or ()
    ]
    return {"data": task["data"], "annotations": annotations}
