"""What an admin does about a project's model: another version becomes the live one, or a refused one is published.

The ML backend is asked whether it is there before anything is recorded; then what is asked for is recorded, it is asked
to do it, and what came of it is recorded. The next run, which is wished for at once, brings it into Label Studio.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ..backend import Backend, BackendState
from ..errors import BackendError
from ..opening import Services
from ..round_scoring import project_key
from ..store import audit, plans, projects
from ..store.lease import beat, model_beat
from ..store.projects import StoredProject
from .page import Errand, Refused, Sent

LONGEST = 500
"""Characters of a reason."""


def make_live(outside: Services, sent: Sent) -> None:
    """Back to an earlier version, or forward again."""
    backend, reason = _backend(outside), _reason(sent)
    version, live = sent.form.get("version", ""), sent.form.get("live", "")
    source, state = _asked_about(outside, backend, sent)
    if state.model != live:
        raise Refused(f"{state.model or 'No version'} is live by now, not {live[:60]}: load the page again.")
    if version == live:
        raise Refused(f"{live} is live already.")
    if version not in state.told.get("versions", ()):
        raise Refused("That version is not kept any more: load the page again.")
    subject = {"version": version, "instead_of": live}

    def ask() -> None:
        backend.make_live(project_key(source), version, live)

    _do(outside, sent, ask, "model switch", subject, reason)
    _show(outside, backend, source)


def publish(outside: Services, sent: Sent) -> None:
    """Learn from all labels now, and publish what comes of it even if it is worse than the live version."""
    backend, reason = _backend(outside), _reason(sent)
    source, state = _asked_about(outside, backend, sent)
    subject = {"instead_of": state.model}

    def ask() -> None:
        backend.train(project_key(source), source.label_config, force=True)

    _do(outside, sent, ask, "model publish", subject, reason)
    _show(outside, backend, source)


def _backend(outside: Services) -> Backend:
    if outside.backend is None:
        raise Refused("No ML backend is set: start “tiebreak-ml serve” and set backend_url in tiebreak.toml.")
    return outside.backend


def _reason(sent: Sent) -> str:
    reason = sent.form.get("why", "").strip()
    if not reason or len(reason) > LONGEST:
        raise Refused(f"Say why, in 1 to {LONGEST} characters: it is kept in the audit chain.")
    if sent.form.get("sure") != "yes":
        raise Refused("Tick that you are sure, then do it.")
    return reason


def _asked_about(outside: Services, backend: Backend, sent: Sent) -> tuple[StoredProject, BackendState]:
    """The project, and where the backend stands with it; where that is away nothing is recorded."""
    with outside.store.read() as connection:
        source = projects.get(connection, sent.project.key)
    return source, backend.state(project_key(source))


def _do(
    outside: Services, sent: Sent, ask: Callable[[], None], event: str, subject: Mapping[str, Any], reason: str
) -> None:
    """Ask the backend, with an event before and one after it."""

    def record(
        what: str, why: Mapping[str, Any], words: Mapping[str, str] | None = None, *, wish: bool = False
    ) -> None:
        now = outside.clock()
        with outside.store.begin() as connection:
            if wish:
                plans.wish(connection, sent.project.label_studio_id, now)
            audit.record(
                connection,
                now=now,
                actor=sent.actor,
                action=f"{event} {what}",
                project=sent.project.key,
                subject=subject,
                why=why,
                words=words,
            )

    record("asked", {}, {"reason": reason})
    try:
        ask()
    except BackendError as error:
        record("failed", {"error": str(error)[:LONGEST]})
        raise
    record("done", {}, wish=True)


def _show(outside: Services, backend: Backend, source: StoredProject) -> None:
    """What the backend says now is what the page says; where it does not answer this time, the next run asks."""
    with suppress(BackendError):
        state = backend.state(project_key(source))
        name = model_beat(source.label_studio_id)
        with outside.store.begin() as connection:
            beat(connection, name, outside.clock(), state.error is None, json.dumps(state.told))


ACTIONS = {
    "live": Errand(make_live, "That version is live; the next run brings it into Label Studio.", needs="admin"),
    "publish": Errand(publish, "The model is learning; what comes of it is published.", needs="admin"),
}
