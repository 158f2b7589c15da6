"""When a server is left in peace: after several failures in a row, and for as long as it asks for."""

from collections.abc import Callable
from time import monotonic

from ..errors import LabelStudioError

FAILURES = 4
"""After so many failures in a row the circuit opens."""
FIRST_REST, LONGEST_REST = 5.0, 300.0


class Circuit:
    """Knows for how long a server is not to be asked. ``clock`` gives seconds.

    It opens after FAILURES failures in a row. Once its rest is over, one request is let through, without retries: if it
    fails too, the next rest is twice as long, up to LONGEST_REST. A pause that the server asked for is waited for by
    every request.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._last: LabelStudioError | None = None

    @property
    def open(self) -> bool:
        """Whether the server was away so often that a request has one try."""
        return self._failures >= FAILURES

    def left(self) -> float:
        """Seconds for which nothing is to be asked; 0 when it may be."""
        return max(0.0, self._until - self._clock()) if self._last is not None else 0.0

    def because(self) -> str:
        """What the server failed with last; nothing where it answered."""
        return str(self._last) if self._last is not None else ""

    def refusal(self, where: str) -> LabelStudioError:
        """Why a request is not sent now, as the error that the last one ended with."""
        assert self._last is not None
        left = self.left()
        error = type(self._last)(
            f"{where}: not asked, since Label Studio is left in peace for another {left:.0f} s after: {self._last}",
            url=where,
            status=self._last.status,
        )
        error.retry_after = left
        return error

    def answered(self) -> None:
        """The server is there."""
        self._failures, self._last = 0, None

    def failed(self, error: LabelStudioError) -> None:
        """A request found no server, or one that wants a pause."""
        self._failures += 1
        rest = min(LONGEST_REST, FIRST_REST * 2 ** min(10, self._failures - FAILURES)) if self.open else 0.0
        self._last = error
        self._until = self._clock() + max(rest, error.retry_after)
