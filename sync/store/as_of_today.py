"""Which of the stored answers the labeling interface can say as it is now."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from label_config.answers import Answer, Choices
from label_config.misfit import misfit
from label_config.model import Control
from label_config.parse import parse
from label_config.results import from_canonical, in_order

from . import interfaces, projects
from .tables import codes


@dataclass(frozen=True, slots=True)
class AsOfToday:
    """Which stored answers the interface can say as it is now; ``problems`` maps the others' codes to why it cannot.

    ``controls`` are empty where the project never had another interface: then all of them fit.
    """

    controls: Mapping[str, Control] = field(default_factory=dict)
    problems: Mapping[int, str] = field(default_factory=dict)

    def problem(self, code: int) -> str | None:
        """Why an answer (the key of its code) cannot be given any more; null where it can."""
        return self.problems.get(code)

    def answer(self, control: str, answer: Answer) -> Answer:
        """Labels in the order that the interface has now, so that equal answers are equal."""
        asked = self.controls.get(control)
        if isinstance(answer, Choices) and asked is not None and set(answer.labels) <= set(asked.labels):
            return in_order(asked, answer.labels)
        return answer


def as_of_today(connection: Connection, project: int) -> AsOfToday:
    """What of the answers of earlier interfaces of the project (the store's key) can be said today."""
    if len(interfaces.periods(connection, project)) < 2:
        return AsOfToday()
    controls = {one.name: one for one in parse(projects.label_config(connection, project)).controls}
    problems = {}
    for row in connection.execute(select(codes).where(codes.c.project == project)):
        asked = controls.get(row.control)
        if asked is None:
            problems[row.id] = f"control {row.control!r:.80}: the labeling interface has none of that name any more"
        elif (problem := misfit(asked, from_canonical(row.answer))) is not None:
            problems[row.id] = problem
    return AsOfToday(controls, problems)
