"""What is recorded in the audit chain of each step of the loop. Nobody's name or words but as ``words``."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from .audit import TIEBREAK, Event, record, record_all, user
from .intake import Taken
from .rulings import Gone
from .tables import audit_details, audit_events, corrections, projects, reviews, rulings, tasks

POLICY = "policy changed"
_OF_RULING = ("verdict", "given_verdict", "cause", "ruled_at", "disputant", "counts_as")


def hash_of(value: object) -> str:
    """Of anything that JSON can say."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def pulled(connection: Connection, project: int, taken: Taken, now: int) -> None:
    """A page was taken in, or a sweep found what is gone; nothing is recorded where nothing was new."""
    counts = {name: number for name, number in dataclasses.asdict(taken).items() if number}
    if counts:
        record(connection, now=now, actor=TIEBREAK, action="pull", project=project, subject=counts)


def looked_after(connection: Connection, project: int, number: int, kind: str, xml: str, now: int) -> None:
    """A project of Label Studio is new in the store."""
    subject = {"label_studio_id": number, "kind": kind, "interface": hash_text(xml)}
    record(connection, now=now, actor=TIEBREAK, action="project new", project=project, subject=subject)


def interface_changed(connection: Connection, project: int, before: str, after: str, now: int) -> None:
    """The labeling interface is another one."""
    subject = {"before": hash_text(before), "interface": hash_text(after)}
    record(connection, now=now, actor=TIEBREAK, action="interface changed", project=project, subject=subject)


def project_gone(connection: Connection, project: int, now: int) -> None:
    """Label Studio no longer has a project."""
    record(connection, now=now, actor=TIEBREAK, action="project found deleted", project=project)


def settings_put_back(connection: Connection, project: int, found: Mapping[str, Any], now: int) -> None:
    """Somebody had changed these settings of a review project, to these values."""
    record(connection, now=now, actor=TIEBREAK, action="settings put back", project=project, subject=dict(found))


def hash_text(text: str) -> str:
    """Of a labeling interface, as ``interfaces.hash`` is."""
    return hashlib.sha256(text.encode()).hexdigest()


def assessed(
    connection: Connection, project: int, policy: Mapping[str, Any], evidence: str, report: Mapping[str, Any], now: int
) -> None:
    """The answers were judged anew, or some; what the settings say of judging is recorded where that is new."""
    events = []
    if hash_of(policy) != _last_policy(connection, project):
        events.append(Event(TIEBREAK, POLICY, project, {"policy": hash_of(policy)}, policy))
    agreement = {
        name: {key: one[key]["value"] for key in ("percent_agreement", "krippendorff_alpha")}
        | {key: one[key] for key in ("tasks", "annotators", "annotations")}
        for name, one in report["controls"].items()
    }
    why = {"evidence": evidence, "policy": hash_of(policy)}
    subject = {"queue": report["queue"], "agreement": agreement}
    if report["partial"] is not None:
        subject["partial"] = report["partial"]
    record_all(connection, now, [*events, Event(TIEBREAK, "assess", project, subject, why)])


def _last_policy(connection: Connection, project: int) -> str | None:
    query = (
        select(audit_details.c.text)
        .join(audit_events, audit_events.c.id == audit_details.c.event)
        .where(audit_events.c.action == POLICY, audit_events.c.project == project)
        .order_by(audit_events.c.id.desc())
        .limit(1)
    )
    text = connection.execute(query).scalar()
    return None if text is None else str(json.loads(text)["subject"]["policy"])


def reviews_changed(connection: Connection, action: str, keys: Sequence[str], now: int) -> None:
    """Reviews (by our keys) were pushed, withdrawn, lost: where each of them is, and the numbers of its findings."""
    homes = projects.alias("homes")
    query = (
        select(
            reviews.c.key,
            reviews.c.project,
            reviews.c.review_task,
            reviews.c.round,
            reviews.c.band,
            reviews.c.action,
            reviews.c.priority,
            reviews.c.findings,
            tasks.c.label_studio_id,
            homes.c.label_studio_id.label("home"),
        )
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(homes, homes.c.id == reviews.c.review_project, isouter=True)
    )
    found: dict[str, Event] = {}
    for start in range(0, len(keys), 500):
        rows = connection.execute(query.where(reviews.c.key.in_(keys[start : start + 500])))
        found |= {row.key: _review_event(action, row) for row in rows}
    record_all(connection, now, [found[key] for key in keys if key in found])


def _review_event(action: str, row: Any) -> Event:
    subject = {
        "task": row.label_studio_id,
        "review": row.key,
        "round": row.round,
        "review_project": row.home,
        "review_task": row.review_task,
    }
    findings = [{name: one.get(name) for name in ("kind", "control", "severity")} for one in row.findings]
    why = {"band": row.band, "priority": row.priority, "action": row.action, "findings": findings}
    return Event(TIEBREAK, action, row.project, subject, why)


def ruled(connection: Connection, review: int, values: Mapping[str, Any], now: int) -> None:
    """A reviewer's ruling was taken in; ``values`` are those of its row."""
    query = select(reviews.c.project, reviews.c.key, tasks.c.label_studio_id)
    row = connection.execute(query.join(tasks, tasks.c.id == reviews.c.task).where(reviews.c.id == review)).one()
    record(
        connection,
        now=now,
        actor=user(values["reviewer"]),
        action="ruling",
        project=row.project,
        subject={"task": row.label_studio_id, "review": row.key, "answers": hash_of(values["answers"])},
        why={name: values.get(name) for name in _OF_RULING},
        words={"rationale": values["rationale"]} if values["rationale"] else None,
        person=values["reviewer"],
    )


def unreadable(connection: Connection, review: int, reviewer: int | None, problem: str | None, now: int) -> None:
    """What a reviewer submitted cannot be read as a ruling; the problem, which quotes it, is kept apart."""
    query = select(reviews.c.project, reviews.c.key, reviews.c.review_task, tasks.c.label_studio_id)
    row = connection.execute(query.join(tasks, tasks.c.id == reviews.c.task).where(reviews.c.id == review)).one()
    record(
        connection,
        now=now,
        actor=user(reviewer),
        action="ruling unreadable",
        project=row.project,
        subject={"task": row.label_studio_id, "review": row.key, "review_task": row.review_task},
        words={"problem": problem} if problem else None,
        person=reviewer,
    )


def ruling_gone(connection: Connection, project: int, found: Gone, now: int) -> None:
    """Somebody deleted a ruling's annotation from its review task; the ruling and its ground truth stand."""
    subject = {"task": found.task, "review_task": found.review_task, "ground_truth": found.ground_truth or None}
    why = {"ruling": found.ruling}
    record(
        connection, now=now, actor=TIEBREAK, action="ruling found deleted", project=project, subject=subject, why=why
    )


def truth_written(connection: Connection, ruling: int, annotation: int, now: int) -> None:
    """A ruling stands in Label Studio as a ground truth; 0 is none, since its task is gone."""
    if annotation == 0:
        return
    query = (
        select(reviews.c.project, reviews.c.key, tasks.c.label_studio_id)
        .join(rulings, rulings.c.review == reviews.c.id)
        .join(tasks, tasks.c.id == reviews.c.task)
    )
    row = connection.execute(query.where(rulings.c.id == ruling)).one()
    subject = {"task": row.label_studio_id, "annotation": annotation}
    why = {"review": row.key, "ruling": ruling}
    record(connection, now=now, actor=TIEBREAK, action="ground truth", project=row.project, subject=subject, why=why)


def corrections_changed(
    connection: Connection, action: str, project: int, batch: int, by: int | None, now: int
) -> None:
    """A batch of corrections was applied or undone."""
    query = select(corrections.c.proposed_in, tasks.c.label_studio_id).join(tasks, tasks.c.id == corrections.c.task)
    rows = connection.execute(query.where(corrections.c.project == project, corrections.c.batch == batch)).all()
    subject = {"batch": batch, "tasks": sorted({row.label_studio_id for row in rows})}
    why = {"groups": sorted({row.proposed_in for row in rows})}
    record(connection, now=now, actor=user(by), action=action, project=project, subject=subject, why=why)


def correction_settled(connection: Connection, action: str, correction: int, annotation: int, now: int) -> None:
    """A correction became a ground truth in Label Studio, or that was deleted again; 0 is none."""
    if annotation == 0:
        return
    query = select(corrections.c.project, corrections.c.batch, tasks.c.label_studio_id)
    row = connection.execute(
        query.join(tasks, tasks.c.id == corrections.c.task).where(corrections.c.id == correction)
    ).one()
    subject = {"task": row.label_studio_id, "annotation": annotation}
    record(
        connection,
        now=now,
        actor=TIEBREAK,
        action=action,
        project=row.project,
        subject=subject,
        why={"batch": row.batch},
    )


def round_over(
    connection: Connection, project: int, version: str, scored: int, metrics: Mapping[str, Any], now: int
) -> None:
    """Every servable task has a score of that version."""
    numbers = {name: value for name, value in metrics.items() if isinstance(value, int | float | str)}
    record(
        connection,
        now=now,
        actor=TIEBREAK,
        action="round",
        project=project,
        subject={"version": version, "predictions": scored},
        why=numbers,
    )


def overlap_changed(connection: Connection, task: int, overlap: int, answers: int, now: int) -> None:
    """A task (the store's key) is to have another number of answers."""
    row = connection.execute(select(tasks.c.project, tasks.c.label_studio_id).where(tasks.c.id == task)).one()
    subject = {"task": row.label_studio_id, "overlap": overlap}
    why = {"answers": answers}
    record(connection, now=now, actor=TIEBREAK, action="overlap", project=row.project, subject=subject, why=why)
