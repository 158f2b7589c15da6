"""What pages show of people is computed when something changed, and kept."""

import random
from dataclasses import replace

from sqlalchemy import select, update

from label_config.answers import Answer, Choices, Number, Text
from label_config.results import canonical
from sync.assess import assess
from sync.people.kept import A_WHILE, HOUR, PEOPLE, keep_people
from sync.people.numbers import numbers, repeats
from sync.settings import Settings
from sync.store import intake, projects, summaries
from sync.store.engine import Store
from sync.store.intake import Decoded
from sync.store.tables import assessments
from sync.summaries import KINDS, summarise
from tests.dashboard.stage import Stage, crowd, texts

from .test_intake import PROJECT, annotation, task

NOW = 1_800_000_000_000_000
SETTINGS = Settings(bootstrap=100)


def answered(store: Store) -> Stage:
    one = Stage(store, settings=SETTINGS).people({1: "Ann", 2: "Bo", 3: "Cy"}).create(texts(12), overlap=3)
    return one.answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5}))


def test_it_is_what_the_store_gives_and_computed_once(any_store: Store) -> None:
    one = answered(any_store)
    assert not keep_people(any_store, one.key, SETTINGS, lambda: NOW)  # nothing was assessed
    one.assess()
    assert keep_people(any_store, one.key, SETTINGS, lambda: NOW)
    assert not keep_people(any_store, one.key, SETTINGS, lambda: NOW + 1)
    with any_store.read() as connection:
        kept = summaries.of(connection, one.key, PEOPLE)
        assert kept is not None
        assert kept.made_at == NOW
        assert kept.body["controls"]["sentiment"]["people"][0]["annotator"] == 1
        found = numbers(connection, one.key, SETTINGS)["sentiment"]
    for name in ("reliability", "agreement", "gold"):
        assert [one[name]["value"] for one in kept.body["controls"]["sentiment"]["people"]] == [
            one[name]["value"] for one in found["people"]
        ]
    assert keep_people(any_store, one.key, SETTINGS.model_copy(update={"leaderboard": "by quality"}), lambda: NOW)


SEVERAL = """<View><Text name="text" value="$text"/>
<Choices name="mood" toName="text"><Choice value="good"/><Choice value="mixed"/><Choice value="bad"/></Choices>
<Choices name="about" toName="text" choice="multiple"><Choice value="price"/><Choice value="taste"/></Choices>
<Rating name="stars" toName="text"/><TextArea name="why" toName="text"/></View>"""


def said_at(seed: int) -> dict[str, str]:
    """What somebody answers to all of these; not everybody says why."""
    chance = random.Random(seed)
    some: dict[str, Answer] = {
        "mood": Choices((chance.choice(["good", "good", "mixed", "bad"]),)),
        "about": Choices(tuple(one for one in ("price", "taste") if chance.random() < 0.6)),
        "stars": Number(float(chance.randint(1, 5))),
        **({"why": Text((chance.choice(["cheap", "it was cheap", "dear"]),))} if chance.random() < 0.7 else {}),
    }
    return {name: canonical(answer) for name, answer in some.items()}


def test_the_consensus_is_taken_over_from_the_assessment_and_gives_the_same_numbers(any_store: Store) -> None:
    """Before the first one it is inferred here. A ground truth, repeated answers and a lonely task are among them."""
    with any_store.begin() as connection:
        key = projects.remember(connection, replace(PROJECT, label_config=SEVERAL), kind="source", now=1).key
        page = [
            task(
                number,
                10,
                *(
                    annotation(
                        10 * number + person,
                        100 * number + person,
                        [10 * number + person],
                        by=1 + person % 4,
                        lead_time=1.0 + person,
                        ground_truth=person == 3 and number % 5 == 0,
                    )
                    for person in range(5 if number % 4 == 0 else 1 if number == 7 else 4)
                ),
                data={"text": "<b>word</b> " * number + "\u4f60\u597d" * (number % 3)},
            )
            for number in range(1, 31)
        ]
        intake.save(connection, key, page, lambda result, *_: Decoded(said_at(result[0]), None), 9)
    with any_store.read() as connection:
        inferred = numbers(connection, key, SETTINGS)
    assess(any_store, key, SETTINGS, lambda: NOW)
    with any_store.read() as connection:
        assert numbers(connection, key, SETTINGS) == inferred
        assert repeats(connection, key, [1, 2, 3]) == {}
        assert repeats(connection, key, [4]) == {
            name: tuple(one for one in given if one[0] == 4) for name, given in repeats(connection, key).items()
        }
    assert set(inferred) == {"mood", "about", "stars", "why"}
    assert any(one["self_agreement"]["n"] for one in inferred["mood"]["people"])
    assert any(one["gold"]["n"] for one in inferred["mood"]["people"])


def test_the_other_summaries_are_not_made_anew_because_of_it(any_store: Store) -> None:
    one = answered(any_store).assess()
    assert summarise(any_store, one.key, SETTINGS, lambda: NOW)
    keep_people(any_store, one.key, SETTINGS, lambda: NOW)
    assert not summarise(any_store, one.key, SETTINGS, lambda: NOW)
    with any_store.read() as connection:
        assert set(summaries.stamps(connection, one.key)) == {*KINDS, PEOPLE}


def test_it_follows_a_new_assessment(any_store: Store) -> None:
    one = answered(any_store).assess()
    keep_people(any_store, one.key, SETTINGS, lambda: NOW)
    one.answer([(0, 4, "positive")])
    assess(any_store, one.key, SETTINGS, lambda: NOW + HOUR)
    assert keep_people(any_store, one.key, SETTINGS, lambda: NOW + HOUR)
    with any_store.read() as connection:
        kept = summaries.of(connection, one.key, PEOPLE)
    assert kept is not None
    assert [person["annotator"] for person in kept.body["controls"]["sentiment"]["people"]] == [1, 2, 3, 4]


def judged_in_part(store: Store, one: Stage, now: int) -> None:
    """As though the newest assessment had been one of a part."""
    assess(store, one.key, SETTINGS, lambda: now)
    with store.begin() as connection:
        newest = select(assessments.c.id, assessments.c.report).order_by(assessments.c.id.desc()).limit(1)
        row = connection.execute(newest).one()
        told = {**row.report, "partial": {"tasks": 1, "full_at": NOW}}
        connection.execute(update(assessments).where(assessments.c.id == row.id).values(report=told))


def test_where_a_project_is_judged_in_part_it_is_at_most_six_hours_old(any_store: Store) -> None:
    one = answered(any_store).assess()
    keep_people(any_store, one.key, SETTINGS, lambda: NOW)
    one.answer([(0, 1, "negative")])
    judged_in_part(any_store, one, NOW + 1)
    assert not keep_people(any_store, one.key, SETTINGS, lambda: NOW + A_WHILE - 1)
    assert keep_people(any_store, one.key, SETTINGS, lambda: NOW + A_WHILE)


def test_who_is_new_in_a_project_that_is_judged_in_part_is_there_at_once(any_store: Store) -> None:
    one = answered(any_store).assess()
    keep_people(any_store, one.key, SETTINGS, lambda: NOW)
    one.answer([(0, 4, "positive")])
    judged_in_part(any_store, one, NOW + 1)
    assert keep_people(any_store, one.key, SETTINGS, lambda: NOW + 2)
    with any_store.read() as connection:
        kept = summaries.of(connection, one.key, PEOPLE)
    assert kept is not None
    assert [person["annotator"] for person in kept.body["controls"]["sentiment"]["people"]] == [1, 2, 3, 4]
