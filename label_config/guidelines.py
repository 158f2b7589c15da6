"""The guidelines of a project: a glossary with examples and edge cases, its text for editors, its instructions.

An entry says what a term means. It is linked to the rulings whose answer has one of its ``labels``, to those on its
``tasks``, and to those whose rationale names it as ``#id``.
"""

import html
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from .errors import GuidelinesError
from .model import LabelConfig

MOST, LONGEST = 500, 5000
"""Entries of guidelines, and characters of each text, at most."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HEAD = (
    "# An entry a term. Its id stays the same while its words change; #id in a rationale refers to it.\n"
    "# control and labels: which rulings it is about. tasks (Label Studio's ids): rulings that it settles.\n"
)
ADDED, CHANGED, REMOVED = "added", "changed", "removed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a term means. ``control`` is empty where it is about all of them; ``tasks`` are Label Studio's ids."""

    id: str
    term: str
    meaning: str
    examples: tuple[str, ...] = ()
    edge_cases: tuple[str, ...] = ()
    control: str = ""
    labels: tuple[str, ...] = ()
    tasks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an entry between two versions: "added", "changed" or "removed".

    ``before`` is null for one that was added, ``after`` for one that was removed.
    """

    kind: str
    before: Entry | None
    after: Entry | None

    @property
    def id(self) -> str:
        """The entry's id, which is the same in both."""
        return (self.after or self.before or Entry("", "", "")).id

    def parts(self) -> list[tuple[str, Any, Any]]:
        """(name, before, after) of each field that is another one, null where there was no entry."""
        return [
            (one.name, getattr(self.before, one.name, None), getattr(self.after, one.name, None))
            for one in fields(Entry)
            if getattr(self.before, one.name, None) != getattr(self.after, one.name, None)
        ]


def read(text: str) -> tuple[Entry, ...]:
    """The entries of a TOML text, an ``[[entry]]`` each, in its order.

    Raises GuidelinesError, which names the entry, what is wrong, and what to do.

    >>> read('[[entry]]\\nid = "irony"\\nterm = "Irony"\\nmeaning = "Says the opposite."\\n')[0].term
    'Irony'
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GuidelinesError(f"no TOML: {error}") from error
    rows = found.pop("entry", [])
    if found:
        raise GuidelinesError(f"unknown: {', '.join(found)}; there are only [[entry]] tables")
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise GuidelinesError("entry is no list of tables: begin each entry with [[entry]]")
    return from_json(rows)


def from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Entries from plain values, as ``as_json`` gives them. Raises GuidelinesError."""
    entries = tuple(_entry(place, row) for place, row in enumerate(rows, 1))
    if len(entries) > MOST:
        raise GuidelinesError(f"{len(entries)} entries: there may be {MOST}")
    ids = [one.id for one in entries]
    if twice := [one for one in dict.fromkeys(ids) if ids.count(one) > 1]:
        raise GuidelinesError(f"entry {twice[0]!r} stands there twice: give one of them another id")
    return entries


def _entry(place: int, row: Mapping[str, Any]) -> Entry:
    where = f"entry {row.get('id') or place!r}"
    known = {one.name for one in fields(Entry)}
    if unknown := [name for name in row if name not in known]:
        raise GuidelinesError(
            f"{where}: unknown: {', '.join(map(str, unknown))}; there are: {', '.join(sorted(known))}"
        )
    number, term, meaning, control = (
        _text(where, name, row.get(name, "")) for name in ("id", "term", "meaning", "control")
    )
    for name, text in (("id", number), ("term", term), ("meaning", meaning)):
        if not text:
            raise GuidelinesError(f"{where}: {name} is missing")
    if not _ID.fullmatch(number):
        raise GuidelinesError(f"{where}: an id has 1 to 40 small letters, digits and hyphens, such as irony-or-praise")
    examples, edge_cases, labels = (
        tuple(_text(where, name, one) for one in _list(where, name, row.get(name, ())))
        for name in ("examples", "edge_cases", "labels")
    )
    tasks = _list(where, "tasks", row.get("tasks", ()))
    if not all(type(one) is int and one > 0 for one in tasks):
        raise GuidelinesError(f"{where}: tasks is a list of Label Studio's ids, such as [7, 12]")
    return Entry(number, term, meaning, examples, edge_cases, control, labels, tuple(dict.fromkeys(tasks)))


def _text(where: str, name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        raise GuidelinesError(f"{where}: {name} is a text of at most {LONGEST} characters")
    return value.strip() if name != "labels" else value


def _list(where: str, name: str, value: object) -> Sequence[Any]:
    if not isinstance(value, list | tuple) or len(value) > MOST:
        raise GuidelinesError(f"{where}: {name} is a list of at most {MOST}")
    return value


def refuse_misfit(entries: Sequence[Entry], config: LabelConfig) -> None:
    """Raises GuidelinesError for an entry about a control or label that the interface does not have."""
    controls = {one.name: one for one in config.controls}
    for entry in entries:
        if entry.control and entry.control not in controls:
            raise GuidelinesError(
                f"entry {entry.id!r}: the labeling interface has no control {entry.control!r}; there are: "
                f"{', '.join(controls)}"
            )
        about = [controls[entry.control]] if entry.control else list(controls.values())
        known = {label for one in about for label in one.labels}
        if any(one.dynamic or not one.labels for one in about):
            continue
        if wrong := [label for label in entry.labels if label not in known]:
            raise GuidelinesError(f"entry {entry.id!r}: the labeling interface has no label {wrong[0]!r}")


def as_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries as plain values, lists for tuples."""
    return [
        {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(one).items()}
        for one in entries
    ]


def written(entries: Sequence[Entry]) -> str:
    """The text that ``read`` gives these entries of.

    >>> irony = Entry("irony", "Irony", "Says the opposite.", labels=("bad",))
    >>> read(written([irony])) == (irony,)
    True
    """
    parts = [_HEAD]
    for entry in entries:
        lines = ["[[entry]]"]
        for name, value in as_json([entry])[0].items():
            if value or name in ("id", "term", "meaning"):
                lines.append(f"{name} = {_toml(value)}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if not isinstance(value, str):
        return str(value)
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    # TOML takes no half of a surrogate pair: such a character says nothing, and is left out.
    shown = (one for one in value if not 0xD800 <= ord(one) <= 0xDFFF)
    return '"' + "".join(short.get(one, one if one.isprintable() else f"\\U{ord(one):08x}") for one in shown) + '"'


def diff(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[Change, ...]:
    """What became of each entry that is another one now: those of ``after`` in their order, then those removed."""
    old, new = ({one.id: one for one in entries} for entries in (before, after))
    found = [
        Change(CHANGED if one.id in old else ADDED, old.get(one.id), one) for one in after if old.get(one.id) != one
    ]
    return (*found, *(Change(REMOVED, one, None) for one in before if one.id not in new))


def instructions(entries: Sequence[Entry], number: int) -> str:
    """What Label Studio shows as a project's instructions: simple HTML in which nothing that was typed is markup."""
    return "\n".join((*_shown(entries), f"<p><i>Guidelines, version {number}</i></p>"))


def _shown(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        about = f" <small>({_escaped(', '.join(entry.labels))})</small>" if entry.labels else ""
        yield f"<h3>{_escaped(entry.term)}{about}</h3>"
        yield f"<p>{_escaped(entry.meaning)}</p>"
        for title, texts in (("Examples", entry.examples), ("Edge cases", entry.edge_cases)):
            if texts:
                yield f"<p><b>{title}</b></p>"
                yield f"<ul>{''.join(f'<li>{_escaped(text)}</li>' for text in texts)}</ul>"


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
