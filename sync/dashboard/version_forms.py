"""What the forms of versions have in common: how much a page still does, and how their fields are read."""

from collections.abc import Mapping

from ..errors import TiebreakError
from ..store.label_versions import StoredVersion
from .page import Refused

LARGEST = 30_000
"""Labels of a version that a page still compares, restores or writes."""
KEPT = 10_000
"""Tasks whose labels a page still keeps: they are concluded anew for it."""
LONGEST = 500
"""Characters of a note or a reason."""


def named_version(known: list[StoredVersion], form: Mapping[str, str]) -> StoredVersion:
    """The one that the form names. Raises Refused where there is none."""
    wanted = next((one for one in known if str(one.number) == form.get("version")), None)
    if wanted is None:
        raise Refused("That version is not there any more: load the page again.")
    return wanted


def note(form: Mapping[str, str], name: str) -> str:
    """A short text. Raises Refused for a longer one."""
    text = form.get(name, "").strip()
    if len(text) > LONGEST:
        raise Refused(f"Say it in {LONGEST} characters at most.")
    return text


def sentence(error: TiebreakError) -> str:
    """What went wrong, as a sentence."""
    return f"{str(error)[:1].upper()}{str(error)[1:]}."
