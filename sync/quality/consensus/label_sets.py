"""Several labels together: each label on its own, or whole sets of labels as they occur together."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from label_config.answers import Choices

from ..evidence import ControlEvidence
from ..records import AnnotatorQuality, BoolArray, CodedAnswers, FloatArray, TaskConsensus
from . import open_labels
from .classes import CLASSES, TIE, Algorithm, believed, quality_interval
from .inference import Inference, Inferred
from .label_set_model import SetPosterior, SetVotes, label_set_model
from .posterior import Votes
from .reliability import believed_answers

SETS = "label-sets"
"""The name of the method that takes the dependence of labels into account."""


def independent(algorithm: Algorithm, evidence: ControlEvidence) -> Inferred:
    """Each label apart, as a choice between chosen and not chosen; that assumes that labels are independent.

    The confidence is that of the least certain label; a label as probable as not is a tie and not chosen. Labels from
    the task's data are exchangeable: see ``open_labels``.
    """
    coded = evidence.coded
    if not coded.answers or not coded.tasks:
        return Inferred((), ())
    if evidence.control.dynamic:
        return open_labels.infer(algorithm, evidence)
    names = labels_of(coded)
    chosen, says, share = label_by_label(algorithm, evidence, membership(coded, names), names)
    quality = np.where(np.isnan(share), 1.0, share * says[:, 1] + (1 - share) * (1 - says[:, 0]))
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    tasks = tuple(
        label_set(coded.tasks[task], names, chosen[task], int(counts[task])) for task in range(len(coded.tasks))
    )
    return Inferred(tasks, people(evidence, quality.mean(axis=1) if names else np.ones(len(quality)), says, names))


def labels_of(coded: CodedAnswers) -> tuple[str, ...]:
    """The interface's labels in its order, then others that occur, by their text."""
    known = set(coded.labels)
    return (*coded.labels, *sorted({label for labels in coded.label_sets() for label in labels} - known))


def membership(coded: CodedAnswers, names: Sequence[str]) -> BoolArray:
    """Which labels each distinct answer has: (answers, labels)."""
    column = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(coded.answers), len(names)), dtype=np.bool_)
    for row, labels in enumerate(coded.label_sets()):
        found[row, [column[label] for label in labels]] = True
    return found


def label_by_label(
    algorithm: Algorithm, evidence: ControlEvidence, has: BoolArray, names: Sequence[str]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """An algorithm for classes on each label of the answers ``has`` (answers, labels).

    Gives the probability of each label (tasks, labels); that an annotator names one that is not there, and one that
    is (annotators, 2, labels); and how often each label holds (labels,).
    """
    coded = evidence.coded
    sizes = len(coded.tasks), len(coded.annotators), 2
    trust = believed(coded, evidence.trust)
    chosen = np.zeros((len(coded.tasks), len(names)))
    says = np.zeros((len(coded.annotators), 2, len(names)))
    share = np.zeros(len(names))
    for place, name in enumerate(names):
        fixed = {task: int(has[answer, place]) for task, answer in coded.fixed.items()}
        said = has[coded.answer, place].astype(np.int64)
        model = _model(evidence, name)
        found = algorithm(Votes(coded.task, coded.annotator, said, *sizes, fixed, model=model, trust=trust))
        chosen[:, place] = found.probability[:, 1]
        says[:, :, place] = found.confusion[:, :, 1]
        share[place] = found.prior[1]
    return chosen, says, share


def _model(evidence: ControlEvidence, label: str) -> FloatArray | None:
    """What the model thinks of one label, (tasks, 2); zeros where it says nothing, null where it nowhere does."""
    found = np.zeros((len(evidence.coded.tasks), 2))
    for row, task in enumerate(evidence.coded.tasks):
        opinion = evidence.opinions.get(task)
        if opinion is not None and label in opinion.probabilities:
            found[row] = (1 - opinion.probabilities[label], opinion.probabilities[label])
    return found if found.any() else None


def label_set(task: int, names: Sequence[str], chosen: FloatArray, annotations: int) -> TaskConsensus:
    """The labels that are more probable than not."""
    return TaskConsensus(
        task=task,
        answer=Choices(tuple(label for label, p in zip(names, chosen.tolist(), strict=True) if p > 0.5 + TIE)),
        confidence=float(np.maximum(chosen, 1 - chosen).min(initial=1.0)),
        posterior=dict(zip(names, chosen.tolist(), strict=True)),
        annotations=annotations,
        tie=bool(np.any(np.abs(chosen - 0.5) <= TIE)),
    )


def people(
    evidence: ControlEvidence, quality: FloatArray, says: FloatArray, names: Sequence[str]
) -> tuple[AnnotatorQuality, ...]:
    """Everybody's mean probability of being right on a label, and how often they name one that is there.

    ``confusion`` has for each label that is there the probabilities that they chose it ("chosen") or not.
    """
    counts = np.bincount(evidence.coded.annotator, minlength=len(evidence.coded.annotators))
    low, high = quality_interval(quality, counts.astype(np.float64))
    return tuple(
        AnnotatorQuality(
            annotator=annotator,
            quality=float(quality[place]),
            annotations=int(counts[place]),
            confusion={
                name: {"chosen": p, "not chosen": 1 - p} for name, p in zip(names, says[place, 1].tolist(), strict=True)
            },
            low=float(low[place]),
            high=float(high[place]),
        )
        for place, annotator in enumerate(evidence.coded.annotators)
    )


def set_votes(evidence: ControlEvidence, has: BoolArray) -> SetVotes:
    """The answers ``has`` (answers, labels) as votes for sets.

    Those that may be true are the ones that somebody gave, those of labels that most of a task's annotators chose,
    and the ones of labels that at least half did.
    """
    coded = evidence.coded
    right, every = believed_answers(coded, evidence.trust)
    voice, place = np.unique(coded.annotator * len(has) + coded.answer, return_inverse=True)
    shape = (len(coded.tasks), len(voice))
    votes = SetVotes(
        sparse.csr_array((np.ones(len(place)), (coded.task, place)), shape=shape),
        voice // len(has),
        has[voice % len(has)],
        has,
        dict(coded.fixed),
        right,
        every - right,
    )
    share = votes.shares()
    sets = np.unique(np.concatenate([has, share > 0.5 + TIE, share > 0.5 - TIE]), axis=0)
    order = np.lexsort((*(~sets[:, ::-1]).T, sets.sum(axis=1)))
    return votes.with_sets(sets[order])


def dependent(evidence: ControlEvidence) -> Inferred:
    """The most probable set of labels, where sets are as frequent as they turn out to be (``label_set_model``).

    The posterior has each label's probability over all sets, the confidence is that of the least certain label of the
    set. Equally probable sets are a tie: the smallest one is named, then the first by the interface's order.
    """
    coded = evidence.coded
    if not coded.answers or not coded.tasks:
        return Inferred((), ())
    names = labels_of(coded)
    votes = set_votes(evidence, membership(coded, names))
    found = label_set_model(votes)
    counts = np.bincount(coded.task, minlength=len(coded.tasks))
    tasks = tuple(
        TaskConsensus(
            task=task,
            answer=Choices(tuple(label for label, there in zip(names, votes.sets[best], strict=True) if there)),
            confidence=confidence,
            posterior=dict(zip(names, chosen.tolist(), strict=True)),
            annotations=annotations,
            tie=tie,
        )
        for task, best, confidence, chosen, annotations, tie in zip(
            coded.tasks,
            found.best.tolist(),
            least_certain(votes, found).tolist(),
            found.chosen,
            counts.tolist(),
            found.tie.tolist(),
            strict=True,
        )
    )
    return Inferred(tasks, people(evidence, right(found), found.says, names))


def least_certain(votes: SetVotes, found: SetPosterior) -> FloatArray:
    """The probability of the least certain label of the most probable set, chosen or not: (tasks,)."""
    there = votes.sets[found.best]
    least: FloatArray = np.where(there, found.chosen, 1 - found.chosen).min(axis=1, initial=1.0)
    return least


def right(found: SetPosterior) -> FloatArray:
    """The mean over the labels of the probability that an annotator is right on it: (annotators,)."""
    if not len(found.share):
        return np.ones(len(found.says))
    each = found.share * found.says[:, 1] + (1 - found.share) * (1 - found.says[:, 0])
    mean: FloatArray = each.mean(axis=1)
    return mean


def choose(evidence: ControlEvidence) -> tuple[str, str]:
    """Which method fits several labels, and why in words: sets where enough was said to learn them and people."""
    coded = evidence.coded
    if evidence.control.dynamic:
        return "majority", "labels from the task's data occur in one task only: no set of them can be learned"
    if len(coded.annotators) < 3:
        return "majority", "fewer than three annotators: where two differ, nothing shows who is right"
    per_task = len(coded.task) / len(np.unique(coded.task))
    per_person = float(np.median(np.bincount(coded.annotator)))
    if per_task < 1.2:
        return "majority", f"{per_task:.1f} answers a task are too few to compare annotators"
    if per_person < 4:
        return "majority", f"a median of {per_person:.0f} answers an annotator is too few to learn what each one misses"
    return SETS, "labels are inferred together: which of them occur together is learned from all tasks"


METHODS: Mapping[str, Inference] = {
    **{name: functools.partial(independent, one) for name, one in CLASSES.items()},
    SETS: dependent,
}
