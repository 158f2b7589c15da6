"""The pages in a real Chromium, under the policy that they are made for."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from .stage import application, crowd, stage, texts

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the pages are not looked at"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with one project: eleven people, long names and texts, a model and reviews."""
    folder: Path = tmp_path_factory.mktemp("dashboard")
    people = {number: f"Annotator with a rather long name {number}" for number in range(1, 12)}
    one = stage(folder, title="A title that goes on and on: " + "unbreakable" * 12).people(people)
    one.create([*texts(40), {"text": "w" * 400}], overlap=3)
    one.answer([*crowd(40, dict.fromkeys(people, 0.8)), (40, 1, "positive"), (40, 2, "negative")])
    one.assess().score().assess().push().beat(ok=False, message="no answer: " + "x" * 300)
    server = make_server("127.0.0.1", 0, application(one), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
    one.store.close()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """One browser for all looks."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.mark.parametrize("path", ["/", "/projects/7"])
@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "dark"), (768, "light"), (904, "dark"), (1280, "dark"), (2560, "light")]
)
def test_no_complaint_and_nothing_wider_than_the_window(
    chrome: Browser, address: str, path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    complaints: list[str] = []
    page = chrome.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address + path, wait_until="load")
    wide = "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && e.scrollWidth > innerWidth)"
    assert page.evaluate(f"{wide}.map(e => e.outerHTML.slice(0, 200))") == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate("Promise.all([...document.images].map(one => { one.loading = 'eager'; return one.decode() }))")
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert complaints == []
    page.close()
