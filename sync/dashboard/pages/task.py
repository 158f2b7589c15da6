"""Why is this task here? How its priority came about, what people answered, its history, and what a lead decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import Row as Record

from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.words import in_words

from ...quality.priority import ACTIONS, DISMISS, Fact, Policy, policy_of
from ...quality.priority.facts import labels_of
from ...quality.priority.scoring import importance
from ...store import projects, queue_decisions
from ...store.queue_decisions import Decision
from .. import queries, queue_entries
from ..actors import names_of
from ..behind import KEEPS, behind_table
from ..definitions import DEFINITIONS
from ..drawn import Drawn, drawn
from ..excerpts import excerpt
from ..figures import Figure
from ..in_review import InReview, review_of
from ..page import PROJECT, Asked, Page
from ..queue_actions import QUEUE_ACTIONS
from ..tables.table import Table
from ..task_facts import ReviewOf, Task, read_task
from ..task_tables import NOT_FOUND, because, name_in, said, tables_of


@dataclass(frozen=True, slots=True)
class Why:
    """Why one control of the task is in the queue: its numbers as figures, and what they lead to in words."""

    control: str
    band: int
    action: str
    to_do: str
    because: str
    figures: Sequence[Figure]
    decision: str
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer on one control, who gave it, and whether it is the probable one."""

    control: str
    answer: str
    people: Sequence[str]
    probable: bool


def read(asked: Asked) -> Mapping[str, Any]:
    """The task with its drawings and decisions; nothing where none is asked for, or there is none of that number."""
    task = asked.once(_task)
    given: dict[str, Any] = {"task": task, "wanted": asked.args.get("task", "")[:20], "decisions": []}
    given["meaning"] = DEFINITIONS.get(asked.args.get("behind", ""))
    if task is None:
        return given
    names, policy = asked.once(_names), asked.once(_policy)
    standing = queue_decisions.standing(asked.connection, asked.project.key, task.key)
    decisions = queue_decisions.decisions_of(asked.connection, asked.project.key, task.key)
    actors = names_of(asked.connection, {one.decided_by for one in decisions})
    why = [_why(asked, task, entry, policy, standing.get((task.key, entry.control))) for entry in task.entries]
    entry = task.entries[0] if task.entries else None
    waits = review_of(asked.connection, asked.project, policy, task.key)
    again = waits if waits and (waits.returns or not (why or standing)) else None
    following = None
    if entry is not None:
        following = queue_entries.after(asked.connection, asked.project, entry.priority, task.key)
    return given | {
        "excerpt": excerpt(task.data),
        "why": why,
        "again": again,
        "elsewhere": _elsewhere(task),
        "lead": _lead(task, why, again, dismissed=bool(standing) and not why),
        "votes": _votes(task, names),
        "drawn": _drawn(asked, task, names),
        "decisions": decisions,
        "actors": actors,
        "standing": [one for key, one in standing.items() if key[1] not in {each.control for each in why}],
        "controls": _controls(asked, task),
        "following": following,
        "place_in": lambda number: queries.Place(asked.project.label_studio_id, number),
        "open": next((one.place for one in task.reviews if one.state == "open" and one.place), None),
    }


def _task(asked: Asked) -> Task | None:
    return read_task(asked.connection, asked.project, asked.args.get("task", "").strip())


def _policy(asked: Asked) -> Policy:
    return policy_of(asked.settings.policy)


def _config(asked: Asked) -> LabelConfig:
    interface = projects.label_config(asked.connection, asked.project.key)
    return asked.keep("interface", lambda: parse(interface), stamp=interface)


def _controls(asked: Asked, task: Task) -> Sequence[str]:
    """What a lead can decide or note something about: what waits for a decision comes first."""
    queued = [one.control for one in task.entries]
    return list(dict.fromkeys([*queued, *(one.name for one in asked.once(_config).controls)]))


def _names(asked: Asked) -> Mapping[int, str]:
    task = asked.once(_task)
    return queries.names(asked.connection, {one.who for one in task.given if one.who is not None} if task else ())


def _elsewhere(task: Task) -> ReviewOf | None:
    """The open review of the task where the priority that it has by now is that of another band; null for none."""
    opened = next((one for one in task.reviews if one.state == "open"), None)
    return opened if opened and task.entries and task.entries[0].band != opened.band else None


def _lead(task: Task, why: Sequence[Why], again: InReview | None, *, dismissed: bool) -> str:
    """One sentence on where the task stands."""
    if task.deleted:
        return "Label Studio no longer has this task."
    if why:
        return f"Waits for a decision in P{why[0].band}: {why[0].to_do}."
    if again:
        return f"In review in P{again.band}, round {again.round}." if again.since else "Its ruling is looked at again."
    if any(one.source != "consensus" for one in task.probable.values()):
        return "Decided: a ruling or a ground truth says what is right."
    if not any(one.counts for one in task.given):
        return "Nobody has answered it yet, so nothing is in doubt."
    if dismissed:
        return "A lead dismissed it: it comes back with another kind of finding, or with one more answer."
    return "Nothing was found on it, so nobody has to decide anything."


def _why(asked: Asked, task: Task, entry: Record[Any], policy: Policy, decision: Decision | None) -> Why:
    place = queue_entries.place_in_queue(asked.connection, asked.project, entry.priority, task.key, entry.control)
    total = sum(queue_entries.counts(asked.connection, asked.project).values())
    known = task.probable.get(entry.control)
    fact = Fact(known.annotations if known else 0, labels_of(known.answer) if known else ())
    matters = importance(entry.control, fact, policy)
    found = sum(part for kind, part in entry.parts.items() if kind not in NOT_FOUND)
    audit = entry.action == "audit"
    return Why(
        entry.control,
        entry.band,
        entry.action,
        ACTIONS.get(entry.action, entry.action),
        because(entry, policy),
        (
            Figure("priority", entry.priority, "coefficient"),
            Figure("entry_place", place, n=total, of="entry"),
            Figure(
                "entry_wrong",
                None if audit or not matters else min(1.0, found / matters),
                "share",
                n=fact.annotations,
                of="answer",
                reason="it was drawn at random" if audit else "",
            ),
            Figure("entry_importance", matters, "coefficient"),
        ),
        "" if decision is None or decision.action == DISMISS else said(decision),
        list(dict.fromkeys(str(one["reason"]) for one in entry.findings)),
    )


def _votes(task: Task, names: Mapping[int, str]) -> list[Vote]:
    """The answers that count, by control, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in task.given:
        if one.counts and one.answer is not None:
            found.setdefault((one.control, in_words(one.answer)), []).append(name_in(names, one.who))
    probable = {(control, in_words(one.answer)) for control, one in task.probable.items()}
    rows = [Vote(control, answer, people, (control, answer) in probable) for (control, answer), people in found.items()]
    return sorted(rows, key=lambda one: (one.control, -len(one.people), one.answer))


def _drawn(asked: Asked, task: Task, names: Mapping[int, str]) -> list[Drawn]:
    said = [
        (name_in(names, one.who), one.control, one.answer)
        for one in task.given
        if one.answer is not None and one.counts
    ]
    said += [("Probable answer", control, one.answer) for control, one in sorted(task.probable.items())]
    return drawn(asked.once(_config), task.data, said, task.size)


def tables(asked: Asked) -> Sequence[Table]:
    """The derivation of the priority, the answers, and the history; what is behind a number, where one is named."""
    found = tables_of(asked, asked.once(_task), asked.once(_names), asked.once(_policy))
    listed = behind_table(asked, url_for("dashboard.task", label_studio_id=asked.project.label_studio_id))
    return [*found, listed] if listed else found


def _window(asked: Asked) -> str:
    """Windows of several tasks are told apart."""
    task = asked.once(_task)
    return "Task" if task is None else f"Task {task.number}"


def _status(asked: Asked) -> int:
    """404 where a task is asked for that is not there."""
    return 404 if asked.args.get("task", "").strip() and asked.once(_task) is None else 200


PAGE = Page(
    "task",
    "Task",
    f"{PROJECT}/task",
    read,
    tables,
    actions=QUEUE_ACTIONS,
    window=_window,
    status=_status,
    keeps=KEEPS,
)
