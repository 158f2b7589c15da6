"""Looking at pages in a real Chromium: a server for a store, axe, and pictures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from sync.dashboard.page import PROJECT
from sync.dashboard.registry import all_pages

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (360, 1280, 2560)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")


def paths(number: int = 7) -> list[str]:
    """The address of every page, for the project of that number and its first task."""
    found = [one.address.replace(PROJECT, f"/projects/{number}") for one in all_pages()]
    return [*found, f"/projects/{number}/task?task={1000 * number}"]


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a port of its own; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


DRAWN = """async () => {
  for (const one of document.images) {
    one.loading = "eager";
    for (let left = 3; ; left--)
      try { await one.decode(); break } catch (error) { if (!left) throw error }
  }
}"""


def draw_images(page: Page) -> None:
    """Wait for the images that are drawn when they come into sight.

    An image whose source changes meanwhile, as with another width or other colours, has to be waited for again.
    """
    page.evaluate(DRAWN)


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def complaints_of_axe(page: Page, only: Sequence[str] = RULES) -> list[str]:
    """What axe finds against WCAG 2.2 AA and good practice, or some of its rules, a line each."""
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate(f"axe.run({{runOnly: {list(only)}, resultTypes: ['violations']}})")
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def picture(browser: Browser, address: str, file: Path, width: int, scheme: Scheme) -> None:
    """The whole page as PNG."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(address, wait_until="load")
    draw_images(page)
    page.screenshot(path=str(file), full_page=True)
    page.close()
