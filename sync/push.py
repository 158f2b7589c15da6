"""The queue goes back into Label Studio: one review task a task, in bands, in exact order, exactly once.

Label Studio has no idempotency key for tasks. So the intent is stored first, our key goes into the review task's
data and meta, and a pull of the review project finds the keys that arrived without our hearing of it.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from label_config.errors import LabelConfigError, ResultError
from label_config.model import LabelConfig
from label_config.ordering import score_from_priority
from label_config.parse import parse
from label_config.review import review_config, review_data
from label_config.words import in_words

from .errors import NotFound, Rejected, Unsupported
from .labelstudio.client import LabelStudio
from .labelstudio.wire import RemoteProject
from .marker import marker
from .pull import pull_review
from .refresh import switch_version
from .settings import Settings
from .store import assessments, projects, review_tasks, reviews, rounds
from .store.annotations import AnswerRow, answers_of
from .store.engine import Store
from .store.reviews import AUDIT
from .webhooks import webhook

NAMESPACE = uuid.UUID("6a2f1d3c-52c1-5c0e-9a0b-7f6f2a6a1c11")
COLORS = {1: "#D6453D", 2: "#E8A33D", 3: "#5B8DB8"}
QUEUE_VERSION = "tiebreak-queue"
TITLE_LENGTH = 50
IMPORT_AT_ONCE = 500
TAB = "Most urgent first"
HIDDEN_COLUMNS = tuple(
    f"tasks:{name}"
    for name in """data.tiebreak_key data.tiebreak_answers data.tiebreak_source_task inner_id total_annotations
    cancelled_annotations total_predictions annotations_results annotations_ids predictions_score
    predictions_model_versions predictions_results file_upload storage_filename created_at updated_at updated_by
    avg_lead_time draft_exists""".split()
)

INSTRUCTION = (
    "<h3>Why is this here?</h3><p>People who labeled these tasks did not agree, or their answer is doubtful. "
    "The banner on top of each task says why it came back. Choose the right answer, then say how you came to it: "
    "your ruling becomes the ground truth of the source task.</p>"
)


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did: review tasks imported, duplicates of an interrupted import removed, projects touched.

    ``renewed`` are open review tasks that say something else now than they did.
    ``refused`` are tasks (Label Studio's ids) that cannot be reviewed, each with the reason; ``outdated`` are review
    projects whose interface could not be brought up to the source's.
    """

    pushed: int
    removed: int
    renewed: int
    projects: tuple[int, ...]
    refused: tuple[tuple[int, str], ...] = ()
    outdated: tuple[tuple[int, str], ...] = ()

    def complaints(self) -> list[str]:
        """What must be told, in words."""
        return [
            *(f"task {task} cannot be reviewed: {reason}" for task, reason in self.refused),
            *(
                f"review project {home} still has the labeling interface of before: {reason}"
                for home, reason in self.outdated
            ),
        ]


def push(store: Store, gateway: LabelStudio, project: int, settings: Settings, clock: Callable[[], int]) -> PushReport:
    """Bring the review projects of one source project (the store's key) up to the queue.

    The store must hold what stands in them (pull_review), or what an interrupted push left is pushed again.
    """
    refused = intend(store, project, settings, clock())
    pushed = removed = renewed = 0
    touched: list[int] = []
    outdated: list[tuple[int, str]] = []
    for band in (1, 2, 3):
        with store.read() as connection:
            wanted = reviews.in_band(connection, project, band)
        if not wanted:
            continue
        home = ensure_project(store, gateway, project, band, settings, clock)
        if (reason := _follow_interface(store, gateway, home, clock)) is not None:
            outdated.append((home.label_studio_id, reason))
        removed += _remove_duplicates(store, gateway, home)
        renewed += _renew(store, gateway, home)
        imported = _import(store, gateway, home, project, band)
        _settle_order(store, gateway, home, clock, looked_at=not imported)
        pushed += imported
        touched.append(home.key)
    return PushReport(pushed, removed, renewed, tuple(touched), tuple(refused), tuple(outdated))


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


def ensure_project(
    store: Store, gateway: LabelStudio, project: int, band: int, settings: Settings, clock: Callable[[], int]
) -> projects.StoredProject:
    """The review project of that band: the one we know, or one found by its marker, or a new one."""
    with store.read() as connection:
        source = projects.get(connection, project)
        known = projects.review_project(connection, project, band)
    if known is not None:
        return known
    wanted = marker(source.label_studio_id, source.created_at, band)
    found = _find(gateway, wanted)
    remote = found or _create(gateway, source, band, wanted)
    _show_order(gateway, remote)
    hook = webhook(settings, remote.id)
    if hook is not None:
        hook.ensure(gateway)
    with store.begin() as connection:
        home = projects.remember(connection, remote, kind="review", source=project, band=band, now=clock())
    if found is not None:  # it may hold the review tasks of an interrupted push
        pull_review(store, gateway, home, clock)
    return home


def _follow_interface(
    store: Store, gateway: LabelStudio, home: projects.StoredProject, clock: Callable[[], int]
) -> str | None:
    """Let reviewers choose among the labels that the source interface has now; why that was refused, else null."""
    assert home.source_key is not None
    with store.read() as connection:
        wanted = _interface(projects.get(connection, home.source_key))
    if home.label_config == wanted:
        return None
    try:
        remote = gateway.update_project(home.label_studio_id, label_config=wanted)
    except Rejected as error:
        return str(error)
    with store.begin() as connection:
        projects.remember(connection, remote, kind="review", now=clock())
    return None


def _interface(source: projects.StoredProject) -> str:
    try:
        return review_config(parse(source.label_config))
    except LabelConfigError as error:
        raise Unsupported(f"project {source.label_studio_id} ({source.title!r}) cannot be reviewed: {error}") from error


def _find(gateway: LabelStudio, wanted: str) -> RemoteProject | None:
    return next((project for project in gateway.projects() if project.description == wanted), None)


def _create(gateway: LabelStudio, source: projects.StoredProject, band: int, description: str) -> RemoteProject:
    return gateway.create_project(
        f"[P{band}] Review: {source.title}"[:TITLE_LENGTH],
        _interface(source),
        description=description,
        color=COLORS[band],
        sampling="Uncertainty sampling",
        maximum_annotations=1,
        show_collab_predictions=False,
        show_instruction=False,
        expert_instruction=INSTRUCTION,
    )


def _show_order(gateway: LabelStudio, home: RemoteProject) -> None:
    """A Data Manager tab in the order that ``next`` serves, without the columns that tell people nothing; made once."""
    if not any(title == TAB for title in gateway.tabs(home.id)):
        gateway.create_tab(home.id, TAB, ordering=["tasks:predictions_score"], hidden=HIDDEN_COLUMNS)


def _remove_duplicates(store: Store, gateway: LabelStudio, home: projects.StoredProject) -> int:
    """An import that we gave up waiting for may still have been carried out, after the tasks were imported again."""
    with store.read() as connection:
        found = review_tasks.surplus(connection, home.key)
    removed = 0
    for task in found:
        try:
            if not gateway.task(task).annotations:
                gateway.delete_task(task)
                removed += 1
        except NotFound:
            continue
    return removed


def _renew(store: Store, gateway: LabelStudio, home: projects.StoredProject) -> int:
    """Let open review tasks say what is known today: the reasons, the earlier answers, what the source task shows."""
    with store.read() as connection:
        found = review_tasks.stale(connection, home.key)
    renewed = 0
    for task, data in found:
        try:
            gateway.update_task(task, data=data)
            renewed += 1
        except NotFound:
            continue
    return renewed


def _import(store: Store, gateway: LabelStudio, home: projects.StoredProject, project: int, band: int) -> int:
    """Import what is intended, part by part, each marked as open before the next one goes."""
    with store.read() as connection:
        pending = reviews.intended(connection, project, band)
    if not pending:
        return 0
    version = next(reversed(_queue_versions(gateway, home)), f"{QUEUE_VERSION}.0")
    for start in range(0, len(pending), IMPORT_AT_ONCE):
        part = pending[start : start + IMPORT_AT_ONCE]
        scores = [score_from_priority(intent.priority, intent.task) for intent in part]
        ids = gateway.import_tasks(
            home.label_studio_id, [_body(intent, score, version) for intent, score in zip(part, scores, strict=True)]
        )
        with store.begin() as connection:
            for intent, task, score in zip(part, ids, scores, strict=True):
                reviews.mark_open(connection, intent.key, home.key, task, score)
    return len(pending)


def _queue_versions(gateway: LabelStudio, home: projects.StoredProject) -> dict[str, int]:
    """Our versions that stored predictions have, the oldest first, with how many have each."""
    found = gateway.model_versions(home.label_studio_id)
    ours = [name for name in found if re.fullmatch(rf"{QUEUE_VERSION}\.\d+", name)]
    return {name: found[name] for name in sorted(ours, key=rounds.number_of)}


def _body(intent: reviews.Review, score: float, version: str) -> Mapping[str, Any]:
    return {
        "data": intent.data,
        "meta": {"tiebreak_key": intent.key},
        "predictions": [{"result": [], "score": score, "model_version": version}],
    }


def _settle_order(
    store: Store, gateway: LabelStudio, home: projects.StoredProject, clock: Callable[[], int], *, looked_at: bool
) -> None:
    """Make Label Studio serve by today's priorities: all open tasks under one version, that version the project's.

    ``looked_at``: nothing of ours has changed the review project since it was pulled.
    """
    with store.read() as connection:
        open_reviews = reviews.open_in(connection, home.key)
    wanted = {one.review_task or 0: score_from_priority(one.priority, one.task) for one in open_reviews}
    if not wanted:
        return
    ours = _queue_versions(gateway, home)
    moved = any(one.score != wanted[one.review_task or 0] for one in open_reviews)
    if not moved and len(ours) == 1 and min(ours.values()) >= len(wanted):
        (version,) = ours
        there = home.model_version if looked_at else gateway.project(home.label_studio_id).model_version
        if there != version:
            gateway.update_project(home.label_studio_id, model_version=version)
        return
    rows: list[dict[str, Any]] = [{"task": task, "score": wanted[task], "result": []} for task in sorted(wanted)]
    fingerprint = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    with store.begin() as connection:
        current = rounds.intend(connection, home.key, QUEUE_VERSION, fingerprint, clock(), ours)
    switch_version(gateway, home.label_studio_id, current.version, rows, ours=QUEUE_VERSION)
    with store.begin() as connection:
        projects.set_model_version(connection, home.key, current.version)
        for one in open_reviews:
            reviews.set_score(connection, one.key, wanted[one.review_task or 0])
        rounds.finish(connection, current, {})
