import base64
import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from label_config.answers import Choices
from label_config.parse import parse
from ml_backend.disk_cache import DiskCache
from ml_backend.errors import MediaError
from ml_backend.media import Media, of_project
from ml_backend.predict import score
from ml_backend.records import Task, TrainingRow
from ml_backend.settings import Settings
from ml_backend.thinking import LearnedMind

from .scenes import PROJECT, learned, running, sentiment_rows, serving
from .test_encoders import encoded, picture

CONTENT = bytes(range(256)) * 40


class Images(BaseHTTPRequestHandler):
    """Answers by path; remembers which tokens it was sent."""

    tokens: ClassVar[list[str | None]] = []
    paths: ClassVar[list[str]] = []
    drawn: ClassVar[int] = 0

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert (self.path, asked) == ("/api/token/refresh/", {"refresh": "head.body.sign"})
        type(self).drawn += 1
        self.send_response(200 if self.drawn else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"access": f"drawn {self.drawn}"}).encode())

    def do_GET(self) -> None:
        self.tokens.append(self.headers.get("Authorization"))
        self.paths.append(self.path)
        kind = self.path.rpartition("/")[2]
        if kind == "away":
            self.send_response(302)
            self.send_header("Location", self.path.replace("away", "image"))
            self.end_headers()
            return
        there = {"metadata": "http://169.254.169.254/latest", "loop": "loop", "nowhere": "http://[::1"}
        if kind in there:
            self.send_response(301)
            self.send_header("Location", there[kind])
            self.end_headers()
            return
        if "fileuri=" in self.path:
            self.send_response(303)
            self.send_header("Location", "/data/image")
            self.end_headers()
            return
        self.send_response(404 if kind == "missing" else 200)
        self.send_header("Content-Length", str(len(CONTENT) * (2 if kind == "broken" else 1)))
        self.end_headers()
        if kind == "slow":
            for place in range(20):
                self.wfile.write(CONTENT[place : place + 1])
                time.sleep(0.05)
            return
        self.wfile.write(CONTENT)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def images() -> Iterator[str]:
    Images.tokens.clear()
    Images.paths.clear()
    Images.drawn = 0
    with running(Images) as url:
        yield url


def media(**given: Any) -> Media:
    return Media(Settings(**given))


def test_data_addresses_are_read_in_place() -> None:
    plain = "data:text/plain,a%20b"
    packed = "data:image/png;base64," + base64.b64encode(CONTENT).decode()
    assert media().fetch(plain) == b"a b"
    assert media().fetch(packed) == CONTENT


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("data:image/png;base64", "without a comma"),
        ("data:image/png;base64,A", "broken base64"),
        ("file:///etc/passwd", "kind 'file' are not fetched"),
        ("ftp://example.com/a.png", "kind 'ftp' are not fetched"),
        ("gopher://127.0.0.1", "kind 'gopher' are not fetched"),
        ("//example.com/a.png", "are not fetched"),
        ("a.png", "are not fetched"),
        ("", "are not fetched"),
        ("http://", "are not fetched"),
        ("http://[::1", "not an address"),
        ("http://x:99999999/", "not an address"),
        ("http://\ud800/", "not an address|no answer"),
        (f"http://{'a' * 300}/", "not an address"),
        ("http://a..b/", "not an address|no answer"),
        ("/data/upload/1/a.png", "label_studio_url is not set"),
    ],
)
def test_what_is_not_fetched_says_why(address: str, reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        media(media_seconds=2).fetch(address)


def test_private_addresses_are_refused_unless_their_host_is_named(images: str) -> None:
    with pytest.raises(MediaError, match="lies on a private address; media_hosts names"):
        media().fetch(f"{images}/image")
    with pytest.raises(MediaError, match="lies on a private address"):
        media().fetch(f"{images.replace('127.0.0.1', 'localhost')}/image")
    assert Images.tokens == []  # not one request arrived
    assert media(media_hosts=("127.0.0.1",)).fetch(f"{images}/image") == CONTENT


def test_a_redirect_is_judged_anew(images: str) -> None:
    allowed = media(media_hosts=("127.0.0.1",))
    assert allowed.fetch(f"{images}/away") == CONTENT
    with pytest.raises(MediaError, match=r"no answer|lies on a private address"):
        media(media_hosts=("127.0.0.1",), media_seconds=1).fetch(f"{images}/metadata")
    with pytest.raises(MediaError, match="more than 3 redirects"):
        allowed.fetch(f"{images}/loop")
    with pytest.raises(MediaError, match="not an address"):
        allowed.fetch(f"{images}/nowhere")


def test_label_studios_own_images_are_fetched_with_its_token_and_nobody_else_gets_it(images: str) -> None:
    given = media(label_studio_url=images, label_studio_token="t" * 40, media_hosts=("localhost",))
    for address in (
        "/data/upload/1/image",
        "/data/local-files/?d=folder/image",
        f"{images}/tasks/7/resolve/image",
        f"{images}/api/projects/1/image",
        "/data/../api/projects/1/image",
        "/data/upload/%2e%2E/%2e./api/projects/1/image",
        "/tasks/7/resolve/..%2f../../api/projects/1/image",
        f"{images.replace('127.0.0.1', 'localhost')}/data/image",
    ):
        assert given.fetch(address) == CONTENT
    assert Images.tokens == [f"Token {'t' * 40}"] * 3 + [None] * 5


def test_label_studio_may_live_under_a_path(images: str) -> None:
    given = media(label_studio_url=f"{images}/studio", label_studio_token="t" * 40)
    assert given.fetch("/data/upload/1/image") == given.fetch("/studio/data/upload/1/image") == CONTENT
    assert Images.paths == ["/studio/data/upload/1/image"] * 2


def test_a_personal_access_token_draws_short_lived_ones_and_keeps_them_a_while(images: str) -> None:
    given = media(label_studio_url=images, label_studio_token="head.body.sign")
    assert given.fetch("/data/image") == given.fetch("/data/image") == CONTENT
    assert Images.tokens == ["Bearer drawn 1"] * 2
    Images.drawn = -1
    with pytest.raises(MediaError, match="gives no access"):
        media(label_studio_url=images, label_studio_token="head.body.sign").fetch("/data/image")


@pytest.mark.parametrize(
    ("path", "given", "reason"),
    [
        ("missing", {}, "HTTP 404"),
        ("image", {"media_bytes": 5000}, "larger than 5000 bytes"),
        ("slow", {"media_seconds": 0.2}, "slower than 0.2 s|broke off"),
        ("broken", {}, "broke off"),
    ],
)
def test_limits_hold(images: str, path: str, given: dict[str, Any], reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        media(media_hosts=("127.0.0.1",), **given).fetch(f"{images}/{path}")


def test_a_large_data_address_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(MediaError, match="larger than 1000 bytes"):
        media(media_bytes=1000).fetch("data:image/png;base64," + "A" * 3000)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_was_fetched_is_kept_for_a_day_and_for_other_processes(images: str, tmp_path: Path) -> None:
    given, clock = Settings(media_hosts=("127.0.0.1",)), Clock()

    def fetched() -> bytes:
        """By a new one, as in another process."""
        return Media(given, DiskCache(tmp_path, 10**6, clock=clock), clock=clock).fetch(f"{images}/image")

    assert [fetched(), fetched()] == [CONTENT] * 2
    assert len(Images.paths) == 1
    (kept,) = (place for place in tmp_path.rglob("*") if place.is_file())
    kept.write_bytes(kept.read_bytes()[:-1])
    assert fetched() == CONTENT
    clock.now += 90_000
    assert fetched() == CONTENT
    assert len(Images.paths) == 3


def test_what_failed_is_asked_again_after_a_minute(images: str) -> None:
    clock = Clock()
    given = Media(Settings(media_hosts=("127.0.0.1",)), clock=clock)
    for _ in range(3):
        with pytest.raises(MediaError, match="HTTP 404"):
            given.fetch(f"{images}/missing")
    assert len(Images.paths) == 1
    clock.now += 61
    with pytest.raises(MediaError, match="HTTP 404"):
        given.fetch(f"{images}/missing")
    assert len(Images.paths) == 2


def test_files_of_storages_are_found_through_label_studio(images: str) -> None:
    given = media(label_studio_url=images, label_studio_token="t" * 40)
    assert of_project(given.fetch, "7.1700000000")("s3://bucket/a picture.png") == CONTENT
    named = base64.urlsafe_b64encode(b"s3://bucket/a picture.png").decode()
    assert Images.paths == [f"/projects/7/resolve/?fileuri={named}", "/data/image"]
    assert Images.tokens == [f"Token {'t' * 40}"] * 2
    with pytest.raises(MediaError, match="an s3: address can be fetched for tasks of a project alone"):
        given.fetch("s3://bucket/a.png")
    with pytest.raises(MediaError, match="label_studio_url is not set"):
        of_project(media().fetch, "7.1700000000")("gs://bucket/a.png")


def test_a_learned_project_finds_the_files_of_its_storages(images: str, tmp_path: Path) -> None:
    outside = serving(tmp_path, label_studio_url=images)
    learned(outside, sentiment_rows(40))
    mind, _ = outside.minds.live(PROJECT)
    assert isinstance(mind, LearnedMind)
    assert mind.fetch("s3://bucket/a.png") == CONTENT
    assert Images.paths[0].startswith(f"/projects/{PROJECT.partition('.')[0]}/resolve/?fileuri=")


def test_nothing_is_said_to_a_private_address_not_even_a_greeting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        port = server.getsockname()[1]
        with pytest.raises(MediaError, match="lies on a private address"):
            media().fetch(f"https://localhost:{port}/a.png")
        with server.accept()[0] as connection:
            assert connection.recv(100) == b""


class Generous(BaseHTTPRequestHandler):
    """Keeps the connection, and hands out cookies."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[tuple[object, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.client_address, self.headers.get("Cookie")))
        self.send_response(200)
        self.send_header("Set-Cookie", "who=you")
        self.send_header("Content-Length", "1")
        self.end_headers()
        self.wfile.write(b"x")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


def test_one_connection_serves_many_images_and_no_cookie_is_sent_back() -> None:
    with running(Generous) as url:
        given = media(media_hosts=("127.0.0.1",))
        assert {given.fetch(f"{url}/{number}") for number in range(5)} == {b"x"}
        given.close()
    assert len({peer for peer, _ in Generous.asked}) == 1
    assert {cookie for _, cookie in Generous.asked} == {None}


SHAPES = """<View><Image name="image" value="$image"/><Choices name="shape" toName="image">
<Choice value="across"/><Choice value="down"/><Choice value="slanting"/></Choices></View>"""


class Pictures(BaseHTTPRequestHandler):
    """A bar of one of three kinds, by the number in the path."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        number = int(self.path[1:])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(encoded(picture(number % 3, shift=number // 3 % 7 - 3)))

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


def test_a_second_round_over_images_fetches_nothing(tmp_path: Path) -> None:
    labels = [Choices((one,)) for one in ("across", "down", "slanting")]
    with running(Pictures) as url:
        rows = [
            TrainingRow(n + 1, "shape", {"image": f"{url}/{n}"}, labels[n % 3], 1.0, "consensus", False, n + 1)
            for n in range(24)
        ]
        outside = serving(tmp_path, media_hosts=("127.0.0.1",))
        assert learned(outside, rows, SHAPES) is not None
        tasks = [Task(100 + n, {"image": f"{url}/{n}"}) for n in range(12, 36)]
        first = list(score(outside, PROJECT, parse(SHAPES), tasks))
        assert len(Pictures.asked) == 36
        again = serving(tmp_path, media_hosts=("127.0.0.1",))  # as another process would
        assert list(score(again, PROJECT, parse(SHAPES), tasks)) == first
    assert len(Pictures.asked) == 36
    assert [line["answer"] for line in first] == [list(labels[n % 3].labels) for n in range(12, 36)]
