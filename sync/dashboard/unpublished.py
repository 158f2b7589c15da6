"""What publishing the newest guidelines would change and bring back; and what is known of all rulings together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from label_config.guidelines import Change, diff

from ..glossary import kept
from ..glossary.kept import LISTED, Overall, touched_between
from ..store import guideline_versions
from ..store.guideline_versions import GuidelineVersion
from ..store.guidelines import Touched
from ..store.tables import rulings
from .page import Asked


@dataclass(frozen=True, slots=True)
class Unpublished:
    """From the version that is published (null: none is) to the newest: what changes, how many rulings that touches,
    and the first of them."""

    before: GuidelineVersion | None
    after: GuidelineVersion
    changes: Sequence[Change]
    touched: int
    listed: Sequence[Touched]


def newest(asked: Asked) -> GuidelineVersion | None:
    """The version that was written last."""
    return guideline_versions.newest(asked.connection, asked.project.key)


def published(asked: Asked) -> GuidelineVersion | None:
    """The version that annotators read."""
    return guideline_versions.published(asked.connection, asked.project.key)


def unpublished(asked: Asked) -> Unpublished | None:
    """Null where the newest version is the published one, or none was written."""
    old, new = asked.once(published), asked.once(newest)
    if new is None or (old is not None and old.id == new.id):
        return None
    all_in_all = asked.once(overall)
    changes = diff(old.entries if old else (), new.entries)
    return Unpublished(old, new, changes, all_in_all.touched, all_in_all.listed)


def overall(asked: Asked) -> Overall:
    """What the last run kept of the rulings, with what is touched now; computed here only before the first run."""
    key = asked.project.key
    old, new = asked.once(published), asked.once(newest)
    keys = (old.id if old else None, new.id if new else None)
    known = kept.kept(asked.connection, key)
    if known is None:
        last = asked.connection.execute(select(func.max(rulings.c.id), func.count(rulings.c.comes_back))).one()
        return asked.keep("rulings", lambda: kept.compute(asked.connection, key), stamp=(*keys, *last))
    if (known.before, known.after) == keys:
        return known
    touched = asked.keep("touched", lambda: touched_between(asked.connection, key, old, new), stamp=keys)
    return replace(known, touched=len(touched), listed=touched[:LISTED])
