"""Answers to controls, as values: equal answers are equal, and every one can be hashed and ordered by its text.

Region ids of Label Studio are not part of an answer: what refers to a region (a part of a per-region answer, the end
of a relation) holds the region itself. Lengths on images are pixels of the original image, where its size is known,
else percent of it; angles are degrees, clockwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .model import Control, Family


@dataclass(frozen=True, slots=True, order=True)
class Choices:
    """The chosen labels, each once, in the interface's order; an empty tuple is an answer that chose nothing."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The chosen paths, each from the root to the chosen node, each once, in sorted order."""

    paths: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Number:
    """The answer to a Number or a Rating: a finite number."""

    value: float


@dataclass(frozen=True, slots=True)
class Moment:
    """The answer to a DateTime: as it was written, and as seconds since 1970-01-01 (UTC where no zone is given)."""

    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Text:
    """The answer to a TextArea: what was submitted, one string a submission, in their order."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The answer to a Ranker: bucket -> items, the first place first. A plain ranker has one bucket."""

    buckets: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """From ``start`` to ``end`` (seconds, frames, or the series' own unit); an instant has both equal."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its corner at the top left, turned by ``rotation`` about that corner, as Label Studio turns it."""

    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse by its centre and radii, turned by ``rotation`` about the centre."""

    x: float
    y: float
    radius_x: float
    radius_y: float
    rotation: float = 0.0


@dataclass(frozen=True, slots=True)
class Polygon:
    """An outline: three points or more, the last one joined to the first."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Mask:
    """Pixels: the lengths of the runs of an image read row by row, outside and inside in turn, outside first."""

    width: int
    height: int
    runs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """A point; ``canvas`` is the width and height of the image in the same unit."""

    x: float
    y: float
    canvas: tuple[float, float] = (100.0, 100.0)


@dataclass(frozen=True, slots=True)
class Vector:
    """A line through points, closed or open; curves are already flattened. ``canvas`` as of a key point."""

    points: tuple[tuple[float, float], ...]
    closed: bool
    canvas: tuple[float, float] = (100.0, 100.0)


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A box at a frame (1 is the first); between two key frames it moves evenly, after a disabled one it is absent."""

    frame: int
    box: Box
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Track:
    """What a VideoRectangle follows: its key frames in order, and how many frames the video has (0: unknown)."""

    frames: tuple[KeyFrame, ...]
    length: int = 0


@dataclass(frozen=True, slots=True)
class Whole:
    """No shape of its own: an item of a list, an image of several, a repetition; ``Region.where`` says which."""


Shape = Span | Segment | Box | Ellipse | Polygon | Mask | KeyPoint | Vector | Track | Whole


@dataclass(frozen=True, slots=True)
class Region:
    """Something marked or drawn, with its labels (none for a control without labels).

    ``where`` tells surfaces apart: another object, image of several, page, channel or paragraph. Regions on different
    surfaces never overlap.
    """

    shape: Shape
    labels: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Regions:
    """The answer to a control that marks or draws; an empty tuple is an answer that found nothing."""

    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What was answered about one region; null where it was left open."""

    region: Region
    answer: "Choices | Taxonomy | Number | Moment | Text | Ranking | None"


@dataclass(frozen=True, slots=True)
class PerRegion:
    """The answer to a per-region control: a part for each region that it could be asked about."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A relation: ``direction`` is "right" (source to target), "left" or "bi"."""

    source: Region
    target: Region
    direction: str = "right"
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relations:
    """The relations that were drawn."""

    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Chat:
    """The messages that an annotator wrote, in order."""

    messages: tuple[Message, ...]


Answer = Choices | Taxonomy | Number | Moment | Text | Ranking | Regions | PerRegion | Relations | Chat
"""An answer to one control."""


def empty_answer(control: Control) -> Answer | None:
    """What a finished annotation says that has no word on this control; null where that is no answer.

    Who marks, relates or describes nothing has answered that there is nothing; who chooses nothing has not answered,
    and neither has who may not have been asked (``Control.conditional``).
    """
    if control.conditional:
        return None
    if control.per_region:
        return PerRegion(())
    empty: Mapping[Family, Answer] = {Family.REGIONS: Regions(()), Family.RELATIONS: Relations(())}
    return empty.get(control.family)


def chosen(answer: Answer) -> tuple[str, ...]:
    """The labels of an answer to a Choices or Pairwise; raises TypeError for an answer of another kind.

    >>> chosen(Choices(("yes",)))
    ('yes',)
    """
    if not isinstance(answer, Choices):
        raise TypeError(f"{type(answer).__name__} is no choice of labels")
    return answer.labels


Answers = Mapping[str, Answer]
"""One annotation's answers: control name -> answer. A control that was not answered is absent."""

ANSWERS: Mapping[Family, type] = {
    Family.CHOICES: Choices,
    Family.TAXONOMY: Taxonomy,
    Family.RATING: Number,
    Family.NUMBER: Number,
    Family.MOMENT: Moment,
    Family.TEXT: Text,
    Family.RANKING: Ranking,
    Family.REGIONS: Regions,
    Family.RELATIONS: Relations,
    Family.CHAT: Chat,
}
"""The type of the answers of a family; a per-region control's are PerRegion."""
