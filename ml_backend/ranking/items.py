"""What is seen of the items of lists, and of what stands beside the list, as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..encoders import Encoder, family_of, text, wordllama
from ..errors import MediaError
from ..records import Arrays, Features

ENCODER = "tfidf+wordllama"
MOST_ITEMS = 1000
"""A longer list is nothing that people put in order."""


@dataclass(frozen=True, slots=True)
class Items:
    """The items of one task's list: ``ids`` as answers have them, ``texts``, and what stands ``beside`` the list."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    beside: str


def items_of(data: Mapping[str, Any], field: str, others: Sequence[str]) -> Items | None:
    """The items of a task's ``field`` and the texts of its ``others``; null for what is no list to rank.

    Label Studio takes a list of objects with an ``id`` each.

    >>> items_of({"items": [{"id": 7, "title": "<b>A</b>", "body": "b"}], "q": "x"}, "items", ["q"])
    Items(ids=('7',), texts=(' A  b',), beside='x')
    """
    if what_is_wrong(data, field):
        return None
    found = data[field]
    ids = tuple(str(one["id"]) for one in found)
    texts = tuple(_read([{key: said for key, said in one.items() if key != "id"}]) for one in found)
    return Items(ids, texts, "\n".join(_read(data[name]) for name in others if name in data))


def what_is_wrong(data: Mapping[str, Any], field: str) -> str:
    """Why a task's ``field`` holds no list to rank, in words; "" where it does.

    >>> what_is_wrong({"items": [{"id": 7}, {"id": "7"}]}, "items")
    "field 'items' has two items with the same id"
    """
    found = data.get(field)
    if not isinstance(found, list) or not found:
        return f"field {field!r} holds no list of items to rank"
    if len(found) > MOST_ITEMS:
        return f"field {field!r} has more than {MOST_ITEMS:,} items"
    if not all(isinstance(one, dict) and type(one.get("id")) in (str, int) for one in found):
        return f"field {field!r} has items without an id (a text or a whole number)"
    if len({str(one["id"]) for one in found}) < len(found):
        return f"field {field!r} has two items with the same id"
    return ""


def _read(value: object) -> str:
    try:
        return text.read(value, _nothing)
    except MediaError:
        return ""


def _nothing(address: str) -> bytes:
    raise MediaError(f"{address} is not fetched")


@dataclass(frozen=True, slots=True)
class ItemEncoder:
    """Rows of items: their terms and meanings, what of their meaning is that of what stands beside, and a few more."""

    terms: Encoder

    def encode(self, lists: Sequence[Items]) -> Features:
        """The rows of all items, one list after the other, (n, d)."""
        texts = [said for one in lists for said in one.texts]
        own = _encoded(self.terms, texts)
        of_list = np.repeat(np.arange(len(lists)), [len(one.texts) for one in lists])
        beside = _encoded(self.terms, [one.beside for one in lists])
        alike = np.asarray(own.multiply(beside[of_list]).sum(axis=1))
        meant = wordllama.describe(texts) * wordllama.describe([one.beside for one in lists])[of_list]
        place = np.concatenate([np.linspace(0, 1, len(one.texts)) for one in lists])
        length = np.log1p([len(said) for said in texts]) / 10
        more = np.column_stack([meant * np.sqrt(wordllama.WIDTH), alike, place, length])
        return sparse.hstack([own, sparse.csr_matrix(more, dtype=np.float32)], format="csr")

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """What ``restore`` needs: JSON and arrays."""
        return self.terms.saved()


def fit(lists: Sequence[Items]) -> ItemEncoder:
    """Learn which terms there are. Raises NotLearnable where the items have none."""
    family = family_of(ENCODER)
    texts = [said for one in lists for said in (*one.texts, one.beside)]
    return ItemEncoder(family.fit(family.describe(texts)))


def restore(settings: Mapping[str, Any], arrays: Arrays) -> ItemEncoder:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    return ItemEncoder(family_of(ENCODER).restore(settings, arrays))


def _encoded(terms: Encoder, texts: Sequence[str]) -> sparse.csr_matrix:
    return sparse.csr_matrix(terms.encode(family_of(ENCODER).describe(texts)))
