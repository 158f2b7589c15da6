"""One request to Label Studio: through the vendor's client, every failure mapped here and nowhere else."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from label_studio_sdk.client import LabelStudio as Sdk
from label_studio_sdk.core.api_error import ApiError

from ..errors import LabelStudioError, NotFound, RateLimited, Rejected, ServerFault, Unauthorized, Unreachable

RETRIES = 4
FIRST_PAUSE = 0.5


class Transport:
    """Requests with the vendor's authentication (either kind of token), our errors, and retried reads.

    Reads are repeated after transient failures with doubling pauses; writes never: the callers find out first what
    arrived. ``http`` is the network, so that a test hands in another one.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = 60.0,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self._sleep = sleep
        if not token:
            raise Unauthorized(
                f"Label Studio {self.url}: no access token is set. Copy yours from Label Studio, Account & Settings, "
                "into label_studio_token (or TIEBREAK_LABEL_STUDIO_TOKEN)."
            )
        self._client = client = http or httpx.Client(
            timeout=timeout, trust_env=not _loopback(self.url), follow_redirects=False
        )
        try:
            # The typed methods of the SDK drop fields that they do not know, so its authenticated client is used.
            sdk: Any = Sdk(base_url=self.url, api_key=token, httpx_client=client)  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise Unauthorized(f"Label Studio {self.url}: the access token is not one: {error}") from error
        self._http = sdk._client_wrapper.httpx_client

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def get(self, path: str, **params: Any) -> Any:
        """Read JSON; transient failures are retried."""
        pause = FIRST_PAUSE
        for _ in range(RETRIES):
            try:
                return self.send("GET", path, params=params)
            except LabelStudioError as error:
                if not error.transient:
                    raise
                self._sleep(max(pause, getattr(error, "retry_after", 0.0)))
                pause *= 2
        return self.send("GET", path, params=params)

    def send(self, method: str, path: str, *, params: dict[str, Any] | None = None, body: Any = None) -> Any:
        """One request, once; its JSON, or null for an empty answer. Raises LabelStudioError."""
        where = f"{method} {self.url}/{path}"
        try:
            reply = self._http.request(
                path, method=method, params=params, json=body, request_options={"max_retries": 0}
            )
        except ApiError as error:  # the SDK's own refresh of an access token
            raise _error(where, method, error.status_code or 0, str(error.body), {}) from error
        except httpx.TimeoutException as error:
            raise Unreachable(
                f"{where}: no answer in time; is Label Studio overloaded?", method=method, url=self.url
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(
                f"{where}: nothing answers there ({error}). Is Label Studio running, and is label_studio_url right?",
                method=method,
                url=self.url,
            ) from error
        if reply.status_code >= 300:
            raise _error(where, method, reply.status_code, reply.text, reply.headers)
        return _json(where, method, reply)


def _loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _json(where: str, method: str, reply: httpx.Response) -> Any:
    if reply.status_code == 204 or not reply.content:
        if reply.status_code == 200 and method == "GET":
            raise ServerFault(f"{where}: an empty answer instead of JSON", method=method, url=where, status=200)
        return None
    try:
        return reply.json()
    except ValueError as error:
        kind = reply.headers.get("content-type", "")
        found = "a web page" if "html" in kind else "something that is not JSON, or half of it"
        raise ServerFault(
            f"{where}: {found} instead of JSON. Does label_studio_url point at Label Studio itself, or at a login "
            "page or proxy in front of it?",
            method=method,
            url=where,
            status=reply.status_code,
        ) from error


def _error(where: str, method: str, status: int, text: str, headers: Any) -> LabelStudioError:
    """The status as one of our errors, with what Label Studio says of it."""
    details = _detail(text)
    kind: type[LabelStudioError]
    if status in (301, 302, 303, 307, 308):
        kind, words = Rejected, f"redirects to {headers.get('location')}: use that address as label_studio_url"
    elif status in (401, 403):
        kind, words = Unauthorized, f"refused ({status}): {details or 'is the access token right and still valid?'}"
    elif status == 404:
        kind, words = NotFound, f"not found: {details}" if details else "not found"
    elif status == 429:
        kind, words = RateLimited, "too many requests"
    elif status >= 500:
        kind, words = ServerFault, f"Label Studio failed ({status}): {details or 'no reason given'}"
    else:
        kind, words = Rejected, f"refused ({status}): {details or text[:200]}"
    error = kind(f"{where}: {words}", method=method, url=where, status=status)
    if isinstance(error, RateLimited):
        after = str(headers.get("retry-after", "1"))
        error.retry_after = float(after) if after.isdigit() else 1.0
    return error


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
