"""What leads write into the guidelines on the page: an entry is added, changed or removed, as a new version.

What is called here records its own event of the audit chain.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from label_config.errors import LabelConfigError
from label_config.guidelines import Entry, from_json

from ..glossary.writing import LONGEST, write
from ..store import guideline_versions, helpful
from ..store.tables import reviews, rulings
from .page import Asked, Refused

CHANGED_MEANWHILE = "Somebody wrote version {0} of the guidelines meanwhile: load the page again, then change that one."
Entries = tuple[Entry, ...]


def keep_entry(asked: Asked, form: Mapping[str, str]) -> None:
    """Add an entry, or put it in the place of the one with its id; a new version of the guidelines."""
    try:
        (entry,) = from_json([_row(form)])
    except LabelConfigError as error:
        raise Refused(f"{error}") from error

    def put(entries: Entries) -> Entries:
        ids = [one.id for one in entries]
        return tuple(entry if one.id == entry.id else one for one in entries) if entry.id in ids else (*entries, entry)

    _write(asked, form, put)


def remove_entry(asked: Asked, form: Mapping[str, str]) -> None:
    """Take an entry out; a new version of the guidelines, and the earlier ones still have it."""
    name = form.get("id", "")

    def take(entries: Entries) -> Entries:
        return tuple(one for one in entries if one.id != name)

    _write(asked, form, take)


def mark_helpful(asked: Asked, form: Mapping[str, str]) -> None:
    """Mark the rationale of a ruling as worth reading, or take that mark back."""
    number = form.get("ruling", "")
    query = reviews.join(rulings, rulings.c.review == reviews.c.id).select()
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else -1
    known = query.with_only_columns(rulings.c.id).where(rulings.c.id == wanted, reviews.c.project == asked.project.key)
    if asked.connection.execute(known).first() is None:
        raise Refused("That ruling is not there any more: load the page again.")
    change = helpful.unmark if form.get("back_again") else helpful.mark
    if not change(asked.connection, wanted, now=asked.now, actor=asked.person.actor):
        raise Refused("Nothing to do: it is so already, or the ruling has no reason. Load the page again.")


def _write(asked: Asked, form: Mapping[str, str], change: Callable[[Entries], Entries]) -> None:
    """The newest version with the change, unless another one was written since the page was read."""
    newest = guideline_versions.newest(asked.connection, asked.project.key)
    number = newest.number if newest else 0
    if form.get("version") != str(number):
        raise Refused(CHANGED_MEANWHILE.format(number))
    why = form.get("why", "").strip()
    if not why or len(why) > LONGEST:
        raise Refused(f"Say what changes, in 1 to {LONGEST:,} characters: reviewers read it above what comes back.")
    entries = change(newest.entries if newest else ())
    try:
        key = asked.project.key
        made = write(asked.connection, key, entries, why, now=asked.now, actor=asked.person.actor)
    except LabelConfigError as error:
        raise Refused(f"{error}") from error
    if made is None:
        raise Refused("Nothing changed: the newest version says just that.")


def _row(form: Mapping[str, str]) -> Mapping[str, object]:
    """The fields of the form as an entry has them."""
    row: dict[str, object] = {name: _text(form, name) for name in ("id", "term", "meaning", "control")}
    row |= {name: _lines(form, name) for name in ("examples", "edge_cases", "labels")}
    words = re.split(r"[\s,;]+", form.get("tasks", "").strip())
    return {
        **row,
        "tasks": [int(one) if one.isascii() and one.isdigit() and len(one) < 19 else one for one in words if one],
    }


def _text(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "").replace("\r\n", "\n").strip()


def _lines(form: Mapping[str, str], name: str) -> Sequence[str]:
    return [one.strip() for one in _text(form, name).split("\n") if one.strip()]


def filled(entry: Entry | None, new: str = "") -> Mapping[str, str]:
    """What stands in the form: an entry, or nothing but the id of a new one."""
    one = entry or replace(Entry(new, "", ""), id=new)
    texts = {name: "\n".join(getattr(one, name)) for name in ("examples", "edge_cases", "labels")}
    return (
        {"id": one.id, "term": one.term, "meaning": one.meaning, "control": one.control}
        | texts
        | {"tasks": " ".join(map(str, one.tasks))}
    )
