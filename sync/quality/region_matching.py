"""How the regions of two annotators match, over many pairs of answers, and what kinds of conflict there are."""

from collections import Counter

import numpy as np

from .distance.comparison import Comparison
from .distance.marked import packed
from .distance.overlaps import ROUNDING, Overlaps, overlaps
from .distance.packed_regions import PackedRegions
from .measured import Matching
from .records import BoolArray

THRESHOLDS = tuple(percent / 100 for percent in range(50, 100, 5))
"""IoU 0.50, 0.55, ... 0.95, over which COCO takes the mean (Lin et al. 2014)."""


def region_matching(pairs: Comparison) -> Matching:
    """The regions of all pairs of answers together; the left answer of each pair is the reference.

    Regions with equal labels are matched first, at IoU 0.5 and above: as many as can be, then the most alike. Of what
    is left, regions at IoU 0.5 and above are matches with the wrong label, then those that overlap at all with equal
    labels are matches of low overlap; the rest of the left is missing, the rest of the right extra. The mean IoU is
    over matches with equal labels, those of low overlap among them. Raises TypeError for answers that are no regions.

    >>> from label_config.answers import Region, Regions, Span
    >>> from label_config.model import Control
    >>> one = Regions((Region(Span(0, 4), ("PER",)), Region(Span(6, 9), ("LOC",))))
    >>> other = Regions((Region(Span(0, 3), ("PER",)), Region(Span(6, 9), ("ORG",)), Region(Span(11, 12), ("LOC",))))
    >>> control = Control("ner", "Labels", ("text",), ("PER", "LOC", "ORG"))
    >>> found = region_matching(Comparison(control, [one, other], np.array([0]), np.array([1]), np.ones(2)))
    >>> found.precision, found.recall, found.f1_50, found.mean_iou, found.label, found.missing, found.extra
    (0.3333333333333333, 0.5, 0.4, 0.75, 1, 0, 1)
    """
    regions = packed(pairs)
    counts: Counter[str] = Counter()
    matches: Counter[float] = Counter()
    total = 0.0
    for found in overlaps(regions, pairs.left, pairs.right, labels=False):
        equal = found.of(_equal_labels(regions, found))
        for threshold in THRESHOLDS:
            matches[threshold] += len(equal.of(equal.similarity >= threshold - ROUNDING).as_many_as_can_be().similarity)
        exact = equal.of(equal.similarity >= 0.5 - ROUNDING).most_and_best()
        left = found.without(exact)
        wrong = left.of(left.similarity >= 0.5 - ROUNDING).most_and_best()
        left = left.without(wrong)
        low = left.of(_equal_labels(regions, left)).most_and_best()
        counts.update(exact=len(exact.similarity), label=len(wrong.similarity), low=len(low.similarity))
        total += float(exact.similarity.sum() + low.similarity.sum())
    n, m = int(regions.sizes[pairs.left].sum()), int(regions.sizes[pairs.right].sum())
    return _matching(n, m, counts, matches, total)


def _equal_labels(regions: PackedRegions, found: Overlaps) -> BoolArray:
    equal: BoolArray = regions.labels[found.touching.left] == regions.labels[found.touching.right]
    return equal


def _matching(n: int, m: int, counts: Counter[str], matches: Counter[float], total: float) -> Matching:
    alike = counts["exact"] + counts["low"]
    matched = alike + counts["label"]
    f1 = [2 * matches[threshold] / (n + m) for threshold in THRESHOLDS] if n + m else []
    return Matching(
        precision=matches[0.5] / m if m else None,
        recall=matches[0.5] / n if n else None,
        f1_50=f1[0] if f1 else None,
        f1_50_95=float(np.mean(f1)) if f1 else None,
        mean_iou=total / alike if alike else None,
        missing=n - matched,
        extra=m - matched,
        label=counts["label"],
        low_overlap=counts["low"],
    )
