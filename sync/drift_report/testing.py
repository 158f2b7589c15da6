"""The evidence on one project in the form that each test of drift takes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from label_config.model import Family

from ..evidence.gathering import Gathered
from ..evidence.pictures import Pictures
from ..evidence.vectors import Vectors
from ..judging import Judgement
from ..quality.agreement.resampling import Rng
from ..quality.drift import (
    STATISTICS,
    Drift,
    agreement_drift,
    answered_at,
    compared,
    concept_drift,
    label_drift,
    task_labels,
    text_drift,
    untested,
    vector_drift,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What tasks show beside texts: their pictures, and vectors that stand for them; null where there are none."""

    pictures: Pictures = field(default_factory=Pictures)
    vectors: Vectors | None = None


Data = Mapping[int, Mapping[str, Any]]

LABELLED = frozenset({Family.CHOICES, Family.TAXONOMY, Family.RATING, Family.REGIONS, Family.RELATIONS})
"""Families whose answers are made of labels that recur."""


def of_control(found: Judgement, data: Data, by: Sequence[str], since: int | None, rng: Rng) -> Iterator[Drift]:
    """Labels, agreement, and, where a model has opinions, what an answer means."""
    evidence = found.evidence
    control, times = evidence.control, answered_at(evidence)
    if control.family in LABELLED:
        labels = task_labels(found.consensus)
        tested = label_drift(control.name, labels, times, rng)
        yield from tested or [untested("label_drift", control.name, "", [times.get(task, 0) for task in labels])]
    agreement = {one.task: one.agreement for one in found.measured.per_task if one.agreement is not None}
    yield from agreement_drift(control.name, agreement, times, rng)
    slices = {name: {task: str(shown[name]) for task, shown in data.items() if name in shown} for name in by}
    rows = compared(evidence, slices=slices)
    known = rows.at[rows.at > 0]
    if len(known):
        yield from concept_drift(control.name, rows, int(np.median(known)) if since is None else since)


def of_data(gathered: Gathered, fields: Sequence[str], shown: Shown, rng: Rng) -> Iterator[Drift]:
    """The words of each field that is shown and holds text, the pictures of each that names them, and vectors."""
    times = _times(gathered)
    for name in fields:
        texts = {task: said for task, data in gathered.data.items() if isinstance(said := data.get(name), str)}
        if texts and not all(_is_address(text) for text in texts.values()):
            yield from _or_why_not(text_drift(name, texts, times, rng), name, texts, times)
    for name, statistics in shown.pictures.of.items():
        tested = vector_drift(name, statistics, times, rng, names=STATISTICS)
        yield from _or_why_not(tested, name, statistics, times)
    if shown.vectors is not None:
        vectors = shown.vectors.of
        yield from _or_why_not(vector_drift("vectors", vectors, times, rng), "vectors", vectors, times)


def _or_why_not(tested: list[Drift], what: str, tasks: Iterable[int], times: Mapping[int, int]) -> list[Drift]:
    return tested or [untested("input_drift", "", what, [times.get(task, 0) for task in tasks])]


def _times(gathered: Gathered) -> dict[int, int]:
    """When each task was last answered, on any control."""
    times: dict[int, int] = {}
    for evidence in gathered.evidence.values():
        for task, at in answered_at(evidence).items():
            times[task] = max(at, times.get(task, 0))
    return times


def _is_address(text: str) -> bool:
    """Whether a text names a picture, a sound or a film, and is not read by anybody."""
    return text.startswith(("http://", "https://", "data:", "s3://", "gs://", "/data/"))
