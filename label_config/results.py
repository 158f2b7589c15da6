"""Label Studio result JSON <-> answers: the only code that knows result JSON."""

import json
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

from .answers import Answer, Choices
from .errors import InterfaceError, ResultError
from .model import Control, LabelConfig


def read_answers(config: LabelConfig, result: object) -> dict[str, Answer]:
    """The answers in one annotation's ``result``: control name -> answer; unanswered controls are absent.

    ``result`` is whatever JSON Label Studio holds, which it does not check. Several regions of one control are one
    answer. Raises ResultError, naming control and region, for a result that does not fit the interface: not a list
    of regions, an unknown control or label, another type or ``to_name`` than the control's, several labels where
    one may be chosen.

    >>> from label_config.parse import parse
    >>> config = parse('<View><Text name="t" value="$text"/><Choices name="c" toName="t">'
    ...                '<Choice value="yes"/><Choice value="no"/></Choices></View>')
    >>> region = {"id": "a", "from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["no"]}}
    >>> read_answers(config, [region])
    {'c': Choices(labels=('no',))}
    """
    if not isinstance(result, list):
        raise ResultError(f"the result is not a list of regions but {type(result).__name__}")
    chosen: dict[str, list[str]] = {}
    for place, region in enumerate(result):
        control = _control(config, region, place)
        labels = chosen.setdefault(control.name, [])
        labels += _labels(control, region, place)
        if len(labels) > 1 and not control.multiple and len(set(labels)) > 1:
            raise _refused(region, place, f"one label may be chosen, and there are {len(set(labels))}", control)
    return {name: in_order(config.control(name), labels) for name, labels in chosen.items()}


def _refused(region: Mapping[str, Any], place: int, problem: str, control: Control | None = None) -> ResultError:
    of = "" if control is None else f" of control {control.name!r}"
    return ResultError(f"region {reprlib.repr(region.get('id', place))}{of}: {problem}")


def _control(config: LabelConfig, region: object, place: int) -> Control:
    if not isinstance(region, dict):
        raise ResultError(f"region {place}: not an object but {type(region).__name__}")
    name = region.get("from_name")
    if not isinstance(name, str):
        raise _refused(region, place, f"from_name is {reprlib.repr(name)}, not the name of a control")
    try:
        return config.control(name)
    except InterfaceError as error:
        raise _refused(region, place, f"from_name: {error}") from error


def _labels(control: Control, region: Mapping[str, Any], place: int) -> list[str]:
    if region.get("type") != "choices":
        raise _refused(region, place, f"type is {reprlib.repr(region.get('type'))}, not 'choices'", control)
    if region.get("to_name") not in control.to_names:
        given = reprlib.repr(region.get("to_name"))
        raise _refused(region, place, f"to_name is {given}, not {', '.join(control.to_names)}", control)
    value = region.get("value")
    labels = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise _refused(region, place, "value.choices is not a list of labels", control)
    for label in labels:
        if label not in control.labels:
            raise _refused(region, place, f"the label {label!r:.80} is not in the labeling interface", control)
    return labels


def in_order(control: Control, labels: Sequence[str]) -> Choices:
    """The labels, each once, in the interface's order."""
    if len(labels) == 1:
        return Choices((labels[0],))
    chosen = set(labels)
    return Choices(tuple(label for label in control.labels if label in chosen))


def write_answer(
    control: Control,
    answer: Answer,
    *,
    score: float | None = None,
    meta: Mapping[str, Any] | None = None,
    region_id: str,
) -> list[dict[str, Any]]:
    """The regions that say ``answer`` in Label Studio; none for an answer that chose nothing.

    ``score`` is what Label Studio shows beside the region, ``meta`` goes into the region as it is. The region is
    about the first of the control's targets. Raises ResultError for a label that the control does not have, and for
    several where one may be chosen.
    """
    for label in answer.labels:
        if label not in control.labels:
            raise ResultError(f"control {control.name!r}: the label {label!r:.80} is not in the labeling interface")
    if len(answer.labels) > 1 and not control.multiple:
        raise ResultError(f"control {control.name!r}: one label may be chosen, and there are {len(answer.labels)}")
    if not answer.labels:
        return []
    region: dict[str, Any] = {
        "id": region_id,
        "from_name": control.name,
        "to_name": control.to_names[0],
        "type": "choices",
        "value": {"choices": list(answer.labels)},
    }
    if score is not None:
        region["score"] = score
    if meta is not None:
        region["meta"] = dict(meta)
    return [region]


def canonical(answer: Answer) -> str:
    """The one text that stands for an answer: equal answers have equal texts.

    >>> canonical(Choices(("yes", "no")))
    '["yes", "no"]'
    """
    return json.dumps(list(answer.labels), ensure_ascii=False)


def from_canonical(text: str) -> Answer:
    """The answer that ``canonical`` wrote.

    >>> from_canonical('["yes"]')
    Choices(labels=('yes',))
    """
    return Choices(tuple(json.loads(text)))
