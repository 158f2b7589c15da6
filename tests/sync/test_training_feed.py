"""What the ML backend learns from: every change once and in order, withdrawals too, whatever the clock does."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from label_config.answers import Answer, Choices, Number, Ranking, Region, Regions, Span, Taxonomy, Text
from label_config.canonical import answer_from_json
from label_config.parse import parse
from label_config.results import canonical, read_answers, write_answer, write_answers
from sync.assess import assess
from sync.sampling import is_holdout
from sync.settings import Settings
from sync.store import intake, projects
from sync.store.engine import Store, open_store
from sync.store.intake import Decoded
from sync.store.tables import tasks as task_table
from sync.web.app import create_app

from ..stores import new_store
from .test_intake import PROJECT, annotation, task

XML = """<View><Text name="text" value="$text"/><Choices name="mood" toName="text" choice="single">
<Choice value="good"/><Choice value="bad"/></Choices></View>"""
CONFIG = parse(XML)
SECRET = "a shared secret"
LABELS = st.sampled_from(["good", "bad"])


def decode(result: object, *_: object) -> Decoded:
    return Decoded({name: canonical(answer) for name, answer in read_answers(CONFIG, result).items()}, None)


def labeled(label: str) -> list[dict[str, Any]]:
    return write_answer(CONFIG.controls[0], Choices((label,)), region_id="r")


@dataclass
class Project:
    """A source project whose answers can be set; ``now`` is the clock."""

    store: Store
    key: int = 0
    now: int = 1_000
    settings: Settings = field(default_factory=lambda: Settings(bootstrap=100, secret=SECRET))

    def begin(self, xml: str = XML) -> "Project":
        remote = PROJECT.__class__(**{**_fields(PROJECT), "label_config": xml})
        with self.store.begin() as connection:
            self.key = projects.remember(connection, remote, kind="source", now=1).key
        return self

    def answers(self, **given: list[str]) -> None:
        """``t3=["good", "bad"]``: what two annotators answered on task 3; then everything is assessed."""
        page = [
            task(
                int(name[1:]),
                10,
                *(annotation(100 * int(name[1:]) + by, 11, labeled(label), by) for by, label in enumerate(labels)),
            )
            for name, labels in given.items()
        ]
        with self.store.begin() as connection:
            intake.save(connection, self.key, page, decode, self.now)
        self.assess()

    def assess(self) -> None:
        assess(self.store, self.key, self.settings, lambda: self.now)

    def client(self) -> FlaskClient:
        return create_app(self.settings, self.store, lambda _: None).test_client()

    def feed(self, after: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The rows after a cursor, and the cursor to go on from."""
        reply = self.client().get(f"/api/v1/projects/7/training?after={after}", headers=bearer(SECRET))
        assert reply.status_code == 200
        lines = [json.loads(line) for line in reply.text.splitlines()]
        assert list(lines[-1]) == ["cursor"]
        return lines[:-1], lines[-1]["cursor"]


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with the project in it and nothing else."""
    place = tmp_path_factory.mktemp("template") / "store.sqlite3"
    store = new_store(place)
    Project(store).begin()
    store.close()
    return str(place)


def copied(template: str, folder: Path) -> Project:
    shutil.copy(template, folder / "store.sqlite3")
    return Project(open_store(f"sqlite:///{folder / 'store.sqlite3'}"), key=1)


@pytest.fixture
def project(template: str, tmp_path: Path) -> Iterator[Project]:
    made = copied(template, tmp_path)
    yield made
    made.store.close()


MANY = """<View><Text name="text" value="$text"/>
<Taxonomy name="kind" toName="text"><Choice value="animal"><Choice value="cat"/></Choice></Taxonomy>
<Rating name="stars" toName="text"/><Number name="price" toName="text"/><TextArea name="note" toName="text"/>
<Labels name="marks" toName="text"><Label value="PER"/></Labels>
<List name="list" value="$items"/><Ranker name="order" toName="list"/></View>"""
SAID: dict[str, Answer] = {
    "kind": Taxonomy((("animal", "cat"),)),
    "stars": Number(4.0),
    "price": Number(12.5),
    "note": Text(("said",)),
    "marks": Regions((Region(Span(0, 4), ("PER",)),)),
    "order": Ranking((("order", ("b", "a")),)),
}


def test_answers_of_every_kind_that_a_model_learns_are_told_as_they_are(tmp_path: Path) -> None:
    config = parse(MANY)
    made = Project(new_store(tmp_path / "store.sqlite3")).begin(MANY)
    result = write_answers(config, SAID, region_id="r")

    def read(result: object, *_: object) -> Decoded:
        return Decoded({name: canonical(answer) for name, answer in read_answers(config, result).items()}, None)

    with made.store.begin() as connection:
        intake.save(connection, made.key, [task(3, 10, annotation(300, 11, result))], read, made.now)
    made.assess()
    found = {row["control"]: answer_from_json(row["answer"]) for row in made.feed()[0]}
    made.store.close()
    assert found == {name: answer for name, answer in SAID.items() if name != "note"}


def told(rows: list[dict[str, Any]]) -> dict[int, Any]:
    return {row["task"]: row["answer"] for row in rows}


def test_a_row_says_all_that_there_is_to_learn_of_a_task(project: Project) -> None:
    project.answers(t1=["good", "good"])
    (row,), cursor = project.feed()
    assert 0.5 < row.pop("weight") <= 1
    assert row == {
        "task": 1,
        "data": {"n": 1},
        "control": "mood",
        "answer": ["good"],
        "source": "consensus",
        "holdout": is_holdout(7, 1, 10),
        "updated_at": cursor,
    }


def test_it_is_the_same_on_both_databases(any_store: Store) -> None:
    project = Project(any_store).begin()
    project.answers(t1=["good", "good"], t2=["good", "bad"])
    rows, cursor = project.feed()
    assert told(rows) == {1: ["good"], 2: None}
    project.answers(t1=["bad", "bad"])
    assert told(project.feed(cursor)[0])[1] == ["bad"]


def test_a_cursor_goes_on_where_the_last_reading_ended(project: Project) -> None:
    project.answers(t1=["good"], t2=["bad"])
    rows, cursor = project.feed()
    assert told(rows) == {1: ["good"], 2: ["bad"]}
    assert project.feed(cursor) == ([], cursor)
    project.answers(t3=["good"])
    rows, later = project.feed(cursor)
    assert 3 in told(rows)
    assert later > cursor
    assert project.feed(later) == ([], later)


def test_what_becomes_a_tie_or_is_deleted_is_withdrawn(project: Project) -> None:
    project.answers(t1=["good", "good"], t2=["bad", "bad"])
    _, cursor = project.feed()
    project.answers(t1=["good", "bad"])
    rows, cursor = project.feed(cursor)
    assert told(rows)[1] is None
    with project.store.begin() as connection:
        connection.execute(update(task_table).where(task_table.c.label_studio_id == 2).values(deleted_at=5))
    project.assess()
    rows, _ = project.feed(cursor)
    assert told(rows)[2] is None


def test_a_control_that_the_interface_has_no_more_is_withdrawn(project: Project) -> None:
    project.answers(t1=["good"])
    _, cursor = project.feed()
    remote = PROJECT.__class__(**{**_fields(PROJECT), "label_config": XML.replace("mood", "tone")})
    with project.store.begin() as connection:
        projects.remember(connection, remote, kind="source", now=2)
    project.assess()
    rows, cursor = project.feed(cursor)
    assert [(row["control"], row["answer"], row["source"]) for row in rows] == [("mood", None, "withdrawn")]
    project.answers(t2=["good"])
    assert all(row["control"] == "tone" for row in project.feed(cursor)[0])


def test_a_cursor_of_another_store_begins_anew(project: Project) -> None:
    project.answers(t1=["good"])
    rows, cursor = project.feed(cursor := 10**17)
    assert told(rows) == {1: ["good"]}
    assert cursor < 10**17


@settings(max_examples=5, deadline=None, derandomize=True)
@given(
    steps=st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from(["t1", "t2", "t3"]), st.lists(st.sampled_from(["good", "bad"]), min_size=1)
            ),
            st.integers(-500, 500),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_who_reads_on_from_each_cursor_knows_what_who_reads_all_knows(
    tmp_path_factory: pytest.TempPathFactory, template: str, steps: list[tuple[dict[str, list[str]], int, bool]]
) -> None:
    project = copied(template, tmp_path_factory.mktemp("copy"))
    known: dict[int, Any] = {}
    cursor = 0
    for given_answers, passed, reads in steps:
        project.now += passed  # also backwards
        project.answers(**given_answers)
        if reads:
            rows, cursor = project.feed(cursor)
            known |= told(rows)
    known |= told(project.feed(cursor)[0])
    assert known == told(project.feed()[0])
    project.store.close()


def test_only_who_knows_the_secret_is_served(project: Project) -> None:
    project.answers(t1=["good"])
    client = project.client()
    path = "/api/v1/projects/7/training"
    for headers in ({}, bearer("wrong"), {"Authorization": f"Basic {SECRET}"}, bearer("")):
        assert client.get(path, headers=headers).status_code == 401
    open_to_nobody = create_app(Settings(), project.store, lambda _: None).test_client()
    assert open_to_nobody.get(path, headers=bearer("")).status_code == 401


@pytest.mark.parametrize("after", ["-1", "x", "\u00b2", "1.5", "9" * 30, "", "0x1", "1 "])
def test_a_cursor_that_is_none_is_refused(after: str, project: Project) -> None:
    reply = project.client().get("/api/v1/projects/7/training", query_string={"after": after}, headers=bearer(SECRET))
    assert reply.status_code == 400
    assert "must be a cursor" in reply.get_json()["error"]


@pytest.mark.parametrize("number", [8, 10**30])
def test_a_project_that_was_never_pulled_is_not_found(number: int, project: Project) -> None:
    reply = project.client().get(f"/api/v1/projects/{number}/training", headers=bearer(SECRET))
    assert reply.status_code == 404
    assert "is not in the store yet" in reply.get_json()["error"]
