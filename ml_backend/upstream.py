"""Model classes of label-studio-ml 2.x behind our server, and our models behind theirs.

The only file that imports ``label_studio_ml``, and only when it is used. Behind our server a class gets what it lacks
at home: one result a task whatever it returns, a limit in time, places in one queue, one version everywhere, and
learning outside the annotator's request. What it suggests is read as an answer to the interface's controls, so it
reaches as far as ``label_config`` does.
"""

import importlib
import json
import logging
import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from label_config.answers import Choices
from label_config.errors import ResultError
from label_config.model import LabelConfig
from label_config.results import read_answers

from .errors import BackendError, MissingExtra, RegistryError, SettingsError
from .files import read_json, write_json
from .predict import Serving, current_version, predict
from .quality import Quality
from .records import ABSTAINS, FloatArray, Opinion, Task, Thought
from .registry import Registry
from .study import interface_of
from .thinking import Mind
from .wire import predict_request

FILE = "upstream.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UpstreamMinds:
    """A class of theirs as what thinks: see Minds. Its versions are numbered, tiebreak-1 first, and kept on disk.

    One call at a time: their classes share a cache and know nothing of threads.
    """

    registry: Registry
    model_class: type[Any]
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def live(self, project: str) -> tuple[Mind | None, str | None]:
        """Always there: a class of theirs may answer before it has learned anything."""
        try:
            return UpstreamMind(self, project, f"tiebreak-{max(1, len(self._versions(project)))}"), None
        except RegistryError as error:
            return None, str(error)

    def named(self, project: str, version: str) -> Mind:
        """The live one alone: what a class of theirs was before, it no longer is."""
        mind, problem = self.live(project)
        if mind is None or mind.version != version:
            raise RegistryError(problem or f"{version} is not live, and a class of label-studio-ml keeps no older ones")
        return mind

    def study(self, project: str) -> None:
        """Let the class learn; a new ``model_version`` of its own is a new version of ours. Raises BackendError."""
        label_config = interface_of(self.registry.folder(project))
        if label_config is None:
            return
        event = {"action": "START_TRAINING", "project": {"id": _number(project), "label_config": label_config}}
        with self._turn:
            try:
                model = self.model_class(project_id=str(_number(project)), label_config=label_config)
                before = str(model.model_version)
                model.fit("START_TRAINING", event)
                after = str(model.model_version)
            except Exception as error:  # whatever somebody else's class raises
                raise BackendError(f"{self.model_class.__name__}.fit failed: {error!r}") from error
        known = self._versions(project) or [before]
        if after != known[-1]:
            known = [*known, after]
        write_json(self.registry.folder(project) / FILE, known)

    def call(self, project: str, config: LabelConfig, tasks: Sequence[Task], context: object, until: float) -> Any:
        """What the class predicts; raises TimeoutError when it is not done by ``until``."""
        told: list[Any] = []

        def work() -> None:
            if not self._turn.acquire(timeout=max(0.0, until - time.monotonic())):
                return
            try:
                model = self.model_class(project_id=str(_number(project)), label_config=config.xml)
                bodies = [{"id": task.id, "data": dict(task.data)} for task in tasks]
                told.append(model.predict(bodies, context=context))
            except Exception as error:  # noqa: BLE001 - whatever somebody else's class raises
                told.append(error)
            finally:
                self._turn.release()

        # A thread that may be left behind: nothing else can end a call that does not return.
        worker = threading.Thread(target=work, name="tiebreak-upstream", daemon=True)
        worker.start()
        worker.join(max(0.0, until - time.monotonic()))
        if not told:
            raise TimeoutError(f"{self.model_class.__name__}.predict is not done in time")
        if isinstance(told[0], Exception):
            raise told[0]
        return told[0]

    def _versions(self, project: str) -> list[str]:
        """Their version strings, the oldest first."""
        place = self.registry.folder(project) / FILE
        found = read_json(place)
        if found is not None and not (isinstance(found, list) and all(isinstance(one, str) for one in found)):
            raise RegistryError(f"{place}: not a list of versions; remove it, then counting begins anew")
        return found or []


@dataclass(frozen=True, slots=True)
class UpstreamMind:
    """One project as a class of theirs sees it: see Mind."""

    minds: UpstreamMinds
    project: str
    version: str
    trained_labels: int = 0
    quality: Quality | None = None
    certainty: Mapping[str, Any] = field(default_factory=dict)

    def scale(self) -> FloatArray:
        """Their classes say nothing of what their training tasks were worth: [0, 1] evenly."""
        return np.asarray(np.linspace(0, 1, 101), dtype=np.float64)

    def think(
        self, config: LabelConfig, tasks: Sequence[Task], until: float | None, context: Mapping[str, Any] | None = None
    ) -> dict[str, Thought]:
        """What the class predicts; it abstains on all tasks where the class fails, is late, or answers nonsense."""
        end = time.monotonic() + PATIENCE if until is None else until
        try:
            predictions = listed(self.minds.call(self.project, config, tasks, context, end))
            if len(predictions) != len(tasks):
                raise ValueError(f"{len(predictions)} predictions for {len(tasks)} tasks")
        except Exception as error:  # noqa: BLE001 - whatever somebody else's class raises
            log.error("project %s: %s: %r; abstaining", self.project, self.minds.model_class.__name__, error)
            predictions = [None] * len(tasks)
        answers = [opinions_of(config, prediction) for prediction in predictions]
        return {
            control.name: Thought([one.get(control.name, ABSTAINS) for one in answers]) for control in config.controls
        }


PATIENCE = 3600.0
"""Longest wait in seconds for a whole pool."""


def listed(response: Any) -> list[Any]:
    """Their several kinds of response as one list: a ModelResponse, a dict that holds ``predictions``, a list, null.

    >>> listed({"predictions": [1]}), listed(None), listed([2])
    ([1], [], [2])
    """
    if hasattr(response, "model_dump"):
        response = response.model_dump()
    if isinstance(response, Mapping):
        response = response.get("predictions", [])
    return list(response or [])


def opinions_of(config: LabelConfig, prediction: Any) -> dict[str, Opinion]:
    """One prediction as an opinion a control; none where it does not fit the interface. Of several, the first counts.

    ``confidence`` is the prediction's score, else the least of its regions', where that is a number in [0, 1].
    """
    if isinstance(prediction, list):
        prediction = prediction[0] if prediction else None
    if hasattr(prediction, "model_dump"):
        prediction = prediction.model_dump()
    if not isinstance(prediction, Mapping):
        return {}
    try:
        result = json.loads(json.dumps(prediction.get("result") or [], default=_plain))
        answers = read_answers(config, result)
    except (ResultError, TypeError, ValueError) as error:
        log.warning("a prediction that does not fit the interface is left out: %s", error)
        return {}
    found = {}
    for control, answer in answers.items():
        own = [_share(region.get("score")) for region in result if region.get("from_name") == control]
        confidence = _share(prediction.get("score"))
        known = [one for one in own if one is not None]
        if confidence is None and known:
            confidence = min(known)
        doubt = 0.5 if confidence is None else 1 - confidence
        shares = {}
        if isinstance(answer, Choices) and confidence is not None:
            shares = dict.fromkeys(answer.labels, confidence)
        parts = tuple(known) if len(known) == len(own) > 1 else ()
        found[control] = Opinion(answer, shares, confidence, {"margin": doubt}, utility=doubt, parts=parts)
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump()
    raise TypeError(f"a result holds {type(value).__name__}")


def _share(value: object) -> float | None:
    """A number in [0, 1], null for anything else."""
    if isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1:
        return float(value)
    return None


def _number(project: str) -> int:
    return int(project.partition(".")[0])


def base_class(state: Path) -> type[Any]:
    """``LabelStudioMLBase``, whose cache is kept in ``state``. Raises MissingExtra that names the extra."""
    state.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MODEL_DIR", str(state))  # read once, when their package is imported
    try:
        found: type[Any] = importlib.import_module("label_studio_ml.model").LabelStudioMLBase
    except ImportError as error:
        raise MissingExtra(
            f"label-studio-ml cannot be imported ({error}): pip install 'tiebreak[label-studio-ml]'"
        ) from error
    return found


def load_class(name: str, state: Path) -> type[Any]:
    """The class that a setting names as MODULE:CLASS. Raises SettingsError that says what is wrong with it."""
    base = base_class(state)
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"model_class {name!r} cannot be imported: {error}; expected MODULE:CLASS") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise SettingsError(f"model_class {name!r} is no subclass of label_studio_ml's LabelStudioMLBase")
    return found


def our_class(serving: Serving) -> type[Any]:
    """Our models as a class for their server: ``label_studio_ml.api.init_app(model_class=our_class(...))``.

    It learns inside their webhook's request, as their server does it.
    """
    base = base_class(serving.settings.data / "upstream")

    class Tiebreak(base):  # type: ignore[misc, valid-type] # known only where the extra is installed
        """Answers with the registry's models."""

        def setup(self) -> None:
            """Their server asks for the version as a stored value."""
            self.set("model_version", current_version(serving, self._key()))

        def predict(
            self, tasks: Sequence[Mapping[str, Any]], context: Mapping[str, Any] | None = None, **_: Any
        ) -> list[dict[str, Any]]:
            """One prediction a task."""
            params = {"context": dict(context) if context else None}
            body = {"project": self._key(), "tasks": list(tasks), "label_config": self.label_config, "params": params}
            asked = predict_request(body)
            return list(predict(serving, asked.project, asked.config, asked.tasks, asked.answered, asked.context))

        def fit(self, event: str, data: Mapping[str, Any], **_: Any) -> dict[str, str]:  # noqa: ARG002 - their signature
            """Learn what the feed has."""
            serving.minds.study(self._key())
            return {"model_version": current_version(serving, self._key())}

        def _key(self) -> str:
            """Their server cuts the second of creation off a project's key."""
            keys = [key for key in serving.registry.projects() if key.startswith(f"{self.project_id}.")]
            return keys[-1] if keys else f"{self.project_id or 0}.0"

    return Tiebreak
