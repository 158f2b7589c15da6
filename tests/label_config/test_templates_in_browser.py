"""The ready-made interfaces in a real Label Studio: a suggestion is filled in, one key takes it, others change it."""

import time
from collections.abc import Iterator, Mapping, Sequence

import pytest
from playwright.sync_api import Browser, Page

from label_config.answers import Answer, Choices, Number
from label_config.parse import parse
from label_config.results import read_answers
from label_config.templates import NAMES, template
from sync.settings import Settings
from sync.templates import create_project

from ..conftest import RunningLabelStudio
from .template_tasks import TASKS, spans, suggestion

pytestmark = [pytest.mark.label_studio, pytest.mark.browser]

SECONDS = 30
CORRECTED: Mapping[str, tuple[str, Mapping[str, Answer]]] = {
    "text-classification": ("3", {"sentiment": Choices(("Negative",))}),
    "text-multilabel": ("3", {"topics": Choices(("Quality",))}),
    "product-check": (
        "1sdz",
        {"category": Choices(("Clothing",)), "problems": Choices(("Wrong facts",)), "picture": Number(3.0)},
    ),
}
"""Keys, and the answer that they make of the suggestion."""
LIKE_OTHERS = {"digits", "image-multilabel", "text-multilabel"}
"""Interfaces of a control and an object that others hold, too (one is corrected by keys): opening each takes long."""


@pytest.fixture(scope="module")
def page(label_studio: RunningLabelStudio, chromium: Browser) -> Iterator[Page]:
    """A page on which an annotator has logged in."""
    annotator = label_studio.person("annotator")
    opened = chromium.new_page(viewport={"width": 1400, "height": 900})
    opened.goto(f"{label_studio.url}/user/login")
    opened.fill("input[name=email]", annotator.email)
    opened.fill("input[name=password]", annotator.password)
    opened.keyboard.press("Enter")
    opened.wait_for_url(lambda url: "/login" not in url, timeout=SECONDS * 1000)
    yield opened
    opened.close()


def answered(
    studio: RunningLabelStudio, page: Page, name: str, keys: Sequence[str], click: str = ""
) -> Mapping[str, Answer]:
    """What is stored after an annotator opened a task with its suggestion, pressed these keys, and then Ctrl+Enter.

    ``click`` selects what is clicked before.
    """
    admin, (data, _) = studio.as_("admin"), TASKS[name]
    project = create_project(admin, f"{name} {' '.join(keys)}", template(name), Settings())
    (task,) = admin.import_tasks(project, [{"data": data}])
    # Apart from its task: what Label Studio imports again, because SQLite was locked, has lost its predictions.
    admin.import_predictions(project, [{"task": task, "result": suggestion(name), "score": 0.5, "model_version": "m"}])
    admin.update_project(project, model_version="m")
    page.goto(f"{studio.url}/projects/{project}/data?labeling=1")
    page.wait_for_selector(".verify-task", timeout=SECONDS * 1000)
    page.wait_for_selector("[data-testid=bottombar-submit-button]")
    if click:
        page.click(click)
    for key in (*keys, "Control+Enter"):
        page.keyboard.press(key)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if stored := admin.task(task).annotations:
            return read_answers(parse(template(name)), stored[0].result, data)
        time.sleep(0.1)
    raise AssertionError(f"{name}: nothing was submitted within {SECONDS} s")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LIKE_OTHERS])
def test_what_is_suggested_is_taken_by_one_key(label_studio: RunningLabelStudio, page: Page, name: str) -> None:
    assert answered(label_studio, page, name, "") == TASKS[name][1]


@pytest.mark.parametrize("name", CORRECTED)
def test_what_is_suggested_is_corrected_by_keys(label_studio: RunningLabelStudio, page: Page, name: str) -> None:
    keys, wanted = CORRECTED[name]
    assert answered(label_studio, page, name, keys) == wanted


@pytest.mark.parametrize(("key", "left"), [("2", {"London": "Organization"}), ("Backspace", {})])
def test_a_mark_is_relabeled_or_removed_by_a_key(
    label_studio: RunningLabelStudio, page: Page, key: str, left: Mapping[str, str]
) -> None:
    found = answered(label_studio, page, "text-spans", [key], click=".htx-highlight:has-text('London')")
    assert found == {"spans": spans(Ada_Lovelace="Person", **left, June_1833="Date")}
