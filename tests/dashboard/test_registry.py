"""What every page keeps to, new ones too; the definitions; the navigation."""

import re
from html import unescape
from pathlib import Path

import pytest

from sync.dashboard import registry
from sync.dashboard.definitions import DEFINITIONS
from sync.dashboard.page import Page
from sync.dashboard.registry import all_pages

from .stage import browser, crowd, stage, texts

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
