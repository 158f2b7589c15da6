"""The flow: answers -> sorted out -> the consensus -> a profile of everybody who answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..evidence.fitting import refuse_misfit, worth_knowing
from ..evidence.gathering import Gathered, Wanted, gather
from ..evidence.source import Source, controls_of
from ..quality.annotators import AnnotatorProfile, profiles
from ..quality.consensus import infer, methods
from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown: control -> the profiles on it."""

    gathered: Gathered
    profiles: Mapping[str, tuple[AnnotatorProfile, ...]]
    notes: tuple[str, ...]


def report_on(source: Source, names: Sequence[str], settings: Settings) -> Report:
    """Profile the annotators on every control that is named (none named: all).

    Raises InterfaceError for a control that does not exist, ExportError where no annotation fits the interface.
    """
    controls = controls_of(source.config, names)
    fixed, opinions = source.known()
    wanted = Wanted(controls, people=True, data=True, trust=settings.trust(), fixed=fixed)
    gathered = gather(source.config, source.tasks, wanted, opinions)
    refuse_misfit(source.name, source.config, gathered)
    found = {}
    for name, evidence in gathered.evidence.items():
        source.tell(name)
        method = settings.consensus_method if settings.consensus_method in methods(evidence.control) else "auto"
        found[name] = profiles(evidence, infer(evidence, method), gathered.data)
    return Report(gathered, found, tuple(worth_knowing(gathered)))
