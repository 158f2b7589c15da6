"""From a task's data to what an encoder reads: which field a control is about, and what stands in it."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from label_config.model import Control, LabelConfig

from .encoders import ENCODERS, Fetch
from .errors import MediaError, NotLearnable
from .records import Features

READERS = 8
"""Images that are fetched at the same time."""


@dataclass(frozen=True, slots=True)
class View:
    """Where a control looks: the field of the task, and the encoder that reads it."""

    encoder: str
    field: str


def view_of(config: LabelConfig, control: Control, preferred: str = "") -> View:
    """What a control is about: the first of its objects that an encoder reads, by the ``preferred`` one if it can.

    Raises NotLearnable for a control that no model of ours answers, and where nothing reads its objects, naming the
    tags there are models for.
    """
    found = views_of(config, control)
    return next((view for view in found if view.encoder == preferred), found[0])


def views_of(config: LabelConfig, control: Control) -> list[View]:
    """Every way to read what a control is about, the default first, one at least; see ``view_of``."""
    if not control.decidable or control.tag != "Choices":
        raise NotLearnable(
            f"control {control.name!r}: <{control.tag}> cannot be learned yet; there are models for: Choices"
        )
    shown = [one for name in control.to_names for one in config.objects if one.name == name]
    found = [
        View(encoder, one.field) for one in shown for encoder, family in ENCODERS.items() if one.tag in family.tags
    ]
    if found:
        return found
    tags = ", ".join(dict.fromkeys(tag for family in ENCODERS.values() for tag in family.tags))
    raise NotLearnable(f"control {control.name!r}: nothing here reads what it is about; there are models for: {tags}")


def digest(view: View, data: Mapping[str, Any]) -> str:
    """Stands for what a control sees of a task: Label Studio gives the ids of deleted tasks to new ones.

    >>> digest(View("tfidf", "text"), {"text": "a"}) == digest(View("tfidf", "text"), {"text": "a", "id": 7})
    True
    """
    seen = json.dumps(data.get(view.field), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.blake2b(seen.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def read_all(
    view: View,
    datas: Sequence[Mapping[str, Any]],
    fetch: Fetch,
    *,
    until: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[Any | None]:
    """What the encoder of ``view`` needs of each task; null where it cannot be read or time is up.

    ``until`` is a time of ``clock``: what has not been read then is null.
    """
    family = ENCODERS[view.encoder]

    def read(data: Mapping[str, Any]) -> Any | None:
        if view.field not in data or (until is not None and clock() > until):
            return None
        try:
            return family.read(data[view.field], fetch)
        except MediaError:
            return None

    if not family.fetches:
        return [read(data) for data in datas]
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(read, datas))


def chunks(values: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    """Consecutive parts of at most ``size``.

    >>> list(chunks([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    return (values[start : start + size] for start in range(0, len(values), size))


def stacked(parts: Sequence[Features]) -> Features:
    """Rows of one encoder, one part below the other."""
    return sparse.vstack(parts, format="csr") if sparse.issparse(parts[0]) else np.vstack(parts)
