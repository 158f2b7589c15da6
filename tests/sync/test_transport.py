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
    return LabelStudio(Transport(url, TOKEN, timeout=timeout, sleep=sleep))


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


def test_a_fake_network_is_a_plain_function() -> None:
    network = httpx.MockTransport(lambda _: httpx.Response(200, json={"release": "9"}))
    with LabelStudio(Transport("http://nowhere.example", TOKEN, http=httpx.Client(transport=network))) as client:
        assert client.version() == "9"
