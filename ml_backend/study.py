"""One lesson for one project: fetch what is new, learn if there is a reason to, publish."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from label_config.errors import LabelConfigError

from . import labels as label_sets
from . import rounds
from .encoders import Fetch
from .errors import NotLearnable, RegistryError
from .feed import Feed
from .files import read_json, write_json
from .labels import LabelSet
from .records import TrainingRow
from .registry import Model, Registry
from .settings import Settings
from .training import learn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last learning ended: how far in the feed it had read, from which interface, and why without a model."""

    cursor: int = 0
    interface: str = ""
    error: str | None = None

    def is_of(self, cursor: int, label_config: str) -> bool:
        """Whether this is what came of those labels and that interface."""
        return (self.cursor, self.interface) == (cursor, _digest(label_config))


def study(project: str, registry: Registry, settings: Settings, fetch: Fetch) -> Model | None:
    """Bring a project's model up to the feed; the new model, null where there is nothing new.

    Raises FeedError where the feed cannot be read. That there is too little to learn from is an Outcome, no error.
    """
    folder = registry.folder(project)
    label_config = interface_of(folder)
    if label_config is None:
        return None
    news, cursor = _news(folder, project, settings)
    if not news and outcome_of(folder).is_of(cursor, label_config):
        return None
    labels = _merged(folder, project, news, cursor, settings)
    if outcome_of(folder).is_of(labels.cursor, label_config):
        return None
    return learn_and_publish(project, label_config, labels, registry, settings, fetch)


def learn_and_publish(
    project: str, label_config: str, labels: LabelSet, registry: Registry, settings: Settings, fetch: Fetch
) -> Model | None:
    """Learn and make the model live; null where there is too little to learn from, which the outcome then says."""
    folder = registry.folder(project)
    learned = None
    error = None
    try:
        found = learn(label_config, labels, fetch, settings)
        learned = registry.publish(project, found)
        registry.prune(project, settings.keep_versions, _spared(folder))
        log.info("project %s: %s learned from %d labels", project, learned.version, learned.trained_labels)
    except (NotLearnable, LabelConfigError) as reason:
        error = f"nothing learned yet: {reason}"
        log.info("project %s: %s", project, error)
    write_json(folder / "outcome.json", _as_json(Outcome(labels.cursor, _digest(label_config), error)))
    return learned


def remember_interface(folder: Path, label_config: str) -> None:
    """Keep the labeling interface that a project is learned with."""
    if interface_of(folder) != label_config:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "project.json", {"label_config": label_config})


def interface_of(folder: Path) -> str | None:
    """The interface that a project is learned with, null before anybody said."""
    found = read_json(folder / "project.json")
    return str(found["label_config"]) if isinstance(found, dict) and "label_config" in found else None


def outcome_of(folder: Path) -> Outcome:
    """How the last learning ended."""
    try:
        found = read_json(folder / "outcome.json")
        return Outcome(**found) if found is not None else Outcome()
    except (RegistryError, TypeError) as error:
        log.warning("%s: %s; it will be learned anew", folder / "outcome.json", error)
        return Outcome()


def _news(folder: Path, project: str, settings: Settings) -> tuple[list[TrainingRow], int]:
    """What the feed has beyond the stored labels; without a feed nothing."""
    try:
        known = label_sets.cursor_of(folder)
    except RegistryError as error:
        log.error("%s; everything is fetched anew", error)
        known = 0
    return _fetched(project, known, settings)


def _merged(folder: Path, project: str, news: Sequence[TrainingRow], cursor: int, settings: Settings) -> LabelSet:
    """The stored labels and the news, as they are stored from now on."""
    try:
        labels = label_sets.load(folder)
    except RegistryError as error:
        log.error("%s; everything is fetched anew", error)
        labels = LabelSet()
        news, cursor = _fetched(project, 0, settings)
    if news:
        labels = labels.merged(news, cursor)
        label_sets.save(folder, labels)
    return labels


def _fetched(project: str, after: int, settings: Settings) -> tuple[list[TrainingRow], int]:
    if not settings.sync_url:
        return [], after
    feed = Feed(settings.sync_url, settings.secret.get_secret_value())
    return feed.news(int(project.partition(".")[0]), after)


def _digest(label_config: str) -> str:
    return hashlib.sha256(label_config.encode()).hexdigest()


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {"cursor": outcome.cursor, "interface": outcome.interface, "error": outcome.error}


def _spared(folder: Path) -> list[str | None]:
    """The model behind the round that Label Studio shows must stay."""
    try:
        shown = rounds.shown_version(folder)
    except RegistryError:
        return []
    return [rounds.model_of(shown)] if shown else []
