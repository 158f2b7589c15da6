"""A manager walks through the pages of a real ``tiebreak serve``: from the login into Label Studio and back."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from typer.testing import CliRunner

from sync.cli import app
from sync.dashboard.wording import iso
from sync.demo.embedded import free_port
from sync.settings import Settings
from sync.webhooks import webhook

from ..conftest import RunningLabelStudio
from .scenes import XML, result, review_projects, ruling, scene

pytestmark = [pytest.mark.label_studio, pytest.mark.browser]

PROGRAM = str(Path(sys.executable).with_name("tiebreak"))
SECRET, WORD = "a shared secret", "a long password"
TEXTS = (
    "The lift did not work",
    "Quiet rooms and clean",
    "They charged us twice",
    "We only slept there",
    "Lovely view",
)
TITLE = "Hotel reviews of a walk"
ANSWERS = (("good", "bad", "none"), ("good",) * 3, ("bad", "good", "bad"), ("none", "good"), ("good", "good"))
SECONDS = 60_000
"""Milliseconds that anything may take on a busy machine."""


@dataclass(frozen=True)
class Walk:
    """A ``tiebreak serve`` with two projects; ann is lead of the first, vic sees the second only."""

    studio: RunningLabelStudio
    project: int
    other: int
    url: str
    file: Path
    log: Path

    def said(self, *command: str) -> Any:
        """What a command prints with --json."""
        done = CliRunner().invoke(app, [*command, "--json", "--config", str(self.file)])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def reads(self, page: Page, path: str) -> Any:
        """A table of the dashboard as JSON, asked by whoever is logged in on the page."""
        reply = page.request.get(f"{self.url}{path}")
        assert reply.ok, reply.text()
        return reply.json()["rows"]


def until(what: Callable[[], bool], seconds: float = SECONDS / 1000) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if what():
                return True
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    return False


def made(studio: RunningLabelStudio) -> int:
    """A project with texts that can be told apart."""
    admin = studio.as_("admin")
    project = admin.create_project(TITLE, XML, maximum_annotations=3)
    people = [one.id for one in studio.people if one.role == "annotator"]
    bodies = [
        {
            "data": {"text": text},
            "annotations": [
                {"completed_by": person, "result": result(label), "ground_truth": False}
                for person, label in zip(people, given, strict=False)
            ],
        }
        for text, given in zip(TEXTS, ANSWERS, strict=True)
    ]
    admin.import_tasks(project.id, bodies)
    return project.id


@pytest.fixture(scope="module")
def walk(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder, port = tmp_path_factory.mktemp("walk"), free_port()
    first, second = made(label_studio), scene(label_studio, [["good", "bad"]]).project
    one = Walk(label_studio, first, second, f"http://127.0.0.1:{port}", folder / "tiebreak.toml", folder / "log")
    settings = {
        "label_studio_url": label_studio.url,
        "label_studio_token": label_studio.person("admin").token,
        "store": f"sqlite:///{folder / 'tiebreak.sqlite3'}",
        "projects": [first, second],
        "public_url": one.url,
        "secret": SECRET,
        "sync_seconds": 3600,
        "blind_share": 0,
        "bootstrap": 100,
    }
    one.file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
    with one.log.open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "serve", "--port", str(port)], cwd=folder, env=kept, stdout=log, stderr=log
        )
    try:
        ran = re.compile(r'^tiebreak_last_run_ok\{name="project:\d+:run"\} 1.0$', re.MULTILINE)
        assert until(lambda: len(ran.findall(httpx.get(f"{one.url}/metrics").text)) == 2), one.log.read_text()
        for project in (first, *(home.id for home in review_projects(label_studio.as_("admin"), first))):
            hook = webhook(Settings(public_url=one.url, secret=SECRET), project)
            assert hook is not None
            hook.ensure(label_studio.as_("admin"))
        add(one, "ann", "lead", first)
        add(one, "vic", "viewer", second)
        yield one
    finally:
        process.terminate()
        process.wait(20)


def add(one: Walk, name: str, role: str, project: int) -> None:
    command = ["users", "add", name, "--role", role, "--project", str(project), "--config", str(one.file)]
    done = CliRunner().invoke(app, command, input=f"{WORD}\n")
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB") as opened:
        opened.set_default_timeout(SECONDS)
        yield opened


def log_in(page: Page, name: str, word: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(word)
    page.get_by_role("button", name="Log in").click()


def tiles(page: Page) -> dict[str, str]:
    """What each tile says, by its word."""
    found = [one.split("\n") for one in page.locator(".tile").all_inner_texts()]
    return {lines[0]: next(one for one in lines[1:] if one.strip()) for lines in found}


def test_the_pages_say_what_the_commands_say(walk: Walk, context: BrowserContext) -> None:
    page, home = context.new_page(), f"/projects/{walk.project}"
    page.goto(f"{walk.url}{home}/queue")
    log_in(page, "ann", "a wrong password")
    expect(page.get_by_role("alert")).to_be_visible(timeout=SECONDS)
    log_in(page, "ann", WORD)
    expect(page).to_have_url(f"{walk.url}{home}/queue", timeout=SECONDS)

    page.get_by_role("link", name="Overview").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name=TITLE, exact=True).click()
    page.get_by_role("navigation", name="Project").get_by_role("link", name="Queue").click()
    expect(page.get_by_role("heading", name="Review queue")).to_be_visible()

    waiting = ranked(walk)
    bands = Counter(one["band"] for one in waiting)
    shown = tiles(page)
    assert shown["To decide"] == str(len(waiting))
    assert [shown[word] for word in ("P1, urgent", "P2, soon", "P3, later")] == [str(bands[band]) for band in (1, 2, 3)]
    assert [int(row["task"]) for row in walk.reads(page, f"{home}/queue.json")] == [one["task"] for one in waiting]
    (ran,) = walk.reads(page, "/operations.json")
    said = walk.said("status", str(walk.project))[str(walk.project)]["run"]
    assert (ran["state"], ran["last"]) == ("Well", iso(said["at"]))
    page.close()


def queue_of(walk: Walk, context: BrowserContext) -> Page:
    """The page of the queue, for ann, who logs in where she is not."""
    page = context.new_page()
    page.goto(f"{walk.url}/projects/{walk.project}/queue")
    if "/login" in page.url:
        log_in(page, "ann", WORD)
        page.wait_for_url("**/queue")
    return page


def ranked(walk: Walk) -> list[dict[str, Any]]:
    """What the command says that needs a decision, the most urgent first."""
    return list(walk.said("queue", "--project", str(walk.project))["queue"])


def rows(page: Page) -> list[str]:
    """The tasks that the queue shows, in its order."""
    return page.locator("#table-queue tbody td:nth-child(2)").all_inner_texts()


def test_the_queue_is_sorted_and_filtered_and_the_address_keeps_it(walk: Walk, context: BrowserContext) -> None:
    page = queue_of(walk, context)
    bands = {str(one["task"]): one["band"] for one in ranked(walk)}
    assert rows(page) == list(bands)
    page.get_by_role("link", name="Priority", exact=True).click()
    page.get_by_role("link", name="Priority", exact=False).first.click()
    expect(page).to_have_url(re.compile("sort=priority"), timeout=SECONDS)
    assert rows(page) == list(bands)[::-1]
    page.wait_for_load_state()  # the script that shows a choice at once comes after the rows
    page.locator("#table-queue select[name=band]").select_option("P3")
    expect(page).to_have_url(re.compile("band=P3"), timeout=SECONDS)
    assert rows(page) == [task for task in list(bands)[::-1] if bands[task] == 3]
    page.reload()
    assert rows(page) == [task for task in list(bands)[::-1] if bands[task] == 3]
    page.close()


def ended(walk: Walk) -> float:
    """When the last run of the project ended, in seconds since 1970."""
    return float(walk.said("status", str(walk.project))[str(walk.project)]["run"]["at"]) / 1e6


def log_into_label_studio(walk: Walk, page: Page) -> None:
    person = walk.studio.person("reviewer")
    page.goto(f"{walk.studio.url}/user/login")
    page.fill("input[name=email]", person.email)
    page.fill("input[name=password]", person.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def test_a_review_is_found_by_its_link_and_leaves_the_open_page_when_it_is_decided(
    walk: Walk, context: BrowserContext
) -> None:
    page = queue_of(walk, context)
    page.evaluate("window.still = true")
    first, *others = rows(page)
    shown = page.locator("#table-queue tbody tr").first.locator(".excerpt").inner_text()

    other = context.new_page()
    log_into_label_studio(walk, other)
    other.goto(page.url)
    other.get_by_role("link", name=f"Review task {first} in Label Studio").click()
    expect(other.locator(".lsf-main-content, .lsf-wrapper").get_by_text(shown, exact=True).first).to_be_visible(
        timeout=SECONDS
    )
    home, review = map(int, re.findall(r"/projects/(\d+)/data\?task=(\d+)", other.url)[0])
    assert walk.studio.as_("admin").task(review).data["text"] == shown
    assert home in {one.id for one in review_projects(walk.studio.as_("admin"), walk.project)}
    other.close()

    ruled = time.time()
    walk.studio.as_("reviewer").create_annotation(review, ruling("bad"))
    expect(page.locator("#table-queue tbody tr")).to_have_count(len(others), timeout=SECONDS)
    changed = time.time()
    assert until(lambda: ended(walk) > ruled)
    # How long the run takes is the machine's, a second on a quiet one. It begins a second and a half after the ruling,
    # and the page looks every second and a half: 5 s in all.
    assert changed < ended(walk) + 3
    assert sorted(rows(page)) == sorted(others)
    assert rows(page) == [str(one["task"]) for one in ranked(walk)]
    assert tiles(page)["Open reviews"] == str(len(others))
    assert page.evaluate("window.still"), "the page was not loaded anew"
    page.close()


def test_a_viewer_of_another_project_is_refused_and_whoever_logs_out_is_out(
    walk: Walk, context: BrowserContext
) -> None:
    page = queue_of(walk, context)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{walk.url}/projects/{walk.project}")
    assert "/login" in page.url
    log_in(page, "vic", WORD)
    expect(page).to_have_url(f"{walk.url}/projects/{walk.project}", timeout=SECONDS)
    paths = [f"/projects/{walk.project}{end}" for end in ("", "/queue", "/queue.json", "/annotators", "/model")]
    assert [page.request.get(walk.url + path).status for path in paths] == [404] * len(paths)
    assert page.request.get(f"{walk.url}/projects/{walk.other}/queue").status == 200
    page.goto(walk.url)
    assert TITLE not in page.content()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login"), timeout=SECONDS)
    # A page that is closed while it goes to another address may never answer.
    assert page.request.get(f"{walk.url}/projects/{walk.other}/queue", max_redirects=0).status == 303
    page.close()
