"""YOLO: a folder with a text file of boxes for each task, the names of the classes, and a table of the tasks."""

import csv
import json
from pathlib import Path

from .boxes import Drawn, Picture, categories, pictures, refuses, turned_note
from .exported import Exported, Format

TASKS = ("task", "image", "width", "height", "boxes", "confidence", "annotators", "source")


def write(exported: Exported, place: Path) -> list[str]:
    """Fill the folder: ``labels/<task>.txt``, ``classes.txt``, ``data.yaml``, ``tasks.csv``."""
    names = categories(exported)
    numbers = {name: number for number, name in enumerate(names)}
    (place / "labels").mkdir()
    lines: list[tuple[object, ...]] = [TASKS]
    for picture in pictures(exported):
        text = "".join(_line(numbers[drawn.category], drawn, picture) for drawn, *_ in picture.boxes)
        _text(place / "labels" / f"{picture.task.id}.txt", text)
        lines.append(_about(picture))
    _text(place / "classes.txt", "".join(f"{_one_line(name)}\n" for name in names))
    listed = "".join(f"  {number}: {json.dumps(name)}\n" for number, name in enumerate(names))
    _text(place / "data.yaml", f"# {json.dumps(exported.source())}\nnc: {len(names)}\nnames:\n{listed}")
    with (place / "tasks.csv").open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    return turned_note(pictures(exported))


def _line(number: int, drawn: Drawn, picture: Picture) -> str:
    """Class, centre, width and height, as shares of the image; what reaches over its edge is cut off."""
    wide, high = picture.size or (100.0, 100.0)
    left, right = (min(max(one / wide, 0.0), 1.0) for one in (drawn.x, drawn.x + drawn.width))
    top, bottom = (min(max(one / high, 0.0), 1.0) for one in (drawn.y, drawn.y + drawn.height))
    shares = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    return f"{number} {' '.join(f'{one:.6f}' for one in shares)}\n"


def _about(picture: Picture) -> tuple[object, ...]:
    wide, high = picture.size or ("", "")
    file = f"'{picture.file}" if picture.file.startswith(("=", "+", "-", "@")) else picture.file
    sure = [confidence for *_, confidence in picture.boxes]
    people = [len(label.given) for _, _, label, _ in picture.boxes]
    sources = sorted({label.source for _, _, label, _ in picture.boxes})
    about = (min(sure, default=""), max(people, default=""), " ".join(sources))
    return (picture.task.id, file, wide, high, len(picture.boxes), *about)


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _text(place: Path, text: str) -> None:
    place.write_text(text, encoding="utf-8", errors="replace", newline="\n")


FORMAT = Format(write, "boxes on images", refuses, folder=True)
