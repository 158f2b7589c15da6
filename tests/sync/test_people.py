"""What leads decide about people: reasons and numbers are kept, audited, and nothing happens by itself."""

import json
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from label_config.answers import Choices
from label_config.results import canonical
from sync.assess import assess
from sync.errors import SettingsError
from sync.logins.personal import BY_ADDRESS, TooManyLinks, opened
from sync.people import deciding
from sync.people.counting import Counted, counted
from sync.people.own import own_rulings, ruled_on
from sync.settings import Settings
from sync.store import decisions, forgetting, helpful, intake, personal_links, review_rounds, tables, votes
from sync.store.assessments import insert_assessment
from sync.store.audit_check import verify
from sync.store.decisions import COACH, PAUSE, RESUME
from sync.store.engine import Store
from sync.store.intake import Decoded
from sync.store.reviews import PAUSED

from ..stores import put_store
from .terminal import Terminal
from .test_intake import annotation, task
from .test_review_rounds import XML, Desk

LEAD = "login:3"
WHY = "Third week of hurried answers."
A_DAY = 86_400_000_000


@pytest.fixture
def any_desk(any_store: Store) -> Desk:
    return Desk(any_store).begin()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store).begin()


def decide(desk: Desk, action: str, person: int = 1, why: str = WHY) -> decisions.Decision:
    desk.now += 10
    with desk.store.begin() as connection:
        return deciding.decide(connection, desk.source, person, action, why, now=desk.now, actor=LEAD)


def answer(desk: Desk, number: int, label: str, by: int = 1, at: int | None = None) -> None:
    """Somebody answers another task of the desk."""
    desk.now += 10
    page = [task(number, 10, annotation(900_000 + 10 * number + by, at or desk.now, [number, by], by))]
    with desk.store.begin() as connection:
        said = Decoded({"mood": canonical(Choices((label,)))}, None)
        intake.save(connection, desk.source, page, lambda *_: said, desk.now)


def events(desk: Desk) -> list[tuple[str, str]]:
    with desk.store.read() as connection:
        table = tables.audit_events
        return [(row.actor, row.action) for row in connection.execute(select(table).order_by(table.c.id))]


# Decisions


def test_a_decision_is_kept_with_the_numbers_of_its_moment_and_audited(any_desk: Desk) -> None:
    of_one = {"annotator": 1, "quality": 0.6, "annotations": 40, "agreement": 0.5}
    of_two = {"annotator": 2, "quality": 0.9, "annotations": 41, "agreement": 0.7}
    report = {"controls": {"mood": {"reliability": [of_one, of_two]}, "other": {"reliability": [of_two]}}}
    with any_desk.store.begin() as connection:
        insert_assessment(connection, any_desk.source, "h", report, 77)
    done = decide(any_desk, COACH)
    numbers = {"assessed_at": 77, "controls": {"mood": {"quality": 0.6, "annotations": 40, "agreement": 0.5}}}
    with any_desk.store.read() as connection:
        assert decisions.decisions_of(connection, any_desk.source) == [done]
        assert decisions.decisions_of(connection, any_desk.source, 2) == []
        details = json.loads(connection.execute(select(tables.audit_details.c.text)).scalars().all()[-1])
        words = json.loads(connection.execute(select(tables.audit_words.c.text)).scalars().all()[-1] or "")
    assert (done.evidence, done.reason, done.decided_by, done.decided_at) == (numbers, WHY, LEAD, any_desk.now)
    assert (details["subject"], details["why"]) == ({"annotator": 1, "decision": done.id}, numbers)
    assert words == {"reason": WHY}
    assert events(any_desk)[-1] == (LEAD, "person coach")
    assert verify(any_desk.store).whole


def test_who_is_paused_is_whom_nobody_resumed(any_desk: Desk) -> None:
    first = decide(any_desk, PAUSE)
    decide(any_desk, COACH)
    with any_desk.store.read() as connection:
        assert decisions.paused(connection, any_desk.source) == {1: first.decided_at}
    with pytest.raises(SettingsError, match="user 1 is paused already"):
        decide(any_desk, PAUSE)
    decide(any_desk, RESUME)
    with any_desk.store.read() as connection:
        assert decisions.paused(connection, any_desk.source) == {}
        found = [one.action for one in decisions.decisions_of(connection, any_desk.source)]
    assert found == [RESUME, COACH, PAUSE]
    with pytest.raises(SettingsError, match="user 1 is not paused"):
        decide(any_desk, RESUME)


@pytest.mark.parametrize(
    ("action", "why", "said"),
    [
        ("block", WHY, "'block' cannot be decided about anybody: there are pause, coach, resume"),
        (PAUSE, "  ", "--why is empty"),
        (COACH, "x" * 2001, "at most 2000 characters; this one has 2001"),
    ],
)
def test_without_a_reason_nothing_is_decided(desk: Desk, action: str, why: str, said: str) -> None:
    before = events(desk)
    with pytest.raises(SettingsError, match=said):
        decide(desk, action, why=why)
    with desk.store.read() as connection:
        assert decisions.decisions_of(connection, desk.source) == []
    assert events(desk) == before


def test_the_store_itself_refuses_what_has_no_reason(desk: Desk) -> None:
    with desk.store.begin() as connection, pytest.raises(ValueError, match="each needs a reason"):
        decisions.decide(connection, desk.source, 1, PAUSE, " ", now=1, actor=LEAD)


# What a pause does


def kinds(desk: Desk) -> dict[int, list[str]]:
    """Task -> the kinds of finding of its newest review."""
    with desk.store.read() as connection:
        newest = review_rounds.newest(connection, desk.source)
    return {number: [finding["kind"] for finding in one.findings] for number, one in newest.items()}


def test_what_a_paused_person_answers_is_reviewed_and_nothing_else(any_desk: Desk) -> None:
    any_desk.judge()
    decide(any_desk, PAUSE)
    answer(any_desk, 11, "good")
    answer(any_desk, 12, "good", by=2)
    any_desk.push()
    assert kinds(any_desk) == {7: [PAUSED]}, "not the six tasks from before, nor what somebody else answered"
    with any_desk.store.read() as connection:
        row = connection.execute(select(tables.reviews)).one()
    assert (row.band, row.priority, row.action, row.state) == (2, 0.2, "check", "open")
    assert row.findings[0]["annotator"] == 1
    assert "user" not in row.data["tiebreak_reason"], "reviewers are not told who"
    any_desk.judge()
    any_desk.push()
    any_desk.push()
    assert any_desk.rounds() == [(7, 1, "open")], "no assessment takes it back, and it comes once"
    any_desk.rule(7, "good")
    any_desk.judge()
    any_desk.push()
    assert any_desk.rounds() == [(7, 1, "ruled")]


def test_a_review_for_another_reason_gets_this_one_too_and_keeps_it(any_desk: Desk) -> None:
    any_desk.judge()
    decide(any_desk, PAUSE)
    answer(any_desk, 11, "good")
    any_desk.judge(7)
    any_desk.push()
    any_desk.judge(7)
    any_desk.push()
    assert kinds(any_desk) == {7: ["tie", PAUSED]}
    any_desk.judge()
    any_desk.push()
    assert any_desk.rounds() == [(7, 1, "open")]


def test_after_a_resume_nothing_more_is_sent_and_what_was_stays(any_desk: Desk) -> None:
    any_desk.judge()
    decide(any_desk, PAUSE)
    answer(any_desk, 11, "good")
    any_desk.push()
    decide(any_desk, RESUME)
    answer(any_desk, 12, "good")
    any_desk.judge()
    any_desk.push()
    assert any_desk.rounds() == [(7, 1, "open")]


def test_a_known_truth_needs_no_review_and_a_withdrawn_review_comes_back(desk: Desk) -> None:
    answer(desk, 11, "good")
    answer(desk, 12, "good", by=2)
    desk.judge(7)
    desk.push()
    desk.judge()
    desk.push()
    assert desk.rounds() == [(7, 1, "withdrawn")]
    decide(desk, PAUSE)
    answer(desk, 11, "bad", by=1)
    answer(desk, 12, "bad", by=1)
    desk.now += 10
    page = [task(12, 10, annotation(77, desk.now, ["t"], 5, ground_truth=True))]
    with desk.store.begin() as connection:
        said = Decoded({"mood": canonical(Choices(("bad",)))}, None)
        intake.save(connection, desk.source, page, lambda *_: said, desk.now)
    desk.push()
    assert desk.rounds() == [(7, 1, "withdrawn"), (7, 2, "open")]


def test_where_nobody_is_paused_a_push_is_what_it_was(desk: Desk) -> None:
    desk.judge(1)
    decide(desk, COACH)
    desk.push()
    assert kinds(desk) == {1: ["tie"]}


# Personal links


def test_a_link_opens_one_persons_numbers_until_it_ends(any_desk: Desk) -> None:
    store, key = any_desk.store, any_desk.source
    with store.begin() as connection:
        token = deciding.new_link(connection, key, 1, 90, now=1000, actor=LEAD)
    with store.read() as connection:
        rows = [list(connection.execute(select(table))) for table in tables.metadata.sorted_tables]
    assert token not in repr(rows), "only a hash is kept"
    assert len(token) > 40
    found = opened(store, token, "an address", 2000)
    assert found is not None
    assert (found.project, found.person, found.used_at) == (key, 1, None)
    again = opened(store, token, "an address", 3000)
    assert again is not None
    assert again.used_at == 2000
    assert opened(store, token + "x", "an address", 2000) is None
    assert opened(store, "", "an address", 2000) is None
    assert opened(store, token, "an address", 1000 + 90 * A_DAY) is None
    assert [event for event in events(any_desk) if event[0] == LEAD] == [(LEAD, "link made")]


def test_a_new_link_ends_the_one_before_and_a_revoked_one_opens_nothing(any_desk: Desk) -> None:
    store, key = any_desk.store, any_desk.source
    with store.begin() as connection:
        first, second = (deciding.new_link(connection, key, 1, 90, now=at, actor=LEAD) for at in (1, 2))
        other = deciding.new_link(connection, key, 2, 90, now=2, actor=LEAD)
    assert opened(store, first, "a", 10) is None
    assert opened(store, second, "a", 10) is not None
    with store.begin() as connection:
        assert personal_links.revoke(connection, key, 1, now=11, actor=LEAD)
        assert not personal_links.revoke(connection, key, 1, now=12, actor=LEAD)
    assert opened(store, second, "a", 13) is None
    of_other = opened(store, other, "a", 13)
    assert of_other is not None
    assert of_other.person == 2
    with store.read() as connection:
        assert [one.person for one in personal_links.links_of(connection, key)] == [2]
    assert events(any_desk)[-1] == (LEAD, "link revoked")


def test_an_address_that_guesses_has_to_wait_and_others_do_not(desk: Desk) -> None:
    with desk.store.begin() as connection:
        token = deciding.new_link(connection, desk.source, 1, 90, now=1, actor=LEAD)
    for _ in range(BY_ADDRESS.most):
        assert opened(desk.store, "mine_guess", "10.0.0.1", 10) is None
    for guess in ("mine_guess", token):
        with pytest.raises(TooManyLinks, match="try again in 30 seconds") as refused:
            opened(desk.store, guess, "10.0.0.1", 10)
        assert refused.value.seconds == 30
    assert opened(desk.store, token, "10.0.0.2", 10) is not None
    assert opened(desk.store, token, "10.0.0.1", 10 + BY_ADDRESS.every) is not None


def test_a_right_link_costs_no_attempt(desk: Desk) -> None:
    with desk.store.begin() as connection:
        token = deciding.new_link(connection, desk.source, 1, 90, now=1, actor=LEAD)
    for _ in range(3 * BY_ADDRESS.most):
        assert opened(desk.store, token, "10.0.0.1", 10) is not None


# Who was forgotten


def test_forgetting_erases_reasons_and_links_and_the_chain_still_verifies(any_desk: Desk) -> None:
    decide(any_desk, COACH)
    decide(any_desk, COACH, person=2)
    with any_desk.store.begin() as connection:
        token = deciding.new_link(connection, any_desk.source, 1, 90, now=1, actor=LEAD)
        held = forgetting.held(connection, 1)
        done = forgetting.forget(connection, 1, 50)
    assert (held.decisions, held.links, held.audit_words) == (1, 1, 1)
    assert done == held
    assert opened(any_desk.store, token, "a", 60) is None
    with any_desk.store.read() as connection:
        assert {one.person: one.reason for one in decisions.decisions_of(connection, any_desk.source)} == {
            1: None,
            2: WHY,
        }
        assert not forgetting.held(connection, 1).anything
    assert decide(any_desk, COACH).reason is None, "what is decided later is kept without words"
    with any_desk.store.begin() as connection, pytest.raises(SettingsError, match="asked to be forgotten"):
        deciding.new_link(connection, any_desk.source, 1, 90, now=1, actor=LEAD)
    found = verify(any_desk.store)
    assert (found.whole, found.erased) == (True, 1)


# Rationales


def test_a_helpful_rationale_is_marked_once_a_lead_and_taken_back(any_desk: Desk) -> None:
    any_desk.judge(1, 2, 3)
    any_desk.push()
    for number in (1, 2, 3):
        any_desk.rule(number, "good")
    with any_desk.store.begin() as connection:
        one, two, none = connection.execute(select(tables.rulings.c.id).order_by(tables.rulings.c.id)).scalars()
        connection.execute(update(tables.rulings).where(tables.rulings.c.id != none).values(rationale="Irony."))
    before = len(events(any_desk))
    with any_desk.store.begin() as connection:
        done = [
            helpful.mark(connection, ruling, now=5, actor=actor)
            for ruling, actor in ((one, LEAD), (one, LEAD), (two, LEAD), (two, "login:4"), (none, LEAD), (999, LEAD))
        ]
        assert done == [True, False, True, True, False, False]
        found = helpful.most_helpful(connection, any_desk.source)
        assert [(row.ruling, row.task, row.marks, row.rationale) for row in found] == [
            (two, 2, 2, "Irony."),
            (one, 1, 1, "Irony."),
        ]
        assert helpful.unmark(connection, one, now=6, actor=LEAD)
        assert not helpful.unmark(connection, one, now=6, actor=LEAD)
        assert [row.ruling for row in helpful.most_helpful(connection, any_desk.source)] == [two]
    assert [action for _, action in events(any_desk)[before:]] == ["rationale helpful"] * 3 + ["rationale not helpful"]


# One's own work


def test_own_rulings_are_what_was_ruled_on_it_last(any_desk: Desk) -> None:
    """Person 1 answered good to six tasks; 1 was ruled good, 2 bad, then 2 good."""
    answer(any_desk, 12, "bad", by=2)
    any_desk.judge(1, 2)
    any_desk.push()
    any_desk.rule(1, "good")
    any_desk.rule(2, "bad")
    any_desk.judge(2)
    any_desk.push()
    any_desk.rule(2, "good")
    with any_desk.store.begin() as connection:
        connection.execute(update(tables.rulings).values(rationale="Because."))
        mine, others = (own_rulings(connection, any_desk.source, person) for person in (1, 2))
    assert (mine.ruled, mine.same) == (2, 2)
    assert [(one.task, one.control, one.mine, one.ruled, one.same, one.rationale) for one in mine.rulings] == [
        (2, "mood", "good", "good", True, "Because."),
        (1, "mood", "good", "good", True, "Because."),
    ]
    assert (others.ruled, others.rulings) == (0, ())


def test_own_rulings_say_where_one_was_not_followed(desk: Desk) -> None:
    desk.judge(1, 2, 3)
    desk.push()
    desk.rule(1, "bad")
    desk.rule(2, "")
    desk.rule(3, "bad", counts_as="vote")
    with desk.store.read() as connection:
        mine = own_rulings(connection, desk.source, 1, limit=1)
    assert [(one.task, one.mine, one.ruled, one.same) for one in mine.rulings] == [(1, "good", "bad", False)]
    assert (mine.ruled, mine.same) == (1, 0), "what was not decided, and what counts as a vote, is no ruling"


def test_own_rulings_are_looked_for_from_the_person_not_among_all_rulings(desk: Desk) -> None:
    with desk.store.read() as connection:
        asked = ruled_on(desk.source, 1).compile(connection.engine, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    assert "ix_annotation_versions_annotator" in plan[0]
    assert any("ix_rulings_review" in step for step in plan)
    assert not any("AUTOMATIC" in step or step.startswith("SCAN") for step in plan)


# Commands


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store in which person 7, ann@example.com, answered one task of project 3."""
    from sync.store.engine import open_store

    address = put_store(tmp_path / "tiebreak.sqlite3")
    store = open_store(address)
    project = {"id": 1, "label_studio_id": 3, "created_at": 1, "title": "t", "kind": "source", "label_config": XML}
    with store.begin() as connection:
        connection.execute(insert(tables.projects).values(**project))
        connection.execute(insert(tables.annotators).values(id=7, name="Ann", email="ann@example.com"))
        said = Decoded({"mood": canonical(Choices(("good",)))}, None)
        intake.save(connection, 1, [task(1, 10, annotation(5, 11, ["x"], 7))], lambda *_: said, 9)
    store.close()
    return address


def test_the_commands_decide_and_list(tiebreak: Terminal, url: str) -> None:
    assert (
        tiebreak("people", "list", "3", store=url).out
        == "1 annotator: 7\npaused: nobody\nnothing was decided about anybody\n"
    )
    done = tiebreak("people", "pause", "3", "ann@example.com", "--why", "[b]Hurry[/b]", store=url)
    assert done.code == 0
    assert done.out.startswith("user 7 is paused: what they answer from now on is sent for review")
    assert tiebreak("people", "coach", "3", "7", "--why", "Talk.", store=url).code == 0
    shown = tiebreak("people", "list", "3", store=url).out
    assert "paused: 7\n" in shown
    assert "[b]Hurry[/b]" in shown
    assert "not assessed then" in shown
    assert tiebreak("people", "resume", "3", "7", "--why", "Better.", store=url).out.startswith(
        "user 7 is paused no more"
    )
    found = json.loads(tiebreak("people", "list", "3", "--json", store=url).out)
    assert found["people"] == [{"annotator": 7, "paused_since": None, "counts": "answers"}]
    assert [one["action"] for one in found["decisions"]] == ["resume", "coach", "pause"]
    assert {one["decided_by"] for one in found["decisions"]} == {"command line"}


def test_annotators_are_those_whom_an_assessment_counts_and_who_else_was_there_is_told(any_desk: Desk) -> None:
    """Person 1 answers, 2 skips, 3 marks a ground truth, 9 rules too late, and 4 is on a task that is gone."""
    page = [
        task(11, 10, annotation(51, 20, []), annotation(52, 20, [], 2, was_cancelled=True)),
        task(12, 10, annotation(53, 20, [], 3, ground_truth=True)),
        task(13, 10, annotation(54, 20, [], 4), annotation(55, 20, [], None)),
    ]
    with any_desk.store.begin() as connection:
        said = Decoded({"mood": canonical(Choices(("good",)))}, None)
        intake.save(connection, any_desk.source, page, lambda *_: said, 9)
        connection.execute(tables.tasks.update().where(tables.tasks.c.label_studio_id == 13).values(deleted_at=30))
    any_desk.judge(1)
    any_desk.push()
    any_desk.judge()
    any_desk.push()
    any_desk.rule(1, "bad", counts_as=votes.VOTE)
    with any_desk.store.read() as connection:
        assert counted(connection, any_desk.source) == Counted((1,), (9,), (2, 3))
    report = assess(any_desk.store, any_desk.source, Settings(bootstrap=100), lambda: 10**9).report
    assert report["controls"]["mood"]["annotators"] == 2, "the late review is an answer"


def test_the_command_makes_a_link_shown_once_and_ends_it(tiebreak: Terminal, url: str) -> None:
    made = tiebreak("people", "link", "3", "7", "--days", "30", store=url)
    assert made.out.startswith("/mine/mine_")
    assert made.out.strip() not in made.err
    found = json.loads(tiebreak("people", "list", "3", "--json", store=url).out)
    assert [one["annotator"] for one in found["links"]] == [7]
    assert "with a personal link: 7" in tiebreak("people", "list", "3", store=url).out
    assert (
        tiebreak("people", "link", "3", "7", "--revoke", store=url).out == "the link of user 7 opens nothing any more\n"
    )
    assert tiebreak("people", "link", "3", "7", "--revoke", store=url).out == "user 7 has no link\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pause", "3", "bob", "--why", "x"), "nobody called 'bob' answered a task of this project"),
        (("pause", "3", "8", "--why", "x"), "nobody called '8' answered a task of this project"),
        (("pause", "4", "7", "--why", "x"), "project 4 is not in the store yet"),
        (("coach", "3", "7", "--why", ""), "--why is empty"),
        (("resume", "3", "7", "--why", "x"), "Ann is not paused"),
        (("link", "3", "8"), "nobody called '8'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tiebreak: Terminal, url: str, arguments: tuple[str, ...], said: str
) -> None:
    done = tiebreak("people", *arguments, store=url)
    assert (done.code, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("\n") == 1
