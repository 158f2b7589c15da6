"""What is to be reviewed, and what need not be any more: stored as an intent before Label Studio hears of it."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from ..evidence.stored import late_answers
from ..overlap import RELABEL
from ..quality.priority import Policy, policy_of
from ..settings import BY_DISPUTE, Settings
from ..store import acts, assessments, changes, packed, projects, review_rounds, reviews
from ..store.assessments import QueueEntry
from ..store.columns import AnswerRow, ByTask
from ..store.engine import Store
from ..store.review_rounds import WAITING, Newest
from ..store.reviews import AUDIT, PAUSED, RETURNING
from .groups import one_a_group
from .paused import with_paused

BLIND = "Please answer this task as though nobody had answered it before."
"""What a blind look and a random audit say, so that nobody can tell one from the other."""
NAMESPACE = uuid.UUID("6a2f1d3c-52c1-5c0e-9a0b-7f6f2a6a1c11")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A review that is asked for: its round, whether that is a new one, and the entries that it is about."""

    round: int
    new: bool
    entries: Sequence[QueueEntry]


def intend(store: Store, project: int, settings: Settings, now: int) -> list[tuple[int, str]]:
    """Store the intent of each review that the queue asks for; those that wait get today's priority and reasons.

    What is no longer needed is withdrawn. Returns the tasks (Label Studio's ids) that cannot be reviewed, and why.
    """
    refused: list[tuple[int, str]] = []
    new: list[dict[str, Any]] = []
    standing: list[dict[str, Any]] = []
    with store.begin() as connection:
        source = projects.get(connection, project)
        config = parse(source.label_config)
        answers = _answers(connection, project, config)
        policy = policy_of(settings.policy)
        queue = with_paused(connection, project, _queue(connection, project), answers, config, policy)
        with_annotators = _with_annotators(queue) if settings.overlap == BY_DISPUTE else set()
        gone = review_rounds.withdraw(connection, project, queue.keys(), now)
        room = _room(connection, project, settings, now)
        asked = _wanted(connection, project, queue, answers, policy)
        sizes = _image_sizes(connection, config, asked)
        for task, wanted in asked.items():
            if wanted.new and (room <= 0 or task in with_annotators):
                continue
            try:
                intent = _intent(
                    source, config, wanted, answers.get(task, []), settings.blind_share, sizes.get(task), now
                )
            except ResultError as error:
                refused.append((wanted.entries[0].label_studio_id, str(error)))
                continue
            room -= wanted.new
            (new if wanted.new else standing).append(intent)
        renewed = reviews.renew(connection, standing)
        reviews.intend(connection, new)
        acts.reviews_changed(connection, "review withdrawn", gone, now)
        acts.reviews_changed(connection, "review renewed", renewed, now)
    return refused


def _answers(connection: Connection, project: int, config: LabelConfig) -> ByTask:
    """As the assessment has read them, where nothing changed since."""
    given = packed.block(connection, project, changes.seen(connection)).columns()
    return ByTask(given.with_rows(late_answers(connection, project, config, given)))


def _queue(connection: Connection, project: int) -> dict[int, list[QueueEntry]]:
    """Task -> its entries, the most urgent first."""
    queue: dict[int, list[QueueEntry]] = {}
    for entry in assessments.queue_of(connection, project):
        queue.setdefault(entry.task, []).append(entry)
    return queue


def _with_annotators(queue: Mapping[int, Sequence[QueueEntry]]) -> set[int]:
    """The tasks that one more annotator answers before anybody reviews them."""
    return {task for task, entries in queue.items() if all(entry.action == RELABEL for entry in entries)}


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
    found = reviews.results_on(connection, list(tasks))
    return {task: size for task, results in found.items() if (size := image_size(results)) is not None}


def _wanted(
    connection: Connection,
    project: int,
    queue: Mapping[int, Sequence[QueueEntry]],
    answers: Mapping[int, Sequence[AnswerRow]],
    policy: Policy,
) -> dict[int, Wanted]:
    """Task -> its review: what waits, what comes back as another round, and what is new."""
    known = review_rounds.newest(connection, project)
    last = assessments.latest(connection, project)
    judged_at = 0 if last is None else last.made_at
    returned = review_rounds.returned(connection, project, policy)
    waiting = {task for task, one in known.items() if one.state in WAITING}
    ruled = {task for task, one in known.items() if one.state == "ruled" and one.decided}
    found: dict[int, Wanted] = {}
    for task, entries in {**returned, **one_a_group(queue, waiting, ruled)}.items():
        newest = known.get(task)
        if newest is None:
            found[task] = Wanted(1, True, entries)
        elif newest.state in WAITING:
            found[task] = Wanted(newest.round, False, _kept(newest, entries))
        elif task in returned:
            found[task] = Wanted(newest.round + 1, True, [*returned[task], *queue.get(task, ())])
        elif _found_again(newest, entries, answers.get(task, ()), judged_at):
            found[task] = Wanted(newest.round + 1, True, entries)
    return found


def _kept(newest: Newest, entries: Sequence[QueueEntry]) -> Sequence[QueueEntry]:
    """What made a review come back stays its first reason; that a lead paused somebody stays its last."""
    back, paused = (
        [review_rounds.back_for(entries[0], reasons, newest.band, newest.priority)] if reasons else []
        for reasons in (
            [one for one in newest.findings if one["kind"] in RETURNING],
            [one for one in newest.findings if one["kind"] == PAUSED],
        )
    )
    return [*back, *entries, *paused]


def _found_again(newest: Newest, entries: Sequence[QueueEntry], answers: Sequence[AnswerRow], judged_at: int) -> bool:
    """Whether something was found after the newest review was closed.

    A withdrawn one had lost its reason. A ruled one comes back where what it decided is in doubt again, judged since,
    or where somebody answered after it; a lost one was deleted by somebody, and that stands.
    """
    if newest.state == "withdrawn":
        return True
    if newest.state != "ruled" or newest.closed_at is None or judged_at <= newest.closed_at:
        return False
    ruled_at = newest.ruled_at or 0
    return any(entry.control in newest.decided for entry in entries) or any(
        row.updated_at > ruled_at for row in answers
    )


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
    key = str(uuid.uuid5(NAMESPACE, f"{source.label_studio_id}/{source.created_at}/{first.task}/{wanted.round}"))
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
            answers=[] if blind else [(name, _line(config, said)) for name, said in people],
            seen="" if blind else shown(config, first.data, people, size),
            priority=first.priority,
            source_task=first.label_studio_id,
        ),
        "state": "intended",
        "intended_at": now,
    }


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


def _anonymised(config: LabelConfig, answers: Sequence[AnswerRow]) -> list[tuple[str, dict[str, Answer]]]:
    """Who said what, without the who: "Answer A", "Answer B" in an order that does not tell the annotators apart."""
    people: dict[int, dict[str, Answer]] = {}
    for row in answers:
        people.setdefault(row.annotator, {})[row.control] = row.answer
    ordered = sorted(people.values(), key=lambda said: (_line(config, said), repr(sorted(said.items()))))
    return [(f"Answer {_letters(place)}", said) for place, said in enumerate(ordered)]


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
