"""Labels and questions of one's own in a ready-made interface, and a key for each label."""

import csv
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence

from ..elements import VARIABLE, repeated
from ..errors import InterfaceError
from ..model import Control, Family
from ..parse import parse

ROWS = ("1234567890", "asdfgjl", "zxcn", "qtyi")
"""The keys of the first control, of the second and so on; who has more labels takes what the others leave.

Missing are the letters that Label Studio takes for itself: u, and those of the tools beside an image.
"""
HINT = "6"
"""The size of the headers that explain keys; others ask a question."""


def read_labels(text: str, xml: str) -> tuple[str, tuple[str, ...]]:
    """``A,B,C`` or ``CONTROL=A,B,C`` -> the control that is meant (else the first that has labels), and its labels.

    A label with a comma stands in double quotes. Raises InterfaceError where nothing here has labels, and for labels
    that are empty, repeated, cannot be written, or hold a ``$variable``, which Label Studio would look up in the task.

    >>> read_labels('yes,"no, thanks"', '<View><Text name="t" value="$t"/><Choices name="c" toName="t">'
    ...             '<Choice value="a"/></Choices></View>')
    ('c', ('yes', 'no, thanks'))
    """
    takes = {control.name: _takes_labels(control) for control in parse(xml).controls}
    known = [name for name, labeled in takes.items() if labeled]
    if not known:
        raise InterfaceError("this interface takes no labels: what it asks for is no label")
    if not takes.get(named := text.partition("=")[0], True):
        raise InterfaceError(f"control {named!r} takes no labels; these do: {', '.join(known)}")
    control, words = named_control(text, known)
    try:
        (row,) = csv.reader([words], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise InterfaceError(
            f"labels {words!r:.80}: they are given as A,B,C; one that has a comma stands in double quotes"
        ) from error
    labels = tuple(label.strip() for label in row)
    _refuse_bad(control, labels)
    return control, labels


def named_control(text: str, known: Sequence[str]) -> tuple[str, str]:
    """``CONTROL=TEXT`` -> that control and the text; the first known one where the text names none of them.

    >>> named_control("mood=a,b", ["topic", "mood"]), named_control("a=b", ["topic", "mood"])
    (('mood', 'a,b'), ('topic', 'a=b'))
    """
    name, equals, rest = text.partition("=")
    return (name, rest) if equals and name in known else (known[0], text)


def adapted(xml: str, labels: Mapping[str, Sequence[str]], questions: Mapping[str, str]) -> str:
    """The interface with these labels and questions of the controls named, and keys given anew to all of them.

    Labels of a tree are paths, ``Food/Fish``: what stands above them comes with them. Raises InterfaceError for labels
    that cannot be told apart or cannot be written.
    """
    comment, _, rest = xml.partition("<View")
    root = ET.fromstring(f"<View{rest}")  # noqa: S314 - ready-made interfaces are ours
    controls = {control.name: control for control in parse(xml).controls}
    for name, text in questions.items():
        _question_of(root, name).set("value", text)
    for element, control in _asked(root, controls):
        if control.name in labels:
            _replace(element, labels[control.name], tree=control.family == Family.TAXONOMY)
    _give_keys([found for element, control in _asked(root, controls) if (found := _keyed(element, control))])
    ET.indent(root)
    written = f"{comment}{ET.tostring(root, encoding='unicode')}\n"
    parse(written)
    return written


def _takes_labels(control: Control) -> bool:
    families = (Family.CHOICES, Family.TAXONOMY, Family.REGIONS)
    return control.family in families and control.tag != "Pairwise" and bool(control.labels)


def _refuse_bad(control: str, labels: Sequence[str]) -> None:
    where = f"labels of {control!r:.80}"
    if not labels or not all(labels):
        raise InterfaceError(f"{where}: one is empty; they are given as A,B,C")
    if (twice := repeated(labels)) is not None:
        raise InterfaceError(f"{where}: {twice!r:.80} stands there twice")
    for label in labels:
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in label):
            raise InterfaceError(f"{where}: {label!r:.80} holds a character that cannot be written")
        if VARIABLE.search(label):
            raise InterfaceError(
                f"{where}: leave out the $ of {label!r:.80}: Label Studio would look it up in the task"
            )


def _question_of(root: ET.Element, control: str) -> ET.Element:
    """The header that asks for the answer to a control: the last one before it."""
    found = None
    for element in root.iter():
        if element.tag == "Header" and element.get("size") != HINT:
            found = element
        if element.get("name") == control and found is not None:
            return found
    raise InterfaceError(f"no question stands before control {control!r:.80}")


def _asked(root: ET.Element, controls: Mapping[str, Control]) -> Iterator[tuple[ET.Element, Control]]:
    for element in root.iter():
        control = controls.get(element.get("name", ""))
        if control is not None and element.tag == control.tag:
            yield element, control


def _replace(element: ET.Element, labels: Sequence[str], *, tree: bool) -> None:
    tag = "Label" if element.tag.endswith("Labels") else "Choice"
    for old in list(element):
        element.remove(old)
    nodes: dict[tuple[str, ...], ET.Element] = {(): element}
    for label in labels:
        path = tuple(part.strip() for part in label.split("/")) if tree else (label,)
        if not all(path):
            raise InterfaceError(f"label {label!r:.80}: a part of the path is empty; they are given as Food/Fish")
        for depth in range(1, len(path) + 1):
            if path[:depth] not in nodes:
                nodes[path[:depth]] = ET.SubElement(nodes[path[: depth - 1]], tag, value=path[depth - 1])


def _keyed(element: ET.Element, control: Control) -> list[ET.Element]:
    """What of a control can be had by a key: each of its labels, or one more of a rating or number."""
    if control.family in (Family.RATING, Family.NUMBER):
        return [element]
    flat = _takes_labels(control) and control.family != Family.TAXONOMY
    return [one for one in element.iter() if one.tag in ("Choice", "Label")] if flat else []


def _give_keys(controls: Sequence[Sequence[ET.Element]]) -> None:
    """A key for each, from the row of its control; labels that all are keys themselves (0 to 9) are their own.

    Where no key is left none is given: Label Studio then draws one of the letters that ``ROWS`` leaves out.
    """
    free = dict.fromkeys("".join(ROWS))
    waiting: list[ET.Element] = []
    for place, elements in enumerate(controls):
        own = [element.get("value", "").lower() for element in elements]
        keys_themselves = set(own) <= free.keys() and len(set(own)) == len(own)
        row = own if keys_themselves else ROWS[place] if place < len(ROWS) else ""
        keys = [key for key in row if key in free]
        for position, element in enumerate(elements):
            element.attrib.pop("hotkey", None)
            if position < len(keys):
                element.set("hotkey", keys[position])
                del free[keys[position]]
            else:
                waiting.append(element)
    for element, key in zip(waiting, list(free), strict=False):
        element.set("hotkey", key)
