"""Several labels together where the labels come from each task's data: they have nothing in common but the people."""

from itertools import chain

import numpy as np

from label_config.answers import Choices

from ..evidence import ControlEvidence
from ..records import AnnotatorQuality, CodedAnswers, FloatArray, IntArray, TaskConsensus
from .classes import TIE, Algorithm, believed, quality_interval
from .inference import Inferred
from .posterior import Posterior, Votes


def infer(algorithm: Algorithm, evidence: ControlEvidence) -> Inferred:
    """Each label that somebody gave a task, as a choice between chosen and not chosen in which all are alike.

    So what an annotator misses or adds is one number over all labels, and the work grows with the labels that were
    given, not with tasks x labels. Labels are taken as independent of each other. What nobody gave is not chosen,
    and says nothing about people.
    """
    coded = evidence.coded
    task, label, names = _given(coded)
    found = algorithm(_votes(evidence, task, label, names))
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    order = np.argsort(task, kind="stable")
    ends = np.searchsorted(task[order], np.arange(len(coded.tasks) + 1))
    tasks = []
    for place, one in enumerate(coded.tasks):
        own = order[ends[place] : ends[place + 1]]
        chosen = {names[label[pair]]: float(found.probability[pair, 1]) for pair in own.tolist()}
        tasks.append(_consensus(one, chosen, int(counts[place])))
    return Inferred(tuple(tasks), _people(coded, found))


def _given(coded: CodedAnswers) -> tuple[IntArray, IntArray, list[str]]:
    """The distinct (task, label) pairs that were given, as two arrays, and the labels by their number."""
    sets = coded.label_sets()
    known = {label: place for place, label in enumerate(coded.labels)}
    names = sorted(set(chain.from_iterable(sets)), key=lambda label: (known.get(label, len(known)), label))
    number = {label: place for place, label in enumerate(names)}
    said = chain(zip(coded.task.tolist(), coded.answer.tolist(), strict=True), coded.fixed.items())
    pairs = sorted({(task, number[label]) for task, answer in said for label in sets[answer]})
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1], names


def _votes(evidence: ControlEvidence, task: IntArray, label: IntArray, names: list[str]) -> Votes:
    """A vote of everybody who answered the task on each label that it was given."""
    coded = evidence.coded
    sets = [frozenset(labels) for labels in coded.label_sets()]
    rows: list[list[int]] = [[] for _ in coded.tasks]
    for row, place in enumerate(coded.task.tolist()):
        rows[place].append(row)
    pairs = list(enumerate(zip(task.tolist(), label.tolist(), strict=True)))
    cast = np.array(
        [
            (pair, coded.annotator[row], names[name] in sets[coded.answer[row]])
            for pair, (place, name) in pairs
            for row in rows[place]
        ],
        dtype=np.int64,
    ).reshape(-1, 3)
    fixed = {
        pair: int(names[name] in sets[coded.fixed[place]]) for pair, (place, name) in pairs if place in coded.fixed
    }
    trust = believed(coded, evidence.trust)
    return Votes(cast[:, 0], cast[:, 1], cast[:, 2], len(task), len(coded.annotators), 2, fixed, trust=trust)


def _consensus(task: int, chosen: dict[str, float], annotations: int) -> TaskConsensus:
    return TaskConsensus(
        task=task,
        answer=Choices(tuple(label for label, p in chosen.items() if p > 0.5 + TIE)),
        confidence=min((max(p, 1 - p) for p in chosen.values()), default=1.0),
        posterior=chosen,
        annotations=annotations,
        tie=any(abs(p - 0.5) <= TIE for p in chosen.values()),
    )


def _people(coded: CodedAnswers, found: Posterior) -> tuple[AnnotatorQuality, ...]:
    counts = np.bincount(coded.annotator, minlength=len(coded.annotators))
    quality: FloatArray = np.einsum("k,akk->a", found.prior, found.confusion)
    low, high = quality_interval(quality, counts.astype(np.float64))
    columns = (quality, counts, low, high)
    return tuple(
        AnnotatorQuality(annotator, right, answers, {}, least, most)
        for annotator, right, answers, least, most in zip(
            coded.annotators, *(column.tolist() for column in columns), strict=True
        )
    )
