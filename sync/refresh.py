"""A scoring round: every servable task gets a score of one version, Label Studio is told it, the old version goes.

After a round the version is the same everywhere: in the stored predictions, in ``project.model_version``, in the
backend's ``/setup`` and ``/predict``. Only then does Label Studio's uncertainty sampling serve in our order.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from label_config.canonical import answer_as_json
from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.ordering import score_from_place
from label_config.parse import parse
from label_config.suggestions import suggestion

from .backend import Backend, Scored
from .errors import BackendError
from .labelstudio.client import LabelStudio
from .sampling import is_holdout
from .settings import Settings
from .store import projects, rounds
from .store.engine import Store
from .store.projects import StoredProject
from .store.rounds import ServableTask

MODEL_VERSION = "tiebreak-"
NO_MODEL = "tiebreak-0"


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did: the version that Label Studio sees, how many tasks were scored, whether anything moved."""

    version: str | None
    scored: int
    changed: bool


def project_key(project: StoredProject) -> str:
    """The project as Label Studio names it to its backends: id and the second of its creation."""
    return f"{project.label_studio_id}.{project.created_at // 1_000_000}"


def refresh(
    store: Store, gateway: LabelStudio, backend: Backend, project: int, settings: Settings, clock: Callable[[], int]
) -> RefreshReport:
    """Score the project (the store's key) anew, where the model or what must be scored is not what it was."""
    with store.read() as connection:
        source = projects.get(connection, project)
        pool = rounds.servable(connection, project)
        last = rounds.latest(connection, project)
    state = backend.state(project_key(source))
    model = _of_ours(backend, state.model or NO_MODEL)
    fingerprint = _fingerprint(model, source.label_config, pool)
    stored = gateway.model_versions(source.label_studio_id)
    if not _due(last, model, fingerprint, pool, stored):
        _reassert(gateway, backend, source, last, stored)
        return RefreshReport(last.version if last else None, 0, changed=False)
    with store.begin() as connection:
        current = rounds.intend(connection, project, model, fingerprint, clock(), stored)
    scored = _score(backend, source, pool, settings, current)
    rows = _checked_predictions(backend, source, pool, scored)
    switch_version(
        gateway,
        source.label_studio_id,
        current.version,
        rows,
        ours=MODEL_VERSION,
        announce=lambda: backend.set_round(project_key(source), current.version),
    )
    with store.begin() as connection:
        rounds.finish(connection, current, _stored(scored, current.version), state.metrics)
        projects.set_model_version(connection, project, current.version)
    return RefreshReport(current.version, len(rows), changed=True)


def _of_ours(backend: Backend, model: str) -> str:
    """Only versions that are named as agreed are ever deleted, so no other may be made."""
    if not re.fullmatch(rf"{MODEL_VERSION}\w+", model):
        raise BackendError(
            f"ML backend {backend.url}: its model is called {model[:60]!r}, not {MODEL_VERSION}N as agreed",
            url=backend.url,
            transient=False,
        )
    return model


def switch_version(
    gateway: LabelStudio,
    project: int,
    version: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    ours: str,
    announce: Callable[[], None] = lambda: None,
) -> None:
    """Put the predictions ``rows`` (task, score, result) of ``version`` in the place of our older ones.

    ``version`` is new. Killed anywhere, it is called again with a later one, and what was left goes with the older
    ones. Only versions whose name begins with ``ours`` are ever deleted.
    """
    gateway.import_predictions(project, [{**row, "model_version": version} for row in rows])
    gateway.update_project(project, model_version=version)
    announce()
    for old in gateway.model_versions(project):
        if old != version and old.startswith(ours):
            gateway.delete_model_version(project, old)


def _fingerprint(model: str, label_config: str, pool: Sequence[ServableTask]) -> str:
    parts = [model, label_config, *([task.label_studio_id, task.disputed] for task in pool if task.servable)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _due(
    last: rounds.Round | None,
    model: str,
    fingerprint: str,
    pool: Sequence[ServableTask],
    stored: Mapping[str, int],
) -> bool:
    """Whether there is something to score that has no score of this model, or that must now be empty."""
    if not any(task.servable for task in pool):
        return False
    if last is None or last.state != "done" or last.model != model or last.version not in stored:
        return True
    if last.hash == fingerprint:
        return False
    return any(task.servable and (task.version != last.version or task.disputed != task.blind) for task in pool)


def _reassert(
    gateway: LabelStudio,
    backend: Backend,
    source: StoredProject,
    last: rounds.Round | None,
    stored: Mapping[str, int],
) -> None:
    """Connecting a backend or a hand in the settings changes ``project.model_version``: put ours back.

    Predictions of another version of ours come from an import that we gave up waiting for: they go.
    """
    if last is None or last.state != "done":
        return
    for stale in stored:
        if stale != last.version and stale.startswith(MODEL_VERSION):
            gateway.delete_model_version(source.label_studio_id, stale)
    moved = gateway.project(source.label_studio_id).model_version != last.version
    if moved and last.version in stored:
        gateway.update_project(source.label_studio_id, model_version=last.version)
    if backend.state(project_key(source)).round != last.version:
        backend.set_round(project_key(source), last.version)


def _score(
    backend: Backend, source: StoredProject, pool: Sequence[ServableTask], settings: Settings, current: rounds.Round
) -> list[tuple[ServableTask, Scored]]:
    """What the model thinks of each task; places are given among the servable ones alone."""
    found = []
    for servable in (True, False):
        part = {task.label_studio_id: task for task in pool if task.servable is servable}
        bodies = [
            {
                "id": task.label_studio_id,
                "data": task.data,
                "blind": task.disputed,
                "holdout": is_holdout(
                    source.label_studio_id, task.label_studio_id, task.created_at, share=settings.holdout_share
                ),
            }
            for task in part.values()
        ]
        if bodies:
            replies = backend.score(
                project_key(source),
                source.label_config,
                bodies,
                model=current.model,
                round=current.version if servable else None,
            )
            found += [(part[one.task], one) for one in replies if one.task in part]
    return found


def _checked_predictions(
    backend: Backend, source: StoredProject, pool: Sequence[ServableTask], scored: Sequence[tuple[ServableTask, Scored]]
) -> list[dict[str, Any]]:
    try:
        return _predictions(parse(source.label_config), pool, scored)
    except LabelConfigError as error:
        raise BackendError(
            f"ML backend {backend.url}/score: an answer does not fit the labeling interface of project "
            f"{source.label_studio_id}: {error}",
            url=backend.url,
        ) from error


def _predictions(
    config: LabelConfig, pool: Sequence[ServableTask], scored: Sequence[tuple[ServableTask, Scored]]
) -> list[dict[str, Any]]:
    """One prediction a servable task: its place as the score, the answers unless people dispute the task."""
    servable = [task for task in pool if task.servable]
    results: dict[int, list[dict[str, Any]]] = {task.label_studio_id: [] for task in servable}
    places: dict[int, int] = {}
    for task, one in scored:
        if not task.servable:
            continue
        places.setdefault(one.task, one.place)
        if one.answer is not None and not task.disputed:
            results[one.task] += suggestion(
                config.control(one.control),
                one.answer,
                confidence=one.confidence,
                signals=one.signals,
                parts=one.parts,
            )
    # A task that the backend did not answer for is served last, never left without a score: it would starve.
    order = sorted(results, key=lambda task: (places.get(task, len(results)), task))
    return [
        {"task": task, "score": score_from_place(place, len(order)), "result": results[task]}
        for place, task in enumerate(order)
    ]


def _stored(scored: Sequence[tuple[ServableTask, Scored]], version: str) -> list[dict[str, Any]]:
    return [
        {
            "task": task.key,
            "control": one.control,
            "version": version,
            "answer": None if one.answer is None else answer_as_json(one.answer),
            "probabilities": dict(one.probabilities),
            "confidence": one.confidence,
            "signals": {**one.signals, "blind": 1.0} if task.disputed else dict(one.signals),
            "out_of_sample": one.out_of_sample,
            "place": one.place if task.servable else None,
        }
        for task, one in scored
    ]
