"""All that a command printed is on its way when the command ends, or it is said in one line why not.

tiebreak-ml has the same in a file of its own: the two programs share nothing that does input or output.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def all_of_it() -> Iterator[None]:
    """Raises OSError where what was printed inside cannot be written: a full disk, a pipe that nobody reads any more.

    What is left over then is dropped: else the interpreter tries once more at its end, and complains in its own words.
    """
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise


def why_not(error: OSError) -> str | None:
    """What is said of it; null where whoever reads wants no more, which is no failure to speak of.

    >>> why_not(OSError(28, "No space left on device")), why_not(OSError(32, "Broken pipe"))
    ('not all could be written: No space left on device', None)
    """
    if error.errno == errno.EPIPE:
        return None
    place = f"{error.filename}: " if error.filename else "not all could be written: "
    return f"{place}{error.strerror or error}"
