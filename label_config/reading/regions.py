"""One result of a control that marks or draws -> its regions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..answers import Region, Shape, Span
from ..model import Control, DataObject
from . import drawn, marked
from .quantities import LARGEST, quoted, whole
from .values import in_interface_order, known_labels, single

Json = Mapping[str, Any]
Drawing = Callable[[Json, Json], Shape]

DRAWN: Mapping[str, Drawing] = {
    "Rectangle": drawn.box,
    "Ellipse": drawn.ellipse,
    "Polygon": drawn.polygon,
    "Brush": drawn.mask,
    "Bitmask": drawn.mask,
    "MagicWand": drawn.mask,
    "Magicwand": drawn.mask,
    "KeyPoint": drawn.key_point,
    "Vector": drawn.vector,
    "Ocr": drawn.page_box,
}
"""Tag, without "Labels" at its end -> how what it draws is read."""

_BY_KEY: Mapping[str, Drawing] = {
    "rle": drawn.mask,
    "imageDataURL": drawn.mask,
    "points": drawn.polygon,
    "vertices": drawn.vector,
    "radiusX": drawn.ellipse,
    "height": drawn.box,
    "x": drawn.key_point,
}
"""A key of the value -> how the shape is read, the first that is there; for results that belong to another's region."""


def drawing(tag: str) -> Drawing | None:
    """How a control of this tag draws; null for one that marks, or has labels for what others draw."""
    return DRAWN.get(tag.removesuffix("Labels"))


def quick(tag: str, shown: Sequence[DataObject]) -> Drawing | None:
    """How regions of a control are read that lie on its object's only surface, where that is common; else null."""
    kinds = {one.tag for one in shown}
    if tag == "Labels" and kinds == {"Text"}:
        return _plain_span
    if tag == "Labels" and kinds == {"Audio"}:
        return _plain_sound
    return None if tag == "OcrLabels" else drawing(tag)


def _plain_span(value: Json, _: Json) -> Shape:
    start, end = value["start"], value["end"]
    if type(start) is int and type(end) is int and 0 <= start < end < LARGEST and "startOffset" not in value:
        return Span(start, end)
    raise ValueError("no plain span")


def _plain_sound(value: Json, _: Json) -> Shape:
    if value.get("channel"):
        raise ValueError("not of the only channel")
    return marked.segment(value)


def label_key(tag: str) -> str:
    """Where the value of a result of this tag has its labels."""
    return tag.lower() if tag.endswith("Labels") else "labels"


def shapes(tag: str, value: Json, region: Json, shown: DataObject | None, data: Json | None) -> list[tuple[Shape, str]]:
    """The shapes that a result of this tag has and the surfaces they are on: several where it has several ranges."""
    if tag == "VideoRectangle":
        return [(marked.track(value), "")]
    if tag == "TimelineLabels":
        return [(one, "") for one in marked.frames(value)]
    if tag in ("HyperTextLabels", "ParagraphLabels", "TimeSeriesLabels"):
        return [_marked(value, shown, data)]
    if draw := drawing(tag):
        return [(draw(value, region), _page(value))]
    return shapes_by_key(value, region, shown, data)


def shapes_by_key(value: Json, region: Json, shown: DataObject | None, data: Json | None) -> list[tuple[Shape, str]]:
    """The same for Labels beside any shape and for what is answered per region: told by the value's keys."""
    for key, read in _BY_KEY.items():
        if key in value:
            return [(read(value, region), _page(value))]
    if "sequence" in value:
        return [(marked.track(value), "")]
    if "ranges" in value:
        return [(one, "") for one in marked.frames(value)]
    return [_marked(value, shown, data)]


def _marked(value: Json, shown: DataObject | None, data: Json | None) -> tuple[Shape, str]:
    tag = "" if shown is None else shown.tag
    if shown is not None and tag == "TimeSeries":
        return marked.series_segment(value, shown), ""
    if shown is not None and tag in ("Paragraphs", "Dialog"):
        return marked.paragraph_span(value, shown, data)
    if tag in ("Audio", "AudioPlus", "Video"):
        return marked.sound(value)
    if tag in ("HyperText", "RichText", "Text", "Table", "Pdf"):
        return marked.hypertext_span(value)
    raise ValueError("it has no shape")


def _page(value: Json) -> str:
    page = value.get("pageIndex")
    return "" if page is None else f"page {whole(value, 'pageIndex')}"


def labels(control: Control, value: Json, key: str) -> tuple[str, ...]:
    """The region's labels in the interface's order, those from the task's data behind."""
    found = dict.fromkeys(marked.labels(value.get(key)))
    if not found or not (control.labels or control.dynamic):
        return ()
    known_labels(control, found)
    single(control, len(found))
    return in_interface_order(control, found) if len(found) > 1 else tuple(found)


def item(region: Json) -> str:
    """Which of several images or pages a result is about."""
    index = region.get("item_index")
    if index is None:
        return ""
    if isinstance(index, bool) or not isinstance(index, int | str):
        raise ValueError(f"item_index is {quoted(index)}, not the number of an item")
    return str(index)


def surface(*parts: str) -> str:
    """One name for the surface that all these parts tell apart."""
    return "/".join(part for part in parts if part)


def joined(first: Region, labels: Sequence[str]) -> Region:
    """A region with the labels that another result of the same id adds."""
    return Region(first.shape, tuple(dict.fromkeys([*first.labels, *labels])), first.where)
