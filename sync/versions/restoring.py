"""A version again: as the newest one, and what it takes to have its labels in Label Studio as ground truth.

What is planned here is written by ``putting_back``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import from_canonical, write_answers

from ..resolve import REGION
from ..settings import Settings
from ..store import audit, label_versions, projects, restored
from ..store.engine import Store
from ..store.label_versions import NewVersion, StoredVersion
from .content import Content, digest, text_of
from .creating import Made, code_version, keep, version_named
from .gathering import content_of, gather


@dataclass(frozen=True, slots=True)
class Plan:
    """What a restore would write: Label Studio's id of a task -> control -> canonical answer.

    ``sizes`` are of the tasks' images. ``left_out`` are tasks (ids) that stay as they are, and why. ``foreign`` are the
    tasks on which somebody else set a ground truth: Label Studio takes the mark from theirs when it gets ours, and
    keeps their annotation.
    """

    labels: Mapping[int, Mapping[str, str]]
    sizes: Mapping[int, tuple[float, float] | None]
    left_out: tuple[tuple[int, str], ...]
    foreign: tuple[int, ...]

    def seal(self) -> str:
        """The same for as long as the same would be written over the same ground truths."""
        return digest(text_of([[[task, dict(labels)] for task, labels in sorted(self.labels.items())], self.foreign]))


@dataclass(frozen=True, slots=True)
class Restored:
    """The version that has the old content again, how many ground truths were written, and what was not and why."""

    made: Made
    ground_truths: int = 0
    left_out: tuple[tuple[int, str], ...] = ()

    def complaints(self) -> list[str]:
        """What must be told, in words."""
        return [f"task {task} is not restored in Label Studio: {why}" for task, why in self.left_out]


def restore(
    store: Store,
    project: int,
    named: str,
    clock: Callable[[], int],
    *,
    tag: str | None = None,
    note: str = "",
    actor: str = audit.TIEBREAK,
) -> Made:
    """Make the newest version hold what an earlier one held; it is that one already where nothing differs."""
    with store.begin() as connection:
        return make_again(connection, project, named, clock(), tag=tag, note=note, actor=actor)


def make_again(
    connection: Connection, project: int, named: str, now: int, *, tag: str | None = None, note: str, actor: str
) -> Made:
    """The same within a transaction."""
    old = version_named(connection, project, named)
    content = label_versions.content(connection, project, old)
    new = NewVersion(now, old.policy, code_version(), None, note, old.number)
    return keep(connection, project, content, new, tag=tag, actor=actor)


def plan(connection: Connection, project: int, version: StoredVersion, settings: Settings) -> Plan:
    """What putting a version back into Label Studio takes: the tasks whose labels are others now.

    What is still to be written of an earlier, interrupted restore of it is not planned a second time.
    """
    then = label_versions.content(connection, project, version)
    now = content_of(gather(connection, project, None), settings)
    config = parse(projects.label_config(connection, project))
    wanted: dict[int, dict[str, str]] = {}
    left_out = []
    for task, control in then.labelled():
        wanted.setdefault(task, {})[control] = then.label((task, control)).answer
    for task, answers in list(wanted.items()):
        why = _refusal(config, then, now, task, answers)
        if why is not None:
            del wanted[task]
            if why:
                left_out.append((task, why))
    foreign = restored.foreign_truths(connection, project) & set(wanted)
    sizes = {task: now.task(task).size or then.task(task).size for task in wanted}
    return Plan(wanted, sizes, tuple(left_out), tuple(sorted(foreign)))


def _refusal(config: LabelConfig, then: Content, now: Content, task: int, answers: Mapping[str, str]) -> str | None:
    """Why nothing is written on a task: "" because its labels are those of then already; null: write."""
    if (task, "") not in now.entries:
        return "Label Studio has it no more"
    if then.task(task).created_at != now.task(task).created_at:
        return "another task has its id now"
    present = {control: now.label((task, control)).answer for control in answers if (task, control) in now.entries}
    if present == answers:
        return ""
    try:
        result_of(config, answers, now.task(task).size or then.task(task).size)
    except LabelConfigError as error:
        return f"the labeling interface cannot say it any more: {error}"
    return None


def result_of(
    config: LabelConfig, answers: Mapping[str, str], size: tuple[float, float] | None
) -> list[dict[str, Any]]:
    """The labels of a task as a result of Label Studio. Raises LabelConfigError where the interface cannot say them."""
    said = {name: from_canonical(text) for name, text in answers.items()}
    return write_answers(config, said, region_id=f"{REGION}restored", size=size)
