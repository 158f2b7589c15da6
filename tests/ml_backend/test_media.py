import base64
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import pytest

from ml_backend.errors import MediaError
from ml_backend.media import Media
from ml_backend.settings import Settings

from .scenes import running

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
        if kind in ("metadata", "loop"):
            self.send_response(301)
            self.send_header("Location", {"metadata": "http://169.254.169.254/latest", "loop": "loop"}[kind])
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
        ("/data/upload/1/a.png", "label_studio_url is not set"),
    ],
)
def test_what_is_not_fetched_says_why(address: str, reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        media(media_seconds=2).fetch(address)


def test_private_addresses_are_refused_unless_their_host_is_named(images: str) -> None:
    with pytest.raises(MediaError, match="no answer"):
        media().fetch(f"{images}/image")
    with pytest.raises(MediaError, match="no answer"):
        media().fetch(f"{images.replace('127.0.0.1', 'localhost')}/image")
    assert Images.tokens == []  # not one request arrived
    assert media(media_hosts=("127.0.0.1",)).fetch(f"{images}/image") == CONTENT


def test_a_redirect_is_judged_anew(images: str) -> None:
    allowed = media(media_hosts=("127.0.0.1",))
    assert allowed.fetch(f"{images}/away") == CONTENT
    with pytest.raises(MediaError, match="no answer"):
        media(media_hosts=("127.0.0.1",), media_seconds=1).fetch(f"{images}/metadata")
    with pytest.raises(MediaError, match="more than 3 redirects"):
        allowed.fetch(f"{images}/loop")


def test_label_studios_own_images_are_fetched_with_its_token_and_nobody_else_gets_it(images: str) -> None:
    given = media(label_studio_url=images, label_studio_token="t" * 40, media_hosts=("localhost",))
    for address in (
        "/data/upload/1/image",
        f"{images}/tasks/7/resolve/image",
        f"{images}/api/projects/1/image",
        f"{images.replace('127.0.0.1', 'localhost')}/data/image",
    ):
        assert given.fetch(address) == CONTENT
    assert Images.tokens == [f"Token {'t' * 40}"] * 2 + [None] * 2


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
