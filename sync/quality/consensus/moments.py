"""Dates and times: the given answer nearest to the weighted median."""

from collections.abc import Mapping

import numpy as np

from label_config.answers import Moment

from ..evidence import ControlEvidence
from ..records import BoolArray, FloatArray, IntArray, TaskConsensus
from .inference import Inference, Inferred
from .median import median
from .medoid import known
from .numeric import annotators, estimated
from .readings import values_of

SAME = 1e-9
"""Two distances to the median closer than this part of the scale are alike."""


def infer(evidence: ControlEvidence) -> Inferred:
    """The answer nearest to the median of the seconds, weighted as numbers are; the earlier of two equally near.

    So the answer is one that somebody wrote. Two different moments equally near are a tie. The interval is in seconds
    since 1970, the confidence the probability that the true moment is within a twentieth of the scale of the median
    (see ``numeric.estimated``).
    """
    coded = evidence.coded
    if not coded.tasks:
        return Inferred((), ())
    found, located, scale = estimated(evidence, median)
    answer, tie = _nearest(evidence, found.place, SAME * scale.length)
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    columns = (answer, found.confidence, found.low, found.high, tie, counts)
    tasks = []
    for place, (code, confidence, low, high, tied, n) in enumerate(
        zip(*(one.tolist() for one in columns), strict=True)
    ):
        if place in coded.fixed:
            tasks.append(known(evidence, place))
            continue
        seconds = float(values_of([coded.answers[code]])[0])
        bounds = (min(low, seconds), max(high, seconds)) if found.freedom > 0 else None
        tasks.append(TaskConsensus(coded.tasks[place], coded.answers[code], confidence, None, n, tied, bounds))
    return Inferred(tuple(tasks), annotators(evidence, located))


def _nearest(evidence: ControlEvidence, place: FloatArray, same: float) -> tuple[IntArray, BoolArray]:
    """The nearest answer to each task, and true where another moment is as near: (tasks,) each; 0 without answers."""
    coded = evidence.coded
    seconds = values_of(coded.answers)
    rank = np.empty(len(coded.answers), dtype=np.int64)
    texts = np.array([_text(answer) for answer in coded.answers], dtype=np.str_)
    rank[np.lexsort((texts, seconds))] = np.arange(len(coded.answers))
    far = np.abs(seconds[coded.answer] - place[coded.task])
    least = np.full(len(coded.tasks), np.inf)
    np.minimum.at(least, coded.task, far)
    near = np.flatnonzero(far <= least[coded.task] + same)
    near = near[np.lexsort((rank[coded.answer[near]], coded.task[near]))]
    task, start = np.unique(coded.task[near], return_index=True)
    found, tie = np.zeros((2, len(coded.tasks)), dtype=np.int64)
    found[task] = coded.answer[near[start]]
    other = seconds[coded.answer[near]] > seconds[found[coded.task[near]]] + same
    tie[coded.task[near[other]]] = 1
    return found, tie.astype(np.bool_)


def _text(answer: object) -> str:
    return answer.text if isinstance(answer, Moment) else ""


METHODS: Mapping[str, Inference] = {"median": infer}
