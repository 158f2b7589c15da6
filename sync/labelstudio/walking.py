"""Every task of a project by its id, the next page on its way while the last one is read and stored."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

FIRST_PAGE, LARGEST_PAGE = 200, 1_000
SMALLEST_PAGE = FIRST_PAGE // 8
PAGE_SECONDS = 2.0
"""Pages grow while they come faster than this, and shrink where they take longer."""

Fetch = Callable[[int, int], tuple[list[Any], bool]]
"""An id and a limit -> the next tasks behind that id, as Label Studio sent them, and whether there are more."""


def walk(fetch: Fetch, after: int) -> Iterator[list[Any]]:
    """Pages of tasks behind the id ``after``, none of them empty. Only the ids are looked at, to ask for the next."""
    limit = FIRST_PAGE
    with ThreadPoolExecutor(1) as ahead:
        fetched = ahead.submit(_timed, fetch, after, limit)
        while True:
            page, more, seconds = fetched.result()
            limit = min(LARGEST_PAGE, 2 * limit) if seconds < PAGE_SECONDS else max(SMALLEST_PAGE, limit // 2)
            if more:
                fetched = ahead.submit(_timed, fetch, int(page[-1]["id"]), limit)
            if page:
                yield page
            if not more:
                return


def _timed(fetch: Fetch, after: int, limit: int) -> tuple[list[Any], bool, float]:
    start = monotonic()
    page, more = fetch(after, limit)
    return page, more, monotonic() - start
