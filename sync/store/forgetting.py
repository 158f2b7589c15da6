"""Erasing who somebody is and what they wrote. What they chose stays, under their number, for the statistics.

Who was forgotten is remembered by number: no later pull brings the name or the words back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from label_config.review import without_remarks
from label_config.typed import without_typed

from ..labelstudio.wire import RemoteAnnotation, RemoteTask, RemoteUser
from . import fingerprint, typed_answers
from .audit import TIEBREAK, record
from .audit_check import FORGET
from .engine import erase_for_good
from .tables import (
    annotation_versions,
    annotators,
    audit_events,
    audit_words,
    forgotten_people,
    people_decisions,
    personal_links,
    rulings,
)
from .typed_answers import Typed


@dataclass(frozen=True, slots=True)
class Erased:
    """What the store holds of somebody, or held: name and address, reasons in rulings, in the results they were read
    from (versions of annotations), and in the audit chain; reasons of decisions about them; links to their numbers;
    texts typed as answers, in results, in labels of versions, and where these are shown beside."""

    names: int
    rationales: int
    results: int
    audit_words: int
    decisions: int = 0
    links: int = 0
    typed: int = 0
    labels: int = 0
    shown: int = 0

    @property
    def anything(self) -> bool:
        """Whether there is something."""
        return any(asdict(self).values())


def person_called(connection: Connection, called: str) -> int | None:
    """Label Studio's id of somebody, by the id or the e-mail address; null where the store knows nobody like that."""
    if called.isdecimal() and len(called) < 10:
        number = int(called)
        return number if _is_known(connection, number) else None
    query = select(annotators.c.id).where(func.lower(annotators.c.email) == called.strip().lower())
    return connection.execute(query).scalar()


def _is_known(connection: Connection, number: int) -> bool:
    traces = (
        select(annotators.c.id).where(annotators.c.id == number),
        select(forgotten_people.c.id).where(forgotten_people.c.id == number),
        select(annotation_versions.c.id).where(_by(number)),
        select(rulings.c.id).where(rulings.c.reviewer == number),
    )
    return any(connection.execute(query.limit(1)).first() is not None for query in traces)


def _by(number: int) -> Any:
    return or_(annotation_versions.c.annotator == number, annotation_versions.c.updated_by == number)


def is_forgotten(connection: Connection, number: int | None) -> bool:
    """Whether somebody was forgotten before; false for nobody."""
    query = select(forgotten_people.c.id).where(forgotten_people.c.id == number)
    return connection.execute(query).first() is not None


def last(connection: Connection) -> int:
    """The audit event of the last erasure, 0 without one: what was read before it may hold erased words."""
    query = select(func.max(audit_events.c.id)).where(audit_events.c.action == FORGET)
    return connection.execute(query).scalar() or 0


def held(connection: Connection, number: int, *, keep_typed: bool = False) -> Erased:
    """What would be erased of somebody (Label Studio's id); ``keep_typed``: but for texts typed as answers."""
    typed = Typed() if keep_typed else typed_answers.held(connection, number)
    counts = (
        select(func.count()).select_from(annotators).where(annotators.c.id == number),
        select(func.count()).select_from(rulings).where(*_reasons(number)),
        select(func.count()).select_from(audit_words).where(*_spoken(number)),
        select(func.count()).select_from(people_decisions).where(*_decided(number)),
        select(func.count()).select_from(personal_links).where(personal_links.c.person == number),
    )
    names, reasons, words, decisions, links = (connection.execute(query).scalar_one() for query in counts)
    remarks = sum(1 for _ in _with_words(connection, number))
    return Erased(names, reasons, remarks, words, decisions, links, typed.answers, typed.labels, typed.shown)


def _reasons(number: int) -> tuple[Any, ...]:
    return rulings.c.reviewer == number, rulings.c.rationale.is_not(None)


def _spoken(number: int) -> tuple[Any, ...]:
    return audit_words.c.person == number, audit_words.c.text.is_not(None)


def _decided(number: int) -> tuple[Any, ...]:
    return people_decisions.c.person == number, people_decisions.c.reason.is_not(None)


def _with_words(connection: Connection, number: int) -> Iterator[tuple[Row[Any], list[Any]]]:
    """The versions of annotations by somebody that hold what they wrote, each with its result without that."""
    rows = connection.execute(select(annotation_versions).where(_by(number)).execution_options(yield_per=1_000))
    for row in rows:
        result = without_remarks(row.result)
        if result is not row.result:
            yield row, result


def forget(connection: Connection, number: int, now: int, *, actor: str = TIEBREAK, keep_typed: bool = False) -> Erased:
    """Erase it, and see to it that it does not come back. Where nothing is left to erase, nothing is written.

    ``keep_typed``: texts typed as answers stay, now and from now on.
    """
    erase_for_good(connection)
    typed = Typed() if keep_typed else typed_answers.erase(connection, number, now)
    found = list(_with_words(connection, number))
    names = connection.execute(delete(annotators).where(annotators.c.id == number)).rowcount
    reasons = connection.execute(update(rulings).where(*_reasons(number)).values(rationale=None)).rowcount
    connection.execute(update(rulings).where(rulings.c.reviewer == number).values(problem=None))
    spoken = connection.execute(update(audit_words).where(*_spoken(number)).values(salt=None, text=None)).rowcount
    decided = connection.execute(update(people_decisions).where(*_decided(number)).values(reason=None)).rowcount
    links = connection.execute(delete(personal_links).where(personal_links.c.person == number)).rowcount
    _rewrite(connection, found)
    done = Erased(names, reasons, len(found), spoken, decided, links, typed.answers, typed.labels, typed.shown)
    known = is_forgotten(connection, number)
    if not known:
        connection.execute(insert(forgotten_people).values(id=number, at=now, keeps_typed=keep_typed))
    elif not keep_typed:
        connection.execute(update(forgotten_people).where(forgotten_people.c.id == number).values(keeps_typed=False))
    if done.anything or not known:
        record(connection, now=now, actor=actor, action=FORGET, subject={"annotator": number}, why=asdict(done))
    return done


def _rewrite(connection: Connection, found: Sequence[tuple[Row[Any], list[Any]]]) -> None:
    """Results without words, and their hashes, so that a pull finds the same version again."""
    if not found:
        return
    changed = update(annotation_versions).where(annotation_versions.c.id == bindparam("row"))
    connection.execute(
        changed.values(result=bindparam("without"), hash=bindparam("of")),
        [{"row": row.id, "without": result, "of": _hash(row, result)} for row, result in found],
    )


def _hash(row: Row[Any], result: object) -> str:
    return fingerprint.of_version(
        row.annotator, row.updated_by, row.was_cancelled, row.ground_truth, row.lead_time, result
    )


def still_named(connection: Connection, users: Iterable[RemoteUser]) -> list[RemoteUser]:
    """Those whose name may be kept."""
    silent = _forgotten(connection)
    return [user for user in users if user.id not in silent]


def without_words(connection: Connection, page: Sequence[RemoteTask]) -> Sequence[RemoteTask]:
    """Tasks as Label Studio sent them, without what people wrote who were forgotten."""
    silent = dict(connection.execute(select(forgotten_people.c.id, forgotten_people.c.keeps_typed)).all())
    if not silent:
        return page
    return [replace(task, annotations=tuple(_silenced(one, silent) for one in task.annotations)) for task in page]


def _forgotten(connection: Connection) -> set[int]:
    return set(connection.execute(select(forgotten_people.c.id)).scalars())


def _silenced(annotation: RemoteAnnotation, silent: Mapping[int | None, bool]) -> RemoteAnnotation:
    """``silent`` people, and whether the texts that they type as answers are kept."""
    theirs = [silent[one] for one in (annotation.completed_by, annotation.updated_by) if one in silent]
    if not theirs:
        return annotation
    result = without_remarks(annotation.result)
    return replace(annotation, result=result if all(theirs) else without_typed(result)[0])
