"""Whether an answer that was valid once is one that its control could be given today."""

from collections.abc import Sequence

from .answers import Answer, Choices, Regions, Relations, Segment, Span
from .errors import ResultError
from .model import Control, Family
from .reading.regions import drawing
from .writing import write_answer


def misfit(control: Control, answer: Answer) -> str | None:
    """Why the control cannot be answered so as it is now; null where it can.

    >>> mood = Control("mood", "Choices", ("text",), ("good", "poor"))
    >>> misfit(mood, Choices(("good",)))
    >>> misfit(mood, Choices(("bad",)))
    "control 'mood': the label 'bad' is not in the labeling interface"
    """
    if isinstance(answer, Choices) and control.family == Family.CHOICES and not control.per_region:
        return _labels(control, answer.labels, one=not control.multiple)
    if isinstance(answer, Relations) and control.family == Family.RELATIONS:  # their ends are written nowhere here
        return _labels(control, [label for link in answer.links for label in link.labels], one=False)
    if isinstance(answer, Regions) and control.family == Family.REGIONS:
        return _regions(control, answer)
    return _written(control, answer)


def _labels(control: Control, labels: Sequence[str], *, one: bool) -> str | None:
    if not control.dynamic and (unknown := [label for label in labels if label not in control.labels]):
        return f"control {control.name!r:.80}: the label {unknown[0]!r:.80} is not in the labeling interface"
    if one and len(labels) > 1:
        return f"control {control.name!r:.80}: one label may be chosen, and there are {len(labels)}"
    return None


def _regions(control: Control, answer: Regions) -> str | None:
    """The labels of all; of each kind of shape one, since masks take long to write."""
    for region in answer.regions:
        if (problem := _labels(control, region.labels, one=not control.multiple)) is not None:
            return problem
    kinds = {type(region.shape): region for region in answer.regions}
    for kind in kinds:  # the other way round is no fault: Labels stand beside what others draw
        if kind in (Span, Segment) and drawing(control.tag) is not None:
            return f"control {control.name!r:.80}: {kind.__name__} is no answer to it"
    return _written(control, Regions(tuple(kinds.values())))


def _written(control: Control, answer: Answer) -> str | None:
    try:
        write_answer(control, answer, region_id="r")
    except ResultError as error:
        return str(error)
    return None
