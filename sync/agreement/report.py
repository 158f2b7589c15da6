"""The flow: answers -> sorted out -> measured -> the report, with what has to be said beside the numbers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from label_config.model import LabelConfig

from ..errors import SettingsError, TiebreakError
from ..evidence.fitting import refuse_misfit, strangers, worth_knowing
from ..evidence.gathering import DAY, WEEK, Gathered, Wanted, gather
from ..evidence.predictions import Predicted
from ..evidence.source import controls_of
from ..labelstudio.export_file import AnsweredTask
from ..quality.agreement import measure
from ..quality.distance.sweep import TooManyOverlaps
from ..quality.evidence import ControlEvidence, Method
from ..quality.label_weights import weighted_agreement
from ..quality.measured import Measured
from .asked import Asked, methods_of, refuse_unknown_labels

MOST_VALUES = 1000
"""A field with more values than this cuts the tasks into crumbs: it is refused."""
NEARLY_ALL = 0.9
"""From this share of finished annotations on, ground truth that is left out leaves nearly nothing."""


@dataclass(frozen=True, slots=True)
class Overall:
    """All controls together: ``agreement`` in [0, 1] is the weighted mean of theirs, null where none has one."""

    agreement: float | None
    tasks: int
    annotators: int
    annotations: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown. ``notes`` are sentences on what a reader must know beside the numbers."""

    source: str
    config: LabelConfig
    asked: Asked
    methods: Mapping[str, Method]
    gathered: Gathered
    measured: Mapping[str, Measured]
    overall: Overall
    notes: tuple[str, ...]


def report_on(
    source: str,
    config: LabelConfig,
    tasks: Iterable[AnsweredTask],
    asked: Asked,
    predicted: Predicted,
    *,
    excerpts: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Measure agreement as ``asked`` on what was said about ``tasks``; ``tell`` hears which control is at work.

    Raises SettingsError and InterfaceError for what is asked and does not exist, ExportError where no annotation fits
    the labeling interface.
    """
    controls = controls_of(config, asked.controls)
    methods = methods_of(asked, controls)
    refuse_unknown_labels(asked.label_weights, controls)
    gathered = gather(config, tasks, Wanted(controls, asked.by, asked.ground_truth, excerpts), predicted.opinions)
    refuse_misfit(source, config, gathered)
    _refuse_fields(asked, gathered)
    measured: dict[str, Measured] = {}
    for name, evidence in gathered.evidence.items():
        tell(name)
        measured[name] = _measured(evidence, methods[name])
    overall = _overall(asked, methods, gathered, measured)
    return Report(
        source, config, asked, methods, gathered, measured, overall, (*_notes(asked, gathered), *predicted.notes())
    )


def _measured(evidence: ControlEvidence, method: Method) -> Measured:
    """Each control begins with the seed, so that its numbers do not depend on which others are asked for."""
    try:
        return measure(evidence, method, np.random.default_rng(method.seed))
    except TooManyOverlaps as error:
        raise TiebreakError(
            f"control {evidence.control.name!r}: {error}: leave out the task that is so crowded, or this control "
            "(--control names the others)"
        ) from error
    except MemoryError as error:
        raise TiebreakError(
            f"control {evidence.control.name!r}: memory is not enough for all of its coefficients: --coefficient "
            "krippendorff_alpha asks for less"
        ) from error
    except ValueError as error:
        if method.distance is not None or method.weights is not None:  # one that fails, or does not suit the answers
            raise SettingsError(str(error)) from error
        raise


def _refuse_fields(asked: Asked, gathered: Gathered) -> None:
    cuts = next((one.cuts for one in gathered.evidence.values()), {})
    for name in asked.by if gathered.tasks else ():
        values = len(set(cuts.get(name, {}).values()))
        if not values:
            there = ", ".join(field for field in gathered.fields if field != name)
            problem = "is null in all tasks" if name in gathered.fields else "is in the data of no task"
            raise SettingsError(f"the field {name!r} {problem}; there are: {there or 'no others'}")
        if values > MOST_VALUES:
            raise SettingsError(
                f"the field {name!r} has {values:,} different values: cut by one that has at most {MOST_VALUES:,}"
            )


def _overall(
    asked: Asked, methods: Mapping[str, Method], gathered: Gathered, measured: Mapping[str, Measured]
) -> Overall:
    """The weighted mean over the controls that have an agreement; a control's weight is 1 unless it is given."""
    total = weights = 0.0
    for name, one in measured.items():
        value = one.coefficients["percent_agreement"].value
        if labels := asked.label_weights.get(name):
            value = weighted_agreement(gathered.evidence[name], methods[name], labels)
        if value is not None:
            weight = asked.control_weights.get(name, 1.0)
            total, weights = total + weight * value, weights + weight
    agreement = total / weights if weights else None
    return Overall(agreement, gathered.tasks, gathered.annotators, gathered.annotations)


def _notes(asked: Asked, gathered: Gathered) -> Iterable[str]:
    out = gathered.left_out
    finished = gathered.annotations + out.duplicates + out.ground_truth
    compared = gathered.tasks - out.single
    if out.ground_truth and (not compared or out.ground_truth >= NEARLY_ALL * finished):
        yield (
            f"{out.ground_truth:,} of {finished:,} annotations are marked as ground truth and were left out. Label "
            "Studio marks what is imported so unless told otherwise: --include-ground-truth counts them as answers."
        )
    elif not compared:
        yield "No task was answered by two people: there is nothing to compare."
    yield from worth_knowing(gathered)
    yield from strangers(gathered)
    for name in asked.by:
        if name in (DAY, WEEK):
            yield f"The cut by {name} is by the field {name!r} of the tasks' data, not by time."
