"""What leads decide about entries of the queue: at once, in every later assessment, and in what is pushed."""

import pytest
from sqlalchemy import select

from sync.assess import assess
from sync.assess_partly import Limits
from sync.push.intent import intend
from sync.quality.findings import KINDS
from sync.quality.priority import ASSIGN, DISMISS, RAISE, Policy
from sync.store import queue_decisions, review_rounds
from sync.store.engine import Store
from sync.store.queue_decisions import NOTE, RESTORE, Decision, NotDecided
from sync.store.queue_marks import marks, of_kind, of_label, of_person
from sync.store.tables import queue, reviews
from sync.store.tables import queue_decisions as kept
from tests.dashboard.stage import HOUR, START, Stage, texts

PEOPLE = {1: "Ann", 2: "Bo", 3: "Cy"}
PART = Limits(large=0, most=10_000, share=1, since=10, sample=10_000)


@pytest.fixture
def disputed(any_store: Store) -> Stage:
    """Twelve tasks, of which the first six are disputed."""
    one = Stage(any_store).people(PEOPLE).create(texts(12), overlap=3)
    labels = {1: "positive", 2: "positive", 3: "negative"}
    given = [(place, who, label if place < 6 else "positive") for place in range(12) for who, label in labels.items()]
    return one.answer(given).assess()


def decide(one: Stage, place: int, action: str, band: int | None = None, reason: str = "Seen.") -> Decision:
    with one.store.begin() as connection:
        return queue_decisions.decide(
            connection,
            one.key,
            (one.task_keys[place], one.control),
            action,
            reason,
            band=band,
            policy=Policy(),
            now=START + 941 * HOUR,
            actor="login:1",
        )


def queued(one: Stage) -> dict[int, tuple[float, int]]:
    """Place of the task -> priority and band."""
    with one.store.read() as connection:
        rows = connection.execute(select(queue).where(queue.c.project == one.key, queue.c.action != "audit"))
        return {one.task_keys.index(row.task): (row.priority, row.band) for row in rows}


def again(one: Stage, limits: Limits | None = None) -> bool:
    return assess(one.store, one.key, one.settings, lambda: START + 942 * HOUR, limits).changed


@pytest.mark.parametrize("limits", [None, PART], ids=["whole", "part"])
def test_every_later_assessment_makes_the_same_of_it(disputed: Stage, limits: Limits | None) -> None:
    before = queued(disputed)
    assert set(before) == set(range(6))
    decide(disputed, 0, DISMISS)
    decide(disputed, 1, RAISE)
    decide(disputed, 2, ASSIGN, 3)
    decide(disputed, 3, NOTE)
    at_once = queued(disputed)
    assert set(at_once) == {1, 2, 3, 4, 5}
    assert (at_once[1], at_once[2][1]) == ((1.0, 1), 3)
    assert {place: at_once[place] for place in (3, 4, 5)} == {place: before[place] for place in (3, 4, 5)}
    assert again(disputed, limits)
    for place, (priority, band) in queued(disputed).items():
        assert (round(priority, 9), band) == (round(at_once[place][0], 9), at_once[place][1])
    assert set(queued(disputed)) == set(at_once)
    assert not again(disputed, limits)
    for place in (0, 1, 2):
        decide(disputed, place, RESTORE)
    restored = queued(disputed)
    assert again(disputed, limits)
    assert queued(disputed) == restored == before


def test_the_report_counts_what_is_left(disputed: Stage) -> None:
    decide(disputed, 0, DISMISS)
    assert assess(disputed.store, disputed.key, disputed.settings, lambda: START).report["queue"]["total"] == 5


def test_what_is_dismissed_comes_back_with_one_more_answer(disputed: Stage) -> None:
    decide(disputed, 0, DISMISS)
    again(disputed)
    disputed.people({4: "Di"}).answer([(1, 4, "neutral")])
    again(disputed)
    assert 0 not in queued(disputed)
    disputed.answer([(0, 4, "neutral")])
    again(disputed)
    assert 0 in queued(disputed)
    decide(disputed, 0, DISMISS)
    again(disputed)
    assert 0 not in queued(disputed)


def test_what_is_dismissed_is_withdrawn_from_review_and_comes_back(disputed: Stage) -> None:
    def states() -> dict[int, str]:
        with disputed.store.read() as connection:
            rows = connection.execute(select(reviews.c.task, reviews.c.state).order_by(reviews.c.round))
            return {disputed.task_keys.index(row.task): row.state for row in rows}

    intend(disputed.store, disputed.key, disputed.settings, START)
    assert states()[0] == "intended"
    decide(disputed, 0, DISMISS)
    decide(disputed, 1, RAISE)
    again(disputed)
    intend(disputed.store, disputed.key, disputed.settings, START + HOUR)
    assert (states()[0], states()[1]) == ("withdrawn", "intended")
    with disputed.store.read() as connection:
        assert review_rounds.newest(connection, disputed.key)[disputed.task_keys[1]].priority == 1.0
    decide(disputed, 0, RESTORE)
    again(disputed)
    intend(disputed.store, disputed.key, disputed.settings, START + 2 * HOUR)
    assert states()[0] == "intended"


def test_what_changes_nothing_is_refused_and_leaves_nothing(disputed: Stage) -> None:
    for action, band, reason, said in (
        (DISMISS, None, " ", "Say why"),
        (DISMISS, None, "x" * 2001, "at most 2000"),
        (ASSIGN, 4, "Seen.", "no such decision"),
        ("delete", None, "Seen.", "no such decision"),
        (RESTORE, None, "Seen.", "Nothing was decided"),
    ):
        with pytest.raises(NotDecided, match=said):
            decide(disputed, 0, action, band, reason)
    with pytest.raises(NotDecided, match="not in the queue"):
        decide(disputed, 9, RAISE)
    with disputed.store.begin() as connection:
        connection.execute(queue.update().where(queue.c.task == disputed.task_keys[5]).values(action="audit"))
    with pytest.raises(NotDecided, match="random look"):
        decide(disputed, 5, DISMISS)
    decide(disputed, 0, RAISE)
    with pytest.raises(NotDecided, match="already"):
        decide(disputed, 0, RAISE)
    with disputed.store.read() as connection:
        assert len(connection.execute(select(kept)).all()) == 1


def test_marks_fit_into_an_index_of_postgresql() -> None:
    many = marks(KINDS, [f"label {number}" for number in range(1000)], range(10**9, 10**9 + 1000))
    assert len(many) < 2704 - 300
    assert all(f"|{of_kind(kind)}|" in many for kind in KINDS)


def test_entries_are_found_by_kind_label_and_person(disputed: Stage) -> None:
    with disputed.store.read() as connection:
        found = connection.execute(select(queue.c.marks).where(queue.c.task == disputed.task_keys[0])).scalar_one()
    assert f"|{of_kind('low_agreement')}|" in found
    assert f"|{of_label('positive')}|" in found
    assert all(f"|{of_person(who)}|" in found for who in PEOPLE)
