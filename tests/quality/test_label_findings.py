"""Wrong labels and outliers planted into clean answers of every family are found, with what should stand there."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import (
    Answer,
    Box,
    Chat,
    Choices,
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
)
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.findings import Case
from sync.quality.findings.labels import label_error, model_conflict
from sync.quality.findings.outliers import outlier
from sync.quality.records import Finding, Opinion

from .generated import CASES

TASKS, PLANTED = 150, 20
LABELS = ("a", "b", "c", "d")
Rng = np.random.Generator


@dataclass(frozen=True)
class World:
    """A control, its right answers, the same as somebody else gives them, and a wrong answer instead of a right one."""

    control: Control
    truth: Callable[[Rng], Answer]
    again: Callable[[Rng, Answer], Answer]
    wrong: Callable[[Rng, Answer], Answer]


def _control(family: Family, tag: str = "X", **more: object) -> Control:
    return dataclasses.replace(Control("c", tag, ("t",), LABELS, family=family), **more)  # type: ignore[arg-type]


def _same(_: Rng, answer: Answer) -> Answer:
    return answer


def _other(rng: Rng, known: str) -> str:
    return str(rng.choice([label for label in LABELS if label != known]))


def _set(rng: Rng, size: int) -> tuple[str, ...]:
    return tuple(sorted(rng.choice(LABELS, size=size, replace=False).tolist()))


def _other_set(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Choices)
    while (found := _set(rng, 2)) == answer.labels:
        pass
    return Choices(found)


PATHS = [(root, f"{root}{leaf}") for root in "xyz" for leaf in range(3)]


def _path(rng: Rng, _: Answer | None = None) -> Taxonomy:
    while (found := Taxonomy((PATHS[rng.integers(len(PATHS))],))) == _:
        pass
    return found


def _numbers(spread: float, far: float) -> tuple[Callable[[Rng, Answer], Answer], Callable[[Rng, Answer], Answer]]:
    def again(rng: Rng, answer: Answer) -> Answer:
        assert isinstance(answer, Number)
        return Number(answer.value + float(rng.normal(0, spread)))

    def wrong(rng: Rng, answer: Answer) -> Answer:
        assert isinstance(answer, Number)
        return Number(answer.value + far * float(rng.choice([-1, 1])) * float(rng.uniform(1, 2)))

    return again, wrong


def _stars(rng: Rng, answer: Answer | None = None) -> Number:
    away = [star for star in range(1, 6) if not isinstance(answer, Number) or abs(star - answer.value) >= 2]
    return Number(float(rng.choice(away)))


def _moment(rng: Rng, around: float, spread: float) -> Moment:
    seconds = around + float(rng.normal(0, spread))
    return Moment(f"{seconds:.0f} s", seconds)


VOCABULARY = [
    f"{start}{middle}{end}" for start in "bdgklmnprst" for middle in "aeiou" for end in ("n", "r", "st", "lk")
]


def _sentence(rng: Rng) -> str:
    return " ".join(rng.choice(VOCABULARY, size=10).tolist())


def _retold(rng: Rng, text: str) -> str:
    words = text.split()
    words[rng.integers(len(words))] = str(rng.choice(VOCABULARY))
    return " ".join(words)


def _text_again(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Text)
    return Text((_retold(rng, answer.lines[0]),))


def _chat_again(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Chat)
    return Chat((Message("assistant", _retold(rng, answer.messages[0].text)),))


def _order(rng: Rng, _: Answer | None = None) -> Ranking:
    while (found := Ranking((("rank", tuple(rng.permutation(LABELS).tolist())),))) == _:
        pass
    return found


Draw = Callable[[Rng, float, float], Shape]


def _marked(draw: Draw, jitter: float) -> World:
    """Four regions side by side, each in a place of its own; a wrong answer swaps a label, moves or loses a region."""

    def truth(rng: Rng) -> Answer:
        return Regions(tuple(Region(draw(rng, 30.0 * at, 0.0), (str(rng.choice(LABELS)),)) for at in range(4)))

    def again(rng: Rng, answer: Answer) -> Answer:
        assert isinstance(answer, Regions)
        return Regions(tuple(dataclasses.replace(one, shape=moved(rng, one.shape, jitter)) for one in answer.regions))

    def wrong(rng: Rng, answer: Answer) -> Answer:
        assert isinstance(answer, Regions)
        regions = list(answer.regions)
        at, how = int(rng.integers(4)), int(rng.integers(3))
        if how == 0:
            del regions[at]
        elif how == 1:
            regions[at] = dataclasses.replace(regions[at], labels=(_other(rng, regions[at].labels[0]),))
        else:
            regions[at] = dataclasses.replace(regions[at], shape=draw(rng, 30.0 * at, 300.0))
        return Regions(tuple(regions))

    return World(_control(Family.REGIONS), truth, again, wrong)


def moved(rng: Rng, shape: Shape, jitter: float) -> Shape:
    if not jitter:
        return shape
    dx, dy = rng.normal(0, jitter, size=2).tolist()
    match shape:
        case Segment(start, end):
            return Segment(start + dx, end + dy)
        case Box():
            return dataclasses.replace(shape, x=shape.x + dx, y=shape.y + dy)
        case KeyPoint():
            return dataclasses.replace(shape, x=shape.x + dx, y=shape.y + dy)
        case Polygon(points):
            return Polygon(tuple((x + dx, y + dy) for x, y in points))
    raise TypeError(shape)


def _span(rng: Rng, x: float, y: float) -> Shape:
    start = int(x + y + rng.integers(5))
    return Span(start, start + int(rng.integers(4, 20)))


def _segment(rng: Rng, x: float, y: float) -> Shape:
    start = x + y + float(rng.uniform(0, 5))
    return Segment(start, start + float(rng.uniform(8, 20)))


def _box(rng: Rng, x: float, y: float) -> Shape:
    return Box(x, y, float(rng.uniform(10, 20)), float(rng.uniform(10, 20)))


def _polygon(rng: Rng, x: float, y: float) -> Shape:
    width, height = rng.uniform(10, 20, size=2).tolist()
    return Polygon(((x, y), (x + width, y), (x + width / 2, y + height)))


def _mask(rng: Rng, x: float, y: float) -> Shape:
    column, row = int(x / 15) + int(y / 40), int(rng.integers(10))
    size = int(rng.integers(3, 6))
    pixels = np.zeros((20, 20), dtype=np.bool_)
    pixels[row : row + size, column : column + size] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], pixels.ravel()]).astype(int))).tolist()
    return Mask(20, 20, tuple(np.diff([0, *edges, 400]).tolist()))


def _point(rng: Rng, x: float, y: float) -> Shape:
    return KeyPoint(x + float(rng.uniform(0, 5)), y + float(rng.uniform(0, 5)), (500.0, 500.0))


def _linked(rng: Rng, _: Answer | None = None) -> Relations:
    regions = [Region(Span(10 * at, 10 * at + 5), (LABELS[at],)) for at in range(4)]
    while True:
        ends = [rng.choice(4, size=2, replace=False) for _ in range(2)]
        found = Relations(tuple(Link(regions[one], regions[other]) for one, other in ends))
        if found != _ and len(set(found.links)) == 2:
            return found


def _per_region(rng: Rng) -> Answer:
    boxes = [Region(Box(30.0 * at, 0.0, 10.0, 10.0), ("a",)) for at in range(3)]
    return PerRegion(tuple(Part(box, Choices((str(rng.choice(LABELS)),))) for box in boxes))


def _per_region_wrong(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, PerRegion)
    parts = list(answer.parts)
    at = int(rng.integers(3))
    said = parts[at].answer
    assert isinstance(said, Choices)
    parts[at] = Part(parts[at].region, Choices((_other(rng, said.labels[0]),)))
    return PerRegion(tuple(parts))


WORLDS: Mapping[str, World] = {
    "single choice": World(
        _control(Family.CHOICES),
        lambda rng: Choices((str(rng.choice(LABELS)),)),
        _same,
        lambda rng, answer: Choices((_other(rng, answer.labels[0] if isinstance(answer, Choices) else ""),)),
    ),
    "multiple choice": World(
        _control(Family.CHOICES, multiple=True), lambda rng: Choices(_set(rng, 2)), _same, _other_set
    ),
    "taxonomy": World(_control(Family.TAXONOMY), _path, _same, _path),
    "rating": World(_control(Family.RATING, low=1.0, high=5.0), _stars, _same, _stars),
    "number": World(_control(Family.NUMBER), lambda rng: Number(float(rng.uniform(0, 100))), *_numbers(1.0, 20.0)),
    "moment": World(
        _control(Family.MOMENT),
        lambda rng: _moment(rng, 1e9, 1e8),
        lambda rng, answer: _moment(rng, answer.seconds if isinstance(answer, Moment) else 0.0, 3600.0),
        lambda rng, answer: _moment(rng, (answer.seconds if isinstance(answer, Moment) else 0.0) + 3e7, 3600.0),
    ),
    "text": World(
        _control(Family.TEXT), lambda rng: Text((_sentence(rng),)), _text_again, lambda rng, _: Text((_sentence(rng),))
    ),
    "ranking": World(_control(Family.RANKING), _order, _same, _order),
    "chat": World(
        _control(Family.CHAT),
        lambda rng: Chat((Message("assistant", _sentence(rng)),)),
        _chat_again,
        lambda rng, _: Chat((Message("assistant", _sentence(rng)),)),
    ),
    "relations": World(_control(Family.RELATIONS), _linked, _same, _linked),
    "per region": World(_control(Family.CHOICES, per_region=True), _per_region, _same, _per_region_wrong),
    "spans": _marked(_span, 0.0),
    "segments": _marked(_segment, 0.3),
    "boxes": _marked(_box, 0.5),
    "polygons": _marked(_polygon, 0.5),
    "masks": _marked(_mask, 0.0),
    "key points": _marked(_point, 1.0),
}
every_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS.keys())


def case_of(
    control: Control, rows: list[tuple[int, int, Answer]], opinions: Mapping[int, Opinion] | None = None
) -> Case:
    said = ControlEvidence(control, encode(control, rows), opinions=opinions or {})
    return Case(said, infer(said), {})


def with_model(world: World, seed: int) -> tuple[Case, set[int], dict[int, Answer]]:
    """One answer a task; the model is right on nine tenths, and less sure where it is wrong or lucky.

    20 answers are wrong, on tasks on which the model is right.
    """
    rng = np.random.default_rng(seed)
    truths = {task: world.truth(rng) for task in range(TASKS)}
    unsure = set(rng.choice(TASKS, size=TASKS // 5, replace=False).tolist())
    off = set(list(unsure)[::2])
    planted = set(rng.choice(sorted(set(range(TASKS)) - unsure), size=PLANTED, replace=False).tolist())
    rows: list[tuple[int, int, Answer]] = []
    opinions = {}
    for task, truth in truths.items():
        given = world.again(rng, truth)
        rows.append((task, task % 3, world.wrong(rng, given) if task in planted else given))
        confidence = float(rng.uniform(0.4, 0.6) if task in unsure else rng.uniform(0.95, 1.0))
        thinks = world.wrong(rng, truth) if task in off else truth
        opinions[task] = Opinion(thinks, confidence=confidence)
    return case_of(world.control, rows, opinions), planted, truths


def recall_and_precision(found: set[int], planted: set[int]) -> tuple[float, float]:
    return len(found & planted) / len(planted), len(found & planted) / max(len(found), 1)


@every_world
def test_wrong_labels_are_found_by_a_model_that_is_right_on_nine_tenths(world: World) -> None:
    case, planted, _ = with_model(world, 1)
    found = label_error(case)
    recall, precision = recall_and_precision({one.task for one in found}, planted)
    assert recall >= 0.9
    assert precision >= 0.7
    for one in found:
        assert one.annotator == one.task % 3
        assert one.correction is not None
        assert 0.5 <= one.severity <= 1


@every_world
def test_a_sure_model_that_contradicts_is_a_conflict_in_every_family(world: World) -> None:
    case, planted, _ = with_model(world, 2)
    recall, precision = recall_and_precision({one.task for one in model_conflict(case)}, planted)
    assert recall >= 0.9
    assert precision >= 0.7


@every_world
def test_one_who_stands_against_all_others_is_found_without_a_model(world: World) -> None:
    rng = np.random.default_rng(3)
    planted = {int(task): int(rng.integers(4)) for task in rng.choice(TASKS, size=PLANTED, replace=False)}
    rows: list[tuple[int, int, Answer]] = []
    for task in range(TASKS):
        truth = world.truth(rng)
        for person in range(4):
            said = world.again(rng, truth)
            rows.append((task, person, world.wrong(rng, said) if planted.get(task) == person else said))
    found = label_error(case_of(world.control, rows))
    recall, precision = recall_and_precision({one.task for one in found}, set(planted))
    assert recall >= 0.9
    assert precision >= 0.7
    assert all(one.annotator == planted[one.task] for one in found if one.task in planted)
