"""COCO: images, categories and boxes in pixels. A turned box also has its angle and how it was drawn."""

import json
from pathlib import Path
from typing import Any

from .boxes import Drawn, Picture, categories, pictures, refuses, turned_note
from .exported import Exported, Format, NotExportable

DIGITS = 4
"""Decimals of a pixel."""


def write(exported: Exported, place: Path) -> list[str]:
    """Write the file."""
    names = categories(exported)
    numbers = {name: number for number, name in enumerate(names, 1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for picture in pictures(exported):
        images.append(_image(picture))
        for drawn, control, label, confidence in picture.boxes:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": picture.task.id,
                    "category_id": numbers[drawn.category],
                    "bbox": [round(one, DIGITS) for one in (drawn.x, drawn.y, drawn.width, drawn.height)],
                    "area": round(drawn.width * drawn.height, DIGITS),
                    "iscrowd": 0,
                    "segmentation": [],
                    "attributes": {
                        "control": control.name,
                        "confidence": confidence,
                        "annotators": len(label.given),
                        "source": label.source,
                        **_turned(drawn),
                    },
                }
            )
    found = {
        "info": exported.source(),
        "licenses": [],
        "categories": [{"id": number, "name": name, "supercategory": ""} for name, number in numbers.items()],
        "images": images,
        "annotations": annotations,
    }
    place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return turned_note(pictures(exported))


def _image(picture: Picture) -> dict[str, Any]:
    found: dict[str, Any] = {"id": picture.task.id, "file_name": picture.file}
    if picture.size is not None:
        return {**found, "width": round(picture.size[0]), "height": round(picture.size[1])}
    if picture.boxes:
        raise NotExportable(
            f"task {picture.task.id}: no annotation says how large its image is, so its boxes have no pixels: yolo, "
            "label-studio, jsonl, csv, parquet and hugging-face can hold them"
        )
    return found


def _turned(drawn: Drawn) -> dict[str, Any]:
    if drawn.turned is None:
        return {}
    box = drawn.turned
    corner = [round(one, DIGITS) for one in (box.x, box.y, box.width, box.height)]
    return {"rotation": box.rotation, "drawn": corner}


FORMAT = Format(write, "boxes on images", refuses)
