"""The login page and the way out: forms that need no script."""

import logging
import re
import secrets
from typing import TypedDict

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from ..store import logins
from .guard import open_to_all
from .visitors import Visitors

HERE = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
"""A place on this server: browsers read // and backslashes as the beginning of another one."""

log = logging.getLogger(__name__)


class _Kept(TypedDict):
    httponly: bool
    samesite: str
    secure: bool


def blueprint(visitors: Visitors) -> Blueprint:
    """``/login`` asks who it is, ``/logout`` forgets it."""
    pages = Blueprint("login", __name__)

    @pages.get("/login")
    @open_to_all
    def page() -> AnyResponse | str:
        place = local(request.args.get("next"))
        return render_template("login.html", next=place, name="", problem=None)

    @pages.post("/login")
    @open_to_all
    def log_in() -> AnyResponse | tuple[str, int] | tuple[str, int, dict[str, str]]:
        name, password = request.form.get("name", ""), request.form.get("password", "")
        place, token = local(request.form.get("next")), secrets.token_urlsafe(32)
        try:
            person = visitors.log_in(request, name, password, token)
        except TooManyRequests as error:
            log.warning("too many logins from %s", visitors.proxies.client(request))
            wait = {"Retry-After": str(error.retry_after)}
            return render_template("login.html", next=place, name=name, problem=error.description), 429, wait
        if person is None:
            log.warning("a login from %s was refused", visitors.proxies.client(request))
            problem = "Name or password is wrong."
            return render_template("login.html", next=place, name=name, problem=problem), 401
        visitors.forget(request)
        done = redirect(place, 303)
        done.set_cookie(visitors.cookie(request), token, max_age=logins.LONGEST // 1_000_000, **_kept(visitors))
        return done

    @pages.post("/logout")
    @open_to_all
    def log_out() -> AnyResponse:
        visitors.log_out(request)
        g.visit = None
        done = redirect("/login", 303)
        done.delete_cookie(visitors.cookie(request), **_kept(visitors))
        return done

    return pages


def _kept(visitors: Visitors) -> _Kept:
    """How browsers are to keep the session's cookie; with other words than it was set by they do not forget it."""
    return {"httponly": True, "samesite": "Lax", "secure": visitors.proxies.is_encrypted(request)}


def local(place: str | None) -> str:
    """Where to go after the login: a place on this server, else the first page.

    >>> local("/projects/7?a=b"), local("//elsewhere.example"), local("https://elsewhere.example"), local(None)
    ('/projects/7?a=b', '/', '/', '/')
    """
    good = place is not None and HERE.fullmatch(place) and not place.startswith(("/login", "/logout"))
    return place if good and place is not None else "/"
