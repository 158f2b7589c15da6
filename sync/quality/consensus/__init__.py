"""What the answer probably is: one algorithm a file, all of them in one dict by the family of the control.

Rulings and ground truths are fixed points: they override, and they teach.
"""

from collections.abc import Mapping

from label_config.model import Control, Family

from ..evidence import ControlEvidence
from ..records import ControlConsensus
from . import choosing, classes, label_sets, medoid, moments, numeric, open_choice, ordinal, rankings, regions, taxonomy
from .classes import TIE
from .crowdlab import few_compared
from .inference import Choice, Inference, Inferred
from .reliability import widest_where_unknown

__all__ = ["AUTO", "CONSENSUS", "TIE", "Inferred", "infer", "methods"]

CONSENSUS: Mapping[Family, Mapping[str, Inference]] = {
    Family.CHOICES: classes.METHODS,
    Family.TAXONOMY: taxonomy.METHODS,
    Family.RATING: {**ordinal.METHODS, **numeric.METHODS, **classes.METHODS},
    Family.NUMBER: numeric.METHODS,
    Family.MOMENT: moments.METHODS,
    Family.TEXT: medoid.METHODS,
    Family.RANKING: rankings.METHODS,
    Family.REGIONS: {**regions.METHODS, **medoid.METHODS},
    Family.RELATIONS: medoid.METHODS,
    Family.CHAT: medoid.METHODS,
}
"""Family of the control -> name -> method; the first one of a family is its default."""

SEVERAL: Mapping[str, Inference] = label_sets.METHODS
"""The methods of choices of which several may be chosen together."""

OPEN: Mapping[str, Inference] = open_choice.METHODS
"""The methods of one choice among labels from the task's data."""

PER_REGION: Mapping[str, Inference] = medoid.METHODS
"""The methods of a control that asks about each region, whatever its family."""

AUTO: Mapping[Family, Choice] = {
    Family.CHOICES: choosing.choose,
    Family.RATING: ordinal.choose,
    Family.NUMBER: numeric.choose,
    Family.REGIONS: regions.choose,
}
"""What "auto" does; a family that is not named here takes its default."""


def methods(control: Control) -> Mapping[str, Inference]:
    """The methods that suit a control, the default first."""
    if control.per_region:
        return PER_REGION
    if control.family == Family.CHOICES and control.multiple:
        return SEVERAL
    if control.family == Family.CHOICES and control.dynamic:
        return OPEN
    return CONSENSUS[control.family]


def every_method() -> tuple[str, ...]:
    """The names of all methods, each once."""
    known = [*CONSENSUS.values(), SEVERAL]
    return tuple(dict.fromkeys(name for family in known for name in family))


def infer(evidence: ControlEvidence, method: str = "auto") -> ControlConsensus:
    """The consensus on one control.

    ``method`` is a name in ``methods(control)`` or "auto", which chooses from the data and says why. Raises ValueError
    that lists the valid names for any other. Two things give way to what can be done, and the reason says so: labels
    and people too many for tables of them (``open_choice.CELLS``) are counted, regions that are no spans of text are
    matched.
    """
    control = evidence.control
    known = methods(control)
    if method != "auto" and method not in known:
        raise ValueError(
            f"control {control.name!r}: no consensus method for a {control.tag} is named {method!r}; "
            f"there are: {', '.join(('auto', *known))}"
        )
    if known is CONSENSUS[Family.CHOICES] and open_choice.too_many(evidence):
        known, method = OPEN, method if method in OPEN else "auto"
    name, reason = _chosen(evidence, known) if method == "auto" else _asked(evidence, method)
    found = known[name](evidence)
    people = widest_where_unknown(evidence.coded, found.annotators)
    return ControlConsensus(control.name, name, reason, found.tasks, people)


def _asked(evidence: ControlEvidence, method: str) -> tuple[str, str]:
    name, reason = regions.fitting(evidence, method)
    doubt = few_compared(evidence) if method == "crowdlab" else ""
    return name, f"{reason}; {doubt}" if doubt else reason


def _chosen(evidence: ControlEvidence, known: Mapping[str, Inference]) -> tuple[str, str]:
    control = evidence.control
    if known is SEVERAL:
        return label_sets.choose(evidence)
    if known is OPEN:
        return open_choice.choose(evidence)
    if control.family in AUTO and not control.per_region:
        return AUTO[control.family](evidence)
    return next(iter(known)), f"the method for answers to a {control.tag}"
