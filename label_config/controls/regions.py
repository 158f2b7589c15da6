"""Controls that mark or draw, the relations between what was marked, and conversations."""

import xml.etree.ElementTree as ET

from ..elements import named, option, required, targets, walk
from ..errors import InterfaceError
from ..model import Control, Family
from .choices import label

LABELS = tuple(
    """Labels HyperTextLabels ParagraphLabels TimeSeriesLabels TimelineLabels RectangleLabels EllipseLabels
    PolygonLabels BrushLabels BitmaskLabels KeyPointLabels VectorLabels OcrLabels""".split()
)
SHAPES = tuple("Rectangle Ellipse Polygon Brush Bitmask MagicWand Magicwand KeyPoint Vector VideoRectangle".split())
RELATIONS = "relations"
"""The name of the control that relations answer: the tag has none, and neither have their results."""


def labels(element: ET.Element) -> Control:
    """Labels of any kind; ``choice="multiple"`` lets a region have several."""
    name = required(element, "name")
    found = [label(element, one) for one, _ in walk(element) if one.tag == "Label"]
    dynamic = bool(option(element, "value")) or None in found
    known = tuple(dict.fromkeys(said for said in found if said is not None))
    if not known and not dynamic:
        raise InterfaceError(f"{named(element)}: has no <Label>")
    multiple = option(element, "choice") == "multiple"
    return Control(
        name, str(element.tag), targets(element), known, multiple, dict(element.attrib), Family.REGIONS, dynamic
    )


def shape(element: ET.Element) -> Control:
    """A control that draws without labels."""
    name, about = required(element, "name"), targets(element)
    return Control(name, str(element.tag), about, attributes=dict(element.attrib), family=Family.REGIONS)


def relations(element: ET.Element) -> Control:
    """Relations: named "relations", about no object; its labels are the relations that it offers."""
    found = [label(element, one) for one in element.iter("Relation")]
    known = tuple(dict.fromkeys(said for said in found if said is not None))
    multiple = option(element, "choice") != "single"
    return Control(
        element.get("name") or RELATIONS,
        "Relations",
        (),
        known,
        multiple,
        dict(element.attrib),
        Family.RELATIONS,
        None in found or bool(option(element, "value")),
    )


def chat(element: ET.Element) -> Control:
    """Chat: the object and the control of what annotators write into it have one name."""
    name = required(element, "name")
    return Control(name, "Chat", (name,), attributes=dict(element.attrib), family=Family.CHAT)
