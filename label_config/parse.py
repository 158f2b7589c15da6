"""XML of a labeling interface -> LabelConfig; what cannot be handled is refused aloud.

Read: every control of Label Studio 1.23.2 (see ``controls``) over any object, with labels in the interface or from the
task's data, per region, per item, inside a ``<Repeater>``, shown always or under conditions; ``<View>``, ``<Header>``
and their like among the labels; several targets in ``toName``; objects that read ``$field``, ``$field[0].part``, text
with variables, or nothing from the task.

Refused: tags that Label Studio 1.23.2 does not have, and ``REFUSED_CONTROLS``; an absent ``toName`` beside several
objects; names that are missing, repeated or, inside a Repeater, without its index; labels that cannot be told apart.
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace

from .controls import CONTROLS
from .elements import DEPTH, Place, named, option, repeated, required, walk
from .errors import InterfaceError
from .model import Control, DataObject, Family, LabelConfig

__all__ = ["CONTROLS", "DEPTH", "OBJECT_TAGS", "REFUSED_CONTROLS", "VISUAL_TAGS", "parse"]

OBJECT_TAGS = frozenset(
    """Text HyperText RichText Image Audio AudioPlus Video Paragraphs List Table TimeSeries Pdf PdfOcr Chat
    Dialog""".split()
)
VISUAL_TAGS = frozenset(
    """View PagedView Header Markdown Style Collapse Panel Filter Relation Shortcut Channel MultiChannel
    Repeater""".split()
)
REFUSED_CONTROLS = frozenset(
    """ReactCode CustomInterface Cube CubeLabels VideoVector VideoVectorLabels OcrTokenLabels PdfLabels TableLabels
    ChatMessage""".split()
)
"""Controls of other editions and versions, whose results are not read."""

_INSIDE = {"Choice": ("Choices", "Choice", "Taxonomy"), "Bucket": ("Ranker",), "Relation": ("Relations",)}


def parse(xml: str) -> LabelConfig:
    """Read a labeling interface.

    Raises InterfaceError, naming tag and attribute, for text that is not XML, a document type declaration, tags
    nested more than 64 deep, an unknown tag or a control that is not read, a missing or repeated name, a ``toName``
    that names nothing, and labels that are missing or cannot be told apart.

    >>> config = parse('<View><Text name="t" value="$text"/><Choices name="c" toName="t">'
    ...                '<Choice value="yes"/><Choice value="no"/></Choices></View>')
    >>> config.controls[0].labels, config.objects[0].field
    (('yes', 'no'), 'text')
    """
    objects: list[DataObject] = []
    controls: list[Control] = []
    for element, place in walk(_root(xml)):
        _refuse_unknown(element, place)
        if element.tag in CONTROLS:
            controls.append(_placed(element, CONTROLS[str(element.tag)](element), place))
        if element.tag in OBJECT_TAGS:
            objects.append(_object(element))
    controls = _with_labels_beside([_aimed(control, objects) for control in controls])
    _refuse_bad_names(objects, controls)
    return LabelConfig(tuple(objects), tuple(controls), xml)


def _root(xml: str) -> ET.Element:
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise InterfaceError("a labeling interface may not declare a document type or entities")
    try:
        root = ET.fromstring(xml)  # noqa: S314 - entities were refused above
    except (ET.ParseError, UnicodeEncodeError) as error:
        raise InterfaceError(f"the labeling interface is not XML: {error}") from error
    if root.tag != "View":
        raise InterfaceError(f"{named(root)}: the outermost tag of a labeling interface is <View>")
    return root


def _refuse_unknown(element: ET.Element, place: Place) -> None:
    tag = str(element.tag)
    if tag in REFUSED_CONTROLS:
        raise InterfaceError(f"{named(element)}: the results of this control are not read; {_known()}")
    labels = tag == "Label" and place.owner is not None and place.owner.endswith("Labels")
    inside = labels or place.owner in _INSIDE.get(tag, ())
    if not (inside or tag in CONTROLS or tag in OBJECT_TAGS or (tag in VISUAL_TAGS and tag not in _INSIDE)):
        raise InterfaceError(f"{named(element)}: this tag is unknown here; {_known()}")


def _known() -> str:
    return f"controls that are read: {', '.join(CONTROLS)}"


def _placed(element: ET.Element, control: Control, place: Place) -> Control:
    """The control with what follows from where it stands."""
    drawn = control.family in (Family.REGIONS, Family.RELATIONS, Family.CHAT)
    if place.index_flag is None:
        return replace(control, conditional=place.conditional)
    if place.index_flag not in control.name:
        raise InterfaceError(f"{named(element)}: a name inside a <Repeater> must hold {place.index_flag!r:.80}")
    return replace(
        control,
        conditional=place.conditional,
        index_flag=place.index_flag,
        per_region=control.per_region or not drawn,
    )


def _object(element: ET.Element) -> DataObject:
    text = "" if len(element) else (element.text or "").strip()
    value = text or element.get("value") or option(element, "valueList")
    return DataObject(required(element, "name"), str(element.tag), value, dict(element.attrib))


def _aimed(control: Control, objects: Sequence[DataObject]) -> Control:
    """The control with the only object there is as its target where it names none, as the editor has it."""
    if control.to_names or control.family == Family.RELATIONS:
        return control
    if len(objects) != 1:
        raise InterfaceError(
            f"<{control.tag} name={control.name!r:.80}>: the attribute 'toName' is missing or empty, and there are "
            f"{len(objects)} objects"
        )
    return replace(control, to_names=(objects[0].name,))


def _with_labels_beside(controls: Sequence[Control]) -> list[Control]:
    """A VideoRectangle has the labels of the Labels beside it: Label Studio writes them into its results."""
    tracking = {target for one in controls if one.tag == "VideoRectangle" for target in one.to_names}
    beside = [one for one in controls if one.tag == "Labels" and tracking.intersection(one.to_names)]
    found = []
    for control in controls:
        near = [one for one in beside if set(one.to_names) & set(control.to_names)]
        if control in beside:
            control = replace(control, conditional=True)
        elif control.tag == "VideoRectangle" and near:
            labels = tuple(dict.fromkeys(label for one in near for label in one.labels))
            dynamic = any(one.dynamic for one in near)
            control = replace(control, labels=labels, dynamic=dynamic, multiple=any(one.multiple for one in near))
        found.append(control)
    return found


def _refuse_bad_names(objects: Sequence[DataObject], controls: Sequence[Control]) -> None:
    known = {shown.name for shown in objects}
    both = {control.name for control in controls if control.family == Family.CHAT}
    names = [*(shown.name for shown in objects if shown.name not in both), *(control.name for control in controls)]
    if (twice := repeated(names) or repeated([shown.name for shown in objects])) is not None:
        raise InterfaceError(f"the name {twice!r:.80} is given to more than one tag")
    if not controls:
        raise InterfaceError(f"the labeling interface has no control to answer; {_known()}")
    for control in controls:
        for target in control.to_names:
            if target not in known:
                raise InterfaceError(
                    f"<{control.tag} name={control.name!r:.80}>: toName={target!r:.80} names no object; "
                    f"there are: {', '.join(sorted(known)) or 'none'}"
                )
