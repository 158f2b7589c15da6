"""The report in words: what people read beside the numbers, on a terminal and on the page."""

from collections.abc import Iterator, Mapping, Sequence

from ..dashboard.wording import coefficient, counted, interval, percent, verdict
from ..evidence.gathering import LeftOut
from ..quality.measured import Measured
from ..quality.records import Estimate, PairAgreement

NAMES: Mapping[str, str] = {
    "percent_agreement": "agreement",
    "krippendorff_alpha": "Krippendorff's alpha",
    "gwet_ac1": "Gwet's AC1",
    "gwet_ac2": "Gwet's AC2",
    "fleiss_kappa": "Fleiss' kappa",
    "cohen_kappa": "Cohen's kappa",
    "conger_kappa": "Conger's kappa",
    "scott_pi": "Scott's pi",
    "brennan_prediger": "Brennan-Prediger",
    "icc_1": "ICC(1,1)",
    "icc_a1": "ICC(A,1)",
    "icc_c1": "ICC(C,1)",
    "icc_1k": "ICC(1,k)",
    "icc_ak": "ICC(A,k)",
    "icc_ck": "ICC(C,k)",
    "alpha_u": "unitized alpha",
    "gamma": "gamma",
    "sigma": "sigma",
    "ks": "KS",
}
"""Coefficient -> its name for people, in the order in which they are shown."""

MOSTLY, BARELY = 0.8, 0.4
"""Agreement from the first on with an alpha below the second is the prevalence paradox."""
COMMON = 0.7
"""It takes a label that is in so large a share of the answers."""

_MEANING = {
    "reliable": "Annotators agree reliably",
    "tentative": "Annotators agree well enough for tentative conclusions",
    "low": "Annotators do not agree well enough to rely on their answers",
}


def in_order(one: Measured) -> Iterator[tuple[str, Estimate]]:
    """The coefficients, those that are looked at first before the others: (name for people, estimate)."""
    known = [name for name in NAMES if name in one.coefficients]
    for name in [*known, *(name for name in one.coefficients if name not in NAMES)]:
        yield NAMES.get(name, name), one.coefficients[name]


def value_text(name: str, value: float | None) -> str:
    """A coefficient as it is shown: agreement as a percentage, all others with two places."""
    return percent(value) if name == NAMES["percent_agreement"] else coefficient(value)


def interval_text(name: str, estimate: Estimate) -> str:
    """Its interval; empty without one."""
    return interval(estimate, as_percent=name == NAMES["percent_agreement"])


def answered(one: Measured) -> str:
    """How much was answered."""
    if not one.annotations:
        return "nothing was answered"
    alone = f", {one.single:,} of them by one person alone" if one.single else ""
    return (
        f"{counted(one.annotations, 'answer')} by {counted(one.annotators, 'annotator')} "
        f"on {counted(one.tasks, 'task')}{alone}"
    )


def headline(one: Measured) -> str:
    """One sentence on where a control stands."""
    alpha, raw = one.coefficients.get("krippendorff_alpha"), one.coefficients.get("percent_agreement")
    if raw is None or raw.value is None:
        return f"Agreement cannot be said: {raw.reason if raw and raw.reason else 'it was not asked for'}."
    said = f"{percent(raw.value)} of answers match" if one.distance == "nominal" else f"agreement {percent(raw.value)}"
    if alpha is None:
        return f"{said[0].upper()}{said[1:]}."
    if alpha.value is None:
        return f"{said[0].upper()}{said[1:]}; beyond chance nothing can be said: {alpha.reason}."
    limits = interval(alpha)
    with_limits = f" ({limits})" if limits else ""
    wide = alpha.low is not None and verdict(alpha.low) != verdict(alpha.value)
    doubt = " Its interval reaches lower: more tasks with two answers would tell." if wide else ""
    return f"{_MEANING[verdict(alpha.value)]}: {said}, alpha {coefficient(alpha.value)}{with_limits}.{doubt}"


def paradox(one: Measured) -> str:
    """Why nearly everybody agrees and alpha is low all the same; empty where that is not so."""
    alpha, raw = one.coefficients.get("krippendorff_alpha"), one.coefficients.get("percent_agreement")
    if raw is None or raw.value is None or raw.value < MOSTLY or alpha is None:
        return ""
    common = max((label.annotations for label in one.labels.values()), default=0)
    if (alpha.value is not None and alpha.value >= BARELY) or common < COMMON * one.annotations:
        return ""
    ac1 = one.coefficients.get("gwet_ac1")
    beside = (
        f" Gwet's AC1, which reckons with that otherwise, is {coefficient(ac1.value)}." if ac1 and ac1.value else ""
    )
    return (
        f"{percent(raw.value)} of answers match and alpha is "
        f"{'undefined' if alpha.value is None else coefficient(alpha.value)}: nearly all answers are the same one, so "
        f"that chance alone would match nearly as often.{beside} More tasks on which the rarer answers are right would "
        "tell whether people see the difference."
    )


def least_agreeing(pairs: Sequence[PairAgreement]) -> list[PairAgreement]:
    """The pairs that agree least, those first of which that is surest: whose interval ends lowest.

    Pairs without an interval come last: mostly they have few common tasks.
    """

    def order(pair: PairAgreement) -> tuple[bool, float]:
        shown = pair.percent_agreement if pair.cohen_kappa.high is None else pair.cohen_kappa
        return shown.high is None, (shown.value or 0.0) if shown.high is None else shown.high

    return sorted(pairs, key=order)


def left_out(out: LeftOut) -> str:
    """What does not count, in one sentence, and what counts but is compared with nothing, in another.

    >>> left_out(LeftOut(cancelled=2, duplicates=1))
    'Left out: 2 skipped, 1 earlier answer of the same person.'
    >>> left_out(LeftOut(ground_truth=3))
    'Left out: 3 ground truths, as answers of who gave them.'
    >>> left_out(LeftOut(single=1))
    'Nothing was left out. 1 task has one answer, which is compared with no other.'
    """
    parts = [
        f"{out.cancelled:,} skipped" if out.cancelled else "",
        f"{counted(out.duplicates, 'earlier answer')} of the same person" if out.duplicates else "",
        f"{len(out.rejected):,} that could not be used" if out.rejected else "",
        f"{counted(out.ground_truth, 'ground truth')}, as answers of who gave them" if out.ground_truth else "",
    ]
    said = ", ".join(part for part in parts if part)
    sentences = [f"Left out: {said}." if said else "Nothing was left out."]
    if out.single:
        has = "has" if out.single == 1 else "have"
        sentences.append(f"{counted(out.single, 'task')} {has} one answer, which is compared with no other.")
    return " ".join(sentences)
