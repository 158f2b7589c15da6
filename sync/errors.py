"""Everything Tiebreak's sync side raises on purpose.

TiebreakError                  what a user is told: one message that says what, where and what to do
+-- SettingsError              a setting that is unknown or has a wrong value: names key, file and line
+-- StoreError                 the store is locked, newer than this program, or belongs to another server
|   +-- NotPulled              a project that the store has not seen yet
+-- ExportError                an export file that cannot be read: names file and place
+-- Unsupported                a labeling interface that Tiebreak cannot look after: names tag and attribute
+-- Busy                       another run holds the lease of this project
+-- Stopped                    the process was told to stop; the next run finishes what this one began
+-- DemoError                  the embedded Label Studio or the demo cannot go on
+-- LabelStudioError           Label Studio answered, or failed to: carries status and url
|   +-- Unreachable            nothing answered (transient)
|   +-- ServerFault            5xx, HTML instead of JSON, half a body (transient)
|   +-- RateLimited            429 with its retry_after (transient)
|   +-- Unauthorized           401, 403: token wrong, or the setting that forbids it (terminal)
|   +-- NotFound               404 (terminal for this object)
|   +-- Rejected               another 4xx: the request itself is refused (invalid)
+-- BackendError               the ML backend failed: carries url; ``transient`` says whether to retry
"""


class TiebreakError(Exception):
    """What a user is told: the message says what, where and what to do."""


class SettingsError(TiebreakError):
    """A setting that is unknown or has a wrong value."""


class StoreError(TiebreakError):
    """The store cannot be used."""


class NotPulled(StoreError):
    """A project that the store has not seen yet."""


class ExportError(TiebreakError):
    """An export file that cannot be read."""


class Unsupported(TiebreakError):
    """A labeling interface that Tiebreak cannot look after."""


class Busy(TiebreakError):
    """Another run holds the lease of this project."""


class Stopped(TiebreakError):
    """The process was told to stop in the middle of a run."""


class DemoError(TiebreakError):
    """The embedded Label Studio or the demo cannot go on."""


class LabelStudioError(TiebreakError):
    """Label Studio answered with an error, or not at all."""

    transient = False
    retry_after: float = 0.0
    """How long the server asks us to wait (seconds)."""

    def __init__(self, message: str, *, url: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.url = url
        self.status = status


class Unreachable(LabelStudioError):
    """Nothing answered at the address."""

    transient = True


class ServerFault(LabelStudioError):
    """A 5xx, HTML instead of JSON, or half a body."""

    transient = True


class RateLimited(LabelStudioError):
    """429: nothing was done; come back after ``retry_after`` seconds."""

    transient = True


class Unauthorized(LabelStudioError):
    """401 or 403."""


class NotFound(LabelStudioError):
    """404."""


class Rejected(LabelStudioError):
    """Another 4xx: the request itself is refused."""


class BackendError(TiebreakError):
    """The ML backend failed."""

    def __init__(self, message: str, *, url: str = "", transient: bool = True) -> None:
        super().__init__(message)
        self.url = url
        self.transient = transient
