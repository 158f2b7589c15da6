"""Choices: equal or not, how much two sets of labels share, and for single choices how far two labels are apart."""

from collections.abc import Callable
from math import isfinite

import numpy as np

from label_config.answers import chosen
from label_config.model import Control

from ..records import FloatArray, IntArray
from .comparison import Comparison
from .equality import codes, unequal
from .metric import Scale, scale
from .sets import overlap

Between = Callable[[Scale, IntArray, IntArray], FloatArray]
"""A metric of a scale, between the values at two arrays of places."""


def nominal(pairs: Comparison) -> FloatArray:
    """0 for equal answers, 1 for different ones; the order of labels is no difference.

    >>> from label_config.answers import Choices
    >>> from .comparison import every_pair
    >>> ab = [Choices(("a",)), Choices(("b",))]
    >>> nominal(every_pair(Control("c", "Choices", ("t",), ("a", "b")), ab)).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    return unequal(codes(_label_sets(pairs))[0], pairs)


def jaccard(pairs: Comparison) -> FloatArray:
    """1 - shared labels / all labels of the two (P. Jaccard 1901).

    >>> from label_config.answers import Choices
    >>> from .comparison import every_pair
    >>> sets = [Choices(("a", "b")), Choices(("b",)), Choices(())]
    >>> control = Control("c", "Choices", ("t",), ("a", "b"), multiple=True)
    >>> jaccard(every_pair(control, sets)).round(2).reshape(3, 3).tolist()
    [[0.0, 0.5, 1.0], [0.5, 0.0, 1.0], [1.0, 1.0, 0.0]]
    """
    return 1.0 - overlap(_label_sets(pairs), pairs).jaccard()


def masi(pairs: Comparison) -> FloatArray:
    """1 - Jaccard's index x monotonicity: 1 for equal sets, 2/3 where one holds the other, 1/3 where each has more.

    So it is harder than Jaccard's on sets that contradict each other than on those of which one says less.
    Source: R. Passonneau, "Measuring Agreement on Set-valued Items (MASI) for Semantic and Pragmatic Annotation", 2006.

    >>> from label_config.answers import Choices
    >>> from .comparison import every_pair
    >>> sets = [Choices(("a", "b")), Choices(("b",)), Choices(("b", "c"))]
    >>> control = Control("c", "Choices", ("t",), ("a", "b", "c"), multiple=True)
    >>> masi(every_pair(control, sets)).round(3)[:3].tolist()  # 1 - 1/2 x 2/3 and 1 - 1/3 x 1/3
    [0.0, 0.667, 0.889]
    """
    found = overlap(_label_sets(pairs), pairs)
    return 1.0 - found.jaccard() * found.monotonicity()


def ordinal(pairs: Comparison) -> FloatArray:
    """Krippendorff's ordinal metric on the interface's order of labels, over its largest value there.

    Raises ValueError for multiple choices, and for labels from the task's data that are no numbers: they have no order.
    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.

    >>> from label_config.answers import Choices
    >>> from .comparison import every_pair
    >>> labels = ("low", "middle", "high")
    >>> answers = [Choices((label,)) for label in labels]
    >>> control = Control("c", "Choices", ("t",), labels)
    >>> ordinal(every_pair(control, answers, np.array([9.0, 13.0, 10.0]))).round(3)[:3].tolist()  # (11, 22.5)^2
    [0.0, 0.239, 1.0]
    """
    labels = _labels(pairs, "ordinal")
    return _on_scale(pairs, {label: float(place) for place, label in enumerate(labels)}, Scale.ordinal)


def interval(pairs: Comparison) -> FloatArray:
    """(a - b)^2 over its largest value, of labels that are numbers, else of their places in the interface.

    Squared, because it is Krippendorff's interval metric: percent agreement and alpha use the same.
    Raises ValueError as ``ordinal`` does.

    >>> from label_config.answers import Choices
    >>> from .comparison import every_pair
    >>> answers = [Choices((label,)) for label in ("1", "2", "5")]
    >>> interval(every_pair(Control("c", "Choices", ("t",), ("1", "2", "5")), answers))[:3].tolist()
    [0.0, 0.0625, 1.0]
    """
    return _on_scale(pairs, _numbers(_labels(pairs, "interval")), Scale.interval)


def ratio(pairs: Comparison) -> FloatArray:
    """((a - b) / (a + b))^2 over its largest value, of labels that are numbers, else of their places from 1 on.

    Raises ValueError as ``ordinal`` does.

    >>> from label_config.answers import Choices
    >>> from .comparison import every_pair
    >>> answers = [Choices((label,)) for label in ("1", "2", "3")]
    >>> ratio(every_pair(Control("c", "Choices", ("t",), ("1", "2", "3")), answers)).round(3)[:3].tolist()
    [0.0, 0.444, 1.0]
    """
    return _on_scale(pairs, _numbers(_labels(pairs, "ratio")), Scale.ratio)


def _label_sets(pairs: Comparison) -> list[tuple[str, ...]]:
    """The labels of each answer, in one order whatever order they were given in."""
    found = (chosen(answer) for answer in pairs.answers)
    return [labels if len(labels) < 2 else tuple(sorted(labels)) for labels in found]


def _labels(pairs: Comparison, name: str) -> tuple[str, ...]:
    """The labels of a single choice in their order; those that only the task's data have must be numbers."""
    control = pairs.control
    if control.multiple:
        raise ValueError(f"control {control.name!r}: the {name} distance is for single choices, this one is multiple")
    used = dict.fromkeys(label for answer in pairs.answers for label in chosen(answer))
    unlisted = [label for label in used if label not in control.labels]
    every = (*control.labels, *unlisted)
    if not unlisted:
        return every
    if all(_number(label) is not None for label in every):
        return tuple(sorted(every, key=float))
    raise ValueError(f"control {control.name!r}: no {name} distance, because {_lost(control, unlisted)} has no place")


def _lost(control: Control, unlisted: list[str]) -> str:
    return f"the label {unlisted[0]!r:.80}, which is not in the interface's list {', '.join(control.labels)[:80]!r},"


def _number(label: str) -> float | None:
    """The label as a finite number, null where it is none."""
    try:
        value = float(label)
    except ValueError:
        return None
    return value if isfinite(value) and "_" not in label else None


def _numbers(labels: tuple[str, ...]) -> dict[str, float]:
    """The labels as numbers if all are some, else their places, from 1 on."""
    values = {label: _number(label) for label in labels}
    known = {label: value for label, value in values.items() if value is not None}
    return known if len(known) == len(labels) else {label: place + 1.0 for place, label in enumerate(labels)}


def _on_scale(pairs: Comparison, values: dict[str, float], between: Between) -> FloatArray:
    """The distances of single labels by their values; an answer that has not exactly one is 1 from all others."""
    sets = _label_sets(pairs)
    found = unequal(codes(sets)[0], pairs)
    single = np.array([len(labels) == 1 for labels in sets], dtype=bool)
    value = np.array([values[labels[0]] if len(labels) == 1 else 0.0 for labels in sets], dtype=np.float64)
    place = np.cumsum(single) - 1
    line = scale(value[single], pairs.counts[single], min(values.values()), max(values.values()))
    both = single[pairs.left] & single[pairs.right]
    found[both] = between(line, place[pairs.left[both]], place[pairs.right[both]])
    return found
