"""What pages show of all rulings is computed when something changed, and kept: what they give one by one."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from typer.testing import CliRunner

from label_config.guidelines import ADDED, CHANGED, REMOVED, Change, Entry
from label_config.results import from_canonical
from sync.cli import app
from sync.glossary import kept
from sync.glossary.kept import RULINGS, keep_rulings
from sync.glossary.writing import difference, write
from sync.store import guideline_versions, guidelines, logins, summaries, tables
from sync.store.engine import Store
from sync.store.guidelines import touched_by, touches
from tests.dashboard.stage import START, Stage, crowd, texts
from tests.dashboard.test_rulings import client, rows

from ..stores import new_store

NOW = 1_800_000_000_000_000
WEEK = 7 * 86_400_000_000
SAID: Sequence[dict[str, Any]] = (
    {"label": "neutral", "reviewer": 1, "cause": "guideline gap", "rationale": "A joke?"},
    {"label": "negative", "reviewer": 2, "cause": "annotator error", "rationale": "As #irony says."},
    {"label": "negative", "reviewer": 2, "cause": "annotator error", "rationale": "As #irony-2 says."},
    {"label": "positive", "reviewer": 1, "cause": None, "rationale": None},
    {"label": "neutral", "reviewer": 1, "cause": "guideline gap", "rationale": ""},
)
IRONY = Entry("irony", "Irony", "Says the opposite.", control="sentiment", labels=("negative",))


def ruled(store: Store) -> Stage:
    one = Stage(store).people({1: "Ann", 2: "Bo", 3: "Cy"}).create(texts(12), overlap=3)
    one.answer(crowd(12, {1: 0.9, 2: 0.6, 3: 0.5})).assess().push().rule(SAID)
    with store.begin() as connection:
        third = select(tables.rulings.c.id).order_by(tables.rulings.c.id).offset(2).limit(1)
        later = update(tables.rulings).where(tables.rulings.c.id == connection.execute(third).scalar_one())
        connection.execute(later.values(ruled_at=tables.rulings.c.ruled_at + WEEK))
    return one


def add(one: Stage, *entries: Entry) -> None:
    with one.store.begin() as connection:
        assert write(connection, one.key, entries, "Why.", now=NOW, actor="login:1") is not None


def test_it_is_what_the_rulings_give_one_by_one(any_store: Store) -> None:
    one = ruled(any_store)
    assert keep_rulings(any_store, one.key, lambda: NOW)
    with any_store.read() as connection:
        found = kept.kept(connection, one.key)
        gaps = guidelines.inbox(connection, one.key)
        rows = connection.execute(select(tables.rulings.c.ruled_at, tables.rulings.c.cause)).all()
        assert found is not None
        assert found == kept.compute(connection, one.key)
        assert guidelines.inbox(connection, one.key, found.oldest) == gaps
    assert (found.gaps, len(found.oldest), found.touched, found.before, found.after) == (2, 2, 0, None, None)
    mondays: Counter[tuple[datetime, str | None]] = Counter()
    for at, cause in rows:
        day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        mondays[day - timedelta(days=day.weekday()), cause] += 1
    told = {(datetime.fromtimestamp(week / 1e6, UTC), cause): many for week, cause, many in found.causes}
    assert told == mondays
    assert len({week for week, _ in told}) == 2


def test_it_is_computed_once_until_something_changes(any_store: Store) -> None:
    one = ruled(any_store)
    assert keep_rulings(any_store, one.key, lambda: NOW)
    assert not keep_rulings(any_store, one.key, lambda: NOW + 1)
    one.rule([{"label": "neutral", "reviewer": 1, "cause": "guideline gap"}])
    assert keep_rulings(any_store, one.key, lambda: NOW)
    with any_store.begin() as connection:
        connection.execute(update(tables.rulings).values(superseded=True))
    assert keep_rulings(any_store, one.key, lambda: NOW)
    with any_store.read() as connection:
        found = kept.kept(connection, one.key)
    assert found is not None
    assert (found.causes, found.gaps) == ([], 0)


def test_what_is_written_shows_at_once_what_it_touches(any_store: Store) -> None:
    one = ruled(any_store)
    add(one, IRONY)
    with any_store.begin() as connection:
        first = guideline_versions.newest(connection, one.key)
        assert first is not None
        guideline_versions.set_published(connection, first, START)
    add(one, Entry("irony", "Irony", "Other words.", control="sentiment", labels=("negative",)))
    with any_store.read() as connection:
        found = kept.kept(connection, one.key)
        assert found is not None
        assert found.listed == difference(connection, one.key).touched
        assert RULINGS in summaries.stamps(connection, one.key)
    assert found.touched == 2
    assert {each.entries for each in found.listed} == {("irony",)}
    assert not keep_rulings(any_store, one.key, lambda: NOW), "it is up to date already"


def test_what_a_command_brings_back_is_no_open_gap_any_more(store: Store, tmp_path: Path) -> None:
    one = ruled(store)
    assert keep_rulings(store, one.key, lambda: NOW)
    file = tmp_path / "tiebreak.toml"
    file.write_text(f'store = "{store.name}"\n')
    asked = ["guidelines", "changed", "--project", "7", "--label", "neutral", "--why", "x", "--config", str(file)]
    assert CliRunner().invoke(app, asked).exit_code == 0
    with store.read() as connection:
        found = kept.kept(connection, one.key)
    assert found is not None
    assert (found.gaps, found.oldest) == (0, [])


def test_the_log_is_searched_and_sorted_on_every_database(any_store: Store) -> None:
    one = ruled(any_store)
    with any_store.begin() as connection:
        logins.add(connection, "vic", "viewer", None, START)
    assert client(one, "vic").get("/projects/7/rulings").status_code == 200
    for query, total in (
        ("search=BO", 2),
        ("search=joke", 1),
        ("state=decides&cause=annotator+error", 2),
        ("search=%25", 0),
    ):
        assert len(rows(one, f"/projects/7/rulings.json?{query}")) == total, query
    for name in ("task", "answer", "cause", "state", "reviewer", "ruled", "marks"):
        up, down = (rows(one, f"/projects/7/rulings.json?sort={sign}{name}") for sign in ("", "-"))
        assert len(up) == len(down) == 5
        known = [row[name] for row in up if row[name] is not None]
        assert known == sorted(known, key=lambda cell: int(cell) if name == "task" else cell), name


ENTRIES = st.builds(
    Entry,
    st.sampled_from(["irony", "irony-2", "joke"]),
    st.just("T"),
    st.just("M"),
    control=st.sampled_from(["", "sentiment", "other"]),
    labels=st.lists(st.sampled_from(["negative", "neutral"]), max_size=2, unique=True).map(tuple),
    tasks=st.lists(st.integers(7000, 7012), max_size=2, unique=True).map(tuple),
)
CHANGES = st.lists(
    st.one_of(
        st.builds(lambda one: Change(ADDED, None, one), ENTRIES),
        st.builds(lambda one: Change(REMOVED, one, None), ENTRIES),
        st.builds(lambda one, other: Change(CHANGED, one, other), ENTRIES, ENTRIES),
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Rulings that are there for all changes."""

    one = ruled(new_store(tmp_path_factory.mktemp("known") / "store.sqlite3"))
    yield one
    one.store.close()


@given(changes=CHANGES)
def test_many_rulings_are_touched_as_each_of_them_is(known: Stage, changes: list[Change]) -> None:
    query = (
        select(tables.rulings, tables.tasks.c.label_studio_id)
        .join(tables.reviews, tables.reviews.c.id == tables.rulings.c.review)
        .join(tables.tasks, tables.tasks.c.id == tables.reviews.c.task)
        .order_by(tables.rulings.c.ruled_at, tables.rulings.c.id)
    )
    with known.store.read() as connection:
        rows = connection.execute(query).all()
        found = touched_by(connection, known.key, changes)
    expected = []
    for row in rows:
        answers = {name: from_canonical(text) for name, text in row.answers.items()}
        ids = tuple(one.id for one in changes if touches(one, row.label_studio_id, answers, row.rationale or ""))
        expected += [(row.id, ids)] if ids else []
    assert [(one.ruling, one.entries) for one in found] == expected
