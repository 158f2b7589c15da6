"""How reliable annotators are whose answers are right by degrees: the expected 1 - distance to the right answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from ..records import AnnotatorQuality, BoolArray, CodedAnswers, FloatArray, IntArray, Trust

STRENGTH = 3.0
"""How many answers of the average annotator are added to everybody's."""
NEAREST = 0.05
"""Nobody's mean distance to the right answer counts as less, so that no weight is boundless."""


def shrunk_quality(
    coded: CodedAnswers, annotator: IntArray, near: FloatArray, trust: Mapping[int, Trust]
) -> tuple[FloatArray, FloatArray]:
    """Each annotator's mean nearness, drawn towards everybody's, and from how many answers: (annotators,) each.

    ``near`` in [0, 1] is 1 - distance to the right answer, as far as one can tell without the annotator; beside it
    stands whose answer it is, a place in ``coded.annotators``. The mean over everybody is drawn towards a half by one
    answer; that of each person by ``STRENGTH`` answers towards it, and by what ``trust`` believes.

    >>> coded = CodedAnswers(*np.zeros((3, 0), dtype=np.int64), (), (4, 9), (), ())
    >>> quality, answers = shrunk_quality(coded, np.array([0, 0, 0]), np.ones(3), {})
    >>> quality.round(3).tolist(), answers.tolist()  # everybody: (3 + 1/2) / 4; the second said nothing
    ([0.938, 0.875], [3.0, 0.0])
    """
    people = len(coded.annotators)
    answers = np.bincount(annotator, minlength=people).astype(np.float64)
    total = np.bincount(annotator, near, minlength=people)
    everybody = (total.sum() + 0.5) / (answers.sum() + 1.0)
    right, believed = believed_answers(coded, trust)
    quality = (total + STRENGTH * everybody + right) / (answers + STRENGTH + believed)
    return np.clip(quality, 0.0, 1.0), answers + believed


def believed_answers(coded: CodedAnswers, trust: Mapping[int, Trust]) -> tuple[FloatArray, FloatArray]:
    """How many answers are believed of each annotator beforehand, the right ones and all: (annotators,) each."""
    known = [trust.get(annotator) for annotator in coded.annotators]
    every = np.array([one.answers if one else 0.0 for one in known], dtype=np.float64)
    right = np.array([one.accuracy * one.answers if one else 0.0 for one in known], dtype=np.float64)
    return right, every


def weights(quality: FloatArray) -> FloatArray:
    """What an answer of each annotator weighs: 1 / mean distance to the right answer, their mean 1.

    Where distances to the right answer are exponential with such means, the answer with the least weighted sum of
    distances to the given ones is the most likely one.
    """
    found = 1.0 / np.maximum(1.0 - quality, NEAREST)
    return found / found.mean() if len(found) else found


def quality_records(
    coded: CodedAnswers,
    quality: FloatArray,
    answers: FloatArray,
    confusion: Sequence[Mapping[str, Mapping[str, float]]] = (),
) -> tuple[AnnotatorQuality, ...]:
    """The qualities, which were estimated from so many ``answers``, as records, with 95 % Beta quantiles.

    Nearness within [0, 1] varies most where it is 0 or 1, so that the interval of counts is on the safe side.
    """
    counts = np.bincount(coded.annotator, minlength=len(coded.annotators))
    right, wrong = quality * (answers + STRENGTH) + 0.5, (1 - quality) * (answers + STRENGTH) + 0.5
    low, high = (special.betaincinv(right, wrong, share) for share in (0.025, 0.975))
    low, high = np.minimum(low, quality), np.maximum(high, quality)
    return tuple(
        AnnotatorQuality(
            annotator=annotator,
            quality=float(quality[place]),
            annotations=int(counts[place]),
            confusion=confusion[place] if confusion else {},
            low=float(low[place]),
            high=float(high[place]),
        )
        for place, annotator in enumerate(coded.annotators)
    )


def never_compared(coded: CodedAnswers) -> BoolArray:
    """True for who shares no task with anybody and answered none whose truth is known: (annotators,).

    Nothing shows how reliable they are: the interval of their quality is all of [0, 1].
    """
    shared = np.bincount(coded.task, minlength=len(coded.tasks)) > 1
    shared[list(coded.fixed)] = True
    times = np.bincount(coded.annotator, shared[coded.task], len(coded.annotators))
    alone: BoolArray = times == 0
    return alone


def widest_where_unknown(coded: CodedAnswers, found: Sequence[AnnotatorQuality]) -> tuple[AnnotatorQuality, ...]:
    """The qualities, of which those that nothing shows have the interval [0, 1], whatever the method makes of them."""
    alone = {person for person, one in zip(coded.annotators, never_compared(coded).tolist(), strict=True) if one}
    return tuple(replace(one, low=0.0, high=1.0) if one.annotator in alone else one for one in found)
