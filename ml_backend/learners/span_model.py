"""The model of a control that marks spans of a text: a tagger, and what is known of its training tasks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from label_config.answers import Answer, Region, Regions, Span
from label_config.model import Control, DataObject, LabelConfig

from .. import quality as qualities
from ..certainty import of_parts
from ..certainty.of_parts import MOST_MORE, UNLEARNED, PartCertainty
from ..encoders import wordllama
from ..features import Material, Part, View, digest, spread
from ..quality import Quality
from ..records import Arrays, Features, FloatArray, Opinion, Possible, Task, abstains
from ..spans import tagger as taggers
from ..spans.tagger import RAREST, Tagger, Told
from ..spans.tags import Mark
from ..uncertainty import DEFAULT_UTILITY, LEAST_CONFIDENCE, Signals, novelty, utility
from . import recalled
from .control_model import DIGITS, nearest, under
from .recalled import Recalled

LONGEST_TEXT = 200_000
"""Characters. On a longer text it abstains: what was marked of a part of it would look like all there is."""

CHARACTERS = 500_000
"""So many are read at once; between two such parts the time is looked at."""

_ROUNDING = 1e-9
LATE = abstains("out_of_time")


@dataclass(frozen=True, slots=True)
class SpanModel:
    """Everything that one control needs to answer: see Learned. ``multiple``: a region may have several labels."""

    control: str
    field: str
    multiple: bool
    tagger: Tagger
    reference: Features
    known: Recalled
    quality: Quality | None
    certainty: PartCertainty = UNLEARNED
    choice: ClassVar[None] = None
    unread: ClassVar[Mapping[str, int]] = MappingProxyType({})
    learner = "spans"

    @property
    def trained_labels(self) -> int:
        """How many answers it has learned from."""
        return len(self.known.digests)

    def still_fits(self, config: LabelConfig, control: Control) -> bool:
        """Whether the interface still asks for these labels in this text."""
        shown = shown_text(config, control)
        there = set(self.tagger.scheme.labels) <= set(control.labels)
        return shown is not None and shown.field == self.field and control.multiple == self.multiple and there

    def known_utilities(self, kind: str) -> FloatArray:
        """What each training task was worth, out of fold, (n,)."""
        return worth_of(self.known.signals, kind)

    def think(self, tasks: Sequence[Task], material: Material, kind: str) -> tuple[list[Opinion], Features]:
        """An opinion a task, and its row: out of fold on those that it learned from, none on what cannot be read."""
        texts = [text_of(task.data.get(self.field)) for task in tasks]
        said = [
            unread(self.field, task.data) if text is None else LATE for task, text in zip(tasks, texts, strict=True)
        ]
        kept: list[int] = []
        rows: list[Features] = []
        for part in _parts([len(text or "") for text in texts]):
            readable = [place for place in part if texts[place] is not None]
            if not readable or (material.until is not None and material.clock() > material.until):
                continue
            shown = [texts[place] or "" for place in readable]
            features = meanings(shown)
            for place, opinion in zip(
                readable, self._said([tasks[at] for at in readable], shown, features, kind), strict=True
            ):
                said[place] = opinion
            kept += readable
            rows.append(features)
        return said, spread(np.vstack(rows), kept, len(tasks)) if kept else None

    def _said(self, tasks: Sequence[Task], texts: Sequence[str], features: Features, kind: str) -> list[Opinion]:
        known = [self.known.row(task.id, seen_of(self.field, task.data)) for task in tasks]
        at = {place: row for place, row in enumerate(known) if row is not None}
        groups = np.zeros(len(tasks), dtype=np.int64)
        groups[list(at)] = self.known.folds[list(at.values())] + 1
        allowed = self.certainty.allowed()
        told = self.tagger.tell_by(texts, groups, max(RAREST, 1 - allowed - _ROUNDING) if allowed else None)
        distances = nearest(features, self.reference)
        distances[list(at)] = self.known.distances[list(at.values())]
        return self._opinions(told, self.certainty.signals(told, novelty(distances, self.known.distances)), kind)

    def _opinions(self, told: Sequence[Told], signals: Signals, kind: str) -> list[Opinion]:
        worth, allowed = worth_of(signals, kind), self.certainty.allowed()
        found = []
        for place, one in enumerate(told):
            answer, parts = regions_of(one, self.multiple)
            found.append(
                Opinion(
                    answer,
                    {},
                    round(one.confidence, DIGITS),
                    {name: round(float(values[place]), DIGITS) for name, values in signals.items()},
                    utility=round(float(worth[place]), DIGITS),
                    out_of_sample=True,
                    parts=parts,
                    possible=possible_spans(one, allowed),
                )
            )
        return found


def shown_text(config: LabelConfig, control: Control) -> DataObject | None:
    """The Text that a control marks, as it stands in the task; null where it marks anything else.

    A text from an address, or unpacked by Label Studio, is not what the task's data holds.
    """
    shown = [one for name in control.to_names for one in config.objects if one.name == name]
    if control.tag != "Labels" or len(shown) != 1 or shown[0].tag != "Text":
        return None
    elsewhere = any(name.lower() in ("valuetype", "encoding") for name in shown[0].attributes)
    return None if elsewhere or shown[0].value != f"${shown[0].field}" else shown[0]


def text_of(value: object) -> str | None:
    """A field's text, in whose characters spans are counted; null for what is no text, or too long."""
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else None


def unread(field: str, data: Mapping[str, Any]) -> Opinion:
    """The abstention on a task in which ``text_of`` finds nothing."""
    value = data.get(field)
    what = f"more than {LONGEST_TEXT:,} characters long" if isinstance(value, str) else "no text"
    return abstains("task_unreadable", f"field {field!r} is {what if field in data else 'not there'}")


def seen_of(field: str, data: Mapping[str, Any]) -> str:
    """Stands for what the model saw of a task."""
    return digest(View((Part("spans", field),)), data)


def meanings(texts: Sequence[str]) -> Features:
    """A row a text, that tells how alike texts are, (n, 256)."""
    # JSON may hold halves of characters, which nothing that hashes bytes takes.
    return wordllama.describe([text.encode("utf-8", "replace").decode() for text in texts])


def worth_of(signals: Signals, kind: str) -> FloatArray:
    """What texts are worth, (n,): in the place of the margin, the default, how likely something in them is wrong.

    Measured on English news with 300 sentences, chosen 50 at a time from 1,500: F1 .79 by that, .77 by the margin of
    the least sure token, .73 by chance.
    """
    return utility(signals, LEAST_CONFIDENCE if kind == DEFAULT_UTILITY else kind)


def marks_of(answer: Answer | None) -> list[Mark]:
    """An answer's spans, one for each of its labels."""
    regions = answer.regions if isinstance(answer, Regions) else ()
    spans = [(one.shape, one.labels) for one in regions]
    return [Mark(at.start, at.end, label) for at, labels in spans if isinstance(at, Span) for label in labels]


def regions_of(told: Told, multiple: bool) -> tuple[Regions, tuple[float, ...]]:
    """What is told as an answer, and the confidence of each region.

    Where a region may have ``multiple`` labels, those of one span are its labels: all of them are right with the
    product of their probabilities.
    """
    found: dict[tuple[int, int, int], tuple[list[str], float]] = {}
    for place, (mark, sure) in enumerate(zip(told.marks, told.confidences, strict=True)):
        labels, before = found.setdefault((mark.start, mark.end, 0 if multiple else place), ([], 1.0))
        found[mark.start, mark.end, 0 if multiple else place] = ([*labels, mark.label], before * sure)
    regions = tuple(Region(Span(start, end), tuple(labels)) for (start, end, _), (labels, _) in found.items())
    return Regions(regions), tuple(round(sure, DIGITS) for _, sure in found.values())


def possible_spans(told: Told, allowed: float | None) -> tuple[Possible, ...] | None:
    """The spans that cannot be ruled out, those that are told among them; in the text's order, each with one label.

    ``allowed`` is how improbable a span may be; null where nothing is promised, or far more are left than are told.
    """
    if allowed is None:
        return None
    others = {mark for mark, sure in told.likely if sure >= 1 - allowed - _ROUNDING}.difference(told.marks)
    if len(others) > MOST_MORE:
        return None
    return tuple(mark._asdict() for mark in sorted(others.union(told.marks)))


def strangeness(told: Told, given: Sequence[Mark]) -> FloatArray:
    """Of each span of an answer, 0 where it was told, else how improbable it was: infinite below RAREST, (s,)."""
    likely, marks = dict(told.likely), set(told.marks)
    return np.array([0.0 if one in marks else 1 - likely.get(one, -np.inf) for one in given], dtype=np.float64)


def _parts(lengths: Sequence[int]) -> Iterator[range]:
    """Consecutive places of texts with about CHARACTERS together."""
    first, total = 0, 0
    for place, length in enumerate(lengths):
        total += length
        if total > CHARACTERS or place == len(lengths) - 1:
            yield range(first, place + 1)
            first, total = place + 1, 0


def saved(model: SpanModel) -> tuple[dict[str, Any], Arrays]:
    """The model as JSON and named arrays."""
    tagger, fields = model.tagger.saved()
    known, parts = model.known.saved()
    certainty, thresholds = of_parts.saved(model.certainty)
    arrays: dict[str, Any] = {"reference": model.reference, **thresholds}
    arrays |= {f"tagger/{name}": part for name, part in fields.items()}
    arrays |= {f"known/{name}": part for name, part in parts.items()}
    return {
        "control": model.control,
        "field": model.field,
        "multiple": model.multiple,
        "tagger": tagger,
        "known": known,
        "certainty": certainty,
        "quality": model.quality.as_json() if model.quality else None,
    }, arrays


def restored(words: Mapping[str, Any], arrays: Arrays) -> SpanModel:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    return SpanModel(
        control=words["control"],
        field=words["field"],
        multiple=bool(words["multiple"]),
        tagger=taggers.restore(words["tagger"], under("tagger/", arrays)),
        reference=arrays["reference"],
        known=recalled.restored(words["known"], under("known/", arrays)),
        quality=None if words["quality"] is None else qualities.from_json(words["quality"]),
        certainty=of_parts.restored(words.get("certainty"), arrays),
    )
