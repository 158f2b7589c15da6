"""My work by a personal link: one's own numbers, those of nobody else, for as long as the link holds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from scipy.stats import beta
from sqlalchemy import update

from sync.dashboard import my_work
from sync.dashboard.definitions import definition
from sync.dashboard.wording import percent
from sync.people.deciding import new_link
from sync.people.kept import keep_people
from sync.settings import Settings
from sync.store import personal_links
from sync.store.engine import Store
from sync.store.tables import projects
from sync.summaries import summarise
from sync.web.app import create_app

from .looking import complaints_of_axe, served
from .stage import HOUR, START, Stage, application, crowd, stage, texts, unmarked

NOW = START + 980 * HOUR
EVIL = "<script>alert(1)</script>"
PEOPLE = {1: "Annabel", 2: "Boris", 3: "Cy", 4: "Dora"}
HEADERS = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Four people, two rulings with reasons; another project that a link of this one must not open."""
    folder: Path = tmp_path_factory.mktemp("mine")
    one = stage(folder, title=f"Hotels {EVIL}").people(PEOPLE).create(texts(60), overlap=3)
    one.answer(crowd(60, {1: 0.9, 2: 0.9, 3: 0.5, 4: 0.8})).assess().push(60)
    said = [
        {"label": label, "reviewer": 4, "cause": "slip", "rationale": f"{EVIL} Because {label}."}
        for label in ("neutral", "negative", "positive") * 4
    ]
    one.rule(said).assess()
    keep_people(one.store, one.key, one.settings, lambda: NOW)
    summarise(one.store, one.key, one.settings, lambda: NOW)
    Stage(one.store, number=8, title="Secret project").create(texts(2))
    yield one
    one.store.close()


def link(one: Stage, person: int = 3, days: int = 90) -> str:
    with one.store.begin() as connection:
        return "/mine/" + new_link(connection, one.key, person, days, now=NOW, actor="login:0")


def client(store: Store, now: int = NOW) -> FlaskClient:
    """Somebody from elsewhere, without a login."""
    settings = Settings(dashboard_password="a password", trusted_proxies=["127.0.0.1"])
    found = create_app(settings, store, lambda _: None, clock=lambda: now).test_client()
    found.environ_base.update(HEADERS)
    return found


def text(client: FlaskClient, path: str) -> str:
    reply = client.get(path)
    assert reply.status_code == 200
    return unmarked(reply.text)


def rows(client: FlaskClient, path: str) -> list[dict[str, Any]]:
    return list(json.loads(client.get(path).text)["rows"])


def test_it_shows_the_numbers_that_leads_see_of_them(seen: Stage) -> None:
    mine, lead = client(seen.store), application(seen).test_client()
    here = link(seen)
    (own,) = rows(mine, f"{here}/tables/controls.json")
    (row,) = [one for one in rows(lead, "/projects/7/annotators.json") if one["person"] == "Cy"]
    (thanks,) = [one for one in rows(lead, "/projects/7/annotators/tables/thanks.json") if one["person"] == "Cy"]
    assert own["answers"] == row["answers"]
    for name in ("agreement", "agreement_low", "gold", "gold_high", "myself"):
        assert own[name] == row[name]
    for name in ("acceptance", "acceptance_high", "longest", "improvement"):
        assert own[name] == thanks[name]
    days = rows(mine, f"{here}/tables/days.json")
    assert sum(one["answers"] for one in days) == own["answers"]
    assert days[0]["answers"] > 0


def test_rulings_are_there_with_their_reasons_and_without_the_reviewer(seen: Stage) -> None:
    mine, here = client(seen.store), link(seen)
    found = rows(mine, f"{here}.json")
    assert found
    page = text(mine, here)
    for one in found:
        assert one["same"] == ("the same" if one["given"] == one["ruled"] else "another")
        assert f"http://localhost:8080/projects/7/data?task={one['task']}" in page
    same = sum(one["same"] == "the same" for one in found)
    assert f"A reviewer ruled on {len(found)} of them: {same} as you had answered" in page
    low, high = beta.ppf([0.025, 0.975], same + 0.5, len(found) - same + 0.5)
    between = f"[{percent(low if same else 0.0)}, {percent(high if same < len(found) else 1.0)}]"
    assert between.replace("\N{NO-BREAK SPACE}", " ") in page.partition(">Like the ruling<")[2].partition("</div>")[0]
    assert "Because neutral." in page or "Because negative." in page
    assert len(rows(mine, f"{here}.json?same=another")) == len(found) - same


def test_nobody_else_is_on_it(seen: Stage) -> None:
    mine, here = client(seen.store), link(seen)
    page = mine.get(here).text
    places = set(re.findall(rf'"({re.escape(here)}[^" ]+\.(?:csv|json|svg|png)[^"]*)"', page))
    assert any(place.endswith(".svg") for place in places)
    answers = [mine.get(place) for place in places]
    assert {one.status_code for one in answers} == {200}
    for said in (page, *(one.data.decode("latin-1") for one in answers)):
        for name in ("Annabel", "Boris", "Dora", "user1@", "Secret project"):
            assert name not in said
    for path in ("/", "/projects/7", "/projects/7/annotators"):
        assert mine.get(path).status_code == 401


def test_what_people_typed_is_only_text(seen: Stage) -> None:
    reply = client(seen.store).get(f"{link(seen)}?search={EVIL}&same={EVIL}")
    assert reply.status_code == 200
    assert EVIL not in reply.text
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "same-origin"


def test_a_link_opens_nothing_once_it_is_over_revoked_or_replaced(seen: Stage) -> None:
    first = link(seen, 2)
    assert client(seen.store).get(first).status_code == 200
    second = link(seen, 2, days=3)
    for path in (first, f"{first}.csv", f"{first}/tables/days.json", "/mine/nothing"):
        assert client(seen.store).get(path).status_code == 404
    assert "Ask your lead for a new one" in client(seen.store).get(first).text
    assert client(seen.store).get(second).status_code == 200
    with seen.store.begin() as connection:
        personal_links.revoke(connection, seen.key, 2, now=NOW, actor="login:0")
    assert client(seen.store).get(second).status_code == 404
    third = link(seen, 2, days=3)
    assert client(seen.store, NOW + 2 * 24 * HOUR).get(third).status_code == 200
    assert client(seen.store, NOW + 4 * 24 * HOUR).get(third).status_code == 404


def test_who_guesses_has_to_wait(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(3)).answer([(0, 1, "positive")])
    mine = client(one.store)
    here = link(one, 1)
    assert [mine.get(f"/mine/{place}").status_code for place in range(30)] == [404] * 30
    reply = mine.get("/mine/again")
    assert reply.status_code == 429
    assert int(reply.headers["Retry-After"]) > 0
    assert mine.get(here).status_code == 429
    elsewhere = client(one.store)
    elsewhere.environ_base["REMOTE_ADDR"] = "203.0.113.10"
    assert elsewhere.get(here).status_code == 200


def test_before_a_run_it_says_so_and_a_deleted_project_is_gone(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(3)).answer([(0, 1, "positive")])
    here = link(one, 1)
    assert "Your numbers are not there yet" in text(client(one.store), here)
    one.assess()
    keep_people(one.store, one.key, one.settings, lambda: NOW)
    assert "You gave 1 answer." in text(client(one.store), here)
    with one.store.begin() as connection:
        connection.execute(update(projects).values(deleted_at=NOW))
    assert client(one.store).get(here).status_code == 404


@pytest.mark.browser
def test_axe_finds_nothing_and_it_fits_a_telephone(seen: Stage, chromium: Browser) -> None:
    here = link(seen)
    with served(client(seen.store).application) as address:
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light", bypass_csp=True)
        page.goto(address + here)
        assert complaints_of_axe(page) == []
        page.emulate_media(color_scheme="dark")
        assert complaints_of_axe(page, ["color-contrast"]) == []
        page.set_viewport_size({"width": 360, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.close()


def test_what_the_numbers_mean_is_said_to_whom_they_are_about() -> None:
    """The page names nobody else, so it calls nobody "them"."""
    columns = [*my_work.CONTROLS, *my_work.BY_DAY]
    figures = ("own_with_others", "own_acceptance", "own_same", "streak", "own_streak_now")
    for key in (*(one.define for one in columns if one.define), *figures):
        meaning = definition(key)
        assert not re.search(r"\b(their|they|them|themselves|this person)\b", f"{meaning.term} {meaning.text}"), key
