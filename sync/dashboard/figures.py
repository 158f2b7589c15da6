"""A number as pages show it: with its meaning, its interval, what it was counted from, and the tasks behind it."""

from dataclasses import dataclass
from typing import Literal

from ..quality.records import Estimate
from .definitions import Definition, definition

Form = Literal["number", "share", "coefficient", "time", "day"]
"""How a number is written: a count or quantity, a share in [0, 1], a coefficient, a moment or a day of UTC (in
microseconds)."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. ``define`` is a key of DEFINITIONS; a value of null is shown as an en dash with its ``reason``.

    ``said`` stands in the place of the value, which is then the detail below: how long ago a moment was.
    ``n`` observations (``of``: what they are) are behind it; ``left_out`` says what was not counted, ``tasks`` is the
    address of the tasks behind it, ``label`` stands in the place of the definition's term. Raises ValueError for a
    key without a definition.
    """

    define: str
    value: float | None
    form: Form = "number"
    low: float | None = None
    high: float | None = None
    n: int | None = None
    of: str = "task"
    reason: str = ""
    left_out: str = ""
    tasks: str = ""
    label: str = ""
    said: str = ""

    def __post_init__(self) -> None:
        definition(self.define)

    @property
    def meaning(self) -> Definition:
        """Its definition."""
        return definition(self.define)

    @property
    def title(self) -> str:
        """What it is called."""
        return self.label or self.meaning.term

    @property
    def estimate(self) -> Estimate:
        """Value and interval alone."""
        return Estimate(self.value, self.low, self.high, self.n or 0, self.reason or None)


def estimated(
    define: str, estimate: Estimate, form: Form, *, left_out: str = "", tasks: str = "", label: str = ""
) -> Figure:
    """The figure of an estimate, with its interval and n."""
    return Figure(
        define,
        estimate.value,
        form,
        estimate.low,
        estimate.high,
        estimate.n,
        reason=estimate.reason or "",
        left_out=left_out,
        tasks=tasks,
        label=label,
    )
