"""A lesson for a class of label-studio-ml: it learns by its own ``fit``, then we learn how far to trust its scores."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from label_config.model import LabelConfig
from label_config.parse import parse

from ..errors import BackendError, RegistryError
from ..files import read_json, write_json
from ..labels import LabelSet
from ..records import Task, TrainingRow
from .answers import said_of
from .calibrating import Calibrated, calibrated, restored
from .host import ForeignError, Host

FILE = "upstream.json"
MOST_ASKED = 2_000
"""Tasks with answers that the class is asked about, to see how often it is right; the random share comes first."""

Predict = Callable[[LabelConfig, Sequence[Task]], Sequence[Any]]
"""What the class predicts for tasks, null for each one where it fails."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a class in one project, as it is kept on disk.

    ``number`` counts its versions from 1: a new one begins where what it has learned changes or its scores are mapped
    otherwise. ``learned`` counts the first kind: whoever has loaded an earlier one must load anew. ``theirs`` is its
    own name for its version.
    """

    number: int = 1
    learned: int = 0
    theirs: str = ""
    controls: Mapping[str, Calibrated] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """As Label Studio sees it."""
        return f"tiebreak-{self.number}"


def state_of(folder: Path) -> State:
    """The state in a project's folder; without one that of a class that has never learned. Raises RegistryError."""
    place = folder / FILE
    found = read_json(place)
    if found is None:
        return State()
    try:
        if isinstance(found, list):  # as it was kept at first: the names of its versions, the oldest first
            return State(max(1, len(found)), max(0, len(found) - 1), str(found[-1]) if found else "")
        controls = {str(name): restored(one) for name, one in found["controls"].items()}
        return State(int(found["number"]), int(found["learned"]), str(found["theirs"]), controls)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RegistryError(f"{place}: broken ({error!r}); remove it, then counting begins anew") from error


def save(folder: Path, state: State) -> None:
    """Replace it."""
    write_json(
        folder / FILE,
        {
            "number": state.number,
            "learned": state.learned,
            "theirs": state.theirs,
            "controls": {name: one.as_json() for name, one in state.controls.items()},
        },
    )


def event_of(project: str, label_config: str) -> dict[str, Any]:
    """What Label Studio sends for the button "Start training", and as annotation events do the annotation's project:
    classes look for it at either place."""
    number = int(project.partition(".")[0])
    return {
        "action": "START_TRAINING",
        "project": {"id": number, "label_config": label_config},
        "annotation": {"project": number},
    }


def taught(state: State, host: Host, project: str, label_config: str, seconds: float) -> tuple[State, str | None]:
    """The state after the class has learned, and why it failed, null where it did not."""
    asked = {
        "do": "fit",
        "project": project,
        "label_config": label_config,
        "event": event_of(project, label_config),
    }
    try:
        told = host.ask(asked, time.monotonic() + seconds)
    except (ForeignError, TimeoutError) as error:
        return state, f"fit failed: {error}"
    return replace(state, learned=state.learned + bool(told["changed"]), theirs=str(told["version"])), None


def measured(state: State, config: LabelConfig, labels: LabelSet, predict: Predict) -> State:
    """The state with the scores calibrated by the answers in ``labels``; with fewer than 10 as they were before."""
    tasks = _asked(list(labels.rows.values()))
    said = [said_of(config, one) for one in predict(config, tasks)]
    by_task = {task.id: one for task, one in zip(tasks, said, strict=True)}
    found = dict(state.controls)
    for control in config.controls:
        rows = [row for row in labels.of(control.name) if row.task in by_task]
        new = calibrated(control, rows, [by_task[row.task].get(control.name) for row in rows])
        if new is not None:
            found[control.name] = new
    return replace(state, controls=found)


def numbered(state: State, before: State) -> State:
    """The state with the next number where the class would predict something else than ``before``."""
    maps, others = ({name: one.mapped for name, one in of.controls.items()} for of in (state, before))
    return replace(state, number=before.number + int(state.learned != before.learned or maps != others))


def _asked(rows: Sequence[TrainingRow]) -> list[Task]:
    """The tasks to ask about: those of the random share, then others as they fall, always the same."""
    tasks = {row.task: Task(row.task, row.data, row.holdout) for row in rows if row.answer is not None}
    order = sorted(tasks, key=lambda one: (not tasks[one].holdout, hashlib.sha256(str(one).encode()).digest()))
    return [tasks[one] for one in order[:MOST_ASKED]]


def learn(
    folder: Path, project: str, label_config: str, labels: LabelSet, host: Host, predict: Predict, seconds: float
) -> State:
    """One lesson. Raises BackendError where ``fit`` failed; how far to trust the scores is learned all the same."""
    before = state_of(folder)
    state, error = taught(before, host, project, label_config, seconds)
    state = numbered(measured(state, parse(label_config), labels, predict), before)
    if state != before:
        folder.mkdir(parents=True, exist_ok=True)
        save(folder, state)
        log.info("project %s: %s, %s of the class itself", project, state.version, state.theirs or "the first version")
    if error is not None:
        raise BackendError(f"{error}; what the class was before stays as it is")
    return state
