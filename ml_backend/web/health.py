"""What is wrong with each project, for ``/health``: cheap, since Label Studio asks it often and waits for a second."""

import time
from collections.abc import Iterator

from ..lessons.publishing import in_words
from ..predict import Serving
from ..study import outcome_of
from ..trainer import Trainer

SECONDS = 0.3
"""How long an answer may read model files that have changed; the next answer goes on with the others."""


def troubles(serving: Serving, trainer: Trainer) -> dict[str, str]:
    """Project -> what is wrong with its live model, why its last lesson came to nothing, what that left out."""
    until = time.monotonic() + SECONDS
    found = {}
    for project in serving.registry.projects():
        told = "; ".join(dict.fromkeys(_told(serving, trainer, project, until)))
        if told:
            found[project] = told
    return found


def _told(serving: Serving, trainer: Trainer, project: str, until: float) -> Iterator[str]:
    outcome = outcome_of(serving.registry.folder(project))
    lesson = trainer.standing(project).error or outcome.error
    if lesson is None and outcome.decision is not None and not outcome.decision["published"]:
        lesson = in_words(outcome.decision)
    for trouble in (lesson, serving.minds.trouble(project, until)):
        if trouble:
            yield trouble
    for control, said in outcome.notes.items():
        yield from (f"control {control!r}: {note}" for note in said)
