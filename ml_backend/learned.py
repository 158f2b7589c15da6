"""The minds that we teach ourselves: the models of the registry."""

from dataclasses import dataclass, field

from .encoders import Fetch
from .media import of_project
from .registry import Model, Registry
from .settings import Settings
from .study import Tell, nobody, study
from .thinking import LearnedMind, Mind

MOST = 64
"""Projects whose minds are kept."""


@dataclass(frozen=True, slots=True)
class LearnedMinds:
    """The models of the registry: see Minds. ``force`` and ``tell`` are for lessons: see study.study."""

    registry: Registry
    settings: Settings
    fetch: Fetch
    force: bool = False
    tell: Tell = nobody
    _kept: dict[str, LearnedMind] = field(default_factory=dict, init=False, repr=False, compare=False)

    def live(self, project: str) -> tuple[Mind | None, str | None]:
        """See Minds."""
        model, problem = self.registry.live(project)
        return (self._mind(project, model) if model else None), problem

    def trouble(self, project: str, until: float) -> str | None:
        """See Minds."""
        return self.registry.examine(project, until)

    def named(self, project: str, version: str) -> Mind:
        """See Minds."""
        return self._mind(project, self.registry.load(project, version))

    def study(self, project: str) -> object:
        """See Minds."""
        return study(
            project, self.registry, self.settings, of_project(self.fetch, project), force=self.force, tell=self.tell
        )

    def _mind(self, project: str, model: Model) -> LearnedMind:
        """The one of before, as long as its model is the same: it knows by then what never changes."""
        kept = self._kept.get(project)
        if kept is None or kept.model is not model:
            kept = LearnedMind(model, of_project(self.fetch, project), self.settings.utility)
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[project] = kept
        return kept
