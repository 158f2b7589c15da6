"""Answers as one line of JSON: what stores keep. Equal answers have equal texts."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, get_args, get_origin, get_type_hints

from . import answers as kinds
from .answers import Answer, Choices
from .errors import ResultError

_TYPES: Mapping[str, type] = {
    kind.__name__: kind
    for kind in vars(kinds).values()
    if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == kinds.__name__
}
_REAL = frozenset({"Number", "Moment", "Segment", "Box", "Ellipse", "Polygon", "KeyPoint", "Vector"})
"""Types whose numbers are all measures: 3 and 3.0 are equal there, and so must their texts be."""


def canonical(answer: Answer) -> str:
    """The one text that stands for an answer: equal answers have equal texts.

    Choices are the list of their labels, every other value is its type's name and its fields in order.

    >>> canonical(Choices(("yes", "no"))), canonical(kinds.Number(3))
    ('["yes", "no"]', '{"Number":[3.0]}')
    """
    if isinstance(answer, Choices):
        return json.dumps(list(answer.labels), ensure_ascii=False)
    return json.dumps(_plain(answer, real=False), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def answer_as_json(answer: Answer) -> Any:
    """``canonical`` as a JSON value: what services tell each other.

    >>> answer_as_json(Choices(("yes",))), answer_as_json(kinds.Number(3))
    (['yes'], {'Number': [3.0]})
    """
    return json.loads(canonical(answer))


def answer_from_json(found: object) -> Answer:
    """The answer that ``answer_as_json`` gave; raises ResultError for anything else, whoever sent it.

    >>> answer_from_json({"Number": ["many"]})
    Traceback (most recent call last):
    label_config.errors.ResultError: no answer: {'Number': ['many']}
    """
    try:
        answer = from_canonical(json.dumps(found, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ResultError(f"no answer: {found!r:.80}") from error
    if not _is(answer, Answer):
        raise ResultError(f"no answer: {found!r:.80}")
    return answer


def _is(value: Any, kind: Any) -> bool:
    """Whether a value is of the type that an annotation says, down to the last field of it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return isinstance(value, tuple) and (
            all(_is(one, inner[0]) for one in value)
            if inner[-1] is Ellipsis
            else len(value) == len(inner) and all(map(_is, value, inner))
        )
    if inner:
        return any(_is(value, one) for one in inner)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not (isinstance(value, kind) and not (kind is int and isinstance(value, bool))):
        return False
    return all(_is(getattr(value, name), hint) for name, hint in _hints(kind).items())


@lru_cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind) if is_dataclass(kind) else {}


def from_canonical(text: str) -> Answer:
    """The answer that ``canonical`` wrote; raises ResultError for a text that it did not write.

    >>> from_canonical('["yes"]'), from_canonical('{"Number":[3.0]}')
    (Choices(labels=('yes',)), Number(value=3.0))
    """
    try:
        found = json.loads(text)
        answer = Choices(tuple(found)) if isinstance(found, list) else _value(found)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ResultError(f"no answer was written as {text!r:.80}") from error
    if not isinstance(answer, Answer):
        raise ResultError(f"no answer was written as {text!r:.80}")
    return answer


def _plain(value: Any, *, real: bool) -> Any:
    """Values as JSON; -0.0, which equals 0.0, as that."""
    if isinstance(value, tuple):
        return [_plain(one, real=real) for one in value]
    if is_dataclass(value):
        name = type(value).__name__
        return {name: [_plain(getattr(value, one.name), real=name in _REAL) for one in fields(value)]}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) + 0.0 if real else int(value)
    return value


def _value(found: Any) -> Any:
    if isinstance(found, list):
        return tuple(_value(one) for one in found)
    if isinstance(found, dict):
        ((name, parts),) = found.items()
        return _TYPES[name](*(_value(part) for part in parts))
    return found
