"""Writing an export: the format that is asked for or that the file's name tells, into a place of its own."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from label_config.model import Control, LabelConfig

from ..errors import ExportError, SettingsError
from . import coco, comma_separated, conll, hugging_face, json_lines, label_studio, parquet, yolo
from .exported import Exported, Format, NotExportable

FORMATS: Mapping[str, Format] = {
    "parquet": parquet.FORMAT,
    "csv": comma_separated.FORMAT,
    "jsonl": json_lines.FORMAT,
    "label-studio": label_studio.FORMAT,
    "coco": coco.FORMAT,
    "yolo": yolo.FORMAT,
    "conll": conll.FORMAT,
    "hugging-face": hugging_face.FORMAT,
}


def format_named(name: str | None, place: Path) -> str:
    """The format of that name, or the one that the file's suffix tells; raises SettingsError that lists them."""
    if name is None:
        known = [one for one, format in FORMATS.items() if place.suffix.lower() in format.suffixes]  # noqa: A001
        if known:
            return known[0]
        raise SettingsError(f"{place.name} does not tell the format: name one with --format: {', '.join(FORMATS)}")
    if name not in FORMATS:
        raise SettingsError(f"no format is named {name!r}; there are: {', '.join(FORMATS)}")
    return name


def refuse(name: str, controls: tuple[Control, ...], config: LabelConfig) -> None:
    """Raises NotExportable for a control that the format cannot hold, with the formats that can."""
    for control in controls:
        why = FORMATS[name].refuses(control, config)
        if why is not None:
            able = ", ".join(one for one, known in FORMATS.items() if known.refuses(control, config) is None)
            others = [one.name for one in controls if FORMATS[name].refuses(one, config) is None]
            leave = f", or leave it out: {' '.join(f'--control {one}' for one in others)}" if others else ""
            raise NotExportable(
                f"{name} holds {FORMATS[name].holds}, and control {control.name!r} ({control.tag}) cannot be held: "
                f"{why}. Formats that can: {able}{leave}"
            )


def export(exported: Exported, place: Path, name: str, *, overwrite: bool = False) -> list[str]:
    """Write a file or a folder, whole or not at all; what to know of it.

    Raises NotExportable for labels that the format cannot hold, ExportError where the place is taken or not writable.
    """
    refuse(name, exported.controls, exported.config)
    if place.is_dir() and (any(place.iterdir()) or not FORMATS[name].folder):
        raise ExportError(f"{place}: is a folder that holds something: name another place")
    if place.exists() and not place.is_dir() and not place.is_file():
        raise ExportError(f"{place}: is no file that could be replaced: name another place")
    if place.is_file() and (FORMATS[name].folder or not overwrite):
        raise ExportError(f"{place}: is there already: name another file, or say --overwrite")
    try:
        with tempfile.TemporaryDirectory(dir=place.absolute().parent, prefix=".tiebreak-") as folder:
            return _moved(FORMATS[name], exported, Path(folder) / "export", place)
    except OSError as error:
        raise ExportError(f"{place}: cannot be written: {error.strerror}") from error


def _moved(format: Format, exported: Exported, draft: Path, place: Path) -> list[str]:  # noqa: A002
    if format.folder:
        draft.mkdir()
    notes = format.write(exported, draft)
    if place.is_dir():
        place.rmdir()
    shutil.move(draft, place)
    return notes
