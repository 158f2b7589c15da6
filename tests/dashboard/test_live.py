"""An open page that changes by itself, in a real Chromium: what the reader chose stays, and what is lost is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select
from werkzeug.serving import make_server

from sync.dashboard.page import PROJECT, Asked
from sync.dashboard.page import Page as OurPage
from sync.dashboard.registry import all_pages
from sync.store.lease import beat
from sync.store.tables import heartbeats
from sync.web.app import create_app

from .looking import served
from .stage import HOUR, START, Stage, stage, texts

pytestmark = pytest.mark.browser
TEMPLATE = """{% extends "layout.html" %}{% block main %}
<section id="links"><p>At {{ at }}</p>
<details><summary>Old</summary><p>Inside</p></details>
<a href="/projects/7?a">One</a> <a href="/projects/7?b">Seen {{ at }} times</a> <a href="/projects/7?c">Three</a>
</section>
{% for field in fields %}<form id="form-{{ loop.index }}"><p class="at">{{ at }}</p>{{ field|safe }}</form>{% endfor %}
{% endblock %}"""
FIELDS = (
    '<label><input type="checkbox" name="box"> Box</label>',
    '<label><input type="radio" name="one" checked> Yes</label><label><input type="radio" name="one"> No</label>',
    '<label>Pick <select name="pick"><option>a</option><option>b</option></select></label>',
    '<label>Say <textarea name="say"></textarea></label>',
    '<label>Left <input name="left" value="as it was"></label>',
)


def _read(asked: Asked) -> dict[str, object]:
    newest = asked.connection.execute(select(func.max(heartbeats.c.at))).scalar_one()
    return {"at": (newest - START) // HOUR, "fields": FIELDS}


def _application(one: Stage) -> Flask:
    page = OurPage("living", "Living", f"{PROJECT}/living", _read)
    pages = [*all_pages(), page]
    app = create_app(one.settings, one.store, lambda _: None, clock=lambda: START + 980 * HOUR, pages=pages)
    app.jinja_loader = ChoiceLoader([DictLoader({"living.html": TEMPLATE})])
    return app


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    one = stage(tmp_path_factory.mktemp("live")).create(texts(2)).beat()
    yield one
    one.store.close()


@pytest.fixture
def page(chromium: Browser, shown: Stage) -> Iterator[Page]:
    with served(_application(shown)) as address:
        opened = chromium.new_page(base_url=address)
        opened.goto("/projects/7/living")
        yield opened
        opened.close()


def _happen(one: Stage, hour: int) -> None:
    with one.store.begin() as connection:
        beat(connection, f"project:{one.number}:run", START + hour * HOUR, True, "")


def test_what_was_chosen_stays_and_comes_up_to_date_once_it_is_taken_back(page: Page, shown: Stage) -> None:
    page.get_by_label("Box").check()
    page.get_by_label("No").check()
    page.get_by_label("Pick").select_option("b")
    page.get_by_label("Say").fill("half a wo")
    page.get_by_role("link", name="One").focus()
    _happen(shown, 985)
    expect(page.locator("#form-5 .at")).to_have_text("985")
    expect(page.get_by_label("Box")).to_be_checked()
    expect(page.get_by_label("No")).to_be_checked()
    expect(page.get_by_label("Pick")).to_have_value("b")
    expect(page.get_by_label("Say")).to_have_value("half a wo")
    page.get_by_label("Box").uncheck()
    expect(page.locator("#form-1 .at")).to_have_text("985")
    expect(page.get_by_label("Box")).to_be_focused()


def test_the_keyboard_stays_at_a_link_that_is_replaced(page: Page, shown: Stage) -> None:
    page.get_by_text("Old").click()
    page.locator("a[href='/projects/7?b']").focus()
    _happen(shown, 986)
    expect(page.get_by_text("Seen 986 times")).to_be_focused()
    expect(page.get_by_text("Inside")).to_be_visible()


def test_a_server_that_is_away_is_said_until_it_is_back(chromium: Browser, shown: Stage) -> None:
    app = _application(shown)
    page = chromium.new_page()
    with _at(app, 0) as port:
        page.goto(f"http://127.0.0.1:{port}/projects/7/living")
        expect(page.get_by_text("At 9")).to_be_visible()
    said = page.get_by_role("status").filter(has_text="Not connected since")
    expect(said).to_be_visible(timeout=10_000)
    expect(said).to_be_in_viewport()
    with _at(app, port):
        expect(said).to_have_count(0, timeout=10_000)
    page.close()


@contextmanager
def _at(app: Flask, port: int) -> Iterator[int]:
    """The application on a port that may have been served before; gives it."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
