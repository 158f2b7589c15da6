"""Texts that people typed as answers: in results as Label Studio has them, and in canonical answers."""

import json
from typing import Any

from .review import PREFIX

TYPES = frozenset({"textarea", "chatmessage"})
"""Types of the regions that hold such texts."""
ERASED = "(erased)"


def without_typed(result: Any) -> tuple[Any, frozenset[str]]:
    """A result without texts that were typed as answers, and the controls that lost theirs.

    A result without any, and what is none, is returned as it is.

    >>> without_typed([{"type": "textarea", "from_name": "why", "value": {"text": ["a"]}}, {"type": "choices"}])
    ([{'type': 'choices'}], frozenset({'why'}))
    """
    if not isinstance(result, list):
        return result, frozenset()
    typed = [one for one in result if _is_typed(one)]
    if not typed:
        return result, frozenset()
    return [one for one in result if not _is_typed(one)], frozenset(str(one.get("from_name")) for one in typed)


def _is_typed(region: object) -> bool:
    """A reviewer's rationale is a remark and no answer: see ``review.without_remarks``."""
    return (
        isinstance(region, dict) and region.get("type") in TYPES and not str(region.get("from_name")).startswith(PREFIX)
    )


def erased(answer: str) -> str:
    """A canonical answer whose typed texts are gone, and that can still be read.

    >>> erased('{"Text":[["my aunt"]]}'), erased('["yes"]')
    ('{"Text":[["(erased)"]]}', '["yes"]')
    """
    found = json.loads(answer)
    cleared = _cleared(found)
    return answer if cleared == found else json.dumps(cleared, ensure_ascii=False, separators=(",", ":"))


def _cleared(value: Any) -> Any:
    if isinstance(value, list):
        return [_cleared(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: _fields(name, inner) for name, inner in value.items()}


def _fields(kind: str, fields: Any) -> Any:
    """The fields of a value of that type: of a Text its lines, of a Message its role and its text."""
    if kind == "Text":
        return [[ERASED] * bool(lines) for lines in fields]
    if kind == "Message":
        return [fields[0], ERASED]
    return _cleared(fields)
