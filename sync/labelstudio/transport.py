"""One request to Label Studio: through the vendor's client, every failure mapped here and nowhere else."""

import json
import random
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from label_studio_sdk.base_client import LabelStudioBase as Sdk
from label_studio_sdk.core.api_error import ApiError

from ..errors import LabelStudioError, NotFound, RateLimited, Rejected, ServerFault, Unauthorized, Unreachable
from .circuit import Circuit
from .pace import Pace

RETRIES = 3
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
"""A server that asks for a longer pause (seconds) is not waited for: the error says when to come back."""
CONNECT_SECONDS = 10.0
JITTER = 0.25
"""Pauses are up to so much longer, by chance, so that those who were turned away together do not come back together."""
AWAY = (502, 503, 504)
"""What a proxy says in the place of a server that is not there."""


class Transport:
    """Requests with the vendor's authentication (either kind of token), our errors, and retried reads.

    Reads are repeated after transient failures with doubling pauses, for about ``timeout`` seconds at most. Writes are
    repeated only after 429, which says that nothing was done: else the callers find out first what arrived. A server
    that is away is left in peace for a while (see Circuit), and where ``pace`` is kept, one that people work with after
    each request. ``http`` is the network, and ``chance`` gives numbers in [0, 1), so that a test hands in others.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = 60.0,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        circuit: Circuit | None = None,
        pace: Pace | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = url.rstrip("/")
        self._chance = chance
        self._circuit = circuit or Circuit()
        self.pace = pace or Pace(sleep=sleep)
        self._before = before
        self._there: tuple[int, float] | None = None
        self._timeout = timeout
        self._sleep = sleep
        _refuse_no_token(self.url, token)
        self._client = http or _client(self.url, timeout)
        try:
            # The typed methods of the SDK drop fields that they do not know, so its authenticated client is used (of
            # the base class: the other one takes seconds to import). The
            # slash at the end keeps a path in the address: the SDK would ask for new access tokens beside it.
            sdk: Any = Sdk(base_url=f"{self.url}/", api_key=token, httpx_client=self._client)
        except (ApiError, ValueError) as error:
            said = _detail(json.dumps(error.body)) if isinstance(error, ApiError) else str(error)
            raise Unauthorized(
                f"Label Studio {self.url}: the access token is not valid: {said} Copy yours again from Label Studio, "
                "Account & Settings, into label_studio_token."
            ) from error
        self._tokens = sdk._client_wrapper._tokens_client
        self._http = sdk._client_wrapper.httpx_client

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def get(self, path: str, **params: Any) -> Any:
        """Read JSON; transient failures are retried."""
        return self._patiently(_is_transient, "GET", path, params, None)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        repeatable: bool = False,
    ) -> Any:
        """One request; its JSON, or null for an empty answer. Raises LabelStudioError.

        It is carried out at most once, unless it is ``repeatable``: then transient failures are retried.
        """
        again: Callable[[LabelStudioError], bool] = _is_transient if repeatable else _is_rate_limited
        return self._patiently(again, method, path, params, body)

    def _patiently(
        self,
        again: Callable[[LabelStudioError], bool],
        method: str,
        path: str,
        params: dict[str, Any] | None,
        body: Any,
    ) -> Any:
        self._wait_for_the_server(f"{method} {self.url}/{path}")
        end = time.monotonic() + self._timeout
        for attempt in range(RETRIES):
            try:
                return self._counted(method, path, params, body)
            except LabelStudioError as error:
                pause = max(FIRST_PAUSE * 2**attempt, error.retry_after)
                if not again(error) or pause > LONGEST_PAUSE or time.monotonic() > end or self._circuit.open:
                    raise
            self._sleep(pause * (1 + JITTER * self._chance()))
        return self._counted(method, path, params, body)

    def _wait_for_the_server(self, where: str) -> None:
        """Wait while it wants a pause; raises the last error again while it is left in peace for longer."""
        left = self._circuit.left()
        if left > LONGEST_PAUSE or (left and self._circuit.open):
            raise self._circuit.refusal(where)
        if left:
            self._sleep(left)

    def _counted(self, method: str, path: str, params: dict[str, Any] | None, body: Any) -> Any:
        """One try; the circuit hears whether the server is there."""
        self._before()
        try:
            with self.pace.request():
                found = self._with_fresh_token(method, path, params, body)
        except LabelStudioError as error:
            if isinstance(error, Unreachable | RateLimited) or error.status in AWAY:
                self._circuit.failed(error)
            else:
                self._circuit.answered()
            raise
        self._circuit.answered()
        return found

    def resting(self) -> tuple[float, str]:
        """For how many seconds the server is left in peace, and what it failed with; 0 while it may be asked."""
        left = self._circuit.left()
        return (left, self._circuit.because()) if left else (0.0, "")

    def now(self) -> int | None:
        """The server's own time (microseconds), to a second, by its last answer; null where that did not say it."""
        if self._there is None:
            return None
        at, heard = self._there
        return at + int((time.monotonic() - heard) * 1_000_000)

    def _with_fresh_token(self, method: str, path: str, params: dict[str, Any] | None, body: Any) -> Any:
        """A personal access token stands for short-lived ones; where our clock is late, one is refused as too old."""
        try:
            return self._once(method, path, params, body)
        except Unauthorized as error:
            if error.status != 401 or self._tokens._use_legacy_token or self._tokens._access_token is None:
                raise
            self._tokens._access_token = None
            return self._once(method, path, params, body)

    def _once(self, method: str, path: str, params: dict[str, Any] | None, body: Any) -> Any:
        where = f"{method} {self.url}/{path}"
        try:
            with _quiet(not self._tokens._use_legacy_token):
                reply = self._http.request(
                    path, method=method, params=params, **_as_sent(body), request_options={"max_retries": 0}
                )
        except (ApiError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise _broken(where, error) from error
        told = _date(reply.headers.get("date"))
        self._there = None if told is None else (told, time.monotonic())
        if reply.status_code >= 300:
            raise _refused(where, reply.status_code, reply.text, reply.headers)
        return _json(where, method, reply)


def _as_sent(body: Any) -> dict[str, Any]:
    """The body as the SDK's client takes it. Given as JSON, it would first copy it value by value."""
    if body is None:
        return {}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return {"content": text.encode(), "headers": {"Content-Type": "application/json"}}


def _is_transient(error: LabelStudioError) -> bool:
    return error.transient


def _is_rate_limited(error: LabelStudioError) -> bool:
    """Refused before anything was done."""
    return isinstance(error, RateLimited)


@contextmanager
def _quiet(personal_token: bool) -> Iterator[None]:
    """Drawing an access token, the SDK calls what pydantic deprecates: nothing that a user could do about."""
    if not personal_token:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _refuse_no_token(url: str, token: str) -> None:
    if not token:
        raise Unauthorized(
            f"Label Studio {url}: no access token is set. Copy yours from Label Studio, Account & Settings, "
            "into label_studio_token (or TIEBREAK_LABEL_STUDIO_TOKEN)."
        )
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise Unauthorized(
            f"Label Studio {url}: label_studio_token holds characters that no token has (a blank, a line end?): "
            "copy it again from Label Studio, Account & Settings."
        )


def _client(url: str, timeout: float) -> httpx.Client:
    # The server that `label-studio start` runs answers in two packets, and on a connection that is kept the second
    # one waits 40 ms for our acknowledgement of the first: on this machine a new connection is the faster one.
    loopback = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    return httpx.Client(
        timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        trust_env=not loopback,
        follow_redirects=False,
        limits=httpx.Limits(max_keepalive_connections=0 if loopback else None),
    )


def _broken(where: str, error: Exception) -> LabelStudioError:
    """No answer, or none that can be used, as one of our errors."""
    if isinstance(error, ApiError):  # the SDK's own exchange of a personal access token
        return _refused(where, error.status_code or 0, json.dumps(error.body), error.headers or {})
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(f"{where}: no answer in time. Is Label Studio overloaded, or behind a firewall?", url=where)
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.DecodingError):
        return ServerFault(f"{where}: the answer broke off ({error}). Did Label Studio stop, or a proxy?", url=where)
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return Unreachable(
            f"{where}: nothing answers there ({error}). Is Label Studio running, and is label_studio_url right?",
            url=where,
        )
    return ServerFault(f"{where}: not an answer of Label Studio ({error})", url=where)


def _json(where: str, method: str, reply: httpx.Response) -> Any:
    if reply.status_code == 204 or not reply.content:
        if reply.status_code == 200 and method == "GET":
            raise ServerFault(f"{where}: an empty answer instead of JSON", url=where, status=200)
        return None
    try:
        return reply.json()
    except ValueError as error:
        found = "a web page" if _is_page(reply.headers) else "something that is not JSON, or half of it"
        raise ServerFault(
            f"{where}: {found} instead of JSON. Does label_studio_url point at Label Studio itself, or at a login "
            "page or proxy in front of it?",
            url=where,
            status=reply.status_code,
        ) from error


def _is_page(headers: Any) -> bool:
    return "html" in str(headers.get("content-type", ""))


def _refused(where: str, status: int, text: str, headers: Any) -> LabelStudioError:
    """The status as one of our errors, with what Label Studio says of it."""
    details = _detail(text)
    kind: type[LabelStudioError]
    if status in (301, 302, 303, 307, 308):
        kind, words = Rejected, f"redirects to {headers.get('location')}: use that address as label_studio_url"
    elif status in (401, 403):
        said = details.rstrip(".") or "no reason given"
        kind, words = Unauthorized, f"refused ({status}): {said}. Is label_studio_token right and still valid?"
    elif status == 404 and not details and _is_page(headers) and where.startswith("GET "):
        kind, words = Rejected, "there is no such page. Does label_studio_url point at Label Studio?"
    elif status == 404:
        kind, words = NotFound, f"not found: {details}" if details else "not found"
    elif status == 429:
        kind, words = RateLimited, f"too many requests; come back in {_retry_after(headers):.0f} s"
    elif status >= 500:
        kind, words = ServerFault, f"failed ({status}): {details or 'its log, or its proxy, says why'}"
    else:
        kind, words = Rejected, f"refused ({status}): {details or text[:200]}"
    error = kind(f"{where}: {words}", url=where, status=status)
    error.retry_after = _retry_after(headers) if status in (429, 503) else 0.0
    return error


def _retry_after(headers: Any) -> float:
    """The pause that the server asks for, in seconds: a number or a date; 1 where it says none."""
    given = str(headers.get("retry-after", "")).strip()
    if given.isascii() and given.isdigit():
        return float(given)
    try:
        wanted = parsedate_to_datetime(given)
    except ValueError:
        return 1.0
    return max(0.0, (wanted.replace(tzinfo=wanted.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _date(value: str | None) -> int | None:
    """A moment of HTTP in microseconds since 1970; null for what is none."""
    try:
        return int(parsedate_to_datetime(value or "").timestamp() * 1_000_000)
    except ValueError:
        return None


def _detail(text: str) -> str:
    """The sentence in Label Studio's JSON error; nothing for a web page."""
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return str(found)[:300]
    problems = found.get("validation_errors") or found.get("detail") or ""
    if isinstance(problems, dict):
        return "; ".join(
            f"{key}: {' '.join(map(str, value)) if isinstance(value, list) else value}"
            for key, value in problems.items()
        )[:500]
    return str(problems)[:500]
