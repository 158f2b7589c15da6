"""CoNLL: a line a token with its place in the text and a BIO tag for each control, an empty line between tasks."""

import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path

from label_config.answers import Regions, Span
from label_config.model import Control, LabelConfig

from ..versions.content import Label, Task
from .exported import Exported, Format, NotExportable

_TOKEN = re.compile(r"\w+|[^\w\s]")
_OTHERS = "label-studio, jsonl, csv, parquet and hugging-face can hold it"

Marked = tuple[int, int, str]
"""Start, end (characters) and label."""


def refuses(control: Control, config: LabelConfig) -> str | None:
    """Why a control's answers are no spans of a plain text; null where they are."""
    about = [one for one in config.objects if one.name in control.to_names]
    if control.tag != "Labels" or control.per_region or not all(one.tag == "Text" for one in about):
        return "its answers are no spans of a Text"
    return None if len(control.to_names) == 1 and about[0].field else "it marks more than one text"


def write(exported: Exported, place: Path) -> list[str]:
    """Write the file. Tokens are words and signs; one that a span cuts is cut there, so that every span is exact."""
    fields = {one.name: one.field for one in exported.config.objects}
    texts = {fields[control.to_names[0]] for control in exported.controls}
    if len(texts) > 1:
        raise NotExportable("the controls mark different texts: name those of one with --control")
    by_task: dict[int, tuple[Task, dict[str, tuple[Label, float]]]] = {}
    for task, control, label, confidence in exported.labelled():
        by_task.setdefault(task.id, (task, {}))[1][control.name] = (label, confidence)
    names = [control.name for control in exported.controls]
    head = " ".join(["token", "start", "end", *map(json.dumps, names)])
    parts = [f"# {json.dumps(exported.source())}\n# columns: {head}\n"]
    for task, labels in by_task.values():
        parts.append(_part(task, str(task.data.get(min(texts), "")), names, labels))
    place.write_text("\n".join(parts), encoding="utf-8", errors="replace", newline="\n")
    return []


def _part(task: Task, text: str, names: Sequence[str], labels: dict[str, tuple[Label, float]]) -> str:
    lines = [f"# task: {task.id}"]
    marked: list[list[Marked]] = []
    for name in names:
        if name not in labels:
            marked.append([])
            continue
        label, confidence = labels[name]
        about = {"confidence": confidence, "annotators": len(label.given), "source": label.source}
        lines.append(f"# {json.dumps(name)}: {json.dumps(about)}")
        marked.append(_spans(task.id, name, label, text))
    cuts = {edge for spans in marked for start, end, _ in spans for edge in (start, end)}
    for start, end in tokens(text, cuts):
        tags = [_tag(text, spans, start, end) for spans in marked]
        lines.append("\t".join([text[start:end], str(start), str(end), *tags]))
    return "\n".join(lines) + "\n"


def _spans(task: int, name: str, label: Label, text: str) -> list[Marked]:
    """The spans in order, counted in characters. Raises NotExportable for some that BIO tags cannot hold."""
    answer = label.value()
    regions = answer.regions if isinstance(answer, Regions) else ()
    found = [(one.shape.start, one.shape.end, one.labels) for one in regions if isinstance(one.shape, Span)]
    place = f"task {task}, control {name}"
    if any(end > len(text) for _, end, _ in found):
        units = _characters(text)
        if any(end >= len(units) for _, end, _ in found):
            raise NotExportable(f"{place}: a span goes beyond the end of the task's text; {_OTHERS}")
        found = [(units[start], units[end], labels) for start, end, labels in found]
    spans = sorted((start, end, "+".join("_".join(one.split()) for one in labels)) for start, end, labels in found)
    for one, other in itertools.pairwise(spans):
        if other[0] < one[1]:
            raise NotExportable(f"{place}: spans {one[0]}-{one[1]} and {other[0]}-{other[1]} overlap; {_OTHERS}")
    return spans


def _characters(text: str) -> list[int]:
    """Place in UTF-16, as programs in browsers may count -> characters before it."""
    found = [0]
    for place, character in enumerate(text):
        found += [place + 1] * (2 if ord(character) > 0xFFFF else 1)
    return found


def tokens(text: str, cuts: set[int]) -> list[tuple[int, int]]:
    """Where the tokens are; none goes over a cut.

    >>> tokens("ab, c", {1})
    [(0, 1), (1, 2), (2, 3), (4, 5)]
    """
    found: list[tuple[int, int]] = []
    for match in _TOKEN.finditer(text):
        edges = [match.start(), *sorted(cut for cut in cuts if match.start() < cut < match.end()), match.end()]
        found += itertools.pairwise(edges)
    return found


def _begins(text: str, first: int, start: int) -> bool:
    """Whether a token is the first of a span, which may begin with spaces."""
    return not text[first:start].strip()


def _tag(text: str, spans: Sequence[Marked], start: int, end: int) -> str:
    for first, last, label in spans:
        if first <= start and end <= last:
            return f"{'B' if _begins(text, first, start) else 'I'}-{label}"
    return "O"


FORMAT = Format(write, "spans of texts", refuses, suffixes=(".conll", ".bio"))
