"""Model classes of label-studio-ml 2.x behind our server, and our models behind theirs.

Behind our server a class gets what it lacks at home: a process of its own that may crash, one valid result a task
whatever it returns, a limit in time, scores that say how often it is right, places in one queue, one version
everywhere, and learning outside the annotator's request.
"""

import importlib
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from label_config.model import LabelConfig

from ..errors import BackendError, MissingExtra, RegistryError, SettingsError
from ..features import chunks
from ..lessons.publishing import NOTHING_COMPARED, unopposed
from ..predict import Serving, current_version, predict
from ..quality import Quality, pooled
from ..records import ABSTAINS, FloatArray, Task, Thought, abstains
from ..registry import Registry
from ..settings import Settings
from ..study import Tell, interface_of, newest_labels, nobody, outcome_of, remember_interface, remember_outcome
from ..thinking import Mind
from ..wire import predict_request
from .answers import Said, misfit, opinion_of, said_of
from .failures import Failures
from .host import ForeignError, Host
from .lesson import State, learn, state_of

AT_ONCE = 64
"""Tasks that the class is given together; between two such parts the time is looked at."""
MOST_FAILURES = 8
"""Calls that may fail one after the other before the rest of the tasks is left alone: to find the one bad task of a
part takes one less."""
LONG = 3_600.0
"""Longest wait in seconds for a part of a pool."""
MOST_PROJECTS = 1_000
"""Projects that are remembered because somebody asks for predictions."""


@dataclass(frozen=True, slots=True)
class UpstreamMinds:
    """A class of theirs as what thinks: see Minds. Its versions are numbered, tiebreak-1 first, and kept on disk."""

    registry: Registry
    settings: Settings
    host: Host
    failures: Failures
    force: bool = False
    tell: Tell = nobody
    _loaded: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def live(self, project: str) -> tuple[Mind | None, str | None]:
        """Always there: a class of theirs may answer before it has learned anything."""
        try:
            state = state_of(self.registry.folder(project))
            return UpstreamMind(self, project, state), self.failures.last(project)
        except RegistryError as error:
            return None, str(error)

    def trouble(self, project: str, until: float) -> str | None:  # noqa: ARG002 - see Minds
        """See Minds: how the class failed last, unless it has answered since."""
        return self.live(project)[1]

    def named(self, project: str, version: str) -> Mind:
        """The live one alone: what a class of theirs was before, it no longer is."""
        mind, problem = self.live(project)
        if mind is None:
            raise RegistryError(str(problem))
        if mind.version != version:
            raise RegistryError(f"{version} is not live, and a class of label-studio-ml keeps no older ones")
        return mind

    def study(self, project: str) -> State | None:
        """Let the class learn, and learn how far to trust its scores; null where the feed has nothing new.

        What changes either is a new version. Raises BackendError where ``fit`` fails.
        """
        folder = self.registry.folder(project)
        label_config = interface_of(folder)
        if label_config is None:
            return None
        self.tell("reading")
        labels = newest_labels(folder, project, self.settings)
        known = outcome_of(folder).is_of(labels.cursor, label_config)
        if self.settings.sync_url and known and not self.force:
            return None
        self.tell("learning")

        def asked(config: LabelConfig, tasks: Sequence[Task]) -> Sequence[Any]:
            self.tell("comparing")
            return self.predictions(project, config, tasks, None, None)

        state = learn(folder, project, label_config, labels, self.host, asked, self.settings.lesson_seconds)
        decision = unopposed(f"{NOTHING_COMPARED}: a class of label-studio-ml learns in place")
        remember_outcome(folder, label_config, labels.cursor, None, decision)
        return state

    def predictions(
        self,
        project: str,
        config: LabelConfig,
        tasks: Sequence[Task],
        context: Mapping[str, Any] | None,
        until: float | None,
    ) -> list[Any]:
        """What the class predicts, one a task: null where it fails, is late, or says nothing."""
        return self.asked(project, config, tasks, context, until)[0]

    def asked(
        self,
        project: str,
        config: LabelConfig,
        tasks: Sequence[Task],
        context: Mapping[str, Any] | None,
        until: float | None,
    ) -> tuple[list[Any], str | None]:
        """The same, and how it failed last, null where it never did.

        A part that fails is halved, so that one task that the class cannot take costs no other its answer.
        """
        calls = _Calls(self.host, {"do": "predict", "project": project, "label_config": config.xml, "context": context})
        found = [one for part in chunks(tasks, AT_ONCE) for one in calls.of(part, until)]
        return found, calls.problem

    def reload(self, project: str, learned: int) -> None:
        """Have the class set up anew where it has learned since: in its process it is what it was."""
        with self._lock:
            if self._loaded.setdefault(project, learned) != learned:
                self.host.close()
                self._loaded.clear()
                self._loaded[project] = learned

    def notice(self, project: str, config: LabelConfig) -> None:
        """Without a sync service nobody else says which projects there are, and how they look, before they learn."""
        folder = self.registry.folder(project)
        if not self.settings.sync_url and (folder.is_dir() or len(self.registry.projects()) < MOST_PROJECTS):
            with suppress(OSError):  # a full disk must not cost answers
                remember_interface(folder, config.xml)


@dataclass
class _Calls:
    """Calls of ``predict`` for one request; ``left`` is how many more may fail one after the other.

    ``problem`` is how one failed last.
    """

    host: Host
    question: Mapping[str, Any]
    left: int = MOST_FAILURES
    problem: str | None = None

    def of(self, tasks: Sequence[Task], until: float | None) -> list[Any]:
        """One prediction a task or null."""
        nothing: list[Any] = [None] * len(tasks)
        end = time.monotonic() + LONG if until is None else until
        if self.left <= 0 or time.monotonic() >= end:
            return nothing
        try:
            told = self.host.ask({**self.question, "tasks": [self._body(task) for task in tasks]}, end)
        except ForeignError as error:
            self.problem = str(error)
        except (TimeoutError, BackendError) as error:
            self.problem = str(error)
            self.left = 0
            return nothing
        else:
            if len(told) == len(tasks) or not told:
                self.left = MOST_FAILURES
                return told or nothing
            self.problem = f"{self.host.name}: {len(told)} predictions for {len(tasks)} tasks"
        self.left -= 1
        if len(tasks) == 1:
            return nothing
        half = len(tasks) // 2
        return self.of(tasks[:half], until) + self.of(tasks[half:], until)

    def _body(self, task: Task) -> dict[str, Any]:
        """A task as Label Studio writes it; one that is not stored yet has no id."""
        known = {} if task.id < 0 else {"id": task.id}
        return {**known, "data": dict(task.data), "project": int(self.question["project"].partition(".")[0])}


@dataclass(frozen=True, slots=True)
class UpstreamMind:
    """One project as a class of theirs sees it: see Mind."""

    minds: UpstreamMinds
    project: str
    state: State
    trained_labels: int = 0

    @property
    def version(self) -> str:
        """See Mind."""
        return self.state.version

    @property
    def quality(self) -> Quality | None:
        """See Mind."""
        return pooled([one.quality for one in self.state.controls.values()])

    @property
    def certainty(self) -> Mapping[str, Any]:
        """See Mind."""
        told = ((name, one.as_json()) for name, one in self.state.controls.items())
        return {name: {key: value for key, value in one.items() if key != "map"} for name, one in told}

    def scale(self) -> FloatArray:
        """Their classes say nothing of what their training tasks were worth: [0, 1] evenly."""
        return np.asarray(np.linspace(0, 1, 101), dtype=np.float64)

    def think(
        self, config: LabelConfig, tasks: Sequence[Task], until: float | None, context: Mapping[str, Any] | None = None
    ) -> dict[str, Thought]:
        """What the class predicts; it abstains where the class fails, is late, or answers nonsense."""
        self.minds.notice(self.project, config)
        self.minds.reload(self.project, self.state.learned)
        predictions, problem = self.minds.asked(self.project, config, tasks, context, until)
        said = [said_of(config, one) for one in predictions]
        self._tell(config, predictions, said, problem)
        late = until is not None and time.monotonic() >= until
        silent = ABSTAINS if problem is None and not late else abstains("out_of_time" if late else "failed")
        found = {}
        for control in config.controls:
            known = self.state.controls.get(control.name)
            mapped = known.mapped if known else None
            own = [one.get(control.name) for one in said]
            found[control.name] = Thought(
                [
                    opinion_of(one, control, mapped) if one is not None else ABSTAINS if heard is not None else silent
                    for one, heard in zip(own, predictions, strict=True)
                ]
            )
        return found

    def _tell(
        self,
        config: LabelConfig,
        predictions: Sequence[Any],
        said: Sequence[Mapping[str, Said]],
        problem: str | None,
    ) -> None:
        """Note how it failed, or the first prediction that does not fit; where it answered well, that it does."""
        failures = self.minds.failures
        pairs = zip(predictions, said, strict=True)
        wrong = problem or next(filter(None, (misfit(config, one, heard) for one, heard in pairs)), None)
        if wrong is not None:
            failures.note(self.project, wrong if problem else f"{failures.name}: {wrong}")
        elif predictions:
            failures.clear(self.project)


def minds_of(settings: Settings, registry: Registry, *, force: bool = False, tell: Tell = nobody) -> UpstreamMinds:
    """What thinks by the class that the setting names. Raises SettingsError where it names none."""
    host = host_of(settings)
    return UpstreamMinds(registry, settings, host, Failures(registry, host.name), force, tell)


def host_of(settings: Settings) -> Host:
    """The process for the class, which is not started yet. Raises SettingsError where the setting names no class."""
    name = settings.model_class
    where, _, attribute = name.rpartition(":")
    if not where or not attribute.isidentifier():
        raise SettingsError(f"model_class {name!r} names no class: expected path/to/model.py:CLASS or MODULE:CLASS")
    if where.endswith(".py") and not Path(where).is_file():
        raise SettingsError(f"model_class {name!r}: there is no file {where} (looked in {Path.cwd()})")
    state = (settings.data / "upstream").absolute()
    given = {"MODEL_DIR": str(state)}
    if settings.label_studio_url:
        given |= dict.fromkeys(("LABEL_STUDIO_URL", "LABEL_STUDIO_HOST"), settings.label_studio_url)
        given["LABEL_STUDIO_API_KEY"] = settings.label_studio_token.get_secret_value()
    return Host(name, {name: value for name, value in given.items() if value and name not in os.environ})


def check(settings: Settings) -> None:
    """Load the class once. Raises SettingsError or MissingExtra that say what is wrong with it and what to do."""
    host = host_of(settings)
    try:
        host.load(time.monotonic() + LONG)
    finally:
        host.close()


def our_class(serving: Serving) -> type[Any]:
    """Our models as a class for their server: ``label_studio_ml.api.init_app(model_class=our_class(...))``.

    It learns inside their webhook's request, as their server does it. Raises MissingExtra that names the extra.
    """
    state = serving.settings.data / "upstream"
    os.environ.setdefault("MODEL_DIR", str(state.absolute()))  # read once, when their package is imported
    try:
        base: type[Any] = importlib.import_module("label_studio_ml.model").LabelStudioMLBase
    except ImportError as error:
        raise MissingExtra(
            f"label-studio-ml cannot be imported ({error}): pip install 'tiebreak[label-studio-ml]'"
        ) from error

    class Tiebreak(base):  # type: ignore[misc] # known only where the extra is installed
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
            return list(predict(serving, asked, time.monotonic()))

        def fit(self, event: str, data: Mapping[str, Any], **_: Any) -> dict[str, str]:  # noqa: ARG002 - their signature
            """Learn what the feed has."""
            key = self._key()
            if self.label_config is not None:
                remember_interface(serving.registry.folder(key), self.label_config)
            serving.minds.study(key)
            return {"model_version": current_version(serving, key)}

        def _key(self) -> str:
            """Their server cuts the second of creation off a project's key."""
            keys = [key for key in serving.registry.projects() if key.startswith(f"{self.project_id}.")]
            return keys[-1] if keys else f"{self.project_id or 0}.0"

    return Tiebreak
