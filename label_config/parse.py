"""XML of a labeling interface -> LabelConfig; what cannot be handled is refused aloud."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

from .errors import InterfaceError
from .model import Control, DataObject, LabelConfig

OBJECT_TAGS = frozenset("Text HyperText Image Audio AudioPlus Video Paragraphs List Table TimeSeries Pdf Chat".split())
VISUAL_TAGS = frozenset(
    "View Header Style Collapse Panel Label Choice Relations Relation Filter Shortcut Repeater Markdown".split()
)
OTHER_CONTROLS = frozenset(
    """Taxonomy Rating Number DateTime TextArea Pairwise Ranker Labels HyperTextLabels ParagraphLabels
    TimeSeriesLabels TimelineLabels Rectangle RectangleLabels Ellipse EllipseLabels Polygon PolygonLabels Brush
    BrushLabels Bitmask BitmaskLabels KeyPoint KeyPointLabels Vector VectorLabels VideoRectangle Magicwand
    ChatMessage ReactCode Bucket OcrLabels""".split()
)


def parse(xml: str) -> LabelConfig:
    """Read a labeling interface.

    Raises InterfaceError, naming tag and attribute, for text that is not XML, a document type declaration, an
    unknown or unsupported control, a missing or repeated name, a ``toName`` that names nothing, and labels that
    are missing or repeated.

    >>> config = parse('<View><Text name="t" value="$text"/><Choices name="c" toName="t">'
    ...                '<Choice value="yes"/><Choice value="no"/></Choices></View>')
    >>> config.controls[0].labels, config.objects[0].field
    (('yes', 'no'), 'text')
    """
    root = _root(xml)
    objects: list[DataObject] = []
    controls: list[Control] = []
    for element in root.iter():
        if element.tag in CONTROLS:
            controls.append(CONTROLS[element.tag](element))
        elif element.tag in OBJECT_TAGS and (value := element.get("value", "")):
            objects.append(DataObject(_required(element, "name"), element.tag, value.lstrip("$")))
        elif element.tag in OTHER_CONTROLS:
            raise InterfaceError(
                f"<{element.tag} name={element.get('name', '')!r}>: this control is not supported yet; "
                f"supported are: {', '.join(CONTROLS)}"
            )
        elif element.tag not in VISUAL_TAGS | OBJECT_TAGS and element.get("toName") is not None:
            raise InterfaceError(
                f"<{element.tag} name={element.get('name', '')!r}>: unknown control; "
                f"supported are: {', '.join(CONTROLS)}"
            )
    _refuse_bad_names(objects, controls)
    return LabelConfig(tuple(objects), tuple(controls), xml)


def _root(xml: str) -> ET.Element:
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise InterfaceError("a labeling interface may not declare a document type or entities")
    try:
        return ET.fromstring(xml)  # noqa: S314 - entities were refused above
    except ET.ParseError as error:
        raise InterfaceError(f"the labeling interface is not XML: {error}") from error


def _required(element: ET.Element, attribute: str) -> str:
    value = element.get(attribute, "").strip()
    if not value:
        name = f" name={element.get('name')!r}" if element.get("name") else ""
        raise InterfaceError(f"<{element.tag}{name}>: the attribute {attribute!r} is missing or empty")
    return value


def _choices(element: ET.Element) -> Control:
    name = _required(element, "name")
    kind = element.get("choice", "single")
    if kind not in ("single", "single-radio", "multiple"):
        raise InterfaceError(
            f"<Choices name={name!r}>: choice={kind!r} is unknown; single, single-radio and multiple are known"
        )
    if element.get("perRegion", "").lower() == "true" or element.get("perItem", "").lower() == "true":
        raise InterfaceError(f"<Choices name={name!r}>: perRegion and perItem are not supported yet")
    if element.get("value"):
        raise InterfaceError(f"<Choices name={name!r}>: labels taken from task data (value=...) are not supported yet")
    labels = []
    for choice in element.iter("Choice"):
        label = choice.get("alias") or choice.get("value")
        if not label:
            raise InterfaceError(f"<Choices name={name!r}>: a <Choice> has no value")
        if label in labels:
            raise InterfaceError(f"<Choices name={name!r}>: the label {label!r} stands there twice")
        labels.append(label)
    if not labels:
        raise InterfaceError(f"<Choices name={name!r}>: has no <Choice>")
    to_names = tuple(part.strip() for part in _required(element, "toName").split(","))
    return Control(name, "Choices", to_names, tuple(labels), kind == "multiple", dict(element.attrib))


CONTROLS: Mapping[str, Callable[[ET.Element], Control]] = {"Choices": _choices}
"""Control tag -> how it is read."""


def _refuse_bad_names(objects: list[DataObject], controls: list[Control]) -> None:
    names = [*(shown.name for shown in objects), *(control.name for control in controls)]
    for name in names:
        if names.count(name) > 1:
            raise InterfaceError(f"the name {name!r} is given to more than one tag")
    if not controls:
        raise InterfaceError("the labeling interface has no control to answer; supported are: " + ", ".join(CONTROLS))
    targets = {shown.name for shown in objects}
    for control in controls:
        for target in control.to_names:
            if target not in targets:
                raise InterfaceError(
                    f"<{control.tag} name={control.name!r}>: toName={target!r} names no object; "
                    f"there are: {', '.join(sorted(targets)) or 'none'}"
                )
