"""Who gets in, who may do what, and what is refused: the login, roles, forms, tokens, proxies, and their limits."""

import re
import threading
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from sync.errors import SettingsError
from sync.logins import keeping
from sync.logins.passwords import Cost, fits, hashed, is_weaker
from sync.logins.roles import ROLES, Person
from sync.settings import Settings
from sync.store import attempts, logins, tables
from sync.store.attempts import Rate, attempt
from sync.store.engine import Store
from sync.web.app import create_app
from sync.web.login import local

CHEAP = Cost(16, 8, 1)
WORD = "a long password"
SECRET = "a shared secret"
SECOND, HOUR = 1_000_000, 3_600_000_000
INTERFACE = (
    '<View><Text name="text" value="$text"/><Choices name="mood" toName="text"><Choice value="good"/></Choices></View>'
)
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


class Site:
    """The app over a store, at a time that the test sets; ``ann`` is an admin unless she is asked to be less."""

    def __init__(self, store: Store, role: str | None = "admin", **settings: Any) -> None:
        self.store, self.now, self.woken = store, 1_800_000_000 * SECOND, list[int]()
        given = Settings(secret=SECRET, **settings)
        self.app = create_app(given, store, self.woken.append, clock=lambda: self.now, cost=CHEAP)
        if role is not None:
            self.add("ann", role)

    def add(self, name: str, role: str | None, word: str | None = WORD) -> int:
        with self.store.begin() as connection:
            return logins.add(connection, name, role, hashed(word, CHEAP) if word else None, self.now)

    def browser(self) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT"] = BROWSER["Accept"]
        return client

    def logged_in(self, name: str = "ann", word: str = WORD) -> FlaskClient:
        client = self.browser()
        assert log_in(client, name, word).status_code == 303
        return client

    def token(self, name: str = "ann", days: int = 0) -> dict[str, str]:
        return {"Authorization": f"Bearer {keeping.new_token(self.store, name, 'a test', days, self.now)}"}

    def project(self, number: int) -> int:
        with self.store.begin() as connection:
            values = {"label_studio_id": number, "created_at": 1, "title": f"Title {number}", "kind": "source"}
            query = insert(tables.projects).values(label_config=INTERFACE, **values).returning(tables.projects.c.id)
            return int(connection.execute(query).scalar_one())

    def actions(self) -> list[tuple[str, str]]:
        with self.store.read() as connection:
            rows = connection.execute(select(tables.audit_events).order_by(tables.audit_events.c.id))
            return [(row.actor, row.action) for row in rows]


def form_token(client: FlaskClient, path: str = "/login", **given: Any) -> str:
    found = re.search('name="form_token" value="([0-9a-f]+)"', client.get(path, **given).text)
    assert found is not None
    return found[1]


def log_in(client: FlaskClient, name: str, word: str, next_: str = "/", **given: Any) -> TestResponse:
    data = {"form_token": form_token(client), "name": name, "password": word, "next": next_}
    return client.post("/login", data=data, **given)


def basic(name: str, word: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{word}'.encode()).decode()}"}


@pytest.fixture
def site(store: Store) -> Site:
    return Site(store)


def test_a_browser_is_led_to_the_login_and_back_to_where_it_wanted_to_go(site: Site) -> None:
    site.project(7)
    client = site.browser()
    sent = client.get("/projects/7?a=b")
    assert (sent.status_code, sent.location) == (303, "/login?next=%2Fprojects%2F7%3Fa%3Db")
    page = client.get(sent.location)
    assert 'name="next" value="/projects/7?a=b"' in page.text
    assert page.status_code == 200
    back = log_in(client, "Ann ", WORD, "/projects/7?a=b")
    assert (back.status_code, back.location) == (303, "/projects/7?a=b")
    inside = client.get("/projects/7").text
    assert "Log out" in inside
    assert "Logged in as ann" in inside
    assert site.actions() == [("login:1", "logged in")]


def test_a_program_without_a_login_is_told_so_and_nothing_else(site: Site) -> None:
    reply = site.app.test_client().get("/projects/7")
    assert (reply.status_code, reply.headers["WWW-Authenticate"]) == (401, 'Basic realm="Tiebreak"')


def test_who_sends_a_form_after_their_login_ended_is_told_on_a_page_of_ours(site: Site) -> None:
    """The browser does not ask for a password itself, and what was typed is not lost."""
    site.project(7)
    reply = site.app.test_client().post("/projects/7/look", headers={**BROWSER, "Sec-Fetch-Mode": "navigate"})
    assert (reply.status_code, reply.headers.get("WWW-Authenticate")) == (401, None)
    assert '<a href="/login">Log in</a>. What you typed is still there' in reply.text


@pytest.mark.parametrize("accept", ["*/*", BROWSER["Accept"]])
def test_who_asks_for_a_file_is_told_of_errors_in_its_form(site: Site, accept: str) -> None:
    """Not led to a page of HTML, unless somebody goes there in a browser."""
    site.project(7)
    client = site.app.test_client()
    sent: dict[str, Any] = {"headers": {"Accept": accept}}
    reply = client.get("/projects/7/annotators.json", **sent)
    assert (reply.status_code, reply.get_json()) == (401, {"error": "Log in to see this page."})
    reply = client.get("/overview.csv", **sent)
    assert (reply.status_code, reply.mimetype, reply.text) == (401, "text/plain", "Log in to see this page.\n")
    reply = client.get("/overview.csv", headers={"Accept": accept, "Sec-Fetch-Mode": "navigate"})
    assert (reply.status_code, reply.location) == (303, "/login?next=%2Foverview.csv")
    inside = site.logged_in()
    for path, said in (
        ("/projects/7/tables/none.json", "This page has no such table"),
        ("/projects/7/tables/none.csv", "This page has no such table"),
        ("/projects/7/charts/none.svg", "This page has no such chart"),
        ("/projects/99.json", "project 99 is not in the store yet: run `tiebreak run 99` first"),
    ):
        reply = inside.get(path, **sent)
        assert (reply.status_code, said in reply.text, "7 is not in the store" in reply.text) == (404, True, False), (
            path
        )
        assert reply.is_json == path.endswith(".json")


@pytest.mark.parametrize(
    ("name", "word"), [("ann", "another word"), ("bob", WORD), ("", ""), ("ann", ""), ("\ud800", "x")]
)
def test_a_wrong_name_and_a_wrong_password_are_said_in_the_same_words(site: Site, name: str, word: str) -> None:
    client = site.browser()
    reply = log_in(client, name.encode("utf-8", "replace").decode(), word)
    assert reply.status_code == 401
    assert '<p class="alarm" role="alert" id="problem">Name or password is wrong.</p>' in reply.text
    assert client.get("/").status_code == 303
    assert site.actions() == []


def test_somebody_without_a_password_gets_in_by_no_word(site: Site) -> None:
    site.add("bob", "admin", None)
    for word in ("", "None", "null"):
        assert log_in(site.browser(), "bob", word).status_code == 401


def test_the_cookie_can_be_read_by_no_page_and_over_tls_goes_over_tls_alone(store: Store) -> None:
    site = Site(store, trusted_proxies="127.0.0.1")
    plain = log_in(site.browser(), "ann", WORD).headers["Set-Cookie"]
    assert re.fullmatch(r"tiebreak_session=\S{43}; Expires=.*; Max-Age=604800; HttpOnly; Path=/; SameSite=Lax", plain)
    client = site.browser()
    client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
    reply = log_in(client, "ann", WORD)
    assert re.match(
        r"__Host-tiebreak_session=\S{43}; .*; Secure; HttpOnly; Path=/; SameSite=Lax", reply.headers["Set-Cookie"]
    )
    assert "max-age" in reply.headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in site.browser().get("/login").headers


def test_the_store_holds_no_token_and_no_password(site: Site) -> None:
    client = site.logged_in()
    cookie = client.get_cookie("tiebreak_session")
    assert cookie is not None
    token = site.token()["Authorization"].removeprefix("Bearer ")
    with site.store.read() as connection:
        rows = [list(connection.execute(select(table))) for table in tables.metadata.sorted_tables]
    for secret in (cookie.value, token, WORD):
        assert secret not in repr(rows)


def test_a_session_ends_without_use_and_at_last_with_it(site: Site) -> None:
    idle = site.logged_in()
    site.now += 12 * HOUR - SECOND
    assert idle.get("/").status_code == 200
    site.now += 12 * HOUR
    assert idle.get("/").status_code == 303
    used = site.logged_in()
    for _ in range(15):
        site.now += 11 * HOUR
        assert used.get("/").status_code == 200
    site.now += 3 * HOUR
    assert used.get("/").status_code == 303


def test_a_page_that_is_only_open_does_not_keep_the_session(site: Site) -> None:
    client = site.logged_in()
    for _ in range(11):
        site.now += HOUR
        assert client.get("/", headers={"X-Tiebreak-Look": "1"}).status_code == 200
    site.now += HOUR
    assert client.get("/", headers={"X-Tiebreak-Look": "1"}).status_code == 303


def test_a_new_login_is_a_new_session_and_the_old_one_ends(site: Site) -> None:
    client = site.logged_in()
    before = client.get_cookie("tiebreak_session")
    assert before is not None
    log_in(client, "ann", WORD)
    after = client.get_cookie("tiebreak_session")
    assert after is not None
    assert before.value != after.value
    stolen = site.browser()
    stolen.set_cookie("tiebreak_session", before.value)
    assert stolen.get("/").status_code == 303


def test_who_logs_out_is_out_also_with_the_cookie_kept(site: Site) -> None:
    client = site.logged_in()
    kept = client.get_cookie("tiebreak_session")
    assert kept is not None
    reply = client.post("/logout", data={"form_token": form_token(client, "/")})
    assert (reply.status_code, reply.location) == (303, "/login")
    assert client.get_cookie("tiebreak_session") is None
    client.set_cookie("tiebreak_session", kept.value)
    assert client.get("/").status_code == 303
    assert site.actions() == [("login:1", "logged in"), ("login:1", "logged out")]


def test_a_new_password_ends_the_sessions_and_a_removed_user_is_out_at_once(site: Site) -> None:
    client, headers = site.logged_in(), site.token()
    keeping.set_password(site.store, "ann", "another long word", site.now)
    assert client.get("/").status_code == 303
    assert client.get("/", headers=headers).status_code == 200
    client = site.logged_in(word="another long word")
    site.add("bob", "viewer")
    keeping.remove(site.store, "ann", site.now)
    assert client.get("/").status_code == 303
    assert client.get("/", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "evil",
    [
        "//e.example",
        "https://e.example",
        "/\\e.example",
        "\\\\e.example",
        "/\t/e.example",
        "javascript:alert(1)",
        "e.example",
        "/%0d%0aX: y\r\nSet-Cookie: a=b",
        "/logout",
        "",
    ],
)
def test_a_login_leads_to_no_other_server(site: Site, evil: str) -> None:
    reply = log_in(site.browser(), "ann", WORD, evil)
    assert (reply.status_code, reply.location) == (303, "/")
    assert "X" not in reply.headers


@given(st.text(max_size=20).map(lambda text: f"/{text}"))
def test_whatever_is_given_the_place_after_the_login_is_here(text: str) -> None:
    place = local(text)
    parts = urlsplit(place)
    assert place.startswith("/")
    assert (parts.scheme, parts.netloc) == ("", "")
    assert not place.startswith(("//", "/\\"))


def test_forms_of_other_pages_are_refused(site: Site) -> None:
    site.project(7)
    client = site.logged_in()
    good = form_token(client, "/projects/7")
    for data, headers in (
        ({}, {}),
        ({"form_token": "0" * 64}, {}),
        ({"form_token": form_token(site.logged_in(), "/projects/7")}, {}),
        ({"form_token": good}, {"Sec-Fetch-Site": "cross-site"}),
        ({"form_token": good}, {"Sec-Fetch-Site": "same-site"}),
    ):
        for path in ("/projects/7/look", "/logout"):
            assert client.post(path, data=data, headers=headers).status_code == 403
    assert site.woken == []
    assert client.get("/").status_code == 200
    assert client.post("/projects/7/look", data={"form_token": good}).status_code == 303
    assert site.woken == [7]
    nobody = site.browser().post("/login", data={"name": "ann", "password": WORD})
    assert nobody.status_code == 403
    assert "Set-Cookie" not in nobody.headers or "session" not in nobody.headers["Set-Cookie"]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("lead", 303), ("admin", 303)])
def test_only_leads_write(store: Store, role: str, status: int) -> None:
    site = Site(store, role)
    site.project(7)
    client = site.logged_in()
    page = client.get("/projects/7").text
    assert ("Look now" in page) == (status == 303)
    reply = client.post("/projects/7/look", data={"form_token": form_token(client, "/")})
    assert (reply.status_code, site.woken) == (status, [7] if status == 303 else [])
    assert (("login:1", "look asked") in site.actions()) == (status == 303)
    headers = site.token()
    site.woken.clear()
    assert site.app.test_client().post("/projects/7/look", headers=headers).status_code == status


def test_every_write_needs_a_lead_unless_it_says_otherwise(store: Store) -> None:
    site = Site(store, "viewer")
    site.project(7)
    headers, client = site.token(), site.app.test_client()
    said = {}
    for rule in site.app.url_map.iter_rules():
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            path = re.sub("<int:[^>]*>", "7", str(rule))
            said[path] = client.open(path, method=method, headers=headers).status_code
    assert {"/webhook", "/login", "/logout", "/theme", "/projects/7/look"} <= said.keys()
    assert set(said.values()) <= {401, 403}, said


def test_who_has_one_project_sees_one_and_the_others_are_as_though_they_were_not_there(store: Store) -> None:
    site = Site(store, None)
    seen, hidden = site.project(7), site.project(8008)
    user = site.add("bob", None)
    with store.begin() as connection:
        logins.set_project_role(connection, user, seen, "lead")
    client, headers = site.logged_in("bob"), site.token("bob")
    listed = client.get("/").text
    assert "Title 7" in listed
    assert "Title 8008" not in listed
    assert client.get("/projects/7").status_code == 200
    for path in ("/projects/{}", "/projects/{}/charts/x.svg", "/projects/{}/look", "/api/v1/projects/{}/training"):
        method = "POST" if path.endswith("look") else "GET"
        known = client.open(path.format(8008), method=method, headers=headers)
        unknown = client.open(path.format(9009), method=method, headers=headers)
        said, of_unknown = (re.sub('"form_token" value="[0-9a-f]+"', "", one.text) for one in (known, unknown))
        assert (known.status_code, said) == (404, of_unknown.replace("9009", "8008")), path
        assert unknown.status_code == 404
    assert site.woken == []
    with store.begin() as connection:
        logins.set_project_role(connection, user, seen, None)
    assert "No project is yours to see yet" in client.get("/").text
    assert client.get("/projects/7").status_code == 404
    assert hidden != seen


@given(
    role=st.none() | st.sampled_from(ROLES),
    single=st.dictionaries(st.integers(1, 3), st.sampled_from(ROLES[:2])),
    asked=st.sampled_from(ROLES),
    project=st.none() | st.integers(1, 4),
)
def test_a_role_may_do_what_those_before_it_may(
    role: str | None, single: dict[int, str], asked: str, project: int | None
) -> None:
    someone = Person("ann", role, 1, single)
    has = {role} | ({single[project]} if project in single else set())
    allowed = any(one is not None and ROLES.index(asked) <= ROLES.index(one) for one in has)
    assert someone.may(asked, project) == allowed
    assert someone.may("admin", project) <= someone.may("lead", project) <= someone.may("viewer", project)


def test_a_token_lets_a_program_in_until_it_ends_or_is_revoked(site: Site) -> None:
    client, headers = site.app.test_client(), site.token(days=1)
    assert client.get("/", headers=headers).status_code == 200
    assert client.get("/", headers={"Authorization": headers["Authorization"] + "x"}).status_code == 401
    site.now += 24 * HOUR
    assert client.get("/", headers=headers).status_code == 401
    lasting = site.token()
    keeping.revoke(site.store, "ann", 2, site.now)
    assert client.get("/", headers=lasting).status_code == 401


def test_the_feed_takes_the_secret_and_tokens_and_nothing_else(site: Site) -> None:
    site.project(7)
    client, path = site.app.test_client(), "/api/v1/projects/7/training"
    good = [{"Authorization": f"Bearer {SECRET}"}, site.token()]
    assert [client.get(path, headers=one).status_code for one in good] == [200, 200]
    for bad in ({}, basic("ann", WORD), {"Authorization": "Bearer tiebreak_x"}, {"Authorization": "Bearer "}):
        reply = client.get(path, headers=bad)
        assert reply.status_code == 401
        assert "error" in reply.get_json()
    assert site.logged_in().get(path).status_code == 401


def test_calls_of_a_token_are_limited_and_the_secret_of_the_loop_is_not(site: Site) -> None:
    client, headers = site.app.test_client(), site.token()
    said = [client.get("/nowhere", headers=headers).status_code for _ in range(121)]
    assert said == [404] * 120 + [429]
    assert client.get("/nowhere", headers=headers).headers["Retry-After"] == "1"
    site.now += SECOND
    assert [client.get("/nowhere", headers=headers).status_code for _ in range(3)] == [404, 404, 429]
    secret = {"Authorization": f"Bearer {SECRET}"}
    assert {client.get("/api/v1/projects/7/training", headers=secret).status_code for _ in range(130)} == {404}


def test_ten_wrong_passwords_for_a_name_and_the_right_one_has_to_wait_too(site: Site) -> None:
    client = site.browser()
    assert [log_in(client, "ann", "wrong").status_code for _ in range(10)] == [401] * 10
    reply = log_in(client, "ann", WORD)
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "90")
    assert "Too many attempts: wait 90 seconds, then try again." in reply.text
    site.add("bob", "viewer")
    assert log_in(site.browser(), "bob", WORD).status_code == 303
    site.now += 90 * SECOND
    assert log_in(client, "ann", WORD).status_code == 303


def test_thirty_wrong_names_from_an_address_are_enough_and_another_address_goes_on(store: Store) -> None:
    site = Site(store, trusted_proxies="127.0.0.1")
    client = site.browser()
    token = form_token(client)

    def tried(name: str, address: str, word: str = "wrong") -> int:
        data = {"form_token": token, "name": name, "password": word}
        return client.post("/login", data=data, headers={"X-Forwarded-For": address}).status_code

    assert [tried(f"name {number}", f"spoofed, 2001:db8::{number}") for number in range(31)] == [401] * 30 + [429]
    assert tried("ann", "2001:db8::ffff", WORD) == 429
    assert tried("ann", "2001:db8:1::1", WORD) == 303


def test_wrong_words_of_basic_authentication_count_as_well(store: Store) -> None:
    site = Site(store, None, dashboard_password="the word")
    client = site.app.test_client()
    said = [client.get("/", headers=basic("manager", f"wrong {number}")).status_code for number in range(31)]
    assert said == [401] * 30 + [429]
    assert client.get("/", headers=basic("manager", "the word")).status_code == 429
    site.now += 30 * SECOND
    assert client.get("/", headers=basic("manager", "the word")).status_code == 200


def test_dashboard_user_is_an_admin_on_the_page_and_out_when_the_password_changes(store: Store) -> None:
    site = Site(store, None, dashboard_password="the word")
    site.project(7)
    client = site.logged_in("Manager", "the word")
    assert "Look now" in client.get("/projects/7").text
    cookie = client.get_cookie("tiebreak_session")
    assert cookie is not None
    for word in ("another word", ""):
        changed = Site(store, None, dashboard_password=word)
        changed.now = site.now
        if not word:
            changed.add("somebody", "viewer")
        later = changed.browser()
        later.set_cookie("tiebreak_session", cookie.value)
        assert later.get("/").status_code == 303


def test_a_proxy_that_is_trusted_says_who_it_is_and_nobody_else_may(store: Store) -> None:
    site = Site(store, login_header="X-Remote-User", trusted_proxies="10.0.0.0/8")
    said = {"X-Remote-User": "Ann"}
    client = site.app.test_client()
    inside = client.get("/", headers=said, environ_base={"REMOTE_ADDR": "10.1.2.3"})
    assert inside.status_code == 200
    assert "Logged in as ann" in inside.text
    assert "Log out" not in inside.text
    outside = client.get("/", headers=said, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert (outside.status_code, "trusted_proxies" in outside.text) == (403, True)
    stranger = client.get("/", headers={"X-Remote-User": "eve"}, environ_base={"REMOTE_ADDR": "10.1.2.3"})
    assert stranger.status_code == 403
    assert client.get("/", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 401
    with pytest.raises(SettingsError, match="trusted_proxies"):
        Site(store, None, login_header="X-Remote-User")


@pytest.mark.parametrize(
    ("host", "address", "status"),
    [
        ("localhost", "127.0.0.1", 200),
        ("localhost:8085", "127.0.0.1", 200),
        ("127.0.0.1:8085", "127.0.0.1", 200),
        ("[::1]:8085", "::1", 200),
        ("rebound.example:8085", "127.0.0.1", 403),
        ("localhost", "192.0.2.7", 403),
    ],
)
def test_without_a_login_this_machine_alone_gets_in(store: Store, host: str, address: str, status: int) -> None:
    site = Site(store, None)
    reply = site.browser().get("/", base_url=f"http://{host}", environ_base={"REMOTE_ADDR": address})
    assert reply.status_code == status
    assert ("tiebreak users add" in reply.text) == (status == 403)
    site.add("ann", "viewer")
    assert site.browser().get("/", base_url=f"http://{host}").status_code == 303


def test_pages_with_data_are_kept_by_nobody(site: Site) -> None:
    site.project(7)
    client = site.logged_in()
    for path in ("/", "/projects/7", "/login", "/nowhere"):
        assert client.get(path).headers["Cache-Control"] == "no-store"
    assert client.get("/").headers["X-Frame-Options"] == "DENY"


def test_the_login_page_needs_nobody_and_says_nothing_of_anybody(site: Site) -> None:
    site.project(7)
    text = site.browser().get("/login?next=%22%3E%3Cscript%3E").text
    assert "<script>" not in text
    assert "Title 7" not in text
    reply = log_in(site.browser(), '"><script>', "wrong")
    assert "<script>" not in reply.text
    with site.browser().get("/assets/tiebreak.css") as css:
        assert css.status_code == 200


def test_a_rate_lets_in_so_many_at_once_and_then_one_now_and_then(any_store: Store) -> None:
    rate = Rate("a test", 3, 10)

    def at(now: int) -> int:
        with any_store.begin() as connection:
            return attempt(connection, rate, "somebody", now)

    assert [at(100) for _ in range(4)] == [0, 0, 0, 10]
    assert [at(109), at(110), at(110)] == [1, 0, 10]
    assert [at(10_000) for _ in range(4)] == [0, 0, 0, 10]
    with any_store.begin() as connection:
        attempts.give_back(connection, rate, "somebody")
        attempts.forget_old(connection, 10_020)
        assert connection.execute(select(tables.attempts)).all() == []


def test_processes_that_count_together_let_in_no_more(any_store: Store) -> None:
    rate, allowed = Rate("a test", 5, 1000), list[int]()

    def tries() -> None:
        for _ in range(5):
            with any_store.begin() as connection:
                allowed.append(attempt(connection, rate, "somebody", 100))

    threads = [threading.Thread(target=tries) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(allowed)[:6] == [0, 0, 0, 0, 0, 1000]


def test_users_sessions_and_tokens_in_either_store(any_store: Store) -> None:
    site = Site(any_store, "lead")
    site.project(7)
    client = site.logged_in()
    assert client.get("/projects/7").status_code == 200
    assert site.app.test_client().get("/", headers=site.token()).status_code == 200
    keeping.set_role(any_store, "ann", "viewer", site.now, only=(7,))
    keeping.remove(any_store, "ann", site.now)
    with any_store.read() as connection:
        left = [connection.execute(select(table)).all() for table in (tables.users, tables.sessions, tables.tokens)]
    assert left == [[], [], []]
    assert site.add("bob", "viewer") == 2, "no id is given twice: the audit chain names people by it"


def test_a_hash_says_how_it_was_made_and_is_made_anew_when_more_work_is_wanted(store: Store) -> None:
    kept = hashed(WORD, CHEAP)
    assert re.fullmatch(r"scrypt\$16\$8\$1\$[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}", kept)
    assert kept != hashed(WORD, CHEAP)
    assert fits(WORD, kept)
    assert not fits(WORD + "x", kept)
    assert is_weaker(kept)
    site = Site(store)
    with store.begin() as connection:
        connection.execute(update(tables.users).values(password=hashed(WORD, Cost(8, 8, 1))))
    site.logged_in()
    with store.read() as connection:
        assert str(connection.execute(select(tables.users.c.password)).scalar()).startswith("scrypt$16$8$1$")
    site.logged_in()


def test_the_two_ways_to_type_a_letter_are_one_password() -> None:
    assert fits("cafe\u0301 au lait", hashed("caf\u00e9 au lait", CHEAP))


def test_what_scrypt_gives_is_what_others_compute() -> None:
    """RFC 7914, section 12: the second test vector, through our own reading of a kept hash."""
    wanted = bytes.fromhex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
    salt, whole = b64encode(b"NaCl").decode(), b64encode(wanted).decode()
    assert fits("password", f"scrypt$1024$8$16${salt}${whole}")
