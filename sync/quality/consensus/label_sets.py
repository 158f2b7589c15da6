"""Several labels together: each label on its own, as a choice between chosen and not chosen."""

import functools
from collections.abc import Mapping

import numpy as np

from label_config.answers import Choices

from ..evidence import ControlEvidence
from ..records import AnnotatorQuality, CodedAnswers, FloatArray, TaskConsensus
from .classes import CLASSES, TIE, Algorithm, believed, quality_interval
from .inference import Inference, Inferred
from .posterior import Votes


def _infer(algorithm: Algorithm, evidence: ControlEvidence) -> Inferred:
    """The confidence is that of the least certain label; a tie is not chosen."""
    coded = evidence.coded
    if not coded.answers or not coded.tasks:
        return Inferred((), ())
    has = np.array([[label in answer for label in coded.labels] for answer in coded.label_sets()], dtype=np.int64)
    trust = believed(coded, evidence.trust)
    chosen = np.zeros((len(coded.tasks), len(coded.labels)))
    quality = np.zeros((len(coded.annotators), len(coded.labels)))
    for place in range(len(coded.labels)):
        fixed = {task: int(has[answer, place]) for task, answer in coded.fixed.items()}
        said = has[coded.answer, place]
        votes = Votes(coded.task, coded.annotator, said, len(coded.tasks), len(coded.annotators), 2, fixed, trust=trust)
        posterior = algorithm(votes)
        chosen[:, place] = posterior.probability[:, 1]
        quality[:, place] = np.einsum("k,akk->a", posterior.prior, posterior.confusion)
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    tasks = tuple(_label_set(coded, task, chosen[task], int(counts[task])) for task in range(len(coded.tasks)))
    people = np.bincount(coded.annotator, minlength=len(coded.annotators))
    means = quality.mean(axis=1) if len(coded.labels) else np.ones(len(coded.annotators))
    low, high = quality_interval(means, people.astype(np.float64))
    return Inferred(
        tasks,
        tuple(
            AnnotatorQuality(
                annotator, float(means[place]), int(people[place]), {}, float(low[place]), float(high[place])
            )
            for place, annotator in enumerate(coded.annotators)
        ),
    )


def _label_set(coded: CodedAnswers, task: int, chosen: FloatArray, annotations: int) -> TaskConsensus:
    answer = tuple(label for label, p in zip(coded.labels, chosen, strict=True) if p > 0.5 + TIE)
    return TaskConsensus(
        task=coded.tasks[task],
        answer=Choices(answer),
        confidence=float(np.maximum(chosen, 1 - chosen).min(initial=1.0)),
        posterior={label: float(p) for label, p in zip(coded.labels, chosen, strict=True)},
        annotations=annotations,
        tie=bool(np.any(np.abs(chosen - 0.5) <= TIE)),
    )


METHODS: Mapping[str, Inference] = {name: functools.partial(_infer, one) for name, one in CLASSES.items()}
