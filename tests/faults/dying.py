"""``tiebreak``, killed with SIGKILL at one of its commits: ``python -m tests.faults.dying PLACE COMMAND ...``.

Where it ends before, it says how many commits there were.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from sync import cli


class Dying:
    """Dies before the commit of that place, the first one being 0; so nothing of it is kept."""

    def __init__(self, place: int) -> None:
        self._place = place
        self.commits = 0

    def __call__(self, connection: Any) -> None:
        if connection.get_execution_options().get("reads"):
            return
        if self.commits == self._place:
            os.kill(os.getpid(), signal.SIGKILL)
        self.commits += 1


def main() -> None:
    """The program itself does not know of this."""
    dying = Dying(int(sys.argv.pop(1)))
    event.listen(Engine, "commit", dying)
    try:
        cli.main()
    finally:
        sys.stderr.write(f"{dying.commits} commits\n")


if __name__ == "__main__":
    main()
