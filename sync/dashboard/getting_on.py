"""How projects get on, as their summaries say it: whether agreement changes, what is left, what a person should see."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from ..progress_report.in_words import date
from ..quality.records import Estimate
from ..store import summaries
from .model import ModelState, model_states
from .queries import LastRound, Summary, last_rounds, oldest_reviews
from .wording import counted

Numbers = Mapping[str, Any]
"""A part of a summary, with the keys of docs/progress.md."""
FAILED, NOT_ASSESSED, ALARM, DONE, IDLE, GOING_ON = STATES = (
    "Failed",
    "Not assessed",
    "Look at it",
    "Done",
    "Idle",
    "Going on",
)
UNATTENDED = "nothing looks after it"
TRENDS = ("falling", "rising", "steady")


@dataclass(frozen=True, slots=True)
class Standing:
    """One project with everything that the list shows of it; ``numbers`` is null before the first summary.

    ``accuracy`` is that of the model; ``oldest`` is since when the oldest review waits, null without one;
    ``attended``: some process looks after the projects, or this one was run within a day, as by hand or by cron.
    """

    summary: Summary
    numbers: Numbers | None
    round: LastRound | None
    accuracy: Estimate
    oldest: int | None
    attended: bool

    @property
    def title(self) -> str:
        """What the project is called."""
        return self.summary.project.title or "Untitled"

    @property
    def trend(self) -> Numbers | None:
        """What became of the agreement on the weakest control; null where that is not known."""
        report = self.summary.report
        weakest = report.weakest if report else None
        controls = self.numbers["controls"] if self.numbers else {}
        return trend_of(controls[weakest.name]) if weakest and weakest.name in controls else None

    @property
    def alarms(self) -> Sequence[str]:
        """What a person should look at, each in a few words."""
        return list(_alarms(self))

    @property
    def state(self) -> str:
        """One of STATES: the first that fits."""
        run, report, numbers = self.summary.last_run, self.summary.report, self.numbers
        if run is not None and not run.ok:
            return FAILED
        if report is None:
            return NOT_ASSESSED
        if self.alarms:
            return ALARM
        if numbers is None:
            return GOING_ON if report.progress.to_do else DONE
        if not numbers["progress"]["answers_left"]:
            return DONE
        return GOING_ON if numbers["pace"]["7"]["answers"] else IDLE


def standings(
    connection: Connection, found: Sequence[Summary], numbers: Mapping[int, Numbers], attended: Collection[int]
) -> Sequence[Standing]:
    """Each project with its model; ``numbers`` and ``attended`` are by the store's key."""
    shown = [one.project for one in found]
    oldest, made = oldest_reviews(connection, [one.key for one in shown]), last_rounds(connection, shown)
    models = model_states(connection, [one.label_studio_id for one in shown])
    return [
        Standing(
            one,
            numbers.get(project.key),
            made.get(project.key),
            _accuracy(models.get(project.label_studio_id)),
            oldest.get(project.key),
            attended=project.key in attended,
        )
        for one, project in zip(found, shown, strict=True)
    ]


def _accuracy(model: ModelState | None) -> Estimate:
    if model is None or model.quality is None:
        return Estimate(None, reason="no model has been measured")
    quality = model.quality
    return Estimate(quality.accuracy, quality.low, quality.high, quality.n)


def numbers_of(connection: Connection, project: int, kind: str) -> Numbers | None:
    """A summary of a project (the store's key); null before the first."""
    found = summaries.of(connection, project, kind)
    return None if found is None else found.body


def coefficient_of(control: Numbers) -> str:
    """Which coefficient speaks for a control: alpha, or percent agreement where that is undefined."""
    return "krippendorff_alpha" if control["krippendorff_alpha"]["value"] is not None else "percent_agreement"


def trend_of(control: Numbers) -> Numbers:
    """What became of the agreement on a control."""
    found: Numbers = control["trend"][coefficient_of(control)]
    return found


def late(numbers: Numbers) -> int:
    """Reviews that waited longer than they may, when that was computed."""
    return sum(one["late"] or 0 for one in numbers["waiting"]["reviews"])


def _alarms(one: Standing) -> Iterator[str]:
    run, project = one.summary.last_run, one.summary.project
    if run is not None and not run.ok:
        yield "the last run failed"
    for name, control in (one.numbers["controls"] if one.numbers else {}).items():
        trend = trend_of(control)
        if trend["direction"] == "falling":
            yield f"agreement on {name} is falling since {date(trend['since'])}"
    for band in one.numbers["waiting"]["reviews"] if one.numbers else ():
        if band["late"]:
            waits = "waits" if band["late"] == 1 else "wait"
            days = f"{band['limit']:g} day{'' if band['limit'] == 1 else 's'}"
            yield f"{counted(band['late'], 'review')} P{band['band']} {waits} longer than {days}"
    if one.round and project.model_version and project.model_version != one.round.version:
        yield f"Label Studio shows {project.model_version}, not {one.round.version}"
    if not one.attended:
        yield UNATTENDED
