"""The page of a task: its derivation, its answers drawn, its history, and what a lead decides there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from sqlalchemy import insert, select

from label_config.answers import Answer, Box, Polygon, Region, Regions, Span
from label_config.parse import parse
from label_config.results import canonical
from sync.dashboard.drawn import drawn
from sync.push.intent import intend
from sync.store import guidelines, logins
from sync.store.history import history
from sync.store.tables import answers, audit_details, audit_events, codes, projects, queue, reviews

from .looking import complaints_of_axe, served
from .stage import HOUR, START, Stage, application, browser, crowd, stage, texts
from .test_queue import EVIL, logged_in

PEOPLE = {1: "Amara Okafor", 2: "Jonas Weber", 3: "Sofia Rossi"}
NAMES = """<View><Text name="text" value="$text"/><Labels name="names" toName="text">
<Label value="PER"/><Label value="LOC"/></Labels></View>"""
THINGS = """<View><Image name="image" value="$image"/><RectangleLabels name="things" toName="image">
<Label value="car"/><Label value="person"/></RectangleLabels></View>"""
PICTURE = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def disputed(tmp_path: Path) -> Stage:
    """Four tasks of which the first two are disputed, and three logins."""
    one = stage(tmp_path).people(PEOPLE).create(texts(4), overlap=3)
    labels = {1: "positive", 2: "positive", 3: "negative"}
    one.answer(
        [(place, who, label if place < 2 else "positive") for place in range(4) for who, label in labels.items()]
    )
    with one.store.begin() as connection:
        for name, role in (("ann", "admin"), ("lea", "lead"), ("vic", "viewer")):
            logins.add(connection, name, role, None, START)
    return one.assess()


def table(client: FlaskClient, name: str, task: int = 7000) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/projects/7/task/tables/{name}.json?task={task}").get_json()["rows"]
    return found


def send(client: FlaskClient, action: str, **more: str) -> Any:
    page = client.get("/projects/7/task?task=7000").text
    token = re.search(r'<input type="hidden" name="(\w+)" value="([^"]{20,})">', page)
    assert token is not None
    form = {token[1]: token[2], "back": "task=7000", "task": "7000", "control": "sentiment", "reason": "Seen.", **more}
    return client.post(f"/projects/7/task/do/{action}", data=form)


def priorities(one: Stage) -> dict[int, tuple[float, int]]:
    with one.store.read() as connection:
        rows = connection.execute(select(queue).where(queue.c.action != "audit"))
        return {one.task_keys.index(row.task): (row.priority, row.band) for row in rows}


def test_the_parts_are_those_of_the_store_and_add_up(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(40), overlap=3).answer(crowd(40, {1: 0.9, 2: 0.6, 3: 0.6}))
    one.assess().score().assess()
    client = browser(one)
    with one.store.read() as connection:
        entries = connection.execute(select(queue).where(queue.c.action != "audit").limit(12)).all()
    assert len(entries) == 12
    for entry in entries:
        number = 7000 + one.task_keys.index(entry.task)
        *parts, total = client.get(f"/projects/7/task.json?task={number}").get_json()["rows"]
        assert total["adds"] == entry.priority
        assert sum(row["adds"] for row in parts) == pytest.approx(entry.priority)
        assert [row["severity"] for row in parts] == [finding["severity"] for finding in entry.findings]
        page = client.get(f"/projects/7/task?task={number}").text
        assert f"in P{entry.band}" in page
        assert f'<data value="{entry.priority}">' in page


def test_answers_and_history_are_those_of_the_store(disputed: Stage) -> None:
    client = logged_in(disputed, "vic")
    said = [(row["who"], row["answer"], row["standing"]) for row in table(client, "answers")]
    assert said == [
        ("Amara Okafor", "positive", "counts"),
        ("Jonas Weber", "positive", "counts"),
        ("Sofia Rossi", "negative", "counts"),
        ("Probable answer", "positive", "consensus"),
    ]
    with disputed.store.read() as connection:
        known = history(connection, disputed.key, 7000)
    assert [row["what"] for row in table(client, "history")] == [one.what for one in known]
    page = client.get("/projects/7/task?task=7000").text
    assert "http://localhost:8080/projects/7/data?task=7000" in page
    assert 'class="act"' not in page.replace('class="act" role="search"', "")


@pytest.mark.parametrize("name", ["lea", "ann"])
def test_a_lead_dismisses_raises_assigns_notes_and_takes_back(disputed: Stage, name: str) -> None:
    client, before = logged_in(disputed, name), priorities(disputed)
    for action, more, expected in (
        ("note", {}, before),
        ("raise", {}, {**before, 0: (1.0, 1)}),
        ("assign", {"band": "2"}, {**before, 0: (0.2, 2)}),
        ("dismiss", {}, {1: before[1]}),
        ("restore", {}, before),
    ):
        reply = send(client, action, **more)
        assert (reply.status_code, reply.location) == (303, f"/projects/7/task?task=7000&done={action}")
        assert 'role="status"' in client.get(reply.location).text
        assert priorities(disputed) == expected
    with disputed.store.read() as connection:
        events = connection.execute(
            select(audit_events, audit_details.c.text)
            .join(audit_details, audit_details.c.event == audit_events.c.id)
            .where(audit_events.c.action.startswith("queue "))
            .order_by(audit_events.c.id)
        ).all()
    assert [one.action for one in events] == [
        f"queue {one}" for one in ("note", "raise", "assign", "dismiss", "restore")
    ]
    assert {(one.project, one.task, one.words is not None) for one in events} == {(disputed.key, 7000, True)}
    assert json.loads(events[1].text)["why"]["priority"] == before[0][0]
    assert [row["what"] for row in table(client, "history")][-1] == "taken back by a lead"


@pytest.mark.parametrize(
    ("action", "more", "status"),
    [
        ("dismiss", {"reason": " "}, 409),
        ("assign", {"band": "7"}, 409),
        ("raise", {"task": "7003"}, 409),
        ("raise", {"task": "99"}, 409),
        ("raise", {"task": "9" * 19}, 409),
        ("raise", {"control": EVIL}, 409),
        ("raise", {"task": "x" * 99}, 409),
        ("raise", {"form_token": "0" * 64}, 403),
    ],
)
def test_what_cannot_be_done_leaves_nothing(disputed: Stage, action: str, more: dict[str, str], status: int) -> None:
    before = priorities(disputed)
    assert send(logged_in(disputed, "lea"), action, **more).status_code == status
    assert priorities(disputed) == before
    with disputed.store.read() as connection:
        assert not connection.execute(select(audit_events).where(audit_events.c.action.startswith("queue "))).all()


def test_a_note_can_be_left_on_a_task_that_is_not_in_the_queue(disputed: Stage) -> None:
    client = logged_in(disputed, "lea")
    page = client.get("/projects/7/task?task=7003").text
    assert "Not in the queue" in page
    form = page[page.index('id="decide-title">A note') :]
    assert "Keep as a note" in form[: form.index("</form>")]
    assert "Raise to the top" not in form
    assert send(client, "note", task="7003", back="task=7003", reason="Ask the hotel.").status_code == 303
    assert "<blockquote>Ask the hotel.</blockquote>" in client.get("/projects/7/task?task=7003").text
    assert "A note</h2>" not in logged_in(disputed, "vic").get("/projects/7/task?task=7003").text


def test_a_viewer_decides_nothing(disputed: Stage) -> None:
    before = priorities(disputed)
    assert send(logged_in(disputed, "vic"), "dismiss").status_code == 403
    assert priorities(disputed) == before


@pytest.mark.parametrize("number", ["", "99", "x", "-1", "9" * 30, "7000'--", "%00"])
def test_without_such_a_task_it_asks_which(disputed: Stage, number: str) -> None:
    reply = logged_in(disputed, "vic").get(f"/projects/7/task?task={number}")
    assert reply.status_code == (404 if number else 200)
    assert "Which task?" in reply.text
    assert "Task 7000" not in reply.text


def test_the_window_of_a_task_has_its_number(disputed: Stage) -> None:
    client = logged_in(disputed, "vic")
    assert "<title>Task 7000 · Hotel reviews · Tiebreak</title>" in client.get("/projects/7/task?task=7000").text
    assert "<title>Task · Hotel reviews · Tiebreak</title>" in client.get("/projects/7/task?task=99").text


def test_a_task_of_another_project_is_not_here(disputed: Stage) -> None:
    Stage(disputed.store, number=8).create(texts(1))
    assert "Which task?" in logged_in(disputed, "vic").get("/projects/7/task?task=8000").text


def test_a_ruling_that_is_looked_at_again_says_why(disputed: Stage) -> None:
    one = disputed.push().rule([{"label": "positive", "reviewer": 9}, {"label": "negative", "reviewer": 9}]).assess()
    client = logged_in(one, "lea")
    assert "Not in the queue" in client.get("/projects/7/task?task=7000").text
    assert "Looked at again" not in client.get("/projects/7/queue").text
    why = "the rule changed in version 2: irony is negative"
    with one.store.begin() as connection:
        guidelines.changed(connection, one.key, why, control=None, label=None, only=[7000])
    for said, since in (("which the next push begins", None), ("on its way to Label Studio", START + 970 * HOUR)):
        page = client.get("/projects/7/task?task=7000").text
        assert f"<li>{why}</li>" in page
        assert f"Round 2, {said}" in page
        assert "Not in the queue" not in page
        assert "Not in the queue" in client.get("/projects/7/task?task=7001").text
        assert "Looked at again: 1" in client.get("/projects/7/queue").text
        (row,) = client.get("/projects/7/queue/tables/beside.json").get_json()["rows"]
        assert (row["task"], row["reasons"], row["round"], row["band"]) == ("7000", why, "2", "P3")
        assert (row["since"] is None) == (since is None)
        intend(one.store, one.key, one.settings, START + 970 * HOUR)
    with one.store.begin() as connection:
        some = reviews.c.state == "intended"
        connection.execute(reviews.update().where(some).values(state="open", review_task=77, review_project=one.key))
    assert "Round 2, open since" in client.get("/projects/7/task?task=7000").text


@pytest.mark.parametrize(("band", "moved"), [(3, "rose"), (1, None)])
def test_an_open_review_stays_in_its_project_and_that_is_said(disputed: Stage, band: int, moved: str | None) -> None:
    one, client = disputed.push(), logged_in(disputed, "vic")
    with one.store.begin() as connection:
        connection.execute(reviews.update().values(band=band))
        connection.execute(queue.update().values(priority=0.81, band=1))
    page, listed = (client.get(f"/projects/7/{path}").text for path in ("task?task=7000", "queue"))
    for text in (page, listed):
        assert (f"in the P{band} project since" in text) == (moved is not None)
        assert ("its priority rose to P1" in text) == (moved is not None)
    (row,) = client.get("/projects/7/queue.json?search=7000").get_json()["rows"]
    assert row["place"] == ("Review in P3" if moved else "Review")


def regions(one: Stage, config: str, given: list[tuple[int, int, Answer]]) -> Stage:
    """Answers that mark or draw, with the interface that asks for them."""
    with one.store.begin() as connection:
        connection.execute(projects.update().where(projects.c.id == one.key).values(label_config=config))
        known: dict[str, int] = {}
        for place, who, answer in given:
            text = canonical(answer)
            if text not in known:
                made = connection.execute(insert(codes).values(project=one.key, control=one.control, answer=text))
                assert made.inserted_primary_key is not None
                known[text] = made.inserted_primary_key[0]
            version = one._version(connection, one.task_keys[place], who, {})
            connection.execute(insert(answers).values(version=version, code=known[text]))
    return one.assess()


def test_spans_are_marked_in_the_text_and_everything_is_escaped(tmp_path: Path) -> None:
    one = (
        stage(tmp_path, control="names", title=EVIL)
        .people({1: EVIL, 2: "Bo"})
        .create([{"text": f"Ann {EVIL} in Rome"}])
    )
    first = Regions((Region(Span(0, 3), ("PER",)), Region(Span(4, 12), ("LOC",))))
    regions(one, NAMES, [(0, 1, first), (0, 2, Regions((Region(Span(0, 3), ("PER",)),)))])
    page = browser(one).get("/projects/7/task?task=7000").text
    assert '<mark class="tone tone-0">Ann<small>PER</small></mark>' in page
    assert '<mark class="tone tone-1">&lt;script&gt;<small>LOC</small></mark>' in page
    assert "<script>alert" not in page
    assert " style=" not in page
    listed = browser(one).get("/projects/7/queue").text
    assert "<script>alert" not in listed
    assert listed.count("&lt;script&gt;alert") >= 3


def test_boxes_are_drawn_over_the_image_and_nothing_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    one = stage(tmp_path, control="things").people(PEOPLE)
    one.create([{"image": PICTURE}, {"image": "https://images.example/street.jpg?token=secret"}])
    car, person = (Regions((Region(Box(10, 20, 30, 40), (label,)),)) for label in ("car", "person"))
    regions(one, THINGS, [(0, 1, car), (0, 2, person), (1, 1, car)])
    page = browser(one).get("/projects/7/task?task=7000").text
    assert page.count('<rect x="10" y="20" width="30" height="40"') >= 2
    assert '<g class="tone-1"><title>person</title>' in page
    elsewhere = browser(one).get("/projects/7/task?task=7001").text
    assert "The image lies elsewhere" in elsewhere
    assert 'src="https://' not in elsewhere


def test_what_cannot_be_drawn_is_counted_or_left_out() -> None:
    config = parse(THINGS)
    shapes = Regions((Region(Polygon(((0, 0), (9, 0), (9, 9))), ("car",)), Region(Span(0, 1), ("car",))))
    (one,) = drawn(config, {"image": PICTURE}, [("Ann", "things", shapes)], (50.0, 40.0))
    assert (len(one.shapes), one.hidden, one.size) == (1, 1, (50.0, 40.0))
    assert drawn(config, {"image": 3}, [("Ann", "things", shapes)], None) == []
    assert drawn(config, {"image": PICTURE}, [("Ann", "other", shapes)], None) == []


def test_overlapping_spans_are_cut_where_they_meet() -> None:
    spans = Regions((Region(Span(0, 6), ("PER",)), Region(Span(3, 9), ("LOC",)), Region(Span(8, 99), ("LOC",))))
    (one,) = drawn(parse(NAMES), {"text": "0123456789"}, [("Ann", "names", spans)], None)
    assert [(piece.text, piece.tone, piece.ends) for piece in one.pieces] == [
        ("012", 0, ""),
        ("345", 1, "PER"),
        ("67", 1, ""),
        ("8", 1, "LOC"),
        ("9", 1, "LOC"),
    ]
    assert "".join(piece.text for piece in one.pieces) == "0123456789"


@pytest.mark.browser
def test_axe_finds_nothing_in_drawings_and_a_lead_decides_without_a_script(tmp_path: Path, chromium: Browser) -> None:
    one = stage(tmp_path, control="names").people(PEOPLE).create([{"text": "Ann Lee met Bo in Rome"}])
    first, second = Regions((Region(Span(0, 7), ("PER",)), Region(Span(18, 22), ("LOC",)))), Regions(())
    regions(one, NAMES, [(0, 1, first), (0, 2, first), (0, 3, second)])
    with served(application(one)) as address:
        page = chromium.new_page(base_url=address, color_scheme="dark", bypass_csp=True)
        page.goto("/projects/7/task?task=7000")
        assert complaints_of_axe(page) == []
        page.emulate_media(color_scheme="light")
        assert complaints_of_axe(page, ["color-contrast"]) == []
        page.close()
        plain = chromium.new_page(java_script_enabled=False, base_url=address)
        plain.goto("/projects/7/queue?band=P2")
        plain.get_by_label("Band").select_option("")
        plain.get_by_role("button", name="Show", exact=True).click()
        plain.get_by_role("link", name="Why is task 7000 here?").click()
        plain.get_by_label("Why", exact=True).fill("The second one slept.")
        plain.get_by_role("button", name="Dismiss").click()
        expect(plain.get_by_role("status")).to_contain_text("Dismissed")
        expect(plain.get_by_text("The second one slept.").first).to_be_visible()
        plain.get_by_label("Why", exact=True).fill("No, it did not.")
        plain.get_by_role("button", name="Take back").click()
        expect(plain.get_by_role("heading", name="Why is this here?")).to_be_visible()
        plain.close()
    one.store.close()
