"""XML of a labeling interface -> LabelConfig; what cannot be handled is refused aloud.

Supported: ``<Choices>`` (single, single-radio, multiple) over any object, several of them, with ``alias``, ``html``,
``hotkey``, ``hint``, ``selected``, any layout, ``visibleWhen`` and its conditions (a control that was not shown has no
answer), ``<View>`` and ``<Header>`` among the choices, labels as text (``<Choice>Yes</Choice>``), several targets in
``toName``, objects that read ``$field``, ``$field[0].part``, text with variables, or nothing from the task.

Refused: every other control, nested choices, ``perRegion``, ``perItem``, ``<Repeater>``, labels that come from task
data (``value="$labels"``, ``<Choice value="$label"/>``), an absent ``toName``, tags that Label Studio does not have.
"""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from .errors import InterfaceError
from .model import Control, DataObject, LabelConfig

OBJECT_TAGS = frozenset(
    """Text HyperText RichText Image Audio AudioPlus Video Paragraphs List Table TimeSeries Pdf PdfOcr Chat
    Dialog""".split()
)
VISUAL_TAGS = frozenset(
    """View PagedView Header Markdown Style Collapse Panel Filter Relations Relation Shortcut Channel
    MultiChannel""".split()
)
OTHER_CONTROLS = frozenset(
    """Taxonomy Rating Number DateTime TextArea Pairwise Ranker Bucket Label Labels HyperTextLabels ParagraphLabels
    TimeSeriesLabels TimelineLabels Rectangle RectangleLabels Ellipse EllipseLabels Polygon PolygonLabels Brush
    BrushLabels Bitmask BitmaskLabels KeyPoint KeyPointLabels Vector VectorLabels VideoRectangle VideoVector
    VideoVectorLabels Cube CubeLabels MagicWand Magicwand ChatMessage ReactCode CustomInterface OcrLabels
    OcrTokenLabels PdfLabels TableLabels Repeater""".split()
)
DEPTH = 64
"""Tags deeper than this are refused: no interface that people can use has them, and a hostile one would."""

_VARIABLE = re.compile(r"\$[\w\[\].{}]+")


def parse(xml: str) -> LabelConfig:
    """Read a labeling interface.

    Raises InterfaceError, naming tag and attribute, for text that is not XML, a document type declaration, tags
    nested more than 64 deep, an unknown tag or unsupported control, a missing or repeated name, a ``toName`` that
    names nothing, and labels that are missing or repeated.

    >>> config = parse('<View><Text name="t" value="$text"/><Choices name="c" toName="t">'
    ...                '<Choice value="yes"/><Choice value="no"/></Choices></View>')
    >>> config.controls[0].labels, config.objects[0].field
    (('yes', 'no'), 'text')
    """
    objects: list[DataObject] = []
    controls: list[Control] = []
    for element, owner in tags(_root(xml)):
        if element.tag in CONTROLS:
            controls.append(CONTROLS[element.tag](element))
        elif element.tag in OBJECT_TAGS:
            objects.append(_object(element))
        elif element.tag in OTHER_CONTROLS:
            raise InterfaceError(f"{_named(element)}: this control is not supported yet; {_supported()}")
        elif element.tag not in VISUAL_TAGS and not (element.tag == "Choice" and owner is not None):
            raise InterfaceError(f"{_named(element)}: this tag is unknown here; {_supported()}")
    _refuse_bad_names(objects, controls)
    return LabelConfig(tuple(objects), tuple(controls), xml)


def tags(root: ET.Element) -> Iterator[tuple[ET.Element, str | None]]:
    """The tags that Label Studio reads, in document order, each with the nearest Choices or Choice around it.

    What stands inside a HyperText is HTML, and inside a Style is CSS: neither holds tags.
    """
    waiting: list[tuple[ET.Element, str | None, int]] = [(root, None, 1)]
    while waiting:
        element, owner, depth = waiting.pop()
        if depth > DEPTH:
            raise InterfaceError(f"{_named(element)}: tags are nested more than {DEPTH} deep")
        yield element, owner
        if element.tag not in ("HyperText", "Style"):
            inside = element.tag if element.tag in ("Choices", "Choice") else owner
            waiting += [(child, inside, depth + 1) for child in reversed(element)]


def _root(xml: str) -> ET.Element:
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise InterfaceError("a labeling interface may not declare a document type or entities")
    try:
        root = ET.fromstring(xml)  # noqa: S314 - entities were refused above
    except (ET.ParseError, UnicodeEncodeError) as error:
        raise InterfaceError(f"the labeling interface is not XML: {error}") from error
    if root.tag != "View":
        raise InterfaceError(f"{_named(root)}: the outermost tag of a labeling interface is <View>")
    return root


def _named(element: ET.Element) -> str:
    name = element.get("name")
    return f"<{element.tag}>" if name is None else f"<{element.tag} name={name!r:.80}>"


def _supported() -> str:
    return f"controls that are supported: {', '.join(CONTROLS)}"


def _required(element: ET.Element, attribute: str) -> str:
    value = element.get(attribute, "")
    if not value.strip():
        raise InterfaceError(f"{_named(element)}: the attribute {attribute!r} is missing or empty")
    return value


def _option(element: ET.Element, attribute: str) -> str:
    """An attribute in any case of its letters, as Label Studio's editor reads it; "" where it is absent."""
    return next((value for name, value in element.items() if name.lower() == attribute.lower()), "")


def _object(element: ET.Element) -> DataObject:
    text = "" if len(element) else (element.text or "").strip()
    return DataObject(
        _required(element, "name"), str(element.tag), text or element.get("value") or _option(element, "valueList")
    )


def _choices(element: ET.Element) -> Control:
    name = _required(element, "name")
    kind = _option(element, "choice") or "single"
    if kind not in ("single", "single-radio", "multiple"):
        raise InterfaceError(
            f"{_named(element)}: choice={kind!r:.80} is unknown; single, single-radio and multiple are known"
        )
    for attribute in ("perRegion", "perItem", "allowNested"):
        if _option(element, attribute).lower() == "true":
            raise InterfaceError(f"{_named(element)}: {attribute}='true' is not supported yet")
    if value := _option(element, "value"):
        raise InterfaceError(f"{_named(element)}: value={value!r:.80}: labels from task data are not supported yet")
    labels = [_label(element, choice, owner) for choice, owner in tags(element) if choice.tag == "Choice"]
    if not labels:
        raise InterfaceError(f"{_named(element)}: has no <Choice>")
    if repeated := _repeated(labels):
        raise InterfaceError(f"{_named(element)}: the label {repeated!r:.80} stands there twice")
    targets = tuple(_required(element, "toName").split(","))
    return Control(name, "Choices", targets, tuple(labels), kind == "multiple", dict(element.attrib))


def _label(control: ET.Element, choice: ET.Element, owner: str | None) -> str:
    """What results say for a choice: its alias, else its text, else its value (the editor's own order)."""
    if owner == "Choice":
        raise InterfaceError(
            f"{_named(control)}: a <Choice> stands inside a <Choice>: nested choices are not supported"
        )
    if (alias := choice.get("alias")) is not None:
        if not alias.strip():
            raise InterfaceError(f"{_named(control)}: a <Choice> has an empty alias")
        return alias
    value, text = choice.get("value", ""), "" if len(choice) else (choice.text or "").strip()
    label = text or value
    if not label.strip():
        raise InterfaceError(f"{_named(control)}: a <Choice> has no value")
    if text and (set(text) & set("&<>") or (value and value != text)):
        raise InterfaceError(
            f"{_named(control)}: <Choice>: Label Studio would not record the text {text!r:.80} as it stands: "
            "write the label as the value, and nothing between the tags"
        )
    if variable := _VARIABLE.search(label):
        raise InterfaceError(
            f"{_named(control)}: <Choice value={label!r:.80}>: Label Studio takes {variable[0]!r:.80} for a field of "
            "the task, and labels from task data are not supported yet; an alias makes it a label"
        )
    return label


CONTROLS: Mapping[str, Callable[[ET.Element], Control]] = {"Choices": _choices}
"""Control tag -> how it is read."""


def _repeated(names: Sequence[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)


def _refuse_bad_names(objects: Sequence[DataObject], controls: Sequence[Control]) -> None:
    targets = {shown.name for shown in objects}
    repeated = _repeated([*(shown.name for shown in objects), *(control.name for control in controls)])
    if repeated is not None:
        raise InterfaceError(f"the name {repeated!r:.80} is given to more than one tag")
    if not controls:
        raise InterfaceError(f"the labeling interface has no control to answer; {_supported()}")
    for control in controls:
        for target in control.to_names:
            if target not in targets:
                raise InterfaceError(
                    f"<{control.tag} name={control.name!r:.80}>: toName={target!r:.80} names no object; "
                    f"there are: {', '.join(sorted(targets)) or 'none'}"
                )
