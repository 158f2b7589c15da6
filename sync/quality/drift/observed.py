"""What drift is tested on, from the evidence and the consensus on a control."""

from collections.abc import Mapping

import numpy as np

from label_config.answers import Answer, Choices, PerRegion, Regions, Relations, Taxonomy
from label_config.words import in_words

from ..distance import default_distance, distance
from ..distance.comparison import Comparison
from ..evidence import ControlEvidence
from ..records import ControlConsensus, IntArray, Opinion
from .concept import Compared


def answered_at(evidence: ControlEvidence) -> dict[int, int]:
    """When each task was last answered, in microseconds since 1970; tasks of which that is unknown are absent."""
    coded = evidence.coded
    if evidence.given_at is None:
        return {}
    latest = np.zeros(len(coded.tasks), dtype=np.int64)
    np.maximum.at(latest, coded.task, evidence.given_at)
    return {task: at for task, at in zip(coded.tasks, latest.tolist(), strict=True) if at > 0}


def task_labels(consensus: ControlConsensus) -> dict[int, tuple[str, ...]]:
    """The labels of the answer to each task that somebody answered; an answer without labels counts as in words."""
    return {one.task: _labels(one.answer) for one in consensus.tasks if one.annotations}


def _labels(answer: Answer) -> tuple[str, ...]:
    match answer:
        case Choices(labels):
            return labels
        case Taxonomy(paths):
            return tuple(" / ".join(path) for path in paths)
        case Regions(regions):
            return tuple(dict.fromkeys(label for region in regions for label in region.labels))
        case Relations(links):
            return tuple(dict.fromkeys(label for link in links for label in link.labels))
        case PerRegion(parts):
            inner = [_labels(part.answer) for part in parts if part.answer is not None]
            return tuple(dict.fromkeys(label for labels in inner for label in labels))
        case _:
            return (in_words(answer),)


def compared(
    evidence: ControlEvidence,
    opinions: Mapping[int, Opinion] | None = None,
    slices: Mapping[str, Mapping[int, str]] | None = None,
) -> Compared:
    """The answers to the tasks that a model has an opinion of, beside it; null: those of the evidence.

    The opinions are those of one version, which learned from none of these tasks. ``slices`` maps the name of a field
    to task -> value; a task without one is in the slice "". Answers of unknown time have the time 0.
    """
    coded = evidence.coded
    known = evidence.opinions if opinions is None else opinions
    rows: IntArray = np.array([at for at, task in enumerate(coded.task) if coded.tasks[task] in known], dtype=np.int64)
    tasks = [coded.tasks[task] for task in coded.task[rows].tolist()]
    said = [coded.answers[answer] for answer in coded.answer[rows].tolist()]
    answers = [*said, *(known[task].answer for task in tasks)]
    left: IntArray = np.arange(len(rows), dtype=np.int64)
    pairs = Comparison(evidence.control, answers, left, left + len(rows), np.ones(len(answers)))
    far = distance(evidence.control, default_distance(evidence.control))(pairs)
    return Compared(
        task=np.array(tasks, dtype=np.int64),
        annotator=np.array([coded.annotators[person] for person in coded.annotator[rows]], dtype=np.int64),
        at=np.zeros(len(rows), dtype=np.int64) if evidence.given_at is None else evidence.given_at[rows],
        kind=[", ".join(_labels(known[task].answer)) for task in tasks],
        said=[", ".join(_labels(answer)) for answer in said],
        like=1 - far,
        slices={name: [values.get(task, "") for task in tasks] for name, values in (slices or {}).items()},
    )
