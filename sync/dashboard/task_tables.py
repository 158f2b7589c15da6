"""The tables on the page of a task: how its priority came about, everything that was said, and what happened."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row as Record

from label_config.words import in_words

from ..quality.priority import ASSIGN, LEAD, Policy
from ..quality.priority.families import PEOPLE, family_of
from ..store import queue_decisions
from ..store.history import history
from ..store.queue_decisions import Decision
from . import wording
from .actors import names_of
from .page import Asked
from .tables.table import Column, Row, Table
from .task_facts import Given, Task

NOT_FOUND = ("age", "audit", LEAD)
"""Parts of a priority that are no finding's."""

DERIVATION = (
    Column("kind", "Found", sort=False),
    Column("control", "Control", sort=False),
    Column("reason", "Why", sort=False),
    Column("severity", "Severity", "coefficient", define="entry_severity", sort=False),
    Column("weight", "Weight", "coefficient", define="entry_weight", sort=False),
    Column("adds", "Adds", "coefficient", define="entry_adds", sort=False),
)
ANSWERS = (
    Column("who", "Who"),
    Column("control", "Control"),
    Column("answer", "Answer", sort=False),
    Column("standing", "Counts"),
    Column("confidence", "Certain", "share", define="entry_confidence"),
    Column("seconds", "Seconds", "number", define="answer_seconds"),
    Column("at", "When", "time"),
)
HISTORY = (
    Column("what", "What", search=True),
    Column("at", "When", "time"),
    Column("who", "Who"),
    Column("details", "Details", search=True, sort=False),
    Column("became", "What became of it", sort=False),
)


def tables_of(asked: Asked, task: Task | None, names: Mapping[int, str], policy: Policy) -> Sequence[Table]:
    """The derivation of the priority, the answers, and the history; empty without a task."""
    return [
        Table(
            "derivation",
            "How its priority came about",
            _columns(asked, DERIVATION),
            _derivation(task, policy) if task else [],
            empty="It is not in the queue: nothing was found on it, or somebody decided already.",
            note="What is added makes up the priority. Severities are those of the last assessment.",
        ),
        Table(
            "answers",
            "Everything that was said",
            _columns(asked, ANSWERS),
            _answers(task, names) if task else [],
        ),
        Table("history", "History", HISTORY, _history(asked, task) if task else [], size=50),
    ]


def _columns(asked: Asked, columns: Sequence[Column]) -> Sequence[Column]:
    """Without the control where there is one alone."""
    alone = asked.report is not None and len(asked.report.controls) == 1
    return [one for one in columns if not (alone and one.key == "control")]


def _derivation(task: Task, policy: Policy) -> list[Row]:
    return [row for entry in task.entries for row in _parts(entry, policy)]


def _parts(entry: Record[Any], policy: Policy) -> list[Row]:
    """A row a finding, then age, a random draw and a lead's word where they add something, then the sum."""
    rows: list[Row] = []
    seen: set[str] = set()
    strongest: dict[str, str] = {}
    for one in entry.findings:
        kind, adds = one["kind"], 0.0 if one["kind"] in seen else entry.parts.get(one["kind"], 0.0)
        seen.add(kind)
        if adds:
            strongest.setdefault(family_of(kind), wording.kind_name(kind))
        same = strongest.get(family_of(kind)) or strongest.get(PEOPLE, "")
        reason = one["reason"] if adds or not same else f"{one['reason']} The same evidence as {same.lower()}."
        rows.append(
            {
                "control": entry.control,
                "kind": wording.kind_name(kind),
                "reason": reason,
                "severity": one["severity"],
                "weight": policy.weights.get(kind),
                "adds": adds,
            }
        )
    words = {
        "age": "It waits, and the policy lets age count.",
        "audit": "A random look at an accepted answer, at a random place of the queue.",
        LEAD: "What a lead decided.",
    }
    rows += [
        {"control": entry.control, "kind": wording.kind_name(kind), "reason": words[kind], "adds": entry.parts[kind]}
        for kind in NOT_FOUND
        if kind in entry.parts
    ]
    total = {"control": entry.control, "kind": "Priority", "reason": f"The sum: P{entry.band}.", "adds": entry.priority}
    return [{"severity": None, "weight": None, **row} for row in [*rows, total]]


def _answers(task: Task, names: Mapping[int, str]) -> list[Row]:
    rows: list[Row] = [_answer(one, names) for one in task.given]
    nothing = {"seconds": None, "at": None}
    rows += [
        {
            "who": "Probable answer",
            "control": control,
            "answer": in_words(one.answer),
            "standing": one.source,
            "confidence": one.confidence,
            **nothing,
        }
        for control, one in sorted(task.probable.items())
    ]
    rows += [
        {
            "who": f"Model {one.version}",
            "control": control,
            "answer": in_words(one.answer),
            "standing": "model",
            "confidence": one.confidence,
            **nothing,
        }
        for control, one in sorted(task.model.items())
    ]
    return rows


def _answer(one: Given, names: Mapping[int, str]) -> Row:
    return {
        "who": name_in(names, one.who),
        "control": one.control,
        "answer": None if one.answer is None else in_words(one.answer),
        "standing": one.standing,
        "confidence": None,
        "seconds": one.seconds,
        "at": one.at,
    }


def _history(asked: Asked, task: Task) -> list[Row]:
    events = history(asked.connection, asked.project.key, task.number)
    rows: list[Row] = [
        {"at": one.at, "what": one.what, "who": one.who, "details": one.details, "became": one.became} for one in events
    ]
    decisions = queue_decisions.decisions_of(asked.connection, asked.project.key, task.key)
    actors = names_of(asked.connection, {one.decided_by for one in decisions})
    rows += [
        {
            "at": one.decided_at,
            "what": f"{said(one)} by a lead",
            "who": actors[one.decided_by],
            "details": one.reason,
            "became": f"control {one.control}",
        }
        for one in reversed(decisions)
    ]
    return sorted(rows, key=lambda row: row["at"])


def because(entry: Record[Any], policy: Policy) -> str:
    """Why an entry is in its band."""
    if LEAD in entry.parts:
        word = "less" if entry.parts[LEAD] < 0 else "more"
        return f"A lead made it {word} urgent: its priority is {entry.priority:.3f}, so it is in P{entry.band}."
    if entry.band == 3:
        return f"Its priority {entry.priority:.3f} is less than {policy.p2_from:.2f}, from where P2 is."
    least = (policy.p1_from, policy.p2_from)[entry.band - 1]
    return f"Its priority {entry.priority:.3f} is at least {least:.2f}, from where P{entry.band} is."


def said(one: Decision) -> str:
    """What was decided, in words."""
    return f"assigned to P{one.band}" if one.action == ASSIGN else queue_decisions.ACTIONS[one.action]


def name_in(names: Mapping[int, str], who: int | None) -> str:
    """A person's name; "nobody" where Label Studio has none."""
    return "nobody" if who is None else names[who]
