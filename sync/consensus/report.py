"""The flow: answers -> sorted out -> the probable answers, with what has to be said beside them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from label_config.model import Control, LabelConfig

from ..errors import SettingsError
from ..evidence.fitting import refuse_misfit, strangers, worth_knowing
from ..evidence.gathering import Gathered, Wanted, gather
from ..evidence.predictions import Predicted
from ..evidence.source import Source, controls_of
from ..quality.consensus import every_method, infer, methods
from ..quality.consensus.bradley_terry import ItemScore, pairwise_scores
from ..quality.consensus.reliability import never_compared
from ..quality.records import ControlConsensus, Trust

PAIRWISE = "Pairwise"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one may choose.

    ``controls`` are names (empty: all), ``method`` is a consensus method's, ``trust`` what is believed of people
    beforehand. With ``ground_truth`` those annotations count as answers of who gave them.
    """

    controls: tuple[str, ...] = ()
    method: str = "auto"
    trust: Mapping[int, Trust] = field(default_factory=dict)
    ground_truth: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown.

    ``scores`` maps each Pairwise control to the strengths of the items that its tasks compare, the strongest first.
    ``notes`` are sentences on what a reader must know beside the answers.
    """

    config: LabelConfig
    gathered: Gathered
    found: Mapping[str, ControlConsensus]
    scores: Mapping[str, tuple[ItemScore, ...]]
    notes: tuple[str, ...]


def report_on(source: Source, asked: Asked, predicted: Predicted) -> Report:
    """Infer the answers to every control as ``asked``.

    Raises SettingsError and InterfaceError for what is asked and does not exist, ExportError where no annotation fits
    the labeling interface.
    """
    controls = controls_of(source.config, asked.controls)
    refuse_unknown_method(asked.method, controls)
    fixed, opinions = source.known()
    pairs = any(control.tag == PAIRWISE for control in controls)
    wanted = Wanted(controls, ground_truth=asked.ground_truth, data=pairs, people=True, trust=asked.trust, fixed=fixed)
    gathered = gather(source.config, source.tasks, wanted, predicted.opinions or opinions)
    refuse_misfit(source.name, source.config, gathered)
    found = {}
    for name, evidence in gathered.evidence.items():
        source.tell(name)
        method = asked.method if asked.method in methods(evidence.control) else "auto"
        found[name] = infer(evidence, method)
    notes = (
        *worth_knowing(gathered),
        *_unsuited(asked, controls),
        *_alone(gathered),
        *strangers(gathered),
        *predicted.notes(),
    )
    return Report(source.config, gathered, found, _scores(source.config, gathered, found), notes)


def _scores(
    config: LabelConfig, gathered: Gathered, found: Mapping[str, ControlConsensus]
) -> dict[str, tuple[ItemScore, ...]]:
    """How strong the items are that each Pairwise control compares, as the tasks' data names them."""
    fields = {one.name: one.field for one in config.objects}
    scores = {}
    for name, consensus in found.items():
        evidence = gathered.evidence[name]
        sides = [fields.get(target, "") for target in evidence.control.to_names]
        if evidence.control.tag == PAIRWISE and len(sides) == 2 and all(sides):
            items = pairwise_scores(evidence, consensus, gathered.data, (sides[0], sides[1]))
            scores[name] = tuple(sorted(items, key=lambda one: (-one.score, one.item)))
    return scores


def refuse_unknown_method(method: str, controls: Sequence[Control]) -> None:
    """Raises SettingsError for a name that no method has; it lists those that suit the controls."""
    if method not in ("auto", *every_method()):
        known = dict.fromkeys(name for control in controls for name in methods(control))
        raise SettingsError(
            f"no consensus method for {_named(controls)} is named {method!r}; there are: {', '.join(('auto', *known))}"
        )


def _named(controls: Sequence[Control]) -> str:
    return ", ".join(f"{control.name} ({control.tag})" for control in controls)


def _alone(gathered: Gathered) -> Iterator[str]:
    """People whom nothing can be compared with."""
    for name, evidence in gathered.evidence.items():
        people = int(never_compared(evidence.coded).sum())
        if people:
            who = "1 annotator shares" if people == 1 else f"{people:,} annotators share"
            yield f"{name}: {who} no task with anybody, and nothing shows how reliable they are."


def _unsuited(asked: Asked, controls: Sequence[Control]) -> Iterator[str]:
    """Controls that the method does not suit: "auto" chose for them."""
    unsuited = [control for control in controls if asked.method not in ("auto", *methods(control))]
    if unsuited:
        yield f"{asked.method!r} does not suit {_named(unsuited)}: the method was chosen from the data there."
