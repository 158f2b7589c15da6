"""The report as one tidy table: a row a number, documented in docs/agreement.md."""

import csv
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TextIO

from ..quality.measured import Measured
from ..quality.records import Estimate
from .as_json import as_json
from .report import Report

COLUMNS = ("control", "section", "name", "measure", "value", "low", "high", "n", "reason")
"""``n`` is the number of tasks or answers behind the value; an empty field stands for what there is not."""

Row = dict[str, Any]


def print_csv(report: Report) -> None:
    """The table and nothing else."""
    write_csv(report, sys.stdout)


def write_csv(report: Report, file: TextIO) -> None:
    """Write the table, its head first."""
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(report))


def rows(report: Report) -> Iterator[Row]:
    """One row a number: each control's, then those of all together, then what was left out."""
    for name, one in report.measured.items():
        yield from ({"control": name, **row} for row in _control(one))
    for measure, value in asdict(report.overall).items():
        yield {"section": "overall", "measure": measure, "value": value}
    for measure, value in as_json(report)["excluded"].items():
        yield {"section": "excluded", "measure": measure, "value": value if measure != "rejected" else len(value)}
    for one_left in report.gathered.left_out.rejected:
        yield {"section": "rejected", "name": one_left.annotation, "reason": one_left.reason}


def _control(one: Measured) -> Iterator[Row]:
    for measure in ("tasks", "annotators", "annotations", "single"):
        yield {"section": "control", "name": one.distance, "measure": measure, "value": getattr(one, measure)}
    for name, value in one.coefficients.items():
        yield {"section": "coefficient", "measure": name, **_estimate(value)}
    for label, found in one.labels.items():
        place: Row = {"section": "label", "name": label}
        yield {**place, "measure": "annotations", "value": found.annotations}
        yield {**place, "measure": "percent_agreement", **_estimate(found.percent_agreement)}
        yield {**place, "measure": "krippendorff_alpha", **_estimate(found.krippendorff_alpha)}
    for pair in one.pairs:
        place = {"section": "pair", "name": " x ".join(str(person) for person in pair.annotators)}
        yield {**place, "measure": "percent_agreement", **_estimate(pair.percent_agreement), "n": pair.tasks}
        yield {**place, "measure": "cohen_kappa", **_estimate(pair.cohen_kappa), "n": pair.tasks}
    yield from _people(one)
    yield from _beside(one)
    for field, values in one.cuts.items():
        for cut_value, cut in values.items():
            where = {"section": f"cut by {field}", "name": cut_value}
            yield {**where, "measure": "percent_agreement", **_estimate(cut.percent_agreement), "n": cut.tasks}
            yield {**where, "measure": "krippendorff_alpha", **_estimate(cut.krippendorff_alpha), "n": cut.tasks}
    for task in one.per_task:
        yield {
            "section": "task",
            "name": task.task,
            "measure": "agreement",
            "value": _shown(task.agreement),
            "n": task.annotations,
        }


def _people(one: Measured) -> Iterator[Row]:
    for person in one.per_annotator:
        place = {"section": "annotator", "name": person.annotator}
        yield {**place, "measure": "agreement", **_estimate(person.agreement), "n": person.annotations}
        if person.self_agreement is not None:
            yield {**place, "measure": "self_agreement", "value": person.self_agreement}


def _beside(one: Measured) -> Iterator[Row]:
    """Regions matched, the ground truth and models."""
    if one.matching is not None:
        for measure, value in asdict(one.matching).items():
            yield {"section": "matching", "measure": measure, "value": _shown(value)}
    against = {"ground_truth": one.ground_truth} if one.ground_truth else {}
    for section, name, found in [
        *(("ground_truth", "", found) for found in against.values()),
        *(("model", version, found) for version, found in one.models.items()),
    ]:
        yield {
            "section": section,
            "name": name,
            "measure": "agreement",
            "value": _shown(found.agreement),
            "n": found.annotations,
        }


def _estimate(value: Estimate) -> Row:
    return {
        "value": _shown(value.value),
        "low": _shown(value.low),
        "high": _shown(value.high),
        "n": value.n,
        "reason": value.reason or "",
    }


def _shown(value: float | None) -> float | str:
    return "" if value is None else value
