"""What leads decided about entries of the queue, against what the numbers alone would make of them."""

from hypothesis import given
from hypothesis import strategies as st

from sync.quality.priority import ASSIGN, DISMISS, RAISE, Decided, Fact, Policy, explain, rank
from sync.quality.records import Finding

FOUND = [Finding(task, "tone", "tie", task / 10, f"found on {task}.") for task in range(1, 9)]
ANYTHING = st.dictionaries(
    st.tuples(st.integers(1, 9), st.sampled_from(["tone", "topic"])),
    st.builds(
        Decided,
        st.sampled_from([DISMISS, RAISE, ASSIGN]),
        st.sampled_from([1, 2, 3]),
        st.frozensets(st.sampled_from(["tie", "outlier"])),
        st.integers(0, 3),
    ),
)


def test_what_is_dismissed_is_not_in_the_queue_until_there_is_something_new() -> None:
    said = {(8, "tone"): Decided(DISMISS, kinds=frozenset({"tie"}), answers=2)}
    facts = {(8, "tone"): Fact(2)}
    assert [one.task for one in rank(FOUND, Policy(), facts, said)] == [7, 6, 5, 4, 3, 2, 1]
    assert 8 not in rank(FOUND, Policy(), facts, said).found_tasks()
    assert 8 in rank(FOUND, Policy(), {(8, "tone"): Fact(3)}, said).found_tasks()
    assert 8 in rank([*FOUND, Finding(8, "tone", "outlier", 0.1, "")], Policy(), facts, said).found_tasks()
    assert "a lead dismissed it" in "\n".join(explain(rank(FOUND, Policy(), facts, said), 8))


def test_what_is_raised_is_first_and_what_is_assigned_is_in_its_band() -> None:
    said = {(1, "tone"): Decided(RAISE), (8, "tone"): Decided(ASSIGN, 3), (2, "tone"): Decided(ASSIGN, 1)}
    queue = rank(FOUND, Policy(), decided=said)
    assert [one.task for one in queue] == [1, 7, 6, 5, 2, 4, 3, 8]
    assert {one.task: one.band for one in queue} == {1: 1, 7: 1, 6: 1, 5: 1, 2: 1, 4: 1, 3: 2, 8: 3}
    assert queue[0].parts == {"tie": 0.1, "lead": 0.9}
    assert "  a lead's decision adds +0.900: 1.000" in explain(queue, 1)


def test_a_budget_is_spent_on_what_was_raised_first() -> None:
    assert [
        one.task for one in rank(FOUND, Policy(budget=1, audit_share=0), decided={(1, "tone"): Decided(RAISE)})
    ] == [1]


@given(ANYTHING)
def test_parts_add_up_and_other_entries_stay_as_they_are(said: dict[tuple[int, str], Decided]) -> None:
    plain = {one.task: one for one in rank(FOUND, Policy())}
    queue = list(rank(FOUND, Policy(), decided=said))
    assert [one.priority for one in queue] == sorted((one.priority for one in queue), reverse=True)
    for one in queue:
        assert abs(sum(one.parts.values()) - one.priority) < 1e-9
        assert one.band == Policy().band(one.priority)
        decision = said.get((one.task, "tone"))
        if decision is None:
            assert one == plain[one.task]
        elif decision.action == ASSIGN:
            assert one.band == decision.band
