"""The report for people on a terminal: what matters most first, and the longest lists cut short."""

from collections.abc import Iterable, Sequence

from ..dashboard.wording import coefficient, counted, interval, percent
from ..evidence.gathering import DAY, WEEK
from ..quality.measured import Against, AnnotatorAgreement, Matching, Measured
from ..quality.records import PairAgreement
from ..terminal_report import sentence, table, title
from .report import Report
from .wording import answered, headline, in_order, interval_text, least_agreeing, left_out, paradox, value_text

ROWS = 10
"""Rows of a list; --json, --csv and --html have them all."""


def show(report: Report) -> None:
    """Print the report."""
    for name, one in report.measured.items():
        title(f"{name} ({one.control.tag})", answered(one))
        sentence(headline(one))
        if why := paradox(one):
            sentence(why)
        if one.annotations:
            _control(report, one)
    title("all controls", left_out(report.gathered.left_out))
    sentence(f"Overall agreement: {percent(report.overall.agreement)}.")
    for note in report.notes:
        sentence(note)


def _control(report: Report, one: Measured) -> None:
    _coefficients(report, one)
    _labels(one)
    _pairs(one.pairs)
    _annotators(one.per_annotator)
    if one.matching is not None:
        _matching(one.matching)
    _against(one)
    for field, values in one.cuts.items():
        if field in report.asked.by or field not in (DAY, WEEK):
            cuts = sorted(values.items(), key=lambda item: -item[1].tasks)
            _table(
                f"by {field}",
                (field, "tasks", "agreement", "alpha", "interval"),
                [
                    (
                        value,
                        f"{cut.tasks:,}",
                        percent(cut.percent_agreement.value),
                        coefficient(cut.krippendorff_alpha.value),
                        interval(cut.krippendorff_alpha) or cut.krippendorff_alpha.reason or "",
                    )
                    for value, cut in cuts
                ],
            )


def _coefficients(report: Report, one: Measured) -> None:
    rows = [
        (
            name,
            value_text(name, estimate.value),
            interval_text(name, estimate) or estimate.reason or "",
        )
        for name, estimate in in_order(one)
    ]
    covered = percent(report.asked.confidence)
    _table("", ("coefficient", "value", f"{covered} interval, or why there is none"), rows, len(rows))
    sentence(f"Distance: {one.distance}.")


def _labels(one: Measured) -> None:
    found = sorted(one.labels.items(), key=lambda item: -item[1].annotations)
    rows = [
        (
            name,
            f"{label.annotations:,}",
            coefficient(label.krippendorff_alpha.value),
            interval(label.krippendorff_alpha) or label.krippendorff_alpha.reason or "",
        )
        for name, label in found
    ]
    _table("labels, each against the rest", ("label", "answers", "alpha", "interval"), rows)


def _pairs(pairs: Sequence[PairAgreement]) -> None:
    rows = [
        (
            f"{pair.annotators[0]} and {pair.annotators[1]}",
            f"{pair.tasks:,}",
            percent(pair.percent_agreement.value),
            interval(pair.percent_agreement, as_percent=True),
            coefficient(pair.cohen_kappa.value),
            interval(pair.cohen_kappa),
        )
        for pair in least_agreeing(pairs)
    ]
    _table("pairs that agree least", ("annotators", "tasks", "agreement", "interval", "kappa", "interval"), rows)


def _annotators(people: Sequence[AnnotatorAgreement]) -> None:
    def order(person: AnnotatorAgreement) -> tuple[bool, float]:
        return person.agreement.value is None, person.agreement.value or 0.0

    rows = [
        (
            str(person.annotator),
            f"{person.annotations:,}",
            percent(person.agreement.value),
            interval(person.agreement, as_percent=True) or person.agreement.reason or "",
            percent(person.self_agreement),
        )
        for person in sorted(people, key=order)
    ]
    _table(
        "annotators, with the others and with themselves",
        ("annotator", "answers", "agreement", "interval", "with self"),
        rows,
    )


def _matching(found: Matching) -> None:
    sentence(
        f"Regions: precision {coefficient(found.precision)}, recall {coefficient(found.recall)}, F1 "
        f"{coefficient(found.f1_50)} at IoU 0.5 and {coefficient(found.f1_50_95)} over 0.5 to 0.95, mean IoU "
        f"{coefficient(found.mean_iou)} of what matches."
    )
    sentence(
        f"Conflicts: {found.missing:,} missing, {found.extra:,} extra, {found.label:,} with another label, "
        f"{found.low_overlap:,} that overlap too little."
    )


def _against(one: Measured) -> None:
    named: list[tuple[str, Against]] = [(f"model {version}", found) for version, found in one.models.items()]
    if one.ground_truth is not None:
        named.insert(0, ("the ground truth", one.ground_truth))
    for name, found in named:
        sentence(f"With {name}: {percent(found.agreement)} of {counted(found.annotations, 'answer')} match.")


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], limit: int = ROWS) -> None:
    numbers = {place for place, head in enumerate(heads) if place and head != "interval" and not head.endswith("none")}
    table(title, heads, rows, limit, numbers)
