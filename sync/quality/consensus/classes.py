"""One of several classes: a single choice, which of two, a rating as classes."""

import functools
from collections.abc import Callable, Mapping

import numpy as np
from scipy import sparse, special

from label_config.answers import Answer, Choices, Number
from label_config.model import Family

from ..evidence import ControlEvidence
from ..records import AnnotatorQuality, CodedAnswers, FloatArray, TaskConsensus, Trust
from .blend import blend
from .crowdlab import crowdlab
from .dawid_skene import dawid_skene
from .glad import glad
from .hierarchical import hierarchical
from .inference import Inference, Inferred
from .mace import mace
from .majority import majority
from .posterior import Posterior, Votes
from .wawa import wawa

Algorithm = Callable[[Votes], Posterior]

CLASSES: Mapping[str, Algorithm] = {
    "majority": majority,
    "wawa": wawa,
    "dawid-skene": dawid_skene,
    "glad": glad,
    "mace": mace,
    "hierarchical": hierarchical,
    "blend": blend,
    "crowdlab": crowdlab,
}

TIE = 1e-9
"""Two posterior probabilities closer than this are a tie."""


LEAST_SEEN, LEAST_SAID = 0.5, 0.001
"""Confusion is told of true classes of so many expected tasks of an annotator, and answers of such a probability."""


def votes_of(evidence: ControlEvidence) -> Votes:
    """The answers as votes for the classes of ``coded.answers``, with the model's voice and what is believed."""
    coded = evidence.coded
    return Votes(
        coded.task,
        coded.annotator,
        coded.answer,
        len(coded.tasks),
        len(coded.annotators),
        len(coded.answers),
        dict(coded.fixed),
        model=_model(evidence),
        trust=believed(coded, evidence.trust),
        ordered=_ordered(evidence),
    )


def _ordered(evidence: ControlEvidence) -> bool:
    """Whether the classes are the stars of a rating, in ascending order."""
    stars = [answer.value for answer in evidence.coded.answers if isinstance(answer, Number)]
    return evidence.control.family == Family.RATING and stars == sorted(stars)


def believed(coded: CodedAnswers, trust: Mapping[int, Trust]) -> FloatArray | None:
    """Right and wrong answers believed of each annotator, (annotators, 2); null where nothing is believed."""
    known = [trust.get(annotator) for annotator in coded.annotators]
    if not any(known):
        return None
    return np.array(
        [(one.accuracy * one.answers, (1 - one.accuracy) * one.answers) if one else (0.0, 0.0) for one in known]
    )


def class_name(answer: Answer) -> str:
    """What a class is called in a posterior: its label, or the number of stars; "" for the choice of nothing.

    >>> class_name(Choices(("cat",))), class_name(Number(4.0)), class_name(Number(2.5))
    ('cat', '4', '2.5')
    """
    if isinstance(answer, Choices):
        return ", ".join(answer.labels)
    if isinstance(answer, Number):
        return f"{answer.value:.10g}"
    raise TypeError(f"{type(answer).__name__} is no class")


def _model(evidence: ControlEvidence) -> FloatArray | None:
    """What the model thinks, a row a task; zeros where it gives no probability to any class."""
    if not any(opinion.probabilities for opinion in evidence.opinions.values()):
        return None
    coded = evidence.coded
    column = {class_name(answer): place for place, answer in enumerate(coded.answers)}
    found = np.zeros((len(coded.tasks), len(coded.answers)))
    for row, task in enumerate(coded.tasks):
        if (opinion := evidence.opinions.get(task)) is not None:
            for label, probability in opinion.probabilities.items():
                if label in column:
                    found[row, column[label]] = probability
    totals = found.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(found, totals, out=np.zeros_like(found), where=totals > 0)
    return shares


def by(algorithm: Algorithm) -> Inference:
    """An algorithm on votes as a method on evidence."""
    return functools.partial(_infer, algorithm)


def _infer(algorithm: Algorithm, evidence: ControlEvidence) -> Inferred:
    coded = evidence.coded
    names = [class_name(answer) for answer in coded.answers]
    if not names or not coded.tasks:
        return Inferred((), ())
    posterior = algorithm(votes_of(evidence))
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    best = posterior.probability.max(axis=1)
    tied = posterior.probability >= best[:, None] - TIE
    columns = (tied.argmax(axis=1), best, posterior.probability, counts, tied.sum(axis=1) > 1)
    tasks = tuple(
        TaskConsensus(
            task=task,
            answer=coded.answers[first],
            confidence=confidence,
            posterior={name: p for name, p in zip(names, row, strict=True) if p > 1e-9},
            annotations=annotations,
            tie=tie,
        )
        for task, first, confidence, row, annotations, tie in zip(
            coded.tasks, *(column.tolist() for column in columns), strict=True
        )
    )
    return Inferred(tasks, _qualities(coded, posterior, names))


def _qualities(coded: CodedAnswers, posterior: Posterior, names: list[str]) -> tuple[AnnotatorQuality, ...]:
    counts = np.bincount(coded.annotator, minlength=len(coded.annotators))
    quality = posterior.quality
    if quality is None:
        quality = np.einsum("k,akk->a", posterior.prior, posterior.confusion)
    low, high = quality_interval(quality, informative(coded, posterior, quality))
    confusions = _confusions(coded, posterior, names)
    return tuple(
        AnnotatorQuality(
            annotator=annotator,
            quality=float(quality[place]),
            annotations=int(counts[place]),
            confusion=confusions[place],
            low=float(low[place]),
            high=float(high[place]),
        )
        for place, annotator in enumerate(coded.annotators)
    )


def _confusions(coded: CodedAnswers, posterior: Posterior, names: list[str]) -> list[dict[str, dict[str, float]]]:
    """Everybody's confusion by the names of classes, where they answered something: see ``AnnotatorQuality``.

    The number of rows is at most twice that of answers: half a task a row is expected.
    """
    people = len(coded.annotators)
    who = sparse.csr_array((np.ones(len(coded.task)), (coded.annotator, coded.task)), shape=(people, len(coded.tasks)))
    seen = np.asarray(who @ posterior.probability) >= LEAST_SEEN
    found: list[dict[str, dict[str, float]]] = [{} for _ in range(people)]
    for person, truth in zip(*(places.tolist() for places in np.nonzero(seen)), strict=True):
        row = posterior.confusion[person, truth]
        said = np.flatnonzero(row >= LEAST_SAID)
        found[person][names[truth]] = dict(zip([names[place] for place in said], row[said].tolist(), strict=True))
    return found


def informative(coded: CodedAnswers, posterior: Posterior, quality: FloatArray) -> FloatArray:
    """How many answers of known truth would say as much about each annotator as theirs do: (annotators,).

    Louis (1982): from what the answers would say if every truth were known, what is lost is the variance of being
    right under the posterior. A tenth always remains.
    """
    people = len(coded.annotators)
    answers = np.bincount(coded.annotator, minlength=people).astype(np.float64)
    right = posterior.probability[coded.task, coded.answer]
    doubt = np.bincount(coded.annotator, right * (1 - right), people)
    lost = np.divide(doubt, quality * (1 - quality), out=np.zeros(people), where=(quality > 0) & (quality < 1))
    found: FloatArray = np.clip(answers - lost, answers / 10, answers)
    return found


def quality_interval(quality: FloatArray, answers: FloatArray) -> tuple[FloatArray, FloatArray]:
    """95 % bounds of qualities that so many answers of known truth would give, (annotators,) each.

    Quantiles of a Beta distribution with half an answer each way added (Jeffreys); they hold the quality itself.

    >>> low, high = quality_interval(np.array([0.9, 0.9]), np.array([10.0, 1000.0]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.62, 0.88], [0.99, 0.92])
    """
    right, wrong = quality * answers + 0.5, (1 - quality) * answers + 0.5
    low, high = (special.betaincinv(right, wrong, share) for share in (0.025, 0.975))
    return np.minimum(low, quality), np.maximum(high, quality)


METHODS: Mapping[str, Inference] = {name: by(algorithm) for name, algorithm in CLASSES.items()}
