"""What the answer probably is: one algorithm a file, all of them in one dict.

Each algorithm takes the coded answers of a single-choice control and returns a ``Posterior``. Multiple choices are
inferred label by label, each as a choice between chosen and not chosen. Rulings and ground truths are fixed
points: they override, and they teach.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ..records import AnnotatorQuality, CodedAnswers, ControlConsensus, FloatArray, IntArray, TaskConsensus
from .dawid_skene import dawid_skene
from .majority import majority
from .posterior import Posterior, Votes

Algorithm = Callable[[Votes], Posterior]

CONSENSUS: Mapping[str, Algorithm] = {"majority": majority, "dawid-skene": dawid_skene}

TIE = 1e-9
"""Two posterior probabilities closer than this are a tie."""


def infer(control: str, coded: CodedAnswers, method: str = "auto") -> ControlConsensus:
    """The consensus on one control.

    ``method`` is a name in CONSENSUS or "auto", which chooses from the data and says why. Raises ValueError that
    lists the valid names for any other.
    """
    if method != "auto" and method not in CONSENSUS:
        raise ValueError(f"no consensus method is named {method!r}; there are: auto, {', '.join(CONSENSUS)}")
    name, reason = choose(coded) if method == "auto" else (method, "asked for by name")
    found = _multiple(coded, CONSENSUS[name]) if coded.multiple else _single(coded, CONSENSUS[name])
    return ControlConsensus(control, name, reason, *found)


def choose(coded: CodedAnswers) -> tuple[str, str]:
    """Which algorithm fits the data, and why in words.

    Estimating whom to trust on what takes answers: without enough a person, counting votes is safer.
    """
    if not len(coded.task):
        return "majority", "nobody has answered yet"
    labels = 2 if coded.multiple else max(2, len(coded.labels))
    per_person = float(np.median(np.bincount(coded.annotator)))
    per_task = len(coded.task) / len(np.unique(coded.task))
    if len(coded.annotators) < 3:
        return "majority", "fewer than three annotators: where two differ, nothing shows who is right"
    if per_task < 1.2:
        return "majority", f"{per_task:.1f} answers a task are too few to compare annotators"
    if per_person < 2 * labels:
        return (
            "majority",
            f"a median of {per_person:.0f} answers an annotator is too few to learn whom to trust on {labels} labels",
        )
    return "dawid-skene", f"a median of {per_person:.0f} answers an annotator shows whom to trust on what"


def _votes(coded: CodedAnswers, answer: IntArray, classes: int, fixed: Mapping[int, int]) -> Votes:
    return Votes(coded.task, coded.annotator, answer, len(coded.tasks), len(coded.annotators), classes, dict(fixed))


def _single(
    coded: CodedAnswers, algorithm: Algorithm
) -> tuple[tuple[TaskConsensus, ...], tuple[AnnotatorQuality, ...]]:
    sets = coded.label_sets()
    names = [", ".join(answer) for answer in sets]
    if not names or not coded.tasks:
        return (), ()
    posterior = algorithm(_votes(coded, coded.answer, len(names), coded.fixed))
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    best = posterior.probability.max(axis=1)
    tied = posterior.probability >= best[:, None] - TIE
    columns = (tied.argmax(axis=1), best, posterior.probability, counts, tied.sum(axis=1) > 1)
    tasks = tuple(
        TaskConsensus(
            task=task,
            answer=sets[first],
            confidence=confidence,
            posterior={name: p for name, p in zip(names, row, strict=True) if p > 1e-6},
            annotations=annotations,
            tie=tie,
        )
        for task, first, confidence, row, annotations, tie in zip(
            coded.tasks, *(column.tolist() for column in columns), strict=True
        )
    )
    return tasks, _qualities(coded, posterior, names)


def _qualities(coded: CodedAnswers, posterior: Posterior, names: list[str]) -> tuple[AnnotatorQuality, ...]:
    counts = np.bincount(coded.annotator, minlength=len(coded.annotators))
    return tuple(
        AnnotatorQuality(
            annotator=annotator,
            quality=float(posterior.prior @ np.diagonal(posterior.confusion[place])),
            annotations=int(counts[place]),
            confusion={
                truth: {name: float(p) for name, p in zip(names, row, strict=True)}
                for truth, row in zip(names, posterior.confusion[place], strict=True)
            },
        )
        for place, annotator in enumerate(coded.annotators)
    )


def _multiple(
    coded: CodedAnswers, algorithm: Algorithm
) -> tuple[tuple[TaskConsensus, ...], tuple[AnnotatorQuality, ...]]:
    """Each label on its own: chosen or not. The confidence is that of the least certain label; a tie is not chosen."""
    if not coded.answers or not coded.tasks:
        return (), ()
    has = np.array([[label in answer for label in coded.labels] for answer in coded.label_sets()], dtype=np.int64)
    chosen = np.zeros((len(coded.tasks), len(coded.labels)))
    quality = np.zeros((len(coded.annotators), len(coded.labels)))
    for place in range(len(coded.labels)):
        fixed = {task: int(has[answer, place]) for task, answer in coded.fixed.items()}
        posterior = algorithm(_votes(coded, has[coded.answer, place], 2, fixed))
        chosen[:, place] = posterior.probability[:, 1]
        quality[:, place] = np.einsum("k,akk->a", posterior.prior, posterior.confusion)
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    tasks = tuple(_label_set(coded, task, chosen[task], int(counts[task])) for task in range(len(coded.tasks)))
    people = np.bincount(coded.annotator, minlength=len(coded.annotators))
    return tasks, tuple(
        AnnotatorQuality(annotator, float(quality[place].mean()), int(people[place]), {})
        for place, annotator in enumerate(coded.annotators)
    )


def _label_set(coded: CodedAnswers, task: int, chosen: FloatArray, annotations: int) -> TaskConsensus:
    answer = tuple(label for label, p in zip(coded.labels, chosen, strict=True) if p > 0.5 + TIE)
    return TaskConsensus(
        task=coded.tasks[task],
        answer=answer,
        confidence=float(np.maximum(chosen, 1 - chosen).min()),
        posterior={label: float(p) for label, p in zip(coded.labels, chosen, strict=True)},
        annotations=annotations,
        tie=bool(np.any(np.abs(chosen - 0.5) <= TIE)),
    )
