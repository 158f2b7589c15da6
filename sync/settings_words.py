"""What the settings of ``tiebreak`` accept and what is wrong with them, in words; and their file."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

Fields = Mapping[str, FieldInfo]

_KEY = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_PATH = re.compile(rf"\s*(?P<table>\[*)\s*(?P<path>{_KEY}(?:\s*\.\s*{_KEY})*)\s*(?:\]|=)")


def explained(problem: Any, fields: Fields, place: str, text: str, variable: str) -> str:
    """One problem of pydantic's in our words: where, which key, what was given, and what is accepted.

    ``place`` is the settings file and ``text`` what it holds; ``variable`` is the environment variable that was read
    instead, empty where none was.
    """
    path = [part for part in problem["loc"] if isinstance(part, str)]
    error = problem.get("ctx", {}).get("error")
    inner: str | None = getattr(error, "key", None)
    if inner is not None:
        path += inner.split(".")
    key = ".".join(path[1:] if variable else path)
    at = f"environment variable {variable}" if variable else f"{place}, line {_line(text, path)}"
    where = f"{at}: {key}" if key else at
    if problem["type"] == "extra_forbidden":
        known = fields if len(path) == 1 else _inner(fields[path[0]])
        return f"{where}: no such {'setting' if len(path) == 1 else 'key'}; there are: {', '.join(known)}"
    if inner is not None:
        return f"{where}: {error.problem}. Accepted: {error.accepted}."
    field = _field(fields, path)
    if problem["type"] == "missing":
        return f"{where}: it is missing. Accepted: {accepted(field)}."
    said = ""
    if problem["type"] == "value_error":
        said = f": {str(error).rstrip('.')}"
    shown = "what was given" if is_secret(path[0], fields) else f"{problem['input']!r:.200}"
    return f"{where}: {shown} is refused{said}. Accepted: {accepted(field)}."


def is_secret(key: str, fields: Fields) -> bool:
    """Values that an error must not show: the address of a store may hold a password."""
    return key == "store" or fields[key].annotation is SecretStr


def _field(fields: Fields, path: Sequence[str]) -> FieldInfo:
    """What a path leads to, as far as it is described: a table of tables has a field for each key of the inner ones."""
    inner = _inner(fields[path[0]])
    return inner[path[2]] if len(path) > 2 and path[2] in inner else fields[path[0]]


def _inner(field: FieldInfo) -> Fields:
    """The keys of the tables in a table; none where they are free."""
    for one in get_args(field.annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one.model_fields
    return {}


def _line(text: str, path: Sequence[str]) -> int | str:
    """Where the file sets a key: its own line, else that of the table that it is or should be in."""
    best, found = 0, 0
    for number, here in _paths(text):
        shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(path, here, strict=False)))
        if shared > best:
            best, found = shared, number
    return found or "?"


def _paths(text: str) -> Iterator[tuple[int, list[str]]]:
    """The number of each line that sets a key or opens a table, and the whole path of it."""
    table: list[str] = []
    for number, row in enumerate(text.splitlines(), 1):
        if match := _PATH.match(row):
            names = [name.strip("\"'") for name in re.findall(_KEY, match["path"])]
            if match["table"]:
                table = names
            yield number, names if match["table"] else [*table, *names]


def accepted(field: FieldInfo) -> str:
    """The values that a setting takes, in words."""
    if choices := [value for value in get_args(field.annotation) if isinstance(value, str)]:
        return ", ".join(choices)
    kinds: dict[object, str] = {float: "a number", int: "a whole number", str: "a text", SecretStr: "a text"}
    kind = next((words for words in field.metadata if isinstance(words, str)), None) or kinds[field.annotation]
    limits = [
        f"{words} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, words in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
        if hasattr(limit, name)
    ]
    return ", ".join([kind, *limits])


def written(fields: Fields, given: Mapping[str, Any]) -> str:
    """A settings file: what is given first, then every other setting, commented out, with its default or an example."""
    lines = ["# Settings of tiebreak. Each can also be set by an environment variable: TIEBREAK_ and its name.", ""]
    for name in given:
        lines += [*_meaning(fields[name]), f"{name} = {toml(given[name])}", ""]
    lines += ["# What follows has defaults: take the # away to change one.", ""]
    for name, field in fields.items():
        if name not in given:
            lines += [*_meaning(field), *_commented(name, field), ""]
    return "\n".join(lines)


def _meaning(field: FieldInfo) -> list[str]:
    return [f"# {field.description}", f"# Accepted: {accepted(field)}."]


def _commented(name: str, field: FieldInfo) -> list[str]:
    if field.examples:
        return ["# Nothing is set. An example:", *(f"# {name} = {toml(example)}" for example in field.examples)]
    default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return [f"# {name} = {toml(default)}"]


def toml(value: Any) -> str:
    """A value of a setting as TOML.

    >>> toml({"mood": {"very bad": 3.0}}), toml((1, 2))
    ('{ mood = { "very bad" = 3.0 } }', '[1, 2]')
    """
    if isinstance(value, dict):
        parts = [f"{_name(name)} = {toml(one)}" for name, one in value.items()]
        return f"{{ {', '.join(parts)} }}" if parts else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _name(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
