"""What pages show of people is computed when something changed, and kept."""

from sqlalchemy import select, update

from sync.assess import assess
from sync.people.kept import HOUR, PEOPLE, keep_people
from sync.people.numbers import numbers
from sync.settings import Settings
from sync.store import summaries
from sync.store.engine import Store
from sync.store.tables import assessments
from sync.summaries import KINDS, summarise
from tests.dashboard.stage import Stage, crowd, texts

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


def test_where_a_project_is_judged_in_part_it_is_at_most_an_hour_old(any_store: Store) -> None:
    one = answered(any_store).assess()
    keep_people(any_store, one.key, SETTINGS, lambda: NOW)
    one.answer([(0, 4, "positive")])
    assess(any_store, one.key, SETTINGS, lambda: NOW + 1)
    with any_store.begin() as connection:
        newest = select(assessments.c.id, assessments.c.report).order_by(assessments.c.id.desc()).limit(1)
        row = connection.execute(newest).one()
        told = {**row.report, "partial": {"tasks": 1, "full_at": NOW}}
        connection.execute(update(assessments).where(assessments.c.id == row.id).values(report=told))
    assert not keep_people(any_store, one.key, SETTINGS, lambda: NOW + HOUR - 1)
    assert keep_people(any_store, one.key, SETTINGS, lambda: NOW + HOUR)
