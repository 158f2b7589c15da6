"""Commands of ``tiebreak-ml`` run in this process: a process of its own takes a second for its imports each time.

That the console script starts, and what it imports, test_serve.py says.
"""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from ml_backend import cli


def environment(**given: str) -> dict[str, str]:
    """The variables of here without those of Tiebreak, and the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
    return kept | given


def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """A command as it ended."""
    out, err = io.StringIO(), io.StringIO()
    wanted = environment(COLUMNS="300", **settings)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["tiebreak-ml", *arguments])
        for name in set(os.environ) - set(wanted):
            patch.delenv(name)
        for name, value in wanted.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as left:
            cli.main()
    return subprocess.CompletedProcess(arguments, int(left.value.code or 0), out.getvalue(), err.getvalue())
