"""Numbers and findings in words: every sentence and number format of the pages."""

import re
from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

from ..quality.findings import KINDS
from ..quality.records import Estimate
from .report import ControlReport, Report

RELIABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff's bounds for alpha (Content Analysis, 2004, chapter 11): conclusions from 0.8, tentative from 0.667."""

ZERO = datetime(1970, 1, 1, tzinfo=UTC)
SPACE = "\N{NO-BREAK SPACE}"


def percent(share: float | None) -> str:
    """A share in [0, 1] as a percentage that rounds to 0 or 100 only when it is.

    >>> [percent(share).replace(SPACE, " ") for share in (0.874, 0.9996, 0.0001, 1.0, None)]
    ['87 %', '99.9 %', '0.1 %', '100 %', '–']
    """
    if share is None:
        return "–"
    hundred = 100 * share
    text = f"{hundred:.0f}"
    if text == "100" and share < 1:
        text = f"{min(hundred, 99.9):.1f}"
    elif text == "0" and share > 0:
        text = f"{max(hundred, 0.1):.1f}"
    return text + SPACE + "%"


def coefficient(value: float | None) -> str:
    """A coefficient with two places and a true minus sign.

    >>> [coefficient(value) for value in (0.815, -0.2, -0.001, None)]
    ['0.81', '−0.20', '0.00', '–']
    """
    if value is None:
        return "–"
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def thousands(number: int) -> str:
    """A whole number with thousands separated.

    >>> thousands(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "task"), counted(1200, "task"), counted(2, "entry"), counted(0, "reply", "replies")
    ('1 task', '1,200 tasks', '2 entries', '0 replies')
    """
    usual = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural or usual}"


def interval(estimate: Estimate, *, as_percent: bool = False) -> str:
    """The interval of an estimate, empty without one.

    >>> interval(Estimate(0.5, -0.1, 0.9)), interval(Estimate(0.5))
    ('−0.10 to 0.90', '')
    """
    if estimate.low is None or estimate.high is None:
        return ""
    form = percent if as_percent else coefficient
    return f"{form(estimate.low)} to {form(estimate.high)}"


def written(value: float | str | None, form: str) -> str:
    """A value as its form is written: number, share, coefficient, time, day or text.

    >>> written(1200, "number"), written(2.345, "number"), written(0.5, "coefficient"), written("a", "text")
    ('1,200', '2.35', '0.50', 'a')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if form == "share":
        return percent(value)
    if form == "coefficient":
        return coefficient(value)
    if form == "time":
        return moment(int(value))
    if form == "day":
        return day(int(value))
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def between(one: Estimate, form: str) -> str:
    """The interval of an estimate in brackets, as its form is written; empty without one.

    >>> between(Estimate(0.7, 0.6, 0.75), "coefficient")
    '[0.60, 0.75]'
    """
    if one.low is None or one.high is None:
        return ""
    return f"[{written(one.low, form)}, {written(one.high, form)}]"


def moment(microseconds: int | None) -> str:
    """A time as people read it.

    >>> moment(1_700_000_000_000_000), moment(None)
    ('14 Nov 2023, 22:13 UTC', '–')
    """
    return "–" if microseconds is None else f"{_time(microseconds):%-d %b %Y, %H:%M UTC}"


def iso(microseconds: int) -> str:
    """A time as machines read it.

    >>> iso(1_700_000_000_000_000)
    '2023-11-14T22:13:20Z'
    """
    return f"{_time(microseconds):%Y-%m-%dT%H:%M:%SZ}"


def day(microseconds: int) -> str:
    """A day of UTC as people read it.

    >>> day(1_700_000_000_000_000)
    '14 Nov 2023'
    """
    return f"{_time(microseconds):%-d %b %Y}"


def iso_day(microseconds: int) -> str:
    """A day of UTC as machines read it.

    >>> iso_day(1_700_000_000_000_000)
    '2023-11-14'
    """
    return f"{_time(microseconds):%Y-%m-%d}"


def marked_day(microseconds: int) -> Markup:
    """A day of UTC within a sentence of a page, to be written in the reader's form.

    >>> print(marked_day(1_700_000_000_000_000))
    <time datetime="2023-11-14">14 Nov 2023</time>
    """
    return Markup('<time datetime="{}">{}</time>').format(iso_day(microseconds), day(microseconds))


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_IN_WORDS = re.compile(
    r"“[^”]*”"  # what people call something stays as it is
    r"|(?P<numbers>\[[−\d][−\d.,% \u00a0]*\]"
    r"|(?<![\w.,\-])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w\-]|[.,]\d))"
    rf"|(?P<day>(?<!\d)\d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}}(?!\d))"
)


def numbered(text: str) -> Markup:
    """A sentence with its numbers and days marked, to be written in the reader's form; no line begins with "%".

    >>> print(numbered("1,200 tasks; alpha 0.71 [0.66, 0.75], falling since 4 Oct 2024; “v1.5” and tiebreak-3.1 <b>"))
    <span class="numbers">1,200</span> tasks; alpha <span class="numbers">0.71</span> \
<span class="numbers">[0.66, 0.75]</span>, falling since <time datetime="2024-10-04">4 Oct 2024</time>; “v1.5” and \
tiebreak-3.1 &lt;b&gt;
    """
    if isinstance(text, Markup):
        return text
    found, end, text = [], 0, text.replace(" %", f"{SPACE}%")
    for one in _IN_WORDS.finditer(text):
        found += [escape(text[end : one.start()]), _marked(one)]
        end = one.end()
    return Markup("").join([*found, escape(text[end:])])


def _marked(one: re.Match[str]) -> Markup:
    if one["numbers"]:
        return Markup('<span class="numbers">{}</span>').format(one["numbers"])
    if not one["day"]:
        return escape(one[0])
    day_of_month, month, year = one["day"].split()
    iso_date = f"{year}-{MONTHS.index(month) + 1:02}-{int(day_of_month):02}"
    return Markup('<time datetime="{}">{}</time>').format(iso_date, one["day"])


def _time(microseconds: int) -> datetime:
    return ZERO + timedelta(microseconds=microseconds)


def kind_name(kind: str) -> str:
    """The short name of a kind of finding.

    >>> kind_name("low_confidence")
    'Low confidence'
    """
    return kind.replace("_", " ").capitalize()


def kind_meaning(kind: str) -> str:
    """What a kind of finding means; empty for one that this release does not know."""
    return KINDS.get(kind, "")


def verdict(alpha: float | None) -> str:
    """How far an alpha carries: reliable, tentative, low, or unknown.

    >>> [verdict(alpha) for alpha in (0.8, 0.7, 0.1, None)]
    ['reliable', 'tentative', 'low', 'unknown']
    """
    if alpha is None:
        return "unknown"
    return "reliable" if alpha >= RELIABLE else "tentative" if alpha >= TENTATIVE else "low"


_MEANING = {
    "reliable": "Annotators agree reliably",
    "tentative": "Annotators agree well enough for tentative conclusions",
    "low": "Annotators do not agree well enough to rely on their answers",
}


def _matching(control: ControlReport) -> str:
    """Choices match or do not; what is marked, rated or written agrees more or less."""
    share = percent(control.percent.value)
    return f"{share} of answers match" if control.kind in ("Choices", "Pairwise") else f"agreement {share}"


def headline(report: Report, confidence: float) -> str:
    """One sentence on where the project stands with its agreement.

    ``confidence`` is the coverage of the intervals, in (0, 1).
    """
    control = report.weakest
    if control is None:
        return "The labeling interface has no control that can be assessed yet."
    if control.alpha.value is None:
        known = control.percent.value
        if known is None:
            return f"Agreement cannot be said yet: {control.alpha.reason or 'there is no data'}."
        return f"Annotators agree on {percent(known)} of answers; beyond chance cannot be said: {control.alpha.reason}."
    where = f" on “{control.name}”, the weakest control" if len(report.controls) > 1 else ""
    limits = interval(control.alpha)
    with_interval = f", {percent(confidence)} interval {limits}" if limits else ""
    return (
        f"{_MEANING[verdict(control.alpha.value)]}{where}: {_matching(control)}, "
        f"alpha {coefficient(control.alpha.value)}{with_interval}."
    )


def backlog(total: int, urgent: int) -> str:
    """One sentence on what waits for a decision.

    >>> backlog(0, 0)
    'Nothing waits for a decision.'
    >>> backlog(12, 3)
    '12 entries of the queue wait for a decision, 3 of them urgent.'
    """
    if not total:
        return "Nothing waits for a decision."
    entries = counted(total, "entry of the queue waits", "entries of the queue wait")
    first = f"{entries} for a decision"
    if not urgent:
        return f"{first}, none of them urgent."
    return f"{first}, {'urgently' if urgent == total == 1 else f'{urgent:,} of them urgent'}."
