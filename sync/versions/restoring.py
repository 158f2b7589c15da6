"""A version again: as the newest one, and where it is asked for, back in Label Studio as ground truth.

The intent is stored first; a run that was killed is finished by the next one. An annotation has an id of ours, so that
writing it twice is impossible: Label Studio answers 409. Annotations are never touched.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import from_canonical, write_answers

from ..errors import NotFound
from ..labelstudio.client import LabelStudio
from ..resolve import REGION, is_ours
from ..settings import Settings
from ..store import audit, label_versions, projects, restored
from ..store.engine import Store
from ..store.label_versions import NewVersion, StoredVersion
from ..store.restored import ToRestore
from .content import Content, text_of
from .creating import Made, code_version, keep, version_named
from .gathering import content_of, gather

NAMESPACE = uuid.UUID("b3c6a1e2-4b7d-5f19-8c55-1f0e9a7d2c64")


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
        _result(config, answers, now.task(task).size or then.task(task).size)
    except LabelConfigError as error:
        return f"the labeling interface cannot say it any more: {error}"
    return None


def _result(config: LabelConfig, answers: Mapping[str, str], size: tuple[float, float] | None) -> list[dict[str, Any]]:
    said = {name: from_canonical(text) for name, text in answers.items()}
    return write_answers(config, said, region_id=f"{REGION}restored", size=size)


def put_back(
    store: Store, gateway: LabelStudio, project: int, version: StoredVersion, what: Plan, clock: Callable[[], int]
) -> int:
    """Write what is planned, and what an interrupted restore left, as ground truth; how many were written."""
    by = gateway.whoami().id
    with store.begin() as connection:
        now = clock()
        intents = [
            {"on": task, "answers": dict(answers), "size": what.sizes[task]}
            for task, answers in sorted(what.labels.items())
        ]
        restored.intend(connection, project, version.id, version.hash, intents, now)
        if intents:
            audit.record(
                connection,
                now=now,
                actor=audit.user(by),
                action="labels put back",
                project=project,
                subject={"version": version.number, "content_hash": version.content_hash},
                why={"tasks": len(intents), "foreign_ground_truths": len(what.foreign)},
            )
    return settle(store, gateway, project)


def settle(store: Store, gateway: LabelStudio, project: int) -> int:
    """Bring Label Studio up to what was restored; how many ground truths were written."""
    with store.read() as connection:
        config = parse(projects.label_config(connection, project))
        pending = restored.pending(connection, project)
    written = 0
    for one in pending:
        annotation = _write(gateway, config, one)
        with store.begin() as connection:
            restored.stands_as(connection, one.id, annotation)
        written += annotation != 0
    return written


def _write(gateway: LabelStudio, config: LabelConfig, one: ToRestore) -> int:
    """Label Studio's id of the ground truth, 0 where there is none to tell."""
    try:
        result = _result(config, one.answers, one.size)
        made = gateway.create_annotation(
            one.on, result, unique_id=str(uuid.uuid5(NAMESPACE, one.key)), ground_truth=True
        )
        if made is not None:
            return made
        there = gateway.task(one.on).annotations
    except (NotFound, LabelConfigError):  # the task is gone, or the interface changed since
        return 0
    return max((each.id for each in there if is_ours(each.result) and _same(each.result, result)), default=0)


def _same(one: object, other: Sequence[object]) -> bool:
    return text_of(json.loads(json.dumps(one))) == text_of(list(other))
