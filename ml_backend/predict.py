"""The serving flow: tasks in, opinions and places out."""

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from label_config.model import Choices, Control, LabelConfig
from label_config.ordering import score_from_place
from label_config.results import write_answer

from . import rounds
from .acquisition import order_pool, place_of
from .control_model import ControlModel
from .encoders import Fetch
from .errors import NotLearnable, RegistryError
from .features import chunks, digest, read_all, view_of
from .records import ABSTAINS, Features, FloatArray, IntArray, Opinion, Task
from .registry import NO_MODEL, Model, Registry
from .rounds import Round
from .settings import Settings

AT_ONCE = 512
"""Tasks that are encoded together; between two such parts the time is looked at."""

UNKNOWN_PLACE = 0.5
"""The score of a task where there is nothing to compare it with: no model and no round."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """What answering needs, handed in."""

    registry: Registry
    settings: Settings
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Thought:
    """What one control's model thinks of a pool: an opinion a task, and the encoder's rows where it read any."""

    opinions: Sequence[Opinion]
    features: Features


def current_version(registry: Registry, project: str) -> str:
    """What ``/setup`` and ``/predict`` answer: the round that is shown, else the live model, else tiebreak-0."""
    try:
        shown = rounds.shown_version(registry.folder(project))
    except RegistryError as error:
        log.error("%s", error)
        shown = None
    if shown is not None:
        return shown
    model, _ = registry.live(project)
    return model.version if model else NO_MODEL


def predict(
    serving: Serving,
    project: str,
    config: LabelConfig | None,
    tasks: Sequence[Task | None],
    answered: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """One prediction a task, as Label Studio takes it; ``config`` or a task of null: it abstains there.

    ``answered`` controls have an answer of the annotator already, so nothing is suggested for them.
    """
    until = time.monotonic() + serving.settings.predict_seconds
    shown = _shown(serving, project)
    model = _model_of(serving, project, shown)
    version = shown.version if shown else model.version if model else NO_MODEL
    readable = [task for task in tasks if task is not None] if config else []
    thoughts = think(serving, model, config, readable, until) if config else {}
    scale = _scale(shown, model, serving.settings.utility)
    results: list[dict[str, Any]] = []
    place = 0
    for task in tasks:
        opinions: dict[str, Opinion] = {}
        if task is not None and config:
            opinions = {name: thought.opinions[place] for name, thought in thoughts.items()}
            place += 1
        led = task is not None and not (shown and task.id in shown.blind)
        regions = _regions(config, opinions, answered) if led and config else []
        results.append({"model_version": version, "score": _score(task, opinions, shown, scale), "result": regions})
    return results


def score(
    serving: Serving,
    project: str,
    config: LabelConfig,
    tasks: Sequence[Task],
    model_version: str | None = None,
    round_version: str | None = None,
) -> Iterator[dict[str, Any]]:
    """What the model thinks of a pool: one line a task and control, with the task's place.

    ``model_version`` answers (null: the live one). ``round_version`` names the round that these places are for: it
    is kept, so that ``/predict`` gives the same once it is shown.
    """
    model = _scoring_model(serving, project, model_version)
    thoughts = think(serving, model, config, tasks, None)
    utilities = _utilities(thoughts, len(tasks))
    holdout = np.array([task.holdout for task in tasks], dtype=bool)
    strategy = serving.settings.order if model else "random"
    rng = _dice(project, round_version, tasks)
    places = order_pool(utilities, holdout, _joined(thoughts), rng, strategy)
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
    version = model.version if model else NO_MODEL
    return _lines(tasks, thoughts, places, version)


def think(
    serving: Serving, model: Model | None, config: LabelConfig, tasks: Sequence[Task], until: float | None
) -> dict[str, Thought]:
    """What the model thinks, control by control; it abstains on controls that it does not know."""
    found = {}
    for control in config.controls:
        learned = model.control(control.name) if model else None
        if learned is None or not _still_fits(learned, config, control):
            found[control.name] = Thought([ABSTAINS] * len(tasks), None)
        else:
            found[control.name] = _think(serving, learned, tasks, until)
    return found


def _think(serving: Serving, model: ControlModel, tasks: Sequence[Task], until: float | None) -> Thought:
    opinions: list[Opinion] = []
    rows: list[Any] = []
    for part in chunks(tasks, AT_ONCE):
        late = until is not None and time.monotonic() > until
        inputs = (
            [None] * len(part) if late else read_all(model.view, [t.data for t in part], serving.fetch, until=until)
        )
        readable = [place for place, one in enumerate(inputs) if one is not None]
        said = [ABSTAINS] * len(part)
        features = model.encoder.encode([inputs[place] for place in readable]) if readable else None
        if features is not None:
            probabilities = model.probabilities(features)
            signals = model.signals(features, probabilities)
            fresh = model.opinions(probabilities, signals, serving.settings.utility)
            for place, opinion in zip(readable, fresh, strict=True):
                said[place] = opinion
            _recall(serving, model, part, said)
        opinions += said
        rows.append((len(part), readable, features))
    return Thought(opinions, _whole(rows))


def _recall(serving: Serving, model: ControlModel, tasks: Sequence[Task], said: list[Opinion]) -> None:
    """Tasks that the model learned from get what it says out of fold."""
    known = [
        (place, row)
        for place, task in enumerate(tasks)
        if (row := model.known.tasks.get(task.id)) is not None
        and model.known.digests[row] == digest(model.view, task.data)
    ]
    if known:
        at = [row for _, row in known]
        opinions = model.opinions(model.known.probabilities[at], model.known_signals(at), serving.settings.utility)
        for (place, _), opinion in zip(known, opinions, strict=True):
            said[place] = opinion


def _whole(parts: Sequence[tuple[int, Sequence[int], Features]]) -> Features:
    """The rows of all tasks, zeros where a task could not be read; null where none could."""
    width = next((features.shape[1] for _, _, features in parts if features is not None), None)
    if width is None:
        return None
    blocks = []
    for count, readable, features in parts:
        if features is None:
            blocks.append(sparse.csr_matrix((count, width)))
        else:
            spread = sparse.csr_matrix(
                (np.ones(len(readable)), (readable, range(len(readable)))), (count, len(readable))
            )
            blocks.append(spread @ features)
    if any(sparse.issparse(block) for block in blocks):
        return sparse.vstack(blocks, format="csr")
    return np.vstack(blocks)


def _joined(thoughts: Mapping[str, Thought]) -> Features:
    """Controls of one interface mostly look at the same: the first one's rows tell near-duplicates."""
    return next((thought.features for thought in thoughts.values() if thought.features is not None), None)


def _utilities(thoughts: Mapping[str, Thought], count: int) -> FloatArray:
    """A task is worth what its most doubtful control is worth, (n,)."""
    found: FloatArray = np.zeros(count)
    for thought in thoughts.values():
        found = np.maximum(found, [opinion.utility for opinion in thought.opinions])
    return found


def _dice(project: str, round_version: str | None, tasks: Sequence[Task]) -> np.random.Generator:
    """Chance that falls the same way for an equal request."""
    said = json.dumps([project, round_version, [task.id for task in tasks]])
    return np.random.default_rng(int.from_bytes(hashlib.sha256(said.encode()).digest()[:8]))


def _still_fits(model: ControlModel, config: LabelConfig, control: Control) -> bool:
    """Whether the interface still asks what the model has learned to answer."""
    try:
        view = view_of(config, control)
    except NotLearnable:
        return False
    return view == model.view and control.multiple == model.multiple and set(model.labels) <= set(control.labels)


def _lines(
    tasks: Sequence[Task], thoughts: Mapping[str, Thought], places: IntArray, version: str
) -> Iterator[dict[str, Any]]:
    for place, task in enumerate(tasks):
        for control, thought in thoughts.items():
            opinion = thought.opinions[place]
            yield {
                "task": task.id,
                "control": control,
                "answer": None if opinion.answer is None else list(opinion.answer),
                "probabilities": dict(opinion.probabilities),
                "out_of_sample": opinion.out_of_sample,
                "confidence": opinion.confidence,
                "signals": dict(opinion.signals),
                "place": int(places[place]),
                "version": version,
            }


def _shown(serving: Serving, project: str) -> Round | None:
    try:
        return rounds.shown(serving.registry.folder(project))
    except RegistryError as error:
        log.error("%s", error)
        return None


def _model_of(serving: Serving, project: str, shown: Round | None) -> Model | None:
    """The model of the round that is shown; the live one before the first round."""
    if shown is None:
        return serving.registry.live(project)[0]
    if shown.model == NO_MODEL:
        return None
    try:
        return serving.registry.load(project, shown.model)
    except RegistryError as error:
        log.error("%s: abstaining until the next round", error)
        return None


def _scoring_model(serving: Serving, project: str, version: str | None) -> Model | None:
    """The model that is asked for: the live one may be newer by now."""
    if version is None:
        return serving.registry.live(project)[0]
    return None if version == NO_MODEL else serving.registry.load(project, version)


def _scale(shown: Round | None, model: Model | None, kind: str) -> FloatArray:
    """The utilities that a task outside the round is compared with, the lowest first."""
    if shown is not None and len(shown.utilities):
        return shown.utilities
    if model is None:
        return np.empty(0)
    return np.sort(np.concatenate([control.known_utilities(kind) for control in model.controls]))


def _score(task: Task | None, opinions: Mapping[str, Opinion], shown: Round | None, scale: FloatArray) -> float:
    """The task's place in the round as Label Studio's score; the place it would have had where it was not in it."""
    if task is not None and shown is not None and task.id in shown.places:
        return score_from_place(shown.places[task.id], len(shown.places))
    if not len(scale):
        return UNKNOWN_PLACE
    worth = max((opinion.utility for opinion in opinions.values()), default=0.0)
    return score_from_place(min(place_of(worth, scale), len(scale) - 1), len(scale))


def _regions(config: LabelConfig, opinions: Mapping[str, Opinion], answered: frozenset[str]) -> list[dict[str, Any]]:
    regions: list[dict[str, Any]] = []
    for name, opinion in opinions.items():
        if opinion.answer is not None and name not in answered:
            regions += write_answer(
                config.control(name),
                Choices(opinion.answer),
                score=opinion.confidence,
                meta={"tiebreak": dict(opinion.signals)},
                region_id=f"tiebreak-{name}",
            )
    return regions
