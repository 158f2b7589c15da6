"""What is exported: a version, and the controls of it that are wanted."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from label_config.answers import Choices, Number, Text
from label_config.canonical import answer_as_json
from label_config.model import Control, LabelConfig
from label_config.results import from_canonical
from label_config.words import in_words

from ..errors import TiebreakError
from ..versions.content import Content, Label, Task

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotExportable(TiebreakError):
    """Labels that a format cannot hold."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A version to export. ``project`` is Label Studio's id; ``version`` is its number, null: the labels as they are.

    ``as_of`` is the moment that it shows, in microseconds since 1970, null where that is when it was made.
    """

    project: int
    version: int | None
    as_of: int | None
    content: Content
    config: LabelConfig
    controls: tuple[Control, ...]

    def labelled(self) -> Iterator[tuple[Task, Control, Label, float]]:
        """Each label with its task, control and confidence, by task, then as the interface has the controls."""
        for number in self.content.tasks():
            task = None
            for control in self.controls:
                if (number, control.name) in self.content.entries:
                    task = task or self.content.task(number)
                    place = (number, control.name)
                    yield task, control, self.content.label(place), self.content.confidence(place)

    def source(self) -> dict[str, Any]:
        """Where the labels are from, for files that can say it."""
        return {
            "project": self.project,
            "version": self.version,
            "as_of": None if self.as_of is None else moment(self.as_of),
            "content_hash": self.content.hash,
        }


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write labels. ``write`` makes the file (a ``folder``: fills the empty folder) and says what to know.

    ``suffixes`` are those that tell the format; ``refuses`` says why a control cannot be held, null where it can.
    """

    write: Callable[[Exported, Path], list[str]]
    holds: str
    refuses: Callable[[Control, LabelConfig], str | None] = lambda *_: None
    suffixes: tuple[str, ...] = ()
    folder: bool = False


def moment(time: int) -> str:
    """A time as files have it.

    >>> moment(1_000_000)
    '1970-01-01T00:00:01.000000Z'
    """
    return (_EPOCH + timedelta(microseconds=time)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain_row(exported: Exported, task: Task, control: Control, label: Label, confidence: float) -> dict[str, Any]:
    """A label as one flat row, but for the task's data; lists are lists."""
    answer = from_canonical(label.answer)
    decided = label.decision
    return {
        "task": task.id,
        "control": control.name,
        "tag": control.tag,
        "answer": in_words(answer) if not isinstance(answer, Text) else "\n".join(answer.lines),
        "labels": list(answer.labels) if isinstance(answer, Choices) else None,
        "number": float(answer.value) if isinstance(answer, Number) else None,
        "answer_json": answer_as_json(answer),
        "confidence": confidence,
        "tie": label.tie,
        "annotators": len(label.given),
        "agreeing": sum(one.answer == label.answer for one in label.given),
        "annotator_ids": [one.annotator for one in label.given],
        "answered_at": max((moment(one.changed_at) for one in label.given), default=None),
        "source": label.source,
        "method": exported.content.methods.get(control.name),
        "decided_as": None if decided is None else decided.kind,
        "decided_by": None if decided is None else decided.by,
        "decided_at": None if decided is None else moment(decided.at),
        "verdict": None if decided is None else decided.verdict,
        "cause": None if decided is None else decided.cause,
        **exported.source(),
    }


def rows(exported: Exported) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    """(flat row, the task's data) of every label."""
    for task, control, label, confidence in exported.labelled():
        yield plain_row(exported, task, control, label, confidence), task.data
