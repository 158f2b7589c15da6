"""What a version holds, as canonical texts: equal labels are equal texts, whatever store they come from."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from label_config.answers import Answer
from label_config.results import from_canonical

Place = tuple[int, str]
"""A task (Label Studio's id) and a control; the control "" is the task itself."""

MILLIONTHS = 1_000_000
"""Confidences are kept as whole millionths: they hash alike everywhere."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a version shows it. ``size`` is of its image in pixels, null where nothing says it."""

    id: int
    created_at: int
    data: Mapping[str, Any]
    size: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """One annotator's answer (canonical), and when it was last changed, in microseconds since 1970."""

    annotator: int
    answer: str
    changed_at: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided a label and how: ``kind`` is "ruling", "correction" or "restored".

    ``by`` is Label Studio's user id, null where it is not known; verdict and cause are a ruling's.
    """

    kind: str
    by: int | None
    at: int
    verdict: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """The label of a task and control. ``answer`` is canonical; ``source`` is "consensus", "ruling" or "ground_truth".

    ``given`` are the answers that it rests on, by annotator. With ``tie`` true other answers are as probable.
    """

    answer: str
    source: str
    tie: bool = False
    given: tuple[Given, ...] = ()
    decision: Decision | None = None

    def value(self) -> Answer:
        """The answer as a value."""
        return from_canonical(self.answer)


@dataclass(frozen=True)
class Content:
    """The labels of a project at a moment.

    ``interface`` is the XML. ``entries`` are canonical texts: ``task_text`` where the control is "", else
    ``label_text``. ``confidences`` are the millionths that labels are right with. ``methods`` map controls to the
    consensus method; they are no part of the hash.
    """

    interface: str
    entries: Mapping[Place, str]
    confidences: Mapping[Place, int]
    methods: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def hashes(self) -> dict[Place, str]:
        """SHA-256 of each entry."""
        return {place: digest(text) for place, text in self.entries.items()}

    @cached_property
    def hash(self) -> str:
        """SHA-256 over interface, entries and confidences in the order of tasks and controls."""
        return hash_of(digest(self.interface), self.hashes, self.confidences)

    def tasks(self) -> list[int]:
        """The tasks, in their order."""
        return sorted(task for task, control in self.entries if not control)

    def labelled(self) -> list[Place]:
        """Where there are labels, in the order of tasks and controls."""
        return sorted(place for place in self.entries if place[1])

    def task(self, task: int) -> Task:
        """A task of the version."""
        return read_task(self.entries[(task, "")])

    def label(self, place: Place) -> Label:
        """A label of the version."""
        return read_label(self.entries[place])

    def confidence(self, place: Place) -> float:
        """The probability that a label is right."""
        return self.confidences[place] / MILLIONTHS


def hash_of(interface: str, hashes: Mapping[Place, str], confidences: Mapping[Place, int]) -> str:
    """The hash of a content, from those of its parts."""
    total = hashlib.sha256(f"{interface}\n".encode())
    for place in sorted(hashes):
        line = [*place, hashes[place], confidences.get(place)]
        total.update(f"{json.dumps(line)}\n".encode())
    return total.hexdigest()


def digest(text: str) -> str:
    """SHA-256 of a text.

    >>> digest("")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(text.encode()).hexdigest()


def seal(parts: Sequence[Any]) -> str:
    """SHA-256 of what a version says of itself, the hash of the version before it among that."""
    return digest(text_of(list(parts)))


def text_of(value: Any) -> str:
    """JSON of one form: keys sorted, no spaces, ASCII alone (a database takes no NUL and no half characters)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def task_text(task: Task) -> str:
    """A task as it is kept and hashed."""
    size = {} if task.size is None else {"size": list(task.size)}
    return text_of({"id": task.id, "created_at": task.created_at, "data": task.data, **size})


def read_task(text: str) -> Task:
    """The task that ``task_text`` wrote."""
    found = json.loads(text)
    size = found.get("size")
    return Task(found["id"], found["created_at"], found["data"], None if size is None else (size[0], size[1]))


def label_text(label: Label) -> str:
    """A label as it is kept and hashed."""
    one = label.decision
    decided = {} if one is None else {"decision": [one.kind, one.by, one.at, one.verdict, one.cause]}
    given = sorted([each.annotator, each.answer, each.changed_at] for each in label.given)
    return text_of({"answer": label.answer, "source": label.source, "tie": label.tie, "given": given, **decided})


def read_label(text: str) -> Label:
    """The label that ``label_text`` wrote."""
    found = json.loads(text)
    decided = found.get("decision")
    return Label(
        found["answer"],
        found["source"],
        found["tie"],
        tuple(Given(*one) for one in found["given"]),
        None if decided is None else Decision(*decided),
    )


def millionths(confidence: float) -> int:
    """A probability in whole millionths.

    >>> millionths(2 / 3)
    666667
    """
    return round(confidence * MILLIONTHS)


def by_control(places: Iterable[Place]) -> dict[str, list[int]]:
    """Control -> its tasks in their order."""
    found: dict[str, list[int]] = {}
    for task, control in sorted(places):
        found.setdefault(control, []).append(task)
    return found
