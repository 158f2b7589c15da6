"""Controls that ask for a number, a moment, a text or an order."""

import xml.etree.ElementTree as ET

from ..elements import named, option, repeated, required, targets
from ..elements import number as bound
from ..errors import InterfaceError
from ..model import Control, Family
from .choices import asked_apart


def rating(element: ET.Element) -> Control:
    """Rating: from 1 to ``maxRating``, 5 where the interface does not say."""
    high = bound(element, "maxRating") if option(element, "maxRating") else 5.0
    if high is None or high < 1:
        given = option(element, "maxRating")
        raise InterfaceError(f"{named(element)}: maxRating={given!r:.80} is not a number of 1 or more")
    return _valued(element, Family.RATING, 1.0, high)


def number(element: ET.Element) -> Control:
    """Number: with the bounds that ``min`` and ``max`` give."""
    low, high = bound(element, "min"), bound(element, "max")
    if low is not None and high is not None and low > high:
        raise InterfaceError(f"{named(element)}: min={low:g} is above max={high:g}")
    return _valued(element, Family.NUMBER, low, high)


def moment(element: ET.Element) -> Control:
    """DateTime."""
    return _valued(element, Family.MOMENT)


def textarea(element: ET.Element) -> Control:
    """TextArea."""
    return _valued(element, Family.TEXT)


def ranker(element: ET.Element) -> Control:
    """Ranker: its labels are the names of its buckets; without buckets it ranks one list."""
    buckets = [required(bucket, "name") for bucket in element.iter("Bucket")]
    if (twice := repeated(buckets)) is not None:
        raise InterfaceError(f"{named(element)}: the bucket {twice!r:.80} stands there twice")
    about = targets(element)
    return Control(
        required(element, "name"), "Ranker", about, tuple(buckets), False, dict(element.attrib), Family.RANKING
    )


def _valued(element: ET.Element, family: Family, low: float | None = None, high: float | None = None) -> Control:
    return Control(
        required(element, "name"),
        str(element.tag),
        targets(element),
        attributes=dict(element.attrib),
        family=family,
        per_region=asked_apart(element),
        low=low,
        high=high,
    )
