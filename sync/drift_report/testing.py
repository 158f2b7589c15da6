"""The evidence on one project in the form that each test of drift takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from label_config.words import in_words

from ..evidence.gathering import Gathered
from ..judging import Judgement
from ..quality.agreement.resampling import Rng
from ..quality.distance import default_distance, distance
from ..quality.distance.comparison import Comparison
from ..quality.drift import Compared, Drift, agreement_drift, concept_drift, label_drift, text_drift
from ..quality.evidence import ControlEvidence
from ..quality.priority.facts import labels_of

Data = Mapping[int, Mapping[str, Any]]


def of_control(found: Judgement, data: Data, by: Sequence[str], since: int | None, rng: Rng) -> Iterator[Drift]:
    """Labels, agreement, and, where a model has opinions, what an answer means."""
    evidence, control = found.evidence, found.evidence.control.name
    times = last_times(evidence)
    labels = {one.task: names for one in found.consensus.tasks if (names := labels_of(one.answer))}
    if labels:
        yield from label_drift(control, labels, times, rng)
    agreement = {one.task: one.agreement for one in found.measured.per_task if one.agreement is not None}
    yield from agreement_drift(control, agreement, times, rng)
    if evidence.opinions and evidence.given_at is not None:
        rows = compared(evidence, data, by)
        known = rows.at[rows.at > 0]
        if len(known):
            yield from concept_drift(control, rows, int(np.median(known)) if since is None else since)


def of_data(gathered: Gathered, fields: Sequence[str], rng: Rng) -> Iterator[Drift]:
    """The words of each field that is shown and holds text."""
    times: dict[int, int] = {}
    for evidence in gathered.evidence.values():
        for task, at in last_times(evidence).items():
            times[task] = max(at, times.get(task, 0))
    for field in fields:
        texts = {task: said for task, shown in gathered.data.items() if isinstance(said := shown.get(field), str)}
        if texts and not all(_is_address(text) for text in texts.values()):
            yield from text_drift(field, texts, times, rng)


def _is_address(text: str) -> bool:
    """Whether a text names a picture, a sound or a film, and is not read by anybody."""
    return text.startswith(("http://", "https://", "data:", "s3://", "gs://", "/data/"))


def last_times(evidence: ControlEvidence) -> dict[int, int]:
    """When each task was last answered; 0 where nothing says so."""
    if evidence.given_at is None:
        return {}
    newest = np.zeros(len(evidence.coded.tasks), dtype=np.int64)
    np.maximum.at(newest, evidence.coded.task, evidence.given_at)
    return dict(zip(evidence.coded.tasks, newest.tolist(), strict=True))


def compared(evidence: ControlEvidence, data: Data, by: Sequence[str]) -> Compared:
    """The answers to the tasks that the model has an opinion on, beside it."""
    coded, opinions = evidence.coded, evidence.opinions
    assert evidence.given_at is not None
    rows = np.array([coded.tasks[task] in opinions for task in coded.task.tolist()], dtype=bool)
    task = np.array(coded.tasks, dtype=np.int64)[coded.task[rows]]
    said = [coded.answers[place] for place in coded.answer[rows].tolist()]
    thought = [opinions[one].answer for one in task.tolist()]
    apart = _apart(evidence, said, thought)
    return Compared(
        task,
        np.array(coded.annotators, dtype=np.int64)[coded.annotator[rows]],
        evidence.given_at[rows],
        [in_words(one) for one in thought],
        [in_words(one) for one in said],
        1.0 - apart,
        {field: [str(data.get(one, {}).get(field, "")) for one in task.tolist()] for field in by},
    )


def _apart(evidence: ControlEvidence, said: Sequence[Any], thought: Sequence[Any]) -> Any:
    """The distance of each answer from the model's."""
    n = len(said)
    control = evidence.control
    measure = distance(control, default_distance(control))
    places = np.arange(n, dtype=np.int64)
    return measure(Comparison(control, (*said, *thought), places, places + n, np.ones(2 * n)))
