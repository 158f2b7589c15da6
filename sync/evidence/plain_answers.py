"""Answers as a program would write them -> answers: a label, a number, a text, a list; checked by label_config."""

from collections.abc import Callable, Mapping
from typing import Any

from label_config.answers import (
    Answer,
    Chat,
    Choices,
    Link,
    Moment,
    Number,
    PerRegion,
    Ranking,
    Regions,
    Relations,
    Taxonomy,
    Text,
)
from label_config.errors import ResultError
from label_config.model import Control, Family, LabelConfig
from label_config.results import read_answers, write_answer
from label_config.words import in_words


def read_plain(config: LabelConfig, control: Control, value: object) -> Answer:
    """The answer that ``value`` says; ``SHAPES`` says how each family is written.

    What is marked or drawn, relations, conversations and answers about each region are written as Label Studio's own
    list of regions. Raises ResultError for anything else, and for what the labeling interface does not allow.
    """
    if control.per_region or control.family not in PLAIN:
        return _from_regions(config, control, value)
    answer = PLAIN[control.family](value)
    if answer is None:
        raise ResultError(f"control {control.name!r}: the answer is {value!r:.80}, not {shape(control)}")
    regions = write_answer(control, answer, region_id="plain")
    return read_answers(config, regions).get(control.name, answer)


def shape(control: Control) -> str:
    """How an answer to the control is written, in words."""
    return _REGIONS if control.per_region else SHAPES.get(control.family, _REGIONS)


def _from_regions(config: LabelConfig, control: Control, value: object) -> Answer:
    if not isinstance(value, list):
        raise ResultError(f"control {control.name!r}: the answer is {value!r:.80}, not {_REGIONS}")
    nothing: Mapping[Family, Answer] = {Family.RELATIONS: Relations(()), Family.CHAT: Chat(())}
    empty = PerRegion(()) if control.per_region else nothing.get(control.family, Regions(()))
    return read_answers(config, value).get(control.name, empty)


def _texts(value: object) -> tuple[str, ...] | None:
    """A text or a list of texts."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return None


def _choices(value: object) -> Answer | None:
    labels = _texts(value)
    return None if labels is None else Choices(tuple(dict.fromkeys(labels)))


def _taxonomy(value: object) -> Answer | None:
    paths = value if isinstance(value, list) and all(isinstance(path, list) for path in value) else [value]
    read = [_texts(path) for path in paths]
    return None if None in read else Taxonomy(tuple(sorted({path for path in read if path})))


def _number(value: object) -> Answer | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
    return Number(float(value)) if known else None  # type: ignore[arg-type] # it is known to be a number


def _moment(value: object) -> Answer | None:
    return Moment(value, 0.0) if isinstance(value, str) else None


def _text(value: object) -> Answer | None:
    lines = _texts(value)
    return None if lines is None else Text(lines)


def _ranking(value: object) -> Answer | None:
    buckets: Mapping[Any, Any] = value if isinstance(value, dict) else {"rank": value}
    read = [(str(name), _texts(items)) for name, items in buckets.items()]
    return (
        None if any(items is None for _, items in read) else Ranking(tuple((name, items or ()) for name, items in read))
    )


PLAIN: Mapping[Family, Callable[[object], Answer | None]] = {
    Family.CHOICES: _choices,
    Family.TAXONOMY: _taxonomy,
    Family.RATING: _number,
    Family.NUMBER: _number,
    Family.MOMENT: _moment,
    Family.TEXT: _text,
    Family.RANKING: _ranking,
}
"""Family -> how its plain form is read; null for what is none."""

_REGIONS = "a list of regions as Label Studio writes them"
SHAPES: Mapping[Family, str] = {
    Family.CHOICES: "a label or a list of labels",
    Family.TAXONOMY: "a path or a list of paths, each a list of texts from the root on",
    Family.RATING: "a number",
    Family.NUMBER: "a number",
    Family.MOMENT: "a time as a text",
    Family.TEXT: "a text or a list of texts",
    Family.RANKING: "a list of items, the first place first, or an object of such lists by bucket",
}
"""Family -> its plain form in words; all others are lists of regions."""


def write_plain(control: Control, answer: Answer, *, size: tuple[float, float] | None = None, region_id: str) -> object:
    """An answer as a program reads it, in the form that ``SHAPES`` says; of a single choice the label alone.

    What is marked or drawn, conversations and answers about each region are regions as Label Studio writes them, with
    ids that begin with ``region_id``; ``size`` is the image's in pixels, without it lengths stay as they are. Relations
    come as links between regions of their own, written beside them.
    """
    plain = WRITTEN.get(type(answer))
    if plain is not None:
        return plain(control, answer)
    if isinstance(answer, Relations):
        return [_link(link) for link in answer.links]
    return write_answer(control, answer, region_id=region_id, size=size)


def _written_choices(control: Control, answer: Choices) -> object:
    return list(answer.labels) if control.multiple or len(answer.labels) != 1 else answer.labels[0]


def _written_number(_: Control, answer: Number) -> object:
    return int(answer.value) if answer.value.is_integer() else answer.value


def _written_text(_: Control, answer: Text) -> object:
    return answer.lines[0] if len(answer.lines) == 1 else list(answer.lines)


def _written_ranking(_: Control, answer: Ranking) -> object:
    buckets = {name: list(items) for name, items in answer.buckets}
    return buckets["rank"] if list(buckets) == ["rank"] else buckets


def _link(link: Link) -> object:
    """A relation by what stands at its ends, in words: the regions themselves belong to other controls."""
    ends = {"source": in_words(Regions((link.source,))), "target": in_words(Regions((link.target,)))}
    return {**ends, "direction": link.direction, "labels": list(link.labels)}


WRITTEN: Mapping[type, Callable[..., object]] = {
    Choices: _written_choices,
    Taxonomy: lambda _, answer: [list(path) for path in answer.paths],
    Number: _written_number,
    Moment: lambda _, answer: answer.text,
    Text: _written_text,
    Ranking: _written_ranking,
}
"""Type of an answer -> how its plain form is written."""
