"""A scoring round: every servable task gets a score of one version, Label Studio is told it, the old version goes.

After a round the version is the same everywhere: in the stored predictions, in ``project.model_version``, in the
backend's ``/setup`` and ``/predict``. Only then does Label Studio's uncertainty sampling serve in our order.

Killed anywhere, the next run goes on: what was scored is in the store, and so is how far the predictions are sent.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from label_config.ordering import score_from_place

from .at_work import is_quiet
from .backend import Backend
from .errors import BackendError
from .labelstudio.client import LabelStudio
from .progress import Tell, nobody
from .round_scoring import Work, project_key, score_others, score_servable
from .settings import AS_SET, Settings
from .store import acts, projects, round_tasks, rounds
from .store.engine import Store
from .store.projects import StoredProject
from .store.round_tasks import SENDING, SENT, WAITING, Unsent

MODEL_VERSION = "tiebreak-"
NO_MODEL = "tiebreak-0"
MOST_PARTS = 10
LARGEST_PART = 5_000
"""While people are at work a round goes to Label Studio in parts: in ten or fewer, since each costs it time for every
task of the project, unless they would be so large."""
OLDER_ROUNDS = 10
"""Predictions of so many older rounds may wait for a quiet time to be deleted."""


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did: the version that Label Studio sees, how many tasks were scored, whether anything moved."""

    version: str | None
    scored: int
    changed: bool


def refresh(
    store: Store,
    gateway: LabelStudio,
    backend: Backend,
    project: int,
    settings: Settings,
    clock: Callable[[], int],
    *,
    raised: Sequence[int] = (),
    tell: Tell = nobody,
) -> RefreshReport:
    """Score the project (the store's key) anew, where the model or what must be scored is not what it was.

    ``raised`` tasks (the store's keys) are about to be open again: they are scored, too.
    """
    with store.read() as connection:
        source = projects.get(connection, project)
        last = rounds.latest(connection, project)
    state = backend.state(project_key(source))
    model = _of_ours(backend, state.model or NO_MODEL)
    stored = gateway.model_versions(source.label_studio_id)
    pool = rounds.Pool(source.key, settings.overlap != AS_SET, tuple(raised))
    current = _round(store, source, model, last, stored, pool, clock)
    if current is None:
        _reassert(store, gateway, backend, source, last, stored, settings, clock)
        return RefreshReport(last.version if last else None, 0, changed=False)
    work = Work(store, gateway, backend, settings, clock, source, current, tell)
    score_servable(work)
    sent = _send(work)
    gateway.update_project(source.label_studio_id, model_version=current.version)
    backend.set_round(project_key(source), current.version)
    score_others(work)
    with store.begin() as connection:
        round_tasks.take_over(connection, current)
        rounds.finish(connection, current, state.metrics)
        projects.set_model_version(connection, project, current.version)
        acts.round_over(connection, project, current.version, sent, state.metrics, clock())
    _delete_older(store, gateway, source, current.version, stored, settings, clock)
    return RefreshReport(current.version, sent, changed=True)


def _of_ours(backend: Backend, model: str) -> str:
    """Only versions that are named as agreed are ever deleted, so no other may be made."""
    if not re.fullmatch(rf"{MODEL_VERSION}\w+", model):
        raise BackendError(
            f"ML backend {backend.url}: its model is called {model[:60]!r}, not {MODEL_VERSION}N as agreed",
            url=backend.url,
            transient=False,
        )
    return model


def _round(
    store: Store,
    source: StoredProject,
    model: str,
    last: rounds.Round | None,
    stored: Mapping[str, int],
    pool: rounds.Pool,
    clock: Callable[[], int],
) -> rounds.Round | None:
    """The round to work on: the one that was interrupted, a new one where it is due, null where nothing is."""
    fingerprint = hashlib.sha256(json.dumps([model, source.label_config]).encode()).hexdigest()
    if last is not None and last.state == "intended" and last.hash == fingerprint:
        with store.begin() as connection:
            if _goes_on(connection, last, stored, pool, clock()):
                return last
    with store.read() as connection:
        shown = last if last is not None and _is_shown(connection, last, fingerprint, stored) else None
        if not rounds.lacking(connection, pool, shown):
            return None
    with store.begin() as connection:
        current = rounds.intend(connection, source.key, model, fingerprint, clock(), stored)
        round_tasks.fill(connection, current, pool)
    return current


def _goes_on(
    connection: Connection, last: rounds.Round, stored: Mapping[str, int], pool: rounds.Pool, now: int
) -> bool:
    """Whether Label Studio holds of an interrupted round what we know of, so that it can go on."""
    counts = round_tasks.counts(connection, last)
    there = stored.get(last.version, 0)
    if counts[SENDING] and there == counts[SENT] + counts[SENDING]:
        round_tasks.settle_sending(connection, last, SENT)
    elif counts[SENDING] and there == counts[SENT]:  # or it is still on its way: see _is_shown
        round_tasks.settle_sending(connection, last, WAITING)
        rounds.resent(connection, last, now)
    elif there != counts[SENT]:
        return False
    round_tasks.renew(connection, last, pool)
    counts = round_tasks.counts(connection, last)
    return bool(counts[WAITING] or counts[SENT])


def _is_shown(connection: Connection, last: rounds.Round, fingerprint: str, stored: Mapping[str, int]) -> bool:
    """Whether the last round is over, is of this model and interface, and its predictions are there, each once.

    A part that was sent again, since nobody knew whether it had arrived, may have come twice after all.
    """
    if last.state != "done" or last.hash != fingerprint or last.version not in stored:
        return False
    return last.resent_at is None or stored[last.version] <= round_tasks.counts(connection, last)[SENT]


def _reassert(
    store: Store,
    gateway: LabelStudio,
    backend: Backend,
    source: StoredProject,
    last: rounds.Round | None,
    stored: Mapping[str, int],
    settings: Settings,
    clock: Callable[[], int],
) -> None:
    """Connecting a backend or a hand in the settings changes ``project.model_version``: put ours back."""
    if last is None or last.state != "done":
        return
    moved = gateway.project(source.label_studio_id).model_version != last.version
    if moved and last.version in stored:
        gateway.update_project(source.label_studio_id, model_version=last.version)
    state = backend.state(project_key(source))
    if state.round != last.version and (state.model or NO_MODEL) == last.model:  # it shows no round of what it lost
        backend.set_round(project_key(source), last.version)
    _delete_older(store, gateway, source, last.version, stored, settings, clock)


def _delete_older(
    store: Store,
    gateway: LabelStudio,
    source: StoredProject,
    version: str,
    stored: Mapping[str, int],
    settings: Settings,
    clock: Callable[[], int],
) -> None:
    """Delete our predictions of other rounds, also of one that we gave up waiting for, when nobody is at work.

    They disturb nobody: Label Studio shows and orders by the project's own version alone. But deleting a thousand of
    them takes it seconds, and on SQLite nobody's answer is stored meanwhile. Too many of them go in any case.
    """
    older = sorted((one for one in stored if one != version and one.startswith(MODEL_VERSION)), key=rounds.number_of)
    with store.read() as connection:
        quiet = is_quiet(connection, settings, clock(), gateway.now())
    for one in older if quiet else older[: max(0, len(older) - OLDER_ROUNDS)]:
        gateway.delete_model_version(source.label_studio_id, one)


def _send(work: Work) -> int:
    """Put the predictions into Label Studio part by part; how many the round has there."""
    with work.store.read() as connection:
        counts = round_tasks.counts(connection, work.current)
    total = sum(counts.values())
    work.say(work.meter.begin("writing", counts[SENT], total))
    size = _part(work, total)
    while True:
        with work.store.read() as connection:
            part = round_tasks.next_part(connection, work.current, size)
        if not part:
            break
        _send_part(work, part, total)
    with work.store.read() as connection:
        return round_tasks.counts(connection, work.current)[SENT]


def _part(work: Work, total: int) -> int:
    """Predictions in a request."""
    with work.store.read() as connection:
        if is_quiet(connection, work.settings, work.clock(), work.gateway.now()):
            return LARGEST_PART
    tenth = -(-total // MOST_PARTS)
    return max(work.settings.round_part, min(tenth, LARGEST_PART))


def _send_part(work: Work, part: Sequence[Unsent], total: int) -> None:
    with work.store.begin() as connection:
        round_tasks.mark(connection, work.current, part, SENDING)
    rows = [
        {
            "task": one.label_studio_id,
            "score": score_from_place(one.place, total),
            "result": one.result,
            "model_version": work.current.version,
        }
        for one in part
    ]
    work.gateway.import_predictions(work.source.label_studio_id, rows, at_once=len(rows))
    with work.store.begin() as connection:
        round_tasks.mark(connection, work.current, part, SENT)
    work.say(work.meter.advance(len(part)))


def switch_version(
    gateway: LabelStudio, project: int, version: str, rows: Sequence[Mapping[str, Any]], *, ours: str
) -> None:
    """Put the predictions ``rows`` (task, score, result) of ``version`` in the place of our older ones.

    ``version`` is new. Killed anywhere, it is called again with a later one, and what was left goes with the older
    ones. Only versions whose name begins with ``ours`` are ever deleted.
    """
    gateway.import_predictions(project, [{**row, "model_version": version} for row in rows])
    gateway.update_project(project, model_version=version)
    for old in gateway.model_versions(project):
        if old != version and old.startswith(ours):
            gateway.delete_model_version(project, old)
