"""The order before there is a model."""

import numpy as np

from label_config.parse import parse
from ml_backend import cold_start
from ml_backend.records import FloatArray, Task

from .scenes import SENTIMENT, sentence

UNREADABLE = """<View><Audio name="text" value="$text"/><TextArea name="note" toName="text"/></View>"""

TABLE = """<Table name="fields" value="$fields"/><Choices name="kind" toName="fields"><Choice value="a"/></Choices>"""


def nowhere(_: str) -> bytes:
    raise AssertionError("nothing is to be downloaded")


def worth(tasks: list[Task], xml: str = SENTIMENT, seed: int = 0) -> FloatArray:
    return cold_start.worth(parse(xml), tasks, nowhere, np.random.default_rng(seed))


def tasks_of(sizes: dict[str, int]) -> list[Task]:
    """Texts of some kinds, one kind after the other."""
    rng = np.random.default_rng(0)
    texts = [sentence([kind], rng) for kind, size in sizes.items() for _ in range(size)]
    return [Task(number, {"text": text}) for number, text in enumerate(texts)]


def test_the_first_tasks_are_of_every_kind_also_of_rare_ones() -> None:
    found = worth(tasks_of({"sea": 400, "city": 40, "food": 40}))
    first = np.argsort(-found)[: cold_start.FIRST]
    kinds = np.searchsorted([400, 440], first, side="right")
    assert np.bincount(kinds, minlength=3).min() >= 3
    assert (found > 1).sum() == cold_start.FIRST
    assert (np.delete(found, first) < 1).all()


def test_it_is_the_same_each_time_and_another_with_other_chance() -> None:
    tasks = tasks_of({"sea": 60, "city": 60})
    assert (worth(tasks) == worth(tasks)).all()
    assert (worth(tasks) != worth(tasks, seed=1)).any()


def test_what_cannot_be_read_comes_later_and_a_few_tasks_are_enough() -> None:
    tasks = [*tasks_of({"sea": 3}), Task(9, {"other": 1})]
    found = worth(tasks)
    assert (found[:3] > 1).all()
    assert found[3] < 1
    assert len(worth([])) == 0


def test_where_what_one_control_is_about_cannot_be_read_another_tells() -> None:
    both = f"{SENTIMENT.removesuffix('</View>')}{TABLE}</View>"
    found = worth(tasks_of({"sea": 60, "city": 60}), f"<View>{TABLE}{SENTIMENT.removeprefix('<View>')}")
    assert (found > 1).sum() == cold_start.FIRST
    assert (worth(tasks_of({"sea": 60, "city": 60}), both) > 1).sum() == cold_start.FIRST


def test_without_anything_to_read_all_is_chance() -> None:
    for tasks, xml in ((tasks_of({"sea": 30}), UNREADABLE), ([Task(1, {"text": ""}), Task(2, {})], SENTIMENT)):
        assert (worth(tasks, xml) < 1).all()
