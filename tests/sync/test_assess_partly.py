"""What changed in a large project is judged anew by itself, and comes out as it does among everything."""

import json
import random
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from label_config.answers import Choices
from label_config.results import canonical
from sync import terminal
from sync.assess import Assessment, assess
from sync.assess_partly import Limits, sample
from sync.decoding import decoder
from sync.labelstudio.wire import RemoteAnnotation, RemoteProject, RemoteTask
from sync.settings import Settings
from sync.status import in_words, status
from sync.store import changes, intake, interfaces, judged, packed, projects, reading, reviews, rulings, tables
from sync.store.engine import Store
from sync.store.tables import annotation_versions, assessments, audit_details, audit_events, consensus, queue, tasks

from ..dashboard.stage import stage, texts
from ..dashboard.test_pages import page
from ..stores import new_store
from . import test_intake
from .test_unchanged import reads

CONFIG = """<View><Text name="text" value="$text"/><Choices name="tone" toName="text">
<Choice value="good"/><Choice value="mixed"/><Choice value="bad"/></Choices></View>"""
LABELS = ("good", "mixed", "bad")
PEOPLE = {1: 0.95, 2: 0.9, 3: 0.7, 4: 0.6, 5: 0.8}
TASKS = 40
START = 1_790_000_000_000_000
ALL = 10**6
EVERYTHING = Limits(large=0, most=ALL, share=1.0, since=1.0, sample=ALL, known=ALL, answers=ALL, together=ALL)
"""Of any project, together with all other tasks."""
SETTINGS = Settings(bootstrap=100, consensus_method="dawid-skene", policy={"audit_share": 0})


class World:
    """A project of Label Studio, people at work in it, and the store that follows it."""

    def __init__(self, store: Store, rng: random.Random) -> None:
        self.store, self.rng, self.now, self.settings = store, rng, START, SETTINGS
        with store.begin() as connection:
            remote = RemoteProject(7, "Large", "", 1, CONFIG, "", "", 3, False)
            self.key = projects.remember(connection, remote, kind="source", now=1).key
        self.truth = {number: rng.choice(LABELS) for number in range(1, TASKS + 1)}
        self.there = {number: self.answered(number) for number in self.truth}
        self.take(*self.there.values())

    def answered(self, number: int, **fields: Any) -> RemoteTask:
        """A task that some answered; every fourth shows the same as the one before it."""
        words = f"a long enough text on the matter with the number {number - (number % 4 == 0)} and what is said of it"
        given = tuple(self.answer(number, who) for who in self.rng.sample(sorted(PEOPLE), self.rng.randrange(1, 5)))
        return test_intake.task(number, 1, *given, data={"text": words}, overlap=3, updated_at=self.now, **fields)

    def answer(self, number: int, who: int, **fields: Any) -> RemoteAnnotation:
        right = self.rng.random() < PEOPLE[who]
        label = self.truth[number] if right else self.rng.choice(LABELS)
        result = [{"id": "a", "from_name": "tone", "to_name": "text", "type": "choices", "value": {"choices": [label]}}]
        self.now += 1_000_000
        born: dict[str, Any] = {"created_at": 1, "updated_at": self.now, "updated_by": who}
        return test_intake.annotation(10 * number + who, 1, result, by=who, **(born | fields))

    def take(self, *page: RemoteTask) -> None:
        with self.store.begin() as connection:
            decode = decoder(interfaces.periods(connection, self.key))
            intake.save(connection, self.key, page, decode, self.now)

    def assess(self, limits: Limits = EVERYTHING) -> Assessment:
        return assess(self.store, self.key, self.settings, lambda: self.now, limits)

    def whole(self) -> Assessment:
        """Everything is judged, whenever it was last."""
        never = self.settings.model_copy(update={"full_assessment_hours": 0})
        return assess(self.store, self.key, never, lambda: self.now)

    def read(self, look: Callable[[Connection, int], Any]) -> Any:
        with self.store.read() as connection:
            return look(connection, self.key)

    def rows(self, table: Any) -> dict[int, Mapping[str, Any]]:
        """What was concluded on each task."""
        with self.store.read() as connection:
            return {row.task: row._asdict() for row in connection.execute(select(table))}

    def key_of(self, number: int) -> int:
        with self.store.read() as connection:
            return int(connection.execute(select(tasks.c.id).where(tasks.c.label_studio_id == number)).scalar_one())

    # What people do

    def answers_some(self) -> None:
        for number in self.rng.sample(sorted(self.there), 3):
            self.there[number] = self.answered(number)
            self.take(self.there[number])

    def skips_or_marks(self) -> None:
        number = self.rng.choice(sorted(self.there))
        how: dict[str, Any] = self.rng.choice([{"was_cancelled": True}, {"ground_truth": True}, {"updated_by": 99}])
        task = replace(self.there[number], annotations=(self.answer(number, 1, **how), self.answer(number, 2)))
        self.there[number] = task
        self.take(task)

    def writes_nonsense(self) -> None:
        number = self.rng.choice(sorted(self.there))
        wrong = replace(self.answer(number, 3), result=[{"from_name": "none", "type": "choices", "value": {}}])
        self.take(replace(self.there[number], annotations=(wrong,)))

    def deletes(self) -> None:
        if len(self.there) > TASKS // 2:
            gone = self.rng.choice(sorted(self.there))
            del self.there[gone]
            with self.store.begin() as connection:
                intake.mark_tasks_deleted(connection, [], self.now)
                intake.compare(connection, self.key, [], self.now, after=gone - 1, until=gone)

    def adds(self) -> None:
        number = max(self.truth) + 1
        self.truth[number] = self.rng.choice(LABELS)
        self.there[number] = self.answered(number)
        self.take(self.there[number])

    def shows_something_else(self) -> None:
        number = self.rng.choice(sorted(self.there))
        self.there[number] = replace(self.there[number], data={"text": f"quite another text, {self.now} words of it"})
        self.take(self.there[number])

    def rules(self) -> None:
        task = self.key_of(self.rng.choice(sorted(self.there)))
        with self.store.begin() as connection:
            ruled = select(tables.rulings.c.annotation_version)
            free = select(annotation_versions.c.id).where(annotation_versions.c.id.not_in(ruled))
            version = connection.execute(free.order_by(annotation_versions.c.id)).scalar()
            key = f"{task}-{self.now}"
            row = {"key": key, "project": self.key, "task": task, "control": "tone", "round": self.now % 2**31}
            row |= {"band": 1, "priority": 0.5, "action": "adjudicate", "findings": [], "data": {}, "state": "open"}
            reviews.intend(connection, [{**row, "intended_at": 1}])
            review = connection.execute(select(tables.reviews.c.id).where(tables.reviews.c.key == key)).scalar_one()
            said = {"answers": {"tone": canonical(Choices((self.rng.choice(LABELS),)))}, "verdict": None, "cause": None}
            who = {"annotation_version": version, "reviewer": 9, "rationale": None, "ruled_at": self.now}
            rulings.add_ruling(connection, review, {**said, **who, "disputant": False, "counts_as": None}, self.now)

    def acts(self) -> None:
        acts = [self.answers_some, self.skips_or_marks, self.writes_nonsense, self.deletes, self.adds]
        self.rng.choice([*acts, self.shows_something_else, self.rules])()


def lived(world: World, steps: int) -> None:
    """People act; after each of their acts what changed is judged by itself, and then everything is."""
    assert world.assess().changed
    for _ in range(steps):
        world.acts()
        touched = sorted(world.read(changes.touched_tasks))
        mine = {*touched, *world.read(judged.judged_so_far).alike(touched).tolist()}
        before = {table.name: world.rows(table) for table in (consensus, queue)}
        partly = world.assess()
        assert not partly.changed or partly.report["partial"]["tasks"] == len(mine)
        assert not world.assess().changed, "twice is once"
        after = {table.name: world.rows(table) for table in (consensus, queue)}
        kept, found = world.read(packed.last), world.read(reading.read)
        assert list(kept.columns()) == list(found.columns) and kept.excluded == found.excluded
        assert kept.progress == reading.progress(found.tallies)
        whole = world.whole()
        assert whole.report["partial"] is None
        for part in ("progress", "excluded", "by_others"):
            assert plain(whole.report[part]) == plain(partly.report[part]), part
        for table in (consensus, queue):
            rows, was, then = world.rows(table), after[table.name], before[table.name]
            assert {task: row for task, row in was.items() if task not in mine} == {
                task: row for task, row in then.items() if task not in mine
            }
            assert {task: row for task, row in rows.items() if task in mine} == {
                task: row for task, row in was.items() if task in mine
            }


def plain(value: Any) -> Any:
    """As JSON has it."""
    return json.loads(json.dumps(value))


@hypothesis_settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.randoms(use_true_random=False))
def test_among_all_other_tasks_it_comes_out_as_when_everything_is_judged(rng: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = new_store(Path(folder) / "store.sqlite3")
        lived(World(store, rng), 4)
        store.close()


def test_so_it_does_on_either_database(any_store: Store) -> None:
    lived(World(any_store, random.Random(5)), 6)


def test_a_write_that_nobody_says_anything_of_makes_it_everything(any_store: Store) -> None:
    world = World(any_store, random.Random(1))
    assert world.assess().report["partial"] is None, "it is the first one"
    world.answers_some()
    assert world.assess().report["partial"] is not None
    world.answers_some()
    with any_store.begin() as connection:
        connection.execute(tasks.update().where(tasks.c.id == world.key_of(1)).values(overlap=2))
    assert world.assess().report["partial"] is None
    world.answers_some()
    assert world.assess().report["partial"]["full_at"] == world.read(judged.judged_so_far).whole_at


@pytest.mark.parametrize(
    ("limits", "how"),
    [
        (replace(EVERYTHING, large=10_000), {}),
        (replace(EVERYTHING, most=2), {}),
        (replace(EVERYTHING, share=0.01), {}),
        (replace(EVERYTHING, since=0.01), {}),
        (EVERYTHING, {"full_assessment_hours": 0}),
        (EVERYTHING, {"policy": {"audit_share": 0, "budget": 5}}),
        (EVERYTHING, {"policy": {"audit_share": 0, "annotator_cap": 5}}),
    ],
)
def test_everything_is_judged_where_a_part_would_not_do(tmp_path: Path, limits: Limits, how: dict[str, Any]) -> None:
    world = World(new_store(tmp_path / "store.sqlite3"), random.Random(1))
    world.settings = SETTINGS.model_copy(update=how)
    world.assess(limits)
    world.answers_some()
    found = world.assess(limits)
    assert found.changed and found.report["partial"] is None
    world.store.close()


def test_everything_is_judged_when_that_was_long_ago_or_would_be_otherwise(tmp_path: Path) -> None:
    world = World(new_store(tmp_path / "store.sqlite3"), random.Random(1))
    world.assess()
    world.answers_some()
    assert world.assess().report["partial"]
    world.now += 25 * 3_600_000_000
    assert world.assess().report["partial"] is None, "a day is over"
    assert not world.assess().changed
    world.now += 25 * 3_600_000_000
    assert not world.assess().changed, "nothing was judged by itself since"
    world.answers_some()
    world.settings = SETTINGS.model_copy(update={"seed": 7})
    assert world.assess().report["partial"] is None
    world.store.close()


def test_an_assessment_that_another_one_overtakes_begins_again(any_store: Store) -> None:
    world = World(any_store, random.Random(1))
    world.assess()
    world.answers_some()
    looks = iter(range(100))

    def clock() -> int:
        if next(looks) == 1:  # it has read, and judges
            world.answers_some()
            world.assess()
        return world.now

    last = assess(any_store, world.key, world.settings, clock, EVERYTHING)
    assert last.report["partial"]["tasks"] >= 4
    kept, found = world.read(packed.last), world.read(reading.read)
    assert list(kept.columns()) == list(found.columns)
    assert world.read(changes.touched_tasks) == {}
    looks = iter(range(100))
    world.answers_some()
    never = world.settings.model_copy(update={"full_assessment_hours": 0})
    assess(any_store, world.key, never, clock)
    assert list(world.read(packed.last).columns()) == list(world.read(reading.read).columns)


def test_one_that_is_killed_while_it_writes_is_made_again(any_store: Store) -> None:
    world = World(any_store, random.Random(1))
    world.assess()
    world.answers_some()
    before = world.rows(consensus), world.read(changes.touched_tasks)
    looks = iter(range(100))

    def clock() -> int:
        if next(looks) == 2:  # it writes
            raise KeyboardInterrupt
        return world.now

    with pytest.raises(KeyboardInterrupt):
        assess(any_store, world.key, world.settings, clock, EVERYTHING)
    assert (world.rows(consensus), world.read(changes.touched_tasks)) == before
    assert world.assess().report["partial"] and not world.assess().changed


def test_what_concerns_no_task_of_it_is_not_read(tmp_path: Path) -> None:
    world = World(new_store(tmp_path / "store.sqlite3"), random.Random(1))
    world.assess()
    with world.store.begin() as connection:
        remote = RemoteProject(8, "Other", "", 1, CONFIG, "", "", 3, False)
        other = projects.remember(connection, remote, kind="source", now=1).key
    with world.store.begin() as connection:
        intake.save(connection, other, [test_intake.task(1, 1)], test_intake.decode, 1)
    seen = reads(world.store)
    assert not world.assess().changed
    assert not any("annotation" in statement for statement in seen)
    world.store.close()


def test_it_is_recorded_as_what_it_is_and_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    world = World(new_store(tmp_path / "store.sqlite3"), random.Random(1))
    world.assess()
    for _ in range(3):
        world.answers_some()
        assert world.assess().changed
    with world.store.read() as connection:
        reports = connection.execute(select(assessments.c.report).order_by(assessments.c.id)).scalars().all()
        query = select(audit_details.c.text).join(audit_events, audit_events.c.id == audit_details.c.event)
        told = connection.execute(query.where(audit_events.c.action == "assess")).scalars().all()
    assert [one["partial"] is None for one in reports] == [True, False]
    parts = [json.loads(text)["subject"].get("partial") for text in told]
    assert parts[0] is None and parts[-1] == reports[-1]["partial"] and len(parts) == 4
    world.store.close()


def test_the_sample_has_answers_of_everybody_who_answered_and_known_tasks(tmp_path: Path) -> None:
    world = World(new_store(tmp_path / "store.sqlite3"), random.Random(1))
    world.assess()
    block = world.read(packed.last)
    few = Limits(sample=3, known=1, answers=4)
    found = sample(block, {world.key_of(1)}, few)
    assert sample(block, {world.key_of(1)}, few).tolist() == found.tolist()
    asked = {row.annotator for row in block.columns() if row.task == world.key_of(1)}
    for person in asked:
        assert sum(row.annotator == person and row.task in found for row in block.columns()) >= 4
    assert len(sample(block, set(), few)) <= 4
    assert len(sample(block, set(), EVERYTHING)) == TASKS
    world.store.close()


def test_beside_a_sample_nearly_every_answer_is_what_it_is_among_everything(tmp_path: Path) -> None:
    world = World(new_store(tmp_path / "store.sqlite3"), random.Random(1))
    world.assess()
    for _ in range(4):
        world.answers_some()
    touched = world.read(changes.touched_tasks)
    world.assess(replace(EVERYTHING, sample=20, known=5, answers=10))
    partly = world.rows(consensus)
    world.whole()
    other = [task for task, row in world.rows(consensus).items() if row["answer"] != partly[task]["answer"]]
    assert len(set(other) & set(touched)) <= 1
    world.store.close()


def test_people_are_told_of_when_agreement_is_and_what_was_judged_since(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = stage(tmp_path).create(texts(4)).answer([(0, 1, "positive"), (0, 2, "negative")]).assess()
    with one.store.begin() as connection:
        report = connection.execute(select(assessments.c.report)).scalar_one()
        report["partial"] = {"tasks": 12, "full_at": 1_790_000_000_000_000}
        connection.execute(assessments.update().values(report=report))
    shown = " ".join(re.sub("<[^>]+>", "", page(one, "/projects/7")).split())
    assert re.search("agreement of .{1,40}, 12 tasks judged anew since", shown)
    terminal.show_report(report)
    assert "agreement of 2026-09-21 14:13 UTC; 12 tasks judged anew since" in " ".join(capsys.readouterr().out.split())
    with one.store.read() as connection:
        assert any(
            line.endswith("only what changed, 12 tasks since everything was 2026-09-21 14:13:20 UTC")
            for line in in_words(status(connection, 7))
        )
    one.store.close()
