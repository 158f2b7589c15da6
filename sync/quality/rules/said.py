"""What an answer says, in the terms that rules are about: its texts, its labels, its numbers, how much there is."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from label_config.answers import (
    Answer,
    Chat,
    Choices,
    Number,
    PerRegion,
    Ranking,
    Regions,
    Relations,
    Span,
    Taxonomy,
    Text,
)
from label_config.model import Control, LabelConfig

Texts = Callable[[Answer, Mapping[str, Any]], list[str]]
"""The texts of an answer to a task that shows these data."""


def plain(answer: Answer) -> Iterator[Answer]:
    """The answer, or those about each region that were given."""
    if isinstance(answer, PerRegion):
        yield from (part.answer for part in answer.parts if part.answer is not None)
    else:
        yield answer


def written(answer: Answer, _shown: Mapping[str, Any]) -> list[str]:
    """What was typed: the lines of a text, the messages of a conversation."""
    found: list[str] = []
    for one in plain(answer):
        if isinstance(one, Text):
            found += one.lines
        elif isinstance(one, Chat):
            found += [message.text for message in one.messages]
    return found


def labels(answer: Answer, _shown: Mapping[str, Any]) -> list[str]:
    """The labels that were chosen, of each region and relation too; of a taxonomy whole paths and every node."""
    found: list[str] = []
    for one in plain(answer):
        match one:
            case Choices(chosen):
                found += chosen
            case Taxonomy(paths):
                found += [label for path in paths for label in (*path, " / ".join(path))]
            case Regions(regions):
                found += [label for region in regions for label in region.labels]
            case Relations(links):
                found += [label for link in links for label in link.labels]
            case Ranking(buckets):
                found += [item for _, items in buckets for item in items]
    return list(dict.fromkeys(found))


def numbers(answer: Answer) -> list[float]:
    """The numbers that were given."""
    return [one.value for one in plain(answer) if isinstance(one, Number)]


def spans_of(control: Control, config: LabelConfig) -> Texts | None:
    """The texts that the spans of a control cover; null where the control is not about a Text."""
    fields = [one.field for one in config.objects if one.name in control.to_names and one.tag == "Text" and one.field]
    if not fields:
        return None

    def covered(answer: Answer, shown: Mapping[str, Any]) -> list[str]:
        text = shown.get(fields[0])
        if not isinstance(answer, Regions) or not isinstance(text, str):
            return []
        shapes = [region.shape for region in answer.regions if not region.where]
        return [text[shape.start : shape.end] for shape in shapes if isinstance(shape, Span)]

    return covered


def amount(answer: Answer, of: str) -> int:
    """How many characters, words, regions (relations, messages) or labels there are in an answer."""
    if of in ("characters", "words"):
        texts = written(answer, {})
        return sum(len(text) if of == "characters" else len(text.split()) for text in texts)
    if of == "labels":
        paths = [len(one.paths) for one in plain(answer) if isinstance(one, Taxonomy)]
        return sum(paths) if paths else len(labels(answer, {}))
    match answer:
        case Regions(parts) | Relations(parts) | Chat(parts):
            return len(parts)
        case _:
            return 0
