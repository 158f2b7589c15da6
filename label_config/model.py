"""The vocabulary of labeling interfaces: data objects and controls. Answers are in ``answers``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .errors import InterfaceError

_VARIABLE = re.compile(r"\$([\w\[\].{}]+)")
_STEP = re.compile(r"[\w{}]+")


class Family(StrEnum):
    """What kind of answer a control asks for: the type of the answer follows from it (see ``answers.ANSWERS``)."""

    CHOICES = "choices"
    """Choices, and Pairwise as a choice between left and right."""
    TAXONOMY = "taxonomy"
    """Taxonomy, and nested Choices."""
    RATING = "rating"
    NUMBER = "number"
    MOMENT = "moment"
    """DateTime."""
    TEXT = "text"
    """TextArea."""
    RANKING = "ranking"
    """Ranker, with or without buckets."""
    REGIONS = "regions"
    """Everything that is marked or drawn: spans, segments, boxes, outlines, masks, points, tracks."""
    RELATIONS = "relations"
    CHAT = "chat"


_TAUGHT = frozenset({Family.TAXONOMY, Family.RATING, Family.NUMBER, Family.RANKING})
_MARKS_TEXT = frozenset({"Labels", "HyperTextLabels", "ParagraphLabels"})


@dataclass(frozen=True, slots=True)
class DataObject:
    """What is shown: ``<Image name="image" value="$image"/>`` has tag "Image" and value "$image".

    ``attributes`` are the tag's own, as written.
    """

    name: str
    tag: str
    value: str
    attributes: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

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
    """What is asked: a control tag with its labels in the interface's order.

    ``labels`` are what results say: a choice's alias where it has one; for Pairwise left and right. ``multiple`` is
    true where several labels may be chosen together. ``dynamic`` is true where labels come from the task's data, so
    that ``labels`` are not all there are. ``per_region`` is true where the control asks about each region (or each
    item) apart: its answers are ``PerRegion``, of parts of this control's family. ``low`` and ``high`` are the bounds
    of a Number or a Rating, null where the interface gives none. ``attributes`` are the tag's own, as written.
    ``index_flag`` is what the name holds in place of an index where the control stands inside a Repeater.
    ``conditional`` is true where another answer decides whether the control is shown at all, and for Labels that Label
    Studio writes into the results of a VideoRectangle: no answer to the control is none, and not an empty one.
    """

    name: str
    tag: str
    to_names: tuple[str, ...]
    labels: tuple[str, ...] = ()
    multiple: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    family: Family = Family.CHOICES
    dynamic: bool = False
    per_region: bool = False
    low: float | None = None
    high: float | None = None
    index_flag: str | None = None
    conditional: bool = False

    @property
    def decidable(self) -> bool:
        """True where an answer is one or several of the interface's labels."""
        return self.family == Family.CHOICES and not self.per_region and not self.dynamic

    @property
    def teachable(self) -> bool:
        """True where models may learn the answers: they are about the whole task, and marked in text if anywhere."""
        if self.per_region:
            return False
        return self.decidable or self.family in _TAUGHT or (self.family == Family.REGIONS and self.tag in _MARKS_TEXT)


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """A parsed labeling interface. ``xml`` is the text it was read from."""

    objects: tuple[DataObject, ...]
    controls: tuple[Control, ...]
    xml: str

    @property
    def decidable(self) -> tuple[Control, ...]:
        """The controls whose answers are labels of the interface."""
        return tuple(control for control in self.controls if control.decidable)

    def control(self, name: str) -> Control:
        """The control of that name; raises InterfaceError that lists the names there are."""
        for control in self.controls:
            if control.name == name:
                return control
        names = ", ".join(control.name for control in self.controls)
        raise InterfaceError(f"no control is named {name!r}; this labeling interface has: {names}")
