"""Label Studio result JSON <-> answers: this and ``reading``, ``writing`` alone know result JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from .answers import Answer, Choices, Region
from .canonical import canonical, from_canonical
from .errors import ResultError
from .model import Control, LabelConfig
from .reading.annotation import Reading
from .reading.plan import Plan, plan_of
from .reading.values import chosen
from .writing import write_answer, write_answers

__all__ = ["canonical", "from_canonical", "in_order", "read_answers", "write_answer", "write_answers"]


def read_answers(config: LabelConfig, result: object, data: Mapping[str, Any] | None = None) -> dict[str, Answer]:
    """The answers in one annotation's ``result``: control name -> answer; unanswered controls are absent.

    ``result`` is whatever JSON Label Studio holds, which it does not check. Several regions of one control are one
    answer (``answers.empty_answer`` says what none of them means). ``data``, the task's, tells how long paragraphs are,
    so that spans over several can be measured.

    Raises ResultError, naming control and region, for a result that does not fit the interface: not a list of
    regions, an unknown control, label or bucket, another type or ``to_name`` than the control's, several labels where
    one may be chosen, numbers and moments that are none or out of bounds, spans and segments that end before they
    start, shapes without area, clearly outside the image (see ``reading.drawn``) or crossing themselves, masks that
    are damaged or of another size, relations between regions that are not there.

    >>> from label_config.parse import parse
    >>> config = parse('<View><Text name="t" value="$text"/><Choices name="c" toName="t">'
    ...                '<Choice value="yes"/><Choice value="no"/></Choices></View>')
    >>> region = {"id": "a", "from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["no"]}}
    >>> read_answers(config, [region])
    {'c': Choices(labels=('no',))}
    """
    if not isinstance(result, list):
        raise ResultError(f"the result is not a list of regions but {type(result).__name__}")
    plan = plan_of(config)
    reading = Reading(plan, data)
    for place, region in enumerate(result):
        if not (_quick_choice(plan, region, reading.answers) or _quick_region(plan, region, reading.drawn)):
            reading.take(region, place)
    return reading.finish()


def _quick_choice(plan: Plan, region: Any, answers: dict[str, Answer]) -> bool:
    """True where it was one label of plain Choices: most of what is read. All else, also to refuse, is not for here."""
    try:
        targets, known = plan.choices[region["from_name"]]
        labels = region["value"]["choices"]
        if (
            region["type"] == "choices"
            and region["to_name"] in targets
            and type(labels) is list
            and len(labels) == 1
            and region["from_name"] not in answers
        ):
            answers[region["from_name"]] = known[labels[0]]
            return True
    except (KeyError, TypeError):
        pass
    return False


def _quick_region(plan: Plan, region: Any, drawn: dict[str, list[Region]]) -> bool:
    """True where it was a region with one label on an object's only surface."""
    try:
        asked, read = plan.quick[region["from_name"]]
        value = region["value"]
        labels = value[asked.label_key]
        if (
            region["type"] in asked.types
            and region["to_name"] in asked.targets
            and type(labels) is list
            and len(labels) == 1
            and "item_index" not in region
        ):
            found = Region(read(value, region), asked.single[labels[0]])
            drawn.setdefault(asked.name, []).append(found)
            return True
    except (KeyError, TypeError, ValueError):
        pass
    return False


def in_order(control: Control, labels: Sequence[str]) -> Choices:
    """The labels, each once, in the interface's order."""
    return chosen(control, labels)
