"""People who answer whatever an interface asks: at random, but as Label Studio could have written it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from label_config.answers import (
    Answer,
    Box,
    Chat,
    Choices,
    Ellipse,
    KeyFrame,
    KeyPoint,
    Link,
    Mask,
    Message,
    Moment,
    Number,
    Part,
    PerRegion,
    Polygon,
    Ranking,
    Region,
    Regions,
    Relations,
    Segment,
    Shape,
    Span,
    Taxonomy,
    Text,
    Track,
    Vector,
    Whole,
)
from label_config.errors import LabelConfigError
from label_config.model import Control, Family, LabelConfig
from label_config.results import read_answers, write_answers

Rng = np.random.Generator
SIZE = (100, 80)


def result_of(config: LabelConfig, rng: Rng) -> list[dict[str, Any]]:
    """One annotation: an answer to every control for which a valid one is found."""
    answers: dict[str, Answer] = {}
    for control in sorted(config.controls, key=_late):
        for answer in _answers(control, answers, rng):
            more = {**answers, control.name: answer}
            if _fits(config, more, control.name):
                answers = more
                break
    return write_answers(config, answers, region_id="r", size=SIZE)


def _late(control: Control) -> int:
    """What refers to regions is answered after them."""
    return 2 if control.family == Family.RELATIONS else int(control.per_region)


def _fits(config: LabelConfig, answers: dict[str, Answer], name: str) -> bool:
    try:
        return name in read_answers(config, write_answers(config, answers, region_id="r", size=SIZE))
    except LabelConfigError:
        return False


def _answers(control: Control, answers: dict[str, Answer], rng: Rng) -> Iterator[Answer]:
    """What may be an answer, the likeliest first."""
    drawn = [one for answer in answers.values() for one in _regions(answer)]
    if control.family == Family.RELATIONS:
        if len(drawn) > 1:
            yield Relations((Link(drawn[0], drawn[1], "right", _some(control, rng)[:1]),))
            yield Relations((Link(drawn[0], drawn[1]),))
        yield Relations(())
    elif control.per_region:
        for value in _values(control, rng):
            yield PerRegion(tuple(Part(region, value) for region in drawn))
            yield PerRegion((Part(Region(Whole(), (), "0"), value),))
        yield PerRegion(())
    elif control.family == Family.REGIONS:
        for shape, other in zip(_shapes(rng), _shapes(rng), strict=True):
            for labels in (_some(control, rng), ()):
                yield Regions((Region(shape, labels), Region(other, labels)))
                yield Regions((Region(shape, labels),))
    elif control.family == Family.CHAT:
        yield Chat((Message("user", str(rng.choice(["hello", "good day"]))),))
    else:
        yield from _values(control, rng)


def _regions(answer: Answer) -> Iterator[Region]:
    """What can be referred to: regions, and messages of a conversation."""
    if isinstance(answer, Regions):
        yield from answer.regions
    elif isinstance(answer, Chat):
        yield from (Region(Whole(), (), f"{one.role}: {one.text}") for one in answer.messages)


def _values(control: Control, rng: Rng) -> Iterator[Any]:
    low, high = control.low or 0.0, control.high or 5.0
    labels = _some(control, rng)
    item = ["a", "b", "c"] if rng.random() < 0.5 else ["c", "a", "b"]
    known: dict[Family, list[Answer]] = {
        Family.CHOICES: [Choices(labels)],
        Family.TAXONOMY: [Taxonomy((labels[:1],)), Taxonomy((("own",),))],
        Family.RATING: [Number(float(rng.integers(max(1, int(low)), int(high) + 1)))],
        Family.NUMBER: [Number(float(rng.integers(int(low), int(high) + 1)))],
        Family.MOMENT: [Moment("2026-03-02T10:00", 0.0), Moment("2026-03-02", 0.0), Moment("2026", 0.0)],
        Family.TEXT: [Text((str(rng.choice(["a red house", "the red house"])),))],
        Family.RANKING: [
            Ranking((("rank", tuple(item)),)),
            Ranking(tuple((label, (item[place % 3],)) for place, label in enumerate(control.labels[:3]))),
        ],
    }
    yield from known[control.family]


def _some(control: Control, rng: Rng) -> tuple[str, ...]:
    return (str(rng.choice(control.labels)),) if control.labels else ("own",)


def _shapes(rng: Rng) -> list[Shape]:
    """One of each kind, within an image of ``SIZE``."""
    at, to = int(rng.integers(0, 20)), int(rng.integers(30, 60))
    box = Box(float(at), float(at), float(to), 20.0)
    return [
        Span(at, to),
        Segment(float(at), float(to)),
        box,
        Ellipse(50.0, 40.0, float(at + 1), 12.0),
        Polygon(((float(at), 0.0), (float(to), 10.0), (30.0, float(to)))),
        Mask(*SIZE, (at, to, SIZE[0] * SIZE[1] - at - to)),
        KeyPoint(float(at), 7.0, (100.0, 80.0)),
        Vector(((float(at), 0.0), (float(to), 10.0)), closed=False, canvas=(100.0, 80.0)),
        Track((KeyFrame(1, box), KeyFrame(10 + at, box)), 100),
        Whole(),
    ]
