"""One lesson for one project: fetch what is new, learn if there is a reason to, publish what is not worse."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from label_config.errors import LabelConfigError
from label_config.parse import parse

from . import labels as label_sets
from . import rounds
from .encoders import Fetch
from .errors import NotLearnable, RegistryError
from .feed import Feed
from .files import read_json, write_json
from .labels import LabelSet
from .lessons.comparing import compared
from .lessons.publishing import NOTHING_COMPARED, Decision, in_words, unopposed
from .notes import Notes
from .records import TrainingRow
from .registry import Model, Registry
from .settings import Settings
from .thinking import LearnedMind
from .training import learn

log = logging.getLogger(__name__)

Tell = Callable[[str], None]
"""Is told each step of a lesson before it is taken: reading, learning, comparing, publishing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last learning ended: how far in the feed it had read, from which interface, and why without a model.

    ``decision`` says whether the model was published (see publishing.Decision), null where none was learned.
    ``notes`` are the model's, by control.
    """

    cursor: int = 0
    interface: str = ""
    error: str | None = None
    decision: Mapping[str, Any] | None = None
    notes: Notes = field(default_factory=dict)

    def is_of(self, cursor: int, label_config: str) -> bool:
        """Whether this is what came of those labels and that interface."""
        return (self.cursor, self.interface) == (cursor, _digest(label_config))


def nobody(_: str) -> None:
    """Hears the steps of a lesson that nobody waits for."""


def study(
    project: str, registry: Registry, settings: Settings, fetch: Fetch, *, force: bool = False, tell: Tell = nobody
) -> Model | None:
    """Bring a project's model up to the feed; the new model, null where there is nothing new or it is worse.

    ``force`` learns from what was learned already and publishes what is worse. Raises FeedError where the feed cannot
    be read. That there is too little to learn from is an Outcome, no error.
    """
    folder = registry.folder(project)
    label_config = interface_of(folder)
    if label_config is None:
        return None
    tell("reading")
    news, cursor = _news(folder, project, settings)
    again = force or _none_serves(registry, project)
    if not again and not news and outcome_of(folder).is_of(cursor, label_config):
        return None
    labels = _merged(folder, project, news, cursor, settings)
    if not again and outcome_of(folder).is_of(labels.cursor, label_config):
        return None
    return learn_and_publish(project, label_config, labels, registry, settings, fetch, force=force, tell=tell)


def _none_serves(registry: Registry, project: str) -> bool:
    """Whether there are versions and all of them are broken, or of a format that is no longer read."""
    return bool(registry.versions(project)) and registry.live(project)[0] is None


def learn_and_publish(
    project: str,
    label_config: str,
    labels: LabelSet,
    registry: Registry,
    settings: Settings,
    fetch: Fetch,
    *,
    force: bool = False,
    tell: Tell = nobody,
) -> Model | None:
    """Learn, and make the model live unless it is worse than the live one; ``force`` makes it live all the same.

    Null where there is too little to learn from or the model was refused: the outcome then says why.
    """
    folder = registry.folder(project)
    learned = error = decision = None
    notes: Notes = {}
    try:
        tell("learning")
        found = learn(label_config, labels, fetch, settings)
        notes = found.notes
        for control, said in notes.items():
            log.info("project %s, control %r: %s", project, control, "; ".join(said))
        tell("comparing")
        decision = _decided(project, found, labels, registry, settings, fetch, force=force)
        if decision.published:
            tell("publishing")
            learned = registry.publish(project, found, decision=decision.as_json())
            registry.prune(project, settings.keep_versions, _spared(folder))
            log.info("project %s: %s learned from %d labels", project, learned.version, learned.trained_labels)
        else:
            log.warning("project %s: a new version was not published: %s", project, in_words(decision.as_json()))
    except (NotLearnable, LabelConfigError) as reason:
        error = f"nothing learned yet: {reason}"
        log.info("project %s: %s", project, error)
    told = decision.as_json() if decision else None
    write_json(folder / "outcome.json", asdict(Outcome(labels.cursor, _digest(label_config), error, told, notes)))
    return learned


def _decided(
    project: str,
    found: Model,
    labels: LabelSet,
    registry: Registry,
    settings: Settings,
    fetch: Fetch,
    *,
    force: bool,
) -> Decision:
    """Whether to publish what was learned."""
    live, _ = registry.live(project)
    if live is None:
        return unopposed(f"{NOTHING_COMPARED}: no version was live")
    new, old = (LearnedMind(model, fetch, settings.utility) for model in (found, live))
    return compared(new, old, parse(found.label_config), list(labels.rows.values()), force=force)


def newest_labels(folder: Path, project: str, settings: Settings) -> LabelSet:
    """What the feed has by now, as it is stored from now on; without a feed what is stored. Raises FeedError."""
    news, cursor = _news(folder, project, settings)
    return _merged(folder, project, news, cursor, settings)


def remember_outcome(folder: Path, label_config: str, cursor: int, error: str | None, decision: Decision) -> None:
    """Keep how a lesson ended."""
    write_json(folder / "outcome.json", asdict(Outcome(cursor, _digest(label_config), error, decision.as_json())))


def remember_interface(folder: Path, label_config: str) -> None:
    """Keep the labeling interface that a project is learned with, instead of what was kept and of what is broken."""
    try:
        known = interface_of(folder)
    except RegistryError as error:
        log.warning("%s; it is written anew", error)
        known = None
    if known != label_config:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "project.json", {"label_config": label_config})


def interface_of(folder: Path) -> str | None:
    """The interface that a project is learned with, null before anybody said. Raises RegistryError."""
    found = read_json(folder / "project.json")
    return str(found["label_config"]) if isinstance(found, dict) and "label_config" in found else None


def outcome_of(folder: Path) -> Outcome:
    """How the last learning ended."""
    try:
        found = read_json(folder / "outcome.json")
        outcome = Outcome(**found) if found is not None else Outcome()
        if outcome.decision is not None:
            Decision(**outcome.decision)  # refuses what is none
        return outcome
    except RegistryError as error:
        log.warning("%s; it will be learned anew", error)
    except TypeError as error:
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


def _spared(folder: Path) -> list[str | None]:
    """The model behind the round that Label Studio shows must stay."""
    try:
        shown = rounds.shown_version(folder)
    except RegistryError:
        return []
    return [rounds.model_of(shown)] if shown else []
