"""Linear algebra on small matrices: threads that wait for each other are many times slower than one alone."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """While it is open, BLAS and LAPACK compute in the thread that calls them."""
    limited: AbstractContextManager[object] = _libraries().limit(limits=1)
    return limited


@cache
def _libraries() -> ThreadpoolController:
    # Looking for them takes longer than most of what is computed here, so it is done once.
    return ThreadpoolController().select(user_api="blas")
