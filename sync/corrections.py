"""Corrections that a lead applies as a group, and can undo: rulings in the store, ground truths in Label Studio.

The intent is stored first; a run that was killed is finished by the next one. An annotation has an id of ours, so that
writing it twice is impossible: Label Studio answers 409.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import canonical, from_canonical, write_answer
from label_config.words import in_words

from .errors import NotFound, SettingsError
from .evidence.gathering import image_size
from .labelstudio.client import LabelStudio
from .labelstudio.wire import RemoteAnnotation
from .quality.corrections import CorrectionGroup, correction_groups
from .quality.records import Finding
from .resolve import REGION, is_ours
from .store import acts, assessments, corrections, projects
from .store.corrections import Correction
from .store.engine import Store

NAMESPACE = uuid.UUID("5f0c7c1e-2b7e-5a53-9a37-0c1d6f3b9d10")


@dataclass(frozen=True, slots=True)
class Change:
    """What applying or undoing did: the batch, its tasks, and those (Label Studio's ids) where it failed, with why."""

    batch: int
    tasks: int
    failed: tuple[tuple[int, str], ...]

    def complaints(self) -> list[str]:
        """What must be told, in words."""
        return [f"the correction of task {task} is not in Label Studio: {reason}" for task, reason in self.failed]


def proposed(connection: Connection, project: int) -> tuple[CorrectionGroup, ...]:
    """The groups that the queue of the last assessment proposes; tasks are the store's keys."""
    found = [
        Finding(
            entry.task,
            entry.control,
            one["kind"],
            one["severity"],
            one["reason"],
            one["numbers"],
            annotator=one.get("annotator"),
            correction=from_canonical(one["correction"]),
        )
        for entry in assessments.queue_of(connection, project)
        for one in entry.findings
        if one.get("correction") is not None
    ]
    return correction_groups(found, assessments.present_answers(connection, project))


def listed(connection: Connection, project: int) -> list[dict[str, Any]]:
    """The groups as plain values; tasks by Label Studio's ids, those that a ruling or a correction holds left out."""
    ids = assessments.label_studio_ids(connection, project)
    held = {(one.task, one.control) for one in corrections.applied(connection, project)}
    found = []
    for group in proposed(connection, project):
        tasks = [ids[one.task] for one in group.findings if (one.task, one.control) not in held and one.task in ids]
        if tasks:
            found.append(
                {
                    "group": group.id,
                    "control": group.control,
                    "kind": group.kind,
                    "before": group.before,
                    "after": group.after,
                    "level": group.level,
                    "tasks": list(dict.fromkeys(tasks)),
                    "example": group.findings[0].reason,
                }
            )
    return found


def refused(connection: Connection, project: int) -> list[dict[str, Any]]:
    """The corrections that rules or near-identical tasks contradict, in the order of the queue, as plain values.

    Those that would change nothing, or something that a correction holds, are left out.
    """
    held = {(one.task, one.control) for one in corrections.applied(connection, project)}
    present = assessments.present_answers(connection, project)
    found = []
    for entry in assessments.queue_of(connection, project):
        place = (entry.task, entry.control)
        for one in entry.findings:
            said = one.get("refused")
            if said is None or place in held or (answer := from_canonical(said["answer"])) == present.get(place):
                continue
            found.append(
                {
                    "task": entry.label_studio_id,
                    "control": entry.control,
                    "kind": one["kind"],
                    "before": in_words(present[place]) if place in present else "",
                    "after": in_words(answer),
                    "reason": said["reason"],
                }
            )
    return found


def overview(connection: Connection, project: int, done: Change | None) -> dict[str, Any]:
    """What was just done, what is proposed and what is not, and what was applied before, as plain values."""
    return {
        "changed": None if done is None else asdict(done),
        "groups": listed(connection, project),
        "refused": refused(connection, project),
        "batches": [asdict(batch) for batch in corrections.batches(connection, project)],
    }


def apply(store: Store, gateway: LabelStudio, project: int, groups: Sequence[str], clock: Callable[[], int]) -> Change:
    """Make the proposals of these groups rulings, and write them to the source tasks; all of them are one batch.

    Raises SettingsError for a group that the last assessment does not propose.
    """
    by = gateway.whoami().id
    with store.begin() as connection:
        known = {group.id: group for group in proposed(connection, project)}
        _refuse_unknown(groups, known)
        held = {(one.task, one.control) for one in corrections.applied(connection, project)}
        rows: dict[tuple[int, str], dict[str, object]] = {}
        for name in dict.fromkeys(groups):
            for one in sorted(known[name].findings, key=lambda finding: -finding.severity):
                if (one.task, one.control) not in held and one.correction is not None:
                    row = {
                        "task": one.task,
                        "control": one.control,
                        "answer": canonical(one.correction),
                        "reason": one.reason,
                        "proposed_in": name,
                    }
                    rows.setdefault((one.task, one.control), row)
        if not rows:
            return Change(0, 0, ())
        batch = corrections.add(connection, project, list(rows.values()), by, clock())
        acts.corrections_changed(connection, "corrections applied", project, batch, by, clock())
    return Change(batch, len(rows), tuple(settle(store, gateway, project, clock)))


def _refuse_unknown(groups: Sequence[str], known: dict[str, CorrectionGroup]) -> None:
    for name in groups:
        if name not in known:
            there = ", ".join(known) or "none: `tiebreak assess` looks for them"
            raise SettingsError(f"no group of corrections is named {name!r}; there are: {there}")


def undo(store: Store, gateway: LabelStudio, project: int, batch: int, clock: Callable[[], int]) -> Change:
    """Take a batch back: its tasks have the consensus again, and its ground truths go from Label Studio.

    Raises SettingsError for a batch that there is not, or that was undone before.
    """
    by = gateway.whoami().id
    with store.begin() as connection:
        taken = corrections.undo(connection, project, batch, clock())
        if not taken:
            known = [one for one in corrections.batches(connection, project) if one.undone_at is None]
            there = ", ".join(str(one.batch) for one in known) or "none"
            raise SettingsError(f"no batch {batch} of corrections can be undone; there are: {there}")
        acts.corrections_changed(connection, "corrections undone", project, batch, by, clock())
    return Change(batch, taken, tuple(settle(store, gateway, project, clock)))


def settle(store: Store, gateway: LabelStudio, project: int, clock: Callable[[], int]) -> list[tuple[int, str]]:
    """Bring Label Studio up to what was applied and undone; the tasks where that failed, and why."""
    with store.read() as connection:
        config = parse(projects.label_config(connection, project))
        new, old = corrections.to_write(connection, project), corrections.to_delete(connection, project)
    failed = []
    for one in new:
        try:
            annotation = _write(gateway, config, one)
        except LabelConfigError as error:  # the interface changed since
            failed.append((one.on, str(error)))
            continue
        with store.begin() as connection:
            corrections.stands_as(connection, one.id, annotation)
            acts.correction_settled(connection, "ground truth", one.id, annotation, clock())
    for one in old:
        _delete(gateway, config, one)
        with store.begin() as connection:
            corrections.is_gone(connection, one, clock())
            acts.correction_settled(connection, "ground truth deleted", one.id, one.annotation or 0, clock())
    return failed


def _write(gateway: LabelStudio, config: LabelConfig, one: Correction) -> int:
    """Put the correction on its task as ground truth; Label Studio's id of it, 0 where the task is gone."""
    try:
        there = gateway.task(one.on).annotations
        result = _result(config, one, there)
        unique_id = str(uuid.uuid5(NAMESPACE, one.key))
        made = gateway.create_annotation(one.on, result, unique_id=unique_id, ground_truth=True)
        return made if made is not None else _equal(gateway.task(one.on).annotations, result)
    except NotFound:
        return 0


def _result(config: LabelConfig, one: Correction, there: Sequence[RemoteAnnotation]) -> list[dict[str, Any]]:
    control = config.control(one.control)
    size = image_size(annotation.result for annotation in there)
    return write_answer(control, one.answer, region_id=f"{REGION}{control.name}", size=size)


def _equal(there: Sequence[RemoteAnnotation], result: object) -> int:
    """The annotation that an interrupted run wrote, 0 where there is none."""
    return max((annotation.id for annotation in there if annotation.result == result), default=0)


def _delete(gateway: LabelStudio, config: LabelConfig, one: Correction) -> None:
    """Delete the annotation that the correction became; what a person wrote under its id is left alone."""
    try:
        there = gateway.task(one.on).annotations
        number = one.annotation if one.annotation is not None else _equal(there, _result(config, one, there))
        if any(annotation.id == number and is_ours(annotation.result) for annotation in there):
            gateway.delete_annotation(number)
    except (NotFound, LabelConfigError):  # gone; or never written, since the interface cannot say it any more
        return
