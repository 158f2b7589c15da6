"""Label Studio result JSON <-> answers: the only code that knows result JSON."""

import json
from collections.abc import Mapping
from typing import Any

from .errors import InterfaceError, ResultError
from .model import Answer, Choices, Control, LabelConfig


def read_answers(config: LabelConfig, result: object) -> dict[str, Answer]:
    """The answers in one annotation's ``result``: control name -> answer; unanswered controls are absent.

    Raises ResultError, naming control and region, for a result that does not fit the interface: not a list of
    regions, an unknown control or label, another type or ``to_name`` than the control's, several labels where one
    may be chosen.

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
        control, labels = _read_region(config, region, place)
        chosen.setdefault(control.name, []).extend(labels)
    return {name: _answer(config.control(name), labels) for name, labels in chosen.items()}


def _read_region(config: LabelConfig, region: object, place: int) -> tuple[Control, list[str]]:
    if not isinstance(region, dict):
        raise ResultError(f"region {place}: not an object but {type(region).__name__}")
    where = f"region {region.get('id', place)!r}"
    try:
        control = config.control(str(region.get("from_name")))
    except InterfaceError as error:
        raise ResultError(f"{where}: from_name {region.get('from_name')!r}: {error}") from error
    where = f"{where} of control {control.name!r}"
    if region.get("type") != "choices":
        raise ResultError(f"{where}: type is {region.get('type')!r}, not 'choices'")
    if region.get("to_name") not in control.to_names:
        raise ResultError(f"{where}: to_name is {region.get('to_name')!r}, not {', '.join(control.to_names)}")
    value = region.get("value")
    labels = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ResultError(f"{where}: value.choices is not a list of labels")
    for label in labels:
        if label not in control.labels:
            raise ResultError(f"{where}: the label {label!r} is not in the labeling interface")
    return control, labels


def _answer(control: Control, labels: list[str]) -> Answer:
    if len(set(labels)) > 1 and not control.multiple:
        raise ResultError(f"control {control.name!r}: one label may be chosen, and there are {len(set(labels))}")
    return in_order(control, labels)


def in_order(control: Control, labels: list[str] | tuple[str, ...]) -> Choices:
    """The labels, each once, in the interface's order."""
    return Choices(tuple(label for label in control.labels if label in labels))


def write_answer(
    control: Control,
    answer: Answer,
    *,
    score: float | None = None,
    meta: Mapping[str, Any] | None = None,
    region_id: str,
) -> list[dict[str, Any]]:
    """The regions that say ``answer`` in Label Studio; none for an answer that chose nothing.

    ``score`` is what Label Studio shows beside the region, ``meta`` goes into the region as it is.
    Raises ResultError for a label that the control does not have.
    """
    for label in answer.labels:
        if label not in control.labels:
            raise ResultError(f"control {control.name!r}: the label {label!r} is not in the labeling interface")
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
