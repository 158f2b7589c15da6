"""Answers as people read them, in one line."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from .answers import (
    Answer,
    Chat,
    Choices,
    Moment,
    Number,
    PerRegion,
    Ranking,
    Region,
    Regions,
    Relations,
    Segment,
    Span,
    Taxonomy,
    Text,
)

SHOWN = 6
"""Parts of an answer that are named; more are counted."""


def in_words(answer: Answer) -> str:
    """An answer in one line, "nothing" for an empty one.

    >>> in_words(Choices(("cat", "dog"))), in_words(Number(3.0)), in_words(Taxonomy((("animal", "cat"),)))
    ('cat, dog', '3', 'animal / cat')
    >>> in_words(Regions((Region(Span(0, 4), ("PER",)), Region(Span(9, 12), ("LOC",)))))
    'PER 0-4, LOC 9-12'
    >>> in_words(Regions(()))
    'nothing'
    """
    return _WORDS[type(answer)](answer) or "nothing"


def _listed(parts: Iterable[str]) -> str:
    every = list(parts)
    rest = len(every) - SHOWN
    return ", ".join(every[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _number(value: float) -> str:
    return f"{value:.10g}"


def _region(region: Region) -> str:
    labels = "+".join(region.labels)
    match region.shape:
        case Span(start, end):
            place = f"{start}-{end}"
        case Segment(start, end):
            place = f"{_number(round(start, 2))}-{_number(round(end, 2))}"
        case shape:
            place = type(shape).__name__.lower() if not labels else ""
    return " ".join(part for part in (labels, place) if part)


def _regions(regions: Iterable[Region]) -> str:
    """Marks by their place; what is drawn by how many of each there are."""
    every = list(regions)
    if all(isinstance(region.shape, Span | Segment) for region in every):
        return _listed(_region(region) for region in every)
    counted = Counter(_region(region) for region in every)
    return _listed(f"{times} {name}" for name, times in counted.items())


def _choices(answer: Choices) -> str:
    return ", ".join(answer.labels)


def _taxonomy(answer: Taxonomy) -> str:
    return _listed(" / ".join(path) for path in answer.paths)


def _ranking(answer: Ranking) -> str:
    if len(answer.buckets) == 1:
        return " > ".join(answer.buckets[0][1])
    return "; ".join(f"{name}: {' > '.join(items) or 'nothing'}" for name, items in answer.buckets)


def _per_region(answer: PerRegion) -> str:
    parts = [(part.region, part.answer) for part in answer.parts if part.answer is not None]
    return _listed(f"{region.where or _region(region) or 'region'}: {in_words(said)}" for region, said in parts)


def _relations(answer: Relations) -> str:
    arrows = {"right": "->", "left": "<-", "bi": "<->"}
    return _listed(
        f"{_region(link.source)} {arrows.get(link.direction, '-')} {_region(link.target)}"
        + (f" ({'+'.join(link.labels)})" if link.labels else "")
        for link in answer.links
    )


def _chat(answer: Chat) -> str:
    return _listed(f"{message.role}: {message.text}" for message in answer.messages)


_WORDS: Mapping[type, Callable[..., str]] = {
    Choices: _choices,
    Taxonomy: _taxonomy,
    Number: lambda answer: _number(answer.value),
    Moment: lambda answer: answer.text,
    Text: lambda answer: " | ".join(answer.lines),
    Ranking: _ranking,
    Regions: lambda answer: _regions(answer.regions),
    PerRegion: _per_region,
    Relations: _relations,
    Chat: _chat,
}
