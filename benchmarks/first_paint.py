"""When a page first shows something, in a real Chromium."""

from collections.abc import Mapping
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from sync.errors import SettingsError
from sync.weekly_report.pdf import browser

WANTED = 500.0
"""Milliseconds wanted, on this machine, from the click to the first text or picture."""
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
PAINTED = """new Promise(done => new PerformanceObserver(found => {
  const first = found.getEntriesByName('first-contentful-paint')[0];
  if (first) done(first.startTime);
}).observe({type: 'paint', buffered: true}))"""


def run(url: str, paths: Mapping[str, str], rounds: int) -> None:
    """Print the milliseconds to each page's first contentful paint: with nothing kept by the browser, and later."""
    try:
        program = browser()
    except SettingsError:
        print("   first contentful paint: not measured, since there is no Chromium on this machine")
        return
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=program, args=list(FLAGS))
        found = {name: _painted(opened, url + path, rounds) for name, path in paths.items()}
        opened.close()
    print(f"   first contentful paint in Chromium, wanted: under {WANTED:.0f} ms")
    print("   page          at first       then")
    for name, (first, *others) in found.items():
        then = median(others)
        missed = "   missed" if max(first, then) > WANTED else ""
        print(f"   {name:<12} {first:6.0f} ms  {then:6.0f} ms{missed}")


def _painted(opened: Browser, address: str, rounds: int) -> list[float]:
    """Milliseconds of each visit by one reader, who has seen nothing before."""
    context = opened.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    found = []
    for _ in range(rounds):
        page.goto(address)
        found.append(float(page.evaluate(PAINTED)))
    context.close()
    return found
