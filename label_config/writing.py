"""Answers -> regions of Label Studio's result JSON, which reading gives the same answers for."""

from collections.abc import Callable, Mapping
from typing import Any

from .answers import (
    ANSWERS,
    Answer,
    Answers,
    Chat,
    Choices,
    Moment,
    Number,
    Part,
    PerRegion,
    Ranking,
    Region,
    Regions,
    Relations,
    Taxonomy,
    Text,
    Whole,
)
from .errors import ResultError
from .model import Control, Family, LabelConfig
from .reading.regions import label_key
from .reading.values import VALUES
from .writing_shapes import Size, on_surface, shape_value

Json = dict[str, Any]


def write_answer(
    control: Control,
    answer: Answer,
    *,
    score: float | None = None,
    meta: Mapping[str, Any] | None = None,
    region_id: str,
    size: Size | None = None,
    drawn: Mapping[Region, str] | None = None,
) -> list[dict[str, Any]]:
    """The regions that say ``answer`` in Label Studio; none for an answer that chose or found nothing.

    ``score`` is what Label Studio shows beside the region, ``meta`` goes into the region as it is. The first region
    has the id ``region_id``, more of them ``region_id`` with their number behind. What is said of no certain object
    is about the first of the control's targets. ``size`` is the original image's in pixels: without it, lengths are
    percent. ``drawn`` says the ids of regions that are already written: a relation needs both ends there, and what is
    answered per region is then about that region.

    Raises ResultError for an answer that the control cannot hold: a label that it does not have, several where one
    may be chosen, a value of another kind or out of bounds, a relation between regions that are not written.
    """
    found = _regions(control, answer, size, drawn or {})
    for place, region in enumerate(found):
        own = {"id": region.pop("id", None) or (region_id if place == 0 else f"{region_id}-{place}")}
        found[place] = {**own, **region} if "from_id" not in region else region
        if score is not None:
            found[place]["score"] = score
        if meta is not None:
            found[place]["meta"] = dict(meta)
    return found


def write_answers(
    config: LabelConfig, answers: Answers, *, region_id: str, size: Size | None = None
) -> list[dict[str, Any]]:
    """The regions of a whole annotation; relations and what is said per region refer to the regions in it.

    Raises ResultError as ``write_answer`` does, and InterfaceError for a control that the interface does not have.
    """
    drawn: dict[Region, str] = {}
    found: list[Json] = []
    order = sorted(answers, key=lambda name: _referring(config.control(name), answers[name]))
    for number, name in enumerate(order):
        control, answer = config.control(name), answers[name]
        written = write_answer(control, answer, region_id=f"{region_id}-{number}", size=size, drawn=drawn)
        found += written
        for region, one in zip(_referable(answer), written, strict=False):
            drawn.setdefault(region, one["id"])
    return found


def _referring(control: Control, answer: Answer) -> int:
    """What refers to regions comes after them."""
    return 2 if isinstance(answer, Relations) else 1 if control.per_region else 0


def _referable(answer: Answer) -> list[Region]:
    if isinstance(answer, Chat):
        return [Region(Whole(), (), f"{one.role}: {one.text}") for one in answer.messages]
    return list(answer.regions) if isinstance(answer, Regions) else []


def _regions(control: Control, answer: Answer, size: Size | None, drawn: Mapping[Region, str]) -> list[Json]:
    if isinstance(answer, PerRegion) and control.per_region:
        return [_part(control, part, size, drawn) for part in answer.parts if part.answer is not None]
    if isinstance(answer, Regions) and control.family == Family.REGIONS:
        return [_region(control, region, size) for region in answer.regions]
    if isinstance(answer, Relations) and control.family == Family.RELATIONS:
        return _links(control, answer, drawn)
    if isinstance(answer, Chat) and control.family == Family.CHAT:
        said = [{"chatmessage": {"role": one.role, "content": one.text}} for one in answer.messages]
        return [_result(control, control.name, value, kind="chatmessage") for value in said]
    if control.per_region or control.family not in VALUES:
        raise _refused(control, f"{type(answer).__name__} is no answer to it")
    value = _checked(control, answer)
    return [] if value is None else [_result(control, _target(control), value)]


def _target(control: Control) -> str:
    return control.to_names[0]


def _result(control: Control, about: str, value: Json, *, kind: str | None = None, index: str = "") -> Json:
    def put(name: str) -> str:
        return name.replace(control.index_flag, index) if control.index_flag is not None else name

    return {
        "from_name": put(control.name),
        "to_name": put(about),
        "type": kind or control.tag.lower(),
        "value": value,
    }


def _region(control: Control, region: Region, size: Size | None) -> Json:
    if unknown := [label for label in region.labels if label not in control.labels and not control.dynamic]:
        raise _refused(control, f"the label {unknown[0]!r:.80} is not in the labeling interface")
    if len(region.labels) > 1 and not control.multiple:
        raise _refused(control, f"one label may be chosen, and there are {len(region.labels)}")
    about, index, root, inside = on_surface(control, region.where)
    value, own = _shaped(control, region, size)
    if "start" in inside:
        value.pop("globalOffsets", None)  # the surface is one element or paragraph, and offsets are within it
    labels = {label_key(control.tag): list(region.labels)} if region.labels or control.labels else {}
    result = _result(control, about, {**value, **inside, **labels}, index=index)
    return {**result, **own, **root}


def _shaped(control: Control, region: Region, size: Size | None) -> tuple[Json, Json]:
    try:
        return shape_value(control.tag, region.shape, size)
    except ValueError as error:
        raise _refused(control, str(error)) from error


def _part(control: Control, part: Part, size: Size | None, drawn: Mapping[Region, str]) -> Json:
    """A per-region answer carries its region's shape and id, as Label Studio writes it."""
    value = _checked(control, part.answer)
    if value is None:
        raise _refused(control, "an answer about a region says nothing")
    about, index, root, inside = on_surface(control, part.region.where)
    own: Json = {}
    if not isinstance(part.region.shape, Whole):
        shape, own = _shaped(control, part.region, size)
        value = {**shape, **inside, **value}
    result = {**_result(control, about, value, index=index), **own, **root}
    if (known := drawn.get(part.region)) is not None:
        result["id"] = known
    return result


def _links(control: Control, answer: Relations, drawn: Mapping[Region, str]) -> list[Json]:
    found = []
    for link in answer.links:
        ends = (drawn.get(link.source), drawn.get(link.target))
        if None in ends:
            raise _refused(control, "an end of a relation is not among the regions that are written")
        if unknown := [label for label in link.labels if label not in control.labels and not control.dynamic]:
            raise _refused(control, f"the label {unknown[0]!r:.80} is not in the labeling interface")
        named = dict(zip(("from_id", "to_id"), ends, strict=True))
        found.append({**named, "type": "relation", "direction": link.direction, "labels": list(link.labels)})
    return found


def _checked(control: Control, answer: Answer | None) -> Json | None:
    """The value that says an answer, null for one that says nothing; reading must accept it."""
    if type(answer) is not ANSWERS[control.family]:
        raise _refused(control, f"{type(answer).__name__} is no answer to it")
    value = _VALUES[type(answer)](control, answer)
    if value is None:
        return None
    try:
        VALUES[control.family](control, value)
    except ValueError as error:
        raise _refused(control, str(error)) from error
    return value


def _choices(control: Control, answer: Choices) -> Json | None:
    if control.tag == "Pairwise":
        return {"selected": answer.labels[0]} if len(answer.labels) == 1 else None
    return {"choices": list(answer.labels)} if answer.labels else None


def _taxonomy(control: Control, answer: Taxonomy) -> Json | None:
    key = "choices" if control.tag == "Choices" else "taxonomy"
    return {key: [list(path) for path in answer.paths]} if answer.paths else None


def _number(control: Control, answer: Number) -> Json:
    value = float(answer.value)
    return {control.tag.lower(): int(value) if value.is_integer() else value}


def _moment(_: Control, answer: Moment) -> Json:
    return {"datetime": answer.text}


def _text(_: Control, answer: Text) -> Json | None:
    return {"text": list(answer.lines)} if answer.lines else None


def _ranking(_: Control, answer: Ranking) -> Json | None:
    return {"ranker": {name: list(items) for name, items in answer.buckets}} if answer.buckets else None


_VALUES: Mapping[type, Callable[..., Json | None]] = {
    Choices: _choices,
    Taxonomy: _taxonomy,
    Number: _number,
    Moment: _moment,
    Text: _text,
    Ranking: _ranking,
}


def _refused(control: Control, problem: str) -> ResultError:
    return ResultError(f"control {control.name!r:.80}: {problem}")
