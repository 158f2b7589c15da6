"""Every page in a real Chromium, under the policy that it is served with; new pages are found by themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, ViewportSize, expect

from sync.store.lease import beat

from . import sample
from .looking import Scheme, complaints_of_axe, draw_images, paths, served
from .stage import HOUR, START, Stage, application, crowd, stage, texts

pytestmark = pytest.mark.browser
ONE_LINE = 64
"""Pixels that the header of a page is high at most, where nobody is logged in."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One project: eleven people, long names and texts, a model and reviews, a run that failed."""
    folder: Path = tmp_path_factory.mktemp("dashboard")
    people = {number: f"Annotator with a rather long name {number}" for number in range(1, 12)}
    one = stage(folder, title="A title that goes on and on: " + "unbreakable" * 12).people(people)
    one.create([*texts(40), {"text": "w" * 400}], overlap=3)
    one.answer([*crowd(40, dict.fromkeys(people, 0.8)), (40, 1, "positive"), (40, 2, "negative")])
    one.assess().score().assess().push().summarise().beat(ok=False, message="no answer: " + "x" * 300)
    yield one
    one.store.close()


@pytest.fixture(scope="module")
def address(shown: Stage) -> Iterator[str]:
    with served(application(shown)) as found:
        yield found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Every part of the pages, and few rows: axe looks at each element."""
    one = stage(tmp_path_factory.mktemp("small")).people({1: "Ann", 2: "Bo", 3: "Cy"}).create(texts(12), overlap=3)
    one.answer(crowd(9, {1: 0.9, 2: 0.8, 3: 0.5})).assess().score().assess().push()
    one.rule(
        [{"label": "neutral", "reviewer": 1, "cause": "guideline gap", "rationale": "Both."}]
    ).assess().summarise().beat()
    with served(sample.application(one)) as found:
        yield found
    one.store.close()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A window whose base is the dashboard."""
    opened = chromium.new_page(base_url=address)
    yield opened
    opened.close()


# To open a window takes longer than to go from page to page in it.
@pytest.fixture(scope="module")
def window(chromium: Browser, address: str) -> Iterator[Page]:
    """A window of any size."""
    with chromium.new_page(base_url=address) as opened:
        yield opened


@pytest.fixture(scope="module")
def paper(chromium: Browser, small: str) -> Iterator[Page]:
    """A sheet of A4."""
    size: ViewportSize = {"width": 794, "height": 1123}
    with chromium.new_page(base_url=small, viewport=size, color_scheme="dark") as opened:
        opened.emulate_media(media="print")
        yield opened


@pytest.fixture(scope="module")
def examined(chromium: Browser, small: str) -> Iterator[Page]:
    """A window that takes the script of axe."""
    size: ViewportSize = {"width": 1280, "height": 900}
    with chromium.new_page(base_url=small, viewport=size, bypass_csp=True) as opened:
        yield opened


@pytest.fixture
def complaints(window: Page) -> Iterator[list[str]]:
    """What the window complains of from now on."""
    window.goto("about:blank")  # what the page before has to say is not about this one
    heard: list[str] = []

    def hear(said: ConsoleMessage | Error) -> None:
        heard.append(str(said))

    window.on("console", hear)
    window.on("pageerror", hear)
    yield heard
    window.remove_listener("console", hear)
    window.remove_listener("pageerror", hear)


@pytest.mark.parametrize("path", paths())
def test_no_complaint_and_nothing_wider_than_the_window(window: Page, complaints: list[str], path: str) -> None:
    window.goto(path)
    wide = "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && e.scrollWidth > innerWidth)"
    looks: list[tuple[int, Scheme]] = [(360, "dark"), (768, "light"), (904, "dark"), (1280, "dark"), (2560, "light")]
    for width, scheme in looks:
        window.set_viewport_size({"width": width, "height": 900})
        window.emulate_media(color_scheme=scheme)
        assert window.evaluate(f"{wide}.map(e => e.outerHTML.slice(0, 200))") == [], width
        assert window.evaluate("document.documentElement.scrollWidth") == width
        assert window.evaluate("document.querySelector('.top')?.offsetHeight ?? 0") < ONE_LINE, width
    draw_images(window)
    assert window.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert complaints == []


@pytest.mark.parametrize("path", paths())
def test_it_fits_on_paper(paper: Page, path: str) -> None:
    paper.goto(path)
    assert paper.evaluate("document.documentElement.scrollWidth") == 794
    assert paper.locator("form, .button, .top").filter(visible=True).count() == 0


@pytest.mark.parametrize("path", [*paths(), "/projects/7/sample", "/login", "/projects/99"])
def test_axe_finds_nothing(examined: Page, path: str) -> None:
    examined.emulate_media(color_scheme="light")
    examined.goto(path)
    examined.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert complaints_of_axe(examined) == []
    examined.emulate_media(color_scheme="dark")
    assert complaints_of_axe(examined, ["color-contrast"]) == []


def test_a_definition_is_shown_on_focus_and_put_away_by_escape(page: Page) -> None:
    page.goto("/")
    word = page.get_by_role("button", name="To decide")
    tip = page.locator(".tip", has_text="a person has to decide").first
    expect(tip).to_be_hidden()
    word.focus()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_a_page_changes_by_itself(page: Page, shown: Stage) -> None:
    page.goto("/projects/7")
    with shown.store.begin() as connection:
        beat(connection, f"project:{shown.number}:run", START + 990 * HOUR, False, "the new message")
    expect(page.get_by_text("the new message")).to_be_visible(timeout=5000)


def test_colours_are_chosen_and_kept_without_a_script(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, color_scheme="light", base_url=address)
    page = context.new_page()
    page.goto("/projects/7?sort=-alpha")
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(f"{address}/projects/7?sort=-alpha")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    context.close()


def test_times_are_those_of_the_reader(chromium: Browser, address: str) -> None:
    context = chromium.new_context(timezone_id="Asia/Tokyo", locale="de-DE", base_url=address)
    page = context.new_page()
    page.goto("/")
    at = page.locator("td time").first
    expect(at).to_have_text("31.10.2026, 03:13")
    expect(at).to_have_attribute("title", "30 Oct 2026, 18:13 UTC")
    expect(page.locator("tbody data").first).to_contain_text(",")
    context.close()


def test_days_of_utc_are_not_shifted_and_intervals_are_in_the_form_of_their_values(
    chromium: Browser, small: str
) -> None:
    context = chromium.new_context(timezone_id="America/Los_Angeles", locale="de-DE", base_url=small)
    page = context.new_page()
    page.goto("/projects/7/sample")
    expect(page.locator(".tile", has_text="Done by").locator("time")).to_have_text("21.09.2026")
    expect(page.locator("tbody tr").nth(1).locator("time").last).to_have_text("21.09.2026")
    alpha = page.locator(".tile").first
    expect(alpha.locator("data")).to_have_text("0,70")
    expect(alpha.locator(".interval").first).to_have_text("[0,60; 0,80]")
    expect(alpha.locator(".tip")).to_contain_text("interval [0,60; 0,80].")
    expect(page.locator(".lead")).to_have_text("One sentence of 1.234,5 words since 21.09.2026.")
    context.close()
