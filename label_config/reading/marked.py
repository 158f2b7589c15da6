"""What is marked in texts and along time: spans, segments, tracks; each with the surface that it is on.

A reader gives shapes and surfaces: several shapes where Label Studio keeps several ranges in one region. The surface is
"" where the object has only one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import Box, KeyFrame, Segment, Span, Track
from ..model import DataObject
from .quantities import number, quoted, seconds, whole

Data = Mapping[str, Any]
_FAR = 300.0
"""Percent of the frame beyond which a tracked box is refused; one may well leave the frame."""


def text_span(value: Data) -> Span:
    """``{"start": 4, "end": 9}`` of a Text."""
    return _span(whole(value, "start"), whole(value, "end"))


def _span(start: int, end: int) -> Span:
    if end <= start:
        raise ValueError(f"it ends at {end} and starts at {start}: it marks no character")
    return Span(start, end)


def hypertext_span(value: Data) -> tuple[Span, str]:
    """``globalOffsets`` of a HyperText; without them offsets within one element, whose path is then the surface."""
    offsets = value.get("globalOffsets")
    if isinstance(offsets, dict):
        return text_span(offsets), ""
    start, end = value.get("start"), value.get("end")
    if not isinstance(start, str) and not isinstance(end, str):
        return text_span(value), ""
    if not isinstance(start, str) or start != end:
        raise ValueError("it has no globalOffsets, and without them it must lie within one element")
    return _span(whole(value, "startOffset"), whole(value, "endOffset")), start


def within_text(span: Span, shown: DataObject, data: Data) -> Span:
    """The span of a Text; refused where it goes beyond the end of what the task's data has for it."""
    text = data.get(shown.field) if shown.value == f"${shown.field}" else None
    elsewhere = any(name.lower() in ("valuetype", "encoding") for name in shown.attributes)  # an address, or packed
    if isinstance(text, str) and not elsewhere and span.end > len(text):
        units = len(text.encode("utf-16-le", "surrogatepass")) // 2  # browsers count these
        if span.end > units:
            raise ValueError(f"it ends at character {span.end} of a text of {len(text)}")
    return span


def paragraph_span(value: Data, shown: DataObject, data: Data | None) -> tuple[Span, str]:
    """Paragraphs: offsets from the first character of all of them, where the task's data says how long they are.

    Without the data the paragraph is the surface, and a span over several is refused.
    """
    start, end = whole(value, "start"), whole(value, "end")
    first, last = whole(value, "startOffset"), whole(value, "endOffset")
    lengths = _lengths(shown, data)
    if lengths is None:
        if start != end:
            raise ValueError("it spans several paragraphs, and needs the task's data to be measured")
        return _span(first, last), f"paragraph {start}"
    if not max(start, end) < len(lengths):
        raise ValueError(f"it is in paragraph {max(start, end)} of {len(lengths)}")
    return _span(sum(lengths[:start]) + first, sum(lengths[:end]) + last), ""


def _lengths(shown: DataObject, data: Data | None) -> list[int] | None:
    """The length of each paragraph; null where the data is not here (it may be at an address)."""
    lines = (data or {}).get(shown.field)
    key = next((given for name, given in shown.attributes.items() if name.lower() == "textkey"), "text")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return None
    spoken = [line.get(key) for line in lines]
    return [len(line) if isinstance(line, str) else 0 for line in spoken]


def segment(value: Data) -> Segment:
    """Seconds of audio or video: ``{"start": 0.5, "end": 2.0}``."""
    start = number(value, "start")
    if start < 0:
        raise ValueError(f"it starts at {start:g}, before the beginning")
    return _segment(start, number(value, "end"))


def _segment(start: float, end: float) -> Segment:
    if end < start:
        raise ValueError(f"it ends at {end:g}, before it starts at {start:g}")
    return Segment(float(start), float(end))


def sound(value: Data) -> tuple[Segment, str]:
    """A segment of an Audio, of a channel where there are several."""
    channel = value.get("channel")
    if channel is not None and (isinstance(channel, bool) or not isinstance(channel, int | str)):
        raise ValueError(f"value.channel is {quoted(channel)}, not the number of a channel")
    return segment(value), "" if channel in (None, 0, "0") else f"channel {channel}"


def series_segment(value: Data, shown: DataObject) -> Segment:
    """A segment of a TimeSeries in its own unit; moments as seconds since 1970-01-01."""
    pattern = next((given for name, given in shown.attributes.items() if name.lower() == "timeformat"), "")
    start, end = (_moment(value, key, pattern) for key in ("start", "end"))
    return _segment(start, end)


def _moment(value: Data, key: str, pattern: str) -> float:
    found = value.get(key)
    return seconds(found, pattern) if isinstance(found, str) else number(value, key)


def frames(value: Data) -> list[Segment]:
    """TimelineLabels: ``{"ranges": [{"start": 3, "end": 5}]}``, which are frames 3, 4 and 5: from 3 to before 6."""
    found = value.get("ranges")
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise ValueError("value.ranges is not a list of ranges")
    ranges = [(whole(one, "start"), whole(one, "end")) for one in found]
    return [Segment(float(start), _segment(start, end).end + 1) for start, end in ranges]


def track(value: Data) -> Track:
    """VideoRectangle: ``{"framesCount", "sequence": [{"frame", "x", "y", "width", "height", "enabled"}, ...]}``."""
    found = value.get("sequence")
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise ValueError("value.sequence is not a list of key frames")
    kept = sorted((_key_frame(one) for one in found), key=lambda one: one.frame)
    if len({one.frame for one in kept}) < len(kept):
        raise ValueError("value.sequence has two key frames of one frame")
    length = whole(value, "framesCount") if value.get("framesCount") else 0
    return Track(tuple(kept), length)


def _key_frame(value: Data) -> KeyFrame:
    x, y, width, height = (number(value, key) for key in ("x", "y", "width", "height"))
    if width < 0 or height < 0 or max(map(abs, (x, y, width, height))) > _FAR:
        raise ValueError(f"the box at {x:g}, {y:g} of {width:g} x {height:g} percent is outside the frame")
    enabled = value.get("enabled", True)
    if not isinstance(enabled, bool):
        raise ValueError(f"enabled of a key frame is {quoted(enabled)}, not true or false")
    rotation = number(value, "rotation") if value.get("rotation") else 0.0
    return KeyFrame(
        whole(value, "frame"), Box(float(x), float(y), float(width), float(height), float(rotation)), enabled
    )


def labels(found: object) -> Sequence[str]:
    """The labels of a region; none where the key is absent."""
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError("its labels are not a list of labels")
    return found
