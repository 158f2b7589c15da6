"""Judging a large project anew only where it changed: the tasks that were touched, and those that are near-identical.

They are judged together with a random sample of the other tasks, on which the consensus, what is known of people and
every finding rest as they do on all tasks. Only what concerns the touched tasks is taken over. What the report says of
agreement and of people stays as it was found on everything.
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from .assess_begun import Assessment, Begun
from .evidence.of_project import Evidence, evidence_by_control, gather_of
from .judging import A_DAY, Verdict, judge
from .judging_settings import how, said_of_judging
from .quality.priority import Decided, Queue, policy_of
from .quality.records import IntArray, Priority
from .queue_found_by import found_by
from .settings import Settings
from .store import acts, assessments, changes, conclusions, judged, packed, queue_decisions, review_rounds, training
from .store.annotations import ByOther, by_others
from .store.assessments import Key
from .store.changes import EVERYTHING
from .store.engine import Store
from .store.judged import regrouped
from .store.packed import Block
from .store.reading import read


@dataclass(frozen=True, slots=True)
class Limits:
    """When only a part is judged anew, and beside how much.

    A project with fewer answers than ``large`` is judged whole: that takes no three seconds. So it is where more than
    ``most`` tasks or ``share`` of all are to be judged, or more than ``since`` of all were since everything was.
    Beside them are ``sample`` other tasks, ``known`` ones with a ground truth, and enough for ``answers`` of each
    person who answered them.
    """

    large: int = 50_000
    most: int = 2_000
    share: float = 0.01
    since: float = 0.05
    sample: int = 5_000
    known: int = 2_000
    answers: int = 200
    together: int = 40_000


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is judged anew: ``tasks`` (the store's keys), on ``evidence`` about them and about the sample.

    ``ids`` are Label Studio's of those that were touched, ``by_others`` the answers to these that others wrote. Nothing
    has to be judged where there is no evidence.
    """

    tasks: frozenset[int] = frozenset()
    ids: frozenset[int] = frozenset()
    by_others: tuple[ByOther, ...] = ()
    evidence: Evidence | None = None


def part_of(
    connection: Connection, project: int, start: Begun, settings: Settings, limits: Limits, now: int
) -> Part | None:
    """What is to be judged anew since an assessment of everything; null where everything is to be."""
    policy = policy_of(settings.policy)
    chosen_among_all = policy.budget is not None or policy.annotator_cap is not None
    if start.newest is None or chosen_among_all or not _is_known(start, settings, limits, now):
        return None
    if not start.touched:
        return Part()
    touched = np.array(sorted(start.touched), dtype=np.int64)
    tasks = frozenset(touched.tolist()) | frozenset(start.judged.alike(touched).tolist())
    count = start.newest.report["progress"]["tasks"]
    if len(tasks) > min(limits.most, limits.share * count) or len(tasks | start.judged.anew) > limits.since * count:
        return None
    kept = packed.last(connection, project)
    if kept is None:
        return None
    ids = assessments.label_studio_ids_of(connection, start.touched)
    block = kept.renewed(start.touched, read(connection, project, start.touched), ids)
    chosen = np.union1d(np.array(sorted(tasks), dtype=np.int64), sample(block, tasks, limits))
    return Part(
        tasks,
        ids,
        by_others(connection, project, start.touched),
        gather_of(connection, project, block, chosen),
    )


def _is_known(start: Begun, settings: Settings, limits: Limits, now: int) -> bool:
    """Whether everything was judged lately as it would be now, and which tasks were touched since is known."""
    assert start.newest is not None
    return (
        start.judged.basis == start.basis
        and not start.judged.is_old(settings, now)
        and EVERYTHING not in start.touched
        and start.newest.report["progress"]["annotations"] >= limits.large
    )


def sample(block: Block, tasks: Collection[int], limits: Limits) -> IntArray:
    """Other tasks, drawn at random and always the same: answered ones first, some with a ground truth, some of each
    person who answered ``tasks``.
    """
    key, rows = block.tallies["task"], block.rows
    unanswered = (block.tallies["answers"] == 0).astype(np.uint64) << np.uint64(63)
    drawn: IntArray = key[np.argsort((_mixed(key) >> np.uint64(1)) | unanswered)[: limits.sample]]
    known = key[block.tallies["ground_truth"] > 0]
    known = known[np.argsort(_mixed(known))[: limits.known]]
    here = np.isin(rows["task"], np.array(sorted(tasks), dtype=np.int64))
    people = np.unique(rows["annotator"][here])
    theirs = rows[["task", "annotator"]][np.isin(rows["annotator"], people)]
    each = min(limits.answers, limits.together // max(1, len(people)))
    found: IntArray = np.unique(np.concatenate([drawn, known, _of_each(theirs, each)]))
    return found


def _of_each(rows: NDArray[Any], number: int) -> IntArray:
    """So many tasks of each annotator, as far as there are."""
    new = np.ones(len(rows), dtype=np.bool_)
    new[1:] = rows[1:] != rows[:-1]
    task, annotator = rows["task"][new], rows["annotator"][new]
    order = np.lexsort((_mixed(task), annotator))
    first = np.searchsorted(annotator[order], annotator[order])
    found: IntArray = task[order][np.arange(len(order)) - first < number].astype(np.int64)
    return found


def _mixed(keys: IntArray) -> NDArray[np.uint64]:
    """64 bits of each key that look random (the finaliser of SplitMix64; Steele, Lea and Flood 2014)."""
    bits = (keys.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return bits ^ (bits >> np.uint64(31))


def judge_part(
    store: Store, project: int, settings: Settings, clock: Callable[[], int], start: Begun, part: Part
) -> Assessment | None:
    """Bring the newest assessment up to date; null where another one ended meanwhile."""
    newest, evidence, state = start.newest, part.evidence, start.judged
    assert newest is not None
    if evidence is None:
        return _holds(store, project, start)
    verdict = _judged(evidence, settings, newest.report, start.decided, clock() / A_DAY)
    chain = hashlib.sha256(f"{newest.hash} {evidence.of(part.tasks).fingerprint(start.basis)}".encode()).hexdigest()
    with store.begin() as connection:
        if not judged.is_next(connection, project, state):
            return None
        now = max(clock(), training.newest(connection, project) + 1)
        others = 0
        for name, one in verdict.controls.items():
            source = sources(evidence, name)
            others += conclusions.write(connection, project, one.consensus, source, now, part.tasks)
        entries = _entries(verdict.queue, part.tasks)
        marks = found_by(verdict, entries)
        gone, new = assessments.renew_queue(connection, project, part.tasks, entries, unconfirmed(verdict), marks)
        accepted = {task for task, _ in unconfirmed(verdict)}
        found = verdict.queue.found_tasks()
        review_rounds.mark_needless(connection, project, found, accepted, now, part.tasks)
        packed.keep(connection, project, evidence.block, start.seen)
        changes.forget(connection, project, start.touched)
        groups = regrouped(state.groups, part.tasks, [group.tasks for group in verdict.neighbours])
        state = dataclasses.replace(state, anew=state.anew | part.tasks, groups=groups)
        judged.keep(connection, project, state)
        report = _report(newest.report, part, evidence, gone, new)
        if queue_decisions.any_about(connection, project, part.tasks):
            report["queue"] = assessments.queue_counts(connection, project)
        if not (others or gone or new) and report == newest.report:
            assessments.still_holds(connection, project, newest.hash, start.watermark)
            return Assessment(newest.report, changed=False)
        report["partial"] = {"tasks": len(state.anew), "full_at": state.whole_at}
        before = newest.hash if newest.report.get("partial") else None
        assessments.insert_assessment(connection, project, chain, report, now, start.watermark, before)
        acts.assessed(connection, project, said_of_judging(settings), chain, report, now)
    return Assessment(report, changed=True)


def _holds(store: Store, project: int, start: Begun) -> Assessment | None:
    """What was written since concerns no task of the project."""
    assert start.newest is not None
    with store.begin() as connection:
        if not judged.is_next(connection, project, start.judged):
            return None
        packed.still_holds(connection, project, start.seen)
        assessments.still_holds(connection, project, start.newest.hash, start.watermark)
    return Assessment(start.newest.report, changed=False)


def _judged(
    evidence: Evidence,
    settings: Settings,
    report: Mapping[str, Any],
    decided: Mapping[Key, Decided],
    today: float,
) -> Verdict:
    """By the methods that were chosen on everything; intervals are not looked at, and audits are not drawn here."""
    said, _ = evidence_by_control(evidence, settings)
    quick = settings.model_copy(update={"bootstrap": 0})
    manner = how(quick, evidence.config, evidence.config.controls, today)
    chosen = {name: one["consensus"]["method"] for name, one in report["controls"].items()}
    policy = dataclasses.replace(manner.policy, audit_share=0.0)
    manner = dataclasses.replace(manner, called=evidence.ids, chosen=chosen, policy=policy, decided=decided)
    return judge(evidence.config, said, evidence.data, manner)


def _entries(queue: Queue, tasks: Collection[int]) -> list[Priority]:
    """Those about some tasks, of a queue without audits; no others are made."""
    about = queue.scored.task[queue.places]
    return [queue[at] for at in np.flatnonzero(np.isin(about, sorted(tasks))).tolist()]


def _report(
    before: Mapping[str, Any],
    part: Part,
    evidence: Evidence,
    gone: Sequence[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The report with what changed, as it is stored."""
    others = [one for one in before["by_others"] if one["task"] not in part.ids]
    others += [dataclasses.asdict(one) for one in part.by_others]
    now = {
        "excluded": dataclasses.asdict(evidence.excluded),
        "by_others": sorted(others, key=lambda one: int(one["annotation"])),
        "progress": dict(evidence.progress),
        "queue": _queue(before["queue"], gone, new),
    }
    return {**before, **json.loads(json.dumps(now))}


def _queue(
    before: Mapping[str, Any], gone: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The counts of the queue, without those rows and with these."""
    bands, reasons = Counter(before["bands"]), Counter(before["reasons"])
    bands.subtract(_bands(gone))
    bands.update(_bands(new))
    reasons.subtract(_reasons(gone))
    reasons.update(_reasons(new))
    return {
        "total": before["total"] - len(gone) + len(new),
        "bands": {band: bands[band] for band in before["bands"]},
        "reasons": {kind: number for kind, number in sorted(reasons.items()) if number},
    }


def _bands(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(row["band"]) for row in rows]


def _reasons(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return [finding["kind"] for row in rows for finding in row["findings"]]


def unconfirmed(verdict: Verdict) -> set[Key]:
    """The answers (task, control) that neither a ruling nor a ground truth confirms."""
    return {key for key, fact in verdict.queue.facts.items() if fact.accepted}


def sources(evidence: Evidence, control: str) -> dict[int, str]:
    """The tasks whose answer is known for certain -> from what."""
    return {task: source for task, (_, source) in evidence.fixed[control].items()}
