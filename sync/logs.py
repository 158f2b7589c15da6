"""What ``tiebreak serve`` logs: lines to read or a JSON object a line, with the run's id, and never a secret."""

import json
import logging
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from .settings import Settings

HIDDEN = "***"
SHORTEST = 4
"""What is shorter stands in any text by chance."""
_run: ContextVar[str] = ContextVar("run", default="")


@contextmanager
def run_id() -> Iterator[str]:
    """Every line that is logged within belongs to one run; yields what it is called."""
    before = _run.set(secrets.token_hex(4))
    try:
        yield _run.get()
    finally:
        _run.reset(before)


def secrets_of(settings: Settings) -> list[str]:
    """Everything in the settings that nobody may read, the longest first."""
    found = {one.get_secret_value() for one in vars(settings).values() if isinstance(one, SecretStr)}
    try:
        found.add(make_url(settings.store).password or "")
    except ArgumentError:
        found.add(settings.store)
    return sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True)


class Lines(logging.Formatter):
    """A line to read: when, how bad, where, what, and of which run; then the traceback where there is one."""

    def __init__(self, hidden: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._hidden = tuple(hidden)

    def format(self, record: logging.LogRecord) -> str:
        """The record without secrets, wherever in it they were."""
        text = self.written(record)
        for secret in self._hidden:
            for form in {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]}:
                text = text.replace(form, HIDDEN)
        return text

    def written(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line before the traceback."""
        return super().formatMessage(record) + (f" (run {_run.get()})" if _run.get() else "")


class JsonLines(Lines):
    """A JSON object a line: time, level, logger, message, and where there are such, run and traceback."""

    def written(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if _run.get():
            said["run"] = _run.get()
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def configure(settings: Settings, name: str, *, kind: str | None = None) -> None:
    """Log to standard error: of ``name`` everything that is worth knowing, of other packages warnings alone.

    ``kind`` is a format as in the setting ``log_format``, in place of that one.
    """
    formatter = JsonLines if (kind or settings.log_format) == "json" else Lines
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(secrets_of(settings)))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger(name).setLevel(logging.INFO)


def announce(settings: Settings, text: str, say: Callable[[str], None], *, kind: str | None = None) -> None:
    """Tell where a service can be found: ``say`` does for people; where JSON is logged it is one more line of the log.

    ``kind`` as in ``configure``, which was called before.
    """
    if (kind or settings.log_format) == "json":
        logging.getLogger(__name__).info("%s", text)
    else:
        say(text)
