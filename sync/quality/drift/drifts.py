"""What was tested for drift and what came of it; many looks, one error rate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .windows import FEWEST


@dataclass(frozen=True, slots=True)
class Drift:
    """One test of whether something changed.

    ``name`` is a key of ``NAMES``; ``control`` the control ("" for what tasks show), ``what`` the label, field or slice
    ("" for all). ``at`` is when the later side begins (microseconds since 1970), ``until`` when it ends. ``before`` and
    ``after`` count the tasks of both sides. ``p`` is the test's p-value, ``p_adjusted`` after the correction for all
    that was tested together (see ``corrected``). ``effect`` is the size of the change, on the scale ``effect_name``.
    Without a test, ``statistic``, ``p``, ``p_adjusted`` and ``effect`` are null, and ``words`` say why.
    ``annotators`` are who changed, where it is not everybody.
    """

    name: str
    control: str
    what: str
    at: int
    until: int
    before: int
    after: int
    words: str
    statistic: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    effect: float | None = None
    effect_name: str = ""
    annotators: tuple[int, ...] = ()


def untested(name: str, control: str, what: str, times: Iterable[int]) -> Drift:
    """In place of the tests of windows where there are none: why. ``times`` are those of the tasks, 0 unknown.

    >>> untested("label_drift", "c", "", [0, 5, 9]).words
    '40 tasks with an answer and its time are needed; found: 2.'
    >>> untested("label_drift", "c", "", [5] * 50).words
    'Nearly all of 50 tasks were answered at one time.'
    """
    known = sorted(at for at in times if at > 0)
    first, last = (known[0], known[-1] + 1) if known else (0, 0)
    few = len(known) < 2 * FEWEST
    words = (
        f"{2 * FEWEST} tasks with an answer and its time are needed; found: {len(known)}."
        if few
        else f"Nearly all of {len(known)} tasks were answered at one time."
    )
    return Drift(name, control, what, first, last, 0, len(known), words)


NAMES = {
    "label_drift": "the labels that tasks get are distributed otherwise than before",
    "input_drift": "what tasks show is distributed otherwise than before",
    "agreement_trend": "annotators agree more and more, or less and less",
    "agreement_change": "annotators agree more, or less, since then",
    "concept_drift": "the same kind of task is answered otherwise than before, by everybody",
    "annotator_drift": "the same kind of task is answered otherwise than before, by some of the annotators",
    "answer_drift": "the same kind of task is answered otherwise than before; by whom cannot be told",
}
"""Name of a drift -> what it means."""


def corrected(found: Iterable[Drift]) -> tuple[Drift, ...]:
    """The same with p-values for all of these tests together, in their order.

    Holm's step-down method (1979): the chance that any of the tests cries wolf is at most the level that adjusted
    p-values are held against, whatever the tests have to do with each other. Correct everything that one report shows
    together: controls, windows, labels, slices.

    >>> one = Drift("label_drift", "c", "", 0, 0, 1, 1, "")
    >>> [each.p_adjusted for each in corrected([replace(one, p=0.01), replace(one, p=0.04), replace(one, p=0.03), one])]
    [0.03, 0.06, 0.06, None]
    """
    every = list(found)
    tested = [(drift.p, place) for place, drift in enumerate(every) if drift.p is not None]
    highest = 0.0
    for rank, (p, place) in enumerate(sorted(tested)):
        highest = max(highest, min(1.0, p * (len(tested) - rank)))
        every[place] = replace(every[place], p_adjusted=highest)
    return tuple(every)


def significant(found: Sequence[Drift], level: float = 0.05) -> tuple[Drift, ...]:
    """What changed: the tests whose adjusted p-value is at most ``level``."""
    return tuple(one for one in found if one.p_adjusted is not None and one.p_adjusted <= level)
