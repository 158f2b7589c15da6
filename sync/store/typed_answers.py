"""Erasing texts that somebody typed as answers: in every version of their annotations, and in all copies of them.

What was typed is taken out as though that question had been left open. In versions of labels, which never change, a
mark stands in its place: the audit chain holds what became what, so that their hashes still verify.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from label_config.typed import erased, without_typed

from ..versions.content import digest
from . import fingerprint, typed_copies
from .audit import TIEBREAK, Event, record_all
from .label_versions import CONTENTS_ERASED
from .tables import (
    annotation_versions,
    annotations,
    answers,
    codes,
    consensus,
    label_contents,
    label_entries,
    packed_answers,
    queue,
    reviews,
    rulings,
    tasks,
)
from .typed_copies import unsaid, unshown

AT_ONCE = 500
"""Contents that one event tells of."""

Where = dict[tuple[int, str], set[int]]
"""(project, control) -> tasks (the store's keys) that somebody answered by typing."""


@dataclass(frozen=True, slots=True)
class Typed:
    """In how many stored results there are such texts, in how many labels of versions, and where else they show."""

    answers: int = 0
    labels: int = 0
    shown: int = 0


def held(connection: Connection, number: int) -> Typed:
    """What would be erased of somebody (Label Studio's id)."""
    found = sum(1 for _ in _results(connection, number))
    return Typed(found, sum(1 for _ in _contents(connection, number)), typed_copies.held(connection, number))


def erase(connection: Connection, number: int, now: int) -> Typed:
    """Erase it; the next assessment judges without it."""
    found = list(_results(connection, number))
    contents = dict(_contents(connection, number))
    where: Where = {}
    for row, result, controls in found:
        places = [(row.project, row.task), *_rewrite(connection, row, result, controls)]
        for control, (project, task) in product(controls, places):
            where.setdefault((project, control), set()).add(task)
    for (project, control), of in where.items():
        _forget_code(connection, project, control)
        for task in sorted(of):
            _erase_copies(connection, task, control, now)
    for project in {project for project, _ in where}:
        connection.execute(delete(packed_answers).where(packed_answers.c.project == project))
    _erase_contents(connection, contents, number, now)
    return Typed(len(found), len(contents), typed_copies.erase(connection, number))


def _results(connection: Connection, number: int) -> Iterator[tuple[Row[Any], Any, frozenset[str]]]:
    """Versions of annotations by somebody with such texts, each with its result without them, and the controls."""
    by = or_(annotation_versions.c.annotator == number, annotation_versions.c.updated_by == number)
    query = (
        select(annotation_versions, annotations.c.task, tasks.c.project)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(by)
    )
    for row in connection.execute(query.execution_options(yield_per=1_000)):
        result, controls = without_typed(row.result)
        if controls:
            yield row, result, controls


def _rewrite(connection: Connection, row: Row[Any], result: Any, controls: frozenset[str]) -> list[tuple[int, int]]:
    """The version says nothing to these controls, and neither does a ruling that was read from it.

    Returns (project, task) of that ruling, the store's keys.
    """
    hashed = fingerprint.of_version(
        row.annotator, row.updated_by, row.was_cancelled, row.ground_truth, row.lead_time, result
    )
    mine = annotation_versions.c.id == row.id
    connection.execute(update(annotation_versions).where(mine).values(result=result, hash=hashed))
    of = select(codes.c.id).where(codes.c.control.in_(controls))
    connection.execute(delete(answers).where(answers.c.version == row.id, answers.c.code.in_(of)))
    query = select(rulings.c.id, rulings.c.answers, reviews.c.project, reviews.c.task)
    query = query.join(reviews, reviews.c.id == rulings.c.review).where(rulings.c.annotation_version == row.id)
    ruled = connection.execute(query).all()
    for ruling in ruled:
        left = {control: answer for control, answer in ruling.answers.items() if control not in controls}
        connection.execute(update(rulings).where(rulings.c.id == ruling.id).values(answers=left))
    return [(ruling.project, ruling.task) for ruling in ruled]


def _forget_code(connection: Connection, project: int, control: str) -> None:
    """Answers that nobody gives any more."""
    unused = (codes.c.project == project) & (codes.c.control == control)
    connection.execute(delete(codes).where(unused, codes.c.id.not_in(select(answers.c.code))))


def _erase_copies(connection: Connection, task: int, control: str, now: int) -> None:
    """What was concluded from the answers to a control of a task, and what its reviews and the queue show of them."""
    mine = (consensus.c.task == task) & (consensus.c.control == control)
    withdrawn = {"answer": None, "posterior": None, "annotations": 0, "source": "withdrawn", "changed_at": now}
    connection.execute(update(consensus).where(mine).values(**withdrawn))
    mine = (queue.c.task == task) & (queue.c.control == control)
    for row in connection.execute(select(queue.c.findings).where(mine)).all():
        connection.execute(update(queue).where(mine).values(findings=unsaid(row.findings)))
    for review in connection.execute(select(reviews).where(reviews.c.task == task)).all():
        findings, data = unsaid(review.findings), unshown(review.data)
        connection.execute(update(reviews).where(reviews.c.id == review.id).values(findings=findings, data=data))
        typed_copies.erase_copies(connection, review)


def _contents(connection: Connection, number: int) -> Iterator[tuple[int, tuple[str, str]]]:
    """Labels of versions that hold such texts: key -> (their hash, what they are to be)."""
    query = (
        select(label_contents)
        .where(label_contents.c.id.in_(select(label_entries.c.content).where(label_entries.c.control != "")))
        .where(or_(label_contents.c.text.contains("Text"), label_contents.c.text.contains("Message")))
    )
    for row in connection.execute(query.execution_options(yield_per=1_000)):
        text = _without(row.text, number)
        if text != row.text:
            yield row.id, (row.hash, text)


def _without(text: str, number: int) -> str:
    """A label (see versions/content.py) without what somebody typed: what they gave, and what is the same or theirs."""
    label = json.loads(text)
    theirs = {answer for annotator, answer, _ in label["given"] if annotator == number}
    if label.get("decision") and label["decision"][1] == number:
        theirs.add(label["answer"])
    given = [[who, erased(said) if who == number else said, at] for who, said, at in label["given"]]
    answer = erased(label["answer"]) if label["answer"] in theirs else label["answer"]
    return json.dumps({**label, "given": given, "answer": answer}, sort_keys=True, separators=(",", ":"))


def _erase_contents(connection: Connection, found: Mapping[int, tuple[str, str]], number: int, now: int) -> None:
    for key, (_, text) in found.items():
        connection.execute(update(label_contents).where(label_contents.c.id == key).values(text=text))
    pairs = [(hashed, digest(text)) for hashed, text in found.values()]
    events = [
        Event(TIEBREAK, CONTENTS_ERASED, None, {"contents": dict(pairs[at : at + AT_ONCE])}, {"annotator": number})
        for at in range(0, len(pairs), AT_ONCE)
    ]
    record_all(connection, now, events)
