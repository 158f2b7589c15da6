"""The boxes of a version as COCO and YOLO hold them: upright, with one label each, on one image a task."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians, sin

from label_config.answers import Box, Regions
from label_config.model import Control, LabelConfig

from ..versions.content import Label, Task
from .exported import Exported, NotExportable

TAGS = frozenset({"RectangleLabels", "Rectangle"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box by its corner at the top left, in the unit of the task's boxes; ``turned`` holds how it was drawn.

    The box itself is then the smallest upright one around it.
    """

    category: str
    x: float
    y: float
    width: float
    height: float
    turned: Box | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A task with what was drawn on it. ``size`` is in pixels, null where nothing says it: boxes are percent then."""

    task: Task
    file: str
    size: tuple[float, float] | None
    boxes: tuple[tuple[Drawn, Control, Label, float], ...]


def refuses(control: Control, config: LabelConfig) -> str | None:
    """Why a control's answers are no boxes on an image; null where they are."""
    about = [one for one in config.objects if one.name in control.to_names]
    if control.tag not in TAGS or control.per_region:
        return "its answers are no boxes"
    if len(control.to_names) > 1:
        return "it draws on more than one image"
    return None if all(one.tag == "Image" for one in about) else "its boxes are not on an Image"


def categories(exported: Exported) -> list[str]:
    """The labels of the controls in the interface's order, each once; a control without labels is one itself."""
    names = [name for control in exported.controls for name in (control.labels or (control.name,))]
    used = sorted({box.category for picture in pictures(exported) for box, *_ in picture.boxes})
    return list(dict.fromkeys([*names, *used]))


def pictures(exported: Exported) -> Iterator[Picture]:
    """Every task that has a label of the controls, also one on which nothing was found."""
    fields = {one.name: one.field for one in exported.config.objects}
    if len({control.to_names for control in exported.controls}) > 1:
        raise NotExportable("the controls draw on different images: name those of one with --control")
    known: dict[int, list[tuple[Control, Label, float]]] = {}
    tasks: dict[int, Task] = {}
    for task, control, label, confidence in exported.labelled():
        tasks[task.id] = task
        known.setdefault(task.id, []).append((control, label, confidence))
    for number, labels in known.items():
        task = tasks[number]
        boxes = tuple(
            (drawn, control, label, confidence)
            for control, label, confidence in labels
            for drawn in _drawn(control, label, number)
        )
        file = task.data.get(fields.get(labels[0][0].to_names[0], ""), "")
        yield Picture(task, file if isinstance(file, str) else "", task.size, boxes)


def _drawn(control: Control, label: Label, task: int) -> Iterator[Drawn]:
    answer = label.value()
    for region in answer.regions if isinstance(answer, Regions) else ():
        if region.where not in ("", *control.to_names):
            raise NotExportable(
                f"task {task}, control {control.name}: a box is on {region.where}, and this format has one image a "
                "task: label-studio, jsonl, csv, parquet and hugging-face can hold it"
            )
        if isinstance(region.shape, Box):
            for category in region.labels or (control.name,):
                yield _upright(category, region.shape)


def _upright(category: str, box: Box) -> Drawn:
    """A turned box as the smallest upright one around it: it turns clockwise about its corner at the top left."""
    if not box.rotation % 360:
        return Drawn(category, box.x, box.y, box.width, box.height)
    angle = radians(box.rotation)
    corners = [(0.0, 0.0), (box.width, 0.0), (box.width, box.height), (0.0, box.height)]
    across = [box.x + wide * cos(angle) - high * sin(angle) for wide, high in corners]
    down = [box.y + wide * sin(angle) + high * cos(angle) for wide, high in corners]
    return Drawn(category, min(across), min(down), max(across) - min(across), max(down) - min(down), box)


def turned_note(every: Iterator[Picture]) -> list[str]:
    """What to know of boxes that were drawn turned."""
    count = sum(box.turned is not None for picture in every for box, *_ in picture.boxes)
    if not count:
        return []
    return [f"{count} boxes were drawn turned: the file has the smallest upright box around each of them"]
