"""Label Studio's annotations into the store: page by page, every version kept, safe to kill anywhere.

A first import walks by task id, later ones by time of change; a sweep finds what was deleted. Each page is one
transaction with its cursor, so the next pull goes on where this one stopped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from label_config.errors import LabelConfigError
from label_config.parse import parse

from . import clock_back, looked
from .decoding import decoder
from .errors import NotFound, Unsupported
from .labelstudio.client import LabelStudio
from .labelstudio.wire import RemoteProject, RemoteTask
from .marker import source_named
from .progress import Meter, Tell, nobody
from .store import acts, intake, interfaces, projects, review_tasks, reviews, served
from .store.engine import Store, claim
from .store.intake import Decode, Decoded, Taken
from .store.lease import beat, has_failed, last_beat
from .store.projects import StoredProject

SWEEP_EVERY = 3_600_000_000
SMALL = 1_000
"""Projects up to this many tasks are swept at each pull."""


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull took in. ``project`` is the store's key; the counts are of what was new.

    ``clock_back`` is by how many seconds Label Studio's clock was found gone back, told once; 0: it was not.
    """

    project: int
    tasks: int
    annotations: int
    versions: int
    rejected: int
    deleted: int
    clock_back: int = 0

    def complaints(self) -> list[str]:
        """What must be told, in words."""
        return [clock_back.in_words(self.clock_back)] if self.clock_back else []


def pull(
    store: Store,
    gateway: LabelStudio,
    project: int,
    clock: Callable[[], int],
    *,
    tell: Tell = nobody,
) -> PullReport:
    """Bring the store up to Label Studio's project of that id. Running twice writes nothing but a heartbeat.

    ``tell`` hears how a first import goes on. Raises Unsupported for a review project of ours, and for a labeling
    interface that cannot be read: of a project that is known, everything is taken in first, so that nothing is lost
    until the interface is mended. LabelStudioError and StoreError as they come.
    """
    claim(store, gateway.url, clock())
    remote = _look_at_source(store, gateway, project)
    here, decode, unreadable = _remember(store, gateway, remote, clock)
    report = _take_in(store, gateway, here, remote.tasks, decode, clock, _told(store, here, remote, tell))
    if unreadable is not None:
        raise unreadable
    return report


def pull_review(store: Store, gateway: LabelStudio, home: StoredProject, clock: Callable[[], int]) -> None:
    """Bring the store up to a review project of ours, and its reviews up to what stands there.

    Raises NotFound where Label Studio has it no more, or has another project under its id.
    """
    remote = gateway.project(home.label_studio_id)
    if remote.created_at != home.created_at:
        raise NotFound(f"review project {home.label_studio_id} was deleted, and another one has its id now", status=404)
    with store.begin() as connection:
        here = projects.remember(connection, remote, kind="review", now=clock())
    # Rulings are read later, by resolve.
    _take_in(store, gateway, here, remote.tasks, lambda *_: Decoded({}, None), clock, lambda _: None)
    with store.begin() as connection:
        assert home.source_key is not None
        review_tasks.reconcile(connection, home.source_key, home.key, clock())


def pull_reviews(store: Store, gateway: LabelStudio, source: int, clock: Callable[[], int]) -> None:
    """Pull every review project of a source project (the store's key)."""
    with store.read() as connection:
        homes = projects.reviews_of(connection, source)
    for home in homes:
        try:
            pull_review(store, gateway, home, clock)
        except NotFound:
            _forget(store, home.key, clock())


def _forget(store: Store, home: int, now: int) -> None:
    """Somebody deleted a review project (the store's key): what was open there is to be pushed again."""
    with store.begin() as connection:
        projects.mark_deleted(connection, home, now)
        reviews.return_to_intended(connection, home)


def _take_in(
    store: Store,
    gateway: LabelStudio,
    here: StoredProject,
    there: int | None,
    decode: Decode,
    clock: Callable[[], int],
    advance: Callable[[int], None],
) -> PullReport:
    """Take in what is new; ``there`` is how many tasks Label Studio had in the project a moment ago."""
    taken = Taken()
    complete = False
    at = gateway.now()
    back = clock_back.look(store, gateway, here, looked.OVERLAP + looked.TOLD)
    for page in _pages(gateway, here, back.begin):
        with store.begin() as connection:
            new = _save(connection, here, page.tasks, decode, clock())
            projects.set_cursor(connection, here.key, task=page.cursor_task, updated_at=page.cursor_updated_at)
            acts.pulled(connection, here.key, new, clock())
        taken.add(new)
        advance(len(page.tasks))
        complete = page.complete
    if here.cursor_task is not None:  # it was a first import
        store.much_was_stored()
    missed = _Missed(store, gateway, here, decode, taken, clock)
    missed.look(there, complete=complete, at_once=back.seconds > 0)
    with store.begin() as connection:
        looked.keep(connection, here, at)
        clock_back.keep(connection, here, back, clock)
    return PullReport(
        here.key, taken.tasks, taken.annotations, taken.versions, taken.rejected, taken.deleted, back.seconds
    )


def _save(connection: Connection, here: StoredProject, page: list[RemoteTask], decode: Decode, now: int) -> Taken:
    """Take in tasks; of a review project, also whether they are served as we left them."""
    if here.kind == "review":
        served.notice(connection, here.key, page, now)
    return intake.save(connection, here.key, page, decode, now)


def _look_at_source(store: Store, gateway: LabelStudio, project: int) -> RemoteProject:
    """The project as Label Studio has it; raises NotFound and Unsupported for what cannot be looked after."""
    try:
        remote = gateway.project(project)
    except NotFound as error:
        with store.read() as connection:
            known = any(one.label_studio_id == project for one in projects.sources(connection))
        was = ": it was there once, and what was seen of it stays in the store. If it was deleted, take it out of "
        raise NotFound(
            f"Label Studio {gateway.url} has no project {project} that this token may see"
            + (f"{was}`projects`" if known else ""),
            url=error.url,
            status=404,
        ) from error
    source = source_named(remote.description)
    if source is not None:
        raise Unsupported(
            f"project {project} ({remote.title!r}) is a review project that Tiebreak made: name its source, project "
            f"{source}, instead"
        )
    return remote


def _remember(
    store: Store, gateway: LabelStudio, remote: RemoteProject, clock: Callable[[], int]
) -> tuple[StoredProject, Decode, Unsupported | None]:
    """Keep the project as it is now, how its results are read, and what is wrong with its interface.

    One that cannot be read is not kept: until it is mended the last one stands.
    """
    with store.read() as connection:
        before = next((one for one in projects.sources(connection) if one.label_studio_id == remote.id), None)
    if before is not None and before.created_at != remote.created_at:
        before = None  # Label Studio gave its id to another project
    unreadable = _problem(remote)
    if unreadable is not None:
        if before is None:
            raise unreadable
        remote = replace(remote, label_config=before.label_config)
    changed = before is not None and before.label_config != remote.label_config
    since = gateway.newest_change(remote.id) if changed else 0
    users = gateway.users()
    with store.begin() as connection:
        here = projects.remember(connection, remote, kind="source", now=clock(), since=since)
        decode = decoder(interfaces.periods(connection, here.key))
        intake.save_users(connection, users)
        if changed:
            intake.read_rejected_again(connection, here.key, decode)
    return here, decode, unreadable


def _problem(remote: RemoteProject) -> Unsupported | None:
    """What is wrong with the interface of a project; null where it can be read."""
    try:
        parse(remote.label_config)
    except LabelConfigError as error:
        found = Unsupported(f"project {remote.id} ({remote.title!r}) cannot be looked after yet: {error}")
        found.__cause__ = error
        return found
    return None


def _told(store: Store, here: StoredProject, remote: RemoteProject, tell: Tell) -> Callable[[int], None]:
    """Says how far a first import is; of later pulls nobody knows how much there is to come."""
    if here.cursor_task is None or remote.tasks is None:
        return lambda _: None
    with store.read() as connection:
        done = intake.size(connection, here.key)
    meter = Meter()
    tell(meter.begin("taking in", done, remote.tasks))
    return lambda count: tell(meter.advance(count))


@dataclass(frozen=True, slots=True)
class _Page:
    """Tasks, and the cursors that are true once these are stored.

    ``complete``: with this page everything is stored that was there when the pull began, in one go from the beginning.
    """

    tasks: list[RemoteTask]
    cursor_task: int | None
    cursor_updated_at: int
    complete: bool = False


def _pages(gateway: LabelStudio, here: StoredProject, back: int | None) -> Iterator[_Page]:
    """Pages of tasks, each with the cursors that are true once it is stored.

    ``back``: read from this change on, where the clock went back.
    """
    since, whole = here.cursor_updated_at, False
    if since is None or here.cursor_task == 0:
        # Whatever changes while the first import walks is found again by its time of change.
        since, whole = gateway.newest_change(here.label_studio_id), True
    if here.cursor_task is not None:
        for tasks in gateway.walk(here.label_studio_id, here.cursor_task):
            yield _Page(tasks, tasks[-1].id, since)
    begin = since + 1 if back is None else min(since + 1, back)
    newest = since
    for tasks in gateway.tasks_updated_since(here.label_studio_id, begin):
        newest = max(newest, tasks[-1].updated_at)
        # The next page may hold more of the same instant, so only what lies before it is complete.
        yield _Page(tasks, None, max(since, newest - 1))
    yield _Page([], None, newest, whole)


@dataclass(frozen=True, slots=True)
class _Missed:
    """What the times of change do not show: what was deleted, and what was stored late."""

    store: Store
    gateway: LabelStudio
    here: StoredProject
    decode: Decode
    taken: Taken
    clock: Callable[[], int]

    def look(self, there: int | None, *, complete: bool, at_once: bool) -> None:
        """Find it. A large project is swept rarely, but at once where Label Studio has another number of tasks than the
        store, and after a run that failed: something may be gone that it worked on.

        ``there``: how many tasks Label Studio had when the pull began. After a ``complete`` first import there is
        nothing to find unless the numbers differ; what was stored late meanwhile is for the next pull. ``at_once``:
        times of change say nothing now, so everything is looked through.
        """
        name = f"project:{self.here.label_studio_id}:sweep"
        with self.store.read() as connection:
            last = last_beat(connection, name)
            size = intake.size(connection, self.here.key)
            failed = has_failed(connection, f"project:{self.here.label_studio_id}:run")
            late = looked.late_from(connection, self.here)
        lately = size > SMALL and last is not None and 0 <= self.clock() - last < SWEEP_EVERY
        rests = (complete or lately) and not failed and not at_once
        if not rests or (there != size and self.gateway.project(self.here.label_studio_id).tasks != size):
            self._compare()
        elif not complete:
            if late is not None:
                self._read_late(late)
            return
        with self.store.begin() as connection:
            beat(connection, name, self.clock(), True, "")

    def _compare(self) -> None:
        """Hold every task against the store, a page at a time."""
        after = 0
        for page, until in self.gateway.task_stamps(self.here.label_studio_id):
            with self.store.begin() as connection:
                deleted, again = intake.compare(connection, self.here.key, page, self.clock(), after=after, until=until)
                acts.pulled(connection, self.here.key, Taken(deleted=deleted), self.clock())
            self.taken.deleted += deleted
            self._read_again(again)
            after = until or after

    def _read_late(self, since: int) -> None:
        for page in self.gateway.stamps_since(self.here.label_studio_id, since):
            with self.store.read() as connection:
                again = intake.differing(connection, self.here.key, page)
            self._read_again(again)

    def _read_again(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            try:
                remote = self.gateway.task(number)
            except NotFound:
                continue
            with self.store.begin() as connection:
                new = _save(connection, self.here, [remote], self.decode, self.clock())
                acts.pulled(connection, self.here.key, new, self.clock())
            self.taken.add(new)
