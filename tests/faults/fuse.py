"""A fuse: counts what a run does to the world outside, and blows at one chosen place."""

import itertools
from collections.abc import Callable
from typing import Any, Literal

import httpx
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import Engine, event

How = Literal["before", "after", "unheard", "late"]
"""``before``: killed before the request is sent (or the transaction is committed). ``after``: killed when it was
carried out and before the answer is heard. ``unheard``: carried out, the connection breaks, the run hears of that.
``late``: the run gives up waiting, and the request is carried out when ``Fuse.land`` is called."""


class Killed(BaseException):
    """The process is gone: nothing that catches errors catches this."""


class Fuse:
    """``events`` are the names of what was done so far, in order; it blows at the one with the index ``place``.

    Where ``stops_at`` says no it blows at the next one. ``blew`` is the name of the event at which it did.
    """

    def __init__(
        self, place: int | None = None, how: How = "before", stops_at: Callable[[str], bool] = lambda _: True
    ) -> None:
        self.events: list[str] = []
        self.blew: str | None = None
        self._place = place
        self._stops_at = stops_at
        self._how = how
        self._late: Callable[[], object] = lambda: None
        self.networks: list[Network | Calls] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def pass_through(self, name: str, act: Callable[[], Any], broken: Exception | None = None) -> Any:
        """Do ``act``, unless this is the place. ``broken`` is what the network raises where nothing is heard."""
        reached = self._place is not None and len(self.events) >= self._place
        blows = reached and self.blew is None and self._stops_at(name)
        self.events.append(name)
        self.meanwhile()
        if not blows:
            return act()
        self.blew = name
        if self._how == "before":
            raise Killed(name)
        if self._how == "late":
            self._late = act
        else:
            act().close()
        raise broken if broken is not None and self._how in ("unheard", "late") else Killed(name)

    def land(self) -> None:
        """What was given up waiting for is carried out now."""
        self._late()
        for network in self.networks:
            network.close()


def nth(name: str, number: int, since: str = "") -> Callable[[str], bool]:
    """For ``stops_at``: the event of that name before which ``number`` others were, from the first ``since`` on."""
    seen, begun = itertools.count(), not since

    def is_it(one: str) -> bool:
        nonlocal begun
        begun = begun or one == since
        return begun and one == name and next(seen) == number

    return is_it


class Network(httpx.HTTPTransport):
    """Label Studio's requests through a fuse."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self.fuse = fuse
        fuse.networks.append(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        send = super().handle_request

        def act() -> httpx.Response:
            reply = send(request)
            reply.read()
            return reply

        broken = httpx.ReadTimeout("cut by the test", request=request)
        found: httpx.Response = self.fuse.pass_through(f"{request.method} {request.url.path}", act, broken)
        return found


class Calls(HTTPAdapter):
    """The ML backend's requests through a fuse."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self.fuse = fuse
        fuse.networks.append(self)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        forward = super().send
        body: Any = request.body
        if hasattr(body, "read"):  # what is sent late is sent when the file is closed
            request.body = body.read()
        path = str(request.url).partition("?")[0].rpartition("/")[2]
        broken = requests.ReadTimeout("cut by the test")
        name = f"backend {request.method} /{path}"
        found: requests.Response = self.fuse.pass_through(name, lambda: forward(request, *args, **kwargs), broken)
        return found


class Commits:
    """Transactions through a fuse, while the block runs: killed before a commit, nothing of it is kept."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    def _commit(self, connection: Any) -> None:
        if not connection.get_execution_options().get("reads"):
            self._fuse.pass_through("commit", lambda: None)

    def __enter__(self) -> None:
        event.listen(Engine, "commit", self._commit)

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "commit", self._commit)
