"""The vocabulary of labeling interfaces: data objects, controls, answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import InterfaceError

_VARIABLE = re.compile(r"\$([\w\[\].{}]+)")
_STEP = re.compile(r"[\w{}]+")


@dataclass(frozen=True, slots=True)
class DataObject:
    """What is shown: ``<Image name="image" value="$image"/>`` has tag "Image" and value "$image"."""

    name: str
    tag: str
    value: str

    @property
    def field(self) -> str:
        """The field of the task's data that is read: the first of several, the one around a part; "" for a constant.

        >>> [DataObject("t", "Text", value).field for value in ("$text", "$pages[0].body", "Title: $title", "Hello")]
        ['text', 'pages', 'title', '']
        """
        found = _VARIABLE.search(self.value)
        step = _STEP.search(found[1]) if found else None
        return step[0] if step else ""


@dataclass(frozen=True, slots=True)
class Control:
    """What is asked: a ``<Choices>`` tag with its labels in the interface's order.

    ``labels`` are what results say: a choice's alias where it has one. ``multiple`` is true where several labels may
    be chosen together. ``attributes`` are the tag's own attributes, as written.
    """

    name: str
    tag: str
    to_names: tuple[str, ...]
    labels: tuple[str, ...]
    multiple: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """A parsed labeling interface. ``xml`` is the text it was read from."""

    objects: tuple[DataObject, ...]
    controls: tuple[Control, ...]
    xml: str

    def control(self, name: str) -> Control:
        """The control of that name; raises InterfaceError that lists the names there are."""
        for control in self.controls:
            if control.name == name:
                return control
        names = ", ".join(control.name for control in self.controls)
        raise InterfaceError(f"no control is named {name!r}; this labeling interface has: {names}")


@dataclass(frozen=True, slots=True, order=True)
class Choices:
    """The answer to a Choices control: the chosen labels, each once, in the interface's order.

    An empty tuple is an answer that chose nothing.
    """

    labels: tuple[str, ...]


Answer = Choices
"""An answer to one control. A union that grows with the control families."""

Answers = Mapping[str, Answer]
"""One annotation's answers: control name -> answer. A control that was not answered is absent."""
