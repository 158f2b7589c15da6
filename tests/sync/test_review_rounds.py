"""Reviews that come back, are withdrawn, are ruled twice, or come too late: on the store alone."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

from label_config.answers import Choices
from label_config.results import canonical
from sync.cli import app
from sync.errors import SettingsError
from sync.push.asking import Wanted
from sync.push.groups import Groups
from sync.push.intent import BLIND, NAMESPACE, intend, is_blind
from sync.quality.priority import Policy
from sync.resolve_report import ResolveReport
from sync.settings import Band, Settings
from sync.store import acts, guidelines, intake, projects, review_rounds, reviews, served, votes
from sync.store import rulings as ruling
from sync.store.assessments import QueueEntry, insert_assessment
from sync.store.audit_entries import Wanted as Events
from sync.store.audit_entries import entries
from sync.store.engine import Store
from sync.store.history import history
from sync.store.intake import Decoded
from sync.store.reading import columns_of
from sync.store.tables import annotation_versions, queue, rulings, tasks
from sync.store.tables import reviews as review_table

from .test_intake import PROJECT, annotation, task

XML = """<View><Text name="text" value="$text"/><Choices name="mood" toName="text"><Choice value="good"/>
<Choice value="bad"/></Choices></View>"""
A_DAY = 86_400_000_000


@dataclass
class Desk:
    """A source project with six tasks that two people answered, a review project, and a clock that goes on."""

    store: Store
    source: int = 0
    home: int = 0
    now: int = 100
    given: int = 0

    def begin(self) -> "Desk":
        with self.store.begin() as connection:
            source = replace(PROJECT, label_config=XML)
            self.source = projects.remember(connection, source, kind="source", now=1).key
            remote = replace(PROJECT, id=8)
            self.home = projects.remember(connection, remote, kind="review", now=1, source=self.source, band=1).key
            page = [task(number, 10, annotation(number, 20, [])) for number in range(1, 7)]
            intake.save(
                connection, self.source, page, lambda *_: Decoded({"mood": canonical(Choices(("good",)))}, None), 1
            )
        return self

    def judge(self, *found: int, priority: float = 0.9, action: str = "check", related: tuple[int, ...] = ()) -> None:
        """An assessment that finds something on these tasks (the store's keys are Label Studio's ids here)."""
        self.now += 10
        finding = {"kind": "tie", "severity": 0.5, "reason": "They differ.", "numbers": {}, "related": list(related)}
        with self.store.begin() as connection:
            connection.execute(queue.delete())
            for one in found:
                row = {"task": one, "control": "mood", "project": self.source, "priority": priority, "band": 2}
                connection.execute(insert(queue).values(**row, action=action, findings=[finding], parts={}))
            insert_assessment(connection, self.source, str(self.now), {}, self.now)
            review_rounds.mark_needless(connection, self.source, set(found), set(range(1, 7)), self.now)

    def push(self, **settings: Any) -> None:
        """What a push intends; what is intended arrives at once."""
        self.now += 10
        intend(self.store, self.source, Settings(**{"blind_share": 0, **settings}), self.now)
        with self.store.begin() as connection:
            for one in reviews.intended(connection, self.source, 2) + reviews.intended(connection, self.source, 1):
                reviews.mark_open(connection, self.home, [(one.key, 500 + one.id, 0.1)])

    def rule(self, on: int, label: str, reviewer: int = 9, counts_as: str | None = None, edits: int = 0) -> int:
        """A ruling on the newest review of a task; the annotation. ``edits``: it is a new version of that one."""
        self.now += 10
        self.given += 1
        number = edits or 900 + self.given
        with self.store.begin() as connection:
            review = review_rounds.newest(connection, self.source)[on]
            page = [task(5000 + number, 10, annotation(number, self.now, [{"id": str(self.given)}]))]
            intake.save(connection, self.home, page, lambda *_: Decoded({}, None), 1)
            version = connection.execute(
                select(annotation_versions.c.id).order_by(annotation_versions.c.id.desc()).limit(1)
            ).scalar_one()
            values = {"annotation_version": version, "reviewer": reviewer, "verdict": None, "cause": None}
            values |= {"answers": {"mood": canonical(Choices((label,)))} if label else {}, "rationale": None}
            values |= {"ruled_at": self.now, "disputant": False, "counts_as": counts_as}
            ruling.add_ruling(connection, review.id, values, self.now)
        return number

    def rounds(self) -> list[tuple[int, int, str]]:
        """(task, round, state) of every review."""
        with self.store.read() as connection:
            rows = connection.execute(select(review_table).order_by(review_table.c.task, review_table.c.round))
            return [(row.task, row.round, row.state) for row in rows]


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store).begin()


@pytest.fixture
def any_desk(any_store: Store) -> Desk:
    """On either database: for one test of each query."""
    return Desk(any_store).begin()


def test_what_lost_its_reason_is_withdrawn_and_comes_back_as_another_round(any_desk: Desk) -> None:
    any_desk.judge(1, 2)
    any_desk.push()
    any_desk.judge(2)
    any_desk.push()
    assert any_desk.rounds() == [(1, 1, "withdrawn"), (2, 1, "open")]
    with any_desk.store.begin() as connection:
        (waiting,) = review_rounds.to_hide(connection, any_desk.source)
        review_rounds.hidden(connection, waiting.id, any_desk.now)
        assert review_rounds.to_hide(connection, any_desk.source) == []
    any_desk.judge(1, 2)
    any_desk.push()
    any_desk.push()
    assert any_desk.rounds() == [(1, 1, "withdrawn"), (1, 2, "open"), (2, 1, "open")]


def test_a_budget_that_keeps_an_entry_out_of_the_queue_withdraws_nothing(desk: Desk) -> None:
    desk.judge(1, 2)
    desk.push()
    with desk.store.begin() as connection:
        connection.execute(queue.delete())
        review_rounds.mark_needless(connection, desk.source, {1, 2}, set(), desk.now)
    desk.push()
    assert {state for _, _, state in desk.rounds()} == {"open"}


def test_a_reason_that_comes_back_in_time_leaves_the_review_where_it_is(desk: Desk) -> None:
    desk.judge(1)
    desk.push()
    desk.judge()
    desk.judge(1)
    desk.push()
    assert desk.rounds() == [(1, 1, "open")]


def test_a_random_audit_is_needed_until_somebody_confirms_the_answer(desk: Desk) -> None:
    desk.judge(1, action="audit")
    desk.push()
    desk.judge()
    desk.push()
    assert desk.rounds() == [(1, 1, "open")]
    with desk.store.begin() as connection:
        review_rounds.mark_needless(connection, desk.source, set(), set(), desk.now)
    desk.push()
    assert desk.rounds() == [(1, 1, "withdrawn")]


def test_the_review_of_a_task_that_was_deleted_is_withdrawn(desk: Desk) -> None:
    desk.judge(1)
    desk.push()
    with desk.store.begin() as connection:
        connection.execute(update(tasks).where(tasks.c.id == 1).values(deleted_at=5))
    desk.push()
    assert desk.rounds() == [(1, 1, "withdrawn")]


def test_what_was_withdrawn_before_it_arrived_needs_no_hiding(desk: Desk) -> None:
    desk.judge(1)
    intend(desk.store, desk.source, Settings(), desk.now)
    desk.judge()
    desk.push()
    assert desk.rounds() == [(1, 1, "withdrawn")]
    with desk.store.read() as connection:
        assert review_rounds.to_hide(connection, desk.source) == []


def test_a_ruled_task_comes_back_when_it_is_judged_doubtful_after_its_ruling_and_not_before(desk: Desk) -> None:
    desk.judge(1)
    desk.push()
    desk.rule(1, "good")
    desk.push()
    assert desk.rounds() == [(1, 1, "ruled")], "the queue is older than the ruling"
    desk.judge(1)
    desk.push()
    assert desk.rounds() == [(1, 1, "ruled"), (1, 2, "open")]


def test_what_could_not_be_decided_comes_back_only_when_somebody_answers_again(any_desk: Desk) -> None:
    any_desk.judge(1)
    any_desk.push()
    any_desk.rule(1, "")
    any_desk.judge(1)
    any_desk.push()
    assert any_desk.rounds() == [(1, 1, "ruled")]
    with any_desk.store.begin() as connection:
        page = [task(1, 10, annotation(1, 20, []), annotation(77, any_desk.now + 5, []))]
        intake.save(
            connection, any_desk.source, page, lambda *_: Decoded({"mood": canonical(Choices(("bad",)))}, None), 1
        )
    any_desk.judge(1)
    any_desk.push()
    assert any_desk.rounds() == [(1, 1, "ruled"), (1, 2, "open")]


def test_two_reviewers_who_differ_make_another_round_one_band_more_urgent(any_desk: Desk) -> None:
    any_desk.judge(1, priority=0.3)
    any_desk.push()
    any_desk.rule(1, "good", reviewer=9)
    any_desk.rule(1, "bad", reviewer=10)
    any_desk.push()
    any_desk.judge()
    any_desk.push()
    assert any_desk.rounds() == [(1, 1, "ruled"), (1, 2, "open")]
    with any_desk.store.read() as connection:
        newest = review_rounds.newest(connection, any_desk.source)[1]
        assert (newest.band, newest.priority) == (1, Policy().p1_from)
        assert newest.findings[0]["reason"] == "Two reviewers ruled differently on this task."
        assert votes.disputants(connection, 1) >= {9, 10}
    any_desk.rule(1, "bad", reviewer=11)
    any_desk.push()
    assert any_desk.rounds() == [(1, 1, "ruled"), (1, 2, "ruled")]


def test_who_changes_a_ruling_or_says_the_same_contradicts_nobody(desk: Desk) -> None:
    desk.judge(1)
    desk.push()
    first = desk.rule(1, "good")
    desk.rule(1, "bad", edits=first)
    desk.rule(1, "bad", reviewer=10)
    desk.judge()
    desk.push()
    assert desk.rounds() == [(1, 1, "ruled")]


def test_a_late_answer_is_a_vote_and_no_ruling(desk: Desk) -> None:
    desk.judge(1)
    desk.push()
    desk.judge()
    desk.push()
    desk.rule(1, "bad", counts_as=votes.VOTE)
    assert desk.rounds() == [(1, 1, "withdrawn")]
    with desk.store.read() as connection:
        assert ruling.rulings_of(connection, desk.source) == []
        assert ruling.pending_truths(connection, desk.source) == []
        nobody = columns_of(connection, desk.source)[0].only(slice(0, 0))
        (vote,) = votes.late(connection, desk.source, nobody)
        assert (vote.task, vote.annotator, vote.control, vote.answer) == (1, 9, "mood", Choices(("bad",)))
        assert votes.late(connection, desk.source, nobody, only={2}) == []
        assert votes.late(connection, desk.source, nobody.with_rows([vote])) == [], "who had a say has no second one"


def test_a_ruling_that_does_not_count_opens_its_task_for_one_more_person_once(desk: Desk) -> None:
    desk.judge(1)
    desk.push()
    desk.rule(1, "bad", counts_as=votes.NOTHING)
    assert desk.rounds() == [(1, 1, "open")]
    with desk.store.begin() as connection:
        ((review, _, rulings_there),) = review_rounds.to_open(connection, desk.source)
        review_rounds.opened(connection, review, rulings_there)
        assert rulings_there == 1
        assert review_rounds.to_open(connection, desk.source) == []
        assert ruling.pending_truths(connection, desk.source) == []
    desk.rule(1, "good", reviewer=10)
    assert desk.rounds() == [(1, 1, "ruled")]
    with desk.store.read() as connection:
        assert [one.answer for one in ruling.rulings_of(connection, desk.source)] == [Choices(("good",))]


def test_a_ruling_that_did_not_count_opens_no_task_of_a_review_project_that_was_made_since(any_desk: Desk) -> None:
    """The new task has no annotation: it is served to one person as it is, and nobody has changed it by hand."""
    any_desk.judge(1)
    any_desk.push()
    any_desk.rule(1, "bad", counts_as="nothing")
    with any_desk.store.begin() as connection:
        ((review, _, rulings_there),) = review_rounds.to_open(connection, any_desk.source)
        review_rounds.opened(connection, review, rulings_there)
        reviews.return_to_intended(connection, any_desk.home)
        remote = replace(PROJECT, id=9)
        made = projects.remember(connection, remote, kind="review", now=1, source=any_desk.source, band=2)
    any_desk.home = made.key
    any_desk.push()
    assert any_desk.rounds() == [(1, 1, "open")]
    with any_desk.store.begin() as connection:
        served.notice(connection, made.key, [task(500 + review, 10)], any_desk.now)
        assert served.changed(connection, any_desk.source) == []
        assert review_rounds.to_open(connection, any_desk.source) == []
    any_desk.rule(1, "bad", counts_as="nothing")
    with any_desk.store.read() as connection:
        assert review_rounds.to_open(connection, any_desk.source) == [(review, 500 + review, 1)]


def test_what_a_changed_guideline_touches_comes_back_once(any_desk: Desk) -> None:
    any_desk.judge(1)
    any_desk.push()
    any_desk.rule(1, "good")
    with any_desk.store.begin() as connection:
        finding = {"kind": reviews.CHANGED, "severity": 1.0, "reason": "The rule changed.", "numbers": {}}
        connection.execute(update(rulings).values(comes_back=finding))
    any_desk.judge()
    any_desk.push()
    any_desk.push()
    assert any_desk.rounds() == [(1, 1, "ruled"), (1, 2, "open")]
    any_desk.judge(1)
    any_desk.push()
    with any_desk.store.read() as connection:
        newest = review_rounds.newest(connection, any_desk.source)[1]
    assert [one["kind"] for one in newest.findings] == [reviews.CHANGED, "tie"]


def test_so_many_reviews_begin_in_a_day_and_for_each_reviewer(any_desk: Desk) -> None:
    any_desk.judge(1, 2, 3, 4, 5, 6)
    any_desk.push(reviews_a_day=2)
    assert len(any_desk.rounds()) == 2
    any_desk.push(reviews_a_day=2)
    assert len(any_desk.rounds()) == 2
    any_desk.push(reviews_a_day=5, reviews_a_reviewer=3)
    assert len(any_desk.rounds()) == 3, "nobody ruled yet: as for one person"
    any_desk.rule(1, "good")
    any_desk.rule(2, "good", reviewer=10)
    any_desk.push(reviews_a_day=5, reviews_a_reviewer=3)
    assert len(any_desk.rounds()) == 5
    any_desk.now += A_DAY
    any_desk.push(reviews_a_day=5)
    assert len(any_desk.rounds()) == 6


def entry(
    number: int, *related: int, correction: str | None = None, action: str = "group", probability: float = 0.1
) -> QueueEntry:
    numbers = {"probability": probability}
    finding = {"kind": "near_duplicate_conflict", "related": related, "correction": correction, "numbers": numbers}
    return QueueEntry(number, number, {}, "mood", 0.5, 1, action, [finding])


def one_a_group(queue: Mapping[int, list[QueueEntry]], waiting: set[int], ruled: set[int]) -> dict[int, Any]:
    groups = Groups({task: queue[task] for task in waiting if task in queue}, waiting)
    return {task: entries for task, entries in queue.items() if groups.asks(task, entries, ruled)}


def test_near_identical_tasks_have_one_review_and_wait_for_the_confirmation_of_its_ruling() -> None:
    group = {one: [entry(one, *({1, 2, 3} - {one}))] for one in (1, 2, 3)} | {4: [entry(4, 5)], 5: [entry(5, 4)]}
    assert list(one_a_group(group, set(), set())) == [1, 4]
    assert list(one_a_group(group, {2}, set())) == [2, 4], "what waits stands for its group"
    group[2] = [entry(2, 1, 3, action="adjudicate")]
    assert list(one_a_group(group, set(), set())) == [1, 2, 4]
    rest = {2: [entry(2, 1, 3, correction='["good"]')], 3: [entry(3, 1, 2)]}
    assert list(one_a_group(rest, set(), {1})) == [3], "a correction is proposed for the other one"
    rest[3] = [entry(3, 1, 2, probability=0.9)]
    assert list(one_a_group(rest, set(), {1})) == [], "it is answered as was ruled"


def test_gaps_collect_in_the_inbox_until_a_change_touches_them(any_desk: Desk) -> None:
    any_desk.judge(1, 2, 3)
    any_desk.push()
    for number, label in ((1, "good"), (2, "bad"), (3, "")):
        any_desk.rule(number, label)
    with any_desk.store.begin() as connection:
        connection.execute(update(rulings).values(cause="guideline gap", rationale="Irony?"))
        found = guidelines.inbox(connection, any_desk.source)
        assert [(one.task, dict(one.answers), one.rationale) for one in found] == [
            (1, {"mood": "good"}, "Irony?"),
            (2, {"mood": "bad"}, "Irony?"),
            (3, {}, "Irony?"),
        ]
        mark = partial(guidelines.changed, connection, any_desk.source, "Irony is bad.")
        assert mark(control="other", label=None, only=()) == [3], "what was not decided may be decided now"
        assert mark(control="mood", label="bad", only=()) == [2]
        assert mark(control=None, label=None, only=[2, 9]) == [2]
        assert [one.task for one in guidelines.inbox(connection, any_desk.source)] == [1]
    any_desk.judge()
    any_desk.push()
    assert [(number, state) for _, number, state in any_desk.rounds()] == [
        (1, "ruled"),
        *[(1, "ruled"), (2, "open")] * 2,
    ]
    with any_desk.store.read() as connection:
        said = connection.execute(select(review_table.c.data).where(review_table.c.round == 2)).scalars()
        assert {one["tiebreak_reason"] for one in said} == {"Irony is bad."}


def test_the_commands_show_the_inbox_and_mark_what_a_change_touches(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(store).begin()
    desk.judge(1)
    desk.push()
    desk.rule(1, "good")
    with store.begin() as connection:
        connection.execute(update(rulings).values(cause="guideline gap"))
    monkeypatch.setenv("TIEBREAK_STORE", store.name)

    def tiebreak(*arguments: str) -> str:
        return CliRunner().invoke(app, ["guidelines", *arguments, "--project", "7"]).stdout

    assert "task 1, 1970-01-01, user 9: mood = good" in tiebreak("inbox")
    assert '"task": 1' in tiebreak("inbox", "--json")
    assert tiebreak("changed", "--control", "mood", "--why", "New.").startswith("1 ruling to be reviewed again")
    assert tiebreak("inbox") == "no gap in the guidelines was named\n"
    with store.read() as connection:
        (event,) = entries(connection, Events(action="guideline changed"))
        assert event.actor == "command line"
    with pytest.raises(SettingsError, match="no control is named 'tone'; this labeling interface has: mood"):
        asked = ["guidelines", "changed", "--project", "7", "--control", "tone", "--why", "x"]
        CliRunner().invoke(app, asked, catch_exceptions=False)
    for touched, said in (
        (("--label", "99"), "no label is named '99'; there are: "),
        (("--task", "99999"), "project 7 has no task 99999 in the store: is the id right"),
    ):
        asked = ["guidelines", "changed", "--project", "7", *touched, "--why", "x"]
        with pytest.raises(SettingsError, match=said):
            CliRunner().invoke(app, asked, catch_exceptions=False)
    with pytest.raises(SettingsError, match="name what the change touches"):
        CliRunner().invoke(app, ["guidelines", "changed", "--project", "7", "--why", "x"], catch_exceptions=False)


def test_reviews_that_wait_longer_than_they_may_are_told_by_band(desk: Desk) -> None:
    desk.judge(1, 2)
    desk.push()
    later = desk.now + 3 * A_DAY
    with desk.store.read() as connection:
        limits: dict[Band, float] = {"P1": 1.0, "P2": 2.0}
        assert review_rounds.overdue(connection, desk.source, limits, desk.now + A_DAY) == []
        assert review_rounds.overdue(connection, desk.source, {"P1": 1.0}, later) == []
        (found,) = review_rounds.overdue(connection, desk.source, limits, later)
    assert (found.band, found.reviews, round(found.oldest, 6), found.limit) == ("P2", 2, 3.0, 2.0)
    desk.rule(1, "good")
    desk.rule(2, "good")
    with desk.store.read() as connection:
        assert review_rounds.overdue(connection, desk.source, limits, later) == []


def test_a_random_audit_looks_like_a_blind_look_and_a_share_of_all_is_blind(desk: Desk) -> None:
    desk.judge(1, 2, 3)
    with desk.store.begin() as connection:
        connection.execute(update(queue).where(queue.c.task == 1).values(action="audit", findings=[]))
    desk.push()
    seen = shown(desk)
    assert [one["tiebreak_reason"] for one in seen.values()] == [BLIND, "They differ.", "They differ."]
    desk.push(blind_share=1)
    seen = shown(desk)
    assert {(one["tiebreak_reason"], one["tiebreak_answers"]) for one in seen.values()} == {
        (BLIND, "<i>No earlier answers are shown.</i>")
    }
    with desk.store.read() as connection:
        kept = {task: one.findings[0]["kind"] for task, one in review_rounds.newest(connection, desk.source).items()}
    assert kept == {1: "audit", 2: "tie", 3: "tie"}, "the lead sees which they are"


def shown(desk: Desk) -> dict[int, Any]:
    """Task -> what its reviewer sees."""
    with desk.store.read() as connection:
        rows = connection.execute(select(review_table.c.task, review_table.c.data).order_by(review_table.c.task))
        return {row.task: row.data for row in rows}


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_the_share_that_is_blind_is_the_one_that_was_set(share: float) -> None:
    wanted = Wanted(1, True, [entry(1)])
    keys = [str(uuid.uuid5(NAMESPACE, str(number))) for number in range(4000)]
    assert sum(is_blind(key, wanted, share) for key in keys) / 4000 == pytest.approx(share, abs=0.025)


def test_the_history_tells_how_a_review_stood_when_it_was_sent(any_desk: Desk) -> None:
    any_desk.judge(1, 2, priority=0.5)
    any_desk.push()
    with any_desk.store.begin() as connection:
        keys = connection.execute(select(review_table.c.key).where(review_table.c.task == 1)).scalars().all()
        acts.reviews_changed(connection, "push", keys, any_desk.now)
    sent_at = any_desk.now
    assert sent_of(any_desk, 1) == [(sent_at, "sent to review P2 with priority 0.50", "They differ.")]
    assert sent_of(any_desk, 2) == [(sent_at, "sent to review P2", "They differ.")], "nothing was told of it"
    any_desk.judge(1, 2, priority=0.6)
    any_desk.push()
    any_desk.judge(1, 2, priority=0.75)
    any_desk.push()
    assert sent_of(any_desk, 1) == [
        (sent_at, "sent to review P2 with priority 0.50", ""),
        (any_desk.now, "review renewed: P2 with priority 0.75", "They differ."),
    ]


def sent_of(desk: Desk, number: int) -> list[tuple[int, str, str]]:
    """When, what and why, of what the history tells of a task's reviews."""
    with desk.store.read() as connection:
        told = history(connection, desk.source, number)
    return [(one.at, one.what, one.details) for one in told if one.what.startswith(("sent to review", "review "))]


def test_that_rulings_differ_promises_no_band_before_the_first() -> None:
    (said,) = ResolveReport(0, 0, (), contradicted=(5,)).complaints()
    assert said.endswith("it comes back, one band more urgent unless it is in P1 already")
