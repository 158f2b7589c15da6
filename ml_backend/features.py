"""From a task's data to what an encoder reads: which fields a control is about, and what stands in them."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from label_config.model import Control, DataObject, LabelConfig

from .encoders import ENCODERS, EncoderFamily, Fetch, family_of
from .errors import MediaError, NotLearnable
from .reasons import Reason, reason
from .records import Features
from .unreadable import note

READERS = 8
"""Images that are fetched at the same time."""


@dataclass(frozen=True, slots=True)
class Part:
    """A field of the task, and the encoder that reads it; ``linked`` fields hold the address of what is read."""

    encoder: str
    field: str
    linked: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """Where a control looks: at all parts side by side, or (``compared``) at how the first differs from the second."""

    parts: tuple[Part, ...]
    compared: bool = False

    @property
    def fields(self) -> str:
        """The fields in words."""
        return ", ".join(repr(part.field) for part in self.parts)


def view_of(config: LabelConfig, control: Control, preferred: str = "") -> View:
    """What a control is about: its own objects and those that no control is about, each by the ``preferred`` encoder if
    that reads it, else by the first that does.

    Raises NotLearnable where nothing reads any of its objects, naming the tags there are encoders for.
    """
    shown = [(one, _encoders(one, preferred)) for one in _looked_at(config, control)]
    read = [(one, names[0]) for one, names in shown if names]
    if control.tag == "Pairwise":
        if len(read) == 2 and read[0][1] == read[1][1]:
            return View(tuple(_part(*one) for one in read), compared=True)
        raise NotLearnable(f"control {control.name!r}: its two objects cannot be compared: nothing here reads both")
    if not read:
        tags = ", ".join(dict.fromkeys(tag for family in ENCODERS.values() for tag in family.tags))
        raise NotLearnable(
            f"control {control.name!r}: nothing here reads what it is about; there are models for: {tags}"
        )
    return View(tuple(dict.fromkeys(_part(*one) for one in read)))


def still_shown(view: View, config: LabelConfig, control: Control) -> bool:
    """Whether the interface still shows with the control what a model looks at."""
    there = {_part(one, name) for one in _looked_at(config, control) for name in _encoders(one, view.parts[0].encoder)}
    there |= {_part(one, part.encoder) for one in _looked_at(config, control) for part in view.parts}
    return view.compared == (control.tag == "Pairwise") and there.issuperset(view.parts)


def _looked_at(config: LabelConfig, control: Control) -> list[DataObject]:
    """The control's own objects, then those that nobody asks about: they are shown to be read with the others."""
    asked = {name for one in config.controls for name in one.to_names}
    own = [one for name in control.to_names for one in config.objects if one.name == name and one.field]
    if control.tag == "Pairwise":
        return own
    return own + [one for one in config.objects if one.name not in asked and one.field]


def _encoders(shown: DataObject, preferred: str) -> list[str]:
    """The encoders that read an object, the preferred one first."""
    named = [preferred] if preferred not in ("", "auto") else []
    return [name for name in (*named, *ENCODERS) if shown.tag in family_of(name).tags]


def _part(shown: DataObject, encoder: str) -> Part:
    linked = shown.attributes.get("valueType") == "url" and not family_of(encoder).fetches
    return Part(encoder, shown.field, linked)


def digest(view: View, data: Mapping[str, Any]) -> str:
    """Stands for what a control sees of a task: Label Studio gives the ids of deleted tasks to new ones.

    >>> view = View((Part("tfidf", "text"),))
    >>> digest(view, {"text": "a"}) == digest(view, {"text": "a", "id": 7})
    True
    """
    values = [data.get(part.field) for part in view.parts]
    seen = json.dumps(values[0] if len(values) == 1 else values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.blake2b(seen.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Described:
    """What an encoder family says of some of n tasks: ``rows`` are theirs in order, a row of ``features`` each."""

    rows: Sequence[int]
    features: Features


@dataclass(slots=True)
class Material:
    """Tasks as encoders see them. Each field is read and described once, however many controls look at it.

    ``until`` is a time of ``clock``: what has not been read then is taken as unreadable. ``reasons`` count why what was
    looked at could not be read.
    """

    datas: Sequence[Mapping[str, Any]]
    fetch: Fetch
    until: float | None = None
    clock: Callable[[], float] = time.monotonic
    reasons: Counter[str] = field(default_factory=Counter, init=False)
    _unread: dict[tuple[Part, int], Reason] = field(default_factory=dict, init=False)
    _read: dict[Part, list[Any | None]] = field(default_factory=dict, init=False)
    _described: dict[Part, Described] = field(default_factory=dict, init=False)

    @property
    def late(self) -> bool:
        """Whether time is up."""
        return self.until is not None and self.clock() > self.until

    def inputs(self, part: Part) -> list[Any | None]:
        """What the part's encoder needs of each task; null where it cannot be read or time is up."""
        if part not in self._read:
            self._read[part] = _read_all(part, self)
        return self._read[part]

    def described(self, part: Part) -> Described:
        """What is said of each task that can be read."""
        if part not in self._described:
            found = self.inputs(part)
            rows = [place for place, one in enumerate(found) if one is not None]
            said = family_of(part.encoder).describe([found[place] for place in rows]) if rows else None
            self._described[part] = Described(rows, said)
        return self._described[part]

    def readable(self, view: View) -> list[int]:
        """The tasks of which something can be read; where two things are compared, both."""
        seen = [[one is not None for one in self.inputs(part)] for part in view.parts]
        enough = all if view.compared else any
        return [place for place, one in enumerate(zip(*seen, strict=True)) if enough(one)]

    def leave_out(self, part: Part, place: int, why: Reason) -> None:
        """Remember why a task's part could not be read."""
        self._unread[part, place] = why

    def unread(self, view: View, place: int) -> Reason:
        """Why nothing could be read of a task that is not among the ``readable``."""
        found = [self._unread[part, place] for part in view.parts if (part, place) in self._unread]
        late = next((one for one in found if one.code == "out_of_time"), None)
        if late is not None or len(found) == 1:
            return late or found[0]
        said = [one.words.partition(": ")[2] for one in found]
        return reason("task_unreadable", "; ".join(dict.fromkeys(said)))

    def views(self, view: View, readable: Sequence[int]) -> list[Described]:
        """What is said of the ``readable`` tasks, part by part; rows are counted among these."""
        place_of = {place: number for number, place in enumerate(readable)}
        found = []
        for part in view.parts:
            said = self.described(part)
            kept = [number for number, place in enumerate(said.rows) if place in place_of]
            features = said.features[kept] if kept and len(kept) < len(said.rows) else said.features
            found.append(Described([place_of[said.rows[number]] for number in kept], features if kept else None))
        return found


def _read_all(part: Part, material: Material) -> list[Any | None]:
    """What was read of each task; the material is told of each that could not be."""
    fetch = material.fetch
    family = family_of(part.encoder)
    reasons: list[str] = []

    def read(place: int, data: Mapping[str, Any]) -> Any | None:
        if part.field not in data:
            material.leave_out(part, place, reason("task_unreadable", f"field {part.field!r} is not there"))
            return None
        if material.late:
            material.leave_out(part, place, reason("out_of_time"))
            return None
        try:
            value = data[part.field]
            return family.read(_content(value, fetch) if part.linked else value, fetch)
        except MediaError as error:
            reasons.append(note(part.field, error))
            material.leave_out(part, place, reason("task_unreadable", f"field {part.field!r}: {reasons[-1]}"))
            return None

    if family.fetches or part.linked:
        with ThreadPoolExecutor(READERS) as pool:
            found = list(pool.map(read, range(len(material.datas)), material.datas))
    else:
        found = [read(place, data) for place, data in enumerate(material.datas)]
    material.reasons.update(reasons)
    return found


def _content(address: object, fetch: Fetch) -> str:
    if not isinstance(address, str):
        raise MediaError(f"expected the address of a text, not {type(address).__name__}")
    return fetch(address).decode("utf-8", "replace")


def families(view: View) -> list[EncoderFamily]:
    """Of its parts."""
    return [family_of(part.encoder) for part in view.parts]


def chunks(values: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    """Consecutive parts of at most ``size``.

    >>> list(chunks([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    return (values[start : start + size] for start in range(0, len(values), size))


def stacked(parts: Sequence[Features]) -> Features:
    """Rows of one encoder, one part below the other."""
    return sparse.vstack(parts, format="csr") if sparse.issparse(parts[0]) else np.vstack(parts)


def spread(features: Features, rows: Sequence[int], count: int) -> Features:
    """The features at their ``rows`` of ``count``, zeros elsewhere."""
    if len(rows) == count:
        return features
    shape = (count, len(rows))
    return sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, range(len(rows)))), shape) @ features
