"""One sentence on the people of a control: whom to help first, where the numbers tell that; nobody is ranked."""

from collections.abc import Sequence

from . import wording
from .people import Called, Crowd, Person

NAMED = 3
"""So many are named."""


def sentence(crowd: Crowd | None, called: Called) -> str:
    """How many there are, who is clearly less reliable than the others, and whether somebody's work changed."""
    if crowd is None or not crowd.people:
        return "Nothing can be said of anybody yet."
    about = wording.counted(len(crowd.people), "annotator")
    known = [one for one in crowd.people if one.estimate("reliability").value is not None]
    if not known:
        return f"{about}; how reliable they are cannot be said: {crowd.people[0].estimate('reliability').reason}."
    changed = sum(bool(one.profile["changes"]) for one in crowd.people)
    also = f", and the work of {wording.counted(changed, 'person', 'people')} changed" if changed else ""
    return f"{about}; {_whom(known, called)}{also}."


def apart(known: Sequence[Person]) -> Sequence[Person]:
    """Those whose interval of the reliability ends below where those of at least half of the others begin.

    Of people who are alike hardly anybody is among them, however many there are: of two whose intervals only just do
    not meet, the difference is 2.8 of its standard errors.
    """
    limits = {one.id: one.estimate("reliability") for one in known}
    found = []
    for one in known:
        high = limits[one.id].high
        begins = [limit.low for person, limit in limits.items() if person != one.id and limit.low is not None]
        if high is not None and begins and 2 * sum(low > high for low in begins) >= len(begins):
            found.append(one)
    return found


def _whom(known: Sequence[Person], called: Called) -> str:
    """``known`` are the least reliable first."""
    if len(known) == 1:
        return f"{called.name(known[0].id)} is right on {_share(known[0])} of answers"
    found = apart(known)
    if not found:
        return f"nobody is clearly less reliable than the others, who are right on {_span(known)} of answers"
    names = [called.name(one.id) for one in found[:NAMED]]
    if more := len(found) - len(names):
        names.append(f"{more} more")
    right = _share(found[0]) if len(found) == 1 else _span(found)
    return f"help {_listed(names)} first: right on {right} of answers, clearly less often than others"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _share(one: Person) -> str:
    right = one.estimate("reliability")
    return f"{wording.percent(right.value)} {wording.between(right, 'share')}".strip()


def _span(known: Sequence[Person]) -> str:
    return f"{_share(known[0])} to {_share(known[-1])}"
