"""What the pages read from the store. Nothing here writes, and every list has a limit.

Counts over all tasks come from the stored report; only what is shown row by row is read row by row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, distinct, func, select

from label_config.results import from_canonical
from label_config.words import in_words

from ..kept_model import MODEL
from ..store import summaries
from ..store.model_facts import Decided, ModelCheck
from ..store.projects import LARGEST_ID
from ..store.tables import annotators, heartbeats, projects, reviews, rounds, rulings, tasks
from .report import Report

LAST = 10
WAITING = ("intended", "open")


@dataclass(frozen=True, slots=True)
class Project:
    """A source project: ``key`` is the store's, ``label_studio_id`` Label Studio's."""

    key: int
    label_studio_id: int
    title: str
    model_version: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where Label Studio shows a task; ``task`` null stands for the whole project."""

    project: int
    task: int | None


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review that waits; ``place`` is null until Label Studio has it."""

    task: int
    control: str
    band: int
    priority: float
    round: int
    reasons: tuple[str, ...]
    since: int
    place: Place | None


@dataclass(frozen=True, slots=True)
class RulingRow:
    """What a reviewer decided about a source task; ``answers`` maps controls to readable answers."""

    task: int
    answers: Mapping[str, str]
    verdict: str | None
    cause: str | None
    rationale: str | None
    reviewer: int | None
    ruled_at: int
    ground_truth: bool
    place: Place


@dataclass(frozen=True, slots=True)
class ReviewProject:
    """A review project of one band and how many reviews wait in it."""

    label_studio_id: int
    title: str
    band: int | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews by state: ``waiting`` are open or about to be pushed, ``ruled`` are decided source tasks."""

    waiting: int
    urgent: int
    ruled: int


@dataclass(frozen=True, slots=True)
class LastRun:
    """When the loop last ended for a project, and how."""

    at: int
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class LastRound:
    """The newest finished scoring round; ``metrics`` are what the backend says of its model."""

    version: str
    model: str
    made_at: int
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """A project as the list shows it; ``report`` is null before the first assessment."""

    project: Project
    tasks: int
    report: Report | None
    reviews: Reviews
    last_run: LastRun | None


def source_projects(connection: Connection) -> list[Project]:
    """Every source project that Label Studio still has, by its id."""
    return [_project(row) for row in connection.execute(_sources().order_by(projects.c.label_studio_id))]


def source_project(connection: Connection, label_studio_id: int) -> Project | None:
    """The source project of that Label Studio id; the newest one where the id was used again."""
    if label_studio_id >= LARGEST_ID:
        return None
    query = _sources().where(projects.c.label_studio_id == label_studio_id).order_by(projects.c.created_at.desc())
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _project(row)


def _sources() -> Select[Any]:
    return select(projects).where(projects.c.kind == "source", projects.c.deleted_at.is_(None))


def _project(row: Row[Any]) -> Project:
    return Project(row.id, row.label_studio_id, row.title, row.model_version)


def summary(connection: Connection, project: Project, report: Report | None) -> Summary:
    """The headline numbers of one project; ``report`` is its newest assessment."""
    return headlines(connection, [project], {project.key: report})[0]


def headlines(
    connection: Connection, shown: Sequence[Project], known: Mapping[int, Report | None]
) -> Sequence[Summary]:
    """The headline numbers of projects, in their order; ``known`` is the newest assessment of each by its key."""
    counts, runs = review_counts(connection, [one.key for one in shown]), last_runs(connection, shown)
    found = []
    for one in shown:
        report = known[one.key]
        number = task_count(connection, one) if report is None else report.progress.tasks
        found.append(Summary(one, number, report, counts.get(one.key, Reviews(0, 0, 0)), runs.get(one.key)))
    return found


def task_count(connection: Connection, project: Project) -> int:
    """How many tasks were pulled and still exist."""
    query = select(func.count()).where(tasks.c.project == project.key, tasks.c.deleted_at.is_(None))
    return connection.execute(query).scalar_one()


def has_more_tasks(connection: Connection, project: Project, number: int) -> bool:
    """Whether it has more tasks than so many; they are not all counted."""
    query = select(tasks.c.id).where(tasks.c.project == project.key, tasks.c.deleted_at.is_(None))
    return connection.execute(query.offset(number).limit(1)).first() is not None


def names(connection: Connection, wanted: Iterable[int]) -> dict[int, str]:
    """The name of each annotator: the full name, else the address, else the id.

    Two people of one name are told apart by their address.
    """
    ids = sorted(set(wanted))
    query = select(annotators).where(annotators.c.id.in_(ids))
    known = {row.id: (row.name.strip(), row.email) for row in connection.execute(query)}
    taken = [name for name, _ in known.values()]
    return {one: _name(one, *known.get(one, ("", "")), taken) for one in ids}


def _name(annotator: int, name: str, email: str, taken: Sequence[str]) -> str:
    if name and taken.count(name) > 1:
        return f"{name} ({email or annotator})"
    return name or email or f"Annotator {annotator}"


def place_of(project: int | None, task: int | None) -> Place | None:
    """Where a task is; null where Label Studio does not have it yet."""
    return None if project is None or task is None else Place(project, task)


def review_counts(connection: Connection, keys: Sequence[int]) -> dict[int, Reviews]:
    """Project (the store's key) -> how many reviews wait, and how many source tasks were ruled; only where one is."""
    query = select(
        reviews.c.project,
        func.count().filter(reviews.c.state.in_(WAITING)),
        func.count().filter(reviews.c.state.in_(WAITING), reviews.c.band == 1),
        func.count(distinct(reviews.c.task)).filter(reviews.c.state == "ruled"),
    )
    rows = connection.execute(query.where(reviews.c.project.in_(keys)).group_by(reviews.c.project))
    return {row[0]: Reviews(*row[1:]) for row in rows}


def oldest_reviews(connection: Connection, keys: Iterable[int]) -> dict[int, int]:
    """Project (the store's key) -> since when the oldest of its reviews waits; those without one are left out."""
    query = select(reviews.c.project, func.min(reviews.c.intended_at)).where(reviews.c.state.in_(WAITING))
    rows = connection.execute(query.where(reviews.c.project.in_(list(keys))).group_by(reviews.c.project))
    return {row[0]: row[1] for row in rows}


def review_projects(connection: Connection, project: Project) -> list[ReviewProject]:
    """The review projects of a source project, the most urgent band first."""
    query = (
        select(projects.c.label_studio_id, projects.c.title, projects.c.band, func.count(reviews.c.id).label("waiting"))
        .join(reviews, and_(reviews.c.review_project == projects.c.id, reviews.c.state.in_(WAITING)), isouter=True)
        .where(projects.c.source == project.key, projects.c.kind == "review", projects.c.deleted_at.is_(None))
        .group_by(projects.c.id, projects.c.label_studio_id, projects.c.title, projects.c.band)
        .order_by(projects.c.band, projects.c.label_studio_id)
    )
    return [ReviewProject(*row) for row in connection.execute(query)]


def waiting_reviews(connection: Connection, project: Project, limit: int = LAST) -> list[ReviewRow]:
    """The most urgent reviews that nobody ruled yet."""
    home = projects.alias("home")
    query = (
        select(reviews, tasks.c.label_studio_id, home.c.label_studio_id.label("home"))
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(home, home.c.id == reviews.c.review_project, isouter=True)
        .where(reviews.c.project == project.key, reviews.c.state.in_(WAITING))
        .order_by(reviews.c.priority.desc(), reviews.c.task)
        .limit(limit)
    )
    return [
        ReviewRow(
            row.label_studio_id,
            row.control,
            row.band,
            row.priority,
            row.round,
            tuple(dict.fromkeys(str(one["kind"]) for one in row.findings)),
            row.intended_at,
            place_of(row.home, row.review_task),
        )
        for row in connection.execute(query)
    ]


def last_rulings(connection: Connection, project: Project, limit: int = LAST) -> list[RulingRow]:
    """The newest rulings that no later one replaced."""
    query = (
        select(rulings, tasks.c.label_studio_id)
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .where(reviews.c.project == project.key, rulings.c.superseded.is_(False))
        .order_by(rulings.c.ruled_at.desc(), rulings.c.id.desc())
        .limit(limit)
    )
    return [
        RulingRow(
            row.label_studio_id,
            {control: readable(answer) for control, answer in (row.answers or {}).items()},
            row.verdict,
            row.cause,
            row.rationale,
            row.reviewer,
            row.ruled_at,
            row.ground_truth is not None,
            Place(project.label_studio_id, row.label_studio_id),
        )
        for row in connection.execute(query)
    ]


def readable(answer: str) -> str:
    """A canonical answer as people read it.

    >>> readable('["cat", "dog"]'), readable("[]")
    ('cat, dog', 'nothing')
    """
    return in_words(from_canonical(answer))


def last_runs(connection: Connection, shown: Sequence[Project]) -> dict[int, LastRun]:
    """Project (the store's key) -> when the loop last ended for it; those without a run are left out."""
    named = {f"project:{one.label_studio_id}:run": one.key for one in shown}
    rows = connection.execute(select(heartbeats).where(heartbeats.c.name.in_(named)))
    return {named[row.name]: LastRun(row.at, row.ok, row.message) for row in rows}


def last_round(connection: Connection, project: Project) -> LastRound | None:
    """The newest finished scoring round, null before the first."""
    return last_rounds(connection, [project]).get(project.key)


def last_rounds(connection: Connection, shown: Sequence[Project]) -> dict[int, LastRound]:
    """Project (the store's key) -> its newest finished scoring round; those without one are left out."""
    newest = select(rounds.c.project, func.max(rounds.c.number).label("number")).where(rounds.c.state == "done")
    last = newest.where(rounds.c.project.in_([one.key for one in shown])).group_by(rounds.c.project).subquery()
    here = and_(rounds.c.project == last.c.project, rounds.c.number == last.c.number)
    rows = connection.execute(select(rounds).join(last, here))
    return {row.project: LastRound(row.version, row.model, row.made_at, row.metrics or {}) for row in rows}


def model_check(connection: Connection, project: Project) -> ModelCheck | None:
    """The model beside the consensus as it was compared at the end of the last run; null where nothing was."""
    kept = summaries.of(connection, project.key, MODEL)
    check = None if kept is None else kept.body["check"]
    return None if check is None else ModelCheck(**check)


def decided_before(connection: Connection, project: Project) -> Mapping[str, Decided]:
    """Model -> what was decided between the model before it and itself, as counted at the end of the last run."""
    kept = summaries.of(connection, project.key, MODEL)
    return {} if kept is None else {model: Decided(**one) for model, one in kept.body["decided"].items()}


def backend_key(connection: Connection, project: Project) -> str:
    """The project as Label Studio and `tiebreak-ml` name it: its id and the second of its creation."""
    query = select(func.coalesce(projects.c.created_at, 0)).where(projects.c.id == project.key)
    return f"{project.label_studio_id}.{connection.execute(query).scalar_one() // 1_000_000}"
