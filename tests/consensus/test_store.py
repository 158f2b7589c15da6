"""The consensus on the store is that of the export of the same project, and what assess keeps."""

import json

import pytest

from ..agreement.test_store import MIXED, stored
from ..evidence.files import chosen, given, moods, task, write
from ..sync.terminal import Terminal


def test_the_store_and_the_export_say_the_same(tiebreak: Terminal) -> None:
    url = stored(tiebreak.folder, MIXED)
    on_file = tiebreak(*write(tiebreak.folder, MIXED, command="consensus"), "--json")
    on_store = tiebreak("consensus", "--project", "7", "--json", store=url)
    assert on_store.code == 0, on_store.err
    assert json.loads(on_store.out) == json.loads(on_file.out)


def test_an_expert_counts_for_more_than_a_crowd(tiebreak: Terminal) -> None:
    """One against two on a single task; only the settings know that the one is an expert."""
    tasks = moods({1: {1: "yes", 2: "no", 3: "no"}})
    url = stored(tiebreak.folder, tasks)
    pools = """[pools]
expert = { annotators = [1], accuracy = 0.98, answers = 100 }
crowd = { annotators = [2, 3], accuracy = 0.6, answers = 100 }"""
    (tiebreak.folder / "tiebreak.toml").write_text(f'store = "{url}"\n{pools}\n', encoding="utf-8")
    found = json.loads(tiebreak("consensus", "--project", "7", "--method", "dawid-skene", "--json").out)
    (row,) = found["controls"]["mood"]["tasks"]
    assert row["answer"] == "yes"
    # Bayes by hand: .98 * .4 * .4 against .02 * .6 * .6 is 0.956, and this task also says which label is frequent.
    assert row["posterior"]["yes"] == pytest.approx(0.956, abs=0.03)


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        ("{ annotators = [1], accuracy = 1.5 }", "pools.expert.accuracy: 1.5 is refused"),
        ("{ accuracy = 0.9 }", "pools.expert.annotators: it is missing"),
    ],
)
def test_a_pool_that_is_none_is_refused_by_its_place(tiebreak: Terminal, pool: str, said: str) -> None:
    (tiebreak.folder / "tiebreak.toml").write_text(f"[pools]\nexpert = {pool}\n", encoding="utf-8")
    done = tiebreak("consensus", "--project", "7")
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert f"tiebreak.toml, line 2: {said}" in done.err


def test_truths_that_contradict_each_other_are_told_of_the_store_too(tiebreak: Terminal) -> None:
    truths = [given(place, place, chosen(label), ground_truth=True) for place, label in ((8, "yes"), (9, "no"))]
    url = stored(tiebreak.folder, [task(1, [given(1, 1, chosen("yes")), *truths])])
    done = tiebreak("consensus", "--project", "7", store=url)
    assert "mood: ground truths or rulings contradict each other on 1 task (1)" in done.out
