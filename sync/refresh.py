"""A scoring round: every servable task gets a score of one version, Label Studio is told it, the old version goes.

After a round the version is the same everywhere: in the stored predictions, in ``project.model_version``, in the
backend's ``/setup`` and ``/predict``. Only then does Label Studio's uncertainty sampling serve in our order.

Killed anywhere, the next run goes on: what was scored is in the store, and so is how far the predictions are sent.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection

from label_config.canonical import answer_as_json
from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.ordering import score_from_place
from label_config.parse import parse
from label_config.suggestions import suggestion

from .backend import Backend, Scored
from .errors import BackendError
from .labelstudio.client import LabelStudio
from .progress import Meter, Progress, Tell, nobody
from .sampling import is_holdout
from .settings import BY_GAIN, Settings
from .store import projects, round_tasks, rounds
from .store.engine import Store
from .store.lease import beat
from .store.projects import StoredProject
from .store.round_tasks import SENDING, SENT, WAITING, Unscored, Unsent

Item = TypeVar("Item")

MODEL_VERSION = "tiebreak-"
NO_MODEL = "tiebreak-0"
READ_AT_ONCE = 500
KEPT_AT_ONCE = 1_000
"""Tasks read from the store, and lines of the backend written to it, in one go: what a round takes of memory."""
ASIDE_AT_ONCE = 2_000
"""Tasks without a place in the queue that are scored in one request."""
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


@dataclass(frozen=True, slots=True)
class _Work:
    """One round at work, and what it works with."""

    store: Store
    gateway: LabelStudio
    backend: Backend
    settings: Settings
    clock: Callable[[], int]
    source: StoredProject
    current: rounds.Round
    tell: Tell
    sleep: Callable[[float], None]
    meter: Meter = field(default_factory=Meter)

    def say(self, progress: Progress) -> None:
        """To whoever listens, and into the store for those who look later."""
        self.tell(progress)
        name = f"project:{self.source.label_studio_id}:round"
        with self.store.begin() as connection:
            beat(connection, name, self.clock(), True, f"{self.current.version}, {progress.in_words()}")


def project_key(project: StoredProject) -> str:
    """The project as Label Studio names it to its backends: id and the second of its creation."""
    return f"{project.label_studio_id}.{project.created_at // 1_000_000}"


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
    sleep: Callable[[float], None] = time.sleep,
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
    pool = rounds.Pool(source.key, settings.overlap == BY_GAIN, tuple(raised))
    current = _round(store, source, model, last, stored, pool, clock)
    if current is None:
        _reassert(store, gateway, backend, source, last, stored, settings, clock)
        return RefreshReport(last.version if last else None, 0, changed=False)
    work = _Work(store, gateway, backend, settings, clock, source, current, tell, sleep)
    _score_servable(work)
    sent = _send(work)
    gateway.update_project(source.label_studio_id, model_version=current.version)
    backend.set_round(project_key(source), current.version)
    _score_others(work)
    with store.begin() as connection:
        round_tasks.take_over(connection, current)
        rounds.finish(connection, current, state.metrics)
        projects.set_model_version(connection, project, current.version)
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
    if backend.state(project_key(source)).round != last.version:
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
    quiet = _is_quiet(store, source, settings, clock)
    for one in older if quiet else older[: max(0, len(older) - OLDER_ROUNDS)]:
        gateway.delete_model_version(source.label_studio_id, one)


def _score_servable(work: _Work) -> None:
    """Places are given among all servable tasks, so they are asked about in one request, also when it is repeated."""
    with work.store.read() as connection:
        if round_tasks.is_scored(connection, work.current):
            return
        total = sum(round_tasks.counts(connection, work.current).values())
    work.say(work.meter.begin("scoring", 0, total))
    _ask(work, _unscored(work, again=True), servable=True, upto=None)


def _score_others(work: _Work) -> None:
    """What the model thinks of the tasks that nobody is served any more: nobody waits for that."""
    work.tell(work.meter.begin("judging answered tasks", 0, 0))
    for part in _in_parts(_unscored(work, again=False, servable=False), ASIDE_AT_ONCE):
        _ask(work, iter(part), servable=False, upto=part[-1].key)


def _in_parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def _unscored(work: _Work, *, again: bool, servable: bool = True) -> Iterator[Unscored]:
    after = 0
    while True:
        with work.store.read() as connection:
            page = round_tasks.unscored(connection, work.current, after, READ_AT_ONCE, servable=servable, again=again)
        if not page:
            return
        yield from page
        after = page[-1].key


def _ask(work: _Work, tasks: Iterator[Unscored], *, servable: bool, upto: int | None) -> None:
    """One request to the backend, its answers kept as they come."""
    source, share = work.source, work.settings.holdout_share
    bodies = (
        {
            "id": task.label_studio_id,
            "data": task.data,
            "blind": task.blind,
            "holdout": is_holdout(source.label_studio_id, task.label_studio_id, task.created_at, share=share),
        }
        for task in tasks
    )
    name = work.current.version if servable else None
    found = work.backend.score(project_key(source), source.label_config, bodies, model=work.current.model, round=name)
    config = parse(source.label_config)
    for lines in _in_parts(found, KEPT_AT_ONCE):
        with work.store.begin() as connection:
            keys = round_tasks.keys(connection, work.current, source.key, sorted({one.task for one in lines}))
            rows = [_kept(work, config, keys[one.task], one) for one in lines if one.task in keys]
            round_tasks.keep(connection, work.current, rows)
        if servable:
            work.tell(work.meter.advance(len({one.task for one in lines})))
    with work.store.begin() as connection:
        round_tasks.settle_places(connection, work.current, servable=servable, upto=upto)


def _kept(work: _Work, config: LabelConfig, task: tuple[int, bool], one: Scored) -> dict[str, Any]:
    """A line of the backend as it is stored; raises BackendError where it does not fit the interface."""
    key, servable = task
    regions: list[dict[str, Any]] = []
    try:
        if one.answer is not None and servable:
            regions = suggestion(
                config.control(one.control),
                one.answer,
                confidence=one.confidence,
                signals=one.signals,
                parts=one.parts,
            )
    except LabelConfigError as error:
        raise BackendError(
            f"ML backend {work.backend.url}/score: an answer does not fit the labeling interface of project "
            f"{work.source.label_studio_id}: {error}",
            url=work.backend.url,
        ) from error
    return {
        "task": key,
        "control": one.control,
        "answer": None if one.answer is None else answer_as_json(one.answer),
        "probabilities": dict(one.probabilities),
        "confidence": one.confidence,
        "signals": dict(one.signals),
        "out_of_sample": one.out_of_sample,
        "place": one.place if servable else None,
        "result": regions,
    }


def _send(work: _Work) -> int:
    """Put the predictions into Label Studio part by part, with a pause after each; how many the round has there."""
    with work.store.read() as connection:
        counts = round_tasks.counts(connection, work.current)
    total = sum(counts.values())
    work.say(work.meter.begin("writing", counts[SENT], total))
    size, pause = _pace(work, total)
    seconds = 0.0
    while True:
        with work.store.read() as connection:
            part = round_tasks.next_part(connection, work.current, size)
        if not part:
            break
        work.sleep(seconds * pause)
        seconds = _send_part(work, part, total)
    with work.store.read() as connection:
        return round_tasks.counts(connection, work.current)[SENT]


def _pace(work: _Work, total: int) -> tuple[int, float]:
    """Predictions in a request, and the pause after it in multiples of its time; none when nobody is at work."""
    if _is_quiet(work.store, work.source, work.settings, work.clock):
        return LARGEST_PART, 0.0
    tenth = -(-total // MOST_PARTS)
    return max(work.settings.round_part, min(tenth, LARGEST_PART)), work.settings.round_pause


def _is_quiet(store: Store, source: StoredProject, settings: Settings, clock: Callable[[], int]) -> bool:
    """Whether no answer came to the project for a while."""
    with store.read() as connection:
        newest = rounds.newest_answer(connection, source.key)
    return newest is None or clock() - newest >= settings.quiet_seconds * 1_000_000


def _send_part(work: _Work, part: Sequence[Unsent], total: int) -> float:
    """How many seconds Label Studio took."""
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
    began = time.monotonic()
    work.gateway.import_predictions(work.source.label_studio_id, rows, at_once=len(rows))
    seconds = time.monotonic() - began
    with work.store.begin() as connection:
        round_tasks.mark(connection, work.current, part, SENT)
    work.say(work.meter.advance(len(part)))
    return seconds


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
