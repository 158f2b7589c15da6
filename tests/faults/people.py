"""People who do anything at any time, syncs in between: a machine for hypothesis, with the real Label Studio."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from sync.errors import LabelStudioError
from sync.push.groups import GROUP
from sync.store.engine import open_store
from sync.store.tables import annotation_versions, annotations, projects, queue, reviews, tasks

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import XML, result, review_projects, review_tasks, ruling, scene
from .checks import broken_chain, pushed_twice, unlike_an_import
from .fuse import Fuse
from .stage import Stage

LABELS = ("good", "bad", "none")
INTERFACES = (
    XML,
    XML.replace("</Choices>", '<Choice value="odd"/></Choices>'),
    XML.replace('<Choice value="none"/>', '<Choice value="neither"/>'),
)
EVERY = 3
"""So many things happen between two syncs."""
any_label = st.sampled_from(LABELS)
any_person = st.integers(0, 2)
anything = st.integers(0, 1_000)
"""Which of those there are: counted from the first again after the last."""


class People(RuleBasedStateMachine):
    """``seen`` is every version of an annotation that a sync could see."""

    def __init__(self, studio: RunningLabelStudio, folder: Callable[[], Path]) -> None:
        super().__init__()
        self.studio = studio
        self.admin = studio.as_("admin")
        self.folder = folder()
        self.ready: Stage | None = None
        self.seen: set[tuple[Any, ...]] = set()
        self.same_interface = True
        self.steps = 0

    def teardown(self) -> None:
        if self.ready is not None:
            self.ready.close()

    @initialize(given=st.lists(st.lists(any_label, max_size=3), min_size=2, max_size=4))
    def begin(self, given: list[list[str]]) -> None:
        made = scene(self.studio, [list(LABELS), *given])
        self.tasks = list(made.tasks)
        self.ready = Stage(self.studio, self.folder, made.project)

    @property
    def stage(self) -> Stage:
        assert self.ready is not None
        return self.ready

    def task(self, which: int) -> int:
        return self.tasks[which % len(self.tasks)]

    @rule(given=st.lists(any_label, max_size=3))
    def import_a_task(self, given: list[str]) -> None:
        """It may get the id of one that was deleted."""
        people = [one.id for one in self.studio.people if one.role == "annotator"]
        answers = [
            {"completed_by": person, "result": result(label), "ground_truth": False}
            for person, label in zip(people, given, strict=False)
        ]
        body = {"data": {"text": "another text"}, "annotations": answers}
        self.tasks += self.admin.import_tasks(self.stage.project, [body])

    @precondition(lambda self: self.tasks)
    @rule(which=anything, person=any_person, label=st.sampled_from((*LABELS, "odd", "unheard of")))
    def answer(self, which: int, person: int, label: str) -> None:
        self.studio.as_("annotator", person).create_annotation(self.task(which), _said(label))

    @precondition(lambda self: self.tasks)
    @rule(which=anything, person=any_person)
    def skip(self, which: int, person: int) -> None:
        self.studio.as_("annotator", person).create_annotation(self.task(which), [], was_cancelled=True)

    @precondition(lambda self: self.tasks)
    @rule(which=anything, annotation=anything, label=any_label)
    def edit(self, which: int, annotation: int, label: str) -> None:
        for one in self._annotation(which, annotation):
            self.admin.update_annotation(one, result=result(label))

    @precondition(lambda self: self.tasks)
    @rule(which=anything, annotation=anything)
    def delete_an_annotation(self, which: int, annotation: int) -> None:
        for one in self._annotation(which, annotation):
            self.admin.delete_annotation(one)

    def _annotation(self, which: int, annotation: int) -> list[int]:
        there = self.admin.task(self.task(which)).annotations
        return [there[annotation % len(there)].id] if there else []

    @precondition(lambda self: self.tasks)
    @rule(which=st.one_of(anything, st.just(-1)))
    def delete_a_task(self, which: int) -> None:
        task = self.task(which)
        self.admin.delete_task(task)
        self.tasks.remove(task)

    @precondition(lambda self: self.tasks)
    @rule(which=anything)
    def change_a_text(self, which: int) -> None:
        self.admin.update_task(self.task(which), data={"text": "quite another text"})

    @rule(which=st.sampled_from(INTERFACES))
    def change_the_interface(self, which: str) -> None:
        try:
            self.admin.update_project(self.stage.project, label_config=which)
            self.same_interface = False
        except LabelStudioError:
            """Label Studio refuses to drop a label that is in use."""

    @rule(which=anything, label=any_label)
    def review(self, which: int, label: str) -> None:
        homes = review_projects(self.admin, self.stage.project)
        reviewer = self.studio.as_("reviewer")
        task = reviewer.next_task(homes[which % len(homes)].id) if homes else None
        if task is not None:
            reviewer.create_annotation(task.id, ruling(label))

    @rule(which=anything)
    def delete_a_review_task(self, which: int) -> None:
        there = review_tasks(self.admin, self.stage.project)
        if there:
            self.admin.delete_task(there[which % len(there)].id)

    @rule(which=anything)
    def delete_a_review_project(self, which: int) -> None:
        homes = review_projects(self.admin, self.stage.project)
        if homes:
            self.admin.delete_project(homes[which % len(homes)].id)

    @invariant()
    def now_and_then(self) -> None:
        """By number and not by chance, or there would be examples without any sync."""
        self.steps += 1
        if self.steps % EVERY == 0:
            self.sync()

    def sync(self) -> None:
        """What always holds, holds after it."""
        self.stage.run()
        self._nothing_is_lost()
        problems = [
            *unlike_an_import(self.stage, ("rejected", "answers") if self.same_interface else ()),
            *pushed_twice(self.stage),
            *broken_chain(self.stage.url),
        ]
        assert not problems, "\n".join(problems)
        self._what_is_queued_is_pushed()
        self._one_version_everywhere()
        self._a_second_run_changes_nothing()

    def _nothing_is_lost(self) -> None:
        for task in self.admin.tasks_after(self.stage.project, 0, 1_000):
            for one in task.annotations:
                what = repr(one.result), one.was_cancelled, one.completed_by
                self.seen.add((task.id, task.created_at, one.id, one.created_at, one.updated_at, *what))
        missing = self.seen - self._kept()
        assert not missing, f"not in the history: {missing}"

    def _kept(self) -> set[tuple[Any, ...]]:
        query = (
            select(
                tasks.c.label_studio_id,
                tasks.c.created_at,
                annotations.c.label_studio_id,
                annotations.c.created_at,
                annotation_versions.c.updated_at,
                annotation_versions.c.result,
                annotation_versions.c.was_cancelled,
                annotation_versions.c.annotator,
            )
            .join(annotations, annotations.c.task == tasks.c.id)
            .join(annotation_versions, annotation_versions.c.annotation == annotations.c.id)
        )
        return {(*row[:5], repr(row[5]), *row[6:]) for row in self._rows(query)}

    def _what_is_queued_is_pushed(self) -> None:
        of_source = projects.c.label_studio_id == self.stage.project
        queued = select(queue.c.task, queue.c.action, queue.c.findings)
        queued = queued.join(projects, projects.c.id == queue.c.project).where(of_source)
        opened = select(reviews.c.key, reviews.c.review_task, reviews.c.task, reviews.c.state)
        every = self._rows(opened.where(reviews.c.state.in_(("open", "intended", "lost"))))
        ruled = {row.task for row in self._rows(opened.where(reviews.c.state == "ruled"))}
        found = [row for row in every if row.state != "lost"]
        there = {task.data["tiebreak_key"]: task.id for task in review_tasks(self.admin, self.stage.project)}
        assert {row.key: row.review_task for row in found}.items() <= there.items()
        assert [row.state for row in found] == ["open"] * len(found)
        # A review task that a person deleted is not pushed again. One of near-identical tasks stands for all of them,
        # also once it is ruled.
        pushed = {row.task for row in every}
        for task, action, findings in self._rows(queued):
            alike = {other for one in findings for other in one.get("related", ())} if action == GROUP else set()
            assert task in pushed or alike & (pushed | ruled), f"task {task}: queued, and not pushed"

    def _one_version_everywhere(self) -> None:
        version = self.admin.project(self.stage.project).model_version
        stored = self.admin.model_versions(self.stage.project)
        assert set(stored) <= {version}
        known = self.stage.backend.memory.round
        assert known in (version, None)

    def _a_second_run_changes_nothing(self) -> None:
        before, fuse = self.stage.worlds(), Fuse()
        self.stage.run(fuse)
        written = [name for name in fuse.events if not name.startswith(("GET ", "backend GET ", "commit"))]
        assert written == []
        assert self.stage.worlds() == before

    def _rows(self, query: Any) -> list[Any]:
        store = open_store(self.stage.url)
        try:
            with store.read() as connection:
                return list(connection.execute(query))
        finally:
            store.close()


def _said(label: str) -> list[dict[str, Any]]:
    """An answer that Label Studio takes, whether or not its interface has the label."""
    return [{**result("good")[0], "value": {"choices": [label]}}]
