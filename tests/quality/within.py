"""What is in a result of nested values."""

import dataclasses
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


def every(kind: type[T], value: object) -> Iterator[T]:
    """All values of a kind, however deep."""
    if isinstance(value, kind):
        yield value
    elif dataclasses.is_dataclass(value):
        yield from every(kind, [getattr(value, field.name) for field in dataclasses.fields(value)])
    elif isinstance(value, dict):
        yield from every(kind, list(value.values()))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from every(kind, part)
