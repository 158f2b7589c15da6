"""What a label that is good enough costs: the time of everybody who answered or ruled, and money where that is told."""

from dataclasses import dataclass

import numpy as np

from ..records import FloatArray

CAP = 10.0
"""No answer counts with more than so many times the median of its kind: the tab was left open."""
NO_TIMES = "Label Studio says of no answer how long it took"
NO_LABELS = "no label is accepted yet"


@dataclass(frozen=True, slots=True)
class Cost:
    """Minutes of work and what comes of them.

    ``minutes`` are those of ``answers`` and ``reviews`` together, ``review_minutes`` those of reviews alone;
    ``per_label`` is minutes over ``labels``, ``money`` the same at the price of an hour (null: no price was told).
    ``unknown`` answers and reviews have no time and count as the mean of their kind (reviews of which no time is known
    as that of answers), ``capped`` as the cap. Where nothing can be said the numbers are null, with the reason.
    """

    answers: int
    reviews: int
    labels: int
    unknown: int
    capped: int
    minutes: float | None = None
    review_minutes: float | None = None
    per_label: float | None = None
    money: float | None = None
    reason: str | None = None


def cost(answers: FloatArray, reviews: FloatArray, labels: int, an_hour: float = 0.0) -> Cost:
    """From the seconds that each answer and each ruling took (NaN unknown) and the number of accepted labels.

    >>> found = cost(np.array([60.0, 60.0, 60.0, np.nan, 86400.0]), np.array([120.0]), 2, an_hour=30)
    >>> found.minutes, found.per_label, found.money, found.capped, found.unknown
    (18.25, 9.125, 4.5625, 1, 1)
    """
    said, ruled = _seconds(answers), _seconds(reviews)
    unknown, capped = said.unknown + ruled.unknown, said.capped + ruled.capped
    found = (len(answers), len(reviews), labels, unknown, capped)
    if said.mean is None:
        return Cost(*found, reason=NO_TIMES)
    for_reviews = len(reviews) * (said.mean if ruled.mean is None else ruled.mean) / 60
    minutes = len(answers) * said.mean / 60 + for_reviews
    if not labels:
        return Cost(*found, minutes, for_reviews, reason=NO_LABELS)
    each = minutes / labels
    return Cost(*found, minutes, for_reviews, each, each / 60 * an_hour if an_hour else None)


@dataclass(frozen=True, slots=True)
class _Seconds:
    mean: float | None
    unknown: int
    capped: int


def _seconds(given: FloatArray) -> _Seconds:
    """Of one kind: their mean, none above the cap; null where no time is known."""
    known = given[~np.isnan(given)]
    unknown = len(given) - len(known)
    if not len(known):
        return _Seconds(None, unknown, 0)
    cap = CAP * float(np.median(known))
    return _Seconds(float(np.minimum(known, cap).mean()), unknown, int(np.count_nonzero(known > cap)))
