"""Why a task stands where it stands in the queue, or why it is not in it: the whole derivation, in lines of text."""

from collections.abc import Iterator

import numpy as np

from label_config.words import in_words

from ..records import Priority
from .families import ACTIONS, doubt_of, source_of
from .queue import Queue
from .selecting import TAKEN, WHY_NOT


def explain(queue: Queue, task: int, control: str | None = None) -> list[str]:
    """An audit first; every finding with its severity, weight and contribution, age, importance, band, action, place.

    For all controls of the task, or one. A task that is not in the queue has its reason.

    >>> from . import Policy, rank
    >>> from ..records import Finding
    >>> for line in explain(rank([Finding(7, "tone", "tie", 0.5, "a (1), b (1).")], Policy()), 7):
    ...     print(line)
    task 7, control tone: place 1 of 1, priority 0.500, P1, adjudicate
      tie: severity 0.500 x weight 1.00 = 0.500, adds 0.500: a (1), b (1).
      the answer is wrong with probability 0.500, from what people answered
      a mistake here matters 1.00 of what the most important one does: 0.500
      nothing added for age: 0.500
      P1, because 0.500 is at least 0.40
      adjudicate: somebody decides between the answers in a review project
    """
    lines: list[str] = []
    for number, (audited, name) in enumerate(queue.audits):
        if audited == task and control in (None, name):
            lines += _audit(queue, number)
    lines += [line for place in _scored(queue, task, control) for line in _entry(queue, place)]
    return lines or [_nothing(queue, task, control)]


def _scored(queue: Queue, task: int, control: str | None) -> Iterator[int]:
    scored = queue.scored
    for place in np.flatnonzero(scored.task == task).tolist():
        if control in (None, scored.controls[scored.control[place]]):
            yield place


def _entry(queue: Queue, place: int) -> Iterator[str]:
    scored, policy, entry = queue.scored, queue.policy, queue.entry(place)
    fate = int(queue.selection.fate[place])
    where = _place(queue, place) if fate == TAKEN else "not in the queue"
    yield f"task {entry.task}, control {entry.control}: {where}, priority {entry.priority:.3f}{_what(entry, fate)}"
    if fate != TAKEN:
        yield f"  {WHY_NOT[fate]}"
    yield from _findings(queue, place, entry)
    sources = " and ".join(dict.fromkeys(SOURCES.get(source_of(one), one.kind) for one in entry.findings))
    yield f"  the answer is wrong with probability {scored.wrong[place]:.3f}, from {sources}"
    worth = scored.importance[place] * scored.wrong[place]
    yield f"  a mistake here matters {scored.importance[place]:.2f} of what the most important one does: {worth:.3f}"
    lead = float(scored.lead[place])
    yield _age(queue, entry, float(scored.boost[place]), entry.priority - lead)
    if lead:
        yield f"  a lead's decision adds {lead:+.3f}: {entry.priority:.3f}"
    yield f"  P{entry.band}, because {entry.priority:.3f} is {_bounds(entry, policy.p1_from, policy.p2_from)}"
    yield f"  {entry.action}: {ACTIONS[entry.action]}"


SOURCES = {
    "people": "what people answered",
    "model": "what the model says",
    "duplicates": "the answers to near-identical tasks",
    "rules": "the rules",
    "annotator": "who answered",
    "content": "what the task shows",
}
"""Family -> what its findings are evidence from, in words."""


def _place(queue: Queue, place: int) -> str:
    return f"place {int(np.flatnonzero(queue.places == place)[0]) + 1} of {len(queue)}"


def _what(entry: Priority, fate: int) -> str:
    return f", P{entry.band}, {entry.action}" if fate == TAKEN else ""


def _findings(queue: Queue, place: int, entry: Priority) -> Iterator[str]:
    shares = queue.shares(place, entry.findings)
    counted: set[str] = set()
    for one in entry.findings:
        weight, doubt, source = queue.policy.weights[one.kind], doubt_of(one), source_of(one)
        strongest, share = shares[source]
        adds = f"adds nothing: the same evidence as {strongest.kind}" if source in counted else f"adds {share:.3f}"
        counted.add(source)
        says = f"severity {one.severity:.3f}"
        if one.doubt is not None:
            says += f" of an answer that was outvoted, the consensus is wrong with {doubt:.3f}"
        yield f"  {one.kind}: {says} x weight {weight:.2f} = {weight * doubt:.3f}, {adds}: {one.reason}"
        if one.refused is not None:
            yield f"    {in_words(one.refused.answer)} is not proposed: {one.refused.reason}"


def _age(queue: Queue, entry: Priority, boost: float, priority: float) -> str:
    if not boost:
        return f"  nothing added for age: {priority:.3f}"
    fact = queue.facts[entry.task, entry.control]
    adds = entry.parts.get("age", 0.0)
    return f"  {fact.age:.1f} days old adds {boost:.3f} of what is missing to 1, {adds:.3f}: {priority:.3f}"


def _bounds(entry: Priority, p1_from: float, p2_from: float) -> str:
    if entry.band == 1:
        return f"at least {p1_from:.2f}"
    return f"at least {p2_from:.2f}" if entry.band == 2 else f"less than {p2_from:.2f}"


def _audit(queue: Queue, number: int) -> Iterator[str]:
    task, control = queue.audits[number]
    priority = float(queue.urgency[number])
    band, where = queue.policy.band(priority), _place(queue, -1 - number)
    yield f"task {task}, control {control}: {where}, priority {priority:.3f}, P{band}, audit"
    yield f"  audit: {ACTIONS['audit']}"
    yield f"  drawn by seed {queue.policy.seed}, put at a random place of the queue, whatever was found"


def _nothing(queue: Queue, task: int, control: str | None) -> str:
    known = [fact for (one, name), fact in queue.facts.items() if one == task and control in (None, name)]
    of = f"task {task}" if control is None else f"task {task}, control {control}"
    if known and not any(fact.accepted for fact in known):
        return f"{of}: not in the queue: somebody ruled on it, or nobody answered it"
    return f"{of}: not in the queue: nothing was found on it, and the audit did not draw it"
