"""The page of the review queue: its numbers, filters and files, against the store and the command line."""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import Connection, select
from typer.testing import CliRunner

from sync.cli import app
from sync.dashboard.pages.queue import SIZE
from sync.quality.priority import DISMISS, RAISE, Policy
from sync.settings import Settings
from sync.store import logins, queue_decisions
from sync.store.assessments import queue_of
from sync.store.tables import annotation_versions, answers, codes, queue, queue_times
from sync.web.app import create_app

from .looking import served
from .stage import HOUR, START, Stage, application, browser, crowd, stage, texts

PEOPLE = {1: "Amara Okafor", 2: "Jonas Weber", 3: "Sofia Rossi", 4: "Mei Tanaka"}
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
EVIL = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Sixty tasks of which many are in doubt, with a model, reviews and decisions; nothing here changes it."""
    one = stage(tmp_path_factory.mktemp("queue")).people(PEOPLE).create(texts(60), overlap=3)
    one.answer(crowd(60, dict(zip(PEOPLE, (0.95, 0.7, 0.6, 0.8), strict=True)))).assess().score().assess().push(8)
    with one.store.begin() as connection:
        rows = connection.execute(select(queue).order_by(queue.c.priority.desc())).all()
        times = [
            {"task": row.task, "control": row.control, "project": one.key, "since": START + (980 - 24 * place) * HOUR}
            for place, row in enumerate(rows[:20])
        ]
        connection.execute(queue_times.insert(), times)
        for row, action in ((rows[3], DISMISS), (rows[-1], RAISE)):
            decide(one, connection, (row.task, row.control), action, "Seen.")
    yield one
    one.store.close()


def decide(one: Stage, connection: Connection, key: tuple[int, str], action: str, why: str) -> None:
    """What a lead decides."""
    now = START + 960 * HOUR
    queue_decisions.decide(connection, one.key, key, action, why, policy=Policy(), now=now, actor="login:1")


def logged_in(one: Stage, name: str) -> FlaskClient:
    """Somebody whom a proxy logged in."""
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
    client = create_app(settings, one.store, lambda _: None, clock=lambda: START + 980 * HOUR).test_client()
    client.environ_base["HTTP_X_USER"] = name
    return client


def rows(one: Stage, asked: str = "") -> list[dict[str, str]]:
    reply = browser(one).get(f"/projects/7/queue.csv{asked}")
    assert reply.status_code == 200
    return list(csv.DictReader(io.StringIO(reply.text)))


def test_the_list_is_the_queue_in_its_order(site: Stage) -> None:
    with site.store.read() as connection:
        stored = queue_of(connection, site.key)
    found = rows(site)
    assert [int(row["task"]) for row in found] == [one.label_studio_id for one in stored]
    assert [float(row["priority"]) for row in found] == [one.priority for one in stored]
    assert [row["band"] for row in found] == [f"P{one.band}" for one in stored]
    assert [row["answer"] for row in found] == [", ".join(json.loads(one.answer or "[]")) for one in stored]
    page = browser(site).get("/projects/7/queue").text
    shown = [
        int(number) for number in re.findall(r'<td data-label="Task"><a href="/projects/7/task\?task=(\d+)"', page)
    ]
    assert shown == [one.label_studio_id for one in stored][:25]
    assert f"{len(stored)} entries of the queue wait for a decision" in page


def test_it_is_what_the_command_line_says(site: Stage, tmp_path: Path) -> None:
    (tmp_path / "tiebreak.toml").write_text(f'store = "{site.store.name}"\nbootstrap = 100\n', encoding="utf-8")
    with site.store.begin() as connection:
        said = select(answers.c.version, codes.c.answer).join(codes, codes.c.id == answers.c.code)
        for row in connection.execute(said).all():
            value = {"choices": json.loads(row.answer)}
            result = [{"from_name": site.control, "to_name": "text", "type": "choices", "value": value}]
            versions = annotation_versions.update().where(annotation_versions.c.id == row.version)
            connection.execute(versions.values(result=result))
    done = CliRunner().invoke(app, ["queue", "--project", "7", "--config", str(tmp_path / "tiebreak.toml"), "--json"])
    assert done.exit_code == 0, done.output
    found = [one for one in json.loads(done.stdout)["queue"] if one["action"] != "audit"]
    shown = [row for row in rows(site) if row["reasons"] != "A random look."]
    assert [(int(row["task"]), row["band"], round(float(row["priority"]), 9)) for row in shown] == [
        (one["task"], f"P{one['band']}", round(one["priority"], 9)) for one in found
    ]
    assert found[0]["parts"]["lead"] > 0


def test_filters_find_exactly_what_fits_and_stand_in_the_address(site: Stage) -> None:
    every = rows(site)
    with site.store.read() as connection:
        kinds = {one.label_studio_id: {each["kind"] for each in one.findings} for one in queue_of(connection, site.key)}
    fitting: list[tuple[str, Callable[[dict[str, str]], bool]]] = [
        ("band=P2", lambda row: row["band"] == "P2"),
        ("reasons=Label+error", lambda row: "label_error" in kinds[int(row["task"])]),
        ("answer=neutral", lambda row: row["answer"] == "neutral"),
        ("people=Mei+Tanaka", lambda row: "Mei Tanaka" in row["people"]),
        ("band=P3&people=Jonas+Weber", lambda row: row["band"] == "P3" and "Jonas Weber" in row["people"]),
        ("search=7003", lambda row: row["task"] == "7003"),
        ("search=LIFT+did", lambda row: "lift did" in row["shows"]),
    ]
    for asked, fits in fitting:
        expected = [row for row in every if fits(row)]
        assert rows(site, f"?{asked}") == expected
        assert 0 < len(expected) < len(every), asked
        page = browser(site).get(f"/projects/7/queue?{asked}").text
        shown = re.findall(r'<td data-label="Task"><a href="/projects/7/task\?task=(\d+)"', page)
        assert shown == [row["task"] for row in expected][:25]


def test_ages_are_counted_from_when_it_was_first_seen(site: Stage) -> None:
    assert len(rows(site, "?since=over+3+days")) == 16
    assert len(rows(site, "?since=over+2+weeks")) == 6
    since = [row["since"] for row in rows(site, "?sort=since")]
    known = [one for one in since if one]
    assert known == sorted(known)
    assert since == known + [""] * (len(since) - len(known))


@pytest.mark.parametrize(
    "asked", ["band=P9", "reasons=%25", "answer=x", "people=_", "since=x", "search=%27--", "control=x"]
)
def test_what_there_is_not_fits_nothing_or_is_passed_over(site: Stage, asked: str) -> None:
    page = browser(site).get(f"/projects/7/queue?{asked}")
    assert page.status_code == 200
    assert "Nothing fits." in page.text or asked.startswith("control")


def test_it_leads_to_the_open_review_else_to_the_task_in_label_studio(site: Stage) -> None:
    links = {row["place"]: row["place_address"] for row in rows(site)}
    assert re.fullmatch(r"http://localhost:8080/projects/[123]7/data\?task=50\d\d", links["Review"])
    assert re.fullmatch(r"http://localhost:8080/projects/7/data\?task=70\d\d", links["Open"])


def test_every_page_of_the_list_is_there(site: Stage) -> None:
    every, found = [row["task"] for row in rows(site)], list[str]()
    for number in range(1, 1 + math.ceil(len(every) / SIZE)):
        page = browser(site).get(f"/projects/7/queue?page={number}").text
        found += re.findall(r'<td data-label="Task"><a href="/projects/7/task\?task=(\d+)"', page)
    assert found == every


def test_what_leads_decided_is_listed_with_who_and_why(tmp_path: Path) -> None:
    one = (
        stage(tmp_path)
        .people(PEOPLE)
        .create(texts(6))
        .answer([(place, who, label) for place in range(6) for who, label in ((1, "positive"), (2, "negative"))])
    )
    one.assess()
    with one.store.begin() as connection:
        logins.add(connection, "lea", "lead", None, START)
        for place, action in ((0, DISMISS), (1, RAISE)):
            key = (one.task_keys[place], one.control)
            decide(one, connection, key, action, f"{EVIL} {place}")
    client = logged_in(one, "lea")
    page = client.get("/projects/7/queue").text
    said = list(csv.DictReader(io.StringIO(client.get("/projects/7/queue/tables/decisions.csv").text)))
    assert [(row["task"], row["decision"], row["by"]) for row in said] == [
        ("7001", "raised to the top", "lea"),
        ("7000", "dismissed", "lea"),
    ]
    assert "<script>alert" not in page
    assert page.index("task=7001") < page.index("task=7002")
    assert "5 entries of the queue wait for a decision" in page


def test_before_the_first_assessment_it_says_what_to_do(tmp_path: Path) -> None:
    one = stage(tmp_path).create([{"text": EVIL}])
    assert "tiebreak run 7" in browser(one).get("/projects/7/queue").text
    page = browser(one.assess()).get("/projects/7/queue").text
    assert "Nothing waits for a decision" in page
    assert "Nothing: a lead can dismiss" in page


def test_the_oldest_entry_is_told_by_its_age_with_its_moment_below(site: Stage) -> None:
    text = " ".join(browser(site).get("/projects/7/queue").get_data(as_text=True).split())
    since = START + (980 - 24 * 19) * HOUR
    tile = text.split("Oldest</button>")[1].split("</div>")[0]
    assert f'<data value="{since}">19 days</data>' in tile
    assert '<p class="meta">since <time' in tile


def test_who_may_not_see_the_project_sees_no_queue(site: Stage) -> None:
    with site.store.begin() as connection:
        logins.add(connection, "nobody", None, None, START)
    client = logged_in(site, "nobody")
    for path in ("/projects/7/queue", "/projects/7/queue.csv", "/projects/7/task?task=7000", "/projects/7/task.json"):
        assert client.get(path).status_code in (403, 404), path


@pytest.mark.browser
def test_what_stands_beside_a_picture_begins_where_the_picture_does(tmp_path: Path, chromium: Browser) -> None:
    one = stage(tmp_path).people(PEOPLE).create([{"image": DOT}, {"image": DOT, "text": "A dot."}], overlap=2)
    one.answer([(place, who, label) for place in (0, 1) for who, label in ((1, "positive"), (2, "negative"))]).assess()
    with served(application(one)) as address:
        page = chromium.new_page(base_url=address, viewport={"width": 1280, "height": 800})
        page.goto("/projects/7/queue")
        shown = page.locator("#table-queue .glance")
        assert sorted(text.strip() for text in shown.all_inner_texts()) == ["", "A dot."]
        for row in page.locator("#table-queue tbody tr").all():
            picture, reason = (row.locator(one).first.bounding_box() for one in (".thumb", ".reasons"))
            assert picture is not None
            assert reason is not None
            assert abs(picture["y"] - reason["y"]) < 8
        page.close()
    one.store.close()
