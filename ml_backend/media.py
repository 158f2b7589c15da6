"""Images of tasks: out of ``data:`` addresses, or fetched over HTTP within limits.

What stands in a task is written by people, so it may name any address: only http and https are fetched, only from
public addresses, from Label Studio itself and from the hosts of the settings; every redirect is judged anew.
"""

import base64
import binascii
import ipaddress
import re
import time
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .access import Access
from .errors import MediaError
from .settings import Settings

REDIRECTS = 3
PIECE = 65_536
_KEPT = re.compile(r"/(data|storage-data)/|/(tasks|projects)/[0-9]+/(resolve|presign)/")
"""Where Label Studio keeps what was uploaded, and what it brings from storages."""


class Media:
    """Fetches images as the settings allow; ``fetch`` may be called from several threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        home = urlsplit(settings.label_studio_url)
        self._home = (home.scheme, home.hostname, home.port)
        self._prefix = home.path
        self._access = Access(
            settings.label_studio_url,
            settings.label_studio_token.get_secret_value(),
            timeout=settings.media_seconds,
        )
        self._trusted = {host.lower() for host in (home.hostname, *settings.media_hosts) if host}

    def fetch(self, address: str) -> bytes:
        """The bytes at ``address``: a data: URI, an http(s) URL, or a path of Label Studio such as /data/upload/...

        Raises MediaError that says why not.
        """
        if address[:5].lower() == "data:":
            return self._inline(address)
        if address.startswith("/") and not address.startswith("//"):
            if not self._settings.label_studio_url:
                raise MediaError("Label Studio keeps this image, and label_studio_url is not set")
            address = self._settings.label_studio_url + self._below(address)
        return self._download(address)

    def _below(self, path: str) -> str:
        """The path without the one that Label Studio itself lives under."""
        return path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else path

    def _inline(self, address: str) -> bytes:
        head, comma, body = address.partition(",")
        if not comma:
            raise MediaError("a data: address without a comma")
        if len(body) > 2 * self._settings.media_bytes:
            raise MediaError(f"larger than {self._settings.media_bytes} bytes")
        raw = unquote_to_bytes(body)
        if not head.lower().endswith(";base64"):
            return raw
        try:
            return base64.b64decode(raw, validate=False)
        except binascii.Error as error:
            raise MediaError(f"a data: address with broken base64: {error}") from error

    def _download(self, address: str) -> bytes:
        until = time.monotonic() + self._settings.media_seconds
        for _ in range(REDIRECTS + 1):
            with requests.Session() as session, self._get(session, address, until) as reply:
                if not reply.is_redirect:
                    if reply.status_code != 200:
                        raise MediaError(f"HTTP {reply.status_code}")
                    return self._body(reply, until)
                address = urljoin(address, reply.headers["Location"])
        raise MediaError(f"more than {REDIRECTS} redirects")

    def _get(self, session: requests.Session, address: str, until: float) -> requests.Response:
        session.trust_env = False
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise MediaError(f"not an address: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise MediaError(f"addresses of kind {parts.scheme[:20] or '?'!r} are not fetched")
        session.mount(f"{parts.scheme}://", _Guarded(public_only=parts.hostname.lower() not in self._trusted))
        home = (parts.scheme, parts.hostname, port) == self._home
        # Other pages of Label Studio do things when they are asked for, such as locking the next task.
        kept = home and _KEPT.match(self._below(parts.path))
        headers = self._access.header() if kept else {}
        left = max(0.1, until - time.monotonic())
        try:
            return session.get(address, headers=headers, timeout=left, stream=True, allow_redirects=False)
        except requests.RequestException as error:
            raise MediaError(f"no answer ({type(error).__name__})") from error
        except UnicodeError as error:
            raise MediaError("not an address") from error

    def _body(self, reply: requests.Response, until: float) -> bytes:
        found = bytearray()
        try:
            for piece in reply.iter_content(PIECE):
                found += piece
                if len(found) > self._settings.media_bytes:
                    raise MediaError(f"larger than {self._settings.media_bytes} bytes")
                if time.monotonic() > until:
                    raise MediaError(f"slower than {self._settings.media_seconds} s")
        except requests.RequestException as error:
            raise MediaError(f"the answer broke off ({type(error).__name__})") from error
        return bytes(found)


class _PublicHTTP(HTTPConnection):
    """Refuses, before a byte is sent, to talk to an address that is not public: whatever its name resolved to."""

    def connect(self) -> None:
        super().connect()
        _refuse_private(self)


class _PublicHTTPS(HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        super().connect()
        _refuse_private(self)


def _refuse_private(connection: HTTPConnection) -> None:
    address = connection.sock.getpeername()[0] if connection.sock else ""
    if not ipaddress.ip_address(address.partition("%")[0]).is_global:
        connection.close()
        raise requests.ConnectionError(f"{address} is a private address")


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _PublicHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPS


class _Guarded(HTTPAdapter):
    """Connects to public addresses alone, where asked to."""

    def __init__(self, *, public_only: bool) -> None:
        super().__init__()
        if public_only:
            self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
