"""Answers as they look on what the task shows: spans marked in the text, outlines drawn over the image.

The pages' policy allows no inline style, so colours are classes, ``tone-0`` to ``tone-7`` by the place of the label.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from label_config.answers import Answer, Region, Regions, Span
from label_config.earlier import LONGEST, Size, outline
from label_config.model import Control, DataObject, LabelConfig

TONES = 8
INLINE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+", re.ASCII)
MANY = 300
"""Regions of one answer that are drawn."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a text; ``tone`` is null where nothing is marked; ``ends`` names the labels that end here."""

    text: str
    tone: int | None = None
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline as SVG, in the unit of the picture."""

    outline: Markup
    tone: int
    label: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one person answered on one control: ``pieces`` of the text, or ``shapes`` over an image.

    ``image`` is its ``data:`` address; empty where the image lies elsewhere, from where pages load nothing. ``size`` is
    its width and height, or 100 by 100. ``legend`` is (tone, label). ``hidden`` regions cannot be drawn.
    """

    who: str
    control: str
    pieces: Sequence[Piece] = ()
    shapes: Sequence[Shape] = ()
    image: str = ""
    size: Size = (100.0, 100.0)
    legend: Sequence[tuple[int, str]] = ()
    hidden: int = 0


def drawn(
    config: LabelConfig, data: Mapping[str, Any], said: Sequence[tuple[str, str, Answer]], size: Size | None
) -> list[Drawn]:
    """Each of the answers, (who, control, answer), that marks a text or draws on an image, in their order.

    What marks anything else (sound, video, pages, tables) is not drawn.
    """
    objects = {one.name: one for one in config.objects}
    controls = {one.name: one for one in config.controls}
    found = []
    for who, name, answer in said:
        control = controls.get(name)
        target = objects.get(control.to_names[0]) if control and len(control.to_names) == 1 else None
        if control is not None and target is not None and not control.per_region and isinstance(answer, Regions):
            one = _drawn(control, target, data, answer, size, who)
            found += [] if one is None else [one]
    return found


def _drawn(
    control: Control, target: DataObject, data: Mapping[str, Any], answer: Regions, size: Size | None, who: str
) -> Drawn | None:
    value = data.get(target.field)
    if not isinstance(value, str) or target.value != f"${target.field}" or any(one.where for one in answer.regions):
        return None
    legend = sorted({(_tone(control, one), _name(one)) for one in answer.regions})
    if target.tag == "Text" and len(value) <= LONGEST:
        return Drawn(who, control.name, pieces=list(_pieces(control, value, answer.regions)), legend=legend)
    if target.tag != "Image":
        return None
    unit = size or (100.0, 100.0)
    outlines = [(one, outline(one.shape, unit)) for one in answer.regions[:MANY]]
    shapes = [Shape(Markup(svg), _tone(control, one), _name(one)) for one, svg in outlines if svg]  # noqa: S704 # numbers alone
    image = value if INLINE.fullmatch(value) else ""
    return Drawn(who, control.name, (), shapes, image, unit, legend, len(answer.regions) - len(shapes))


def _pieces(control: Control, text: str, regions: Sequence[Region]) -> Iterator[Piece]:
    """The text cut where a span begins or ends; of spans that overlap the last one gives the tone."""
    length = len(text)
    spans = [(one.shape.start, min(one.shape.end, length), one) for one in regions if isinstance(one.shape, Span)]
    edges = sorted({0, length, *(edge for start, end, _ in spans if 0 <= start < end for edge in (start, end))})
    for start, end in pairwise(edges):
        covering = [one for first, last, one in spans if first <= start and end <= last]
        ends = dict.fromkeys(_name(one) for first, last, one in spans if last == end and first < end)
        tone = _tone(control, covering[-1]) if covering else None
        yield Piece(text[start:end], tone, ", ".join(name for name in ends if name) if covering else "")


def _tone(control: Control, region: Region) -> int:
    known = [label for label in region.labels if label in control.labels]
    return control.labels.index(known[0]) % TONES if known else 0


def _name(region: Region) -> str:
    return "+".join(region.labels)
