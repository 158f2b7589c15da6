"""Answers as codes: each distinct answer of a project stands in the store once."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from .inserting import in_bulk
from .keys import next_keys
from .tables import answers, codes

CHUNK = 500
"""Answers in one IN list."""


def write_answers(connection: Connection, project: int, said: Mapping[int, Mapping[str, str]]) -> None:
    """The answers of annotation versions: key -> control -> canonical answer."""
    known = _codes(
        connection, project, {(control, text) for answered in said.values() for control, text in answered.items()}
    )
    rows = [
        {"version": version, "code": known[(control, text)]}
        for version, answered in said.items()
        for control, text in answered.items()
    ]
    in_bulk(connection, insert(answers), rows)


def _codes(connection: Connection, project: int, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """(control, canonical answer) -> its code; those that are new are made. No others are looked at: there are many."""
    of_control: dict[str, list[str]] = {}
    for control, text in sorted(wanted):
        of_control.setdefault(control, []).append(text)
    known: dict[tuple[str, str], int] = {}
    for control, texts in of_control.items():
        query = select(codes).where(codes.c.project == project, codes.c.control == control)
        for start in range(0, len(texts), CHUNK):
            for row in connection.execute(query.where(_among(connection, texts[start : start + CHUNK]))):
                known[(row.control, row.answer)] = row.id
    new: list[dict[str, Any]] = [
        {"project": project, "control": control, "answer": text}
        for control, text in sorted(wanted)
        if (control, text) not in known
    ]
    if new:
        for made, key in zip(new, next_keys(connection, codes, len(new)), strict=True):
            made["id"] = known[(made["control"], made["answer"])] = key
        connection.execute(insert(codes), new)
    return known


def _among(connection: Connection, texts: Sequence[str]) -> ColumnElement[bool]:
    """Codes of these answers. PostgreSQL's index holds their MD5, since it takes no long text."""
    if connection.dialect.name != "postgresql":
        return codes.c.answer.in_(texts)
    digests = [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
    return func.md5(codes.c.answer).in_(digests)
