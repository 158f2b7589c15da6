"""The flow: answers -> sorted out -> tested for drift, all tests corrected for each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ..assess import how
from ..consensus.report import controls_of
from ..evidence.fitting import refuse_misfit, what_was_rejected
from ..evidence.gathering import Gathered, Wanted, gather
from ..evidence.predictions import Predicted
from ..evidence.source import Source
from ..judging import concluded_on, shown_fields
from ..quality.drift import Drift, corrected
from ..settings import Settings
from .testing import of_control, of_data


@dataclass(frozen=True, slots=True)
class Asked:
    """What one may choose: controls (empty: all), fields to cut by, and from when on answers are "after" the model.

    ``since`` is null for the median time of the answers.
    """

    controls: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Every test, in the order of controls; what a reader must know beside them, and what would show more."""

    gathered: Gathered
    drifts: tuple[Drift, ...]
    notes: tuple[str, ...]
    hints: tuple[str, ...] = ()


def report_on(source: Source, asked: Asked, predicted: Predicted, settings: Settings) -> Report:
    """Test every control that is asked for, and what the tasks show.

    Raises InterfaceError for a control that does not exist, ExportError where no annotation fits the interface.
    """
    controls = controls_of(source.config, asked.controls)
    fixed, opinions = source.known()
    wanted = Wanted(controls, people=True, data=True, trust=settings.trust(), fixed=fixed)
    gathered = gather(source.config, source.tasks, wanted, predicted.opinions or opinions)
    refuse_misfit(source.name, source.config, gathered)
    manner = how(settings, source.config, controls, None)
    rng = np.random.default_rng(settings.seed)
    since = None if asked.since is None else int(asked.since.replace(tzinfo=UTC).timestamp() * 1e6)
    drifts: list[Drift] = []
    for name, evidence in gathered.evidence.items():
        source.tell(name)
        found = concluded_on(evidence, gathered.data, manner)
        drifts += of_control(found, gathered.data, asked.by, since, rng)
    drifts += of_data(gathered, shown_fields(source.config), rng)
    notes = (*what_was_rejected(gathered), *predicted.notes())
    return Report(gathered, corrected(drifts), notes, tuple(_hints(gathered)))


def _hints(gathered: Gathered) -> Iterator[str]:
    if not any(one.opinions for one in gathered.evidence.values()):
        yield (
            "Whether the same kind of task is answered otherwise than before, a model's answers can tell: "
            "--predictions FILE.jsonl gives them."
        )
