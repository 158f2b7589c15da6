"""A labeled set from a table or an export of Label Studio."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from label_config.errors import LabelConfigError
from label_config.exports import parse_export

from ..encoders import family_of
from ..errors import ExportError, MediaError
from .replay import Labeled

HELD_OUT = 0.2
"""The share of the rows that is tested on where no file of test rows is named."""
FEWEST = 20

Row = tuple[str, str]
"""A text and its label."""
NO_TEXT, NO_LABEL, SEVERAL, TIE = "without a text", "without a label", "with several labels at once", "with a tie"
"""Why a row or a task is left out."""


def labeled(place: Path, text: str, label: str, test: Path | None, encoder: str) -> Labeled:
    """The set in a file; raises ExportError, which says what is missing and where.

    ``text`` is a column (or field of the tasks' data), ``label`` a column (or name of a control). Without ``test`` a
    fifth of the rows is held out to test on, always the same.
    """
    left_out: Counter[str] = Counter()
    rows = _rows(place, text, label, left_out)
    if test is None:
        order = np.random.default_rng(0).permutation(len(rows))
        held = set(order[: round(HELD_OUT * len(rows))].tolist())
        rows, tested = [row for n, row in enumerate(rows) if n not in held], [rows[n] for n in sorted(held)]
    else:
        tested = _rows(test, text, label, left_out)
    labels = tuple(sorted({one for _, one in (*rows, *tested)}))
    if len({one for _, one in rows}) < 2:
        raise ExportError(f"{place}: every row has the same label, {labels[0]!r}: nothing could be learned")
    family = family_of(encoder)
    of = {one: number for number, one in enumerate(labels)}
    return Labeled(
        encoder,
        family.describe([one for one, _ in rows]),
        np.array([of[one] for _, one in rows]),
        family.describe([one for one, _ in tested]),
        np.array([of[one] for _, one in tested]),
        labels,
        dict(left_out),
    )


def _rows(place: Path, text: str, label: str, left_out: Counter[str]) -> list[Row]:
    """What can be replayed; of the others ``left_out`` counts why not."""
    try:
        content = place.read_bytes()
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error
    export = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{")
    read = list(_of_export(place, content, text, label) if export else _of_table(place, content, text, label))
    found = [one for one in read if not isinstance(one, str)]
    why = Counter(one for one in read if isinstance(one, str))
    left_out.update(why)
    if len(found) < FEWEST:
        raise ExportError(
            f"{place}: only {len(found)} rows have a text and a label; {FEWEST} are needed{in_words(why)}"
        )
    return found


def in_words(left_out: Mapping[str, int]) -> str:
    """How many were left out and why, to be put after a sentence; empty where none was.

    >>> in_words({"without a label": 2, "with a tie": 1}), in_words({})
    ('; left out: 3 (2 without a label, 1 with a tie)', '')
    """
    if not left_out:
        return ""
    return f"; left out: {sum(left_out.values()):,} ({', '.join(f'{n:,} {why}' for why, n in left_out.items())})"


def _of_table(place: Path, content: bytes, text: str, label: str) -> Iterator[Row | str]:
    """Each row, or why it is left out."""
    try:
        lines = content.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise ExportError(f"{place}: not UTF-8 at byte {error.start}: save it as UTF-8") from error
    table = csv.DictReader(lines)
    for column in (text, label):
        names = list(table.fieldnames or ())
        if column not in names:
            raise ExportError(f"{place}: no column is named {column!r}; there are: {', '.join(names)}")
        if names.count(column) > 1:
            raise ExportError(
                f"{place}: {names.count(column)} columns are named {column!r}: rename all but one of them"
            )
    try:
        for row in table:
            yield _row(row[text], row[label])
    except csv.Error as error:
        raise ExportError(f"{place}, line {table.line_num}: {error}") from error


def _of_export(place: Path, content: bytes, text: str, label: str) -> Iterator[Row | str]:
    """Each task's most frequent answer to the control, or why it is left out: a tie teaches nothing."""
    try:
        tasks = parse_export(content)
    except LabelConfigError as error:
        raise ExportError(f"{place}: {error}") from error
    fields = dict.fromkeys(name for task in tasks for name in task["data"])
    if tasks and text not in fields:
        raise ExportError(f"{place}: no task has a field {text!r}; there are: {', '.join(fields)}")
    controls: dict[str, None] = {}
    for task in tasks:
        given: list[list[str]] = []
        for annotation in task.get("annotations") or ():
            controls |= dict.fromkeys(_controls(annotation))
            given += [] if annotation.get("was_cancelled") else [_choice(annotation, label)]
        first = Counter(one[0] for one in given if len(one) == 1).most_common(2)
        if not first:
            yield SEVERAL if any(given) else NO_LABEL
        elif len(first) == 2 and first[0][1] == first[1][1]:
            yield TIE
        else:
            yield _row(task["data"].get(text), first[0][0])
    if label not in controls:
        raise ExportError(
            f"{place}: nothing is answered by {label!r}; there are: {', '.join(controls) or 'no answers'}"
        )


def _results(annotation: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = annotation.get("result")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _controls(annotation: Mapping[str, Any]) -> list[str]:
    return [str(one["from_name"]) for one in _results(annotation) if "from_name" in one]


def _choice(annotation: Mapping[str, Any], label: str) -> list[str]:
    """The labels that the control was given; several at once are no class."""
    for one in _results(annotation):
        value = one.get("value")
        if one.get("from_name") == label and isinstance(value, dict):
            given = value.get("choices")
            return [str(one) for one in given] if isinstance(given, list) else []
    return []


def _row(value: object, label: object) -> Row | str:
    """The row where both are there, else why it is left out."""
    if label in (None, ""):
        return NO_LABEL
    if value in (None, ""):
        return NO_TEXT
    try:
        return family_of("tfidf").read(value, lambda _: b""), str(label)
    except MediaError:
        return NO_TEXT
