"""What is to be reviewed: the intent of each review is stored before Label Studio hears of it."""

import uuid
from collections.abc import Sequence
from typing import Any

from label_config.errors import ResultError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.review import review_data
from label_config.words import in_words

from ..settings import Settings
from ..store import assessments, projects, reviews
from ..store.annotations import AnswerRow, answers_of
from ..store.engine import Store
from ..store.reviews import AUDIT

NAMESPACE = uuid.UUID("6a2f1d3c-52c1-5c0e-9a0b-7f6f2a6a1c11")


def intend(store: Store, project: int, settings: Settings, now: int) -> list[tuple[int, str]]:
    """Store the intent of each review that the queue asks for; those that exist get today's priority and reasons.

    Returns the tasks (Label Studio's ids) that cannot be reviewed, and why.
    """
    refused = []
    with store.begin() as connection:
        source = projects.get(connection, project)
        config = parse(source.label_config)
        queue: dict[int, list[assessments.QueueEntry]] = {}
        for entry in assessments.queue_of(connection, project):
            queue.setdefault(entry.task, []).append(entry)
        known = reviews.states(connection, project)
        room = settings.review_limit - sum(state in ("intended", "open") for state in known.values())
        answers = _answers_by_task(answers_of(connection, project)[0])
        for task, entries in queue.items():
            if known.get(task) not in ("intended", "open") and (task in known or room <= 0):
                continue
            try:
                wanted = _intent(source, config, entries, answers.get(task, []), now)
            except ResultError as error:
                refused.append((entries[0].label_studio_id, str(error)))
                continue
            room -= task not in known
            (reviews.renew if task in known else reviews.intend)(connection, wanted)
    return refused


def _answers_by_task(rows: Sequence[AnswerRow]) -> dict[int, list[AnswerRow]]:
    found: dict[int, list[AnswerRow]] = {}
    for row in rows:
        found.setdefault(row.task, []).append(row)
    return found


def _intent(
    source: projects.StoredProject,
    config: LabelConfig,
    entries: Sequence[assessments.QueueEntry],
    answers: Sequence[AnswerRow],
    now: int,
) -> dict[str, Any]:
    first = entries[0]
    number = 1
    blind = all(entry.action == AUDIT for entry in entries)  # what it measures must not be led
    key = str(uuid.uuid5(NAMESPACE, f"{source.label_studio_id}/{source.created_at}/{first.task}/{number}"))
    findings = [{**finding, "control": entry.control} for entry in entries for finding in entry.findings]
    findings += [_audit(entry) for entry in entries if entry.action == AUDIT]
    return {
        "key": key,
        "project": source.key,
        "task": first.task,
        "control": first.control,
        "round": number,
        "band": first.band,
        "priority": first.priority,
        "action": first.action,
        "findings": findings,
        "data": review_data(
            first.data,
            key=key,
            reason=" ".join(dict.fromkeys(str(finding["reason"]) for finding in findings)),
            answers=[] if blind else _anonymised(config, answers),
            priority=first.priority,
            source_task=first.label_studio_id,
        ),
        "state": "intended",
        "intended_at": now,
    }


def _audit(entry: assessments.QueueEntry) -> dict[str, Any]:
    """What a random audit is about: nothing was found, and the answer that was accepted is kept to compare with."""
    nothing: dict[str, Any] = {"kind": AUDIT, "severity": 0.0, "reason": "", "numbers": {}}
    return {**nothing, "control": entry.control, "accepted": entry.answer}


def _anonymised(config: LabelConfig, answers: Sequence[AnswerRow]) -> list[tuple[str, str]]:
    """Who said what, without the who: "Answer A", "Answer B" in an order that does not tell the annotators apart."""
    people: dict[int, dict[str, str]] = {}
    for row in answers:
        people.setdefault(row.annotator, {})[row.control] = in_words(row.answer)
    named = len(config.controls) > 1
    shown = sorted(
        "; ".join(f"{control}: {text}" if named else text for control, text in sorted(one.items()))
        for one in people.values()
    )
    return [(f"Answer {_letters(place)}", text) for place, text in enumerate(shown)]


def _letters(place: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA.

    >>> [_letters(place) for place in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
