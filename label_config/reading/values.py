"""Answers that are one value: choices, taxonomies, numbers, moments, texts, rankings, messages."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..answers import Choices, Message, Moment, Number, Ranking, Taxonomy, Text
from ..model import Control, Family
from .quantities import number, once, quoted, seconds, texts, within

_FEW = 8
"""Labels that are looked up one by one; for more of them, a set is made. So many are named by an error."""

Value = Choices | Taxonomy | Number | Moment | Text | Ranking
"""An answer to one question."""


def choices(control: Control, value: Mapping[str, Any]) -> Choices:
    """``{"choices": [label, ...]}``, of Pairwise ``{"selected": "left"}``."""
    if control.tag == "Pairwise":
        side = value.get("selected")
        found = [] if side in (None, "none") else texts([side], "value.selected", "labels")
    else:
        found = texts(value.get("choices"), "value.choices", "labels")
    return chosen(control, found)


def chosen(control: Control, labels: Sequence[str]) -> Choices:
    """The labels, each once, in the interface's order; labels from the task's data behind them, sorted."""
    many = dict.fromkeys(labels)
    known_labels(control, many)
    if len(many) > 1:
        single(control, len(many))
        return Choices(in_interface_order(control, many))
    return Choices(tuple(many))


def in_interface_order(control: Control, labels: Mapping[str, None]) -> tuple[str, ...]:
    """The labels in the interface's order, those from the task's data behind, sorted."""
    return tuple(dict.fromkeys([*(label for label in control.labels if label in labels), *sorted(labels)]))


def known_labels(control: Control, labels: Mapping[str, None] | Sequence[str]) -> None:
    """Refuse a label that the interface does not have."""
    if not control.dynamic:
        known = control.labels if len(labels) < _FEW else frozenset(control.labels)
        for label in labels:
            if label not in known:
                raise ValueError(
                    f"the label {label!r:.80} is not in the labeling interface, which has: {listed(control.labels)}"
                )


def listed(labels: Sequence[str]) -> str:
    """The labels as an error names them: the first of many.

    >>> listed(("good", "bad")), listed([str(number) for number in range(10)])
    ("'good', 'bad'", "'0', '1', '2', '3', '4', '5', '6', '7' and 2 more")
    """
    shown = ", ".join(f"{label!r:.80}" for label in labels[:_FEW])
    return f"{shown} and {len(labels) - _FEW:,} more" if len(labels) > _FEW else shown or "none"


def single(control: Control, labels: int) -> None:
    """Refuse several labels where one may be chosen."""
    if labels > 1 and not control.multiple:
        raise ValueError(f"one label may be chosen, and there are {labels}")


def taxonomy(control: Control, value: Mapping[str, Any]) -> Taxonomy:
    """``{"taxonomy": [[root, ..., node], ...]}``, of nested Choices ``{"choices": ...}`` of labels or paths."""
    key = "choices" if control.tag == "Choices" else "taxonomy"
    found = value.get(key)
    if not isinstance(found, list):
        raise ValueError(f"value.{key} is not a list of paths")
    if found and key == "taxonomy" and all(isinstance(one, str) for one in found):
        found = [found]  # one path, as older versions wrote it
    paths = [tuple(texts([one] if isinstance(one, str) else one, f"value.{key}", "paths of labels")) for one in found]
    return in_tree(control, paths)


def in_tree(control: Control, paths: Sequence[tuple[str, ...]]) -> Taxonomy:
    """The paths, each once, sorted; refuses an empty one and one that the interface does not have."""
    kept = tuple(sorted(set(paths)))
    if () in kept:
        raise ValueError("a path is empty")
    known_labels(control, ["/".join(path) for path in kept])
    single(control, len(kept))
    return Taxonomy(kept)


def rating(control: Control, value: Mapping[str, Any]) -> Number:
    """``{"rating": 4}``."""
    return Number(float(within(number(value, "rating"), control.low, control.high, "the rating")))


def amount(control: Control, value: Mapping[str, Any]) -> Number:
    """``{"number": 1.5}``."""
    return Number(float(within(number(value, "number"), control.low, control.high, "the number")))


def moment(control: Control, value: Mapping[str, Any]) -> Moment:
    """``{"datetime": "2020-01-31T12:00"}``, as the control's ``format`` has it; a year may be a number."""
    found = value.get("datetime")
    text = str(found) if type(found) is int and 0 < found < 10_000 else found
    if not isinstance(text, str):
        raise ValueError(f"value.datetime is {quoted(found)}, not a text")
    pattern = next((given for name, given in control.attributes.items() if name.lower() == "format"), "")
    return Moment(text, seconds(text, pattern))


def text(_: Control, value: Mapping[str, Any]) -> Text:
    """``{"text": [line, ...]}`` or one text."""
    found = value.get("text")
    return Text((found,) if isinstance(found, str) else tuple(texts(found, "value.text")))


def ranking(control: Control, value: Mapping[str, Any]) -> Ranking:
    """``{"ranker": [item, ...]}`` or ``{"ranker": {bucket: [item, ...]}}``.

    Items that were put nowhere ("_") are no bucket of the answer where the interface has buckets.
    """
    found = value.get("ranker")
    buckets: dict[str, Any] = {control.name: found} if isinstance(found, list) else found  # type: ignore[assignment]
    if not isinstance(buckets, dict):
        raise ValueError("value.ranker is neither a list of items nor buckets of items")
    return ranked(control, {name: texts(items, "value.ranker", "items") for name, items in buckets.items()})


def ranked(control: Control, buckets: Mapping[str, Sequence[str]]) -> Ranking:
    """Every bucket of the interface in its order, also an empty one; refuses unknown buckets and items twice."""
    names = control.labels or (control.name,)
    if unknown := [name for name in buckets if name not in names and name != "_"]:
        raise ValueError(f"the bucket {unknown[0]!r:.80} is not in the labeling interface")
    if not control.labels and control.name not in buckets and "_" in buckets:
        buckets = {control.name: buckets["_"]}
    kept = tuple((name, tuple(buckets.get(name, ()))) for name in names)
    once([item for _, items in kept for item in items], "value.ranker")
    return Ranking(kept)


def message(value: Mapping[str, Any]) -> Message:
    """``{"chatmessage": {"role": "user", "content": "..."}}``."""
    found = value.get("chatmessage")
    if not isinstance(found, dict):
        raise ValueError("value.chatmessage is not an object")
    role, content = found.get("role"), found.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise ValueError("value.chatmessage has no role and content that are texts")
    return Message(role, content)


VALUES: Mapping[Family, Callable[[Control, Mapping[str, Any]], Value]] = {
    Family.CHOICES: choices,
    Family.TAXONOMY: taxonomy,
    Family.RATING: rating,
    Family.NUMBER: amount,
    Family.MOMENT: moment,
    Family.TEXT: text,
    Family.RANKING: ranking,
}
"""Family -> how the value of one region is read."""


def together(control: Control, first: Value, second: Value) -> Value:
    """Two results of one control as one answer: labels and paths are united, texts follow one another.

    Raises ValueError where they say different things and one answer is all there may be.
    """
    if isinstance(first, Choices) and isinstance(second, Choices):
        return chosen(control, [*first.labels, *second.labels])
    if isinstance(first, Taxonomy) and isinstance(second, Taxonomy):
        return in_tree(control, [*first.paths, *second.paths])
    if isinstance(first, Text) and isinstance(second, Text):
        return Text(first.lines + second.lines)
    if first != second:
        raise ValueError("it answers what another region of this control answered differently")
    return first
