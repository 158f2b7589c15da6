"""What reviewers decided: rulings into the store, ground truths into the source project.

A ground truth is an annotation with an id of ours, so writing it twice is impossible: Label Studio answers 409.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import canonical, from_canonical, read_answers, write_answer
from label_config.review import own_regions, read_ruling

from .errors import NotFound, Rejected
from .labelstudio.client import LabelStudio
from .resolve_report import ResolveReport
from .store import acts, forgetting, projects, review_tasks, rulings, verdicts, votes
from .store.annotations import unread_results
from .store.engine import Store
from .store.rulings import PendingTruth

NAMESPACE = uuid.UUID("0f2a7c34-9d3e-5f0b-8a55-3d6c9b1e7f42")
REGION = "tiebreak-"
"""How the ids of our regions begin."""


@dataclass(slots=True)
class _Read:
    """What was read so far."""

    rulings: int = 0
    votes: int = 0
    unreadable: list[tuple[int, str]] = field(default_factory=list)
    disputants: list[int] = field(default_factory=list)
    contradicted: list[int] = field(default_factory=list)
    misjudged: list[tuple[int, str, str]] = field(default_factory=list)


def resolve(
    store: Store, gateway: LabelStudio, project: int, clock: Callable[[], int], *, independent: bool = False
) -> ResolveReport:
    """Take in the rulings of a source project (the store's key), as they were pulled, and write their ground truth.

    ``independent``: a ruling of somebody who had answered the task does not count.
    """
    with store.read() as connection:
        source = projects.get(connection, project)
        homes = projects.reviews_of(connection, project)
    config = parse(source.label_config)
    read = _Read()
    for home in homes:
        _read(store, config, home.key, read, clock, independent)
    with store.read() as connection:
        pending = rulings.pending_truths(connection, project)
    written = 0
    replaced: list[tuple[int, int]] = []
    unwritable: list[tuple[int, str]] = []
    for truth in pending:
        try:
            result = _result(config, truth)
        except LabelConfigError as error:  # the interface changed since the ruling
            unwritable.append((truth.task, str(error)))
            continue
        annotation = _write(gateway, truth, result)
        with store.begin() as connection:
            gave_way = rulings.foreign_truths(connection, truth.ruling) if annotation else []
            rulings.set_ground_truth(connection, truth.ruling, annotation)
            acts.truth_written(connection, truth.ruling, annotation, clock())
        written += annotation != 0
        replaced += [(truth.task, one) for one in gave_way]
    return ResolveReport(
        read.rulings,
        written,
        tuple(read.unreadable),
        read.votes,
        tuple(read.disputants),
        independent,
        tuple(read.contradicted),
        tuple(replaced),
        tuple(unwritable),
        _deleted(store, project, clock),
        tuple(read.misjudged),
    )


def _deleted(store: Store, project: int, clock: Callable[[], int]) -> tuple[tuple[int, int], ...]:
    """(review task, source task) of the rulings that were deleted, which is kept as told."""
    with store.begin() as connection:
        found = rulings.gone(connection, project)
        for one in found:
            rulings.mark_gone(connection, one.ruling, clock())
            acts.ruling_gone(connection, project, one, clock())
    return tuple((one.review_task, one.task) for one in found)


def _read(
    store: Store,
    config: LabelConfig,
    home: int,
    read: _Read,
    clock: Callable[[], int],
    independent: bool,
) -> None:
    """The rulings of one review project that are new; one transaction each."""
    with store.read() as connection:
        submitted = unread_results(connection, home)
        of_task = review_tasks.by_task(connection, home, {row.on for row in submitted})
    for row in submitted:
        review = of_task.get(row.on)
        if review is None:  # a task that somebody added
            continue
        reviewer = row.updated_by or row.annotator
        try:
            ruling = read_ruling(config, row.result, row.data)
        except LabelConfigError as error:
            _keep_unreadable(store, review.id, row, str(error), clock())
            read.unreadable.append((row.on, str(error)))
            continue
        with store.begin() as connection:
            disputant = reviewer in votes.disputants(connection, review.task)
            counts_as = (
                votes.VOTE if review.state == "withdrawn" else votes.NOTHING if disputant and independent else None
            )
            answers = {name: canonical(answer) for name, answer in ruling.answers.items()}
            verdict = verdicts.verdict(connection, config, review.task, answers, ruling.verdict, row.updated_at)
            misjudged = ruling.verdict is not None and ruling.verdict != verdict
            values = {
                "annotation_version": row.id,
                "reviewer": reviewer,
                "answers": answers,
                "verdict": verdict,
                "given_verdict": ruling.verdict if misjudged else None,
                "cause": ruling.cause,
                "rationale": None if forgetting.is_forgotten(connection, reviewer) else ruling.rationale,
                "ruled_at": row.updated_at,
                "disputant": disputant,
                "counts_as": counts_as,
            }
            contradicted = rulings.add_ruling(connection, review.id, values, clock())
            acts.ruled(connection, review.id, values, clock())
        read.rulings += counts_as != votes.VOTE
        read.votes += counts_as == votes.VOTE
        read.disputants += [row.on] if disputant and counts_as != votes.VOTE else []
        read.contradicted += [row.on] if contradicted else []
        if misjudged:
            read.misjudged.append((row.on, str(ruling.verdict), str(verdict)))


def _keep_unreadable(store: Store, review: int, row: Any, problem: str, now: int) -> None:
    """It is told once, and its task is served again."""
    reviewer = row.updated_by or row.annotator
    with store.begin() as connection:
        said = None if forgetting.is_forgotten(connection, reviewer) else problem
        values = {"annotation_version": row.id, "reviewer": reviewer, "ruled_at": row.updated_at, "problem": said}
        rulings.add_unreadable(connection, review, values)
        acts.unreadable(connection, review, reviewer, said, now)


def _result(config: LabelConfig, truth: PendingTruth) -> list[dict[str, Any]]:
    """The ruling as an annotation of the source task; raises LabelConfigError where it does not fit any more.

    What was marked, drawn or written goes over as the reviewer left it: an answer does not know the size of its image.
    """
    decided = {name: text for name, text in sorted(truth.answers.items()) if config.control(name).decidable}
    regions = [
        region
        for name, text in decided.items()
        for region in write_answer(config.control(name), from_canonical(text), region_id=f"{REGION}{name}")
    ]
    if len(decided) < len(truth.answers):
        others = [region for region in own_regions(truth.result) if region.get("from_name") not in decided]
        read_answers(config, others)
        regions += [_renamed(region) for region in others]
    return regions


def _renamed(region: dict[str, Any]) -> dict[str, Any]:
    """A region under a name of ours; what points to it is renamed with it."""
    ids = {key: f"{REGION}{region[key]}" for key in ("id", "from_id", "to_id", "parentID") if region.get(key)}
    return {**region, **ids}


def _write(gateway: LabelStudio, truth: PendingTruth, result: list[dict[str, Any]]) -> int:
    """Put the ground truth on the source task; Label Studio's id of the annotation, 0 where there is none to tell.

    A ruling that was changed changes its annotation; one that was written by an interrupted run is found again.
    """
    try:
        if truth.replaces:
            there = gateway.task(truth.task).annotations
            if any(one.id == truth.replaces and is_ours(one.result) for one in there):
                _replace(gateway, truth, result)
                return truth.replaces
        made = _create(gateway, truth, result)
        if made is not None:
            return made
        found = [one.id for one in gateway.task(truth.task).annotations if one.result == result]
    except NotFound:
        return 0  # the source task is gone; the sweep will find that out
    return max(found, default=0)


def is_ours(result: object) -> bool:
    """Whether we wrote the annotation: ids are reused, and what a person wrote is never overwritten."""
    return (
        isinstance(result, list)
        and bool(result)
        and all(
            isinstance(region, dict) and str(region.get("id") or region.get("from_id")).startswith(REGION)
            for region in result
        )
    )


def _replace(gateway: LabelStudio, truth: PendingTruth, result: list[dict[str, Any]]) -> None:
    """Let the ground truth say what was ruled now, in the name of who ruled so, unless that person was deleted."""
    assert truth.replaces is not None
    try:
        author = {} if truth.reviewer is None else {"completed_by": truth.reviewer}
        gateway.update_annotation(truth.replaces, result=result, ground_truth=True, **author)
    except Rejected:
        if _is_there(gateway, truth.reviewer):
            raise
        gateway.update_annotation(truth.replaces, result=result, ground_truth=True)


def _is_there(gateway: LabelStudio, reviewer: int | None) -> bool:
    """Whether nobody is named, or somebody who is still in the organization."""
    return reviewer is None or any(user.id == reviewer for user in gateway.users())


def _create(gateway: LabelStudio, truth: PendingTruth, result: list[dict[str, Any]]) -> int | None:
    """A new annotation in the reviewer's name, or in ours where the reviewer was deleted; null: it is there."""
    unique_id = str(uuid.uuid5(NAMESPACE, truth.review))
    try:
        return gateway.create_annotation(
            truth.task, result, unique_id=unique_id, completed_by=truth.reviewer, ground_truth=True
        )
    except Rejected:
        if _is_there(gateway, truth.reviewer):
            raise
        return gateway.create_annotation(truth.task, result, unique_id=unique_id, ground_truth=True)
