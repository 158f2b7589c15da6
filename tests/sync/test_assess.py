"""Assessing what the store holds, when the labeling interface has moved on since."""

from pathlib import Path

from label_config.answers import Choices
from sync.evidence.of_project import gather
from sync.store.tables import projects

from ..dashboard.stage import CONFIG, Stage, stage, texts


def without(one: Stage, label: str) -> None:
    """The project's interface loses a label, as the pull stores it."""
    config = CONFIG.format(control=one.control).replace(f'<Choice value="{label}"/>', "")
    with one.store.begin() as connection:
        connection.execute(projects.update().where(projects.c.id == one.key).values(label_config=config))


def test_a_ruling_for_a_label_that_is_gone_no_longer_counts_and_stops_nothing(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(2)).people({1: "Ann", 2: "Bob", 3: "Rev"})
    one.answer([(place, person, "positive" if person == 1 else "negative") for place in (0, 1) for person in (1, 2)])
    one.assess().push()
    one.rule([{"label": "neutral", "reviewer": 3}, {"label": "positive", "reviewer": 3}])
    without(one, "neutral")
    one.assess()
    with one.store.begin() as connection:
        fixed = gather(connection, one.key).fixed[one.control]
    assert fixed == {one.task_keys[1]: (Choices(("positive",)), "ruling")}
    one.store.close()
