"""The training feed, for ``tiebreak-ml`` by the shared secret, and for programs of users by their tokens."""

import json
import re
from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import Connection

from ..settings import Settings
from ..store import projects, training
from ..store.engine import Store
from .guard import missing, open_to_all, project_key
from .visitors import Visitors, authorization, same


def blueprint(settings: Settings, store: Store, visitors: Visitors) -> Blueprint:
    """``/api/v1/projects/<id>/training``."""
    api = Blueprint("feed", __name__)

    @api.get("/api/v1/projects/<int:project>/training")
    @open_to_all
    def feed(project: int) -> Response | tuple[Response, int] | tuple[str, int]:
        """What there is to learn, as NDJSON; the last line holds the cursor to go on from."""
        given = authorization(request)
        trusted = same(given.token if given else "", settings.secret.get_secret_value())
        if not trusted and (given is None or given.type != "bearer"):
            return jsonify(error="send the shared secret or a token as `Authorization: Bearer SECRET`"), 401
        visit = None if trusted else visitors.who(request)
        after = request.args.get("after", "0")
        if not re.fullmatch("[0-9]{1,18}", after):
            return jsonify(error=f"after={after[:50]!r}: must be a cursor, a whole number from 0"), 400
        with store.read() as connection:
            if visit is not None and not visit.person.may("viewer", project_key(connection, project)):
                return missing(project)
            key = projects.source(connection, project).key
        return Response(_lines(store, key, int(after), settings.holdout_share), mimetype="application/x-ndjson")

    return api


def _lines(store: Store, project: int, after: int, share: float) -> Iterator[str]:
    with store.read() as connection:
        yield from _rows(connection, project, after, share)


def _rows(connection: Connection, project: int, after: int, share: float) -> Iterator[str]:
    cursor = after
    for row in training.feed(connection, project, after, share):
        cursor = row["updated_at"]
        yield json.dumps(row) + "\n"
    yield json.dumps({"cursor": cursor}) + "\n"
