"""The HTML of a page is made once for all who may do the same there, until something changes; each has their name."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Event

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select

from sync.dashboard.bodies import CAPACITY, Bodies, Body
from sync.dashboard.keeping import Kept
from sync.dashboard.page import PROJECT, Asked, Page
from sync.dashboard.registry import all_pages
from sync.settings import Settings
from sync.store import forgetting, logins
from sync.store.lease import beat
from sync.store.tables import tasks
from sync.web.app import create_app

from .stage import COMPILED, HOUR, START, Stage, crowd, stage, texts, unmarked

MINUTE = 60_000_000
EVIL = "<script>alert(1)</script>"
TEMPLATE = '{% extends "layout.html" %}{% block main %}Shown to {{ asked.person.actor }}, {{ at }}{% endblock %}'
PEOPLE = {"ann": "lead", "bea": "lead", "vic": "viewer", EVIL: "lead"}


@dataclass
class Site:
    """A store with people, and an application with a page that counts how often it was read."""

    one: Stage
    now: int = START + 980 * HOUR
    reads: list[str] = field(default_factory=list)
    personal: bool = False

    def __post_init__(self) -> None:
        counted = Page("counted", "Counted", f"{PROJECT}/counted", self._read, personal=self.personal)
        settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
        pages = [*all_pages(), counted]
        self.app: Flask = create_app(settings, self.one.store, lambda _: None, clock=lambda: self.now, pages=pages)
        self.app.jinja_env.bytecode_cache = COMPILED
        self.app.jinja_loader = ChoiceLoader([DictLoader({"counted.html": TEMPLATE})])

    def _read(self, asked: Asked) -> dict[str, object]:
        self.reads.append(asked.person.name)
        return {"at": len(self.reads)}

    def reader(self, name: str) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_X_USER"] = name
        return client

    def asked(self, name: str, path: str = "/projects/7/counted") -> str:
        reply = self.reader(name).get(path)
        assert reply.status_code == 200
        return reply.text


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    one = stage(tmp_path_factory.mktemp("bodies")).people({1: "Ann", 2: "Bo"}).create(texts(12))
    one.answer(crowd(12, {1: 0.9, 2: 0.6}, each=2)).assess().push(2).summarise()
    with one.store.begin() as connection:
        for name, role in PEOPLE.items():
            logins.add(connection, name, role, None, START)
    yield one
    one.store.close()


def test_who_may_do_the_same_gets_the_same_page_with_their_own_name_token_and_tag(filled: Stage) -> None:
    site = Site(filled)
    pages = {name: site.asked(name) for name in ("ann", "bea", EVIL)}
    assert len(site.reads) == 1
    assert "ann" not in site.reads[0]
    for name, text in pages.items():
        assert "Shown to login:0, 1" in text
        assert (f"</span>{name}</span>" in text) is (name != EVIL)
        assert not re.search("(name|token|tag)-[0-9a-f]{32}", text)
    assert "Logged in as &lt;script&gt;" in pages[EVIL]
    assert EVIL not in pages[EVIL]
    own = [set(re.findall(f'{what}="([^"]+)"', text)) for text in pages.values() for what in ("value", "data-live")]
    assert len(set.union(*own)) >= 6


def test_others_have_other_rights_other_colours_or_another_address(filled: Stage) -> None:
    site = Site(filled)
    dark = site.reader("ann")
    dark.set_cookie("tiebreak_theme", "dark")
    assert ", 1" in site.asked("ann")
    assert ", 2" in site.asked("vic")
    assert ", 3" in dark.get("/projects/7/counted").text
    assert ", 4" in site.asked("ann", "/projects/7/counted?other=1")
    assert ", 1" in site.asked("bea")


@pytest.mark.parametrize("happens", ["a minute", "a beat", "an event"])
def test_a_page_is_made_anew_once_something_happened(filled: Stage, happens: str) -> None:
    site = Site(filled)
    assert ", 1" in site.asked("ann")
    if happens == "a minute":
        site.now += MINUTE
    elif happens == "a beat":
        with filled.store.begin() as connection:
            beat(connection, "project:7:run", START + 990 * HOUR, True, "")
    else:
        token = re.findall(r'name="form_token" value="([^"]+)"', (client := site.reader("ann")).get("/").text)[0]
        assert client.post("/projects/7/look", data={"form_token": token}).status_code == 303
    assert ", 2" in site.asked("bea")


def test_a_token_out_of_a_kept_page_is_the_reader_s_own(filled: Stage) -> None:
    site = Site(filled)
    site.asked("ann")
    bea, vic = site.reader("bea"), site.reader("bea")
    token = re.findall(r'name="form_token" value="([^"]+)"', bea.get("/projects/7/counted").text)[0]
    vic.get("/projects/7/counted")
    form = {"form_token": token, "theme": "dark"}
    assert bea.post("/theme", data=form).status_code == 303
    assert vic.post("/theme", data=form).status_code == 403


def test_a_page_that_shows_something_of_the_reader_s_own_is_made_for_each(filled: Stage) -> None:
    site = Site(filled, personal=True)
    actors = [re.findall("Shown to (login:[0-9]+)", site.asked(name)) for name in ("ann", "bea", "ann")]
    assert site.reads == ["ann", "bea"]
    assert actors[0] == actors[2] != actors[1]


@pytest.mark.parametrize("page", [one.name for one in all_pages()])
def test_every_page_as_kept_is_the_page_that_a_new_process_makes(filled: Stage, page: str) -> None:
    address = next(one.address for one in all_pages() if one.name == page).replace("<int:label_studio_id>", "7")
    if page == "task":
        with filled.store.read() as connection:
            address += f"?task={connection.execute(select(tasks.c.label_studio_id).limit(1)).scalar_one()}"
    site, fresh = Site(filled), Site(filled)
    site.asked("ann", address)
    kept, made = site.asked("bea", address), fresh.asked("bea", address)
    assert "bea" in kept
    tags = re.compile('data-live="[^"]+"|form_token" value="[^"]+"')
    assert unmarked(tags.sub("", kept)) == unmarked(tags.sub("", made))


def test_a_page_leaves_the_room_of_its_images_once_they_are_drawn_and_is_not_made_anew_for_others() -> None:
    bodies, drawn, made = Bodies(), set[str](), list[int]()

    def make() -> Body:
        made.append(len(made))
        return Body(f"page {len(made)}", 200, [one for one in ("ours", "second") if one not in drawn])

    def ask() -> str:
        return bodies.get("name", "stamp", make, drawn.__contains__).html

    assert [ask(), ask()] == ["page 1", "page 1"]
    drawn.add("of another page")
    assert ask() == "page 1"
    drawn.add("ours")
    assert [ask(), ask()] == ["page 2", "page 2"]
    drawn.add("second")
    assert [ask(), ask()] == ["page 3", "page 3"]


def test_what_several_want_at_once_is_made_once() -> None:
    kept, together, made = Kept(), Barrier(4), list[int]()

    def make() -> int:
        Event().wait(0.05)
        made.append(1)
        return 7

    def ask(_: int) -> int:
        together.wait()
        return kept.get("name", "stamp", make)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [7] * 4
    assert made == [1]


def test_what_could_not_be_made_is_tried_by_who_waited_for_it() -> None:
    kept, tries = Kept(), list[int]()

    def make() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not this time")
        return 7

    with pytest.raises(ValueError, match="not this time"):
        kept.get("name", 1, make)
    assert kept.get("name", 1, make) == kept.get("name", 1, make) == 7


def test_what_is_made_may_need_what_is_kept_under_other_names() -> None:
    kept = Kept()
    assert kept.get("outer", 1, lambda: kept.get("inner", 1, lambda: 1) + 1) == 2


def test_who_asks_for_the_head_alone_or_by_another_root_changes_nobody_else_s_page(filled: Stage) -> None:
    site = Site(filled)
    address = "/projects/7/counted?a=1"
    assert site.reader("ann").head(address).status_code == 200
    assert 'name="back" value="/projects/7/counted?a=1"' in site.asked("bea", address)
    elsewhere = site.reader("ann").get("/projects/7/counted", environ_overrides={"SCRIPT_NAME": "//evil.example"})
    assert "//evil.example/projects" in elsewhere.text
    assert "evil.example" not in site.asked("bea")


def test_who_shares_one_project_sees_nothing_of_the_other_s_other_projects(filled: Stage) -> None:
    with filled.store.begin() as connection:
        for name, projects in {"one": (filled.key,), "two": (filled.key, filled.key + 1), "none": ()}.items():
            user = logins.add(connection, name, None, None, START)
            for project in projects:
                logins.set_project_role(connection, user, project, "lead")
    site = Site(filled)
    assert [site.asked("two", "/projects/7/counted"), len(site.reads)][1] == 1
    assert [site.asked("one", "/projects/7/counted"), len(site.reads)][1] == 2
    assert site.reader("none").get("/projects/7/counted").status_code == 404
    with filled.store.begin() as connection:
        two = next(one.person.id for one in logins.everybody(connection) if one.person.name == "two")
        assert two is not None
        logins.remove(connection, two)
    assert site.reader("two").get("/projects/7/counted").status_code == 403


def test_a_forgotten_name_and_forgotten_words_are_gone_from_kept_pages_at_once(tmp_path: Path) -> None:
    one = stage(tmp_path).people({1: "Ann", 2: "Forgotten Bo", 3: "Rita"}).create(texts(12))
    one.answer(crowd(12, {1: 0.9, 2: 0.4}, each=2)).assess().push(2)
    said = {"reviewer": 3, "rationale": "words of Rita", "verdict": "label_error"}
    one.rule([{"label": label, **said} for label in ("positive", "negative")]).assess().summarise()
    with one.store.begin() as connection:
        logins.add(connection, "ann", "lead", None, START)
    site = Site(one)
    pages = ("/projects/7/queue", "/projects/7/annotators?person=2", "/projects/7/rulings", "/projects/7")
    before = "".join(site.asked("ann", page) for page in pages)
    assert "Forgotten Bo" in site.asked("ann", "/projects/7/queue")
    assert "words of Rita" in before
    with one.store.begin() as connection:
        forgetting.forget(connection, 2, START + 981 * HOUR)
        forgetting.forget(connection, 3, START + 981 * HOUR)
    for page in pages:
        after = site.asked("ann", page)
        assert "Forgotten Bo" not in after, page
        assert "words of Rita" not in after, page
    one.store.close()


def test_what_is_kept_is_weighed_in_bytes() -> None:
    bodies = Bodies()
    for place in range(12):
        html = "\N{GRINNING FACE}" * (2 * 1024 * 1024)  # 8 MB each
        bodies.get(place, 1, lambda html=html: Body(html, 200), lambda _: False)  # type: ignore[misc]
    found = [place for place in range(12) if bodies._kept.peek(place) is not None]
    assert found == list(range(12 - CAPACITY // (8 * 1024 * 1024) + 1, 12))
