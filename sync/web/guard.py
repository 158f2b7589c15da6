"""Who may do what: every view is for somebody, every form is one of ours, every answer forbids what pages do not need.

A view that says nothing may be read by viewers, and written to by leads.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, Request, Response, current_app, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from ..errors import NotPulled
from ..logins.roles import ROLES, Person
from ..store import projects
from ..store.engine import Store
from .visitors import Visitors

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
ENCRYPTED = {"Strict-Transport-Security": "max-age=31536000"}
SAFE = ("GET", "HEAD", "OPTIONS")
FIELD = "form_token"
FORM_COOKIE = "tiebreak_form"
SIGNED = hashlib.sha256().digest_size
"""Bytes of what a form must send, before it is masked."""
NOBODY, ANYBODY = "nobody", "anybody"
"""What a view needs beside roles: nothing, or anybody who is logged in, whom it shows what they may see."""
PROJECT = ("label_studio_id", "project")
"""What a route calls the project that it is about."""
STYLE = "dashboard.static"
"""The one view of the framework's own: style and icon, which the login page needs too."""
PROGRAMS = ("/api/", "/webhook")
"""Where programs ask: they get their errors as JSON, and fill in no forms."""

View = TypeVar("View", bound=Callable[..., Any])


def needs(role: str) -> Callable[[View], View]:
    """The view is for people of that role or a higher one, in its project where it has one."""

    def mark(view: View) -> View:
        view.needs = role  # type: ignore[attr-defined] # read by _needed
        return view

    return mark


open_to_all = needs(NOBODY)
"""The view is for everybody, or lets in whom it wants itself; its forms must be ours all the same."""


def person() -> Person:
    """Who is logged in. Raises Unauthorized for nobody."""
    if g.get("visit") is None:
        raise Unauthorized("Log in to see this page.")
    found: Person = g.visit.person
    return found


def guard(app: Flask, store: Store, visitors: Visitors) -> None:
    """Look at every request before its view, and at every answer after it."""

    @app.before_request
    def admit() -> AnyResponse | tuple[str, int] | None:
        needed = _needed()
        if needed != NOBODY:
            g.visit = visitors.who(request)
            if g.visit is None:
                return _ask()
            if (refused := _refused(store, g.visit.person, needed)) is not None:
                return refused
        _check_form(visitors)
        return None

    @app.after_request
    def finish(response: Response) -> Response:
        encrypted = visitors.proxies.is_encrypted(request)
        for name, value in (HEADERS | ENCRYPTED if encrypted else HEADERS).items():
            response.headers.setdefault(name, value)
        if g.get("new_form") is not None:
            response.set_cookie(FORM_COOKIE, g.new_form, httponly=True, samesite="Lax", secure=encrypted)
        return response

    @app.context_processor
    def context() -> dict[str, object]:
        visit = g.get("visit")
        return {
            "person": visit.person if visit else None,
            "can_log_out": visit is not None and visit.by == "session",
            "may": lambda role, key=None: visit is not None and visit.person.may(role, key),
            "form_field": FIELD,
            "form_token": lambda: _form_token(visitors),
        }


def for_programs() -> bool:
    """Whether a program asked, as far as the address says."""
    return request.path.startswith(PROGRAMS)


def errors_as() -> str:
    """How errors are told: "json" or "text" to programs, and to who asks for such a file; "html" to people."""
    if for_programs() or request.path.endswith(".json"):
        return "json"
    return "text" if request.path.endswith(".csv") else "html"


def _needed() -> str:
    if request.endpoint is None:
        return NOBODY if for_programs() else ANYBODY  # there is no such view, which is said afterwards
    if request.endpoint == STYLE:
        return NOBODY
    view = current_app.view_functions.get(request.endpoint)
    return getattr(view, "needs", None) or ("viewer" if request.method in SAFE else "lead")


def _ask() -> AnyResponse:
    """A browser is led to the login page, and back afterwards; anything else is told to log in.

    Of what asks for a file for programs a browser is known by saying that somebody goes there.
    """
    people = errors_as() == "html" or request.headers.get("Sec-Fetch-Mode") == "navigate"
    if request.method in SAFE and request.accept_mimetypes.accept_html and people and not for_programs():
        place = request.full_path if request.query_string else request.path
        return redirect(f"{url_for('login.page')}?{urlencode({'next': place})}" if place != "/" else "/login", 303)
    raise Unauthorized("Log in to see this page.")


def _refused(store: Store, someone: Person, needed: str) -> tuple[str, int] | None:
    """Raises Forbidden for what somebody may not do. A project that they may not see is not there for them."""
    given = request.view_args or {}
    number = next((given[name] for name in PROJECT if name in given), None)
    role = "viewer" if needed == ANYBODY else needed
    key = None
    if number is None:
        if needed == ANYBODY or someone.may(role):
            return None
    else:
        with store.read() as connection:
            key = project_key(connection, number)
        if not someone.may("viewer", key):
            return missing(number)
        if someone.may(role, key):
            return None
    raise Forbidden(_lacking(someone, role, key))


def _lacking(someone: Person, role: str, key: int | None) -> str:
    """What somebody would need and what they have, in a project (the store's key) or everywhere, and who can help.

    >>> _lacking(Person("lea", "lead"), "admin", 7)
    'Only an admin may do this; lea is a lead. An admin can do it, or give the role admin.'
    >>> _lacking(Person("", None), "viewer", None)
    'Only who sees all projects may do this; you have no role in all. An admin can do it, or give the role viewer.'
    """
    who = {"viewer": "who sees all projects", "lead": "a lead or an admin", "admin": "an admin"}[role]
    has = next((one for one in reversed(ROLES) if someone.may(one, key)), None)
    name, verb, owns = (someone.name, "is", "has") if someone.name else ("you", "are", "have")
    said = f"{verb} a {has}" if has else f"{owns} no role in all"
    return f"Only {who} may do this; {name} {said}. An admin can do it, or give the role {role}."


def project_key(connection: Connection, number: int) -> int | None:
    """The store's key of a live source project; null for none."""
    try:
        found = projects.by_label_studio_id(connection, number)
    except NotPulled:
        return None
    return found.key if found.source_key is None else None


def missing(number: int) -> tuple[str, int]:
    """The answer for a project that is not there; raises NotPulled where a program or a file for one was asked."""
    if errors_as() != "html":
        raise NotPulled(f"project {number} is not in the store yet: run `tiebreak run {number}` first")
    return render_template("missing.html", label_studio_id=number), 404


def _check_form(visitors: Visitors) -> None:
    """Raises Forbidden for a form that was filled in on a page of somebody else."""
    visit = g.get("visit")
    if request.method in SAFE or for_programs() or (visit is not None and visit.by == "token"):
        return
    elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
    key = _form_key(visitors, request)
    if elsewhere or not key or not hmac.compare_digest(_unmasked(request.form.get(FIELD, "")), _signed(key)):
        raise Forbidden(
            "The form is out of date, or cookies are switched off: go back, copy what you typed, load the page "
            "again, and send it again."
        )


def _form_token(visitors: Visitors) -> str:
    """What a form must send: only a page of ours can know it, since it is made from a cookie that pages cannot read.

    It is another text in each answer: of compressed answers the size would tell of a text that stays (compressed.py).
    """
    if "form_token" not in g:
        key = _form_key(visitors, request) or g.get("new_form")
        if not key:
            key = g.new_form = secrets.token_urlsafe(16)
        g.form_token = _masked(_signed(key))
    token: str = g.form_token
    return token


def _form_key(visitors: Visitors, asked: Request) -> str:
    return asked.cookies.get(visitors.cookie(asked)) or asked.cookies.get(FORM_COOKIE) or ""


def _signed(key: str) -> bytes:
    return hashlib.sha256(f"form\n{key}".encode("utf-8", "surrogatepass")).digest()


def _masked(signed: bytes) -> str:
    mask = secrets.token_bytes(SIGNED)
    return (mask + _either(mask, signed)).hex()


def _unmasked(token: str) -> bytes:
    """What was masked; nothing where the token is none of ours."""
    if not re.fullmatch(f"[0-9a-f]{{{4 * SIGNED}}}", token):
        return b""
    both = bytes.fromhex(token)
    return _either(both[:SIGNED], both[SIGNED:])


def _either(one: bytes, other: bytes) -> bytes:
    """Their exclusive or."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
