"""Two rankings that are not the same: what to label next, and what to check.

Informativeness asks how much an answer would teach: it is high where the model does not know and few have answered. An
ambiguous task that several surely answered has little left to teach. Doubt asks whether the present answer is wrong:
it is high where the model, or the others, are sure of something else; a task that nobody answered has none. ActiveLab
puts both on one scale for who has to choose between a new answer and another one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from label_config.answers import Choices
from label_config.model import Control, Family

from .activelab import activelab
from .consensus.classes import votes_of
from .evidence import ControlEvidence
from .label_errors.against_model import contrasts
from .records import ControlConsensus, FloatArray, Opinion

Uncertainty = Callable[[FloatArray], FloatArray]


def entropy(probabilities: FloatArray) -> FloatArray:
    """The entropy of each row over that of an even guess: (tasks,), in [0, 1]; 0 with one class.

    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).tolist()
    [1.0, 0.0]
    """
    classes = probabilities.shape[1]
    if classes < 2:
        return np.zeros(len(probabilities))
    logs = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    uncertain: FloatArray = np.clip(np.abs((probabilities * logs).sum(axis=1)) / np.log(classes), 0.0, 1.0)
    return uncertain


def margin(probabilities: FloatArray) -> FloatArray:
    """1 - how far the most probable class is ahead of the second: (tasks,), in [0, 1]; 0 with one class.

    >>> margin(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist()
    [1.0, 0.0]
    """
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    uncertain: FloatArray = np.clip(1 - (two[:, 1] - two[:, 0]), 0.0, 1.0)
    return uncertain


def least_confidence(probabilities: FloatArray) -> FloatArray:
    """1 - the probability of the most probable class, over that of an even guess: (tasks,), in [0, 1].

    >>> least_confidence(np.array([[0.5, 0.5], [1.0, 0.0]])).tolist()
    [1.0, 0.0]
    """
    classes = probabilities.shape[1]
    if classes < 2:
        return np.zeros(len(probabilities))
    uncertain: FloatArray = np.clip((1 - probabilities.max(axis=1)) * classes / (classes - 1), 0.0, 1.0)
    return uncertain


UNCERTAINTIES: Mapping[str, Uncertainty] = {
    "entropy": entropy,
    "margin": margin,
    "least_confidence": least_confidence,
}
"""Name -> how uncertain a model is; the first is the default (Settles 2009, section 3.1)."""


def informativeness(evidence: ControlEvidence, uncertainty: str = "entropy") -> dict[int, float]:
    """Task -> how much an answer would teach, in [0, 1], higher = label it first.

    The model's uncertainty divided by 1 + the number of answers there are: each leaves less to learn from the next.
    Of several labels together it is the mean over the labels; of a model without probabilities 1 - its confidence.
    Tasks are those that were answered and those that the model has an opinion of, others are not known here. Where
    nothing is known of the model's uncertainty it is 1. Rulings leave nothing: 0. Raises ValueError for another name,
    which lists the names there are.
    """
    if uncertainty not in UNCERTAINTIES:
        raise ValueError(f"no uncertainty is named {uncertainty!r}; there are: {', '.join(UNCERTAINTIES)}")
    coded = evidence.coded
    answers = dict(zip(coded.tasks, np.bincount(coded.task, minlength=len(coded.tasks)).tolist(), strict=True))
    tasks = sorted({*coded.tasks, *evidence.opinions})
    unknown = _uncertain(evidence.control, [evidence.opinions.get(task) for task in tasks], UNCERTAINTIES[uncertainty])
    ruled = {coded.tasks[place] for place in coded.fixed}
    return {
        task: 0.0 if task in ruled else float(value) / (1 + answers.get(task, 0))
        for task, value in zip(tasks, unknown.tolist(), strict=True)
    }


def _uncertain(control: Control, opinions: Sequence[Opinion | None], measure: Uncertainty) -> FloatArray:
    unknown = np.ones(len(opinions))
    for at, opinion in enumerate(opinions):
        if opinion is not None and opinion.confidence is not None:
            unknown[at] = 1 - min(max(opinion.confidence, 0.0), 1.0)
    labels = tuple(dict.fromkeys([*control.labels, *(label for one in opinions if one for label in one.probabilities)]))
    said = [at for at, one in enumerate(opinions) if one is not None and sum(one.probabilities.values()) > 0]
    if not said or not labels:
        return unknown
    table = np.array([[_probability(opinions[at], label) for label in labels] for at in said])
    if control.multiple:
        both = np.clip(np.stack([1 - table, table], axis=2), 0.0, 1.0).reshape(-1, 2)
        unknown[said] = measure(both).reshape(table.shape).mean(axis=1)
    else:
        unknown[said] = measure(table / table.sum(axis=1, keepdims=True))
    return unknown


def _probability(opinion: Opinion | None, label: str) -> float:
    return 0.0 if opinion is None else max(opinion.probabilities.get(label, 0.0), 0.0)


def doubt(evidence: ControlEvidence, consensus: ControlConsensus) -> dict[int, float]:
    """Task -> how probably the present answer is wrong, in [0, 1], higher = check it first.

    By the model where it says how sure it is (see ``label_errors``), else 1 - the confidence of the consensus; the
    larger of the two where several answered. Tasks that nobody answered have no present answer and are left out; what
    was ruled is right: 0.
    """
    ruled = {evidence.coded.tasks[place] for place in evidence.coded.fixed}
    present = [one for one in consensus.tasks if one.annotations or one.task in ruled]
    beside = contrasts(evidence.control, [one for one in present if one.task not in ruled], evidence.opinions)
    found = {}
    for one in present:
        contrast = beside.get(one.task)
        by_model = None if contrast is None else contrast.wrong
        by_people = min(max(1 - one.confidence, 0.0), 1.0)
        wrong = by_people if by_model is None else max(by_model, by_people if one.annotations > 1 else 0.0)
        found[one.task] = 0.0 if one.task in ruled else wrong
    return found


def next_answer(evidence: ControlEvidence) -> dict[int, float]:
    """Task -> ActiveLab's gain of another answer, in [0, 1], higher = ask about it first, answered or not.

    For one of several labels (see ``activelab``). Raises ValueError for other controls, whose answers have no
    probabilities.
    """
    control, coded = evidence.control, evidence.coded
    if control.family != Family.CHOICES or control.multiple or control.per_region:
        raise ValueError(f"control {control.name!r}: ActiveLab chooses between answers that are one of several labels")
    known = set(coded.tasks)
    more = tuple(sorted(task for task in evidence.opinions if task not in known))
    return dict(zip((*coded.tasks, *more), activelab(votes_of(_widened(evidence, more))).tolist(), strict=True))


def _widened(evidence: ControlEvidence, more: tuple[int, ...]) -> ControlEvidence:
    """The evidence with tasks that nobody answered, after the others, and all labels as answers."""
    coded = evidence.coded
    offered = tuple(Choices((label,)) for label in evidence.control.labels)
    unseen = tuple(answer for answer in offered if answer not in coded.answers)
    return replace(evidence, coded=replace(coded, tasks=(*coded.tasks, *more), answers=(*coded.answers, *unseen)))
