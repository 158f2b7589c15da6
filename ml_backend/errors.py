"""Everything the ML backend raises on purpose.

BackendError                   what a user is told: one message that says what, where and what to do
+-- SettingsError              a setting that is unknown or has a wrong value: names the variable
+-- BadRequest                 a request that is no such request: names the field (HTTP 400)
+-- UnknownProject             a project key that is malformed, or that nothing was learned for (HTTP 400)
+-- NoSuchRound                a round of a model that is not there (HTTP 409)
+-- NoSuchVersion              a version that cannot become the live one, or not in place of what is live (HTTP 409)
+-- RegistryError              a file of the registry that is missing, broken or foreign: names the file
+-- FeedError                  the training feed cannot be read: carries url; ``transient`` says whether to retry
+-- LessonError                a lesson that failed or died; ``transient``: try again, ``tries`` times
+-- ExportError                an export file or its interface that cannot be read: names file and place
+-- MediaError                 an image that cannot be fetched or read: the task abstains
+-- NotLearnable               too few labels or classes, or a control that no family here can learn
|   +-- EncoderError           an encoder that users bring is missing, or gives no rows: names it
+-- ServeError                 the server must not or cannot start: port taken, secret missing
+-- MissingExtra               an optional package is not installed: names the extra
"""


class BackendError(Exception):
    """What a user is told: the message says what, where and what to do."""


class SettingsError(BackendError):
    """A setting that is unknown or has a wrong value."""


class BadRequest(BackendError):
    """A request that is no such request."""

    status = 400


class UnknownProject(BadRequest):
    """A project key that is malformed, or that nothing was learned for."""


class NoSuchRound(BadRequest):
    """A round of a model that is not there."""

    status = 409


class NoSuchVersion(BadRequest):
    """A version that cannot become the live one, or not any more in place of the one that was named."""

    status = 409


class RegistryError(BackendError):
    """A file of the registry that is missing, broken or foreign."""


class FeedError(BackendError):
    """The training feed cannot be read."""

    def __init__(self, message: str, *, url: str = "", transient: bool = True) -> None:
        super().__init__(message)
        self.url = url
        self.transient = transient


class LessonError(BackendError):
    """A lesson that failed or died. ``tries``: how often a transient one is tried again, null without a limit."""

    def __init__(self, message: str, *, transient: bool = False, tries: int | None = None) -> None:
        super().__init__(message)
        self.transient = transient
        self.tries = tries


class ExportError(BackendError):
    """An export file or its interface that cannot be read."""


class MediaError(BackendError):
    """An image that cannot be fetched or read."""


class NotLearnable(BackendError):
    """Too few labels or classes, or a control that no family here can learn."""


class EncoderError(NotLearnable):
    """An encoder that users bring is missing, or gives no rows."""


class ServeError(BackendError):
    """The server must not or cannot start."""


class MissingExtra(BackendError):
    """An optional package is not installed."""
