"""The flow: answers -> sorted out -> tested for drift, all tests corrected for each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from label_config.model import LabelConfig

from ..errors import SettingsError
from ..evidence.fitting import refuse_misfit, worth_knowing
from ..evidence.gathering import NAMES_KEPT, Gathered, Wanted, gather
from ..evidence.predictions import Predicted
from ..evidence.source import Source, controls_of
from ..evidence.vectors import read_vectors
from ..judging import concluded_on, shown_fields
from ..judging_settings import how
from ..quality.agreement.resampling import Rng
from ..quality.drift import Drift, corrected
from ..settings import Settings
from .testing import Shown, of_control, of_data


@dataclass(frozen=True, slots=True)
class Asked:
    """What one may choose: controls (empty: all), fields to cut by, and from when on answers are "after" the model.

    ``since`` is null for the median time of the answers. ``vectors`` is a file of vectors of the tasks, ``media`` a
    folder with their pictures; null without one.
    """

    controls: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    since: datetime | None = None
    vectors: Path | None = None
    media: Path | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Every test, in the order of controls; what a reader must know beside them, and what would show more."""

    gathered: Gathered
    drifts: tuple[Drift, ...]
    notes: tuple[str, ...]
    hints: tuple[str, ...] = ()


def report_on(source: Source, asked: Asked, predicted: Predicted, settings: Settings) -> Report:
    """Test every control that is asked for, and what the tasks show.

    Raises InterfaceError for a control that does not exist, ExportError where no annotation fits the interface,
    SettingsError for a field that no task has.
    """
    controls = controls_of(source.config, asked.controls)
    fixed, opinions = source.known()
    wanted = Wanted(controls, people=True, data=True, trust=settings.trust(), fixed=fixed)
    gathered = gather(source.config, source.tasks, wanted, predicted.opinions or opinions)
    refuse_misfit(source.name, source.config, gathered)
    _refuse_fields(asked, gathered)
    manner = how(settings, source.config, controls, None)
    rng = np.random.default_rng(settings.seed)
    since = None if asked.since is None else int(asked.since.replace(tzinfo=UTC).timestamp() * 1e6)
    drifts: list[Drift] = []
    for name, evidence in gathered.evidence.items():
        source.tell(name)
        found = concluded_on(evidence, gathered.data, manner)
        drifts += of_control(found, gathered.data, asked.by, since, rng)
    shown = _shown(source, asked, gathered, rng)
    drifts += of_data(gathered, shown_fields(source.config), shown, rng)
    notes = (*worth_knowing(gathered), *predicted.notes(), *_missed(asked, shown))
    return Report(gathered, corrected(drifts), notes, tuple(_hints(source.config, gathered, asked)))


def _refuse_fields(asked: Asked, gathered: Gathered) -> None:
    there = {name for data in gathered.data.values() for name, value in data.items() if value is not None}
    for name in asked.by if there else ():
        if name not in there:
            names = ", ".join(sorted(there)[:NAMES_KEPT])
            raise SettingsError(f"the field {name!r} is in the data of no task, or null; there are: {names}")


def _shown(source: Source, asked: Asked, gathered: Gathered, rng: Rng) -> Shown:
    """The vectors and pictures of the tasks, where they are asked for."""
    from ..evidence.pictures import pictures_in

    vectors = None if asked.vectors is None else read_vectors(asked.vectors, gathered.data)
    if asked.media is None:
        return Shown(vectors=vectors)
    source.tell("pictures")
    return Shown(pictures_in(asked.media, gathered.data, _picture_fields(source.config), rng), vectors)


def _picture_fields(config: LabelConfig) -> list[str]:
    return list(dict.fromkeys(one.field for one in config.objects if one.tag == "Image" and one.field))


def _missed(asked: Asked, shown: Shown) -> Iterator[str]:
    """Vectors and pictures that are not there."""
    if shown.vectors is not None:
        yield from shown.vectors.notes()
    if asked.media is not None:
        yield from shown.pictures.notes(asked.media)


def _hints(config: LabelConfig, gathered: Gathered, asked: Asked) -> Iterator[str]:
    if _picture_fields(config) and asked.media is None and asked.vectors is None:
        yield "Whether pictures changed, their files can tell: --media FOLDER names the folder that they are in."
    if not any(one.opinions for one in gathered.evidence.values()):
        yield (
            "Whether the same kind of task is answered otherwise than before, a model's answers can tell: "
            "--predictions FILE.jsonl gives them."
        )
