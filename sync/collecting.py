"""Garbage collection while millions of values come and stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = gc.get_threshold()
NEVER = 1_000_000_000


@contextmanager
def old_ones_left() -> Iterator[None]:
    """In this block no time goes into looking through all values again and again for cycles, which are among the new.

    It holds for the whole process. Where blocks overlap, as of two threads, it ends with the first of them.
    """
    gc.set_threshold(*USUAL[:2], NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*USUAL)
