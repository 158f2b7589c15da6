"""The model of a control that puts the items of a list in order: a ranker, and what is known of its training tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from label_config.answers import Answer, Ranking
from label_config.model import Control, LabelConfig

from .. import quality as qualities
from ..certainty import of_parts
from ..certainty.of_parts import MOST_MORE, UNLEARNED, PartCertainty
from ..encoders import wordllama
from ..features import Material, Part, View, digest, spread
from ..quality import Quality
from ..ranking import items as item_encoders
from ..ranking import ranker as rankers
from ..ranking.items import ENCODER, ItemEncoder, Items, items_of, what_is_wrong
from ..ranking.ranker import Buckets, Ranker, Told
from ..records import Arrays, Features, FloatArray, Opinion, Possible, Task, abstains
from ..uncertainty import novelty, utility
from . import recalled
from .control_model import DIGITS, nearest, under
from .recalled import Recalled

READ = ("Text", "HyperText", "Paragraphs")
"""What is read beside the list: what a query or a question stands in."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class RankModel:
    """Everything that one control needs to answer: see Learned. ``names`` are those of its buckets, its own if none.

    ``view`` is where it looks: the list first, then what is read beside it.
    """

    control: str
    view: View
    names: tuple[str, ...]
    encoder: ItemEncoder
    ranker: Ranker
    reference: Features
    known: Recalled
    quality: Quality | None
    certainty: PartCertainty = UNLEARNED
    choice: ClassVar[None] = None
    unread: ClassVar[Mapping[str, int]] = MappingProxyType({})
    learner = "rankings"

    @property
    def trained_labels(self) -> int:
        """How many answers it has learned from."""
        return len(self.known.digests)

    def still_fits(self, config: LabelConfig, control: Control) -> bool:
        """Whether the interface still asks for these buckets, of the same list, beside the same texts."""
        return control.tag == "Ranker" and names_of(control) == self.names and shown_list(config, control) == self.view

    def known_utilities(self, kind: str) -> FloatArray:
        """What each training task was worth, out of fold, (n,)."""
        return self.known.utilities(kind)

    def think(self, tasks: Sequence[Task], material: Material, kind: str) -> tuple[list[Opinion], Features]:
        """An opinion a task, and its row: out of fold on those that it learned from, none on what cannot be read."""
        field = self.view.parts[0].field
        found = [read(self.view, task.data) for task in tasks]
        said = [abstains("task_unreadable", what_is_wrong(task.data, field)) for task in tasks]
        kept = [place for place, one in enumerate(found) if one is not None]
        if not kept or (material.until is not None and material.clock() > material.until):
            late = abstains("out_of_time")
            return [late if one else why for one, why in zip(found, said, strict=True)], None
        lists = [one for one in found if one is not None]
        features = meanings(lists)
        for place, opinion in zip(kept, self._said([tasks[at] for at in kept], lists, features, kind), strict=True):
            said[place] = opinion
        return said, spread(features, kept, len(tasks))

    def _said(self, tasks: Sequence[Task], lists: Sequence[Items], features: Features, kind: str) -> list[Opinion]:
        known = [self.known.row(task.id, digest(self.view, task.data)) for task in tasks]
        at = {place: row for place, row in enumerate(known) if row is not None}
        groups = np.zeros(len(tasks), dtype=np.int64)
        groups[list(at)] = self.known.folds[list(at.values())] + 1
        told = self.ranker.tell(self.encoder.encode(lists), [len(one.ids) for one in lists], groups)
        distances = nearest(features, self.reference)
        distances[list(at)] = self.known.distances[list(at.values())]
        signals = self.certainty.signals(told, novelty(distances, self.known.distances))
        worth = utility(signals, kind)
        return [
            Opinion(
                ranking_of(one, self.names, items),
                {},
                round(one.confidence, DIGITS),
                {name: round(float(values[place]), DIGITS) for name, values in signals.items()},
                utility=round(float(worth[place]), DIGITS),
                out_of_sample=True,
                possible=possible_places(one, self.certainty, self.names, items, plain=not self.ranker.sorters),
            )
            for place, (one, items) in enumerate(zip(told, lists, strict=True))
        ]


def names_of(control: Control) -> tuple[str, ...]:
    """The names of an answer's buckets."""
    return control.labels or (control.name,)


def shown_list(config: LabelConfig, control: Control) -> View | None:
    """The List that a control ranks, and the texts that nobody asks about; null where it ranks anything else."""
    shown = [one for name in control.to_names for one in config.objects if one.name == name]
    if len(shown) != 1 or shown[0].tag != "List" or shown[0].value != f"${shown[0].field}":
        return None
    asked = {name for one in config.controls for name in one.to_names}
    beside = [one for one in config.objects if one.name not in asked and one.tag in READ and one.field]
    fields = dict.fromkeys([shown[0].field, *(one.field for one in beside)])
    return View(tuple(Part(ENCODER, field) for field in fields))


def read(view: View, data: Mapping[str, Any]) -> Items | None:
    """The items of a task, null where it has no list to rank."""
    first, *others = (part.field for part in view.parts)
    return items_of(data, first, others)


def meanings(lists: Sequence[Items]) -> Features:
    """A row a list, that tells how alike lists are, (n, 256)."""
    return wordllama.describe(["\n".join([one.beside, *one.texts]) for one in lists])


def ranking_of(told: Told, names: Sequence[str], items: Items) -> Ranking:
    """What is told as an answer."""
    return Ranking(
        tuple((name, tuple(items.ids[one] for one in bucket)) for name, bucket in zip(names, told.buckets, strict=True))
    )


def buckets_of(answer: Answer | None, names: Sequence[str], items: Items) -> Buckets | None:
    """An answer as places in the list; null for one to other buckets, or to other items than the list has.

    A plain ranker's answer has every item; from buckets an item may be left out.
    """
    if not isinstance(answer, Ranking) or tuple(name for name, _ in answer.buckets) != tuple(names):
        return None
    place = {item: at for at, item in enumerate(items.ids)}
    found = tuple(tuple(place.get(one, -1) for one in own) for _, own in answer.buckets)
    return None if any(one < 0 for own in found for one in own) else found


def possible_places(
    told: Told, certainty: PartCertainty, names: Sequence[str], items: Items, *, plain: bool
) -> tuple[Possible, ...] | None:
    """The items that may come first, or with buckets which item may be in which; the most probable first.

    What is told is among them. Null where nothing is promised, or far more are left than are told.
    """
    kept: list[Possible] = []
    more = 0
    for bucket, own in enumerate(told.buckets):
        allowed = certainty.allowed(bucket)
        if allowed is None:
            return None
        there = own[:1] if plain else own
        for item in np.argsort(-told.shares[:, bucket], kind="stable").tolist():
            if item in there or told.shares[item, bucket] >= 1 - allowed - _ROUNDING:
                kept.append(items.ids[item] if plain else {"bucket": names[bucket], "item": items.ids[item]})
                more += item not in there
    return tuple(kept) if more <= MOST_MORE else None


def strangeness(told: Told, given: Buckets, *, plain: bool) -> list[FloatArray]:
    """By bucket, of each item that an answer has in it: 0 where it was told there, else how improbable it was.

    Of a plain ranker that of the item that comes first; a list of one item says nothing.
    """
    there: Buckets = told.buckets
    if plain:
        if len(told.shares) < 2:
            return [np.empty(0)]
        given, there = (given[0][:1],), (there[0][:1],)
    return [
        np.array([0.0 if item in there[bucket] else 1 - told.shares[item, bucket] for item in own], dtype=np.float64)
        for bucket, own in enumerate(given)
    ]


def saved(model: RankModel) -> tuple[dict[str, Any], Arrays]:
    """The model as JSON and named arrays."""
    encoder, terms = model.encoder.saved()
    ranker, weights = model.ranker.saved()
    known, parts = model.known.saved()
    certainty, thresholds = of_parts.saved(model.certainty)
    arrays: dict[str, Any] = {"reference": model.reference, **thresholds}
    for prefix, own in (("encoder", terms), ("ranker", weights), ("known", parts)):
        arrays |= {f"{prefix}/{name}": part for name, part in own.items()}
    return {
        "control": model.control,
        "fields": [part.field for part in model.view.parts],
        "names": list(model.names),
        "encoder": encoder,
        "ranker": ranker,
        "known": known,
        "certainty": certainty,
        "quality": model.quality.as_json() if model.quality else None,
    }, arrays


def restored(words: Mapping[str, Any], arrays: Arrays) -> RankModel:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    return RankModel(
        control=words["control"],
        view=View(tuple(Part(ENCODER, field) for field in words["fields"])),
        names=tuple(words["names"]),
        encoder=item_encoders.restore(words["encoder"], under("encoder/", arrays)),
        ranker=rankers.restore(words["ranker"], under("ranker/", arrays)),
        reference=arrays["reference"],
        known=recalled.restored(words["known"], under("known/", arrays)),
        quality=None if words["quality"] is None else qualities.from_json(words["quality"]),
        certainty=of_parts.restored(words.get("certainty"), arrays),
    )
