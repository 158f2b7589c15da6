"""One person's answer stands against those of all others, who agree."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from label_config.answers import Answer

from ..label_errors.against_model import ON_SCALES, differences, value_on_scale
from ..label_errors.limits import limit
from ..label_errors.region_faults import Fault
from ..records import BoolArray, Finding, FloatArray, IntArray, TaskConsensus
from .case import Case
from .disputes import brief, open_tasks, percent
from .doubt import doubts


def against_others(case: Case) -> Iterator[Finding]:
    """Of tasks with three answers or more, the one answer that is far from the consensus, if all others are near it.

    On scales, whose consensus a wrong answer draws towards itself, it is the lowest or the highest answer that is
    further from its neighbour than is usual, and than the others are from each other. Where the consensus is with
    it, it stands against nothing.
    """
    coded, control = case.evidence.coded, case.evidence.control
    given = {one.task: one for one in open_tasks(case) if one.annotations > 2}
    rows = np.array([row for row, task in enumerate(coded.task.tolist()) if coded.tasks[task] in given], dtype=np.int64)
    if not len(rows):
        return
    consensus = [given[coded.tasks[task]] for task in coded.task[rows].tolist()]
    said = [coded.answers[code] for code in coded.answer[rows].tolist()]
    far, dissents, faults = differences(
        control, [(answer, one.answer) for answer, one in zip(said, consensus, strict=True)]
    )
    if control.family in ON_SCALES and not control.per_region:
        dissents = _apart_from_all(coded.task[rows], np.array([value_on_scale(answer) for answer in said]))
        dissents &= np.array([answer != one.answer for answer, one in zip(said, consensus, strict=True)])
    dissenters = Counter(coded.task[rows[dissents]].tolist())
    exactly = Counter(one.task for answer, one in zip(said, consensus, strict=True) if answer == one.answer)
    right = _right(coded.annotator[rows], dissents, len(coded.annotators))
    doubt = doubts(case) if dissents.any() else {}
    for at in np.flatnonzero(dissents).tolist():
        person = coded.annotators[coded.annotator[rows[at]]]
        wrong = _outvoted(right[coded.annotator[rows[at]]], float(right.mean()), consensus[at].annotations - 1)
        if dissenters[int(coded.task[rows[at]])] == 1 and wrong >= case.thresholds.outvoted:
            agree = exactly[consensus[at].task] == consensus[at].annotations - 1
            yield _dissent(
                case,
                consensus[at],
                person,
                said[at],
                agree,
                float(far[at]),
                wrong,
                doubt[consensus[at].task],
                faults[at],
            )


def _apart_from_all(task: IntArray, values: FloatArray) -> BoolArray:
    """True for the end of a task's values that is far from the others: (rows,)."""
    order = np.lexsort((values, task))
    ordered, of = values[order], task[order]
    first = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]]))
    last = np.concatenate([first[1:], [len(of)]]) - 1
    below, above = ordered[first + 1] - ordered[first], ordered[last] - ordered[last - 1]
    inner = np.diff(ordered)
    inside = np.ones(len(ordered), dtype=np.bool_)
    inside[first] = inside[last] = False
    middle = np.flatnonzero(inside)
    gaps = np.concatenate([below, above, np.minimum(inner[middle - 1], inner[middle])])
    usual = max(limit(gaps, otherwise=0.1 * float(np.ptp(values))), float(np.quantile(gaps, 0.9)))
    apart = np.zeros(len(values), dtype=np.bool_)
    apart[order[first]] = (below > usual) & (below > ordered[last] - ordered[first + 1])
    apart[order[last]] |= (above > usual) & (above > ordered[last - 1] - ordered[first])
    return apart


def _right(annotator: IntArray, dissents: BoolArray, annotators: int) -> FloatArray:
    """How often each annotator does not stand apart, as after twice more and once that they did: (annotators,)."""
    answers = np.bincount(annotator, minlength=annotators)
    right: FloatArray = (answers - np.bincount(annotator, dissents, annotators) + 2) / (answers + 3)
    return right


def _outvoted(own: float, usual: float, others: int) -> float:
    """The probability that one is wrong and all others of the task are right, rather than the other way round.

    Everybody errs on their own; that so many err in the same way is taken to be no less probable than that.
    """
    right, theirs = min(max(own, 0.02), 0.98), min(max(usual, 0.02), 0.98)
    odds = (1 - right) / right * (theirs / (1 - theirs)) ** others
    return float(odds / (1 + odds))


def _dissent(
    case: Case,
    one: TaskConsensus,
    person: int,
    said: Answer,
    agree: bool,
    distance: float,
    wrong: float,
    doubt: float,
    faults: Sequence[Fault],
) -> Finding:
    others = one.annotations - 1
    reason = (
        f"One annotator said {brief(said)}, the {others} others {brief(one.answer)}{'' if agree else ' or nearly so'}: "
        f"the one is wrong with a probability of {percent(wrong)}."
    )
    return Finding(
        one.task,
        case.consensus.control,
        "label_error",
        wrong,
        reason,
        {"wrong": wrong, "distance": distance, "others": float(others), "doubt": doubt},
        person,
        region=faults[0].given if len(faults) == 1 else None,
        correction=one.answer,
        doubt=doubt,
    )
