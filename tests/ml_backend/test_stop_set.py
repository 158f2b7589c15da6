"""What versions said of the stop set is kept and found again."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Choices
from label_config.canonical import answer_as_json
from ml_backend.records import ABSTAINS, Opinion, Task, Thought
from ml_backend.worth.stop_set import FOLDER, answers_of, recalled, remember, signals, stop_set
from ml_backend.worth.stopping import STOP_SET

from ..thorough import up_to


def answers(shift: int = 0) -> dict[str, dict[int, str]]:
    return {"tone": {task: "ab"[(task + (task < shift)) % 2] for task in range(300)}}


def test_what_is_remembered_is_recalled_and_says_when_to_stop(tmp_path: Path) -> None:
    for number, labels in enumerate((100, 130, 170, 220)):
        remember(tmp_path, f"tiebreak-{number + 1}", labels, answers(shift=0 if number else 90))
    (looks,) = recalled(tmp_path).values()
    assert (looks[0].version, looks[0].labels) == ("tiebreak-1", 100)
    assert looks[0].said == answers(90)["tone"]
    assert signals(tmp_path)["tone"].unlikely_to_help is False
    remember(tmp_path, "tiebreak-5", 260, answers())
    assert signals(tmp_path)["tone"].unlikely_to_help is True


def test_an_answer_with_half_a_character_is_remembered(tmp_path: Path) -> None:
    remember(tmp_path, "tiebreak-1", 100, {"order": {1: '["\ud800"]'}})
    (looks,) = recalled(tmp_path).values()
    assert looks[0].said == {1: '["\ud800"]'}


def test_what_is_kept_of_opinions_is_the_answers_of_the_stop_set() -> None:
    share = [Task(number, {}, holdout=True) for number in range(1, STOP_SET + 51)]
    tasks = [*share, Task(STOP_SET + 51, {})]
    good = Opinion(Choices(("good",)), confidence=0.9)
    found = answers_of(tasks, {"tone": Thought([good] * len(tasks)), "note": Thought([ABSTAINS] * len(tasks))})
    assert found["tone"].keys() == set(stop_set([task.id for task in share]))
    assert set(found["tone"].values()) == {json.dumps(answer_as_json(Choices(("good",))), sort_keys=True)}
    assert found["note"] == {}


def test_before_anything_is_remembered_there_is_no_signal(tmp_path: Path) -> None:
    assert signals(tmp_path) == {}


def test_versions_close_together_do_not_pile_up(tmp_path: Path) -> None:
    for number in range(60):
        remember(tmp_path, f"tiebreak-{number}", 100 + number, {"tone": {1: "a"}})
    kept = [look.labels for look in recalled(tmp_path)["tone"]]
    assert sorted(kept) == [100, 110, 121, 134, 148, 159]


def test_a_broken_file_is_left_out(tmp_path: Path) -> None:
    remember(tmp_path, "tiebreak-1", 100, answers())
    for number, content in enumerate(('{"version": "x"', "[]", '{"version": "x", "labels": 3, "said": {"tone": 7}}')):
        (tmp_path / FOLDER / f"broken-{number}.json").write_text(content, encoding="utf-8")
    assert [look.version for look in recalled(tmp_path)["tone"]] == ["tiebreak-1"]


@settings(max_examples=up_to(20))
@given(st.sets(st.integers(0, 5999), max_size=300))
def test_nearly_the_same_tasks_are_watched_of_pools_that_are_nearly_the_same(labeled: set[int]) -> None:
    before = set(stop_set(range(6000)))
    after = set(stop_set([task for task in range(6000) if task not in labeled]))
    assert len(after) == STOP_SET
    assert before - labeled <= after
