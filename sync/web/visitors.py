"""Who asks: by a session, a token, dashboard_user's password, a header of a proxy, or as this machine."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn

from flask import Request
from sqlalchemy import Connection
from werkzeug.datastructures import Authorization
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from ..errors import SettingsError
from ..logins import passwords
from ..logins.passwords import Cost
from ..logins.roles import Person
from ..settings import Settings
from ..store import attempts, audit, logins
from ..store.attempts import Rate
from ..store.engine import Store
from .addresses import Proxies, is_loopback, neighbourhood

SECOND = 1_000_000
BY_ADDRESS = Rate("login of an address", 30, 30 * SECOND)
BY_NAME = Rate("login of a name", 10, 90 * SECOND)
CALLS = Rate("calls of a token", 120, SECOND // 2)
COOKIE = "tiebreak_session"
LONGEST_NAME = 200
LOOK_HEADER = "X-Tiebreak-Look"
"""What an open page sends when it looks by itself whether anything changed: nobody uses the session by that."""
WAY_OUT = (
    "add a user (`tiebreak users add NAME --role admin`), or set dashboard_password (or TIEBREAK_DASHBOARD_PASSWORD)"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks and how that is known. ``session`` is what the store keeps of the token in the cookie."""

    person: Person
    by: Literal["session", "token", "password", "header", "open"]
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Visitors:
    """Finds out who asks. ``cost`` is what hashing a password may cost."""

    settings: Settings
    store: Store
    clock: Callable[[], int]
    cost: Cost
    proxies: Proxies

    def who(self, request: Request) -> Visit | None:
        """Who asks; null for nobody that is known. Raises Unauthorized, Forbidden and TooManyRequests."""
        if (named := self._named_by_proxy(request)) is not None:
            return named
        given = authorization(request)
        if given is not None and given.type == "bearer":
            return self._by_token(request, given.token or "")
        if "Authorization" in request.headers:
            return self._by_password(request, given)
        return self._by_session(request) or self._open(request)

    def log_in(self, request: Request, name: str, password: str, token: str) -> Person | None:
        """Begin a session with a random token; null where name or password is wrong. Raises TooManyRequests."""
        name, now = name.strip().casefold()[:LONGEST_NAME], self.clock()
        self._take(request, name)
        with self.store.read() as connection:
            user = logins.find(connection, name)
        kept = user.password if user else None
        if passwords.fits(password, kept, self.cost) and user is not None:
            person = user.person
        elif self._is_of_settings(name, password):
            person = self._manager()
        else:
            return None
        with self.store.begin() as connection:
            self._give_back(connection, request, name)
            if kept is not None and person.id is not None and passwords.is_weaker(kept, self.cost):
                logins.rehash(connection, person.id, kept, passwords.hashed(password, self.cost))
            logins.begin_session(connection, token, person.id, now, self._key(person.id))
            audit.record(connection, now=now, actor=person.actor, action="logged in")
        return person

    def log_out(self, request: Request) -> None:
        """End the session, if there is one."""
        visit = self._by_session(request)
        if visit is None or visit.session is None:
            return
        with self.store.begin() as connection:
            logins.end_session(connection, visit.session)
            audit.record(connection, now=self.clock(), actor=visit.person.actor, action="logged out")

    def forget(self, request: Request) -> None:
        """End the session that a browser had before it logged in anew."""
        visit = self._by_session(request)
        if visit is not None and visit.session is not None:
            with self.store.begin() as connection:
                logins.end_session(connection, visit.session)

    def cookie(self, request: Request) -> str:
        """The cookie's name: browsers take ``__Host-`` over TLS alone, and from nobody but this host."""
        return f"__Host-{COOKIE}" if self.proxies.is_encrypted(request) else COOKIE

    def refuse(self, request: Request) -> NoReturn:
        """A wrong token or secret; raises Unauthorized, or TooManyRequests for an address that tries often."""
        with self.store.begin() as connection:
            wait = attempts.attempt(connection, BY_ADDRESS, self._address(request), self.clock())
        if wait:
            raise _too_many(wait)
        raise Unauthorized("Log in to see this page: the token, name or password is wrong.")

    def _named_by_proxy(self, request: Request) -> Visit | None:
        name = request.headers.get(self.settings.login_header) if self.settings.login_header else None
        if name is None:
            return None
        if not self.proxies.sent(request):
            raise Forbidden(
                f"the header {self.settings.login_header} came from an address that is not in trusted_proxies"
            )
        with self.store.read() as connection:
            user = logins.find(connection, name)
        if user is None:
            raise Forbidden("the proxy logged you in, but Tiebreak has no user of that name: ask for `tiebreak users`")
        return Visit(user.person, "header")

    def _by_token(self, request: Request, given: str) -> Visit:
        now = self.clock()
        with self.store.read() as connection:
            row = logins.token(connection, given, now) if given.startswith(logins.TOKEN) else None
            user = logins.user_of(connection, row.user) if row else None
        if row is None or user is None:
            self.refuse(request)
        with self.store.begin() as connection:
            wait = attempts.attempt(connection, CALLS, str(row.id), now)
            if row.used_at is None or now - row.used_at > logins.NOTED:
                logins.use_token(connection, row.id, now)
        if wait:
            raise _too_many(wait)
        return Visit(user.person, "token")

    def _by_password(self, request: Request, given: Authorization | None) -> Visit:
        """dashboard_user alone: hashing on every request would be slow, so programs of users have tokens."""
        said = (given.parameters or {}) if given is not None and given.type == "basic" else {}
        name, word = str(said.get("username", "")), str(said.get("password", ""))
        with self.store.read() as connection:
            wait = attempts.waiting(connection, BY_ADDRESS, self._address(request), self.clock())
        if wait:
            raise _too_many(wait)
        if not self._is_of_settings(name, word):
            self.refuse(request)
        return Visit(self._manager(), "password")

    def _by_session(self, request: Request) -> Visit | None:
        token, now = request.cookies.get(self.cookie(request), ""), self.clock()
        if not token:
            return None
        with self.store.read() as connection:
            row = logins.session(connection, token, now)
            user = logins.user_of(connection, row.user) if row and row.user is not None else None
            if row is None and self._key(None):
                row = logins.session(connection, token, now, self._key(None))
        if row is None or (row.user is not None and user is None):
            return None
        if now - row.used_at > logins.NOTED and LOOK_HEADER not in request.headers:
            with self.store.begin() as connection:
                logins.use_session(connection, row.hash, now)
        return Visit(self._manager() if user is None else user.person, "session", row.hash)

    def _open(self, request: Request) -> Visit | None:
        """Without any login, whoever sits at this machine may do everything; nobody from elsewhere may do anything.

        The host is looked at too: a page elsewhere may give its own name this machine's address.
        """
        if self._key(None) or self.settings.login_header:
            return None
        with self.store.read() as connection:
            if not logins.is_empty(connection):
                return None
        host = request.host.rpartition(":")[0] if request.host.rpartition("]")[2].count(":") else request.host
        if not (is_loopback(self.proxies.client(request)) and is_loopback(host)):
            raise Forbidden(f"Without a login the dashboard is open to its own machine alone: {WAY_OUT}.")
        return Visit(Person("", "admin"), "open")

    def _take(self, request: Request, name: str) -> None:
        now = self.clock()
        with self.store.begin() as connection:
            attempts.forget_old(connection, now)
            wait = attempts.attempt(connection, BY_ADDRESS, self._address(request), now)
            wait = wait or attempts.attempt(connection, BY_NAME, name, now)
        if wait:
            raise _too_many(wait)

    def _give_back(self, connection: Connection, request: Request, name: str) -> None:
        attempts.give_back(connection, BY_ADDRESS, self._address(request))
        attempts.give_back(connection, BY_NAME, name)

    def _address(self, request: Request) -> str:
        return neighbourhood(self.proxies.client(request))

    def _is_of_settings(self, name: str, word: str) -> bool:
        known = self.settings.dashboard_user.strip().casefold()
        return same(name.strip().casefold(), known) & same(word, self._key(None))

    def _manager(self) -> Person:
        return Person(self.settings.dashboard_user, "admin")

    def _key(self, user: int | None) -> str:
        """What the sessions of dashboard_user are hashed with, so that they end when the password changes."""
        return self.settings.dashboard_password.get_secret_value() if user is None else ""


def check(settings: Settings) -> None:
    """Raises SettingsError where a header would be believed from anybody."""
    if settings.login_header and not settings.trusted_proxies:
        raise SettingsError(
            "login_header is set, so anybody could send it: name the addresses of your proxy in trusted_proxies"
        )


def authorization(request: Request) -> Authorization | None:
    """What the caller says of itself; null also where that cannot be read."""
    try:
        return request.authorization
    except ValueError:
        return None


def same(given: str | None, wanted: str) -> bool:
    """Compared in constant time; an empty secret lets nobody in."""
    return bool(wanted) and hmac.compare_digest(_bytes(given or ""), _bytes(wanted))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _too_many(wait: int) -> TooManyRequests:
    seconds = -(-wait // SECOND)
    return TooManyRequests(f"Too many attempts: wait {_said(seconds)}, then try again.", retry_after=seconds)


def _said(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'s' * (seconds != 1)}"
    return f"{-(-seconds // 60)} minutes"
