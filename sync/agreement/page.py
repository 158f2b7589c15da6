"""The report as one page that can be mailed: no script, nothing from elsewhere, all that people wrote escaped."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import jinja2
import numpy as np

from label_config.model import Family
from label_config.words import in_words

from ..dashboard import wording as numbers
from ..evidence.gathering import DAY
from ..quality.confusion import Confusion, confusion
from ..quality.evidence import ControlEvidence
from ..quality.measured import AnnotatorAgreement, CutAgreement, LabelAgreement, Measured, TaskAgreement
from ..quality.records import Estimate, PairAgreement
from . import wording
from .heat_map import HeatMap, heat_map
from .report import Report

PAIRS, PEOPLE, LABELS, TASKS, VALUES, REASONS = 15, 20, 40, 15, 40, 20
"""Rows of a list, at most; the page says how many more there are."""
ANSWERS = 8
"""Answers to a task that are shown."""


@dataclass(frozen=True, slots=True)
class WorstTask:
    """A task on which people disagree: what it is about, and (annotator, answer) in words."""

    task: TaskAgreement
    excerpt: str
    answers: Sequence[tuple[int, str]]
    hidden: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One control as the page shows it; the lists are cut to what is read."""

    name: str
    one: Measured
    coefficients: Sequence[tuple[str, Estimate]]
    headline: str
    paradox: str
    labels: Sequence[tuple[str, LabelAgreement]]
    heat: HeatMap
    pairs: Sequence[PairAgreement]
    people: Sequence[AnnotatorAgreement]
    confusion: Confusion | None
    cuts: Sequence[tuple[str, Sequence[tuple[str, CutAgreement]], int]]
    worst: Sequence[WorstTask]
    disputed: int

    def coefficient(self, name: str) -> Estimate | None:
        """A coefficient by its key; null where it was not computed."""
        return self.one.coefficients.get(name)


def page(report: Report) -> str:
    """The whole page."""
    panels = [_panel(report, name, one) for name, one in report.measured.items()]
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            panels=panels,
            weakest=_weakest(panels),
            left_out=wording.left_out(report.gathered.left_out),
            rejected=report.gathered.left_out.rejected[:REASONS],
            answered=wording.answered,
        )
    )


@functools.cache
def _environment() -> jinja2.Environment:
    """The templates, with every number format and sentence that they use."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sync.agreement", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": numbers.percent,
        "coefficient": numbers.coefficient,
        "thousands": numbers.thousands,
        "counted": numbers.counted,
        "interval": numbers.interval,
        "verdict": numbers.verdict,
        "in_words": in_words,
        "value_text": lambda value, name: wording.value_text(name, value),
        "interval_text": lambda estimate, name: wording.interval_text(name, estimate),
    }
    return environment


def _weakest(panels: Sequence[Panel]) -> Panel | None:
    """The control with the lowest alpha; null where none has one."""
    known = [
        panel for panel in panels if (alpha := panel.coefficient("krippendorff_alpha")) and alpha.value is not None
    ]
    return min(known, key=lambda panel: _value(panel.coefficient("krippendorff_alpha")), default=None)


def _value(estimate: Estimate | None) -> float:
    """Its value, and 2, which is above every one, for what is undefined: it comes last."""
    return 2.0 if estimate is None or estimate.value is None else estimate.value


def _panel(report: Report, name: str, one: Measured) -> Panel:
    evidence = report.gathered.evidence[name]
    disputed = [task for task in one.per_task if task.agreement is not None and task.agreement < 1]
    return Panel(
        name=name,
        one=one,
        coefficients=list(wording.in_order(one)),
        headline=wording.headline(one),
        paradox=wording.paradox(one),
        labels=sorted(one.labels.items(), key=lambda item: -item[1].annotations)[:LABELS],
        heat=heat_map(one.pairs),
        pairs=wording.least_agreeing(one.pairs)[:PAIRS],
        people=sorted(one.per_annotator, key=lambda person: _value(person.agreement))[:PEOPLE],
        confusion=_confusion(evidence),
        cuts=_cuts(one),
        worst=_worst(report, evidence, disputed),
        disputed=len(disputed),
    )


def _confusion(evidence: ControlEvidence) -> Confusion | None:
    control = evidence.control
    categorical = control.family in (Family.CHOICES, Family.TAXONOMY, Family.RATING) and not control.per_region
    found = confusion(evidence.coded) if categorical else None
    return found if found is not None and len(found.answers) > 1 else None


def _cuts(one: Measured) -> Sequence[tuple[str, Sequence[tuple[str, CutAgreement]], int]]:
    """(what it is cut by, its values with the most tasks, how many more there are); times stay in their order."""
    found = []
    for field, values in one.cuts.items():
        rows = list(values.items())
        shown = rows[-VALUES:] if field == DAY else sorted(rows, key=lambda row: -row[1].tasks)[:VALUES]
        if len(rows) > 1:
            found.append((field, sorted(shown), len(rows) - len(shown)))
    return found


def _worst(report: Report, evidence: ControlEvidence, disputed: Sequence[TaskAgreement]) -> list[WorstTask]:
    """The tasks with the lowest agreement, those with the most answers first among equals."""
    coded = evidence.coded
    place = {task: number for number, task in enumerate(coded.tasks)}
    found = []
    for task in sorted(disputed, key=lambda task: (task.agreement, -task.annotations, task.task))[:TASKS]:
        rows = np.flatnonzero(coded.task == place[task.task])
        said = [
            (coded.annotators[int(coded.annotator[row])], in_words(coded.answers[int(coded.answer[row])]))
            for row in rows[:ANSWERS]
        ]
        found.append(WorstTask(task, report.gathered.excerpts.get(task.task, ""), said, len(rows) - len(said)))
    return found
