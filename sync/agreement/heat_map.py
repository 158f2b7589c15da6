"""Who agrees with whom, as rows of cells."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..dashboard.matrix import shade
from ..quality.records import Estimate, PairAgreement

LIMIT = 20
"""People shown at once: more do not fit on a page that is read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair: what is shown of it, the ``tasks`` that both answered, and the step of the colour scale, 0 to 5."""

    value: Estimate
    percent: Estimate
    tasks: int
    shade: int | None


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The people in the order of rows and columns; a cell is null on the diagonal and without common tasks.

    ``kappa`` is true where cells show Cohen's kappa, false where they show the agreement.
    """

    annotators: tuple[int, ...]
    rows: tuple[tuple[Cell | None, ...], ...]
    hidden: int
    kappa: bool


def heat_map(pairs: Sequence[PairAgreement], limit: int = LIMIT) -> HeatMap:
    """The ``limit`` people with the most common tasks, in the order of their ids."""
    common: dict[int, int] = {}
    for pair in pairs:
        for annotator in pair.annotators:
            common[annotator] = common.get(annotator, 0) + pair.tasks
    shown = sorted(sorted(common, key=lambda one: (-common[one], one))[:limit])
    kappa = any(pair.cohen_kappa.value is not None for pair in pairs)
    cells = {frozenset(pair.annotators): _cell(pair, kappa) for pair in pairs}
    rows = tuple(
        tuple(cells.get(frozenset((row, column))) if row != column else None for column in shown) for row in shown
    )
    return HeatMap(tuple(shown), rows, len(common) - len(shown), kappa)


def _cell(pair: PairAgreement, kappa: bool) -> Cell:
    value = pair.cohen_kappa if kappa else pair.percent_agreement
    return Cell(value, pair.percent_agreement, pair.tasks, shade(value.value))
