"""Names and labels as long as people make them, in a real Chromium: nothing leaves its place, nothing is cut off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from sync.dashboard.charts import THEMES, WIDTHS, Look, Variant
from sync.dashboard.people_charts import draw_reliability
from sync.store.tables import projects

from .looking import served
from .stage import CONFIG, LABELS, Stage, application, crowd, stage, texts

pytestmark = pytest.mark.browser
LONG = {label: f"{label}".ljust(34, "x") for label in LABELS}
OUT = """selector => [...document.querySelectorAll(selector)].flatMap(box => [...box.querySelectorAll('*')]
  .filter(one => one.getBoundingClientRect().right > box.getBoundingClientRect().right + 1)
  .filter(one => !one.closest('.scroll, .tip, .unseen')).map(one => one.outerHTML.slice(0, 160)))"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Labels of 34 letters that are confused, and somebody whose name has 150."""
    one: Stage = stage(tmp_path_factory.mktemp("narrow")).people({1: "Ann", 2: "B" * 150, 3: "Cy"})
    one.create(texts(30), overlap=3)
    config = CONFIG.format(control=one.control)
    for label, longer in LONG.items():
        config = config.replace(f'"{label}"', f'"{longer}"')
    with one.store.begin() as connection:
        connection.execute(projects.update().values(label_config=config))
    given = crowd(30, {1: 0.9, 2: 0.8, 3: 0.5})
    one.answer([(place, person, LONG[label]) for place, person, label in given])
    one.assess().score().assess().push().summarise()
    with served(application(one)) as address:
        yield address
    one.store.close()


@pytest.mark.parametrize("path", ["", "/queue", "/task?task=7000", "/annotators"])
def test_nothing_leaves_its_card_on_a_telephone(chromium: Browser, shown: str, path: str) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 800}, locale="de-DE")
    page.goto(f"{shown}/projects/7{path}")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(OUT, ".card, .tile") == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    assert page.evaluate(OUT, ".card, .tile") == []
    page.close()


def test_names_at_a_chart_are_whole_in_a_browser(chromium: Browser) -> None:
    rows = [
        {"person": name, "reliability": 0.8, "reliability_low": 0.7, "reliability_high": 0.9, "answers": 9}
        for name in ("Wilhelmina Mommsen", "MWMWMWMW", "Annotator with a rather long name 11")
    ]
    svg = Variant("", draw_reliability, rows, Look(THEMES["light"], WIDTHS["narrow"], 210)).svg().decode()
    page = chromium.new_page()
    page.set_content(f"<body style='margin: 0'>{svg}")
    assert (
        page.evaluate(
            "Math.min(...[...document.querySelectorAll('text')].map(one => one.getBoundingClientRect().left))"
        )
        >= 0
    )
    page.close()
