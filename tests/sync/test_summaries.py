"""The numbers behind the pages: those of plain loops over the store, made when something changed, and only then."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from typer.testing import CliRunner

from sync.assess import assess
from sync.cli import app
from sync.progress_report.in_words import lines
from sync.settings import Settings
from sync.store import assessments, summaries
from sync.store.engine import Store, open_store
from sync.store.tables import (
    annotation_versions,
    annotations,
    answers,
    codes,
    consensus,
    queue,
    queue_times,
    reviews,
    rulings,
    tasks,
)
from sync.store.tables import assessments as assessed
from sync.summaries import AGREEMENT, DAYS, KINDS, PROGRESS, summarise

from ..dashboard.stage import HOUR, START, Stage, crowd, stage, texts
from ..stores import new_store
from .conftest import create_database

DAY = 24 * HOUR
NOW = START + 45 * DAY
SKILL = {1: 0.9, 2: 0.8, 3: 0.7, 4: 0.6}


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Stage]:
    store = new_store(tmp_path / "staged.sqlite3")
    yield filled(store)
    store.close()


def filled(store: Store) -> Stage:
    """80 tasks that want two answers each, some with three, some with one, some with none; reviews and rulings."""
    one = Stage(store, settings=Settings(bootstrap=100, hourly_cost=30.0)).create(texts(80))
    one.people({person: f"Person {person}" for person in SKILL})
    given = crowd(60, SKILL, each=3)
    one.answer([row for place, row in enumerate(given) if place % 7])
    one.answer([(70, 1, "neutral")])
    one.answer([(71, 1, "neutral")], was_cancelled=True)
    one.assess().push()
    one.rule([{"label": "neutral", "reviewer": 9}, {"label": "positive", "reviewer": 9}])
    return one.assess()


def made(one: Stage, now: int = NOW, **settings: Any) -> bool:
    return summarise(one.store, one.key, one.settings.model_copy(update=settings), lambda: now)


def body(one: Stage, kind: str) -> Mapping[str, Any]:
    with one.store.read() as connection:
        found = summaries.of(connection, one.key, kind)
    assert found is not None
    return found.body


def given_answers(one: Stage) -> list[tuple[int, int, int, str]]:
    """(task, annotator, when, label) of the answers that count."""
    query = (
        select(annotations.c.task, annotation_versions.c.annotator, annotation_versions.c.updated_at, codes.c.answer)
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .join(answers, answers.c.version == annotation_versions.c.id)
        .join(codes, codes.c.id == answers.c.code)
        .where(annotation_versions.c.was_cancelled.is_(False))
    )
    with one.store.read() as connection:
        return [(row[0], row[1], row[2], json.loads(row[3])[0]) for row in connection.execute(query)]


def test_what_is_done_is_what_a_loop_counts(staged: Stage) -> None:
    assert made(staged)
    found, days = body(staged, PROGRESS), body(staged, DAYS)
    by_task = defaultdict(list)
    for task, _, at, _ in given_answers(staged):
        by_task[task].append(at)
    complete = {task: sorted(times)[1] for task, times in by_task.items() if len(times) > 1}
    missing = sum(max(0, 2 - len(by_task[task])) for task in staged.task_keys)
    total = sum(map(len, by_task.values()))
    assert found["progress"] == {
        "tasks": 80,
        "complete": len(complete),
        "tasks_left": 80 - len(complete),
        "answers": total,
        "answers_wanted": 160,
        "answers_left": missing,
    }
    with staged.store.read() as connection:
        newest = assessments.latest(connection, staged.key)
    assert newest is not None
    report = newest.report["progress"]
    assert found["progress"]["complete"] == report["complete"]
    assert found["left_out"]["empty"] == report["annotations"] - total == 2  # the rulings of this stage say nothing
    assert found["left_out"]["cancelled"] == 1
    assert (days["tasks_left"][-1], days["answers_left"][-1]) == (80 - len(complete), missing)
    for place, count in enumerate(days["answers"]):
        start = days["from"] + place * DAY
        assert count == sum(start <= at < start + DAY for times in by_task.values() for at in times)
        assert days["completed"][place] == sum(start <= at < start + DAY for at in complete.values())
    people = Counter(annotator for _, annotator, _, _ in given_answers(staged))
    assert {int(person): sum(counts) for person, counts in days["people"].items()} == people
    assert found["forecast"]["remaining"] == missing


def test_the_pace_is_that_of_today_and_the_days_before(staged: Stage) -> None:
    now = max(at for _, _, at, _ in given_answers(staged)) + HOUR
    made(staged, now)
    today = now // DAY * DAY
    for length in (7, 28):
        lately = [one for one in given_answers(staged) if today - (length - 1) * DAY <= one[2] <= now]
        found = body(staged, PROGRESS)["pace"][str(length)]
        assert found["answers"] == len(lately) > sum(one[2] < today for one in lately) > 0
        assert found["people"] == {str(who): count for who, count in Counter(one[1] for one in lately).items()}


def test_reviews_and_what_waits_for_one(staged: Stage) -> None:
    made(staged)
    found = body(staged, PROGRESS)
    with staged.store.read() as connection:
        rows = connection.execute(select(reviews)).all()
        entries = connection.execute(select(queue)).all()
        hours = [
            (row.ruled_at - row.intended_at) / HOUR
            for row in connection.execute(select(rulings.c.ruled_at, reviews.c.intended_at).join(reviews))
        ]
    assert len(hours) == 2
    assert found["lead_times"]["reviews"]["median"]["reason"] == "fewer than 5 are over"
    assert found["lead_times"]["reviews"]["waiting"] == len(rows) - 2
    for one in found["waiting"]["reviews"]:
        mine = [row.intended_at for row in rows if row.band == one["band"] and row.state == "open"]
        limit = staged.settings.review_days[f"P{one['band']}"]  # type: ignore[index]
        late = sum(NOW - at > limit * DAY for at in mine)
        assert (one["number"], one["oldest"], one["late"]) == (len(mine), min(mine, default=None), late)
    for one in found["waiting"]["queue"]:
        assert one["number"] == sum(entry.band == one["band"] for entry in entries)
        assert one["oldest"] == (NOW if one["number"] else None)


def test_what_is_confused_and_how_tasks_agree(staged: Stage) -> None:
    made(staged)
    found = body(staged, AGREEMENT)["controls"]["sentiment"]
    said = defaultdict(list)
    for task, _, _, label in given_answers(staged):
        said[task].append(label)
    several = {task: labels for task, labels in said.items() if len(labels) > 1}
    assert found["distribution"]["tasks"] == len(several)
    assert found["distribution"]["all_agree"] == sum(len(set(labels)) == 1 for labels in several.values())
    for one in found["confused"]:
        both = [task for task, labels in several.items() if set(one["labels"]) <= set(labels)]
        assert (one["tasks"], one["examples"]) == (len(both), sorted(both))
    headline = body(staged, PROGRESS)["controls"]["sentiment"]
    assert {**headline["most_confused"], "examples": found["confused"][0]["examples"]} == found["confused"][0]
    with staged.store.read() as connection:
        report = assessments.latest(connection, staged.key)
    assert report is not None
    assert headline["krippendorff_alpha"] == report.report["controls"]["sentiment"]["krippendorff_alpha"]


def test_a_label_costs_the_time_of_all_answers_and_rulings(staged: Stage) -> None:
    made(staged)
    found = body(staged, PROGRESS)["cost"]
    with staged.store.read() as connection:
        queued = {(row.task, row.control) for row in connection.execute(select(queue))}
        labels = connection.execute(select(consensus)).all()
    accepted = [
        row
        for row in labels
        if row.source == "ruling"
        or (row.annotations >= 2 and not row.tie and (row.task, row.control) not in queued and row.answer is not None)
    ]
    total = len(given_answers(staged))
    assert (found["answers"], found["reviews"], found["labels"]) == (total, 2, len(accepted))
    assert found["minutes"] == pytest.approx((total + 2) * 4.5 / 60)
    assert found["per_label"] == pytest.approx(found["minutes"] / len(accepted))
    assert found["money"] == pytest.approx(found["per_label"] / 2)


def test_postgresql_and_sqlite_say_the_same(staged: Stage, cluster: str) -> None:
    create_database(cluster, "summaries", "template")
    store = open_store(cluster.format("summaries"))
    other = filled(store)
    assert (made(staged), made(other), made(other)) == (True, True, False)
    assert [body(other, kind) for kind in KINDS] == [body(staged, kind) for kind in KINDS]
    with store.begin() as connection:
        connection.execute(delete(queue))
        summaries.note_queue(connection, other.key, 1)
        assert connection.execute(select(queue_times)).all() == []
    store.close()


def test_nothing_is_computed_twice(staged: Stage) -> None:
    assert [made(staged), made(staged), made(staged, NOW + HOUR)] == [True, False, False]
    with staged.store.read() as connection:
        assert all(one.made_at == NOW for kind in KINDS for one in summaries.of_all(connection, kind).values())


def kept_at(one: Stage) -> dict[str, int]:
    """Kind -> when it was made."""
    with one.store.read() as connection:
        found = {kind: summaries.of(connection, one.key, kind) for kind in KINDS}
    return {kind: 0 if kept is None else kept.made_at for kind, kept in found.items()}


def as_of_a_part(one: Stage, full_at: int) -> None:
    """The newest assessment says that only what changed was judged since then."""
    with one.store.begin() as connection:
        row = connection.execute(select(assessed.c.id, assessed.c.report).order_by(assessed.c.id.desc())).first()
        assert row is not None
        told = {**row.report, "partial": {"tasks": 1, "full_at": full_at}}
        connection.execute(update(assessed).where(assessed.c.id == row.id).values(report=told))


def test_while_a_part_is_judged_agreement_stays_and_the_rest_follows(tmp_path: Path) -> None:
    one = small(tmp_path)
    as_of_a_part(one, NOW)
    assert made(one)
    before = {kind: body(one, kind) for kind in KINDS}
    one.answer([(40, 3, "negative")]).assess()
    as_of_a_part(one, NOW)
    assert made(one, NOW + 1)
    assert kept_at(one) == {PROGRESS: NOW + 1, DAYS: NOW + 1, AGREEMENT: NOW}
    assert body(one, AGREEMENT) == before[AGREEMENT]
    assert body(one, PROGRESS)["progress"]["answers"] == before[PROGRESS]["progress"]["answers"] + 1
    confused = {name: found["most_confused"] for name, found in body(one, PROGRESS)["controls"].items()}
    assert confused == {name: found["most_confused"] for name, found in before[PROGRESS]["controls"].items()}
    assert not made(one, NOW + 2)
    as_of_a_part(one, NOW + 5)
    assert made(one, NOW + 6)
    assert kept_at(one)[AGREEMENT] == NOW + 6, "everything was judged meanwhile"
    assert body(one, AGREEMENT) != before[AGREEMENT]
    one.store.close()


def written(one: Stage, statement: Any) -> None:
    with one.store.begin() as connection:
        connection.execute(statement)


CHANGES: dict[str, Callable[[Stage], object]] = {
    "an answer": lambda one: one.answer([(72, 2, "neutral")]).assess(),
    "a review is ruled": lambda one: one.rule([{"label": "neutral", "reviewer": 9}]),
    "a review is withdrawn": lambda one: written(one, update(reviews).where(reviews.c.id == 5).values(state="lost")),
    "one more answer is wanted": lambda one: written(one, update(tasks).where(tasks.c.id == 3).values(overlap=3)),
    "a task is deleted": lambda one: written(one, update(tasks).where(tasks.c.id == 3).values(deleted_at=5)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_numbers_makes_them_anew(tmp_path: Path, change: str) -> None:
    one = small(tmp_path)
    made(one)
    CHANGES[change](one)
    assert made(one, NOW + 1)
    assert not made(one, NOW + 2)
    one.store.close()


def test_another_day_and_other_settings_do_so_too(tmp_path: Path) -> None:
    one = small(tmp_path)
    assert [made(one), made(one, hourly_cost=31.0), made(one), made(one, review_days={"P1": 1})] == [True] * 4
    assert made(one, NOW + DAY)
    one.store.close()


def small(folder: Path) -> Stage:
    one = stage(folder, settings=Settings(bootstrap=100)).create(texts(80)).people({1: "Ann", 2: "Bob", 3: "Cid"})
    one.answer([(place, who, "neutral" if who < 3 else "positive") for place in range(30) for who in (1, 2, 3)])
    return one.assess().push()


def test_an_entry_of_the_queue_is_there_since_it_was_first_seen(staged: Stage) -> None:
    def since() -> dict[int, int]:
        with staged.store.read() as connection:
            return {row.task: row.since for row in connection.execute(select(queue_times))}

    def note(now: int) -> None:
        with staged.store.begin() as connection:
            summaries.note_queue(connection, staged.key, now)

    note(100)
    first = since()
    with staged.store.read() as connection:
        entry = connection.execute(select(queue).limit(1)).one()
    written(staged, delete(queue).where(queue.c.task == entry.task))
    note(200)
    assert since() == {task: at for task, at in first.items() if task != entry.task}
    written(staged, queue.insert().values(**entry._mapping))
    note(300)
    assert since() == {**first, entry.task: 300}


def test_other_projects_are_left_alone(staged: Stage) -> None:
    made(staged)
    other = Stage(staged.store, number=8, title="Other").create(texts(3))
    other.answer([(0, 1, "neutral"), (0, 2, "positive")]).assess()
    assert made(other)
    assert body(other, PROGRESS)["progress"]["tasks"] == 3
    assert body(staged, PROGRESS)["progress"]["tasks"] == 80
    assert not made(staged)
    with staged.store.read() as connection:
        assert set(summaries.of_all(connection, PROGRESS)) == {staged.key, other.key}


def test_before_the_first_assessment_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = stage(tmp_path).create(texts(2))
    assert not made(one)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIEBREAK_STORE", f"sqlite:///{tmp_path / 'store.sqlite3'}")
    said = CliRunner().invoke(app, ["progress", "7"])
    assert "project 7 has not been assessed yet: run `tiebreak run 7` first" in " ".join(said.output.split())
    assert "no project is named" in str(CliRunner().invoke(app, ["progress"]).exception)
    one.store.close()


def test_a_project_without_answers_has_all_its_numbers(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(2)).assess()
    assert made(one)
    found = body(one, PROGRESS)
    assert found["progress"]["answers_left"] == 4
    assert found["forecast"]["reason"] == "fewer than 5 working days"
    assert found["cost"]["reason"] == "Label Studio says of no answer how long it took"
    assert body(one, DAYS)["answers"] == [0]
    said = list(lines({"made_at": NOW, **{kind: body(one, kind) for kind in KINDS}}))
    assert said[0] == "0 of 2 tasks have all their answers; 4 answers are left"
    assert said[2] == "when it will be done cannot be said: fewer than 5 working days"
    assert said[-1].startswith("sentiment: agreement cannot be said: ")
    one.store.close()


def test_the_command_shows_the_numbers_that_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = small(tmp_path)
    made(one)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIEBREAK_STORE", f"sqlite:///{tmp_path / 'store.sqlite3'}")
    found = json.loads(CliRunner().invoke(app, ["progress", "7", "--json"], catch_exceptions=False).stdout)
    assert found == {"7": {"made_at": NOW, **{kind: body(one, kind) for kind in KINDS}}}
    said = CliRunner().invoke(app, ["progress", "7"], catch_exceptions=False).stdout
    assert said.startswith("project 7\n  30 of 80 tasks have all their answers; 100 answers are left\n")
    assert "'positive' is confused with 'neutral' on 30 of 30 tasks" in said
    one.store.close()


def test_an_assessment_of_the_same_evidence_changes_nothing(tmp_path: Path) -> None:
    one = small(tmp_path)
    made(one)
    assess(one.store, one.key, one.settings, lambda: NOW)
    assert not made(one)
    one.store.close()
