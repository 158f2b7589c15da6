"""Ten projects, each with an interface of its own, and answers from which a model learns what they ask."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from label_config.answers import Answer, Choices, Number, Ranking, Region, Regions, Span, Taxonomy

Labeled = tuple[Mapping[str, Any], Mapping[str, Answer]]

GOOD, BAD = "lovely great wonderful excellent happy fine".split(), "awful terrible broken horrible sad poor".split()
PEOPLE, PLACES = "Ada Grace Alan Edsger Barbara Donald".split(), "London Paris Rome Madrid Oslo Vienna".split()


def _words(place: int, good: bool) -> str:
    some = GOOD if good else BAD
    return f"it was {some[place % 6]} and {some[(place + 2) % 6]}, visit {place}"


def _either(field: str, control: str, good: Answer, bad: Answer) -> Callable[[int], Labeled]:
    def task(place: int) -> Labeled:
        right = place % 2 == 0
        return {field: _words(place, right)}, {control: good if right else bad}

    return task


def _record(place: int) -> Labeled:
    right = place % 2 == 0
    label = "Right" if right else "Wrong"
    return {"record": {"remark": _words(place, right), "amount": str(place)}}, {"verdict": Choices((label,))}


def _dialogue(place: int) -> Labeled:
    right = place % 2 == 0
    said = [{"author": "Customer", "text": "Hello"}, {"author": "Agent", "text": _words(place, right)}]
    return {"dialogue": said}, {"outcome": Choices(("Solved" if right else "Left open",))}


def _pair(place: int) -> Labeled:
    left = place % 2 == 0
    data = {"prompt": "How was it?", "first": _words(place, left), "second": _words(place + 1, not left)}
    return data, {"better": Choices(("left" if left else "right",))}


def _names(place: int) -> Labeled:
    person, city = PEOPLE[place % 6], PLACES[(place * 5 + 1) % 6]
    text = f"\U0001f600 {person} met nobody in {city} on day {place}"
    spans = [(text.index(word), len(word), label) for word, label in ((person, "Person"), (city, "Place"))]
    # Label Studio counts as we do: characters, the emoji one of them.
    return {"text": text}, {"spans": Regions(tuple(Region(Span(at, at + size), (label,)) for at, size, label in spans))}


def _list(place: int) -> Labeled:
    good, bad = _words(place, True), _words(place + 1, False)
    bodies = {"a": good, "b": bad} if place % 2 else {"b": good, "a": bad}
    items = [{"id": name, "title": name, "body": bodies[name]} for name in "ab"]
    best = tuple(sorted("ab", key=lambda name: bodies[name] != good))
    return {"query": "a good one", "items": items}, {"order": Ranking((("order", best),))}


TASKS: Mapping[str, Callable[[int], Labeled]] = {
    "text-classification": _either("text", "sentiment", Choices(("Positive",)), Choices(("Negative",))),
    "text-multilabel": _either("text", "topics", Choices(("Quality", "Service")), Choices(("Price",))),
    "html-classification": _either("html", "kind", Choices(("Receipt",)), Choices(("Spam",))),
    "text-taxonomy": _either(
        "text", "category", Taxonomy((("Billing", "Refund"),)), Taxonomy((("Technical", "Crash"),))
    ),
    "text-rating": _either("text", "rating", Number(5.0), Number(1.0)),
    "text-number": _either("text", "percent", Number(90.0), Number(10.0)),
    "text-pairwise": _pair,
    "table-classification": _record,
    "dialogue-classification": _dialogue,
    "text-spans": _names,
    "text-ranking": _list,
}
"""Template -> its n-th task with the right answer."""

EXACT: Sequence[str] = [name for name in TASKS if name not in ("text-number", "text-spans")]
"""Templates whose answers a model of a few labels gets right on such plain tasks."""
