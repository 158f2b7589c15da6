"""The report for programs: one JSON document, its keys and nesting documented in docs/agreement.md."""

import json
import sys
from dataclasses import asdict
from typing import Any

from ..evidence.gathering import LeftOut
from ..quality.measured import Against, AnnotatorAgreement, CutAgreement, Matching, Measured
from ..quality.records import Estimate, PairAgreement
from .report import Report

Json = dict[str, Any]

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def as_json(report: Report) -> Json:
    """The whole report; null with a reason stands for what is undefined, never NaN."""
    return {
        "controls": {name: _control(one) for name, one in report.measured.items()},
        "overall": asdict(report.overall),
        "excluded": excluded(report.gathered.left_out),
    }


def _control(one: Measured) -> Json:
    """What was measured of one control; how many annotators there are is the length of their list."""
    return {
        "type": one.control.tag,
        "distance": one.distance,
        "tasks": one.tasks,
        "annotations": one.annotations,
        "coefficients": {name: _estimate(value) for name, value in one.coefficients.items()},
        "labels": {
            name: {"krippendorff_alpha": _estimate(label.krippendorff_alpha), "annotations": label.annotations}
            for name, label in one.labels.items()
        },
        "pairs": [_pair(pair) for pair in one.pairs],
        "annotators": [_annotator(person) for person in one.per_annotator],
        "matching": None if one.matching is None else _matching(one.matching),
        "ground_truth": None if one.ground_truth is None else _against(one.ground_truth),
        "model": {version: _against(against) for version, against in one.models.items()},
        "cuts": {field: {value: _cut(cut) for value, cut in values.items()} for field, values in one.cuts.items()},
        "tasks_detail": [
            {"task": task.task, "annotations": task.annotations, "agreement": task.agreement} for task in one.per_task
        ],
    }


def _estimate(value: Estimate) -> Json:
    return {"value": value.value, "low": value.low, "high": value.high, "reason": value.reason}


def _pair(pair: PairAgreement) -> Json:
    percent, kappa = pair.percent_agreement, pair.cohen_kappa
    return {
        "annotators": list(pair.annotators),
        "tasks": pair.tasks,
        "percent_agreement": percent.value,
        "low": percent.low,
        "high": percent.high,
        "cohen_kappa": kappa.value,
        "cohen_kappa_low": kappa.low,
        "cohen_kappa_high": kappa.high,
    }


def _annotator(person: AnnotatorAgreement) -> Json:
    return {
        "annotator": person.annotator,
        "annotations": person.annotations,
        "agreement": person.agreement.value,
        "low": person.agreement.low,
        "high": person.agreement.high,
        "self_agreement": person.self_agreement,
    }


def _matching(found: Matching) -> Json:
    return {
        "precision": found.precision,
        "recall": found.recall,
        "f1_50": found.f1_50,
        "f1_50_95": found.f1_50_95,
        "mean_iou": found.mean_iou,
        "conflicts": {
            "missing": found.missing,
            "extra": found.extra,
            "label": found.label,
            "low_overlap": found.low_overlap,
        },
    }


def _against(found: Against) -> Json:
    return {"annotations": found.annotations, "agreement": found.agreement}


def _cut(cut: CutAgreement) -> Json:
    return {
        "tasks": cut.tasks,
        "krippendorff_alpha": _estimate(cut.krippendorff_alpha),
        "percent_agreement": _estimate(cut.percent_agreement),
    }


def excluded(left_out: LeftOut) -> Json:
    """What was left out."""
    return {
        "cancelled": left_out.cancelled,
        "ground_truth": left_out.ground_truth,
        "duplicates": left_out.duplicates,
        "single": left_out.single,
        "rejected": [{"annotation": one.annotation, "reason": one.reason} for one in left_out.rejected],
    }


def print_json(report: Report) -> None:
    """The document and nothing else; long lists stand one entry a line."""
    sys.stdout.write(dumped(as_json(report)) + "\n")


def dumped(found: object, indent: str = "") -> str:
    """JSON as ``json.dumps(found, indent=2)`` would say it, but with entries of lists and plain objects on one line.

    Written by the fast encoder piece by piece: a report on 100,000 tasks has as many entries.

    >>> print(dumped({"a": [{"b": 1.5, "c": None}], "d": []}))
    {
      "a": [
        {"b": 1.5, "c": null}
      ],
      "d": []
    }
    """
    deeper = indent + "  "
    if isinstance(found, dict) and any(isinstance(value, dict | list) for value in found.values()):
        parts = [f"{deeper}{_text(name)}: {dumped(value, deeper)}" for name, value in found.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    if isinstance(found, list) and any(isinstance(value, dict | list) for value in found):
        return f"[\n{deeper}" + f",\n{deeper}".join(map(_text, found)) + f"\n{indent}]"
    return _text(found)


def _text(found: object) -> str:
    return _ENCODER.encode(found)
