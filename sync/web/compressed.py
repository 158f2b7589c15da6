"""Texts are sent compressed to whoever takes that (gzip): a page is about a tenth of its size.

The size of a compressed answer tells whoever sees it go by how much of it repeats. Somebody who may also choose a part
of the answer, by an address that a reader's browser is led to, could guess a secret in it letter by letter (BREACH).
So: tokens of forms are masked anew for each answer (guard.py), and are the only secret on a page, but for a personal
link on the very page that it leads to; what another site made a browser ask for is sent as it is; and only what is read
is compressed, no answer to a form.
"""

import zlib
from collections.abc import Iterable, Iterator

from flask import Flask, Response, request

TEXTS = frozenset(("text/html", "text/css", "text/csv", "text/javascript", "application/json", "image/svg+xml"))
SMALLEST = 1_000
"""Bytes below which a packet is saved by nothing."""
LEVEL = 5
"""Of zlib: the next ones take twice the time for 2% less."""
GZIP = 31
"""The window of zlib that means gzip's header and sum."""


def compress(app: Flask) -> None:
    """Every answer of ``app`` that is a text."""

    @app.after_request
    def pack(response: Response) -> Response:
        if not _may_be_packed(response):
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] and _asked_by_a_page_of_ours():
            _pack(response)
        return response


def _may_be_packed(response: Response) -> bool:
    """Whether it is read, whole, a text, and large enough; of what is made while it is sent nobody knows how large."""
    known = response.headers.get("Content-Length", type=int)
    return (
        request.method == "GET"
        and response.status_code == 200
        and response.mimetype in TEXTS
        and "Content-Encoding" not in response.headers
        and (known is None or known >= SMALLEST)
    )


def _asked_by_a_page_of_ours() -> bool:
    """Or by the reader, or by a program. Browsers say who asks."""
    return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


def _pack(response: Response) -> None:
    whole, close = "Content-Length" in response.headers, getattr(response.response, "close", None)
    response.direct_passthrough = False
    pieces = _packed(response.iter_encoded())
    if close is not None:
        response.call_on_close(close)
    if whole:
        response.set_data(b"".join(pieces))
    else:
        response.response = pieces
    response.headers["Content-Encoding"] = "gzip"
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)  # the same content, not the same bytes


def _packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces compressed, each as soon as there is something to send."""
    work = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    for piece in pieces:
        if packed := work.compress(piece):
            yield packed
    yield work.flush()
