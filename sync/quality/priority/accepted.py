"""How many of the accepted labels are right, from the random audit."""

from ..records import Estimate

NOT_LOOKED = "no accepted label was audited"
NONE_ACCEPTED = "no label is accepted"


def accepted_quality(
    right: int, audited: int, unaudited: int, ruled_right: int = 0, ruled: int = 0, confidence: float = 0.95
) -> Estimate:
    """The share of right labels among all accepted ones, in [0, 1], with its interval; n is the number audited.

    ``right`` of ``audited`` labels, drawn at random from those accepted, were right; ``unaudited`` more are accepted
    and nobody looked. ``ruled`` labels were looked at because something was found (they are no random sample: of them
    ``ruled_right`` stand right, which is known), and count as what they are. So the estimate is that of a sample
    stratified into what is known and what was sampled, unbiased whatever the queue prefers (Cochran 1977, section
    5.3). The interval is exact: all numbers of right labels that are not too unlikely given the sample, which is
    drawn without replacement (hypergeometric; Clopper and Pearson 1934 for large numbers). Null without an audit.
    Raises ValueError for numbers that cannot be.

    >>> found = accepted_quality(57, 60, 940)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.95, 0.864, 0.988)
    """
    _check(right, audited, unaudited, ruled_right, ruled, confidence)
    pool, everything = audited + unaudited, audited + unaudited + ruled
    if not everything:
        return Estimate(None, reason=NONE_ACCEPTED)
    if not audited and unaudited:
        return Estimate(None, reason=NOT_LOOKED)
    value = pool * right / audited if audited else 0.0
    low, high = right_in_pool(right, audited, pool, confidence)
    return Estimate(
        (ruled_right + value) / everything, (ruled_right + low) / everything, (ruled_right + high) / everything, audited
    )


def _check(right: int, audited: int, unaudited: int, ruled_right: int, ruled: int, confidence: float) -> None:
    if not 0 <= right <= audited or not 0 <= ruled_right <= ruled or unaudited < 0:
        raise ValueError(
            f"right labels must be from 0 to those looked at: {right} of {audited} audited, {ruled_right} of {ruled} "
            f"ruled, {unaudited} not audited"
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, not {confidence}")


def right_in_pool(right: int, audited: int, pool: int, confidence: float = 0.95) -> tuple[int, int]:
    """The least and the largest number of right ones in a pool that a sample does not rule out.

    Each tail may have half of 1 - ``confidence``.

    >>> right_in_pool(3, 3, 3), right_in_pool(0, 0, 10)
    ((3, 3), (0, 10))
    """
    from scipy import stats  # half a second that most runs need not wait for

    tail = (1 - confidence) / 2
    least, most = right, pool - (audited - right)
    low, high = least, most
    while low < high:  # the first number of right ones under which so many right in the sample are likely enough
        middle = (low + high) // 2
        if stats.hypergeom.sf(right - 1, pool, middle, audited) > tail:
            high = middle
        else:
            low = middle + 1
    found, low, high = low, least, most
    while low < high:  # the last one under which so few right ones are
        middle = (low + high + 1) // 2
        if stats.hypergeom.cdf(right, pool, middle, audited) > tail:
            low = middle
        else:
            high = middle - 1
    return found, high
