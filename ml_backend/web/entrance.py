"""Who gets in: the sync service by the shared secret, Label Studio by name and password or by a secret address."""

import hmac

from flask import Flask, Response, abort, jsonify, request

from ..settings import Settings

GUARDS_ITSELF = frozenset({"secret_webhook"})
"""Endpoints whose address is their secret."""


def guard(app: Flask, settings: Settings) -> None:
    """Where ``user`` is set, everything asks for it or for the shared secret, but for the webhook's secret address.

    Where ``webhook_secret`` is set, the plain webhook does so too.
    """

    @app.before_request
    def refuse_strangers() -> Response | None:
        guarded = bool(settings.user) or (
            request.endpoint == "webhook" and bool(settings.webhook_secret.get_secret_value())
        )
        if not guarded or request.endpoint in GUARDS_ITSELF or knows_secret(settings) or _knows_password(settings):
            return None
        reply = jsonify(error="send the user and password of tiebreak-ml's settings (basic authentication)")
        reply.status_code = 401
        if settings.user:
            reply.headers["WWW-Authenticate"] = 'Basic realm="tiebreak-ml"'
        return reply


def knows_secret(settings: Settings) -> bool:
    """Whether the request carries the secret that the services share; an empty one lets nobody in."""
    try:
        given = (request.authorization.token if request.authorization else "") or ""
    except ValueError:  # a header that is no text
        given = ""
    return same(given, settings.secret.get_secret_value())


def need_secret(settings: Settings) -> None:
    """401 without that secret."""
    if not knows_secret(settings):
        abort(401, "send the shared secret as `Authorization: Bearer SECRET`")


def same(given: str, wanted: str) -> bool:
    """Compared in constant time; nothing is the same as an empty secret."""
    return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def _knows_password(settings: Settings) -> bool:
    try:
        given = request.authorization
        user, password = (given.username or "", given.password or "") if given else ("", "")
    except ValueError:  # a header that is no text
        return False
    right = same(user, settings.user)
    return same(password, settings.password.get_secret_value()) and right
