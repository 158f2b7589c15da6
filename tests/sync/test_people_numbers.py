"""What pages show of people, from the store: the same numbers as from the answers themselves."""

import json

import pytest

from label_config.answers import Choices
from label_config.results import canonical
from sync.people.numbers import numbers, repeats
from sync.settings import Settings
from sync.store import intake
from sync.store.engine import Store
from sync.store.intake import Decoded

from .test_intake import annotation, task
from .test_review_rounds import Desk

LABELS = {1: "good good good good good good", 2: "good good good good good bad", 3: "good good good bad bad bad"}
"""What each person answers to the tasks 11 to 16."""


@pytest.fixture
def any_desk(any_store: Store) -> Desk:
    """Three people at six tasks; person 3 answered tasks 11 and 12 before, bad and good."""
    desk = Desk(any_store).begin()
    given = {
        100 * person + number: (number, person, label, 1000 * number + person)
        for person, labels in LABELS.items()
        for number, label in enumerate(labels.split(), 11)
    }
    given |= {901: (11, 3, "bad", 500), 902: (12, 3, "good", 501)}
    page = [
        task(
            number,
            10,
            *(
                annotation(key, at, [label, key], person, lead_time=4.0)
                for key, (on, person, label, at) in given.items()
                if on == number
            ),
        )
        for number in range(11, 17)
    ]

    def decode(result: object, *_: object) -> Decoded:
        assert isinstance(result, list)
        return Decoded({"mood": canonical(Choices((result[0],)))}, None)

    with any_store.begin() as connection:
        intake.save(connection, desk.source, page, decode, 9)
    return desk


def test_acceptance_repeats_and_streaks_come_from_the_store(any_desk: Desk) -> None:
    """By hand: majority is good on tasks 1 to 5 of the six, bad on the last; task 7 of the store was reviewed."""
    any_desk.judge(7)
    any_desk.push()
    with any_desk.store.read() as connection:
        again = repeats(connection, any_desk.source)
        found = numbers(connection, any_desk.source, Settings(bootstrap=100, consensus_method="majority"))["mood"]
    assert again == {"mood": ((7, 3, Choices(("bad",))), (8, 3, Choices(("good",))))}
    thanks = {one["annotator"]: one for one in found["recognition"]}
    assert {who: one["acceptance"]["plain"]["value"] for who, one in thanks.items()} == pytest.approx(
        {1: 5 / 6, 2: 1.0, 3: 4 / 6}
    )
    assert {who: one["first_pass"]["plain"]["value"] for who, one in thanks.items()} == pytest.approx(
        {1: 4 / 6, 2: 5 / 6, 3: 3 / 6}
    )
    assert thanks[3]["self_agreement"]["plain"]["value"] == 0.5
    assert thanks[1]["self_agreement"]["plain"]["n"] == 0
    assert thanks[1]["streak"]["longest"] <= thanks[1]["streak"]["n"] <= 6
    assert [one["annotator"] for one in found["people"]] == [1, 2, 3]
    assert found["most_improved"] is None
    assert found["speed"]["correlation"]["value"] is None
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found, allow_nan=False))


def test_there_is_no_leaderboard_unless_it_is_asked_for(any_desk: Desk) -> None:
    with any_desk.store.read() as connection:
        without, with_it = (
            numbers(connection, any_desk.source, settings)["mood"]["leaderboard"]
            for settings in (Settings(), Settings(leaderboard="by quality"))
        )
    assert without is None
    assert {one["annotator"] for one in with_it} == {1, 2, 3}
    assert with_it[0]["place"] == 1
