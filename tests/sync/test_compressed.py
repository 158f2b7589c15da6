"""Texts go over compressed to whoever takes that; what another site asks for, and secrets, do not."""

import gzip
import re
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Response as AnyResponse

from sync.settings import Settings
from sync.store.engine import Store
from sync.web.app import create_app
from sync.web.compressed import compress

TAKES = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def client(store: Store) -> FlaskClient:
    client = create_app(Settings(secret="a shared secret"), store, lambda _: None).test_client()
    client.get("/")  # the cookie of forms, which the tags of pages depend on
    return client


def said(reply: AnyResponse) -> str | None:
    return reply.headers.get("Content-Encoding")


@pytest.mark.parametrize("path", ["/", "/assets/tiebreak.css", "/assets/tiebreak.js", "/operations"])
def test_a_text_is_compressed_for_whoever_takes_that_and_is_the_same(client: FlaskClient, path: str) -> None:
    plain, packed = client.get(path, buffered=True), client.get(path, headers=TAKES, buffered=True)
    assert (said(plain), said(packed), packed.status_code) == (None, "gzip", 200)
    assert unmasked(gzip.decompress(packed.data).decode()) == unmasked(plain.text)
    assert len(packed.data) < len(plain.data) / 2
    assert {"Accept-Encoding"} == set(plain.vary) == set(packed.vary)


def unmasked(page: str) -> str:
    """Without what is another text each time."""
    return re.sub('name="form_token" value="[^"]*"', "", page)


def test_what_is_compressed_is_still_known_by_its_tag(client: FlaskClient) -> None:
    for path in ("/", "/assets/tiebreak.css"):
        tag = client.get(path, headers=TAKES, buffered=True).headers["ETag"]
        assert tag.startswith("W/")
        again = client.get(path, headers=TAKES | {"If-None-Match": tag}, buffered=True)
        assert again.status_code == 304


@pytest.mark.parametrize(
    "headers",
    [{}, {"Accept-Encoding": "gzip;q=0"}, {"Accept-Encoding": "br"}, TAKES | {"Sec-Fetch-Site": "cross-site"}],
)
def test_others_get_it_as_it_is(client: FlaskClient, headers: dict[str, str]) -> None:
    reply = client.get("/", headers=headers)
    assert (said(reply), reply.text[:15]) == (None, "<!doctype html>")


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_pages_and_the_reader_get_it_compressed(client: FlaskClient, site: str) -> None:
    assert said(client.get("/", headers=TAKES | {"Sec-Fetch-Site": site})) == "gzip"


def test_small_answers_errors_and_parts_stay_as_they_are(client: FlaskClient) -> None:
    ranged = client.get("/assets/tiebreak.css", headers=TAKES | {"Range": "bytes=0-1999"}, buffered=True)
    assert (ranged.status_code, len(ranged.data)) == (206, 2_000)
    answers = (ranged, client.get("/healthz", headers=TAKES), client.get("/nowhere", headers=TAKES))
    assert [said(one) for one in answers] == [None, None, None]


def test_the_token_of_a_form_is_another_text_in_each_answer(client: FlaskClient) -> None:
    pages = [client.get("/").text for _ in range(3)]
    tokens = [set(re.findall('name="form_token" value="([^"]+)"', page)) for page in pages]
    assert [len(one) for one in tokens] == [1, 1, 1]
    assert len(set.union(*tokens)) == 3
    for one in tokens:
        assert client.post("/theme", data={"form_token": one.pop(), "theme": "dark"}).status_code == 303


@pytest.mark.parametrize("token", ["", "0" * 64, "0" * 128, "g" * 128, "\u0661" * 128, "0" * 127 + "\n"])
def test_a_token_that_is_none_is_refused(client: FlaskClient, token: str) -> None:
    client.get("/")
    assert client.post("/theme", data={"form_token": token, "theme": "dark"}).status_code == 403


@settings(max_examples=50, deadline=None, derandomize=True)
@given(pieces=st.lists(st.text(max_size=2_000), max_size=8))
def test_what_is_made_while_it_is_sent_arrives_whole_and_is_ended(pieces: list[str]) -> None:
    ended: list[Any] = []
    app = Flask(__name__)
    compress(app)

    @app.get("/")
    def lines() -> Response:
        response = Response((one for one in pieces), mimetype="text/csv")
        response.call_on_close(lambda: ended.append(True))
        return response

    with app.test_client() as client, client.get("/", headers=TAKES) as reply:
        assert said(reply) == "gzip"
        assert "Content-Length" not in reply.headers
        assert gzip.decompress(reply.data).decode() == "".join(pieces)
    assert ended == [True]
