"""What changed from one version to another: by task, control and label."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from label_config.answers import Answer, Choices
from label_config.results import from_canonical
from label_config.words import in_words

from .content import Content, Place

LEAST = 0.01
"""A confidence that changed by less is not said to have changed: every answer moves nearly all of them a little."""
KINDS = (
    *("task added", "task removed", "task changed"),
    *("label added", "label removed", "answer", "source", "confidence", "given"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed; ``kind`` is one of KINDS, answers are canonical and null where there is none.

    A changed answer's confidences stand beside it; "source" is the same answer decided otherwise, "given" the same one,
    about as sure, though people gave other answers.
    """

    kind: str
    task: int
    control: str = ""
    before: str | None = None
    after: str | None = None
    confidence_before: float | None = None
    confidence_after: float | None = None
    source_before: str | None = None
    source_after: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes in the order of tasks and controls, and the lines of the interface that differ ("-" before)."""

    changes: tuple[Change, ...]
    interface: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Kind -> how many."""
        found = Counter(one.kind for one in self.changes)
        return {kind: found[kind] for kind in KINDS}

    def moves(self) -> dict[str, Counter[tuple[str, str]]]:
        """Control -> (from, to) in words -> how many answers went that way."""
        found: dict[str, Counter[tuple[str, str]]] = {}
        for one in self.changes:
            if one.kind == "answer":
                found.setdefault(one.control, Counter())[(words(one.before), words(one.after))] += 1
        return found


def compare(before: Content, after: Content, labels: Sequence[str] = ()) -> Difference:
    """What changed; with ``labels`` only changes to, from or of an answer that has one of them."""
    changes = tuple(one for one in _changes(before, after) if not labels or _about(one, labels))
    lines = difflib.unified_diff(before.interface.splitlines(), after.interface.splitlines(), lineterm="", n=0)
    return Difference(changes, tuple(line for line in lines if not line.startswith(("---", "+++", "@@"))))


def _changes(before: Content, after: Content) -> Iterator[Change]:
    for place in sorted({*before.entries, *after.entries}):
        task, control = place
        if not control:
            yield from _of_task(before, after, task)
        elif before.hashes.get(place) == after.hashes.get(place):
            yield from _of_confidence(before, after, place)
        else:
            yield _of_label(before, after, place)


def _of_task(before: Content, after: Content, task: int) -> Iterator[Change]:
    place = (task, "")
    if place not in before.entries:
        yield Change("task added", task)
    elif place not in after.entries:
        yield Change("task removed", task)
    elif before.hashes[place] != after.hashes[place]:
        yield Change("task changed", task)


def _of_confidence(before: Content, after: Content, place: Place) -> Iterator[Change]:
    was, now = before.confidence(place), after.confidence(place)
    if abs(was - now) >= LEAST:
        one = after.label(place)
        yield Change("confidence", *place, one.answer, one.answer, was, now, one.source, one.source)


def _of_label(before: Content, after: Content, place: Place) -> Change:
    was = before.label(place) if place in before.entries else None
    now = after.label(place) if place in after.entries else None
    if was is None or now is None:
        kind = "label added" if was is None else "label removed"
    elif was.answer != now.answer:
        kind = "answer"
    elif was.source != now.source:
        kind = "source"
    else:
        kind = "confidence" if abs(before.confidence(place) - after.confidence(place)) >= LEAST else "given"
    return Change(
        kind,
        *place,
        None if was is None else was.answer,
        None if now is None else now.answer,
        before.confidence(place) if was else None,
        after.confidence(place) if now else None,
        None if was is None else was.source,
        None if now is None else now.source,
    )


def _about(one: Change, labels: Sequence[str]) -> bool:
    return any(label in labels_in(from_canonical(text)) for text in (one.before, one.after) if text for label in labels)


def labels_in(answer: Answer) -> frozenset[str]:
    """The labels that an answer has; of a number, a text, or another value: itself, in words."""
    if isinstance(answer, Choices):
        return frozenset(answer.labels)
    found = {label for one in getattr(answer, "regions", ()) for label in one.labels}
    found |= {step for path in getattr(answer, "paths", ()) for step in path}
    return frozenset(found or {in_words(answer)})


def words(answer: str | None) -> str:
    """A canonical answer in words.

    >>> words('["yes"]'), words(None)
    ('yes', 'no label')
    """
    return "no label" if answer is None else in_words(from_canonical(answer))


def as_json(found: Difference) -> dict[str, object]:
    """The difference as plain values."""
    return {
        "counts": {kind.replace(" ", "_"): count for kind, count in found.counts().items()},
        "moves": {
            control: [{"before": one[0], "after": one[1], "answers": count} for one, count in moves.most_common()]
            for control, moves in found.moves().items()
        },
        "changes": [row(one) for one in found.changes],
        "interface": list(found.interface),
    }


def row(one: Change) -> Mapping[str, object]:
    """A change as a row of a table."""
    return {
        "task": one.task,
        "control": one.control,
        "change": one.kind.replace(" ", "_"),
        "before": None if one.before is None else words(one.before),
        "after": None if one.after is None else words(one.after),
        "confidence_before": one.confidence_before,
        "confidence_after": one.confidence_after,
        "source_before": one.source_before,
        "source_after": one.source_after,
    }
