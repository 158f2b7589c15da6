"""Reviews are told by our key in the task's data: found again, lost, there twice, with ids that are used again."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import event, insert, select

from label_config.ordering import score_from_priority
from sync.labelstudio.wire import TaskStamp
from sync.store import intake, projects, review_tasks
from sync.store.engine import Store
from sync.store.intake import Decoded
from sync.store.tables import reviews

from .test_intake import PROJECT, annotation, task

NOW = 50


@dataclass
class Home:
    """A source project with two intended reviews, ``k1`` and ``k2``, and the review project for them."""

    store: Store
    source: int = 0
    key: int = 0

    def begin(self) -> "Home":
        with self.store.begin() as connection:
            self.source = projects.remember(connection, PROJECT, kind="source", now=1).key
            remote = replace(PROJECT, id=8)
            home = projects.remember(connection, remote, kind="review", now=1, source=self.source, band=1)
            self.key = home.key
            intake.save(connection, self.source, [task(1, 10), task(2, 10)], lambda *_: Decoded({}, None), 1)
            for number in (1, 2):
                values = {"control": "mood", "round": 1, "band": 1, "priority": 0.9, "action": "check"}
                values |= {"findings": [], "data": {}, "state": "intended", "intended_at": 1}
                row = {"key": f"k{number}", "project": self.source, "task": number, **values}
                connection.execute(insert(reviews).values(**row))
        return self

    def stands(self, *found: tuple[int, str, int, int]) -> None:
        """What a pull of the review project sees: (task id, our key, created at, annotations) each."""
        page = [
            replace(
                task(number, created, *(annotation(1000 * number + one, 20, []) for one in range(answers))),
                data={"tiebreak_key": key},
            )
            for number, key, created, answers in found
        ]
        with self.store.begin() as connection:
            intake.save(connection, self.key, page, lambda *_: Decoded({}, None), NOW)
            stamps = [
                TaskStamp(one.id, one.created_at, one.updated_at, frozenset(a.id for a in one.annotations))
                for one in page
            ]
            intake.compare(connection, self.key, stamps, NOW)
            review_tasks.reconcile(connection, self.source, self.key, NOW)

    def states(self) -> dict[str, tuple[str, int | None]]:
        with self.store.read() as connection:
            rows = connection.execute(select(reviews.c.key, reviews.c.state, reviews.c.review_task))
            return {row.key: (row.state, row.review_task) for row in rows}

    def surplus(self) -> list[int]:
        with self.store.read() as connection:
            return review_tasks.surplus(connection, self.key)


@pytest.fixture
def home(store: Store) -> Home:
    return Home(store).begin()


@pytest.fixture
def any_home(any_store: Store) -> Home:
    """On either database: for one test of each query."""
    return Home(any_store).begin()


def test_a_task_that_arrived_unheard_opens_its_review_with_the_score_that_was_sent(any_home: Home) -> None:
    any_home.stands((5, "k1", 20, 0))
    assert any_home.states() == {"k1": ("open", 5), "k2": ("intended", None)}
    assert any_home.surplus() == []
    with any_home.store.read() as connection:
        score = connection.execute(select(reviews.c.score).where(reviews.c.key == "k1")).scalar_one()
        assert score == score_from_priority(0.9, 1)
        assert {number: one.key for number, one in review_tasks.by_task(connection, any_home.key).items()} == {5: "k1"}


def test_an_open_review_whose_task_was_deleted_is_lost_and_an_intended_one_is_not(home: Home) -> None:
    home.stands((5, "k1", 20, 0))
    home.stands()
    assert home.states() == {"k1": ("lost", 5), "k2": ("intended", None)}


def test_an_id_that_another_task_has_now_keeps_nothing_alive(home: Home) -> None:
    home.stands((5, "k1", 20, 0))
    home.stands((5, "k2", 30, 0))
    assert home.states() == {"k1": ("lost", 5), "k2": ("open", 5)}
    with home.store.read() as connection:
        assert [one.key for one in review_tasks.by_task(connection, home.key).values()] == ["k2"]


@pytest.mark.parametrize(
    ("first", "second", "kept", "gone"),
    [(0, 0, 5, [6]), (0, 1, 6, [5]), (1, 0, 5, [6]), (1, 1, 5, [])],
    ids=["the one we know", "the answered one", "the known and answered one", "what people answered stays"],
)
def test_of_two_tasks_with_one_key_one_is_surplus(
    first: int, second: int, kept: int, gone: list[int], home: Home
) -> None:
    home.stands((5, "k1", 20, 0))
    home.stands((5, "k1", 20, first), (6, "k1", 21, second), (7, "k2", 21, 0))
    assert home.states() == {"k1": ("open", kept), "k2": ("open", 7)}
    assert home.surplus() == gone


def test_tasks_that_people_added_are_nobody(home: Home) -> None:
    home.stands((5, "k1", 20, 0), (6, "somebody's", 20, 0))
    assert home.states()["k1"] == ("open", 5)
    assert home.surplus() == []


def test_what_stands_as_it_is_said_to_is_not_read(any_home: Home) -> None:
    any_home.stands((5, "k1", 20, 0), (6, "k2", 20, 1))
    said: list[str] = []
    with any_home.store.begin() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: said.append(given[2]))
        review_tasks.reconcile(connection, any_home.source, any_home.key, NOW)
        assert review_tasks.surplus(connection, any_home.key) == []
    assert said
    assert not any("reviews.data" in one or "reviews.findings" in one or "annotations" in one for one in said)


def test_of_reviews_those_are_read_whose_tasks_are_named(home: Home) -> None:
    home.stands((5, "k1", 20, 0), (6, "k2", 20, 0))
    with home.store.read() as connection:
        assert [one.key for one in review_tasks.by_task(connection, home.key, {6, 9}).values()] == ["k2"]
        assert review_tasks.by_task(connection, home.key, ()) == {}
