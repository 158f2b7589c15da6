"""What every page keeps to, new ones too; the definitions; the navigation."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from sync.dashboard import registry
from sync.dashboard.definitions import DEFINITIONS
from sync.dashboard.page import Page
from sync.dashboard.registry import all_pages
from sync.settings import Settings
from sync.store import logins
from sync.web.app import create_app

from .stage import COMPILED, HOUR, START, Stage, browser, crowd, stage, texts

TEMPLATES = Path(registry.__file__).parent / "templates"


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_a_page_has_its_template_and_an_address_of_its_own(page: Page) -> None:
    assert (TEMPLATES / f"{page.name}.html").is_file()
    assert [one.name for one in all_pages() if one.address == page.address] == [page.name]
    assert page.title
    assert page.address.startswith("/")


@pytest.mark.parametrize("key", DEFINITIONS)
def test_a_definition_is_a_term_and_whole_sentences(key: str) -> None:
    one = DEFINITIONS[key]
    assert one.term[0].isupper()
    assert one.text[0].isupper()
    assert one.text.endswith(".")
    assert len(one.text) <= 320


def test_every_table_and_image_of_a_page_is_there(tmp_path: Path) -> None:
    one = stage(tmp_path).people({1: "A", 2: "B", 3: "C"}).create(texts(12), overlap=3)
    client = browser(one.answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5})).assess())
    for page in all_pages():
        text = client.get(page.address.replace("<int:label_studio_id>", "7")).text
        named = set(re.findall(r'(?:href|src)="(/(?!assets)[^"]+\.(?:csv|json|svg|png)\b[^"]*)"', text))
        assert {address for address in named if client.get(unescape(address)).status_code != 200} == set(), page.name


def test_the_navigation_says_where_one_is(tmp_path: Path) -> None:
    text = browser(stage(tmp_path).create(texts(1))).get("/projects/7").text
    tabs = text[text.index('class="tabs"') :].split("</nav>")[0]
    assert '<a href="/projects/7" aria-current="page">Project</a>' in tabs
    assert tabs.count("aria-current") == 1


@pytest.fixture
def assessed(tmp_path: Path) -> Stage:
    one = stage(tmp_path).people({1: "A", 2: "B", 3: "C"}).create(texts(12), overlap=3)
    return one.answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5})).assess().score().summarise()


def test_every_page_says_who_is_logged_in(assessed: Stage) -> None:
    """Also with somebody chosen on it: what a page gives its template hides nothing of the layout."""
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
    with assessed.store.begin() as connection:
        logins.add(connection, "lea", "lead", None, START)
    app = create_app(settings, assessed.store, lambda _: None, clock=lambda: START + 980 * HOUR)
    app.jinja_env.bytecode_cache = COMPILED
    for page in all_pages():
        for chosen in ("", "?person=1&task=7000"):
            address = page.address.replace("<int:label_studio_id>", "7") + chosen
            reply = app.test_client().get(address, headers={"X-User": "lea"})
            assert 'title="Logged in as lea"' in reply.text, address


@pytest.mark.parametrize("name", ["person", "may", "frame", "request", "url_for"])
def test_a_page_that_would_hide_something_of_the_layout_is_refused(
    assessed: Stage, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    pages = [replace(one, read=lambda _: {name: "A"}) if one.name == "overview" else one for one in all_pages()]
    app = create_app(assessed.settings, assessed.store, lambda _: None, pages=pages)
    assert app.test_client().get("/").status_code == 500
    assert f"rename {name}" in caplog.text
