"""Elements of a labeling interface: how attributes are read, what stands around a tag, how refusals name it."""

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .errors import InterfaceError

DEPTH = 64
"""Tags deeper than this are refused: no interface that people can use has them, and a hostile one would."""

VARIABLE = re.compile(r"\$[\w\[\].{}]+")
INDEX = "{{idx}}"
"""What a Repeater puts its index for, unless its ``indexFlag`` says otherwise."""

_CONDITIONS = ("choice-selected", "choice-unselected")
_OWNERS = ("Choices", "Choice", "Taxonomy", "Ranker", "Relations")


@dataclass(frozen=True, slots=True)
class Place:
    """What is around a tag: the nearest control or Choice, the index flag of a Repeater, a condition to be shown."""

    owner: str | None = None
    index_flag: str | None = None
    conditional: bool = False


def walk(root: ET.Element, place: Place | None = None) -> Iterator[tuple[ET.Element, Place]]:
    """The tags that Label Studio reads, in document order, each with what is around it.

    What stands inside a HyperText is HTML, inside a Style CSS, inside a Table or List nothing. Raises InterfaceError
    for tags nested more than ``DEPTH`` deep.
    """
    waiting: list[tuple[ET.Element, Place, int]] = [(root, place or Place(), 1)]
    while waiting:
        element, around, depth = waiting.pop()
        if depth > DEPTH:
            raise InterfaceError(f"{named(element)}: tags are nested more than {DEPTH} deep")
        around = replace(around, conditional=around.conditional or option(element, "visibleWhen") in _CONDITIONS)
        yield element, around
        if element.tag not in ("HyperText", "Style"):
            inside = _inside(element, around)
            waiting += [(child, inside, depth + 1) for child in reversed(element)]


def _inside(element: ET.Element, around: Place) -> Place:
    tag = str(element.tag)
    if tag == "Repeater":
        return replace(around, index_flag=option(element, "indexFlag") or INDEX)
    return replace(around, owner=tag) if tag in _OWNERS or tag.endswith("Labels") else around


def named(element: ET.Element) -> str:
    """How a refusal names a tag: with its name, cut short."""
    name = element.get("name")
    return f"<{element.tag}>" if name is None else f"<{element.tag} name={name!r:.80}>"


def required(element: ET.Element, attribute: str) -> str:
    """An attribute that must be there; raises InterfaceError where it is missing or empty."""
    value = element.get(attribute, "")
    if not value.strip():
        raise InterfaceError(f"{named(element)}: the attribute {attribute!r} is missing or empty")
    return value


def option(element: ET.Element, attribute: str) -> str:
    """An attribute in any case of its letters, as Label Studio's editor reads it; "" where it is absent."""
    return next((value for name, value in element.items() if name.lower() == attribute.lower()), "")


def flag(element: ET.Element, attribute: str) -> bool:
    """True where the attribute says "true"."""
    return option(element, attribute).lower() == "true"


def number(element: ET.Element, attribute: str) -> float | None:
    """A finite number, or null where the attribute is absent or no number (the editor then has no bound either)."""
    try:
        value = float(option(element, attribute))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def targets(element: ET.Element) -> tuple[str, ...]:
    """The names in ``toName``; none where it is missing."""
    return tuple(name.strip() for name in element.get("toName", "").split(",") if name.strip())


def repeated(names: Sequence[str]) -> str | None:
    """The first name that is there more than once."""
    return next((name for name, times in Counter(names).items() if times > 1), None)
