"""Why is this task here? How its priority came about, what people answered, its history, and what a lead decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row as Record

from label_config.parse import parse
from label_config.words import in_words

from ...quality.priority import ACTIONS, ASSIGN, DISMISS, LEAD, RAISE, Fact, Policy, policy_of
from ...quality.priority.facts import labels_of
from ...quality.priority.families import PEOPLE, family_of
from ...quality.priority.scoring import importance
from ...store import projects, queue_decisions
from ...store.history import history
from ...store.projects import LARGEST_ID
from ...store.queue_decisions import NOTE, RESTORE, Decision, NotDecided
from .. import queries, queue_entries, wording
from ..actors import names_of
from ..drawn import Drawn, drawn
from ..excerpts import excerpt
from ..figures import Figure
from ..page import PROJECT, Action, Asked, Done, Page, Refused
from ..tables.table import Column, Row, Table
from ..task_facts import Given, Task, read_task

NOT_FOUND = ("age", "audit", LEAD)
"""Parts of a priority that are no finding's."""


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
    if task is None:
        return given
    names, policy = asked.once(_names), asked.once(_policy)
    standing = queue_decisions.standing(asked.connection, asked.project.key, task.key)
    decisions = queue_decisions.decisions_of(asked.connection, asked.project.key, task.key)
    actors = names_of(asked.connection, {one.decided_by for one in decisions})
    why = [_why(asked, task, entry, policy, standing.get((task.key, entry.control))) for entry in task.entries]
    entry = task.entries[0] if task.entries else None
    following = None
    if entry is not None:
        following = queue_entries.after(asked.connection, asked.project, entry.priority, task.key)
    return given | {
        "excerpt": excerpt(task.data),
        "why": why,
        "lead": _lead(task, why, dismissed=bool(standing) and not why),
        "votes": _votes(task, names),
        "drawn": _drawn(asked, task, names),
        "decisions": decisions,
        "actors": actors,
        "standing": [one for key, one in standing.items() if key[1] not in {each.control for each in why}],
        "controls": sorted({*(one.control for one in task.entries), *(control for _, control in standing)}),
        "following": following,
        "place_in": lambda number: queries.Place(asked.project.label_studio_id, number),
        "open": next((one.place for one in task.reviews if one.state == "open" and one.place), None),
    }


def _task(asked: Asked) -> Task | None:
    number = asked.args.get("task", "").strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 12 and int(number) < LARGEST_ID):
        return None
    return read_task(asked.connection, asked.project, int(number))


def _policy(asked: Asked) -> Policy:
    return policy_of(asked.settings.policy)


def _names(asked: Asked) -> Mapping[int, str]:
    task = asked.once(_task)
    return queries.names(asked.connection, {one.who for one in task.given if one.who is not None} if task else ())


def _name(names: Mapping[int, str], who: int | None) -> str:
    return "nobody" if who is None else names[who]


def _lead(task: Task, why: Sequence[Why], *, dismissed: bool) -> str:
    """One sentence on where the task stands."""
    if task.deleted:
        return "Label Studio no longer has this task."
    if why:
        return f"Waits for a decision in P{why[0].band}: {why[0].to_do}."
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
        _because(entry, policy),
        (
            Figure("priority", entry.priority, "coefficient"),
            Figure("entry_place", place, n=total, of="answer"),
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
        "" if decision is None or decision.action == DISMISS else _said(decision),
        list(dict.fromkeys(str(one["reason"]) for one in entry.findings)),
    )


def _because(entry: Record[Any], policy: Policy) -> str:
    if LEAD in entry.parts:
        word = "less" if entry.parts[LEAD] < 0 else "more"
        return f"A lead made it {word} urgent: its priority is {entry.priority:.3f}, so it is in P{entry.band}."
    if entry.band == 3:
        return f"Its priority {entry.priority:.3f} is less than {policy.p2_from:.2f}, from where P2 is."
    least = (policy.p1_from, policy.p2_from)[entry.band - 1]
    return f"Its priority {entry.priority:.3f} is at least {least:.2f}, from where P{entry.band} is."


def _said(one: Decision) -> str:
    return f"assigned to P{one.band}" if one.action == ASSIGN else queue_decisions.ACTIONS[one.action]


def _votes(task: Task, names: Mapping[int, str]) -> list[Vote]:
    """The answers that count, by control, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in task.given:
        if one.counts and one.answer is not None:
            found.setdefault((one.control, in_words(one.answer)), []).append(_name(names, one.who))
    probable = {(control, in_words(one.answer)) for control, one in task.probable.items()}
    rows = [Vote(control, answer, people, (control, answer) in probable) for (control, answer), people in found.items()]
    return sorted(rows, key=lambda one: (one.control, -len(one.people), one.answer))


def _drawn(asked: Asked, task: Task, names: Mapping[int, str]) -> list[Drawn]:
    interface = projects.label_config(asked.connection, asked.project.key)
    config = asked.keep("interface", lambda: parse(interface), stamp=interface)
    said = [
        (_name(names, one.who), one.control, one.answer) for one in task.given if one.answer is not None and one.counts
    ]
    said += [("Probable answer", control, one.answer) for control, one in sorted(task.probable.items())]
    return drawn(config, task.data, said, task.size)


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


def tables(asked: Asked) -> Sequence[Table]:
    """The derivation of the priority, the answers, and the history."""
    task = asked.once(_task)
    return [
        Table(
            "derivation",
            "How its priority came about",
            _columns(asked, DERIVATION),
            _derivation(task, asked.once(_policy)) if task else [],
            empty="It is not in the queue: nothing was found on it, or somebody decided already.",
            note="What is added makes up the priority. Severities are those of the last assessment.",
        ),
        Table(
            "answers",
            "Everything that was said",
            _columns(asked, ANSWERS),
            _answers(task, asked.once(_names)) if task else [],
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
        "who": _name(names, one.who),
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
            "what": f"{_said(one)} by a lead",
            "who": actors[one.decided_by],
            "details": one.reason,
            "became": f"control {one.control}",
        }
        for one in reversed(decisions)
    ]
    return sorted(rows, key=lambda row: row["at"])


def _decide(action: str) -> Any:
    """What a form does: see ``queue_decisions.decide``."""

    def act(asked: Asked, form: Mapping[str, str]) -> Done:
        number = form.get("task", "")
        task = None
        if number.isascii() and number.isdigit() and len(number) <= 12:
            task = read_task(asked.connection, asked.project, int(number))
        if task is None:
            raise Refused("There is no such task in this project: go back to the queue.")
        control, band = form.get("control", ""), form.get("band", "")
        known = {one.name for one in parse(projects.label_config(asked.connection, asked.project.key)).controls}
        if control not in known:
            raise Refused("The labeling interface has no such control: load the page again.")
        try:
            one = queue_decisions.decide(
                asked.connection,
                asked.project.key,
                (task.key, control),
                action,
                form.get("reason", ""),
                band=int(band) if band in ("1", "2", "3") else None,
                policy=policy_of(asked.settings.policy),
                now=asked.now,
                actor=asked.person.actor,
            )
        except NotDecided as error:
            raise Refused(str(error)) from error
        found = {name: one.entry.get(name) for name in ("priority", "band", "action", "answers")}
        return Done(
            {"task": task.number, "control": control, "decision": one.id, "band": one.band},
            found,
            words={"reason": one.reason},
        )

    return act


SAID = {
    DISMISS: "Dismissed: it is out of the queue, and the next push takes its review back.",
    RAISE: "Raised: it is the first of the queue.",
    ASSIGN: "Assigned. A review that is open in Label Studio stays in its project, and is moved within it.",
    NOTE: "The note is kept.",
    RESTORE: "Taken back: the entry is as it was found.",
}

PAGE = Page(
    "task",
    "Task",
    f"{PROJECT}/task",
    read,
    tables,
    actions={name: Action(_decide(name), f"queue {name}", said) for name, said in SAID.items()},
)
