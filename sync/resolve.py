"""What reviewers decided: rulings into the store, ground truths into the source project.

A ground truth is an annotation with an id of ours, so writing it twice is impossible: Label Studio answers 409.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import canonical, from_canonical, write_answer
from label_config.review import read_ruling

from .errors import NotFound
from .labelstudio.client import LabelStudio
from .store import projects, reviews
from .store.annotations import current_results
from .store.engine import Store
from .store.reviews import PendingTruth

NAMESPACE = uuid.UUID("0f2a7c34-9d3e-5f0b-8a55-3d6c9b1e7f42")


@dataclass(frozen=True, slots=True)
class ResolveReport:
    """New rulings, ground truths written to the source project, and reviews that could not be read (task, why)."""

    rulings: int
    ground_truths: int
    unreadable: tuple[tuple[int, str], ...]


def resolve(store: Store, gateway: LabelStudio, project: int, clock: Callable[[], int]) -> ResolveReport:
    """Take in the rulings of a source project (the store's key), as they were pulled, and write their ground truth."""
    with store.begin() as connection:
        source = projects.get(connection, project)
        homes = projects.reviews_of(connection, project)
    config = parse(source.label_config)
    found = 0
    unreadable: list[tuple[int, str]] = []
    for home in homes:
        found += _read(store, config, project, home.key, unreadable, clock)
    with store.read() as connection:
        pending = reviews.pending_truths(connection, project)
    for truth in pending:
        annotation = _write(gateway, config, truth)
        with store.begin() as connection:
            reviews.set_ground_truth(connection, truth.ruling, annotation)
    return ResolveReport(found, len(pending), tuple(unreadable))


def _read(
    store: Store,
    config: LabelConfig,
    project: int,
    home: int,
    unreadable: list[tuple[int, str]],
    clock: Callable[[], int],
) -> int:
    """The rulings of one review project that are new; one transaction each."""
    with store.read() as connection:
        known = reviews.known_rulings(connection, project)
        of_task = reviews.by_review_task(connection, home)
        submitted = [row for row in current_results(connection, home) if row.on in of_task and row.id not in known]
    found = 0
    for row in submitted:
        try:
            ruling = read_ruling(config, row.result)
        except LabelConfigError as error:
            unreadable.append((row.on, str(error)))
            continue
        values = {
            "annotation_version": row.id,
            "reviewer": row.updated_by or row.annotator,
            "answers": {name: canonical(answer) for name, answer in ruling.answers.items()},
            "verdict": ruling.verdict,
            "cause": ruling.cause,
            "rationale": ruling.rationale,
            "ruled_at": row.updated_at,
        }
        with store.begin() as connection:
            reviews.add_ruling(connection, of_task[row.on].id, values, clock())
        found += 1
    return found


def _write(gateway: LabelStudio, config: LabelConfig, truth: PendingTruth) -> int:
    """The ground truth on the source task; Label Studio's id of the annotation, 0 where it cannot be told.

    A ruling that was changed changes its annotation; one that was written by an interrupted run is found again.
    """
    result = [
        region
        for control, text in sorted(truth.answers.items())
        for region in write_answer(config.control(control), from_canonical(text), region_id=f"tiebreak-{control}")
    ]
    try:
        if truth.replaces:
            gateway.update_annotation(truth.replaces, result=result, ground_truth=True)
            return truth.replaces
    except NotFound:
        pass  # somebody deleted it: it is written anew
    try:
        made = gateway.create_annotation(
            truth.task,
            result,
            unique_id=str(uuid.uuid5(NAMESPACE, truth.review)),
            completed_by=truth.reviewer,
            ground_truth=True,
        )
        if made is not None:
            return made
        there = [one for one in gateway.task(truth.task).annotations if one.ground_truth]
    except NotFound:
        return 0  # the source task is gone; the sweep will find that out
    return there[-1].id if there else 0
