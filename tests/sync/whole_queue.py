"""Which reviews are asked for, told from the whole queue at once: what reading little of it is held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from label_config.model import LabelConfig
from sync.evidence.stored import fixed_of
from sync.overlap import RELABEL
from sync.push.groups import GROUP
from sync.quality.priority import Policy
from sync.store import assessments, decisions, review_rounds
from sync.store.assessments import QueueEntry
from sync.store.columns import AnswerRow
from sync.store.reading import columns_of
from sync.store.review_rounds import WAITING, Newest
from sync.store.reviews import PAUSED, RETURNING
from sync.store.tables import reviews, tasks

Queue = dict[int, list[QueueEntry]]


@dataclass
class Expected:
    """The tasks whose review is withdrawn; task -> round and (control, kinds) of each entry, in order."""

    gone: list[int] = field(default_factory=list)
    standing: dict[int, tuple[int, list[tuple[str, list[str]]]]] = field(default_factory=dict)
    new: dict[int, tuple[int, list[tuple[str, list[str]]]]] = field(default_factory=dict)


def said(entries: Sequence[QueueEntry]) -> list[tuple[str, list[str]]]:
    """What entries are about."""
    return [(entry.control, [one["kind"] for one in entry.findings]) for entry in entries]


def expected(
    connection: Connection, project: int, config: LabelConfig, policy: Policy, *, by_dispute: bool
) -> Expected:
    """By the whole queue; nothing is written."""
    answers: dict[int, list[AnswerRow]] = {}
    for row in columns_of(connection, project)[0]:
        answers.setdefault(row.task, []).append(row)
    queue: Queue = {}
    for entry in assessments.queue_of(connection, project):
        queue.setdefault(entry.task, []).append(entry)
    known = review_rounds.newest(connection, project)
    true = {task for of_control in fixed_of(connection, project, config).values() for task in of_control}
    _add_paused(connection, project, queue, {task: answers[task] for task in answers.keys() - true}, known)
    found = Expected(gone=_gone(connection, project, queue))
    withdrawn = set(found.gone)
    waiting = {task for task, one in known.items() if one.state in WAITING} - withdrawn
    returned = review_rounds.returned(connection, project, policy)
    last = assessments.latest(connection, project)
    for task, entries in {**returned, **_one_a_group(queue, waiting, known)}.items():
        newest = known.get(task)
        with_annotators = by_dispute and task in queue and all(one.action == RELABEL for one in queue[task])
        if task in waiting:
            assert newest is not None
            found.standing[task] = (newest.round, said(_kept(newest, entries)))
        elif with_annotators:
            continue
        elif newest is None:
            found.new[task] = (1, said(entries))
        elif task in returned:
            found.new[task] = (newest.round + 1, said([*returned[task], *queue.get(task, ())]))
        elif task in withdrawn or _again(newest, entries, answers.get(task, []), last.made_at if last else 0):
            found.new[task] = (newest.round + 1, said(entries))
    return found


def _add_paused(
    connection: Connection, project: int, queue: Queue, answers: Mapping[int, list[AnswerRow]], known: dict[int, Newest]
) -> None:
    since = decisions.paused(connection, project)
    for task in sorted(answers):
        told = [row for row in answers[task] if row.annotator in since and row.updated_at >= since[row.annotator]]
        newest = known.get(task)
        if told and not (
            newest
            and (
                newest.state == "ruled" or (newest.state in WAITING and PAUSED in [o["kind"] for o in newest.findings])
            )
        ):
            entry = QueueEntry(task, task, {}, told[-1].control, 0.2, 2, "check", [{"kind": PAUSED}])
            queue.setdefault(task, []).append(entry)


def _gone(connection: Connection, project: int, queue: Queue) -> list[int]:
    query = select(reviews, tasks.c.deleted_at).join(tasks, tasks.c.id == reviews.c.task)
    query = query.where(reviews.c.project == project).order_by(reviews.c.id)
    return [
        row.task
        for row in connection.execute(query)
        if row.state in WAITING and row.task not in queue and (row.reason_gone_at is not None or row.deleted_at)
    ]


def _one_a_group(queue: Queue, waiting: set[int], known: Mapping[int, Newest]) -> Queue:
    grouped = {task for task, entries in queue.items() if all(entry.action == GROUP for entry in entries)}
    related = {task: {r for one in queue[task] for f in one.findings for r in f["related"]} for task in grouped}
    ruled = {task for task, one in known.items() if one.state == "ruled" and one.decided}
    stood_for = {other for task in grouped & waiting for other in related[task]}
    found: Queue = {}
    for task, entries in queue.items():
        if task in grouped and task not in waiting:
            settled = all(
                one["correction"] or one["numbers"]["probability"] > 0.5 for e in entries for one in e.findings
            )
            if task in stood_for or related[task] & waiting or (related[task] & ruled and settled):
                continue
            stood_for |= related[task]
        found[task] = entries
    return found


def _kept(newest: Newest, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
    first = [one for one in newest.findings if one["kind"] in RETURNING]
    last = [one for one in newest.findings if one["kind"] == PAUSED]
    return [*_about(entries[0], first), *entries, *_about(entries[0], last)]


def _about(entry: QueueEntry, findings: Sequence[Mapping[str, object]]) -> list[QueueEntry]:
    return [review_rounds.back_for(entry, findings, 1, 1.0)] if findings else []


def _again(newest: Newest, entries: Sequence[QueueEntry], answers: Sequence[AnswerRow], judged_at: int) -> bool:
    if newest.state == "withdrawn":
        return True
    if newest.state != "ruled" or newest.closed_at is None or judged_at <= newest.closed_at:
        return False
    in_doubt = any(entry.control in newest.decided for entry in entries)
    return in_doubt or any(row.updated_at > (newest.ruled_at or 0) for row in answers)
