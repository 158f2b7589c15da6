"""A reliability-weighted median: one of the answers, or halfway between two."""

import numpy as np

from .gaussian import gaussian
from .readings import Located, Readings
from .robust_mean import cleaned
from .weighted_median import weighted_medians


def median(readings: Readings) -> Located:
    """The median of the answers, each weighted by 1 / its annotator's mean absolute error; of two such the middle.

    It is the most likely true value where errors have a Laplace distribution of that size. The errors are those of
    the ``robust_mean`` model, bias included and gross errors left out, or of ``gaussian`` where these would be
    many; measured from the median itself they would shrink for whoever the median is. Answers are taken as they are,
    so that the median is one of them or halfway. Its standard error is that of a weighted mean of normal errors, the
    variance times n pi/2 / (n + pi/2 - 1): 1 for one answer, pi/2 for many.
    """
    found = cleaned(readings)
    located = found.located if found.few else gaussian(readings)
    weight = 1.0 / (found.error if found.few else located.error)[readings.annotator]
    place = weighted_medians(readings.task, readings.value, weight, readings.tasks)
    sizes = np.maximum(readings.sizes(), 1)
    information = np.bincount(readings.task, 2 / np.pi * weight**2, readings.tasks)
    larger = sizes * (np.pi / 2) / (sizes + np.pi / 2 - 1)
    variance = np.divide(larger, information, out=np.zeros(readings.tasks), where=information > 0)
    known = ~np.isnan(readings.known)
    return Located(np.where(known, readings.known, place), np.where(known, 0.0, np.sqrt(variance)), located.error)
