"""Label Studio's JSON: tasks with one annotation each, a ground truth, to be imported into any project."""

import json
from pathlib import Path
from typing import Any

from label_config.errors import LabelConfigError
from label_config.results import write_answers

from .exported import Exported, Format, NotExportable


def write(exported: Exported, place: Path) -> list[str]:
    """Write the file: all tasks of the version, those without a label too."""
    found = [_task(exported, task) for task in exported.content.tasks()]
    place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return []


def _task(exported: Exported, number: int) -> dict[str, Any]:
    task = exported.content.task(number)
    names = [one.name for one in exported.controls if (number, one.name) in exported.content.entries]
    said = {name: exported.content.label((number, name)) for name in names}
    answers = {name: label.value() for name, label in said.items()}
    try:
        result = write_answers(exported.config, answers, region_id=f"label-{number}", size=task.size)
    except LabelConfigError as error:
        raise NotExportable(f"task {number} cannot be written as a result of Label Studio: {error}") from error
    about = {
        name: {
            "confidence": exported.content.confidence((number, name)),
            "annotators": len(label.given),
            "source": label.source,
        }
        for name, label in said.items()
    }
    annotation = {"result": result, "ground_truth": True, "was_cancelled": False}
    return {
        "id": number,
        "data": dict(sorted(task.data.items())),
        "meta": {"labels": about, **exported.source()},
        "annotations": [annotation] if said else [],
    }


FORMAT = Format(write, "every control")
