"""What is wrong with marked regions if a model's are right: region against region.

The idea of three kinds of errors, overlooked, badly located and swapped, is that of ObjectLab (Tkachenko, Thyagarajan
and Mueller 2023); here regions of every shape are matched one to one, and how well a match usually fits is learned
from the data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from label_config.answers import Region, Regions

from ..distance.overlaps import ROUNDING, Overlaps, overlaps
from ..distance.packed_regions import PackedRegions, pack
from ..records import BoolArray
from .limits import limit

SWAPPED, LOCATED, EXTRA, OVERLOOKED = "swapped", "badly located", "extra", "overlooked"
LOOSE = 0.2
"""A match that overlaps at least 1 - this is well located whatever the others do."""
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """One region that differs: ``given`` and ``model`` are its places in the two answers, null where it is missing.

    ``overlap`` in [0, 1] is their IoU, 0 without a partner.
    """

    kind: str
    given: int | None
    model: int | None
    overlap: float


def region_faults(given: Sequence[Regions], model: Sequence[Regions]) -> list[tuple[Fault, ...]]:
    """The faults of each given answer, if the model's answer to the same task is right.

    Regions with equal labels at IoU 0.5 and above are matched first, then others at 0.5 and above, whose label is
    swapped, then those with equal labels that overlap at all, which are badly located. So is a match whose overlap is
    much less than is usual (see ``limit``). What is left is extra, or was overlooked.

    >>> from label_config.answers import Span
    >>> one = Regions((Region(Span(0, 4), ("PER",)), Region(Span(6, 9), ("LOC",))))
    >>> other = Regions((Region(Span(0, 4), ("ORG",)), Region(Span(12, 15), ("LOC",))))
    >>> [(fault.kind, fault.given, fault.model) for fault in region_faults([one], [other])[0]]
    [('swapped', 0, 0), ('extra', 1, None), ('overlooked', None, 1)]
    """
    regions = pack([*given, *model])
    left = np.arange(len(given))
    found: list[list[Fault]] = [[] for _ in given]
    fits: list[tuple[int, int, int, float]] = []
    for block in overlaps(regions, left, left + len(given), labels=False):
        exact, wrong, low = _matches(regions, block)
        fits += list(_places(regions, exact, len(given)))
        for kind, some in ((SWAPPED, wrong), (LOCATED, low)):
            for task, one, other, overlap in _places(regions, some, len(given)):
                found[task].append(Fault(kind, one, other, overlap))
    worst = 1 - limit(np.array([1 - overlap for *_, overlap in fits]), LOOSE)
    for task, one, other, overlap in fits:
        if overlap < worst - ROUNDING:
            found[task].append(Fault(LOCATED, one, other, overlap))
    _unmatched(given, model, found, fits)
    return [tuple(sorted(some, key=_order)) for some in found]


def _order(fault: Fault) -> tuple[bool, int, int]:
    return fault.given is None, fault.given or 0, fault.model or 0


def _matches(regions: PackedRegions, block: Overlaps) -> tuple[Overlaps, Overlaps, Overlaps]:
    """The matches with equal labels, with others, and with equal labels that overlap little."""

    def equal(found: Overlaps) -> BoolArray:
        same: BoolArray = regions.labels[found.touching.left] == regions.labels[found.touching.right]
        return same

    near = block.of(block.similarity >= HALF - ROUNDING)
    exact = near.of(equal(near)).most_and_best()
    rest = block.without(exact)
    wrong = rest.of(rest.similarity >= HALF - ROUNDING).most_and_best()
    rest = rest.without(wrong)
    return exact, wrong, rest.of(equal(rest)).most_and_best()


def _places(regions: PackedRegions, found: Overlaps, tasks: int) -> Iterator[tuple[int, int, int, float]]:
    """Of each match the task, the place of either region in its answer, and the overlap."""
    task = found.places[found.touching.pair]
    one = found.touching.left - regions.offsets[task]
    other = found.touching.right - regions.offsets[task + tasks]
    return zip(task.tolist(), one.tolist(), other.tolist(), found.similarity.tolist(), strict=True)


def _unmatched(
    given: Sequence[Regions],
    model: Sequence[Regions],
    found: list[list[Fault]],
    fits: Sequence[tuple[int, int, int, float]],
) -> None:
    """Add what has no partner to ``found``."""
    ones = [{fault.given for fault in some} for some in found]
    others = [{fault.model for fault in some} for some in found]
    for task, one, other, _ in fits:
        ones[task].add(one)
        others[task].add(other)
    for task, some in enumerate(found):
        some += [Fault(EXTRA, at, None, 0.0) for at in range(len(given[task].regions)) if at not in ones[task]]
        some += [Fault(OVERLOOKED, None, at, 0.0) for at in range(len(model[task].regions)) if at not in others[task]]


def corrected(given: Regions, model: Regions, faults: Sequence[Fault]) -> Regions:
    """The given answer with these faults mended as the model has it; a region that was overlooked comes last."""
    regions: list[Region | None] = list(given.regions)
    for fault in faults:
        theirs = None if fault.model is None else model.regions[fault.model]
        if fault.given is None:
            regions.append(theirs)
        elif fault.kind == SWAPPED and theirs is not None:
            regions[fault.given] = replace(given.regions[fault.given], labels=theirs.labels)
        else:
            regions[fault.given] = theirs
    return Regions(tuple(region for region in regions if region is not None))
