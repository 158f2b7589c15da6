"""Images of tasks: out of ``data:`` addresses, or fetched over HTTP within limits.

What stands in a task is written by people, so it may name any address: only http and https are fetched, only from
public addresses, from Label Studio itself and from the hosts of the settings; every redirect is judged anew.
"""

import base64
import binascii
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import unquote, unquote_to_bytes, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from .access import Access
from .disk_cache import DiskCache
from .errors import MediaError
from .settings import Settings

REDIRECTS = 3
PIECE = 65_536
AT_ONCE = 16
"""Connections to one host that are kept open."""

KEPT_SECONDS = 86_400.0
"""How long what an address gave is not asked for again."""

FAILED_SECONDS = 60.0
"""How long an address that failed is not asked again: others wait for their turn."""

MOST_FAILED = 10_000
STORAGES = ("s3", "gs", "azure-blob")
"""Kinds of addresses that Label Studio turns into others, for storages that it is connected to."""

_KEPT = re.compile(r"/(data|storage-data)/|/(tasks|projects)/[0-9]+/(resolve|presign)/")
"""Where Label Studio keeps what was uploaded, and what it brings from storages."""


class Media:
    """Fetches images as the settings allow; ``fetch`` may be called from several threads at once.

    What was fetched is kept in the ``cache``.
    """

    def __init__(
        self, settings: Settings, cache: DiskCache | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._clock = clock
        self._failed: dict[str, tuple[float, str]] = {}
        self._turn = threading.Lock()
        self._sessions = {public_only: _session(public_only) for public_only in (True, False)}
        home = urlsplit(settings.label_studio_url)
        self._home = (home.scheme, home.hostname, home.port)
        self._prefix = home.path
        self._access = Access(
            settings.label_studio_url,
            settings.label_studio_token.get_secret_value(),
            timeout=settings.media_seconds,
        )
        self._trusted = {host.lower() for host in (home.hostname, *settings.media_hosts) if host}

    def close(self) -> None:
        """Let go of the connections that are kept open."""
        for session in self._sessions.values():
            session.close()

    def fetch(self, address: str, project: str = "") -> bytes:
        """The bytes at ``address``: a data: URI, an http(s) URL, a path of Label Studio such as /data/upload/..., or
        an s3:, gs: or azure-blob: one of a storage of the ``project``.

        Raises MediaError that says why not.
        """
        if address[:5].lower() == "data:":
            return self._inline(address)
        if address.partition("://")[0] in STORAGES:
            address = self._stored(address, project)
        if address.startswith("/") and not address.startswith("//"):
            if not self._settings.label_studio_url:
                raise MediaError("Label Studio keeps this image, and label_studio_url is not set")
            address = self._settings.label_studio_url + self._below(address)
        return self._kept(address)

    def _stored(self, address: str, project: str) -> str:
        """Where Label Studio shows a file of a storage that the project is connected to."""
        if not project:
            raise MediaError(f"an {address.partition(':')[0]}: address can be fetched for tasks of a project alone")
        named = base64.urlsafe_b64encode(address.encode("utf-8", "replace")).decode()
        return f"/projects/{project.partition('.')[0]}/resolve/?fileuri={named}"

    def _kept(self, address: str) -> bytes:
        """What the address gave a while ago, else what it gives now."""
        now = self._clock()
        failed_at, reason = self._failed.get(address, (0.0, ""))
        if now - failed_at < FAILED_SECONDS:
            raise MediaError(reason)
        found = self._cache.get(address, now - KEPT_SECONDS) if self._cache else None
        if found is not None:
            return found
        try:
            found = self._download(address)
        except MediaError as error:
            with self._turn:
                if len(self._failed) >= MOST_FAILED:
                    self._failed.clear()
                self._failed[address] = (now, str(error))
            raise
        if self._cache:
            self._cache.put(address, found)
        return found

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
            with self._get(address, until) as reply:
                if not reply.is_redirect:
                    if reply.status_code != 200:
                        raise MediaError(f"HTTP {reply.status_code}")
                    return self._body(reply, until)
                address = urljoin(address, reply.headers["Location"])
        raise MediaError(f"more than {REDIRECTS} redirects")

    def _get(self, address: str, until: float) -> requests.Response:
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise MediaError(f"not an address: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise MediaError(f"addresses of kind {parts.scheme[:20] or '?'!r} are not fetched")
        session = self._sessions[parts.hostname.lower() not in self._trusted]
        home = (parts.scheme, parts.hostname, port) == self._home
        headers = self._access.header() if home and _is_kept(self._below(parts.path)) else {}
        left = max(0.1, until - time.monotonic())
        try:
            return session.get(address, headers=headers, timeout=left, stream=True, allow_redirects=False)
        except requests.RequestException as error:
            raise MediaError(f"no answer ({type(error).__name__})") from error
        except (ValueError, HTTPError) as error:  # a name that no host can have, also one that it is led on to
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


def _is_kept(path: str) -> bool:
    """Whether a path of Label Studio is one of files. The others do things when asked, such as locking the next task.

    >>> [_is_kept(path) for path in ("/data/upload/1/a.png", "/api/projects/1/next", "/data/%2e./api/projects/1/next")]
    [True, False, False]
    """
    return _KEPT.match(path) is not None and ".." not in re.split(r"[/\\]", unquote(path))


def of_project(fetch: Callable[[str], bytes], project: str) -> Callable[[str], bytes]:
    """The ``fetch`` of a Media for tasks of the project with that key, which may name files of its storages."""
    media = getattr(fetch, "__self__", None)
    return partial(media.fetch, project=project) if isinstance(media, Media) else fetch


class _PublicHTTP(HTTPConnection):
    """Refuses, before a byte is sent, to talk to an address that is not public: whatever its name resolved to."""

    def _new_conn(self) -> socket.socket:
        return _public(super()._new_conn())


class _PublicHTTPS(HTTPSConnection):
    """The same over TLS."""

    def _new_conn(self) -> socket.socket:
        return _public(super()._new_conn())


def _public(connection: socket.socket) -> socket.socket:
    address = str(connection.getpeername()[0])
    if not is_public(address):
        connection.close()
        raise MediaError("lies on a private address; media_hosts names hosts from which it may be fetched")
    return connection


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and one that it holds inside as well.

    >>> [is_public(one) for one in ("1.1.1.1", "10.0.0.1", "::1", "64:ff9b::7f00:1")]
    [True, False, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if not found.is_global or found.is_multicast:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return True
    if found in _TRANSLATED:
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF).is_global
    return found.sixtofour is None or found.sixtofour.is_global


_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as networks without IPv4 reach them (RFC 6052)."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _PublicHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPS


class _Guarded(HTTPAdapter):
    """Connects to public addresses alone, where asked to."""

    def __init__(self, *, public_only: bool) -> None:
        super().__init__(pool_connections=AT_ONCE, pool_maxsize=AT_ONCE)
        if public_only:
            self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


def _session(public_only: bool) -> requests.Session:
    """Keeps connections, and nothing else: no cookie, nothing out of the environment."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for kind in ("http://", "https://"):
        session.mount(kind, _Guarded(public_only=public_only))
    return session
