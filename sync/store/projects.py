"""Projects as last seen: source projects, and the review projects that belong to them."""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select, update

from ..errors import NotPulled, Unsupported
from ..labelstudio.wire import RemoteProject
from . import acts, interfaces
from .tables import projects

LARGEST_ID = 2**31
"""What an id column of Label Studio's can hold; databases fail on more."""


@dataclass(frozen=True, slots=True)
class StoredProject:
    """A project as the store holds it. ``source_key`` and ``band`` are null for a source project.

    ``cursor_task`` is where the first import stands (null when complete), ``cursor_updated_at`` up to which change
    everything is stored, by Label Studio's clock.
    """

    key: int
    label_studio_id: int
    created_at: int
    title: str
    kind: str
    source_key: int | None
    band: int | None
    label_config: str
    model_version: str | None
    cursor_updated_at: int | None
    cursor_task: int | None


def _stored(row: Row[tuple[object, ...]]) -> StoredProject:
    values = row._asdict()
    values.pop("deleted_at")
    return StoredProject(key=values.pop("id"), source_key=values.pop("source"), **values)


def get(connection: Connection, key: int) -> StoredProject:
    """The project of that key of ours."""
    return _stored(connection.execute(select(projects).where(projects.c.id == key)).one())


def by_label_studio_id(connection: Connection, project: int) -> StoredProject:
    """The live project of that Label Studio id, of either kind; raises NotPulled where none was pulled yet."""
    query = select(projects).where(projects.c.label_studio_id == project, projects.c.deleted_at.is_(None))
    row = connection.execute(query).first() if abs(project) < LARGEST_ID else None
    if row is None:
        raise NotPulled(f"project {project} is not in the store yet: run `tiebreak pull {project}` first")
    return _stored(row)


def source(connection: Connection, project: int) -> StoredProject:
    """The live source project of that Label Studio id.

    Raises NotPulled where none was pulled yet, Unsupported for a review project of ours.
    """
    found = by_label_studio_id(connection, project)
    if found.source_key is not None:
        number = get(connection, found.source_key).label_studio_id
        raise Unsupported(
            f"project {project} ({found.title!r}) is a review project that Tiebreak made: name its source, project "
            f"{number}, instead"
        )
    return found


def source_of(connection: Connection, project: int) -> int:
    """The source project of a review project, both as Label Studio's ids; any other project itself."""
    if abs(project) >= LARGEST_ID:
        return project
    origin = projects.alias("origin")
    query = (
        select(origin.c.label_studio_id)
        .join(projects, projects.c.source == origin.c.id)
        .where(projects.c.label_studio_id == project, projects.c.deleted_at.is_(None))
    )
    return connection.execute(query).scalar() or project


def sources(connection: Connection) -> list[StoredProject]:
    """Every live source project, in the order of Label Studio's ids."""
    query = select(projects).where(projects.c.kind == "source", projects.c.deleted_at.is_(None))
    return [_stored(row) for row in connection.execute(query.order_by(projects.c.label_studio_id))]


def label_config(connection: Connection, key: int) -> str:
    """The labeling interface as of the last look."""
    return str(connection.execute(select(projects.c.label_config).where(projects.c.id == key)).scalar_one())


def review_project(connection: Connection, source: int, band: int) -> StoredProject | None:
    """The live review project of a source project (key) and band; null where there is none."""
    query = select(projects).where(
        projects.c.source == source, projects.c.band == band, projects.c.deleted_at.is_(None)
    )
    row = connection.execute(query).first()
    return None if row is None else _stored(row)


def reviews_of(connection: Connection, source: int) -> list[StoredProject]:
    """The live review projects of a source project (key), the most urgent band first."""
    query = select(projects).where(projects.c.source == source, projects.c.deleted_at.is_(None))
    return [_stored(row) for row in connection.execute(query.order_by(projects.c.band))]


def remember(
    connection: Connection,
    remote: RemoteProject,
    *,
    kind: str,
    now: int,
    source: int | None = None,
    band: int | None = None,
    since: int = 0,
) -> StoredProject:
    """Keep the project as it is now, and every interface that it had; what is the same is not written.

    ``since`` is the newest change in it, by Label Studio's clock: an interface that is new is that of all later ones.

    A live project of the same id that was created at another time is another one: Label Studio reused its id.
    """
    query = select(projects).where(projects.c.label_studio_id == remote.id, projects.c.deleted_at.is_(None))
    row = connection.execute(query).first()
    if row is not None and row.created_at != remote.created_at:
        mark_deleted(connection, row.id, now)
        row = None
    seen = {
        "title": remote.title,
        "label_config": remote.label_config,
        "model_version": remote.model_version or None,
    }
    if row is None:
        values = {"label_studio_id": remote.id, "created_at": remote.created_at, "kind": kind, **seen}
        values |= {"source": source, "band": band, "cursor_task": 0}
        key = connection.execute(insert(projects).values(**values).returning(projects.c.id)).scalar_one()
        acts.looked_after(connection, key, remote.id, kind, remote.label_config, now)
    else:
        key = row.id
        if any(getattr(row, name) != value for name, value in seen.items()):
            connection.execute(update(projects).where(projects.c.id == key).values(**seen))
        if row.label_config != remote.label_config:
            acts.interface_changed(connection, key, row.label_config, remote.label_config, now)
    interfaces.keep(connection, key, remote.label_config, now=now, since=since)
    return get(connection, key)


def mark_deleted(connection: Connection, key: int, now: int) -> None:
    """Label Studio no longer has the project."""
    connection.execute(update(projects).where(projects.c.id == key).values(deleted_at=now))
    acts.project_gone(connection, key, now)


def set_model_version(connection: Connection, key: int, version: str) -> None:
    """Label Studio was told this version."""
    connection.execute(update(projects).where(projects.c.id == key).values(model_version=version))


def set_cursor(connection: Connection, key: int, *, task: int | None, updated_at: int | None) -> None:
    """How far the pull has come; nothing is written where it stands there already."""
    wanted = {"cursor_task": task, "cursor_updated_at": updated_at}
    row = connection.execute(select(projects).where(projects.c.id == key)).one()
    if any(getattr(row, name) != value for name, value in wanted.items()):
        connection.execute(update(projects).where(projects.c.id == key).values(**wanted))
