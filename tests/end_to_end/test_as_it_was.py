"""Answers are read by the interface of their time, and the history of a task says what became of each."""

from collections.abc import Sequence
from typing import Any

import pytest

from label_config.answers import chosen
from sync.errors import Unsupported
from sync.pull import pull
from sync.store import projects
from sync.store.annotations import ByOther, answers_of, by_others
from sync.store.columns import Excluded
from sync.store.engine import Store
from sync.store.history import Event, history
from sync.store.interfaces import periods

from ..conftest import RunningLabelStudio, clock
from .scenes import XML, Scene, result, scene

pytestmark = pytest.mark.label_studio
RENAMED = XML.replace('"bad"', '"poor"')
MARKED = XML.replace("</View>", '<Labels name="words" toName="text"><Label value="odd"/></Labels></View>')
UNREADABLE = XML.replace('value="bad"', 'value="bad" alias=" "')


def said(label: str) -> list[dict[str, Any]]:
    """A result with any label, whether the interface has it or not."""
    return [{**result("good")[0], "value": {"choices": [label]}}]


class Looked:
    """What the store says after each pull."""

    def __init__(self, label_studio: RunningLabelStudio, store: Store, answers: Sequence[Sequence[str]]) -> None:
        self.admin = label_studio.as_("admin")
        self.store = store
        self.scene: Scene = scene(label_studio, answers)

    def pull(self, xml: str | None = None) -> "Looked":
        """Pull, the interface having become ``xml`` before."""
        if xml is not None:
            self.admin.update_project(self.scene.project, label_config=xml)
        pull(self.store, self.admin, self.scene.project, clock)
        return self

    @property
    def key(self) -> int:
        with self.store.read() as connection:
            return projects.source(connection, self.scene.project).key

    def answers(self, control: str = "mood") -> list[Any]:
        with self.store.read() as connection:
            rows, _ = answers_of(connection, self.key)
        return sorted(row.answer for row in rows if row.control == control)

    def labels(self) -> list[str]:
        return [label for answer in self.answers() for label in chosen(answer)]

    def excluded(self) -> Excluded:
        with self.store.read() as connection:
            return answers_of(connection, self.key)[1]

    def events(self, task: int) -> list[Event]:
        with self.store.read() as connection:
            return history(connection, self.key, self.scene.tasks[task])


def test_a_renamed_label_invalidates_no_history_and_todays_reports_say_what_they_leave_out(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    looked = Looked(label_studio, store, [["good", "bad"], []]).pull().pull(RENAMED)
    assert (looked.labels(), looked.excluded().rejected) == (["good"], ())
    (gone,) = looked.excluded().outdated
    assert (gone.answers, gone.reason) == (1, "control 'mood': the label 'bad' is not in the labeling interface")
    for number, label in enumerate(("bad", "poor")):
        label_studio.as_("annotator", number).create_annotation(looked.scene.tasks[1], said(label))
    looked.pull()
    assert looked.labels() == ["good", "poor"]
    (rejected,) = looked.excluded().rejected
    assert "the label 'bad' is not in the labeling interface" in rejected.reason
    first = [event for event in looked.events(0) if event.what.startswith("annotation")]
    assert [event.interface for event in first] == [1, 1]
    assert [event.became for event in first] == ["counts", f"not in today's reports: {gone.reason}"]
    later = [event for event in looked.events(1) if event.what.startswith("annotation")]
    assert [event.interface for event in later] == [2, 2]
    assert later[0].became == f"set aside: {rejected.reason}"
    assert "labeling interface 2 seen" in [event.what for event in looked.events(1)]
    looked.pull(XML)  # the old one comes back: what did not fit its time fits now
    assert looked.labels() == ["bad", "bad", "good"]
    with store.read() as connection:
        assert [one.number for one in periods(connection, looked.key)] == [1, 2, 1]


def test_an_interface_that_only_grew_says_nothing_of_what_was_not_asked(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    looked = Looked(label_studio, store, [["good"], []]).pull().pull(MARKED)
    assert (looked.labels(), looked.answers("words")) == (["good"], [])
    label_studio.as_("annotator").create_annotation(looked.scene.tasks[1], result("good"))
    looked.pull()
    assert [answer.regions for answer in looked.answers("words")] == [()]
    assert looked.excluded() == Excluded()


def test_what_was_answered_between_two_pulls_is_read_by_the_interface_that_it_fits(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    looked = Looked(label_studio, store, [[], []]).pull()
    label_studio.as_("annotator").create_annotation(looked.scene.tasks[0], result("bad"))
    looked.admin.update_project(looked.scene.project, label_config=RENAMED)
    label_studio.as_("annotator").create_annotation(looked.scene.tasks[1], said("poor"))
    looked.pull()
    assert (looked.labels(), looked.excluded().rejected) == (["poor"], ())
    assert [one.answers for one in looked.excluded().outdated] == [1]
    read_by = [[event.interface for event in looked.events(task) if event.details] for task in (0, 1)]
    assert read_by == [[1], [2]]


def test_while_an_interface_cannot_be_read_nothing_is_lost(label_studio: RunningLabelStudio, store: Store) -> None:
    looked = Looked(label_studio, store, [["good"], []]).pull()
    annotator = label_studio.as_("annotator")
    looked.admin.update_project(looked.scene.project, label_config=UNREADABLE)
    given = annotator.create_annotation(looked.scene.tasks[1], result("bad")) or 0
    for _ in range(2):
        with pytest.raises(Unsupported, match=r"cannot be looked after yet: .* empty alias"):
            looked.pull()
    annotator.update_annotation(given, result=result("none"))
    looked.pull(XML)
    assert looked.labels() == ["good", "none"]
    told = [event.details for event in looked.events(1) if event.what.startswith("annotation")]
    assert told == ["mood = bad", "mood = none"]


def test_answers_in_somebody_elses_name_are_told(label_studio: RunningLabelStudio, store: Store) -> None:
    looked = Looked(label_studio, store, [["good"], []])
    task = looked.scene.tasks[1]
    people = [label_studio.person("annotator", place) for place in range(2)]
    forged = label_studio.as_("annotator", 1).create_annotation(task, result("bad"), completed_by=people[0].id)
    looked.pull()
    with store.read() as connection:
        assert by_others(connection, looked.key) == (ByOther(forged or 0, task, people[0].id, people[1].id),)
    (event,) = [one for one in looked.events(1) if one.what.startswith("annotation")]
    assert event.who == looked.admin.users()[people[1].id - 1].name
    assert "in the name of" in event.details
    assert looked.labels() == ["bad", "good"]


def test_drafts_are_no_answers_and_imported_answers_are_ground_truth_unless_they_say_otherwise(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    looked = Looked(label_studio, store, [[]])
    admin, project = looked.admin, looked.scene.project
    body = {"result": result("bad"), "lead_time": 3}
    admin._transport.send("POST", f"api/tasks/{looked.scene.tasks[0]}/drafts", body=body)
    admin.import_tasks(project, [{"data": {"text": "x"}, "annotations": [{"result": result("good")}]}])
    looked.pull()
    assert (looked.labels(), looked.excluded()) == ([], Excluded(ground_truth=1))
    assert [event.what for event in looked.events(0)] == ["task created"]


def test_the_history_says_what_became_of_each_answer(label_studio: RunningLabelStudio, store: Store) -> None:
    looked = Looked(label_studio, store, [[]])
    (task,) = looked.scene.tasks
    annotator, other = label_studio.as_("annotator"), label_studio.as_("annotator", 1)
    first = annotator.create_annotation(task, result("good")) or 0
    gone = other.create_annotation(task, result("bad")) or 0
    looked.pull()
    annotator.update_annotation(first, result=result("none"))
    annotator.create_annotation(task, result("bad"))
    looked.admin.delete_annotation(gone)
    other.create_annotation(task, [], was_cancelled=True)
    other.create_annotation(task, [])
    looked.admin.create_annotation(task, result("good"), ground_truth=True)
    looked.pull()
    told = [(event.what.split(" ", 2)[2], event.became) for event in looked.events(0)[1:]]
    assert told == [
        ("submitted", "changed later"),
        ("submitted", "deleted"),
        ("changed", "the same person's later one counts"),
        ("submitted", "counts"),
        ("skipped", "skipped: does not count"),
        ("submitted", "set aside: the result is empty: nothing was answered"),
        ("submitted as ground truth", "ground truth"),
        ("found deleted", ""),
    ]
