"""A given answer looks wrong: to the model, or beside those of others who are sure."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from label_config.answers import Answer, Choices, Regions

from ..label_errors.against_model import Contrast, apart, contrasts
from ..label_errors.region_faults import EXTRA, LOCATED, OVERLOOKED, SWAPPED, Fault, corrected
from ..records import Finding
from .case import Case
from .disputes import brief, even, open_tasks, percent
from .dissent import against_others

LEARNED = "The model, which has not learned from this task,"


def model_conflict(case: Case) -> list[Finding]:
    """The model is sure of another answer than the consensus; the severity is its confidence.

    Other means further from it than the model usually is from the answers to this control. A model that is sure of one
    of the tied answers takes a side and contradicts nobody.
    """
    found = []
    for contrast in _contrasts(case):
        one, opinion = contrast.given, contrast.opinion
        sure = opinion.confidence
        if not contrast.differs or sure is None or sure < case.thresholds.model_sure or _takes_a_side(case, contrast):
            continue
        reason = f"{LEARNED} is {percent(sure)} sure of {brief(opinion.answer)}, not of {brief(one.answer)}."
        numbers = {"model_confidence": sure, "confidence": one.confidence, "distance": contrast.distance}
        found.append(_finding(case, "model_conflict", contrast, sure, reason, numbers))
    return found


def _contrasts(case: Case) -> list[Contrast]:
    """Of the tasks that somebody answered and nobody ruled on, in their order."""
    opinions = case.evidence.opinions
    given = list(open_tasks(case))
    found = contrasts(case.evidence.control, given, opinions)
    return [found[one.task] for one in given if one.task in found]


def _takes_a_side(case: Case, contrast: Contrast) -> bool:
    one, theirs = contrast.given, contrast.opinion.answer
    if not one.tie:
        return False
    if isinstance(theirs, Choices) and isinstance(one.answer, Choices):
        sides = {label for label in even(one, multiple=case.evidence.coded.multiple) if label}
        return set(theirs.labels) ^ set(one.answer.labels) <= sides
    coded = case.evidence.coded
    said = [coded.answers[code] for code in coded.answer[coded.task == coded.tasks.index(one.task)].tolist()]
    near = apart(case.evidence.control, [(answer, theirs) for answer in said])
    return bool(near.min() < contrast.distance and near.min() <= case.thresholds.apart)


def label_error(case: Case) -> list[Finding]:
    """The given answer is probably wrong; the severity is the probability of that.

    Two voices say so. The model, whose confidence and calibration are weighed against how often answers are wrong at
    all (``label_errors``): then the finding is about the consensus, or about the one who answered alone. And the
    others: an answer that is far from a consensus which the rest of two or more agree on is about who gave it.
    """
    return sorted([*_against_model(case), *against_others(case)], key=lambda one: (one.task, one.annotator or 0))


def _against_model(case: Case) -> Iterator[Finding]:
    alone = _alone(case)
    for contrast in _contrasts(case):
        wrong, sure = contrast.wrong, contrast.opinion.confidence
        if wrong is None or wrong < case.thresholds.wrong or not contrast.differs or _takes_a_side(case, contrast):
            continue
        one = contrast.given
        whose = "the answer" if one.annotations == 1 else "the probable answer"
        said = f"{LEARNED} says {brief(contrast.opinion.answer)}{f', {percent(sure)} sure' if sure is not None else ''}"
        reason = (
            f"{whose} {brief(one.answer)} is wrong with a probability of {percent(wrong)}: {_what(contrast, said)}."
        )
        numbers = {"wrong": wrong, "distance": contrast.distance, "confidence": one.confidence}
        if sure is not None:
            numbers["model_confidence"] = sure
        yield _finding(
            case, "label_error", contrast, wrong, reason[0].upper() + reason[1:], numbers, alone.get(one.task)
        )


def _alone(case: Case) -> dict[int, int]:
    """Tasks with one answer -> who gave it."""
    coded = case.evidence.coded
    count = np.bincount(coded.task, minlength=len(coded.tasks))
    rows = np.flatnonzero(count[coded.task] == 1)
    return {
        coded.tasks[task]: coded.annotators[person]
        for task, person in zip(coded.task[rows].tolist(), coded.annotator[rows].tolist(), strict=True)
    }


_FAULTS: Mapping[str, str] = {
    SWAPPED: "{given} should be {model}",
    LOCATED: "{given} overlaps the model's only by {overlap}",
    EXTRA: "{given} is not there",
    OVERLOOKED: "{model} was overlooked",
}


def _what(contrast: Contrast, otherwise: str) -> str:
    """What is wrong, in words; of regions the first fault by name and the others by their number."""
    if not contrast.faults:
        return otherwise[0].lower() + otherwise[1:]
    given, model = contrast.given.answer, contrast.opinion.answer
    first, more = contrast.faults[0], len(contrast.faults) - 1
    words = _FAULTS[first.kind].format(
        given=_region(given, first.given), model=_region(model, first.model), overlap=percent(first.overlap)
    )
    return f"to the model, which has not learned from this task, {words}" + (f", and {more} more" if more else "")


def _region(answer: Answer, place: int | None) -> str:
    if place is None or not isinstance(answer, Regions):
        return ""
    return f"region {place + 1} ({brief(Regions((answer.regions[place],)))})"


def _finding(
    case: Case,
    kind: str,
    contrast: Contrast,
    severity: float,
    reason: str,
    numbers: Mapping[str, float],
    annotator: int | None = None,
) -> Finding:
    return Finding(
        contrast.given.task,
        case.consensus.control,
        kind,
        severity,
        reason,
        numbers,
        annotator,
        region=contrast.faults[0].given if len(contrast.faults) == 1 else None,
        correction=_correction(contrast.given.answer, contrast.opinion.answer, contrast.faults),
    )


def _correction(given: Answer, model: Answer, faults: Sequence[Fault]) -> Answer:
    if isinstance(given, Regions) and isinstance(model, Regions):
        return corrected(given, model, faults)
    return model
