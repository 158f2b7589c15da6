"""Labels of a version on their way into Label Studio: intended in the store, then written as ground truths.

The intent is stored first; whoever comes next, a command or a run of the loop, writes what is left of it. An annotation
has an id of ours, so that writing it twice is impossible: Label Studio answers 409. Annotations are never touched.
"""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse

from ..errors import NotFound
from ..labelstudio.client import LabelStudio
from ..resolve import is_ours
from ..store import audit, label_history, projects, restored
from ..store.engine import Store
from ..store.label_versions import StoredVersion
from ..store.restored import ToRestore
from .content import text_of
from .restoring import Plan, result_of

NAMESPACE = uuid.UUID("b3c6a1e2-4b7d-5f19-8c55-1f0e9a7d2c64")


@dataclass(frozen=True, slots=True)
class PutBack:
    """What was written: how many ground truths, the tasks on which somebody else's gave way, and what was not and why.

    Tasks are Label Studio's ids.
    """

    ground_truths: int = 0
    replaced: tuple[int, ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()

    def complaints(self) -> list[str]:
        """What must be told, in words."""
        return [
            *(
                f"task {task}: somebody else's ground truth gave way to a label that was restored; it stays in the "
                "history, as an annotation"
                for task in self.replaced
            ),
            *(f"task {task} is not restored in Label Studio: {why}" for task, why in self.left_out),
        ]


def intend(
    connection: Connection, project: int, version: StoredVersion, what: Plan, now: int, actor: str, reason: str = ""
) -> None:
    """Store what is planned: from now on these labels count, and ``settle_restored`` writes them."""
    intents = [
        {"on": task, "answers": dict(answers), "size": what.sizes[task]}
        for task, answers in sorted(what.labels.items())
    ]
    restored.intend(connection, project, version.id, version.hash, intents, now)
    if intents:
        audit.record(
            connection,
            now=now,
            actor=actor,
            action="labels put back",
            project=project,
            subject={"version": version.number, "content_hash": version.content_hash},
            why={"tasks": len(intents), "foreign_ground_truths": len(what.foreign)},
            words={"reason": reason} if reason else None,
        )


def put_back(
    store: Store, gateway: LabelStudio, project: int, version: StoredVersion, what: Plan, clock: Callable[[], int]
) -> PutBack:
    """Write what is planned, and what an interrupted restore left, as ground truth."""
    by = gateway.whoami().id
    with store.begin() as connection:
        intend(connection, project, version, what, clock(), audit.user(by))
    return settle_restored(store, gateway, project, clock)


def settle_restored(
    store: Store,
    gateway: LabelStudio,
    project: int,
    clock: Callable[[], int],
    *,
    go_on: Callable[[], None] = lambda: None,
) -> PutBack:
    """Bring Label Studio up to what was restored.

    ``go_on`` is asked before each write, and raises what ends it early.
    """
    with store.read() as connection:
        pending = restored.pending(connection, project)
        if not pending:
            return PutBack()
        config = parse(projects.label_config(connection, project))
        valid = {(one.task, one.at) for one in label_history.restored(connection, project)}
    written: list[int] = []
    left_out = []
    for one in pending:
        go_on()
        overruled = (one.task, one.at) not in valid
        annotation, why = (0, "somebody ruled on it since") if overruled else _write(gateway, config, one)
        _keep(store, project, one, annotation, clock)
        if annotation:
            written.append(one.on)
        else:
            left_out.append((one.on, why))
    with store.read() as connection:  # what the last pull saw, without those that are known to be ours by now
        foreign = restored.foreign_truths(connection, project) if written else set()
    return PutBack(len(written), tuple(sorted(foreign.intersection(written))), tuple(left_out))


def _keep(store: Store, project: int, one: ToRestore, annotation: int, clock: Callable[[], int]) -> None:
    with store.begin() as connection:
        restored.stands_as(connection, one.id, annotation)
        if annotation:
            audit.record(
                connection,
                now=clock(),
                actor=audit.TIEBREAK,
                action="ground truth",
                project=project,
                subject={"task": one.on, "annotation": annotation},
                why={"version": one.version},
            )


def _write(gateway: LabelStudio, config: LabelConfig, one: ToRestore) -> tuple[int, str]:
    """Label Studio's id of the ground truth; 0 where there is none to tell, and why."""
    try:
        result = result_of(config, one.answers, one.size)
        made = gateway.create_annotation(
            one.on, result, unique_id=str(uuid.uuid5(NAMESPACE, one.key)), ground_truth=True
        )
        if made is not None:
            return made, ""
        there = gateway.task(one.on).annotations
    except NotFound:
        return 0, "Label Studio has it no more"
    except LabelConfigError as error:
        return 0, f"the labeling interface cannot say it any more: {error}"
    same = [each.id for each in there if is_ours(each.result) and _same(each.result, result)]
    return max(same, default=0), "somebody deleted what was written, or changed it"


def _same(one: object, other: Sequence[object]) -> bool:
    return text_of(json.loads(json.dumps(one))) == text_of(list(other))
