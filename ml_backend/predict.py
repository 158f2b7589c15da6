"""The serving flow: tasks in, opinions and places out."""

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from label_config.model import LabelConfig
from label_config.ordering import score_from_place

from . import cold_start, rounds
from .acquisition import BATCH, Pool, order_pool, place_of
from .encoders import Fetch
from .errors import NoSuchRound, RegistryError, UnknownProject
from .features import chunks
from .lines import Scored
from .media import of_project
from .opinions import probabilities_of, signal_of, utilities_of
from .patience import Patience
from .reasons import Reason, reason
from .records import FloatArray, Opinion, Task, Thought, abstains
from .registry import NO_MODEL, Registry
from .replies import Reply, reply, told
from .rounds import Round
from .settings import Settings
from .study import outcome_of
from .thinking import Mind, Minds
from .uncertainty import SIGNALS
from .wire import PredictRequest
from .worth.for_round import for_round

AT_ONCE = 2_048
"""Tasks that are thought about together."""

UNKNOWN_PLACE = 0.5
"""The score of a task where there is nothing to compare it with: no model and no round."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """What answering needs, handed in."""

    registry: Registry
    settings: Settings
    fetch: Fetch
    minds: Minds
    patience: Patience = field(default_factory=Patience)


def current_version(serving: Serving, project: str) -> str:
    """What ``/setup`` and ``/predict`` answer: the round that is shown, else the live model, else tiebreak-0."""
    try:
        shown = rounds.shown_version(serving.registry.folder(project))
    except RegistryError as error:
        log.error("%s", error)
        shown = None
    if shown is not None:
        return shown
    mind, _ = serving.minds.live(project)
    return mind.version if mind else NO_MODEL


def predict(serving: Serving, asked: PredictRequest, since: float) -> Iterator[dict[str, Any]]:
    """One prediction a task, as Label Studio takes it; ``reasons`` say of each control without an answer why.

    Label Studio has waited ``since`` then (monotonic seconds). They come a part at a time, so that memory does not
    grow with their number.
    """
    until = min(time.monotonic() + serving.settings.predict_seconds, since + serving.settings.all_seconds)
    shown = _shown(serving, asked.project)
    mind = _mind_of(serving, asked.project, shown)
    nothing = mind if isinstance(mind, Reason) else None
    if asked.config is None:
        nothing = reason("interface_unreadable", asked.problem)
    version = shown.version if shown else NO_MODEL if isinstance(mind, Reason) else mind.version
    scale = np.empty(0) if isinstance(mind, Reason) else mind.scale()
    scale = shown.utilities if shown and len(shown.utilities) else scale
    for part in chunks(asked.tasks, AT_ONCE):
        thoughts: Mapping[str, Thought] = {}
        if asked.config is not None and not isinstance(mind, Reason):
            readable = [task for task in part if task is not None]
            thoughts = _thought(serving, mind, asked, readable, until)
        each = {name: iter(thought.opinions) for name, thought in thoughts.items()}
        for task in part:
            opinions = {} if task is None else {name: next(one) for name, one in each.items()}
            regions, reasons = _reply(asked, opinions, nothing or _reason_of(task, shown))
            found = {"model_version": version, "score": _score(task, opinions, shown, scale), "result": regions}
            yield {**found, "reasons": reasons} if reasons else found


def _reply(asked: PredictRequest, opinions: Mapping[str, Opinion], why: Reason | None) -> Reply:
    """What is told of one task, nothing where there is a reason for that."""
    if why is not None or asked.config is None:
        return [], [told(why)] if why else []
    return reply(asked.config, opinions, asked.answered)


def _reason_of(task: Task | None, shown: Round | None) -> Reason | None:
    """Why nothing is told of a task, whatever the model thinks."""
    if task is None:
        return reason("task_unreadable", 'expected {"id": NUMBER, "data": {...}}')
    return reason("kept_empty") if shown is not None and task.id in shown.blind else None


def _thought(
    serving: Serving, mind: Mind, asked: PredictRequest, tasks: Sequence[Task], until: float
) -> Mapping[str, Thought]:
    """What it thinks. Where that fails it abstains, because Label Studio would lose all the others as well.

    What was begun by ``until`` is waited for as long as one image may take, whatever else it is that takes long.
    """
    config = asked.config
    assert config is not None
    if time.monotonic() >= until:
        return _nothing(config, tasks, abstains("out_of_time"))
    latest = until + serving.settings.media_seconds
    try:
        return serving.patience.wait(asked.project, lambda: mind.think(config, tasks, until, asked.context), latest)
    except TimeoutError as error:
        log.error("%s is not done with %d tasks in time, and abstains: %s", mind.version, len(tasks), error)
        return _nothing(config, tasks, abstains("out_of_time"))
    except Exception:
        log.exception("%s cannot think about a part of the tasks: abstaining on %d of them", mind.version, len(tasks))
        return _nothing(config, tasks, abstains("failed"))


def score(
    serving: Serving,
    project: str,
    config: LabelConfig,
    tasks: Sequence[Task],
    model_version: str | None = None,
    round_version: str | None = None,
) -> Scored:
    """What the model thinks of a pool, with each task's place.

    ``model_version`` answers (null: the live one). ``round_version`` names the round that these places are for: it
    is kept, so that ``/predict`` gives the same once it is shown.
    """
    mind = _asked_for(serving, project, model_version)
    if mind:
        thoughts = mind.think(config, tasks, None)
    else:
        thoughts = _nothing(config, tasks, Opinion(reason=_reason_without_model(serving, project, model_version)))
    utilities = _utilities(thoughts, len(tasks))
    holdout = np.array([task.holdout for task in tasks], dtype=bool)
    rng = _dice(project, round_version, tasks)
    strategy = serving.settings.order
    batch = BATCH
    if mind:
        pool = _pool(thoughts, utilities)
        if round_version is not None:
            known = serving.registry, serving.settings
            pool, batch = for_round(*known, project, config, mind, tasks, thoughts, pool)
    elif strategy == "random":
        pool = Pool(utilities)
    else:
        pool, strategy = Pool(cold_start.worth(config, tasks, of_project(serving.fetch, project), rng)), "utility"
    places = order_pool(pool, holdout, rng, strategy, batch)
    if round_version is not None:
        rounds.prepare(
            serving.registry.folder(project),
            Round(
                round_version,
                rounds.model_of(round_version),
                {task.id: int(place) for task, place in zip(tasks, places, strict=True)},
                np.sort(utilities[~holdout]),
                frozenset(task.id for task in tasks if task.blind),
            ),
        )
    version = mind.version if mind else NO_MODEL
    return Scored(tasks, thoughts, places, version)


def show_round(serving: Serving, project: str, version: object) -> None:
    """From now on Label Studio sees that round.

    Raises BadRequest for what is no version, UnknownProject where nobody ever asked to learn or scored, NoSuchRound
    where the round was never scored here and its model is not there: its suggestions would stop without a word.
    """
    model = rounds.model_of(version)
    folder = serving.registry.folder(project)
    if not folder.is_dir():
        raise UnknownProject(f"project {project}: nothing is known of it here; ask /train or /score about it first")
    if model != NO_MODEL and not rounds.read(folder, str(version)).places:
        try:
            serving.minds.named(project, model)
        except RegistryError as error:
            raise NoSuchRound(f"version {version}: {error}; score a round of the live model, then show that") from error
    rounds.show(folder, str(version))


def _pool(thoughts: Mapping[str, Thought], utilities: FloatArray) -> Pool:
    """What a strategy chooses from: a task is as doubtful as its most doubtful control.

    Controls of one interface mostly look at the same: the first one's rows say how alike tasks are.
    """
    signals: dict[str, FloatArray] = {}
    for thought in thoughts.values():
        for name in SIGNALS:
            signals[name] = np.maximum(signals.get(name, 0.0), signal_of(thought.opinions, name))
    first = next((thought for thought in thoughts.values() if thought.features is not None), None)
    if first is None:
        return Pool(utilities, signals=signals)
    return Pool(utilities, first.features, probabilities_of(first.opinions), signals, first.known)


def _utilities(thoughts: Mapping[str, Thought], count: int) -> FloatArray:
    """A task is worth what its most doubtful control is worth, (n,)."""
    found: FloatArray = np.zeros(count)
    for thought in thoughts.values():
        found = np.maximum(found, utilities_of(thought.opinions))
    return found


def _dice(project: str, round_version: str | None, tasks: Sequence[Task]) -> np.random.Generator:
    """Chance that falls the same way for an equal request."""
    said = hashlib.sha256(json.dumps([project, round_version]).encode()[:-1])
    for start, part in enumerate(chunks(tasks, AT_ONCE)):
        said.update((", " if start else ", [").encode() + json.dumps([task.id for task in part]).encode()[1:-1])
    said.update(b"]]" if tasks else b", []]")
    return np.random.default_rng(int.from_bytes(said.digest()[:8]))


def _shown(serving: Serving, project: str) -> Round | None:
    try:
        return rounds.shown(serving.registry.folder(project))
    except RegistryError as error:
        log.error("%s", error)
        return None


def _mind_of(serving: Serving, project: str, shown: Round | None) -> Mind | Reason:
    """The one behind the round that is shown, the live one before the first round; or why there is none."""
    version = shown.model if shown else None
    try:
        mind = _asked_for(serving, project, version)
    except (RegistryError, OSError) as error:
        log.error("%s: abstaining until the next round", error)
        return reason("model_unreadable")
    return mind or _reason_without_model(serving, project, version)


def _reason_without_model(serving: Serving, project: str, version: str | None) -> Reason:
    """Why there is no model of that version."""
    if serving.registry.versions(project):
        return reason("older_round" if version == NO_MODEL else "model_unreadable")
    return reason("no_model", (outcome_of(serving.registry.folder(project)).error or "").partition(": ")[2])


def _asked_for(serving: Serving, project: str, version: str | None) -> Mind | None:
    """That version; null = the live one, which may be newer than a round's."""
    if version is None:
        return serving.minds.live(project)[0]
    return None if version == NO_MODEL else serving.minds.named(project, version)


def _nothing(config: LabelConfig, tasks: Sequence[Task], silent: Opinion) -> dict[str, Thought]:
    return {control.name: Thought([silent] * len(tasks)) for control in config.controls}


def _score(task: Task | None, opinions: Mapping[str, Opinion], shown: Round | None, scale: FloatArray) -> float:
    """The task's place in the round as Label Studio's score; the place it would have had where it was not in it."""
    if task is not None and shown is not None and task.id in shown.places:
        return score_from_place(shown.places[task.id], len(shown.places))
    if not len(scale):
        return UNKNOWN_PLACE
    worth = max((opinion.utility for opinion in opinions.values()), default=0.0)
    return score_from_place(min(place_of(worth, scale), len(scale) - 1), len(scale))
