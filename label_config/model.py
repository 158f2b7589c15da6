"""The vocabulary of labeling interfaces: data objects, controls, answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import InterfaceError


@dataclass(frozen=True, slots=True)
class DataObject:
    """What is shown: ``<Image name="image" value="$image"/>`` has tag "Image" and reads the task field "image"."""

    name: str
    tag: str
    field: str


@dataclass(frozen=True, slots=True)
class Control:
    """What is asked: a ``<Choices>`` tag with its labels in the interface's order.

    ``multiple`` is true where several labels may be chosen together.
    ``attributes`` are the tag's own attributes, as written.
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
