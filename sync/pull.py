"""Label Studio's annotations into the store: page by page, every version kept, safe to kill anywhere.

A first import walks by task id, later ones by time of change; a sweep finds what was deleted. Each page is one
transaction with its cursor, so the next pull goes on where this one stopped.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from label_config.answers import empty_answer
from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import canonical, read_answers

from .errors import NotFound, Unsupported
from .labelstudio.client import LabelStudio
from .labelstudio.wire import RemoteTask
from .marker import source_named
from .store import acts, intake, projects, review_tasks, reviews
from .store.engine import Store, claim
from .store.intake import Decode, Decoded, Taken
from .store.lease import beat, has_failed, last_beat
from .store.projects import StoredProject

OVERLAP = 30_000_000
"""How far back (microseconds) a pull looks again: a slow request may be stored after a faster, later one."""
QUIET = 600_000_000
"""After so long without a change nothing late can arrive any more, however far the two clocks are apart."""
SWEEP_EVERY = 3_600_000_000
SMALL = 1_000
"""Projects up to this many tasks are swept at each pull."""
FIRST_PAGE, LARGEST_PAGE = 100, 1_000
PAGE_SECONDS = 2.0

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull took in. ``project`` is the store's key; the counts are of what was new."""

    project: int
    tasks: int
    annotations: int
    versions: int
    rejected: int
    deleted: int


def pull(
    store: Store,
    gateway: LabelStudio,
    project: int,
    clock: Callable[[], int],
    *,
    progress: Progress = lambda _: None,
) -> PullReport:
    """Bring the store up to Label Studio's project of that id. Running twice writes nothing but a heartbeat.

    Raises Unsupported for a labeling interface that cannot be read and for a review project of ours,
    LabelStudioError and StoreError as they come.
    """
    claim(store, gateway.url)
    here = _look_at_source(store, gateway, project, clock)
    return _take_in(store, gateway, here, _decoder(here), clock, progress)


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
    _take_in(store, gateway, here, lambda *_: Decoded({}, None), clock)
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
    decode: Decode,
    clock: Callable[[], int],
    progress: Progress = lambda _: None,
) -> PullReport:
    taken = Taken()
    for page, cursor_task, cursor_updated_at in _pages(gateway, here, clock()):
        with store.begin() as connection:
            new = intake.save(connection, here.key, page, decode, clock())
            projects.set_cursor(connection, here.key, task=cursor_task, updated_at=cursor_updated_at)
            acts.pulled(connection, here.key, new, clock())
        taken.add(new)
        progress(len(page))
    _sweep(store, gateway, here, decode, taken, clock)
    return PullReport(here.key, taken.tasks, taken.annotations, taken.versions, taken.rejected, taken.deleted)


def _look_at_source(store: Store, gateway: LabelStudio, project: int, clock: Callable[[], int]) -> StoredProject:
    try:
        remote = gateway.project(project)
    except NotFound as error:
        raise NotFound(
            f"Label Studio {gateway.url} has no project {project} that this token may see",
            url=error.url,
            status=404,
        ) from error
    source = source_named(remote.description)
    if source is not None:
        raise Unsupported(
            f"project {project} ({remote.title!r}) is a review project that Tiebreak made: name its source, project "
            f"{source}, instead"
        )
    users = gateway.users()
    with store.begin() as connection:
        before = next((one for one in projects.sources(connection) if one.label_studio_id == project), None)
        known = projects.remember(connection, remote, kind="source", now=clock())
        decode = _decoder(known)
        intake.save_users(connection, users)
        if before is not None and before.key == known.key and before.label_config != known.label_config:
            intake.decode_again(connection, known.key, decode)
    return known


def _decoder(project: StoredProject) -> Decode:
    """How results are read: against the interface as it is now."""
    try:
        config = parse(project.label_config)
    except LabelConfigError as error:
        raise Unsupported(
            f"project {project.label_studio_id} ({project.title!r}) cannot be looked after yet: {error}"
        ) from error
    return partial(_decode, config)


def _decode(config: LabelConfig, result: object, data: Mapping[str, Any]) -> Decoded:
    try:
        answers = read_answers(config, result, data)
    except LabelConfigError as error:
        return Decoded({}, str(error))
    for control in config.controls:
        if control.name not in answers and (empty := empty_answer(control)) is not None:
            answers[control.name] = empty
    if not answers:
        return Decoded({}, "the result is empty: nothing was answered")
    return Decoded({name: canonical(answer) for name, answer in answers.items()}, None)


Page = tuple[list[RemoteTask], int | None, int | None]


def _pages(gateway: LabelStudio, here: StoredProject, now: int) -> Iterator[Page]:
    """Pages of tasks, each with the cursors that are true once it is stored."""
    since = here.cursor_updated_at
    if here.cursor_task is not None:
        if since is None or here.cursor_task == 0:
            # Whatever changes while the first import walks is found again by its time of change.
            since = gateway.newest_change(here.label_studio_id)
            yield [], 0, since
        yield from _first_import(gateway, here, since)
    assert since is not None
    # A first import is followed by a sweep, which finds whatever was stored late.
    complete = here.cursor_task is not None or now - since > QUIET
    begin = since + 1 if complete else max(0, since - OVERLAP)
    newest = since
    for page in gateway.tasks_updated_since(here.label_studio_id, begin):
        newest = max(newest, page[-1].updated_at)
        # The next page may hold more of the same instant, so only what lies before it is complete.
        yield page, None, max(since, newest - 1)
    yield [], None, newest


def _first_import(gateway: LabelStudio, here: StoredProject, since: int) -> Iterator[Page]:
    """By task id, the next page being fetched while the last one is stored."""
    limit = FIRST_PAGE
    with ThreadPoolExecutor(1) as ahead:
        fetched = ahead.submit(_timed, gateway, here.label_studio_id, here.cursor_task or 0, limit)
        while True:
            page, seconds = fetched.result()
            if not page:
                break
            asked = limit
            limit = min(LARGEST_PAGE, 2 * limit) if seconds < PAGE_SECONDS else max(FIRST_PAGE // 4, limit // 2)
            if len(page) == asked:
                fetched = ahead.submit(_timed, gateway, here.label_studio_id, page[-1].id, limit)
            yield page, page[-1].id, since
            if len(page) < asked:
                break
    yield [], None, since


def _timed(gateway: LabelStudio, project: int, task: int, limit: int) -> tuple[list[RemoteTask], float]:
    start = monotonic()
    return gateway.tasks_after(project, task, limit), monotonic() - start


def _sweep(
    store: Store, gateway: LabelStudio, here: StoredProject, decode: Decode, taken: Taken, clock: Callable[[], int]
) -> None:
    """Find what was deleted, which no filter shows, and whatever else slipped past.

    A large project is swept rarely, but at once where Label Studio has another number of tasks than the store, and
    after a run that failed: something may be gone that it worked on.
    """
    name = f"project:{here.label_studio_id}:sweep"
    with store.read() as connection:
        last = last_beat(connection, name)
        size = intake.size(connection, here.key)
        failed = has_failed(connection, f"project:{here.label_studio_id}:run")
    rests = size > SMALL and not failed and last is not None and clock() - last < SWEEP_EVERY
    if rests and gateway.project(here.label_studio_id).tasks == size:
        return
    stamps = list(gateway.task_stamps(here.label_studio_id))
    with store.begin() as connection:
        deleted, again = intake.compare(connection, here.key, stamps, clock())
        acts.pulled(connection, here.key, Taken(deleted=deleted), clock())
    taken.deleted += deleted
    for task in again:
        try:
            remote = gateway.task(task)
        except NotFound:
            continue
        with store.begin() as connection:
            new = intake.save(connection, here.key, [remote], decode, clock())
            acts.pulled(connection, here.key, new, clock())
        taken.add(new)
    with store.begin() as connection:
        beat(connection, name, clock(), True, "")
