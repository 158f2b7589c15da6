"""The label set: what is known of each task and control, merged from the feed and kept on disk as JSON lines."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from label_config.canonical import answer_as_json, answer_from_json
from label_config.errors import ResultError

from .errors import RegistryError
from .files import write_atomically
from .records import TrainingRow

FILE = "labels.jsonl"
FORMAT = 2


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Rows by task and control; ``cursor`` is how far in the feed they go, 0 before the first."""

    rows: Mapping[tuple[int, str], TrainingRow] = field(default_factory=dict)
    cursor: int = 0

    def merged(self, news: Iterable[TrainingRow], cursor: int) -> "LabelSet":
        """The set after ``news``: a newer row replaces the older, a withdrawn one goes.

        >>> from label_config.answers import Choices
        >>> row = TrainingRow(1, "c", {}, Choices(("yes",)), 1.0, "consensus", False, 5)
        >>> len(LabelSet().merged([row], 5).rows)
        1
        """
        rows = dict(self.rows)
        for row in news:
            if row.answer is None:
                rows.pop((row.task, row.control), None)
            else:
                rows[(row.task, row.control)] = row
        return LabelSet(rows, cursor)

    def of(self, control: str) -> list[TrainingRow]:
        """The rows of one control, in the order of their tasks."""
        return sorted((row for row in self.rows.values() if row.control == control), key=lambda row: row.task)


def row_from(raw: Mapping[str, Any]) -> TrainingRow:
    """One line of the feed. Raises ValueError, TypeError or KeyError for what is no such line."""
    weight = float(raw["weight"])
    try:
        answer = None if raw["answer"] is None else answer_from_json(raw["answer"])
    except ResultError as error:
        raise ValueError(f"answer: {error}") from error
    if not isinstance(raw["data"], dict):
        raise ValueError("data: not an object")
    if not 0 <= weight <= 1:
        raise ValueError(f"weight: {weight} is not in [0, 1]")
    return TrainingRow(
        task=int(raw["task"]),
        control=str(raw["control"]),
        data=raw["data"],
        answer=answer,
        weight=weight,
        source=str(raw["source"]),
        holdout=bool(raw["holdout"]),
        updated_at=int(raw["updated_at"]),
    )


def as_json(row: TrainingRow) -> dict[str, Any]:
    """One line of the feed, which ``row_from`` gives the same row for."""
    return {
        "task": row.task,
        "control": row.control,
        "data": row.data,
        "answer": None if row.answer is None else answer_as_json(row.answer),
        "weight": row.weight,
        "source": row.source,
        "holdout": row.holdout,
        "updated_at": row.updated_at,
    }


def save(folder: Path, labels: LabelSet) -> None:
    """Replace the label set of a project's folder."""
    head = json.dumps({"format": FORMAT, "cursor": labels.cursor, "rows": len(labels.rows)}) + "\n"
    rows = (json.dumps(as_json(row)) + "\n" for row in labels.rows.values())
    write_atomically(folder / FILE, (line for part in ([head], rows) for line in part))


def load(folder: Path) -> LabelSet:
    """The label set of a project's folder; empty where there is none. Raises RegistryError for a broken file."""
    place = folder / FILE
    with _opened(place) as file:
        if file is None:
            return LabelSet()
        head = _head(place, next(file, ""))
        found = [row_from(json.loads(line)) for line in file]
    if len(found) != head["rows"]:
        raise RegistryError(f"{place}: {len(found)} rows of {head['rows']}; remove it to fetch everything anew")
    return LabelSet({(row.task, row.control): row for row in found}, head["cursor"])


def cursor_of(folder: Path) -> int:
    """How far in the feed the stored label set goes, without reading its rows. Raises RegistryError as ``load``."""
    place = folder / FILE
    with _opened(place) as file:
        return 0 if file is None else _head(place, next(file, ""))["cursor"]


@contextmanager
def _opened(place: Path) -> Iterator[TextIO | None]:
    """The file, null where there is none; what goes wrong while it is read is an error that names it."""
    try:
        file = place.open(encoding="utf-8")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            yield file
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RegistryError(
                f"{place}: not a label set ({error}); remove it, then everything is fetched anew"
            ) from error


def _head(place: Path, line: str) -> dict[str, int]:
    head = json.loads(line)
    if head.get("format") != FORMAT:
        raise RegistryError(f"{place}: written by another version of tiebreak-ml (format {head.get('format')})")
    return {"rows": int(head["rows"]), "cursor": int(head["cursor"])}
