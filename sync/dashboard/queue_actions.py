"""What a lead does on the page of a task: see ``store.queue_decisions``."""

from collections.abc import Callable, Mapping

from label_config.parse import parse

from ..quality.priority import ASSIGN, DISMISS, RAISE, policy_of
from ..store import projects, queue_decisions
from ..store.queue_decisions import NOTE, RESTORE, NotDecided
from .page import Action, Asked, Done, Refused
from .task_facts import read_task


def _decide(action: str) -> Callable[[Asked, Mapping[str, str]], Done]:
    """What a form does."""

    def act(asked: Asked, form: Mapping[str, str]) -> Done:
        task = read_task(asked.connection, asked.project, form.get("task", ""))
        if task is None:
            raise Refused("There is no such task in this project: go back to the queue.")
        control, band = form.get("control", ""), form.get("band", "")
        known = {one.name for one in parse(projects.label_config(asked.connection, asked.project.key)).controls}
        if control not in known:
            raise Refused("The labeling interface has no such control: load the page again.")
        try:
            one = queue_decisions.decide(
                asked.connection,
                asked.project.key,
                (task.key, control),
                action,
                form.get("reason", ""),
                band=int(band) if band in ("1", "2", "3") else None,
                policy=policy_of(asked.settings.policy),
                now=asked.now,
                actor=asked.person.actor,
            )
        except NotDecided as error:
            raise Refused(str(error)) from error
        found = {name: one.entry.get(name) for name in ("priority", "band", "action", "answers")}
        return Done(
            {"task": task.number, "control": control, "decision": one.id, "band": one.band},
            found,
            words={"reason": one.reason},
        )

    return act


SAID = {
    DISMISS: "Dismissed: it is out of the queue, and the next push takes its review back.",
    RAISE: "Raised: it is the first of the queue.",
    ASSIGN: "Assigned. A review that is open in Label Studio stays in its project, and is moved within it.",
    NOTE: "The note is kept.",
    RESTORE: "Taken back: the entry is as it was found.",
}

QUEUE_ACTIONS = {name: Action(_decide(name), f"queue {name}", said) for name, said in SAID.items()}
"""By their names in addresses."""
