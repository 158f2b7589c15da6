"""Reading Label Studio's own export files, task by task, as typed values: a file never is in memory as a whole."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from label_config.errors import ExportFormatError
from label_config.exports import tasks_of

from ..errors import ExportError
from .wire import microseconds

_OTHER_FILES: Mapping[bytes, str] = {
    b"PK\x03\x04": "a zip archive: unpack it first",
    b"\x1f\x8b": "compressed by gzip: unpack it first",
    b"SQLite format": "a database of Label Studio: export the project instead",
    b"<": "XML or HTML, not an export: is it the labeling interface? That is --label-config",
}
"""How files that are no export begin -> what they are."""


LARGEST_ID = 2**63
"""What no id reaches."""
A_CENTURY = 3.2e9
"""Seconds: nobody works longer on one annotation."""


class GivenAnnotation(NamedTuple):
    """One annotation as the file holds it. ``changed_at`` is in microseconds since 1970, null where nothing says it.

    ``lead_time`` is the seconds that it took, null where nothing says so. ``result`` is whatever Label Studio stored:
    nothing was validated there. ``completed_by`` is what stands there where that is no id.
    """

    id: int | None
    annotator: int | None
    changed_at: int | None
    cancelled: bool
    ground_truth: bool
    result: object
    lead_time: float | None = None
    completed_by: object = None


class AnsweredTask(NamedTuple):
    """A task with what was said about it."""

    id: int
    data: Mapping[str, Any]
    annotations: tuple[GivenAnnotation, ...]


def stream_export(place: Path, progress: Callable[[int], None] = lambda _: None) -> Iterator[AnsweredTask]:
    """The tasks of a JSON export in its order; ``progress`` is told how many bytes were read since it was last told.

    A task without an id gets its place in the list, from 1. Raises ExportError, which names the file and the place in
    it, for one that is cut, not JSON, not an export, or names a task twice.
    """
    seen: set[int] = set()
    with contextlib.closing(_raw(place, progress)) as tasks:
        for number, raw in enumerate(tasks, 1):
            task = _task(raw, number, place)
            if task.id in seen:
                raise ExportError(f"{place}: task {task.id} stands there twice: export the project anew")
            seen.add(task.id)
            yield task


def read_export(place: Path) -> list[Mapping[str, Any]]:
    """All tasks of a JSON export at once, as they stand there, each with ``data`` and ``annotations``.

    Raises ExportError, which names the file and the place in it, for one that is cut, not JSON, or not an export.
    """
    return list(_raw(place, lambda _: None))


def _raw(place: Path, progress: Callable[[int], None]) -> Generator[Mapping[str, Any], None, None]:
    try:
        with place.open("rb") as file:
            _refuse_other_files(place, file)
            yield from tasks_of(_told(file, progress))
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error
    except ExportFormatError as error:
        raise ExportError(f"{place}: {error}") from error


def _refuse_other_files(place: Path, file: BinaryIO) -> None:
    start = file.read(16)
    file.seek(0)
    for begins, what in _OTHER_FILES.items():
        if start.startswith(begins):
            raise ExportError(f"{place}: {what}")


def _told(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[bytes]:
    while block := file.read(1 << 20):
        progress(len(block))
        yield block


def size_of(place: Path) -> int:
    """How many bytes the file has; raises ExportError where there is none."""
    try:
        return place.stat().st_size
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error


def _task(raw: Mapping[str, Any], number: int, place: Path) -> AnsweredTask:
    given = raw.get("id", number)
    if not isinstance(given, int) or isinstance(given, bool):
        raise ExportError(f"{place}: task {number} of the list: its id {given!r:.80} is not a whole number")
    if abs(given) >= LARGEST_ID:
        raise ExportError(f"{place}: task {number} of the list: its id {given!s:.20}... is larger than any id can be")
    return AnsweredTask(given, raw["data"], tuple([_annotation(one) for one in raw.get("annotations") or ()]))


def _annotation(raw: Mapping[str, Any]) -> GivenAnnotation:
    get = raw.get
    number, person = get("id"), get("completed_by")
    annotator = _id(person)
    return GivenAnnotation(
        number if type(number) is int else None,
        annotator,
        _time(get("updated_at")) or _time(get("created_at")),
        bool(get("was_cancelled")),
        bool(get("ground_truth")),
        get("result"),
        _seconds(get("lead_time")),
        person if annotator is None else None,
    )


def _seconds(value: object) -> float | None:
    """A time that an annotation took; null for what is none."""
    return float(value) if type(value) in (int, float) and 0 <= value < A_CENTURY else None  # type: ignore[arg-type,operator]


def _id(value: object) -> int | None:
    """An id, or that of an object, as ``completed_by`` comes at times; null for anything else."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if type(found) is int and abs(found) < LARGEST_ID else None


def _time(value: object) -> int | None:
    """Label Studio's time; null for what is none."""
    try:
        return microseconds(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return None


def named_controls(result: object) -> list[str]:
    """The controls that a result speaks of, whether they exist or not.

    >>> named_controls([{"from_name": "mood"}, {"from_name": "mood"}, "no region"])
    ['mood']
    """
    regions = result if isinstance(result, list) else ()
    names = [region.get("from_name") for region in regions if isinstance(region, Mapping)]
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))
