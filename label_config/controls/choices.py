"""Choices, Taxonomy and Pairwise: labels that are written in the interface, or come from the task's data."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from ..elements import VARIABLE, flag, named, option, required, targets, walk
from ..errors import InterfaceError
from ..model import Control, Family

SIDES = ("left", "right")


def choices(element: ET.Element) -> Control:
    """Choices: nested ones are a taxonomy, whose labels are paths joined by "/"."""
    name = required(element, "name")
    kind = option(element, "choice") or "single"
    if kind not in ("single", "single-radio", "multiple"):
        raise InterfaceError(
            f"{named(element)}: choice={kind!r:.80} is unknown; single, single-radio and multiple are known"
        )
    found = [(choice, place.owner) for choice, place in walk(element) if choice.tag == "Choice"]
    nested = flag(element, "allowNested") or any(owner == "Choice" for _, owner in found)
    labels, dynamic = _paths(element) if nested else _flat(element, [choice for choice, _ in found])
    dynamic |= bool(option(element, "value"))
    if not labels and not dynamic:
        raise InterfaceError(f"{named(element)}: has no <Choice>")
    return Control(
        name,
        "Choices",
        targets(element),
        labels,
        kind == "multiple",
        dict(element.attrib),
        Family.TAXONOMY if nested else Family.CHOICES,
        dynamic,
        asked_apart(element),
    )


def taxonomy(element: ET.Element) -> Control:
    """Taxonomy: its labels are the paths from the root, joined by "/"; dynamic with ``apiUrl`` or ``value``.

    With ``labeling`` it gives labels to regions that it marks itself.
    """
    name = required(element, "name")
    labels, dynamic = _paths(element)
    dynamic |= bool(option(element, "apiUrl") or option(element, "value"))
    if not labels and not dynamic:
        raise InterfaceError(f"{named(element)}: has no <Choice>")
    single = option(element, "maxUsages") == "1"
    return Control(
        name,
        "Taxonomy",
        targets(element),
        labels,
        not single,
        dict(element.attrib),
        Family.TAXONOMY,
        dynamic,
        asked_apart(element) or flag(element, "labeling"),
    )


def pairwise(element: ET.Element) -> Control:
    """Pairwise: a choice between left and right, about two objects."""
    name, about = required(element, "name"), targets(element)
    if len(about) != 2 or about[0] == about[1]:
        raise InterfaceError(f"{named(element)}: toName must name two objects, as in 'first,second'")
    return Control(name, "Pairwise", about, SIDES, attributes=dict(element.attrib))


def asked_apart(element: ET.Element) -> bool:
    """True where a control asks about each region or item apart."""
    return flag(element, "perRegion") or flag(element, "perItem")


def _flat(control: ET.Element, found: list[ET.Element]) -> tuple[tuple[str, ...], bool]:
    """The labels in order, each once, and whether some come from the task's data."""
    shown: dict[str, str] = {}
    labels = [(label(control, choice), choice.get("value", "")) for choice in found]
    for said, value in labels:
        if said is not None and shown.setdefault(said, value) != value:
            raise InterfaceError(f"{named(control)}: the label {said!r:.80} stands there twice, for different values")
    return tuple(shown), any(said is None for said, _ in labels)


def _paths(control: ET.Element) -> tuple[tuple[str, ...], bool]:
    paths = list(_below(control, control, ()))
    known = dict.fromkeys("/".join(path) for path in paths if None not in path and path)  # type: ignore[arg-type] # none of them is null
    return tuple(known), any(None in path for path in paths)


def _below(control: ET.Element, element: ET.Element, path: tuple[str | None, ...]) -> Iterator[tuple[str | None, ...]]:
    for child in element:
        if child.tag == "Choice":
            here = (*path, label(control, child))
            yield here
            yield from _below(control, child, here)
        elif child.tag not in ("HyperText", "Style"):
            yield from _below(control, child, path)


def label(control: ET.Element, choice: ET.Element) -> str | None:
    """What results say for a Choice or Label: its alias, else its text, else its value (the editor's own order).

    Null where Label Studio takes it from the task's data.
    """
    tag = choice.tag
    if (alias := choice.get("alias")) is not None:
        if not alias.strip():
            raise InterfaceError(f"{named(control)}: a <{tag}> has an empty alias")
        return alias
    value, text = choice.get("value", ""), "" if len(choice) else (choice.text or "").strip()
    said = text or value
    if not said.strip():
        raise InterfaceError(f"{named(control)}: a <{tag}> has no value")
    if text and (set(text) & set("&<>") or (value and value != text)):
        raise InterfaceError(
            f"{named(control)}: <{tag}>: Label Studio would not record the text {text!r:.80} as it stands: "
            "write the label as the value, and nothing between the tags"
        )
    return None if VARIABLE.search(said) else said
