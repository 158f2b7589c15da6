"""Earlier answers as a reviewer sees them: marked in the text, drawn on the image. What people wrote is escaped."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from .answers import Answer, Box, Ellipse, KeyPoint, Polygon, Region, Regions, Shape, Span, Vector
from .model import Control, DataObject, LabelConfig

COLORS = ("#d6453d", "#2f6fb5", "#3a8f4d", "#a15fb0", "#c98a1b", "#2a9d9d", "#8a5a44", "#5c6370")
LONGEST = 20_000
"""Characters of a text that is shown with its marks."""
_ADDRESS = ("http://", "https://", "/")
_INLINE = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
"""Nothing in it could end a style."""
Size = tuple[float, float]
Said = Sequence[tuple[str, Mapping[str, Answer]]]
"""(Anonymous name, control -> answer) of each who answered."""


def shown(config: LabelConfig, data: Mapping[str, Any], said: Said, size: Size | None = None) -> str:
    """HTML: for each control that marks a text or draws on an image, and each answer, that text or image with it.

    ``data`` is the task's; ``size`` the width and height of its image in pixels, null where shapes are in percent.
    Nothing is shown for what cannot be seen so: sound, video, pages of HTML, masks, files that only Label Studio can
    open.
    """
    objects = {one.name: one for one in config.objects}
    parts = []
    for control in config.controls:
        target = objects.get(control.to_names[0]) if len(control.to_names) == 1 else None
        if target is None or control.per_region:
            continue
        for name, answers in said:
            answer = answers.get(control.name)
            picture = _picture(control, target, data, answer, size) if isinstance(answer, Regions) else ""
            if picture:
                title = f"{name}: {control.name}" if len(config.controls) > 1 else name
                parts.append(f'<div style="margin-top:12px"><b>{html.escape(title)}</b>{picture}</div>')
    return "".join(parts)


def _picture(control: Control, target: DataObject, data: Mapping[str, Any], answer: Regions, size: Size | None) -> str:
    value = data.get(target.field)
    if not isinstance(value, str) or target.value != f"${target.field}" or any(one.where for one in answer.regions):
        return ""
    if target.tag == "Text" and len(value) <= LONGEST:
        return _marked(control, value, [one for one in answer.regions if isinstance(one.shape, Span)])
    if target.tag == "Image" and (value.startswith(_ADDRESS) or _INLINE.fullmatch(value)):
        return _drawn(control, value, answer.regions, size)
    return ""


def _marked(control: Control, text: str, spans: Sequence[Region]) -> str:
    """The text with its spans marked, each with its labels where it ends; the pieces of spans that overlap apart."""
    found = [(one.shape.start, one.shape.end, one) for one in spans if isinstance(one.shape, Span)]
    edges = sorted({0, len(text), *(edge for start, end, _ in found for edge in (start, end) if edge <= len(text))})
    pieces = []
    for start, end in pairwise(edges):
        covering = [one for first, last, one in found if first <= start and end <= last]
        piece = html.escape(text[start:end])
        if covering:
            color = _color(control, covering[-1])
            names = [_name(one) for first, last, one in found if last == end and first < end]
            label = f'<sup style="color:{color}"> {html.escape(", ".join(names))}</sup>' if any(names) else ""
            piece = f'<mark style="background:{color}33;border-bottom:2px solid {color}">{piece}</mark>{label}'
        pieces.append(piece)
    return f'<div style="white-space:pre-wrap;max-height:240px;overflow:auto">{"".join(pieces)}</div>'


def _drawn(control: Control, url: str, regions: Sequence[Region], size: Size | None) -> str:
    """The image under its outlines, and under it what each colour stands for.

    Label Studio takes away what an image holds in its address (``data:``), but not a style.
    """
    wide, high = unit = size or (100.0, 100.0)
    inline = _INLINE.fullmatch(url) is not None
    ratio = f"aspect-ratio:{wide:g}/{high:g}" if size else "aspect-ratio:4/3" if inline else ""
    background = f"background:url({url}) 0 0/100% 100%" if inline else ""
    image = "" if inline else f'<img src="{html.escape(url)}" alt="" style="width:100%;display:block"/>'
    style = ";".join(part for part in ("position:relative;width:100%;max-width:420px", ratio, background) if part)
    outlines = [(one, svg) for one in regions if (svg := outline(one.shape, unit))]
    if len(outlines) < len(regions):
        return ""  # half of an answer would be misleading
    drawn = "".join(
        f'<g fill="none" stroke="{_color(control, one)}" stroke-width="2"><title>{html.escape(_name(one))}</title>'
        f"{svg}</g>"
        for one, svg in outlines
    )
    legend = {_name(one): _color(control, one) for one in regions}
    named = " ".join(
        f'<span style="color:{color}">&#9632; {html.escape(name)}</span>' for name, color in legend.items()
    )
    return (
        f'<div style="{style}">{image}'
        f'<svg viewBox="0 0 {wide:g} {high:g}" preserveAspectRatio="none" '
        f'style="position:absolute;left:0;top:0;width:100%;height:100%">{drawn}</svg></div><div>{named}</div>'
    )


def outline(shape: Shape, size: Size) -> str:
    """The shape in SVG, in the unit of ``size``; nothing for one that has no outline."""
    keep = 'vector-effect="non-scaling-stroke"'
    match shape:
        case Box(x, y, width, height, rotation):
            turned = f' transform="rotate({rotation:g} {x:g} {y:g})"' if rotation else ""
            return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{turned} {keep}/>'
        case Ellipse(x, y, radius_x, radius_y, rotation):
            turned = f' transform="rotate({rotation:g} {x:g} {y:g})"' if rotation else ""
            return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{radius_x:g}" ry="{radius_y:g}"{turned} {keep}/>'
        case Polygon(points):
            return f'<polygon points="{_points(points, size, size)}" {keep}/>'
        case Vector(points, closed, canvas):
            tag = "polygon" if closed else "polyline"
            return f'<{tag} points="{_points(points, canvas, size)}" {keep}/>'
        case KeyPoint(x, y, canvas):
            ((x, y),) = _scaled([(x, y)], canvas, size)
            return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{size[0] / 80:g}" ry="{size[1] / 80:g}" {keep}/>'
    return ""


def _points(points: Sequence[tuple[float, float]], canvas: Size, size: Size) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in _scaled(points, canvas, size))


def _scaled(points: Sequence[tuple[float, float]], canvas: Size, size: Size) -> Iterator[tuple[float, float]]:
    return ((x * size[0] / canvas[0], y * size[1] / canvas[1]) for x, y in points)


def _color(control: Control, region: Region) -> str:
    place = control.labels.index(region.labels[0]) if region.labels and region.labels[0] in control.labels else 0
    return COLORS[place % len(COLORS)]


def _name(region: Region) -> str:
    return "+".join(region.labels)
