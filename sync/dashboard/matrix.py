"""The annotator matrix: who agrees with whom, as rows of cells."""

from dataclasses import dataclass

from ..quality.records import Estimate
from .report import ControlReport, Pair

LIMIT = 16
"""People shown at once: more do not fit on a page that is read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair. ``shade`` is 0 (no better than chance, or worse) to 5 (near 1), null when undefined."""

    kappa: Estimate
    percent: Estimate
    tasks: int
    shade: int | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """The people in the order of rows and columns; a cell is null on the diagonal and without common tasks.

    ``kappas`` is false where no pair has a kappa, as with answers that are drawn or written: then the cells are shaded
    by percent agreement.
    """

    annotators: tuple[int, ...]
    rows: tuple[tuple[Cell | None, ...], ...]
    hidden: int
    kappas: bool


def matrix_of(control: ControlReport, limit: int = LIMIT) -> Matrix:
    """The matrix of the ``limit`` people with the most common tasks, in the order of their ids."""
    common: dict[int, int] = {}
    for pair in control.pairs:
        for annotator in pair.annotators:
            common[annotator] = common.get(annotator, 0) + pair.tasks
    shown = sorted(sorted(common, key=lambda one: (-common[one], one))[:limit])
    kappas = any(pair.kappa.value is not None for pair in control.pairs) or control.consensus.method != ""
    cells = {pair.annotators: _cell(pair, kappas) for pair in control.pairs if pair.tasks}
    rows = tuple(tuple(cells.get((row, column)) or cells.get((column, row)) for column in shown) for row in shown)
    return Matrix(tuple(shown), rows, len(common) - len(shown), kappas)


def _cell(pair: Pair, kappas: bool) -> Cell:
    return Cell(pair.kappa, pair.percent, pair.tasks, shade((pair.kappa if kappas else pair.percent).value))


def shade(kappa: float | None) -> int | None:
    """The step of the colour scale: 0 up to chance, then fifths of what is left up to 1.

    >>> [shade(kappa) for kappa in (-0.3, 0.0, 0.01, 0.5, 0.81, 1.0, None)]
    [0, 0, 1, 3, 5, 5, None]
    """
    if kappa is None:
        return None
    return 0 if kappa <= 0 else min(5, 1 + int(kappa * 5))
