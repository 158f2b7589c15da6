"""One request: what comes back, which error it becomes, what is sent again and when."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from sync.errors import (
    LabelStudioError,
    NotFound,
    RateLimited,
    Rejected,
    ServerFault,
    Unauthorized,
    Unreachable,
)
from sync.labelstudio.circuit import Circuit
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport

from .misbehaving import Behave, always, half_a_body, hang, no_answer, serving

PAGE = b"<!doctype html><title>Log in</title>"
TOKEN = "0123456789abcdef0123456789abcdef01234567"

CASES: dict[str, tuple[Behave, type[LabelStudioError], str]] = {
    "failed": (always(500, b'{"detail": "it broke"}'), ServerFault, r"failed \(500\): it broke$"),
    "failed page": (always(502, PAGE, "text/html"), ServerFault, r"failed \(502\): its log, or its proxy, says why$"),
    "page": (always(200, PAGE, "text/html"), ServerFault, "a web page instead of JSON. Does label_studio_url point"),
    "nothing": (always(200, b""), ServerFault, "an empty answer instead of JSON"),
    "half a body": (half_a_body, ServerFault, "the answer broke off"),
    "half of JSON": (always(200, b'{"id": '), ServerFault, "not JSON, or half of it instead of JSON"),
    "no answer": (no_answer, ServerFault, "the answer broke off"),
    "too many": (always(429, b"{}", Retry_After="7"), RateLimited, "too many requests; come back in 7 s"),
    "elsewhere": (always(302, b"", Location="https://other"), Rejected, "redirects to https://other: use that address"),
    "hangs": (hang, Unreachable, "no answer in time"),
    "wrong token": (always(401, b'{"detail": "Invalid token."}'), Unauthorized, r"\(401\): Invalid token. Is label_st"),
    "no such page": (always(404, PAGE, "text/html"), Rejected, "no such page. Does label_studio_url point"),
    "not there": (always(404, b'{"detail": "No Project"}'), NotFound, "not found: No Project"),
    "refused": (always(400, b'{"validation_errors": {"title": ["Too long."]}}'), Rejected, r"\(400\): title: Too long"),
    "a list": (always(200, b"[1]"), ServerFault, "what came is no project"),
    "strange": (always(200, b'{"id": "x", "created_at": 5}'), ServerFault, "what came is no project"),
    "another program": (always(200, b'{"id": 1}'), ServerFault, r"what came is no project \(KeyError: 'created_at'\)"),
}


def gateway(url: str, *, sleep: Callable[[float], None] = lambda _: None, timeout: float = 0.5) -> LabelStudio:
    return LabelStudio(Transport(url, TOKEN, timeout=timeout, sleep=sleep, chance=lambda: 0.0))


@pytest.mark.parametrize("name", CASES)
def test_what_goes_wrong_says_what_where_and_what_to_do(name: str) -> None:
    behave, kind, said = CASES[name]
    with serving(behave) as server, gateway(server.url) as client, pytest.raises(kind, match=said) as raised:
        client.project(3)
    assert server.url in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_nobody_listening_is_said() -> None:
    with serving(no_answer) as server:
        url = server.url
    with gateway(url) as client, pytest.raises(Unreachable, match="Is Label Studio running, and is label_studio_url"):
        client.project(3)


def test_reads_are_repeated_with_growing_pauses_and_then_succeed() -> None:
    def behave(request: object) -> None:
        ready = len(server.seen) > 2
        (always(200, b'{"release": "1.23.2"}') if ready else always(503, b"{}"))(request)  # type: ignore[arg-type]

    pauses: list[float] = []
    with serving(behave) as server, gateway(server.url, sleep=pauses.append, timeout=30) as client:
        assert client.version() == "1.23.2"
    assert len(server.seen) == 3
    assert pauses == [1.0, 1.0]


@pytest.mark.parametrize(
    "behave", [always(500, b"{}"), half_a_body, no_answer, hang], ids=["500", "half", "none", "hang"]
)
def test_a_write_is_never_sent_twice_when_it_may_have_been_done(behave: Behave) -> None:
    with serving(behave) as server, gateway(server.url) as client, pytest.raises(LabelStudioError):
        client.import_tasks(3, [{"data": {}}])
    assert len(server.seen) == 1


def test_a_write_is_sent_again_after_too_many_requests_when_the_server_says() -> None:
    def behave(request: object) -> None:
        ready = len(server.seen) > 1
        good, bad = always(201, b'{"task_ids": [5]}'), always(429, b"{}", Retry_After="9")
        (good if ready else bad)(request)  # type: ignore[arg-type]

    pauses: list[float] = []
    with serving(behave) as server, gateway(server.url, sleep=pauses.append, timeout=30) as client:
        assert client.import_tasks(3, [{"data": {}}]) == [5]
    assert pauses == [9.0]


def test_a_pause_may_be_a_date_and_a_long_one_is_not_waited_for() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    pauses: list[float] = []
    with (
        serving(always(429, b"{}", Retry_After=soon)) as server,
        gateway(server.url, sleep=pauses.append, timeout=30) as client,
        pytest.raises(RateLimited),
    ):
        client.version()
    assert all(15 < pause <= 20 for pause in pauses)
    with (
        serving(always(429, b"{}", Retry_After="3600")) as server,
        gateway(server.url, sleep=pauses.append) as client,
        pytest.raises(RateLimited, match="come back in 3600 s"),
    ):
        client.version()
    assert len(server.seen) == 1


@pytest.mark.parametrize("token", ["", "two words", "line\nend", "caf\u00e9"])
def test_what_is_no_token_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(Unauthorized, match="label_studio_token") as refused:
        Transport("http://127.0.0.1:9", token)
    assert not token or token not in str(refused.value)


def test_a_token_that_is_too_old_is_said_at_once() -> None:
    # A personal access token whose time ended in 2001: {"exp": 1000000000}, signed with nothing.
    old = "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDAwMDAwMDB9."
    with pytest.raises(Unauthorized, match="not valid: API key has expired") as refused:
        Transport("http://127.0.0.1:9", old)
    assert old not in str(refused.value)


def test_a_kept_path_stays_in_the_address() -> None:
    with serving(always(200, b'{"release": "1"}')) as server, gateway(f"{server.url}/label") as client:
        client.version()
    assert server.seen == [("GET", "/label/api/version")]


class Away:
    """A network whose server is away, or not, with a clock that pauses move on; ``asked`` counts requests."""

    def __init__(self, reply: httpx.Response | None = None) -> None:
        self.time, self.asked, self.reply = 0.0, 0, reply

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.reply is None:
            raise httpx.ConnectError("refused", request=request)
        return self.reply

    def wait(self, seconds: float) -> None:
        self.time += seconds

    def client(self, chance: float = 0.0) -> LabelStudio:
        http = httpx.Client(transport=httpx.MockTransport(self.answer))
        circuit = Circuit(lambda: self.time)
        url = "http://nowhere.example"
        return LabelStudio(
            Transport(url, TOKEN, http=http, sleep=self.wait, chance=lambda: chance, circuit=circuit, timeout=1e6)
        )


HERE = httpx.Response(200, json={"release": "9"})


def test_pauses_are_a_little_longer_by_chance() -> None:
    away = Away()
    with away.client(chance=0.5) as client, pytest.raises(Unreachable):
        client.version()
    assert away.time == pytest.approx((0.5 + 1 + 2) * 1.125)


def test_a_server_that_is_away_is_left_in_peace_ever_longer_and_then_asked_once() -> None:
    away = Away()
    with away.client() as client:
        for _ in range(3):
            with pytest.raises(Unreachable):
                client.version()
        assert away.asked == 4  # one request with its retries; the others were not sent
        with pytest.raises(Unreachable, match=r"not asked, since Label Studio is left in peace for another 5 s after"):
            client.version()
        away.time += 5
        for _ in range(2):
            with pytest.raises(Unreachable):
                client.version()
        assert away.asked == 5
        away.time += 9.9
        with pytest.raises(Unreachable, match="not asked"):
            client.version()
        away.time, away.reply = away.time + 0.1, HERE
        assert client.version() == "9"
        away.reply = None
        with pytest.raises(Unreachable):
            client.version()
        assert away.asked == 10  # all is as in the beginning


def test_what_a_server_refuses_does_not_make_it_absent() -> None:
    away = Away(httpx.Response(404, json={"detail": "No"}))
    with away.client() as client:
        for _ in range(9):
            with pytest.raises(NotFound):
                client.project(1)
    assert away.asked == 9


def test_a_pause_that_the_server_wants_holds_for_every_request() -> None:
    away = Away(httpx.Response(429, json={}, headers={"Retry-After": "50"}))
    with away.client() as client:
        with pytest.raises(RateLimited, match="too many requests"):
            client.version()
        began, away.reply = away.time, HERE
        away.time += 1000
        assert client.version() == "9"
        away.reply = httpx.Response(429, json={}, headers={"Retry-After": "90"})
        asked = away.asked
        for _ in range(3):
            with pytest.raises(RateLimited):
                client.version()
        assert away.asked == asked + 1
        away.time, away.reply = away.time + 40, HERE
        assert client.version() == "9"  # waited for the 50 s that were left
    assert away.time - began == pytest.approx(1000 + 40 + 50)


def test_the_servers_own_time_is_known_from_its_answers() -> None:
    moment = "Sun, 29 Nov 2026 02:28:49 GMT"
    away = Away(httpx.Response(200, json={"release": "9"}, headers={"Date": moment}))
    with away.client() as client:
        assert client.now() is None
        client.version()
        assert client.now() == pytest.approx(1795919329e6, abs=5e6)
        away.reply = HERE
        client.version()
        assert client.now() is None


def test_a_fake_network_is_a_plain_function() -> None:
    network = httpx.MockTransport(lambda _: httpx.Response(200, json={"release": "9"}))
    with LabelStudio(Transport("http://nowhere.example", TOKEN, http=httpx.Client(transport=network))) as client:
        assert client.version() == "9"
