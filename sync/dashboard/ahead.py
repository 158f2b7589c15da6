"""Charts drawn before anybody asks: when the numbers of a project have changed, whichever process changed them."""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask

from ..errors import StoreError
from ..logins.roles import Person
from . import newness, queries
from .charts import Variant
from .painting import NotDrawn, Painter
from .serving import Desk

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often is looked whether numbers have changed."""
ANYBODY = Person("", "viewer")
"""For whom charts are drawn: they are the same for everybody."""


@dataclass
class Ahead:
    """A thread that draws what the pages of ``desk`` show at their first address, after each change of a project.

    It takes turns with a pause as long as the drawing, so that it never has more than half a processor.
    ``painter`` is what the desk's images are drawn by.
    """

    app: Flask
    desk: Desk
    painter: Painter
    every: float = LOOK_SECONDS

    def __post_init__(self) -> None:
        self._told = threading.Event()
        self._all = ""
        self._seen: dict[int, str] = {}
        self._thread = threading.Thread(target=self._loop, name="tiebreak-charts", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = 1.0) -> None:
        """End, also in the middle of a chart, and the process that draws with it."""
        self._told.set()
        self.painter.stop()
        self._thread.join(seconds)

    def look(self) -> int:
        """Draw what changed since the last look; how many images that were. Raises StoreError."""
        with self.desk.store.read() as connection:
            newest = newness.tag(connection, 0)
            if newest == self._all:
                return 0
            tags = {one: newness.numbers_of(connection, one) for one in queries.source_projects(connection)}
            changed = [one for one, tag in tags.items() if self._seen.get(one.key) != tag]
        drawn = 0
        for project in changed:
            drawn += sum(self._draw(one) for one in self._new(project))
            self._seen[project.key] = tags[project]
        if not self._told.is_set():
            self._all = newest
        return drawn

    def _new(self, project: queries.Project) -> Iterator[Variant]:
        """The images of a project that are not kept yet."""
        for page in self.desk.pages:
            if page.of_project and not self._told.is_set():
                try:
                    with self.app.test_request_context():
                        found = self.desk.variants(page, project.label_studio_id, ANYBODY)
                except StoreError:
                    raise
                except Exception:  # a page that fails tells whoever asks for it; the charts of others are drawn
                    log.exception("project %s: the charts of %s are not drawn", project.label_studio_id, page.name)
                    continue
                yield from (one for one in found if not self.desk.images.has(one.key))

    def _draw(self, variant: Variant) -> bool:
        """Whether it was drawn; what cannot be drawn the painter has told."""
        if self._told.is_set():
            return False
        began = time.monotonic()
        try:
            self.desk.images.get(variant.key, "svg", lambda: [variant])
        except NotDrawn:
            return False
        self._told.wait(time.monotonic() - began)
        return True

    def _loop(self) -> None:
        """A store that does not answer is asked again, and told of once."""
        said = ""
        while not self._told.wait(self.every):
            try:
                if not self.look():
                    self.painter.rest()
                said = ""
            except StoreError as error:
                if str(error) != said:
                    log.warning("charts are not drawn ahead: %s", error)
                said = str(error)
            except Exception:  # the edge of the thread: charts are drawn when somebody asks for them
                log.exception("charts are not drawn ahead of a change")
