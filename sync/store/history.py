"""The history of a task: who answered what, when, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from label_config.results import from_canonical
from label_config.words import in_words

from . import corrections
from .as_of_today import as_of_today
from .interfaces import Period, periods
from .review_history import RENEWED, Stood, stood
from .reviews import UNREADABLE
from .standing import Standing, standing
from .tables import annotation_versions, annotations, annotators, answers, codes, reviews, rulings, tasks
from .tables import corrections as correction_rows
from .votes import VOTE


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a task: when, what, who, and the answers where there are any.

    ``became`` is what became of an answer, a review or a ruling, as of now. ``interface`` is the number of the
    labeling interface that an answer was read by, 1 first; null for events that have none.
    """

    at: int
    what: str
    who: str
    details: str
    became: str = ""
    interface: int | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the events of one project are told with."""

    names: Mapping[int, str]
    periods: Sequence[Period]
    ours: set[int]

    def name(self, user: int | None) -> str:
        """A person's name; "nobody" where Label Studio has none."""
        return "nobody" if user is None else self.names.get(user, f"user {user}")

    def number(self, interface: int | None) -> int | None:
        """Which of the project's interfaces it is, 1 first."""
        return next((one.number for one in self.periods if one.interface == interface), None)


def history(connection: Connection, project: int, task: int) -> list[Event]:
    """Everything that was seen of a task, the oldest first; ``task`` is Label Studio's id.

    A task that was deleted, and another that got its id later, both appear.
    """
    rows = connection.execute(select(tasks).where(tasks.c.project == project, tasks.c.label_studio_id == task)).all()
    known = _Known(
        {row.id: row.name for row in connection.execute(select(annotators))},
        periods(connection, project),
        corrections.written(connection, project),
    )
    events: list[Event] = []
    for row in rows:
        events.append(Event(row.created_at, "task created", "", ""))
        if row.deleted_at is not None:
            events.append(Event(row.deleted_at, "task found deleted", "", ""))
        events += _annotation_events(connection, project, row.id, known)
        events += _review_events(connection, row.id, known, stood(connection, project, task))
        events += _correction_events(connection, row.id, known)
    if rows:
        events += _interface_events(known.periods)
    return sorted(events, key=lambda event: event.at)


def _interface_events(known: Sequence[Period]) -> Iterator[Event]:
    """Changes of the interface, which every task of the project went through."""
    for one in known[1:]:
        yield Event(one.seen_at, f"labeling interface {one.number} seen", "", "", interface=one.number)


def _annotation_events(connection: Connection, project: int, task: int, known: _Known) -> Iterator[Event]:
    query = (
        select(
            annotation_versions,
            annotations.c.label_studio_id,
            annotations.c.current,
            annotations.c.deleted_at,
        )
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .where(annotations.c.task == task)
        .order_by(annotation_versions.c.id)
    )
    rows = connection.execute(query).all()
    said = _said(connection, task)
    today = as_of_today(connection, project)
    counting = _counting(rows, known.ours)
    seen: set[int] = set()
    for row in rows:
        first = row.annotation not in seen
        seen.add(row.annotation)
        found = said.get(row.id, [])
        details = [f"{control} = {in_words(answer)}" for control, _, answer in found]
        if row.updated_by is not None and row.updated_by != row.annotator:
            details.append(f"in the name of {known.name(row.annotator)}")
        became = _became(row, known.ours, counting)
        if became == COUNTS:
            became = _counts_today([today.problem(code) for _, code, _ in found])
        who = row.annotator if row.updated_by is None else row.updated_by
        yield Event(
            row.updated_at,
            _what(row, first),
            known.name(who),
            "; ".join(details),
            became,
            known.number(row.interface),
        )
        if row.deleted_at is not None and first:
            yield Event(row.deleted_at, f"annotation {row.label_studio_id} found deleted", "", "")


COUNTS = "counts"


def _counts_today(problems: Sequence[str | None]) -> str:
    """Whether the answers of an annotation count, by what speaks against each as the labeling interface is today.

    >>> _counts_today([None]), _counts_today(["no 'mood'"])
    ('counts', "not in today's reports: no 'mood'")
    >>> _counts_today([None, "no 'mood'"])
    "counts, but for what is not in today's reports: no 'mood'"
    """
    gone = [problem for problem in problems if problem]
    if not gone:
        return COUNTS
    some = f"{COUNTS}, but for what is " if len(gone) < len(problems) else ""
    return f"{some}not in today's reports: {'; '.join(gone)}"


def _what(row: Any, first: bool) -> str:
    if row.was_cancelled:
        return f"annotation {row.label_studio_id} skipped"
    as_truth = " as ground truth" if row.ground_truth else ""
    return f"annotation {row.label_studio_id} {'submitted' if first else 'changed'}{as_truth}"


def _became(row: Any, ours: set[int], counting: Mapping[int | None, int]) -> str:
    """What became of a version of an annotation."""
    if row.deleted_at is not None:
        return "deleted"
    if row.current != row.id:
        return "changed later" if row.rejected is None else f"set aside, and changed later: {row.rejected}"
    match standing(row, ours):
        case Standing.CANCELLED:
            return "skipped: does not count"
        case Standing.GROUND_TRUTH:
            return "ground truth"
        case Standing.REJECTED:
            return f"set aside: {row.rejected}"
        case Standing.ANONYMOUS:
            return "without an author: does not count"
        case Standing.VALID:
            return COUNTS if counting[row.annotator] == row.id else "the same person's later one counts"


def _counting(rows: Sequence[Any], ours: set[int]) -> dict[int | None, int]:
    """Annotator -> the version that counts, of all that are current."""
    valid = [
        row
        for row in rows
        if row.deleted_at is None and row.current == row.id and standing(row, ours) == Standing.VALID
    ]
    return {row.annotator: row.id for row in sorted(valid, key=lambda row: (row.updated_at, row.id))}


def _said(connection: Connection, task: int) -> dict[int, list[tuple[str, int, Any]]]:
    """Annotation version -> (control, code, answer), of one task (the store's key)."""
    query = (
        select(answers.c.version, codes)
        .join(codes, codes.c.id == answers.c.code)
        .join(annotation_versions, annotation_versions.c.id == answers.c.version)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .where(annotations.c.task == task)
        .order_by(answers.c.version, codes.c.control)
    )
    found: dict[int, list[tuple[str, int, Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.version, []).append((row.control, row.id, from_canonical(row.answer)))
    return found


def _review_events(
    connection: Connection, task: int, known: _Known, as_it_stood: Mapping[str, Sequence[Stood]]
) -> Iterator[Event]:
    for row in connection.execute(select(reviews).where(reviews.c.task == task)):
        yield from _sent(row, as_it_stood.get(row.key, ()))
        if row.state == "lost":
            yield Event(row.closed_at, "review task found deleted", "", "It stays so: that was somebody's act.")
        elif row.state == "withdrawn" and row.closed_at is not None:
            yield Event(row.closed_at, "review withdrawn", "", "")
        for ruling in connection.execute(select(rulings).where(rulings.c.review == row.id)):
            decided = "; ".join(
                f"{control} = {in_words(from_canonical(text))}" for control, text in ruling.answers.items()
            )
            notes = [note for note in (ruling.verdict, ruling.cause, ruling.rationale) if note]
            if ruling.given_verdict is not None:
                notes.insert(1, f"the reviewer chose: {ruling.given_verdict}")
            details = " | ".join([decided or "no answer", *notes, *([ruling.problem] if ruling.problem else ())])
            yield Event(ruling.ruled_at, "ruled", known.name(ruling.reviewer), details, _ruling_became(ruling))
            if ruling.gone_at is not None:
                became = "the ruling stands, and so does its ground truth"
                yield Event(ruling.gone_at, "ruling found deleted from its review task", "", "", became)


def _sent(review: Any, stood: Sequence[Stood]) -> Iterator[Event]:
    """A review as it was sent, and what it was last renewed to: the reasons that are kept are those of then."""
    why = " ".join(finding["reason"] for finding in review.findings)
    sent = f"sent to review {stood[0]}" if stood else f"sent to review P{review.band}"
    yield Event(review.intended_at, sent, "", why if len(stood) < 2 else "", review.state)
    for last in stood[1:][-1:]:
        what = "review renewed" if last.action == RENEWED else "sent to review again"
        yield Event(last.at, f"{what}: {last}", "", why)


def _ruling_became(ruling: Any) -> str:
    if ruling.counts_as == UNREADABLE:
        return "cannot be read: does not count"
    if ruling.superseded:
        return "replaced by a later ruling"
    if ruling.counts_as is not None:
        return "came after the review was withdrawn: one more answer" if ruling.counts_as == VOTE else "does not count"
    if ruling.ground_truth is None:
        return "to be written as ground truth" if ruling.answers else ""
    return f"ground truth {ruling.ground_truth}" if ruling.ground_truth else "there is no ground truth of it"


def _correction_events(connection: Connection, task: int, known: _Known) -> Iterator[Event]:
    for row in connection.execute(select(correction_rows).where(correction_rows.c.task == task)):
        details = f"{row.control} = {in_words(from_canonical(row.answer))} | {row.reason}"
        became = "undone" if row.undone_at else f"ground truth {row.annotation}" if row.annotation else ""
        what = f"correction applied in batch {row.batch}"
        yield Event(row.applied_at, what, known.name(row.applied_by), details, became)
        if row.undone_at is not None:
            yield Event(row.undone_at, f"correction of batch {row.batch} undone", "", "")
