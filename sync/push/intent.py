"""What is to be reviewed, and what need not be any more: stored as an intent before Label Studio hears of it."""

import operator
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from label_config.answers import Answer
from label_config.earlier import Size, shown
from label_config.errors import ResultError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.review import review_data
from label_config.words import in_words

from ..evidence.gathering import image_size
from ..quality.priority import policy_of
from ..settings import BY_DISPUTE, Settings
from ..store import acts, projects, review_rounds, reviews
from ..store.annotations import results_on
from ..store.assessments import QueueEntry
from ..store.columns import AnswerRow
from ..store.engine import Store
from ..store.reviews import AUDIT, RETURNING
from .asking import Asked, Asking, Wanted
from .paused import paused_on

BLIND = "Please answer this task as though nobody had answered it before."
"""What a blind look and a random audit say, so that nobody can tell one from the other."""
FEWEST, MOST = 200, 1_000
"""Entries of the queue that are read together: about as many as there is room for."""
NAMESPACE = uuid.UUID("6a2f1d3c-52c1-5c0e-9a0b-7f6f2a6a1c11")


def intend(store: Store, project: int, settings: Settings, now: int) -> list[tuple[int, str]]:
    """Store the intent of each review that the queue asks for; those that wait get today's priority and reasons.

    What is no longer needed is withdrawn. Returns the tasks (Label Studio's ids) that cannot be reviewed, and why.
    """
    with store.begin() as connection:
        source = projects.get(connection, project)
        config = parse(source.label_config)
        paused = paused_on(connection, project, config)
        gone = review_rounds.withdraw(connection, project, paused.told.keys(), now)
        room = _room(connection, project, settings, now)
        by_dispute = settings.overlap == BY_DISPUTE
        policy, at_once = policy_of(settings.policy), min(max(room, FEWEST), MOST)
        asking = Asking(connection, project, config, policy, paused, by_dispute, at_once).begun()
        writing = Writing(connection, source, config, settings.blind_share, now)
        standing = list(writing.intents(asking.standing()))
        new = list(islice((intent for asked in asking.new() for intent in writing.intents(asked)), room))
        renewed = reviews.renew(connection, standing)
        reviews.intend(connection, new)
        acts.reviews_changed(connection, "review withdrawn", gone, now)
        acts.reviews_changed(connection, "review renewed", renewed, now)
    return writing.refused


@dataclass(frozen=True, slots=True)
class Writing:
    """How intents are written: of which project, and when. ``refused`` are the tasks of which none can be."""

    connection: Connection
    source: projects.StoredProject
    config: LabelConfig
    blind_share: float
    now: int
    refused: list[tuple[int, str]] = field(default_factory=list)

    def intents(self, asked: Asked) -> Iterator[dict[str, Any]]:
        """Those of the reviews that are asked for, in their order."""
        sizes = _image_sizes(self.connection, self.config, asked.reviews)
        for task, wanted in asked.reviews.items():
            answers, size = asked.answers.get(task, ()), sizes.get(task)
            try:
                yield _intent(self.source, self.config, wanted, answers, self.blind_share, size, self.now)
            except ResultError as error:
                self.refused.append((wanted.entries[0].label_studio_id, str(error)))


def _room(connection: Connection, project: int, settings: Settings, now: int) -> int:
    return review_rounds.room(
        connection,
        project,
        now,
        at_once=settings.review_limit,
        a_day=settings.reviews_a_day,
        a_reviewer=settings.reviews_a_reviewer,
    )


def _image_sizes(connection: Connection, config: LabelConfig, tasks: Iterable[int]) -> dict[int, Size]:
    """Task -> width and height of its image in pixels, as the regions on it say; of those that say it."""
    if not any(one.tag == "Image" for one in config.objects):
        return {}
    found = results_on(connection, list(tasks))
    return {task: size for task, results in found.items() if (size := image_size(results)) is not None}


def _intent(
    source: projects.StoredProject,
    config: LabelConfig,
    wanted: Wanted,
    answers: Sequence[AnswerRow],
    blind_share: float,
    size: Size | None,
    now: int,
) -> dict[str, Any]:
    first = wanted.entries[0]
    key = key_of(source, first.task, wanted.round)
    findings = [{"control": entry.control, **finding} for entry in wanted.entries for finding in entry.findings]
    findings += [_audit(entry) for entry in wanted.entries if entry.action == AUDIT]
    people = _anonymised(config, answers)
    blind = is_blind(key, wanted, blind_share)
    reasons = dict.fromkeys(str(finding["reason"]) for finding in findings)
    return {
        "key": key,
        "project": source.key,
        "task": first.task,
        "control": first.control,
        "round": wanted.round,
        "band": first.band,
        "priority": first.priority,
        "action": first.action,
        "findings": findings,
        "data": review_data(
            first.data,
            key=key,
            reason=BLIND if blind else " ".join(reasons),
            answers=[] if blind else [(name, line) for name, line, _ in people],
            seen="" if blind else shown(config, first.data, [(name, said) for name, _, said in people], size),
            priority=first.priority,
            source_task=first.label_studio_id,
        ),
        "state": "intended",
        "intended_at": now,
    }


def key_of(source: projects.StoredProject, task: int, number: int) -> str:
    """Our key of the review of a task (the store's key) in a round, which is in the review task's data and meta."""
    return str(uuid.uuid5(NAMESPACE, f"{source.label_studio_id}/{source.created_at}/{task}/{number}"))


def is_blind(key: str, wanted: Wanted, share: float) -> bool:
    """Whether nothing is shown that could lead: of a random audit, and of a share of all others, drawn by the key.

    Who is to look at a ruling again has to know why, unless everything is blind.
    """
    if all(entry.action == AUDIT for entry in wanted.entries):
        return True
    returned = any(one["kind"] in RETURNING for entry in wanted.entries for one in entry.findings)
    return int(key[:8], 16) < share * 2**32 and (share == 1 or not returned)


def _audit(entry: QueueEntry) -> dict[str, Any]:
    """What a random audit is about: nothing was found, and the answer that was accepted is kept to compare with."""
    nothing: dict[str, Any] = {"kind": AUDIT, "severity": 0.0, "reason": "", "numbers": {}}
    return {**nothing, "control": entry.control, "accepted": entry.answer}


def _anonymised(config: LabelConfig, answers: Sequence[AnswerRow]) -> list[tuple[str, str, dict[str, Answer]]]:
    """Who said what, without the who: "Answer A", "Answer B" in an order that does not tell the annotators apart.

    Each with what was said in one line.
    """
    people: dict[int, dict[str, Answer]] = {}
    for row in answers:
        people.setdefault(row.annotator, {})[row.control] = row.answer
    said = [(_line(config, one), repr(sorted(one.items())), one) for one in people.values()]
    ordered = sorted(said, key=operator.itemgetter(0, 1))
    return [(f"Answer {_letters(place)}", line, one) for place, (line, _, one) in enumerate(ordered)]


def _line(config: LabelConfig, said: Mapping[str, Answer]) -> str:
    """What one person said, in one line."""
    named = len(config.controls) > 1
    words = ((control, in_words(answer)) for control, answer in sorted(said.items()))
    return "; ".join(f"{control}: {text}" if named else text for control, text in words)


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
